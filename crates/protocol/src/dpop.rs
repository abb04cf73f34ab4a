//! The proof that comes with each request (RFC 9449): a JSON Web Token, signed by
//! the device key, that names the request and the access token.
//!
//! To RFC 9449 we add one claim, `bh`: the hash of the body, required of every
//! request that may change something. Whether nonce and `jti` are good is for the
//! server to say; it alone knows which it gave and which it saw.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};

use crate::PublicJwk;

mod check;
pub use check::{Expected, Proof, ProofError};

/// Longest proof that is read, in bytes.
pub const MAX_PROOF_LEN: usize = 8 * 1024;

/// The claims of a proof (RFC 9449 §4.2). All hashes are base64url of SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Unique to this proof: 128 random bits as base64url, for instance.
    pub jti: String,
    /// The request's method.
    pub htm: String,
    /// The request's address, without query and fragment.
    pub htu: String,
    /// When the proof was made, in seconds since 1970-01-01T00:00:00Z.
    pub iat: i64,
    /// Hash of the access token, if the request carries one: [`token_hash`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ath: Option<String>,
    /// The nonce that the server gave (§8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Ours: hash of the request's body: [`body_hash`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bh: Option<String>,
}

/// The JOSE header of a proof. A member that is not listed is refused: among them
/// `crit`, and a key by reference.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JoseHeader {
    typ: String,
    alg: String,
    jwk: PublicJwk,
}

const TYPE: &str = "dpop+jwt";
const ALGORITHM: &str = "ES256";

/// What the key signs (RFC 7515 §5.1 step 5): header and claims in base64url,
/// a dot between.
pub fn signing_input(key: &PublicJwk, claims: &Claims) -> String {
    let header = JoseHeader {
        typ: TYPE.to_owned(),
        alg: ALGORITHM.to_owned(),
        jwk: *key,
    };
    format!("{}.{}", segment(&header), segment(claims))
}

/// The proof: the signing input and its signature (64 bytes), a dot between.
pub fn assemble(signing_input: String, signature: &[u8]) -> String {
    let mut proof = signing_input;
    proof.push('.');
    proof.push_str(&Base64UrlUnpadded::encode_string(signature));
    proof
}

/// The claim `ath` for an access token (RFC 9449 §4.2).
pub fn token_hash(token: &str) -> String {
    hash(token.as_bytes())
}

/// The claim `bh` for a request's body; of no bytes, if it has none.
pub fn body_hash(body: &[u8]) -> String {
    hash(body)
}

#[cfg(not(feature = "ring"))]
fn hash(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};

    Base64UrlUnpadded::encode_string(&Sha256::digest(bytes))
}

#[cfg(feature = "ring")]
fn hash(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}

fn segment(part: &impl Serialize) -> String {
    #[expect(
        clippy::expect_used,
        reason = "structs of strings and numbers always serialise"
    )]
    let json = ferry_json::write(part).expect("serialisable");
    Base64UrlUnpadded::encode_string(&json)
}
