//! A whole session, sealed with the keys in this browser, opened as the worker
//! does it.

use ferry_client::keys::DeviceKeys;
use ferry_protocol::hpke::SenderInput;
use ferry_protocol::jar::{Cookie, Jar, SameSite};
use ferry_protocol::session::{self, ConsentRecord, Expected, Header, OpenError, Payload, VaultKey};
use ferry_protocol::{AccountId, ConsentId, SealingKeyId, TransferId, UnixMillis, WorkspaceId, device};
use wasm_bindgen_test::wasm_bindgen_test;

const NOW: UnixMillis = UnixMillis(1_750_000_000_000);

fn header(keys: &DeviceKeys) -> Header {
    Header {
        version: Header::VERSION,
        transfer: TransferId::new(NOW, [1; 10]),
        workspace: WorkspaceId::new(NOW, [2; 10]),
        account: AccountId::new(NOW, [3; 10]),
        app: "app".parse().unwrap(),
        device: keys.device_id(),
        sealing_key: SealingKeyId::new(NOW, [4; 10]),
        consent: ConsentId::new(NOW, [5; 10]),
        captured_at: NOW,
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
    let cookie = Cookie {
        name: "session".to_owned(),
        value: "secret".to_owned(),
        domain: "app.example".to_owned(),
        host_only: true,
        path: "/".to_owned(),
        secure: true,
        http_only: true,
        same_site: SameSite::Strict,
        expires: Some(1_781_536_000.123_456_7),
        partition: None,
    };
    Payload {
        jar: Jar {
            cookies: vec![cookie],
            storage: Vec::new(),
        },
        left_out: 0,
        cut: 0,
        app: serde_json::from_value(app).unwrap(),
        identity: None,
        user_agent: "Mozilla/5.0".to_owned(),
        consent: ConsentRecord {
            id: header.consent,
            text_version: 1,
            granted_at: NOW,
        },
    }
}

#[wasm_bindgen_test]
async fn what_this_browser_seals_the_worker_opens() {
    let keys = DeviceKeys::load_or_create().await.unwrap();
    let vault = VaultKey::generate([9; 32]);
    let recipient = vault.public();
    let header = header(&keys);
    let payload = payload(&header);
    let registration = device::sealing_key_message(&keys.device_id(), keys.sealing_key());
    let registration = keys.sign(&registration).await.unwrap();

    let mut encs = Vec::new();
    for _ in 0..2 {
        let dh = keys.seal_dh(&recipient).await.unwrap();
        let input = SenderInput {
            recipient: &recipient,
            sender: keys.sealing_key(),
            enc: dh.enc,
            dh_ephemeral: &dh.dh_ephemeral,
            dh_static: &dh.dh_static,
        };
        let unsigned = session::seal(&header, &payload, &input).unwrap();
        let signature = keys.sign(&unsigned.message()).await.unwrap();
        let sealed = unsigned.signed(signature);
        let expected = Expected {
            workspace: header.workspace,
            account: header.account,
            transfer: header.transfer,
            sealing_key: header.sealing_key,
            device_key: keys.device_key(),
            device_sealing_key: keys.sealing_key(),
            device_sealing_key_signature: &registration,
        };
        let Ok(opened) = session::open(&sealed, &vault, &expected) else {
            panic!("not opened");
        };
        assert_eq!(opened.header, header);
        assert!(opened.payload == payload);
        let other = session::open(&sealed, &VaultKey::generate([8; 32]), &expected);
        assert_eq!(other.err(), Some(OpenError::Seal));
        encs.push(dh.enc);
    }
    assert_ne!(encs[0], encs[1], "an ephemeral key was used twice");
}
