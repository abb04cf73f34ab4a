//! What is kept in IndexedDB between two starts of the background. The phase that the
//! popup shows follows from these records alone.

use ferry_bridge::{Approval, Failure, ServerAddress, TransferStep};
use ferry_protocol::api::{Account, CodeSent, DeviceState, Me};
use ferry_protocol::{AccountId, Bytes, SealingKeyId, TransferId, UnixMillis, WorkspaceId};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Key of the [`Enrolment`].
pub const ENROLMENT: &str = "enrolment";
/// Key of the [`AccountList`].
pub const ACCOUNTS: &str = "accounts";
/// Key of the [`Trust`](crate::trust::Trust).
pub const TRUST: &str = "trust";

/// Who uses this browser for Ferry, and how far it is set up.
#[derive(Default, Serialize, Deserialize)]
pub struct Enrolment {
    /// The server used last.
    pub server: Option<ServerAddress>,
    /// The e-mail address used last.
    pub email: Option<String>,
    /// Whose device keys this browser holds.
    pub owner: Option<Owner>,
    /// The running session with the server.
    pub session: Option<Session>,
    /// Why the session ended, when it was not by the person's own choice.
    pub notice: Option<Failure>,
}

/// Whose device keys this browser holds, as the person typed it: nothing that the
/// server says makes it somebody else's. Another person gets keys of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Server.
    pub server: ServerAddress,
    /// E-mail address, lower case.
    pub email: String,
}

/// A session with the server.
#[derive(Clone, Serialize, Deserialize)]
pub struct Session {
    /// The access token.
    pub token: AccessToken,
    /// When the token ends.
    pub expires_at: UnixMillis,
    /// Who is signed in, and the state of this device.
    pub me: Me,
    /// The code that is on its way.
    pub code: Option<CodeSent>,
    /// The request to the person's trusted devices.
    pub approval: Option<Approval>,
}

impl Session {
    /// Whether this device is trusted.
    pub fn is_trusted(&self) -> bool {
        self.me
            .device
            .as_ref()
            .is_some_and(|device| device.state == DeviceState::Trusted)
    }
}

/// An access token. Serialised into IndexedDB, and nowhere else.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct AccessToken(pub String);

/// The vault identity that this device trusts, since it first saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Of which workspace.
    pub workspace: WorkspaceId,
    /// Its fingerprint, 32 bytes.
    pub fingerprint: Bytes,
}

/// The accounts as last fetched.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct AccountList {
    /// All of them, by name.
    pub accounts: Vec<Account>,
    /// When they were fetched.
    pub fetched_at: Option<UnixMillis>,
}

impl AccountList {
    /// Puts an account's new state in the place of the old one.
    pub fn put(&mut self, account: Account) {
        if let Some(known) = self.accounts.iter_mut().find(|known| known.id == account.id) {
            *known = account;
        }
    }
}

/// A transfer: one that runs, was interrupted, or ended and was not dismissed.
/// Written before each step that cannot be taken back.
#[derive(Clone, Serialize, Deserialize)]
pub struct TransferRecord {
    /// Which one.
    pub transfer: TransferId,
    /// Of which account.
    pub account: AccountId,
    /// When it began.
    pub started: UnixMillis,
    /// How far it is.
    pub step: TransferStep,
    /// What is to be uploaded; gone once it was stored or refused.
    pub sealed: Option<Sealed>,
}

/// A sealed session that waits to be stored.
#[derive(Clone, Serialize, Deserialize)]
pub struct Sealed {
    /// The [`SealedSession`](ferry_protocol::session::SealedSession) as JSON: the
    /// bytes that are uploaded, the same at every try.
    pub body: String,
    /// Where it goes, and whose it is: it is sent nowhere else.
    pub owner: Owner,
    /// How many cookies it has.
    pub cookies: u32,
    /// How many entries of local storage it has.
    #[serde(default)]
    pub entries: u32,
    /// Who is signed in, if known.
    pub identity: Option<String>,
    /// The key that it is sealed to.
    pub sealing_key: SealingKeyId,
    /// No use in trying after this.
    pub expires_at: UnixMillis,
}

impl TransferRecord {
    /// Whether it has ended, well or not.
    pub fn has_ended(&self) -> bool {
        matches!(self.step, TransferStep::Done { .. } | TransferStep::Failed { .. })
    }
}
