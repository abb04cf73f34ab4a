//! Reading and checking a proof, in the order of RFC 9449 §4.3.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::de::DeserializeOwned;

use super::{ALGORITHM, Claims, JoseHeader, MAX_PROOF_LEN, TYPE, body_hash, token_hash};
use crate::signature::{self, SignatureError};
use crate::{PublicJwk, UnixMillis};

/// A proof whose form and signature are good. It may still be for another
/// request: [`Self::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Whoever made the proof has the private half of this.
    pub key: PublicJwk,
    /// What it says.
    pub claims: Claims,
}

/// The request that a proof must be for.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Method, upper case.
    pub method: &'a str,
    /// Address as the client sees it; query and fragment are left out of account.
    pub url: &'a str,
    /// The time.
    pub now: UnixMillis,
    /// How far `iat` may lie from now, in seconds, on either side: clocks of
    /// devices are off, and it is the nonce that makes a proof recent. A `jti` is
    /// to be remembered until [`Proof::unusable_from`].
    pub max_age_s: i64,
    /// The access token that came with the request, if any.
    pub access_token: Option<&'a str>,
    /// The request's body, if it has one.
    pub body: Option<&'a [u8]>,
}

/// Why a proof is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Longer than [`MAX_PROOF_LEN`].
    #[error("the DPoP proof is longer than 8 KiB")]
    TooLong,
    /// Not three parts of base64url, with JSON of the right members.
    #[error("the DPoP proof is not a well-formed JWT (RFC 9449 section 4.2)")]
    Malformed,
    /// `typ` is another.
    #[error("the DPoP proof's typ must be dpop+jwt")]
    Type,
    /// `alg` is another.
    #[error("the DPoP proof's alg must be ES256")]
    Algorithm,
    /// The signature does not hold.
    #[error("the DPoP proof's signature does not fit its key")]
    Signature(#[from] SignatureError),
    /// `htm` is another.
    #[error("the DPoP proof is for another method")]
    Method,
    /// `htu` is another.
    #[error("the DPoP proof is for another address")]
    Url,
    /// `iat` is too far from now.
    #[error("the DPoP proof is too old or too new: check the device's clock")]
    Time,
    /// `ath` is missing, or another token's.
    #[error("the DPoP proof is not for this access token")]
    AccessToken,
    /// `bh` is missing where it is required, or another body's.
    #[error("the DPoP proof is not for this body")]
    Body,
}

impl Proof {
    /// Reads a proof: steps 2 to 7 of RFC 9449 §4.3. (Step 1, that there is one
    /// header field `DPoP`, is for whoever reads the request.)
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        if text.len() > MAX_PROOF_LEN {
            return Err(ProofError::TooLong);
        }
        // Step 2: one well-formed JWT.
        let (signing_input, signature) = text.rsplit_once('.').ok_or(ProofError::Malformed)?;
        let (header, claims) = signing_input.split_once('.').ok_or(ProofError::Malformed)?;
        // Steps 3 and 7: all required claims; a public key, and no private one
        // (PublicJwk has no member for it, and takes none it does not have).
        let header: JoseHeader = read(header)?;
        let claims: Claims = read(claims)?;
        if claims.jti.is_empty() {
            return Err(ProofError::Malformed);
        }
        // Step 4.
        if header.typ != TYPE {
            return Err(ProofError::Type);
        }
        // Step 5: an asymmetric algorithm that we support; there is one.
        if header.alg != ALGORITHM {
            return Err(ProofError::Algorithm);
        }
        // Step 6.
        let signature = Base64UrlUnpadded::decode_vec(signature).map_err(|_| ProofError::Malformed)?;
        signature::verify(&header.jwk, signing_input.as_bytes(), &signature)?;
        Ok(Self {
            key: header.jwk,
            claims,
        })
    }

    /// Checks that the proof is for this request: steps 8, 9, 11 and the first
    /// half of 12 of RFC 9449 §4.3, and the body. Step 10 (nonce), the `jti`, and
    /// that the token is bound to [`Self::key`], are left to the server.
    pub fn check(&self, expected: &Expected<'_>) -> Result<(), ProofError> {
        // Step 8. Methods are case-sensitive (RFC 9110 §9.1).
        if self.claims.htm != expected.method {
            return Err(ProofError::Method);
        }
        // Step 9.
        match (Target::of(&self.claims.htu), Target::of(expected.url)) {
            (Some(proved), Some(wanted)) if proved == wanted => {}
            _ => return Err(ProofError::Url),
        }
        // Step 11.
        let age = i128::from(expected.now.as_secs()) - i128::from(self.claims.iat);
        if age.abs() > i128::from(expected.max_age_s) {
            return Err(ProofError::Time);
        }
        // Step 12, first half.
        if let Some(token) = expected.access_token
            && self.claims.ath.as_deref() != Some(token_hash(token).as_str())
        {
            return Err(ProofError::AccessToken);
        }
        // Ours: the body, unless the method is one that changes nothing.
        let required = !matches!(expected.method, "GET" | "HEAD");
        if required || self.claims.bh.is_some() {
            let body = body_hash(expected.body.unwrap_or_default());
            if self.claims.bh.as_deref() != Some(body.as_str()) {
                return Err(ProofError::Body);
            }
        }
        Ok(())
    }

    /// From when on [`Self::check`] refuses this proof for its age, whatever the
    /// request: so long its `jti` must be remembered.
    pub fn unusable_from(&self, max_age_s: i64) -> UnixMillis {
        // `iat + max_age_s` is the last second in which it passes.
        let seconds = self.claims.iat.saturating_add(max_age_s).saturating_add(1);
        UnixMillis(seconds.saturating_mul(1000))
    }
}

fn read<T: DeserializeOwned>(segment: &str) -> Result<T, ProofError> {
    let json = Base64UrlUnpadded::decode_vec(segment).map_err(|_| ProofError::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| ProofError::Malformed)
}

/// An http(s) address without query and fragment, made comparable by syntax and
/// scheme (RFC 3986 §6.2.2.1 and §6.2.3): the case of scheme and host, the default
/// port and the empty path make no difference. Percent-encoding is compared as it
/// stands, which refuses rather too much.
#[derive(PartialEq, Eq)]
struct Target<'a> {
    scheme: String,
    authority: String,
    path: &'a str,
}

impl<'a> Target<'a> {
    fn of(url: &'a str) -> Option<Self> {
        let url = url.split(['?', '#']).next()?;
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "https" => ":443",
            "http" => ":80",
            _ => return None,
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let authority = authority.strip_suffix(default_port).unwrap_or(authority);
        if authority.is_empty() {
            return None;
        }
        let path = if path.is_empty() { "/" } else { path };
        Some(Self {
            scheme,
            authority: authority.to_ascii_lowercase(),
            path,
        })
    }
}
