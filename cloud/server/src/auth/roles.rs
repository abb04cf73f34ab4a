//! One extractor for each kind of caller. A handler that asks for none is open to
//! anyone; a test holds the route table against that.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Path, Request};
use axum::http::HeaderValue;
use axum::http::request::Parts;
use ferry_protocol::api::{Device, DeviceState};
use ferry_protocol::dpop::Proof;
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::{DeviceId, PublicJwk, UserId, WorkspaceId};
use serde::de::DeserializeOwned;

use super::body::{BodyError, FromBody};
use super::dpop::{self, AuthError, DPOP, Proven, Token};
use crate::forwarded;
use crate::problem::Rejection;
use crate::state::AppState;
use crate::storage::jti::Claim;
use crate::storage::tokens::{Person, Who};
use crate::storage::workers::WorkerId;
use crate::storage::{StorageError, devices};

/// Why a caller may not use a route.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// Not let in at all.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The device is not set up.
    #[error("this device is not set up yet: finish setting it up with the code that you get by e-mail")]
    NotTrusted,
    /// The device was disabled.
    #[error("this device was disabled: set it up anew")]
    Disabled,
    /// A worker where a person is wanted.
    #[error("this is for people, not for workers")]
    NotForWorkers,
    /// A person where a worker is wanted.
    #[error("this is for workers")]
    OnlyForWorkers,
    /// Not an admin.
    #[error("only an admin of the workspace may do this")]
    NotAdmin,
    /// The body has another form.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<RoleError> for Rejection {
    fn from(error: RoleError) -> Self {
        let code = match error {
            RoleError::Auth(error) => return error.into(),
            RoleError::NotTrusted => ProblemCode::DeviceNotTrusted,
            RoleError::Disabled => ProblemCode::DeviceDisabled,
            RoleError::NotForWorkers | RoleError::OnlyForWorkers | RoleError::NotAdmin => {
                ProblemCode::Forbidden
            }
            RoleError::Storage(error) => return error.into(),
            RoleError::Body(_) => ProblemCode::InvalidRequest,
        };
        Self::new(code, error)
    }
}

/// Where a request came from, as text; empty if nobody knows.
fn ip(request: &Request, state: &AppState) -> String {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let ip = peer.map(|peer| {
        let proxies = &state.config().trusted_proxies;
        forwarded::client(peer.0.ip(), request.headers(), proxies).to_string()
    });
    ip.unwrap_or_default()
}

/// Proves a request with a token.
async fn prove(request: Request, state: &AppState, limit: usize) -> Result<(Proven, Token), RoleError> {
    let proof = request.headers().get(DPOP).cloned();
    match dpop::prove_with_token(state, request, limit).await {
        Ok(proven) => Ok(proven),
        Err(error) => Err(explain(state, proof, error).await?),
    }
}

/// Why a request was not let in. The tokens of a device that was disabled are gone:
/// whoever proves its key is told so, rather than to sign in again.
async fn explain(
    state: &AppState,
    proof: Option<HeaderValue>,
    error: AuthError,
) -> Result<RoleError, StorageError> {
    let proof = proof.and_then(|proof| Proof::parse(proof.to_str().ok()?).ok());
    if let (AuthError::Token, Some(proof)) = (&error, proof) {
        let mut connection = state.storage().read().await?;
        if devices::key_is_disabled(&mut connection, proof.key.device_id()).await? {
            return Ok(RoleError::Disabled);
        }
    }
    Ok(error.into())
}

/// The person who asks, on whichever device; the device was in use just now.
fn admit_person(who: Who, device: DeviceId, state: &AppState) -> Result<Person, RoleError> {
    let Who::Person(person) = who else {
        return Err(RoleError::NotForWorkers);
    };
    if person.device.is_some() {
        state.seen().note(person.user.id, device, state.now());
    }
    Ok(person)
}

/// Anyone who holds a key: for signing in.
pub struct KeyHolder<B> {
    /// The key.
    pub key: PublicJwk,
    /// Its thumbprint.
    pub device: DeviceId,
    /// Where the request came from, as text; empty if nobody knows.
    pub ip: String,
    /// The body.
    pub body: B,
}

impl<B: FromBody> FromRequest<AppState> for KeyHolder<B> {
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Rejection> {
        let ip = ip(&request, state);
        let proven = dpop::prove(state, request, B::LIMIT).await?;
        let body = B::from_body(&proven.body).map_err(RoleError::from)?;
        Ok(Self {
            key: proven.key,
            device: proven.device,
            ip,
            body,
        })
    }
}

/// A person who is signed in, on any device that is not disabled.
pub struct SignedInPerson<B> {
    /// Who, and with what.
    pub person: Person,
    /// The key of the device, enrolled or not.
    pub key: PublicJwk,
    /// Its thumbprint.
    pub device: DeviceId,
    /// SHA-256 of the access token.
    pub token_hash: [u8; 32],
    /// Where the request came from, as text; empty if nobody knows.
    pub ip: String,
    /// The body.
    pub body: B,
}

impl<B: FromBody> SignedInPerson<B> {
    async fn extract(request: Request, state: &AppState) -> Result<Self, RoleError> {
        let ip = ip(&request, state);
        let (proven, token) = prove(request, state, B::LIMIT).await?;
        let person = admit_person(token.bearer.who, proven.device, state)?;
        if person
            .device
            .as_ref()
            .is_some_and(|device| device.state == DeviceState::Disabled)
        {
            return Err(RoleError::Disabled);
        }
        let body = B::from_body(&proven.body)?;
        Ok(Self {
            person,
            key: proven.key,
            device: proven.device,
            token_hash: token.hash,
            ip,
            body,
        })
    }
}

impl<B: FromBody> FromRequest<AppState> for SignedInPerson<B> {
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Rejection> {
        Ok(Self::extract(request, state).await?)
    }
}

/// A person who is signed in on a trusted device.
pub struct TrustedPerson<B> {
    /// Who.
    pub person: Person,
    /// Their device.
    pub device: Device,
    /// Its key.
    pub key: PublicJwk,
    /// The body.
    pub body: B,
}

impl<B: FromBody> TrustedPerson<B> {
    async fn extract(request: Request, state: &AppState) -> Result<Self, RoleError> {
        let (proven, token) = prove(request, state, B::LIMIT).await?;
        Self::admit(proven, token, state)
    }

    fn admit(proven: Proven, token: Token, state: &AppState) -> Result<Self, RoleError> {
        let person = admit_person(token.bearer.who, proven.device, state)?;
        let device = match &person.device {
            Some(device) => match device.state {
                DeviceState::Trusted => device.clone(),
                DeviceState::AwaitingCode | DeviceState::PendingApproval => {
                    return Err(RoleError::NotTrusted);
                }
                DeviceState::Disabled => return Err(RoleError::Disabled),
            },
            None => return Err(RoleError::NotTrusted),
        };
        let body = B::from_body(&proven.body)?;
        Ok(Self {
            person,
            device,
            key: proven.key,
            body,
        })
    }
}

impl<B: FromBody> FromRequest<AppState> for TrustedPerson<B> {
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Rejection> {
        Ok(Self::extract(request, state).await?)
    }
}

/// An admin of the workspace, who is signed in on a trusted device.
pub struct Administrator<B> {
    /// Who.
    pub person: Person,
    /// Their device.
    pub device: Device,
    /// The body.
    pub body: B,
}

impl<B> Administrator<B> {
    /// Who, where, and with which device.
    pub fn ids(&self) -> (UserId, WorkspaceId, DeviceId) {
        (self.person.user.id, self.person.workspace.id, self.device.id)
    }
}

impl<B: FromBody> FromRequest<AppState> for Administrator<B> {
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Rejection> {
        let TrustedPerson {
            person, device, body, ..
        } = TrustedPerson::extract(request, state).await?;
        if !person.admin {
            return Err(RoleError::NotAdmin.into());
        }
        Ok(Self { person, device, body })
    }
}

/// A person who transfers, signed in on a trusted device. Whether their proof was used
/// before is not known yet: whoever takes this makes the claim, in the transaction of the
/// change, which saves a commit.
pub struct Transferrer<B> {
    /// Who, with what.
    pub caller: TrustedPerson<B>,
    /// To be made.
    pub claim: Claim,
}

impl<B: FromBody> Transferrer<B> {
    async fn extract(request: Request, state: &AppState) -> Result<Self, RoleError> {
        let proof = request.headers().get(DPOP).cloned();
        let (proven, token, claim) = match dpop::prove_but_for_use(state, request, B::LIMIT).await {
            Ok(proven) => proven,
            Err(error) => return Err(explain(state, proof, error).await?),
        };
        match TrustedPerson::admit(proven, token, state) {
            Ok(caller) => Ok(Self { caller, claim }),
            Err(refusal) => {
                // As everywhere else: refused or not, the proof has been used.
                dpop::use_up(state, claim).await?;
                Err(refusal)
            }
        }
    }
}

impl<B: FromBody> FromRequest<AppState> for Transferrer<B> {
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Rejection> {
        Ok(Self::extract(request, state).await?)
    }
}

/// A worker that is signed in.
pub struct SignedInWorker<B> {
    /// Which.
    pub id: WorkerId,
    /// The workspace it serves.
    pub workspace: WorkspaceId,
    /// The body.
    pub body: B,
}

impl<B: FromBody> SignedInWorker<B> {
    async fn extract(request: Request, state: &AppState) -> Result<Self, RoleError> {
        let (proven, token) = dpop::prove_with_token(state, request, B::LIMIT).await?;
        let Who::Worker { id, workspace } = token.bearer.who else {
            return Err(RoleError::OnlyForWorkers);
        };
        let body = B::from_body(&proven.body)?;
        Ok(Self {
            id,
            workspace: workspace.id,
            body,
        })
    }
}

impl<B: FromBody> FromRequest<AppState> for SignedInWorker<B> {
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Rejection> {
        Ok(Self::extract(request, state).await?)
    }
}

/// The identifiers in a path. What is none is a thing that is not there.
#[derive(Clone, Copy, Debug)]
pub struct Ids<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Ids<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Rejection> {
        let ids = Path::<T>::from_request_parts(parts, state).await;
        ids.map(|Path(ids)| Self(ids)).map_err(|_| {
            Rejection::new(
                ProblemCode::NotFound,
                "There is no such thing, or it is not yours.",
            )
        })
    }
}
