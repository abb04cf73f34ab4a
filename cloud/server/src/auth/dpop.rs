//! Every request proves that its sender holds a key and, but for signing in, an
//! access token bound to that key (RFC 9449).
//!
//! It fails closed: what cannot be checked, or not be marked as used, is refused.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH};
use axum::http::{HeaderMap, HeaderName};
use ferry_protocol::dpop::{Expected, Proof, ProofError};
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::{DeviceId, PublicJwk};

use crate::problem::Rejection;
use crate::state::AppState;
use crate::storage::StorageError;
use crate::storage::jti::{Claim, Reused};
use crate::storage::tokens::{self, Bearer};

/// The header that carries the proof (RFC 9449 §4.1).
pub const DPOP: HeaderName = HeaderName::from_static("dpop");

/// The header that carries the nonce to use from now on (RFC 9449 §8.2).
pub const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// How far a proof's time may lie from ours, in seconds.
const MAX_AGE_S: i64 = 300;

/// Longest `jti` that is taken, in bytes.
const MAX_JTI_LEN: usize = 256;

/// Why a request was not let in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// RFC 9449 §4.3 step 1.
    #[error("the request needs exactly one DPoP header")]
    NotOneProof,
    /// Steps 2 to 9, 11 and 12.
    #[error("{0}")]
    Proof(#[from] ProofError),
    /// The `jti` is too long.
    #[error("the DPoP proof's jti is longer than {MAX_JTI_LEN} bytes")]
    Jti,
    /// Step 10.
    #[error("make the proof again, with the nonce of this answer's DPoP-Nonce header")]
    Nonce,
    /// The proof was used before.
    #[error(transparent)]
    Reused(#[from] Reused),
    /// There is no `Authorization: DPoP` header.
    #[error("the request needs an Authorization header with a DPoP access token: sign in")]
    NoToken,
    /// The token is nobody's, has ended, or is another key's.
    #[error("the access token is not good, or not with this key: sign in again")]
    Token,
    /// The body is larger than the route takes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The body did not arrive.
    #[error("the body did not arrive")]
    Incomplete,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<AuthError> for Rejection {
    fn from(error: AuthError) -> Self {
        let code = match error {
            AuthError::NotOneProof | AuthError::Proof(_) | AuthError::Jti | AuthError::Reused(_) => {
                ProblemCode::InvalidDpopProof
            }
            AuthError::Nonce => ProblemCode::UseDpopNonce,
            AuthError::NoToken | AuthError::Token => ProblemCode::InvalidToken,
            AuthError::TooLarge(_) => ProblemCode::TooLarge,
            AuthError::Incomplete => ProblemCode::InvalidRequest,
            AuthError::Storage(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

/// A request whose proof is good.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The key that made the proof.
    pub key: PublicJwk,
    /// Its thumbprint.
    pub device: DeviceId,
    /// The body that the proof covers.
    pub body: Bytes,
}

/// The token of a request, looked up.
#[derive(Clone, Debug)]
pub struct Token {
    /// SHA-256 of it.
    pub hash: [u8; 32],
    /// Whose it is.
    pub bearer: Bearer,
}

/// Proves a request that carries no token: signing in.
pub async fn prove(state: &AppState, request: Request, limit: usize) -> Result<Proven, AuthError> {
    let proof = read_proof(state, request.headers())?;
    let (proven, claim) = check(state, request, proof, None, limit).await?;
    use_up(state, claim).await?;
    Ok(proven)
}

/// Proves a request that carries a token.
pub async fn prove_with_token(
    state: &AppState,
    request: Request,
    limit: usize,
) -> Result<(Proven, Token), AuthError> {
    let (proven, token, claim) = prove_but_for_use(state, request, limit).await?;
    use_up(state, claim).await?;
    Ok((proven, token))
}

/// The same, but for whether the proof was used before: the claim that comes with it is
/// still to be made, before anything is changed or in the same transaction. (That the
/// device was in use is noted before, as it is in use.)
pub async fn prove_but_for_use(
    state: &AppState,
    request: Request,
    limit: usize,
) -> Result<(Proven, Token, Claim), AuthError> {
    let proof = read_proof(state, request.headers())?;
    let text = read_token(request.headers())?;
    let hash = tokens::hash(&text);
    let mut connection = state.storage().read().await?;
    let bearer = tokens::find(&mut connection, &hash, state.now())
        .await?
        .ok_or(AuthError::Token)?;
    // Held no longer: the body may take its time.
    drop(connection);
    // Step 12, second half: the key that the token is bound to is the proof's.
    if bearer.key != proof.key.device_id() {
        return Err(AuthError::Token);
    }
    let (proven, claim) = check(state, request, proof, Some(&text), limit).await?;
    Ok((proven, Token { hash, bearer }, claim))
}

/// Marks a proof as used, durably. It comes last of all: a proof that is refused for
/// another reason is not used up.
pub async fn use_up(state: &AppState, claim: Claim) -> Result<(), AuthError> {
    if state.storage().claim(claim).await? {
        Ok(())
    } else {
        Err(Reused.into())
    }
}

/// Steps 1 to 7, and 10: everything that needs nothing but the header.
fn read_proof(state: &AppState, headers: &HeaderMap) -> Result<Proof, AuthError> {
    let mut proofs = headers.get_all(DPOP).iter();
    let (Some(proof), None) = (proofs.next(), proofs.next()) else {
        return Err(AuthError::NotOneProof);
    };
    let proof = Proof::parse(proof.to_str().map_err(|_| ProofError::Malformed)?)?;
    if proof.claims.jti.len() > MAX_JTI_LEN {
        return Err(AuthError::Jti);
    }
    match &proof.claims.nonce {
        Some(nonce) if state.nonces().accepts(nonce, state.now()) => Ok(proof),
        _ => Err(AuthError::Nonce),
    }
}

/// The token after `DPoP ` (RFC 9449 §7.1); the scheme's case does not matter.
fn read_token(headers: &HeaderMap) -> Result<Arc<str>, AuthError> {
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else {
        return Err(AuthError::NoToken);
    };
    let (scheme, token) = field
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or(AuthError::NoToken)?;
    if !scheme.eq_ignore_ascii_case("DPoP") {
        return Err(AuthError::NoToken);
    }
    Ok(token.trim().into())
}

/// Steps 8, 9, 11, the first half of 12, and the body. The claim of its `jti` is to be
/// made.
async fn check(
    state: &AppState,
    request: Request,
    proof: Proof,
    access_token: Option<&str>,
    limit: usize,
) -> Result<(Proven, Claim), AuthError> {
    let method = request.method().clone();
    let url = state.config().public_url.join(request.uri().path());
    let body = read_body(request, limit).await?;
    let now = state.now();
    proof.check(&Expected {
        method: method.as_str(),
        url: &url,
        now,
        max_age_s: MAX_AGE_S,
        access_token,
        body: Some(&body),
    })?;
    let device = proof.key.device_id();
    let claim = Claim::new(&device.0, &proof.claims.jti, proof.unusable_from(MAX_AGE_S));
    let proven = Proven {
        key: proof.key,
        device,
        body,
    };
    Ok((proven, claim))
}

async fn read_body(request: Request, limit: usize) -> Result<Bytes, AuthError> {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|len| len.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|len| len > u64::try_from(limit).unwrap_or(u64::MAX)) {
        return Err(AuthError::TooLarge(limit));
    }
    axum::body::to_bytes(request.into_body(), limit)
        .await
        .map_err(|error| {
            let mut cause: Option<&dyn std::error::Error> = Some(&error);
            while let Some(error) = cause {
                if error.is::<http_body_util::LengthLimitError>() {
                    return AuthError::TooLarge(limit);
                }
                cause = error.source();
            }
            AuthError::Incomplete
        })
}
