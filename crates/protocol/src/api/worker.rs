//! What the worker and the server say to each other.

use std::fmt;

use ferry_catalogue::App;
use serde::{Deserialize, Serialize};

use super::{InvalidReason, Receipt};
use crate::session::SealedSession;
use crate::trust::TrustChain;
use crate::vault::{SignedSealingKey, VaultIdentity};
use crate::{AccountId, LeaseId, SealingKeyId, TransferId, UnixMillis, UserId, WorkspaceId};

/// Signs a worker in. The proof's key is bound to the worker token at the first
/// time; afterwards the token works with that key only.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WorkerSignIn {
    /// As `ferry-server worker-token add` printed it.
    pub worker_token: String,
    /// The vault identity. The server keeps the first; a later one must be handed
    /// over to by the one it knows.
    pub vault: VaultIdentity,
}

impl fmt::Debug for WorkerSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerSignIn")
            .field("vault", &self.vault)
            .finish_non_exhaustive()
    }
}

/// The answer to [`WorkerSignIn`].
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerSignedIn {
    /// 32 random bytes as base64url.
    pub access_token: String,
    /// When the token ends.
    pub expires_at: UnixMillis,
    /// The workspace that the worker serves.
    pub workspace: WorkspaceId,
}

/// Brings new one-time keys, at most 256 at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SupplyKeys {
    /// Their public halves.
    pub keys: Vec<SignedSealingKey>,
}

/// The answer to a [`SignedCatalogue`](crate::catalogue::SignedCatalogue): the one that
/// the server holds now. It keeps its own if that has the same apps, under a good
/// signature, or is not older.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CatalogueHeld {
    /// Its version.
    pub version: UnixMillis,
    /// Whether it has the apps that were brought.
    pub same: bool,
}

/// These private halves exist no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct KeysDestroyed {
    /// Their identifiers.
    pub keys: Vec<SealingKeyId>,
}

/// The one-time keys as the server sees them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeySupply {
    /// How many are there to be handed out.
    pub available: u32,
    /// Private halves to destroy, at most 256 at once.
    pub destroy: Vec<SealingKeyId>,
}

/// Asks for work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AskForWork {
    /// At most this many sessions, 0 to 16.
    pub max_sessions: u32,
    /// Of these only such as no worker was given since they were transferred.
    pub only_new: bool,
    /// Fewer keys than this to hand out is something to do, 0 to 256.
    pub keys_low: u32,
    /// Wait so long for something to do, in milliseconds, at most 25,000.
    pub wait_ms: u32,
}

/// What is to be done. Empty when the wait ended without anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Work {
    /// Sessions to check, leased.
    pub sessions: Vec<LeasedSession>,
    /// The keys.
    pub keys: KeySupply,
}

/// A session that the worker holds a lease on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeasedSession {
    /// The lease, for [`Report`].
    pub lease: LeaseId,
    /// When it ends if it is not reported.
    pub lease_expires_at: UnixMillis,
    /// The transfer.
    pub transfer: TransferId,
    /// The account.
    pub account: AccountId,
    /// Whose session the account takes; `None`: anybody's.
    pub account_identity: Option<String>,
    /// The account's app as the workspace defines it now: what is in the seal may
    /// reach no more.
    pub app: App,
    /// Who transferred it.
    pub user: UserId,
    /// The device that sealed it, and who vouches for it.
    pub chain: TrustChain,
    /// The session.
    pub sealed: SealedSession,
}

/// Takes an account's session for automation (`ferry-worker export` and `open`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TakeSession {
    /// What for; goes into the audit trail.
    pub purpose: Purpose,
}

/// What automation takes a session for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To hand its cookies to another program.
    Export,
    /// To open it in a browser.
    Open,
}

/// What became of a leased session. Ends the lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The lease.
    pub lease: LeaseId,
    /// What was found.
    pub finding: Finding,
}

/// What the worker found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// The session is alive, and belongs to whom it should.
    Verified {
        /// Whether the app shows who is signed in; it is the right one then. Not
        /// who: that would be text out of the session, whatever rules a server
        /// gives an app.
        identified: bool,
        /// What was restored.
        receipt: Receipt,
    },
    /// It is not usable.
    Invalid {
        /// Why.
        reason: InvalidReason,
        /// What was restored.
        receipt: Receipt,
    },
    /// The app could not be reached; nothing is known. Tried again later.
    Unreachable {
        /// What went wrong, for the log; no page content, and no host that the
        /// app's definition does not name.
        what: String,
    },
    /// Nothing was checked: the session was only taken for automation.
    Released,
}
