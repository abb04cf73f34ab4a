//! What the pages show.

use ferry_protocol::api::{Account, CodeSent, User, Workspace};
use ferry_protocol::{AccountId, Bytes, UnixMillis};
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
        /// In the same order, the digest of what of each account a consent is to: its app's
        /// definition, and whose session it is to be (SHA-256). A page says by it what it
        /// showed.
        #[serde(default)]
        shown: Vec<Bytes>,
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
    /// When it began: tells it from others of the account.
    pub started: UnixMillis,
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
        /// How many sign-in entries in local storage.
        #[serde(default)]
        entries: u32,
        /// Who is signed in, if known.
        identity: Option<String>,
    },
    /// Uploading.
    Uploading {
        /// How many cookies.
        cookies: u32,
        /// How many sign-in entries in local storage.
        #[serde(default)]
        entries: u32,
        /// How many bytes are uploaded.
        bytes: u64,
    },
    /// Stored in the cloud.
    Done {
        /// How many cookies.
        cookies: u32,
        /// How many sign-in entries in local storage.
        #[serde(default)]
        entries: u32,
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
    /// In which cookie store it was looked: [`CookieStore::id`].
    pub store: StoreId,
    /// Match patterns that the browser has not granted yet. If there are any,
    /// nothing else is known.
    pub missing_origins: Vec<String>,
    /// The cookies by kind.
    pub cookies: CookieCounts,
    /// The entries of the pages' local storage that the app's sign-in is in.
    pub storage: Vec<StorageFound>,
    /// Who is signed in.
    pub finding: Option<IdentityFinding>,
    /// Where the person can put right what stands in the way.
    pub pages: AppPages,
    /// The host that had this browser bind the session to the device, if one was seen
    /// doing it (DBSC): a copy dies at its next refresh.
    pub bound_by: Option<String>,
    /// Cookies that are there and by whose names the session looks bound to the device.
    pub bound_hints: Vec<String>,
    /// When the first of the cookies runs out without which nobody is signed in.
    pub sign_in_ends: Option<UnixMillis>,
}

/// The app's own pages, of the definition that this browser accepted: what the server says
/// since may be another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPages {
    /// Where one signs in.
    pub sign_in: String,
    /// A page of somebody who is signed in.
    pub check: String,
    /// Where all are signed out, if the app has such a page.
    pub sign_out: Option<String>,
    /// Where each of several is signed out alone, in the order of
    /// [`IdentityFinding::Several`], as far as the app has such pages. Empty where they are
    /// signed in in another cookie store than that in which pages open.
    pub sign_out_of: Vec<Option<String>>,
}

/// An entry of the local storage that an app's sign-in is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageFound {
    /// Which, as the app's definition names it: origin, `#`, name.
    pub entry: String,
    /// Whether it is there; `None`: it could not be looked at.
    pub found: Option<bool>,
    /// Somebody can be signed in without it.
    #[serde(default)]
    pub optional: bool,
}

/// The cookie stores of this browser that can be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CookieStores {
    /// All of them, the ordinary one first.
    pub stores: Vec<CookieStore>,
    /// That of the tab in front of which the popup was opened.
    pub current: StoreId,
}

/// Identifier of a cookie store, as the browser gives it; empty: that of ordinary
/// windows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreId(pub String);

/// A cookie store: a set of identities of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CookieStore {
    /// Which.
    pub id: StoreId,
    /// What keeps it apart.
    pub kind: StoreKind,
    /// What the person calls it, for a container.
    pub name: Option<String>,
}

/// What keeps a cookie store apart from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreKind {
    /// Ordinary windows.
    Ordinary,
    /// Private or incognito windows.
    Private,
    /// A container tab's (Firefox).
    Container,
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
        /// Whether the app lists everybody who is signed in, so that there is nobody
        /// else; otherwise it only says who is active.
        counted: bool,
    },
    /// Somebody; the app does not show whom.
    Unknown,
    /// More than one.
    Several {
        /// All of them.
        identities: Vec<String>,
        /// The one whose session alone can be transferred: what belongs to the others
        /// is taken out first.
        only: Option<String>,
    },
    /// One, but not the account's.
    Another {
        /// Who is signed in.
        found: String,
        /// Whose account it is.
        expected: String,
    },
}
