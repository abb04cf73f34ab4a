//! Proofs: one refusal for each rule of RFC 9449 §4.3 that is ours to check, and
//! for the hash of the body.

use base64ct::{Base64UrlUnpadded, Encoding};
use ferry_protocol::UnixMillis;
use ferry_protocol::dpop::{
    Claims, Expected, MAX_PROOF_LEN, Proof, ProofError, assemble, body_hash, signing_input, token_hash,
};
use ferry_protocol::signature::{SignatureError, SigningKey};
use serde_json::{Value, json};

use crate::fixture::NOW;

const URL: &str = "https://ferry.example/v1/accounts";
const TOKEN: &str = "token";

fn key() -> SigningKey {
    SigningKey::generate([1; 32]).unwrap()
}

fn claims(method: &str) -> Claims {
    Claims {
        jti: "unique".to_owned(),
        htm: method.to_owned(),
        htu: URL.to_owned(),
        iat: NOW.as_secs(),
        ath: Some(token_hash(TOKEN)),
        nonce: Some("nonce".to_owned()),
        bh: Some(body_hash(b"body")),
    }
}

fn expected(method: &'static str) -> Expected<'static> {
    Expected {
        method,
        url: URL,
        now: NOW,
        max_age_s: 300,
        access_token: Some(TOKEN),
        body: Some(b"body"),
    }
}

fn prove(claims: &Claims) -> String {
    let input = signing_input(&key().public(), claims);
    let signature = key().sign(input.as_bytes());
    assemble(input, signature.as_ref())
}

fn check(claims: &Claims, expected: &Expected<'_>) -> Result<(), ProofError> {
    Proof::parse(&prove(claims)).unwrap().check(expected)
}

/// A well-signed token of whatever header and claims.
fn token(header: &Value, claims: &Value) -> String {
    let part = |part: &Value| Base64UrlUnpadded::encode_string(part.to_string().as_bytes());
    let input = format!("{}.{}", part(header), part(claims));
    let signature = key().sign(input.as_bytes());
    assemble(input, signature.as_ref())
}

fn header() -> Value {
    json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key().public()})
}

/// The token is refused if it has this header.
fn with_header(member: &str, value: Value) -> ProofError {
    let mut header = header();
    header[member] = value;
    Proof::parse(&token(&header, &json!(claims("GET")))).unwrap_err()
}

#[test]
fn a_proof_says_what_was_proved() {
    let proof = Proof::parse(&prove(&claims("PUT"))).unwrap();
    assert_eq!(proof.key, key().public());
    assert_eq!(proof.claims, claims("PUT"));
    assert_eq!(proof.check(&expected("PUT")), Ok(()));
}

/// The example of RFC 9449 §4.1, made by somebody else.
#[test]
fn the_example_of_the_rfc_is_accepted() {
    let text = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgt\
        MzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10\
        NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9\
        TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8\
        lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    let proof = Proof::parse(text).unwrap();
    assert_eq!(
        proof.key.device_id().to_string(),
        "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
    );
    let mut expected = expected("POST");
    expected.url = "https://server.example.com/token";
    expected.now = UnixMillis(1_562_262_616_000);
    expected.access_token = None;
    assert_eq!(
        proof.check(&expected),
        Err(ProofError::Body),
        "but it does not cover the body"
    );
    expected.method = "GET";
    assert_eq!(proof.check(&expected), Err(ProofError::Method));
}

#[test]
fn rule_2_a_single_well_formed_jwt() {
    let proof = prove(&claims("GET"));
    let parts: Vec<&str> = proof.split('.').collect();
    let malformed = [
        String::new(),
        "proof".to_owned(),
        parts[..2].join("."),
        format!("{proof}.{}", parts[2]),
        format!("{proof}, {proof}"),
        format!(" {proof}"),
        format!("{proof}="),
        format!("{}!.{}.{}", parts[0], parts[1], parts[2]),
        format!("{}.{}.{}", parts[1], parts[0], parts[2]),
        format!("{}..{}", parts[0], parts[2]),
    ];
    for text in malformed {
        assert_eq!(Proof::parse(&text), Err(ProofError::Malformed), "{text}");
    }
    let mut long = claims("GET");
    long.jti = "x".repeat(MAX_PROOF_LEN);
    assert_eq!(Proof::parse(&prove(&long)), Err(ProofError::TooLong));
}

#[test]
fn rule_3_all_required_claims() {
    for member in ["jti", "htm", "htu", "iat"] {
        let mut without = json!(claims("GET"));
        without.as_object_mut().unwrap().remove(member);
        assert_eq!(
            Proof::parse(&token(&header(), &without)),
            Err(ProofError::Malformed),
            "no {member}"
        );
        for wrong in [json!(null), json!([]), json!(1.5)] {
            let mut claims = json!(claims("GET"));
            claims[member] = wrong;
            assert_eq!(
                Proof::parse(&token(&header(), &claims)),
                Err(ProofError::Malformed),
                "{claims}"
            );
        }
    }
    let mut empty = claims("GET");
    empty.jti = String::new();
    assert_eq!(Proof::parse(&prove(&empty)), Err(ProofError::Malformed));
}

#[test]
fn claims_that_others_add_are_passed_over() {
    let mut more = json!(claims("GET"));
    more["more"] = json!("x");
    assert!(Proof::parse(&token(&header(), &more)).is_ok());
}

#[test]
fn rule_4_the_type() {
    for typ in ["JWT", "dpop+JWT", "application/dpop+jwt", ""] {
        assert_eq!(with_header("typ", json!(typ)), ProofError::Type, "{typ}");
    }
}

#[test]
fn rule_5_an_asymmetric_algorithm() {
    for alg in ["none", "HS256", "RS256", "ES384", "es256", ""] {
        assert_eq!(with_header("alg", json!(alg)), ProofError::Algorithm, "{alg}");
    }
}

#[test]
fn rule_6_the_signature() {
    let proof = prove(&claims("GET"));
    let (input, _) = proof.rsplit_once('.').unwrap();
    let by_another = SigningKey::generate([2; 32]).unwrap().sign(input.as_bytes());
    let refused = Proof::parse(&assemble(input.to_owned(), by_another.as_ref()));
    assert_eq!(refused, Err(ProofError::Signature(SignatureError::Wrong)));
    let of_another = key().sign(b"something else");
    let refused = Proof::parse(&assemble(input.to_owned(), of_another.as_ref()));
    assert_eq!(refused, Err(ProofError::Signature(SignatureError::Wrong)));
    for len in [0, 63, 65] {
        let refused = Proof::parse(&assemble(input.to_owned(), &vec![1; len]));
        assert_eq!(
            refused,
            Err(ProofError::Signature(SignatureError::Malformed)),
            "{len} bytes"
        );
    }
}

#[test]
fn rule_7_no_private_key() {
    let mut jwk = json!(key().public());
    jwk["d"] = json!(Base64UrlUnpadded::encode_string(key().to_bytes().as_slice()));
    assert_eq!(with_header("jwk", jwk), ProofError::Malformed);
    assert_eq!(
        with_header("jwk", json!({"kty": "oct", "k": "AAAA"})),
        ProofError::Malformed
    );
    assert_eq!(with_header("jwk", json!(null)), ProofError::Malformed);
}

#[test]
fn header_members_that_would_have_to_be_heeded_are_refused() {
    for member in ["crit", "kid", "jku", "x5c", "b64"] {
        assert_eq!(
            with_header(member, json!(["x"])),
            ProofError::Malformed,
            "{member}"
        );
    }
}

#[test]
fn rule_8_the_method() {
    assert_eq!(check(&claims("PUT"), &expected("POST")), Err(ProofError::Method));
    assert_eq!(check(&claims("put"), &expected("PUT")), Err(ProofError::Method));
}

#[test]
fn rule_9_the_address() {
    for other in [
        "http://ferry.example/v1/accounts",
        "https://ferry.example/v1/accounts/",
        "https://ferry.example/v1/account",
        "https://ferry.example/V1/accounts",
        "https://ferry.example:8443/v1/accounts",
        "https://ferry.example.attacker.example/v1/accounts",
        "https://ferry.example@attacker.example/v1/accounts",
        "https:ferry.example/v1/accounts",
        "ftp://ferry.example/v1/accounts",
        "/v1/accounts",
        "",
    ] {
        let mut claims = claims("PUT");
        claims.htu = other.to_owned();
        assert_eq!(check(&claims, &expected("PUT")), Err(ProofError::Url), "{other}");
    }
    for same in [
        "https://ferry.example/v1/accounts?query=1",
        "https://ferry.example/v1/accounts#fragment",
        "HTTPS://Ferry.Example:443/v1/accounts",
    ] {
        let mut claims = claims("PUT");
        claims.htu = same.to_owned();
        assert_eq!(check(&claims, &expected("PUT")), Ok(()), "{same}");
    }
    let mut root = claims("PUT");
    root.htu = "http://127.0.0.1:80".to_owned();
    let at_root = Expected {
        url: "http://127.0.0.1/",
        ..expected("PUT")
    };
    assert_eq!(check(&root, &at_root), Ok(()));
}

#[test]
fn rule_11_the_time() {
    for (seconds, verdict) in [
        (-301, Err(ProofError::Time)),
        (-300, Ok(())),
        (0, Ok(())),
        (300, Ok(())),
        (301, Err(ProofError::Time)),
    ] {
        let mut claims = claims("PUT");
        claims.iat += seconds;
        assert_eq!(check(&claims, &expected("PUT")), verdict, "{seconds} s");
    }
    for iat in [i64::MIN, i64::MAX] {
        let mut claims = claims("PUT");
        claims.iat = iat;
        assert_eq!(check(&claims, &expected("PUT")), Err(ProofError::Time));
    }
}

#[test]
fn a_jti_is_remembered_for_as_long_as_its_proof_passes() {
    for seconds in [-300, 0, 300] {
        let mut claims = claims("PUT");
        claims.iat += seconds;
        let proof = Proof::parse(&prove(&claims)).unwrap();
        let end = proof.unusable_from(300);
        let at = |now| {
            proof.check(&Expected {
                now,
                ..expected("PUT")
            })
        };
        assert_eq!(at(end), Err(ProofError::Time));
        assert_eq!(at(end.plus(-1)), Ok(()));
    }
}

#[test]
fn rule_12_the_access_token() {
    let mut without = claims("PUT");
    without.ath = None;
    assert_eq!(check(&without, &expected("PUT")), Err(ProofError::AccessToken));
    assert_eq!(
        check(
            &without,
            &Expected {
                access_token: None,
                ..expected("PUT")
            }
        ),
        Ok(())
    );
    let mut other = claims("PUT");
    other.ath = Some(token_hash("another"));
    assert_eq!(check(&other, &expected("PUT")), Err(ProofError::AccessToken));
}

/// RFC 9449 §7.1: the example's token and its `ath`.
#[test]
fn the_tokens_hash_is_that_of_the_rfc() {
    let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
    assert_eq!(token_hash(token), "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
}

#[test]
fn the_body_is_covered() {
    let mut without = claims("PUT");
    without.bh = None;
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        without.htm = method.to_owned();
        assert_eq!(
            check(&without, &expected(method)),
            Err(ProofError::Body),
            "{method} without bh"
        );
    }
    let other = Expected {
        body: Some(b"other"),
        ..expected("PUT")
    };
    assert_eq!(
        check(&claims("PUT"), &other),
        Err(ProofError::Body),
        "another body"
    );
    let none = Expected {
        body: None,
        ..expected("PUT")
    };
    assert_eq!(check(&claims("PUT"), &none), Err(ProofError::Body), "no body");
    let mut empty = claims("PUT");
    empty.bh = Some(body_hash(b""));
    assert_eq!(check(&empty, &none), Ok(()), "no body is the empty one");
    for method in ["GET", "HEAD"] {
        without.htm = method.to_owned();
        assert_eq!(
            check(
                &without,
                &Expected {
                    body: None,
                    ..expected(method)
                }
            ),
            Ok(()),
            "{method}"
        );
        let claims = claims(method);
        assert_eq!(
            check(
                &claims,
                &Expected {
                    body: None,
                    ..expected(method)
                }
            ),
            Err(ProofError::Body)
        );
    }
}
