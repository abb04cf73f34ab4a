//! RFC 9180's vectors, the Diffie-Hellman done by this browser's WebCrypto.

use ferry_client::webcrypto::{self, Purpose};
use ferry_protocol::PublicJwk;
use ferry_protocol::hpke::{SenderContext, SenderInput};
use p256::SecretKey;
use serde_json::Value;
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

use super::{hex, import_private};

const VECTORS: &str = include_str!("../../../protocol/tests/vectors/rfc9180-p256-sha256-aes256gcm-auth.json");

fn bytes(value: &Value) -> Vec<u8> {
    hex(value.as_str().unwrap())
}

#[wasm_bindgen_test]
async fn webcrypto_makes_all_encryptions_and_exports() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let secret = |name: &str| SecretKey::from_slice(&bytes(&vectors[name])).unwrap();
    let point = |name: &str| PublicJwk::from_sec1(&bytes(&vectors[name])).unwrap();
    let recipient = point("pkRm");
    let imported = webcrypto::import_public(Purpose::Agree, &recipient)
        .await
        .unwrap();
    let ephemeral = import_private(&secret("skEm")).await;
    let sender = import_private(&secret("skSm")).await;
    let input = SenderInput {
        recipient: &recipient,
        sender: &point("pkSm"),
        enc: *point("enc").sec1(),
        dh_ephemeral: &webcrypto::agree(&ephemeral, &imported).await.unwrap(),
        dh_static: &webcrypto::agree(&sender, &imported).await.unwrap(),
    };
    let mut context = SenderContext::new(&input, &bytes(&vectors["info"]));
    let mut ran = (0, 0);
    for case in vectors["encryptions"].as_array().unwrap() {
        let ciphertext = context.seal(&bytes(&case["aad"]), &bytes(&case["pt"])).unwrap();
        assert_eq!(ciphertext, bytes(&case["ct"]), "encryption {}", ran.0);
        ran.0 += 1;
    }
    for case in vectors["exports"].as_array().unwrap() {
        let len = usize::try_from(case["L"].as_u64().unwrap()).unwrap();
        let exported = context.export(&bytes(&case["exporter_context"]), len).unwrap();
        assert_eq!(*exported, bytes(&case["exported_value"]), "export {}", ran.1);
        ran.1 += 1;
    }
    assert_eq!(ran, (257, 3));
    console_log!("RFC 9180 by WebCrypto: {} encryptions, {} exports", ran.0, ran.1);
}
