//! One device, one account, one jar, for all tests of this crate.

use ferry_protocol::hpke::SenderInput;
use ferry_protocol::jar::{Cookie, Jar, Partition, SameSite};
use ferry_protocol::session::{self, ConsentRecord, Expected, Header, Payload, SealedSession, VaultKey};
use ferry_protocol::signature::SigningKey;
use ferry_protocol::{
    AccountId, Bytes, ConsentId, PublicJwk, SealingKeyId, TransferId, UnixMillis, WorkspaceId, device,
};
use p256::SecretKey;

pub(crate) const NOW: UnixMillis = UnixMillis(1_750_000_000_000);

/// Bytes of hexadecimal digits.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).unwrap() as u8)
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Bytes as hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A Diffie-Hellman result, as WebCrypto's `deriveBits` gives it.
pub(crate) fn dh(private: &SecretKey, public: &PublicJwk) -> [u8; 32] {
    let point = public.public_key();
    p256::ecdh::diffie_hellman(private.to_nonzero_scalar(), point.as_affine()).raw_secret_bytes()[..]
        .try_into()
        .unwrap()
}

/// A private key that is the same at every run.
pub(crate) fn secret_key(seed: u8) -> SecretKey {
    SecretKey::from_slice(&[seed; 32]).unwrap()
}

pub(crate) fn public(key: &SecretKey) -> PublicJwk {
    PublicJwk::from(&key.public_key())
}

/// A device with its keys in memory.
pub(crate) struct Device {
    pub(crate) key: SigningKey,
    pub(crate) sealing: SecretKey,
}

impl Device {
    pub(crate) fn new(seed: u8) -> Self {
        Self {
            key: SigningKey::generate([seed; 32]).unwrap(),
            sealing: secret_key(seed + 100),
        }
    }

    pub(crate) fn sealing_key(&self) -> PublicJwk {
        public(&self.sealing)
    }

    pub(crate) fn registration(&self) -> Bytes {
        let device_key = self.key.public();
        self.key.sign(&device::sealing_key_message(
            &device_key.device_id(),
            &self.sealing_key(),
        ))
    }

    pub(crate) fn seal(
        &self,
        header: &Header,
        payload: &Payload,
        recipient: &PublicJwk,
        ephemeral: &SecretKey,
    ) -> SealedSession {
        let input = SenderInput {
            recipient,
            sender: &self.sealing_key(),
            enc: *public(ephemeral).sec1(),
            dh_ephemeral: &dh(ephemeral, recipient),
            dh_static: &dh(&self.sealing, recipient),
        };
        let unsigned = session::seal(header, payload, &input).unwrap();
        let signature = self.key.sign(&unsigned.message());
        unsigned.signed(signature)
    }

    /// Signs anew what was changed after sealing: what a thief of the device key
    /// alone could do.
    pub(crate) fn sign_again(&self, sealed: &mut SealedSession) {
        let message = SealedSession::message(
            sealed.header.as_ref(),
            sealed.enc.as_ref(),
            sealed.ciphertext.as_ref(),
        );
        sealed.signature = self.key.sign(&message);
    }
}

/// An account, its session, and whom that is sealed for.
pub(crate) struct Account {
    pub(crate) device: Device,
    pub(crate) device_key: PublicJwk,
    pub(crate) device_sealing_key: PublicJwk,
    pub(crate) registration: Bytes,
    pub(crate) vault: VaultKey,
    pub(crate) ephemeral: SecretKey,
    pub(crate) header: Header,
    pub(crate) payload: Payload,
}

impl Account {
    /// Accounts of different seeds differ in everything.
    pub(crate) fn new(seed: u8) -> Self {
        let device = Device::new(seed);
        let header = header(seed, &device);
        Self {
            device_key: device.key.public(),
            device_sealing_key: device.sealing_key(),
            registration: device.registration(),
            vault: VaultKey::generate([seed + 50; 32]),
            ephemeral: secret_key(seed + 70),
            payload: payload(&header),
            device,
            header,
        }
    }

    pub(crate) fn expected(&self) -> Expected<'_> {
        Expected {
            workspace: self.header.workspace,
            account: self.header.account,
            transfer: self.header.transfer,
            sealing_key: self.header.sealing_key,
            device_key: &self.device_key,
            device_sealing_key: &self.device_sealing_key,
            device_sealing_key_signature: self.registration.as_ref(),
        }
    }

    pub(crate) fn sealed(&self) -> SealedSession {
        self.device
            .seal(&self.header, &self.payload, &self.vault.public(), &self.ephemeral)
    }
}

pub(crate) fn workspace(seed: u8) -> WorkspaceId {
    WorkspaceId::new(NOW, [seed; 10])
}

fn header(seed: u8, device: &Device) -> Header {
    Header {
        version: Header::VERSION,
        transfer: TransferId::new(NOW, [seed; 10]),
        workspace: workspace(seed + 1),
        account: AccountId::new(NOW, [seed + 2; 10]),
        app: format!("app-{seed}").parse().unwrap(),
        device: device.key.public().device_id(),
        sealing_key: SealingKeyId::new(NOW, [seed + 3; 10]),
        consent: ConsentId::new(NOW, [seed + 4; 10]),
        captured_at: NOW.plus(seed.into()),
    }
}

fn payload(header: &Header) -> Payload {
    let app = serde_json::json!({
        "id": header.app,
        "name": "App",
        "domains": ["app.example"],
        "sign_in": "https://app.example/sign-in",
        "check": "https://app.example/me",
    });
    Payload {
        jar: jar(),
        left_out: 0,
        cut: 0,
        app: serde_json::from_value(app).unwrap(),
        identity: Some("ada".to_owned()),
        user_agent: "Mozilla/5.0 (X11; Linux x86_64) Example/1.0".to_owned(),
        consent: ConsentRecord {
            id: header.consent,
            text_version: 1,
            granted_at: NOW,
        },
    }
}

/// A cookie of each kind.
pub(crate) fn jar() -> Jar {
    let host_only = Cookie {
        name: "__Host-session".to_owned(),
        value: "a=b; \"quoted\" \\ \u{1F36A}".to_owned(),
        domain: "app.example".to_owned(),
        host_only: true,
        path: "/".to_owned(),
        secure: true,
        http_only: true,
        same_site: SameSite::Lax,
        expires: None,
        partition: None,
    };
    let partitioned = Cookie {
        name: String::new(),
        value: String::new(),
        domain: "cdn.app.example".to_owned(),
        host_only: false,
        path: "/embed".to_owned(),
        secure: true,
        http_only: false,
        same_site: SameSite::Unspecified,
        // With more digits than a careless reader of JSON keeps.
        expires: Some(1_781_536_000.123_456_7),
        partition: Some(Partition {
            top_level_site: "https://other.example".to_owned(),
            has_cross_site_ancestor: Some(true),
        }),
    };
    Jar {
        cookies: vec![host_only, partitioned],
        storage: Vec::new(),
    }
}
