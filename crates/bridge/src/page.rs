//! What the workspace's web app asks of the extension, over the content script
//! `extension/bridge.js`.
//!
//! In the page these travel by `window.postMessage`, to the page's own origin:
//!
//! ```json
//! {"ferry": "ask", "id": 7, "ask": {"look": {"account": "…"}}}
//! {"ferry": "reply", "id": 7, "reply": {"ok": "ready"}}
//! {"ferry": "event", "event": {"progress": {"account": "…", "step": "sealing"}}}
//! ```
//!
//! The page's code comes from the server, which is not to learn who is signed in to
//! an app: no reply and no event has a field for a name, a cookie, or how many cookies
//! there are. Whom nobody hears (another origin, a frame, an ask of another form) gets
//! no answer at all.

use ferry_protocol::{AccountId, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};

use crate::Failure;

/// What the name of a content script's port begins with; the account that it follows
/// comes after it.
pub const FOLLOW_PORT: &str = "ferry-follow:";

/// The longest ask, as JSON in UTF-8, in bytes: what a page posts as `ask`, without what
/// the content script puts around it.
pub const LONGEST_ASK: usize = 200;

/// What a page may ask. Nothing here transfers, deletes or changes anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PageAsk {
    /// Who is there? Answered with [`Hello`].
    Hello(Nothing),
    /// Who is signed in to the account's app? Answered with a [`Finding`], at most one
    /// in [`LOOK_PAUSE_MS`].
    Look(OfAccount),
    /// Opens the extension's own page, where a person can transfer the account's
    /// session. Answered with [`Nothing`].
    Open(OfAccount),
    /// Tells with [`PageEvent`]s from now on how a transfer of the account goes.
    /// Answered with [`Nothing`].
    Follow(OfAccount),
}

/// The least time between two looks, in milliseconds. One that comes too early fails
/// with `too-many-requests`.
pub const LOOK_PAUSE_MS: i64 = 1_000;

/// A look takes no longer, in milliseconds.
pub const LONGEST_LOOK_MS: i64 = 60_000;

/// An empty object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Which account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfAccount {
    /// Which.
    pub account: AccountId,
}

/// The extension that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Version of the extension.
    pub version: String,
    /// Who is signed in to it.
    pub signed_in: Option<SignedIn>,
}

/// Who is signed in to the extension, as the server knows anyway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Who.
    pub user: UserId,
    /// Where.
    pub workspace: WorkspaceId,
    /// Whether this browser's extension is a trusted device.
    pub trusted: bool,
}

/// Who is signed in to an account's app, as much as a page is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// The browser has not granted the app's domains: nobody looked. Only a click in a
    /// page of the extension's can ask the person for them.
    NeedsPermission,
    /// Nobody.
    SignedOut,
    /// One, and the account's.
    Ready,
    /// Somebody; the app does not show whom.
    Unknown,
    /// More than one.
    Several {
        /// How many.
        count: u32,
    },
    /// One, but not the account's.
    Another,
}

/// What a page that follows an account is told without asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PageEvent {
    /// How far the transfer is. Sent at once, and at every change; the same may come
    /// twice.
    Progress {
        /// Of which account.
        account: AccountId,
        /// How far.
        step: PageStep,
    },
}

/// How far a transfer is, without what it found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PageStep {
    /// None runs, and none has ended that the person has not dismissed.
    None,
    /// Reading the cookies.
    Reading,
    /// Finding out who is signed in.
    Checking,
    /// Sealing.
    Sealing,
    /// Uploading, or waiting for the server to answer.
    Uploading,
    /// Stored in the cloud.
    Done,
    /// Not transferred.
    Failed {
        /// Why: a code, and always the same sentence.
        failure: Failure,
    },
}
