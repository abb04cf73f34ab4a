//! What the pages show.

use ferry_protocol::api::{Account, CodeSent, User, Workspace};
use ferry_protocol::{AccountId, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::Failure;

/// Everything that the pages show. Holds no secret: the popup keeps a copy, to be
/// there at once when it is opened next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// How far this browser is set up.
    pub phase: Phase,
    /// Transfers that run, or ended and were not dismissed yet; one an account.
    pub transfers: Vec<Transfer>,
}

/// How far this browser is set up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Nobody is signed in to Ferry.
    SignedOut {
        /// The server used last.
        server: Option<String>,
        /// The e-mail address used last.
        email: Option<String>,
        /// Why, when it was not by the person's own choice.
        notice: Option<Failure>,
    },
    /// Signed in; this browser is not a trusted device.
    SetUp {
        /// Who and where.
        profile: Profile,
        /// A name for this device.
        suggested_name: String,
        /// The code that is on its way, if any.
        code: Option<CodeSent>,
        /// The request to the person's trusted devices, if that is what they chose.
        approval: Option<Approval>,
    },
    /// Ready.
    Ready {
        /// Who and where.
        profile: Profile,
        /// Name of this device.
        device_name: String,
        /// The vault's pinned fingerprint, in groups of four, once there is one.
        vault_fingerprint: Option<String>,
        /// The accounts, by name.
        accounts: Vec<Account>,
        /// When they were fetched.
        fetched_at: UnixMillis,
        /// Why they could not be fetched since.
        stale: Option<Failure>,
    },
}

/// What became of asking the person's trusted devices to approve this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Of this device's keys, five groups of four: people compare it with what the
    /// trusted device shows.
    pub fingerprint: String,
    /// What became of it.
    pub state: ApprovalState,
    /// When the request ends.
    pub until: UnixMillis,
}

/// What became of a request for approval that has not been granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalState {
    /// Nobody answered yet.
    Pending,
    /// Somebody said no.
    Denied,
    /// Nobody answered in time.
    Lapsed,
}

/// Who is signed in to Ferry, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Base address of the server.
    pub server: String,
    /// The person.
    pub user: User,
    /// The workspace.
    pub workspace: Workspace,
}

/// A transfer that runs, or has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Of which account.
    pub account: AccountId,
    /// How far it is.
    pub step: TransferStep,
}

/// How far a transfer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransferStep {
    /// Reading the cookies.
    Reading,
    /// Finding out who is signed in.
    CheckingIdentity {
        /// How many cookies were read.
        cookies: u32,
    },
    /// Sealing.
    Sealing {
        /// How many cookies.
        cookies: u32,
        /// Who is signed in, if known.
        identity: Option<String>,
    },
    /// Uploading.
    Uploading {
        /// How many cookies.
        cookies: u32,
        /// How many bytes are uploaded.
        bytes: u64,
    },
    /// Stored in the cloud.
    Done {
        /// How many cookies.
        cookies: u32,
        /// Who, if known.
        identity: Option<String>,
    },
    /// Not transferred.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// What a transfer would take, and from whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// Of which account.
    pub account: AccountId,
    /// Match patterns that the browser has not granted yet. If there are any,
    /// nothing else is known.
    pub missing_origins: Vec<String>,
    /// The cookies by kind.
    pub cookies: CookieCounts,
    /// Who is signed in.
    pub finding: Option<IdentityFinding>,
}

/// Cookies by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CookieCounts {
    /// All of them.
    pub total: u32,
    /// That end with the browser session.
    pub session_only: u32,
    /// Hidden from the page's scripts.
    pub http_only: u32,
    /// Sent to one host only.
    pub host_only: u32,
    /// Partitioned by top-level site.
    pub partitioned: u32,
}

/// Who is signed in to the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityFinding {
    /// Nobody.
    SignedOut,
    /// One, and the right one.
    One {
        /// Who.
        identity: String,
    },
    /// Somebody; the app does not show whom.
    Unknown,
    /// More than one.
    Several {
        /// All of them.
        identities: Vec<String>,
    },
    /// One, but not the account's.
    Another {
        /// Who is signed in.
        found: String,
        /// Whose account it is.
        expected: String,
    },
}
