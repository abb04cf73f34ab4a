//! How long sealing and opening take, by the size of the session; and a signature,
//! of which the server verifies two for each upload.
//!
//! `cargo bench -p ferry-protocol`

#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ferry_protocol::hpke::SenderInput;
use ferry_protocol::jar::{Cookie, Jar, SameSite};
use ferry_protocol::session::{self, ConsentRecord, Expected, Header, Payload, VaultKey};
use ferry_protocol::signature::{self, SigningKey};
use ferry_protocol::{
    AccountId, ConsentId, PublicJwk, SealingKeyId, TransferId, UnixMillis, WorkspaceId, device,
};
use p256::SecretKey;

const NOW: UnixMillis = UnixMillis(1_750_000_000_000);
const KIB: usize = 1024;

fn dh(private: &SecretKey, public: &PublicJwk) -> [u8; 32] {
    let shared = p256::ecdh::diffie_hellman(private.to_nonzero_scalar(), public.public_key().as_affine());
    shared.raw_secret_bytes()[..].try_into().unwrap()
}

fn cookie(number: usize) -> Cookie {
    Cookie {
        name: format!("cookie-{number}"),
        value: "0123456789abcdef".repeat(16),
        domain: "app.example".to_owned(),
        host_only: false,
        path: "/".to_owned(),
        secure: true,
        http_only: true,
        same_site: SameSite::Lax,
        expires: Some(1_781_536_000.123_456),
        partition: None,
    }
}

fn header(device_key: &PublicJwk) -> Header {
    Header {
        version: Header::VERSION,
        transfer: TransferId::new(NOW, [1; 10]),
        workspace: WorkspaceId::new(NOW, [2; 10]),
        account: AccountId::new(NOW, [3; 10]),
        app: "app".parse().unwrap(),
        device: device_key.device_id(),
        sealing_key: SealingKeyId::new(NOW, [4; 10]),
        consent: ConsentId::new(NOW, [5; 10]),
        captured_at: NOW,
    }
}

/// A payload of at most so many bytes, and of nearly as many.
fn payload(header: &Header, size: usize) -> Payload {
    let app = serde_json::json!({
        "id": header.app,
        "name": "App",
        "domains": ["app.example"],
        "sign_in": "https://app.example/sign-in",
        "check": "https://app.example/me",
    });
    let payload = |cookies: usize| Payload {
        jar: Jar {
            cookies: (0..cookies).map(cookie).collect(),
            storage: Vec::new(),
        },
        left_out: 0,
        cut: 0,
        app: serde_json::from_value(app.clone()).unwrap(),
        identity: Some("ada".to_owned()),
        user_agent: "Mozilla/5.0".to_owned(),
        consent: ConsentRecord {
            id: header.consent,
            text_version: 1,
            granted_at: NOW,
        },
    };
    let len = |cookies: usize| payload(cookies).encode().unwrap().len();
    let each = (len(1001) - len(1)) / 1000;
    payload((size - len(0)) / each)
}

fn seal_and_open(criterion: &mut Criterion) {
    let device = SigningKey::generate([1; 32]).unwrap();
    let device_key = device.public();
    let (sealing, ephemeral) = (
        SecretKey::from_slice(&[2; 32]).unwrap(),
        SecretKey::from_slice(&[3; 32]).unwrap(),
    );
    let sealing_key = PublicJwk::from(&sealing.public_key());
    let vault = VaultKey::generate([4; 32]);
    let recipient = vault.public();
    let registration = device.sign(&device::sealing_key_message(
        &device_key.device_id(),
        &sealing_key,
    ));
    let input = SenderInput {
        recipient: &recipient,
        sender: &sealing_key,
        enc: *PublicJwk::from(&ephemeral.public_key()).sec1(),
        dh_ephemeral: &dh(&ephemeral, &recipient),
        dh_static: &dh(&sealing, &recipient),
    };
    let header = header(&device_key);
    let expected = Expected {
        workspace: header.workspace,
        account: header.account,
        transfer: header.transfer,
        sealing_key: header.sealing_key,
        device_key: &device_key,
        device_sealing_key: &sealing_key,
        device_sealing_key_signature: registration.as_ref(),
    };
    for size in [4 * KIB, 64 * KIB, 1024 * KIB] {
        let payload = payload(&header, size);
        let unsigned = session::seal(&header, &payload, &input).unwrap();
        let signature = device.sign(&unsigned.message());
        let sealed = unsigned.signed(signature);

        // JSON, padding, key schedule, encryption; the two Diffie-Hellman results
        // and the signature are WebCrypto's work.
        let mut group = criterion.benchmark_group("seal");
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(
            BenchmarkId::from_parameter(format!("{} KiB", size / KIB)),
            |bencher| {
                bencher.iter(|| session::seal(black_box(&header), black_box(&payload), &input).unwrap());
            },
        );
        group.finish();

        // Two signatures, two Diffie-Hellman results, decryption, JSON.
        let mut group = criterion.benchmark_group("open");
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(
            BenchmarkId::from_parameter(format!("{} KiB", size / KIB)),
            |bencher| {
                bencher.iter_batched(
                    || sealed.clone(),
                    |sealed| session::open(&sealed, &vault, &expected).unwrap(),
                    BatchSize::LargeInput,
                );
            },
        );
        group.finish();
    }
}

fn es256(criterion: &mut Criterion) {
    let key = SigningKey::generate([1; 32]).unwrap();
    let public = key.public();
    let message = [7; 512];
    let signature = key.sign(&message);
    criterion.bench_function("ES256 verify", |bencher| {
        bencher.iter(|| signature::verify(&public, black_box(&message), signature.as_ref()).unwrap());
    });
    criterion.bench_function("ES256 sign", |bencher| {
        bencher.iter(|| key.sign(black_box(&message)))
    });
}

criterion_group!(benches, seal_and_open, es256);
criterion_main!(benches);
