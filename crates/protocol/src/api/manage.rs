//! What an admin does: people, accounts, apps; and the audit trail.

use std::fmt;

use ferry_catalogue::{App, AppId};
use serde::{Deserialize, Serialize};

use super::User;
use crate::{AccountId, DeviceId, TransferId, UnixMillis};

/// The people of a workspace, by age.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Users {
    /// All of them, deprovisioned ones too.
    pub users: Vec<ListedUser>,
}

/// A person in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListedUser {
    /// Who.
    pub user: User,
    /// Whether they administer the workspace.
    pub admin: bool,
    /// Whether they may sign in.
    pub state: UserState,
    /// When they were added.
    pub added_at: UnixMillis,
    /// How many devices of theirs are trusted.
    pub trusted_devices: u32,
}

/// Whether a person may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UserState {
    /// Not yet: they were invited, and have no password.
    Invited,
    /// Yes.
    Active,
    /// No more.
    Deprovisioned,
}

/// Invites a person. Inviting somebody again who has not accepted yet sends another
/// code, and the one before it is good for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// E-mail address: the invitation goes there, and they sign in with it.
    pub email: String,
    /// What to call them, 1 to 100 characters.
    pub name: String,
    /// Whether they are to administer the workspace.
    pub admin: bool,
}

/// Accepts an invitation: sets the password.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    /// E-mail address that the invitation went to.
    pub email: String,
    /// The code in it: 16 characters of Crockford's base32, as typed.
    pub code: String,
    /// The password to be, at least 8 characters.
    pub password: String,
}

impl fmt::Debug for AcceptInvitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptInvitation")
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

/// The accounts of a workspace, as its admins see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ManagedAccounts {
    /// All of them, by age.
    pub accounts: Vec<ManagedAccount>,
}

/// An account as an admin sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ManagedAccount {
    /// Identifier.
    pub id: AccountId,
    /// The app.
    pub app: AppId,
    /// What can be changed.
    pub settings: AccountSettings,
}

/// What can be changed of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AccountSettings {
    /// What people call it, 1 to 100 characters.
    pub name: String,
    /// Whose session it takes, as the app writes it; `None`: anybody's.
    pub identity: Option<String>,
    /// E-mail addresses of those who may transfer and delete: at least one.
    pub owners: Vec<String>,
    /// E-mail addresses of those who may look.
    pub collaborators: Vec<String>,
}

/// Adds an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// The app, of the catalogue or the workspace's own.
    pub app: AppId,
    /// The rest.
    pub settings: AccountSettings,
}

/// The apps that accounts may be in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Apps {
    /// The workspace's own, which its admins change.
    pub custom: Vec<App>,
    /// Those of the catalogue.
    pub supported: Vec<App>,
}

/// A part of the audit trail, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditPage {
    /// At most 50.
    pub events: Vec<AuditEvent>,
    /// Whether there are older ones: ask for those before the last of these.
    pub more: bool,
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEvent {
    /// Identifier: UUID of version 7.
    pub id: String,
    /// When.
    pub at: UnixMillis,
    /// Who did it.
    pub actor: ActorKind,
    /// Their name, if they have one.
    pub actor_name: Option<String>,
    /// What was done: the name of an [`Action`](super::Action), such as
    /// `session.transferred`.
    pub action: String,
    /// The device it was done with, or to.
    pub device: Option<DeviceId>,
    /// Its name.
    pub device_name: Option<String>,
    /// The account it was done to.
    pub account: Option<AccountId>,
    /// Its name.
    pub account_name: Option<String>,
    /// The transfer it was done to.
    pub transfer: Option<TransferId>,
    /// More about it, in plain words.
    pub detail: Option<String>,
}

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person.
    User,
    /// A worker.
    Worker,
    /// The server, on its own.
    Server,
    /// Somebody at the server's command line.
    Operator,
}
