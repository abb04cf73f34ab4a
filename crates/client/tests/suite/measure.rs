//! How long the cryptography of one transfer takes in this browser. Prints, and
//! holds nothing against anybody:
//! `cargo test -p ferry-client --profile wasm --target wasm32-unknown-unknown
//! --test page measure -- --include-ignored`

use ferry_client::keys::DeviceKeys;
use ferry_client::webcrypto;
use ferry_protocol::hpke::{SenderContext, SenderInput};
use ferry_protocol::session::VaultKey;
use ferry_protocol::signature;
use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

const TIMES: u32 = 50;

/// Milliseconds since the page was opened.
fn now() -> f64 {
    let performance = Reflect::get(&js_sys::global(), &"performance".into()).unwrap();
    let now: Function = Reflect::get(&performance, &"now".into())
        .unwrap()
        .unchecked_into();
    now.call0(&performance)
        .as_ref()
        .map(JsValue::as_f64)
        .unwrap()
        .unwrap()
}

async fn measure<F: Future<Output = ()>>(what: &str, run: impl Fn() -> F) {
    let start = now();
    for _ in 0..TIMES {
        run().await;
    }
    console_log!("{what}: {:.2} ms", (now() - start) / f64::from(TIMES));
}

#[wasm_bindgen_test]
#[ignore = "prints figures"]
async fn measure_cryptography() {
    let keys = DeviceKeys::load_or_create().await.unwrap();
    let (key, recipient) = (*keys.device_key(), VaultKey::generate([9; 32]).public());
    let message = [7; 512];
    let signature = keys.sign(&message).await.unwrap();
    let (keys, recipient, message, signature) = (&keys, &recipient, &message, &signature);

    measure("sign (WebCrypto)", || async {
        assert!(keys.sign(message).await.is_ok());
    })
    .await;
    measure("both Diffie-Hellmans (WebCrypto)", || async {
        assert!(keys.seal_dh(recipient).await.is_ok());
    })
    .await;
    measure("verify (WebCrypto)", || async {
        assert!(webcrypto::verify(&key, message, signature).await.unwrap());
    })
    .await;
    let dh = keys.seal_dh(recipient).await.unwrap();
    let jar = vec![b'x'; 64 << 10];
    let (dh, jar) = (&dh, &jar);
    measure("seal 64 KiB (aes-gcm)", || async {
        let input = SenderInput {
            recipient,
            sender: keys.sealing_key(),
            enc: dh.enc,
            dh_ephemeral: &dh.dh_ephemeral,
            dh_static: &dh.dh_static,
        };
        assert!(SenderContext::new(&input, b"").seal(b"", jar).is_ok());
    })
    .await;
    measure("verify (p256)", || async {
        assert_eq!(signature::verify(&key, message, signature), Ok(()));
    })
    .await;
}
