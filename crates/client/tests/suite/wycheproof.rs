//! Project Wycheproof's vectors, by this browser's WebCrypto: what it agrees on, which
//! public keys are refused, and which signatures hold.

use ferry_client::webcrypto::{self, Purpose};
use ferry_protocol::PublicJwk;
use p256::SecretKey;
use wasm_bindgen_test::{console_log, wasm_bindgen_test};
use wycheproof::{TestResult, ecdh, ecdsa};

use super::import_private;

#[wasm_bindgen_test]
async fn webcrypto_agrees_as_wycheproof_says() {
    let set = ecdh::TestSet::load(ecdh::TestName::EcdhSecp256r1Ecpoint).unwrap();
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

#[wasm_bindgen_test]
async fn webcrypto_verifies_as_wycheproof_says() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let (mut held, mut refused) = (0, 0);
    for group in &set.test_groups {
        let key = PublicJwk::from_sec1(&group.key.key).unwrap();
        for test in &group.tests {
            let holds = webcrypto::verify(&key, &test.msg, &test.sig).await.unwrap();
            assert_eq!(holds, test.result == TestResult::Valid, "{test:?}");
            if holds { held += 1 } else { refused += 1 }
        }
    }
    assert_eq!((held, refused), (173, 89));
    console_log!("Wycheproof ECDSA P-256 SHA-256 by WebCrypto: {held} hold, {refused} refused");
}
