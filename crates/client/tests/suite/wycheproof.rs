//! Project Wycheproof's ECDH vectors, by this browser's WebCrypto: what it agrees
//! on, and which public keys it refuses.

use ferry_client::webcrypto::{self, Purpose};
use ferry_protocol::PublicJwk;
use p256::SecretKey;
use wasm_bindgen_test::{console_log, wasm_bindgen_test};
use wycheproof::TestResult;
use wycheproof::ecdh::{TestName, TestSet};

use super::import_private;

#[wasm_bindgen_test]
async fn webcrypto_agrees_as_wycheproof_says() {
    let set = TestSet::load(TestName::EcdhSecp256r1Ecpoint).unwrap();
    let (mut valid, mut refused) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let Ok(public) = PublicJwk::from_sec1(&test.public_key) else {
            // Refused before it gets to WebCrypto: all that are invalid, and the
            // compressed points.
            assert!(
                test.result == TestResult::Invalid || test.public_key.len() == 33,
                "{test:?}"
            );
            refused += 1;
            continue;
        };
        assert!(!test.result.must_fail(), "{test:?}");
        // Scalars come with leading zeroes too many, or too few.
        let mut scalar = [0; 32];
        let digits: Vec<u8> = test
            .private_key
            .iter()
            .skip_while(|byte| **byte == 0)
            .copied()
            .collect();
        scalar[32 - digits.len()..].copy_from_slice(&digits);
        let private = import_private(&SecretKey::from_slice(&scalar).unwrap()).await;
        let public = webcrypto::import_public(Purpose::Agree, &public).await.unwrap();
        let agreed = webcrypto::agree(&private, &public).await.unwrap();
        assert_eq!(agreed[..], test.shared_secret[..], "{test:?}");
        valid += 1;
    }
    assert_eq!((valid, refused), (330, 25));
    console_log!("Wycheproof ECDH P-256 by WebCrypto: {valid} agreed, {refused} refused");
}
