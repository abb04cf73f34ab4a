//! Project Wycheproof's vectors for the primitives, each through the very call
//! that the protocol makes.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use ferry_protocol::{PublicJwk, signature};
use hkdf::Hkdf;
use p256::SecretKey;
use p256::ecdsa::VerifyingKey;
use p256::ecdsa::signature::Verifier;
use sha2::Sha256;
use wycheproof::TestResult;

use crate::fixture::dh;

/// How many vectors were valid, and how many were not.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ran {
    valid: usize,
    invalid: usize,
}

impl Ran {
    fn count(&mut self, result: TestResult) {
        match result {
            TestResult::Invalid => self.invalid += 1,
            TestResult::Valid | TestResult::Acceptable => self.valid += 1,
        }
    }
}

#[test]
fn ecdh() {
    let set = wycheproof::ecdh::TestSet::load(wycheproof::ecdh::TestName::EcdhSecp256r1Ecpoint).unwrap();
    let mut ran = Ran::default();
    let mut compressed = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        // Scalars come with leading zeroes too many, or too few.
        let mut scalar = [0; 32];
        let digits = test
            .private_key
            .iter()
            .skip_while(|byte| **byte == 0)
            .copied()
            .collect::<Vec<_>>();
        scalar[32 - digits.len()..].copy_from_slice(&digits);
        let private = SecretKey::from_slice(&scalar).unwrap();
        let agreed = PublicJwk::from_sec1(&test.public_key).map(|public| dh(&private, &public));
        if test.public_key.len() == 33 {
            // Sound, but no form in which we read keys.
            assert!(agreed.is_err(), "{test:?}");
            compressed += 1;
            continue;
        }
        match test.result {
            TestResult::Invalid => assert!(agreed.is_err(), "{test:?}"),
            _ => assert_eq!(agreed.unwrap()[..], test.shared_secret[..], "{test:?}"),
        }
        ran.count(test.result);
    }
    println!("Wycheproof ECDH P-256: {ran:?}, {compressed} compressed points refused");
    assert_eq!(
        (ran, compressed),
        (
            Ran {
                valid: 330,
                invalid: 17
            },
            8
        )
    );
}

#[test]
fn ecdsa_p1363() {
    let name = wycheproof::ecdsa::TestName::EcdsaSecp256r1Sha256P1363;
    let set = wycheproof::ecdsa::TestSet::load(name).unwrap();
    let mut ran = Ran::default();
    for group in &set.test_groups {
        let key = PublicJwk::from_sec1(&group.key.key).unwrap();
        for test in &group.tests {
            // By whichever of ring and p256 this was compiled with, and by p256.
            let ours = signature::verify(&key, &test.msg, &test.sig).is_ok();
            let portable = p256::ecdsa::Signature::from_slice(&test.sig)
                .and_then(|signature| VerifyingKey::from(key.public_key()).verify(&test.msg, &signature))
                .is_ok();
            let valid = test.result == TestResult::Valid;
            assert_eq!((ours, portable), (valid, valid), "{test:?}");
            ran.count(test.result);
        }
    }
    println!("Wycheproof ECDSA P-256 SHA-256 P1363: {ran:?}");
    assert_eq!(
        ran,
        Ran {
            valid: 173,
            invalid: 89
        }
    );
}

#[test]
fn aes_256_gcm() {
    let set = wycheproof::aead::TestSet::load(wycheproof::aead::TestName::AesGcm).unwrap();
    let mut ran = Ran::default();
    // The one size of key, nonce and tag that the suite has.
    let ours = |group: &&wycheproof::aead::TestGroup| {
        (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 128)
    };
    for test in set.test_groups.iter().filter(ours).flat_map(|group| &group.tests) {
        let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::try_from(&test.key[..]).unwrap());
        let nonce = Nonce::try_from(&test.nonce[..]).unwrap();
        let expected = [&test.ct[..], &test.tag[..]].concat();

        let key: &[u8; ferry_aead::KEY_LEN] = test.key[..].try_into().unwrap();
        let sealed = ferry_aead::seal(key, nonce.as_ref(), &test.aad, &test.pt).unwrap();
        let mut opened = expected.clone();
        let authentic = cipher.decrypt_in_place(&nonce, &test.aad, &mut opened).is_ok();
        if test.result.must_fail() {
            assert!(!authentic && sealed != expected, "{test:?}");
        } else {
            assert!(
                authentic && opened == test.pt[..] && sealed == expected,
                "{test:?}"
            );
        }
        ran.count(test.result);
    }
    println!("Wycheproof AES-256-GCM: {ran:?}");
    assert_eq!(
        ran,
        Ran {
            valid: 39,
            invalid: 27
        }
    );
}

#[test]
fn hkdf_sha256() {
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
    let mut ran = Ran::default();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut okm = vec![0; test.size];
        // In pieces, as the sender feeds it.
        let (first, second) = test.ikm.split_at(test.ikm.len() / 2);
        let mut extract = hkdf::HkdfExtract::<Sha256>::new(Some(&test.salt));
        extract.input_ikm(first);
        extract.input_ikm(second);
        let (prk, _) = extract.finalize();
        let (first, second) = test.info.split_at(test.info.len() / 2);
        let expanded = Hkdf::<Sha256>::from_prk(&prk)
            .unwrap()
            .expand_multi_info(&[first, second], &mut okm);
        match test.result {
            TestResult::Invalid => assert!(expanded.is_err(), "{test:?}"),
            _ => assert!(expanded.is_ok() && okm == test.okm[..], "{test:?}"),
        }
        ran.count(test.result);
    }
    println!("Wycheproof HKDF-SHA-256: {ran:?}");
    assert_eq!(
        ran,
        Ran {
            valid: 83,
            invalid: 3
        }
    );
}
