//! The command line's changes: workspaces, people, apps, accounts, worker tokens.
//!
//! They write to the database directly, beside a running server or without one. (`app
//! check` only reads files.)
//! `add` returns what a script wants: the new identifier, or the new token.

mod add;
mod check;
mod end;
mod list;

use std::path::Path;
use std::sync::Arc;

use ferry_protocol::WorkspaceId;

pub use add::{AddAccount, AddUser, account, app, user, worker_token, workspace};
pub use check::{CheckError, check};
pub use end::{deprovision_user, disable_device};
pub use list::{accounts, apps, devices, users, worker_tokens, workspaces};

use crate::clock::Clock;
use crate::manage::accounts::AccountsError;
use crate::manage::apps::AppsError;
use crate::manage::users::{AddError, DeprovisionError, DisableError};
use crate::passwords::PasswordError;
use crate::random::Random;
use crate::stamp::Stamp;
use crate::storage::{Storage, StorageError};

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The database.
    #[error("the database cannot be used: {0}")]
    Storage(#[from] StorageError),
    /// A name.
    #[error("the name is empty, or longer than 100 characters")]
    Name,
    /// The password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The workspace.
    #[error("there is no workspace {0}: see `ferry-server workspace list`")]
    NoWorkspace(WorkspaceId),
    /// A person who was to be added.
    #[error(transparent)]
    AddUser(#[from] AddError),
    /// A person who was to be deprovisioned.
    #[error(transparent)]
    Deprovision(#[from] DeprovisionError),
    /// A device that was to be disabled.
    #[error(transparent)]
    DisableDevice(#[from] DisableError),
    /// A person.
    #[error("there is no such person: see `ferry-server user list`")]
    NoUser,
    /// An account.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// An app.
    #[error(transparent)]
    Apps(#[from] AppsError),
    /// The app's file.
    #[error(transparent)]
    AppFile(#[from] CheckError),
}

/// The database, and where time and randomness come from.
pub struct Admin {
    storage: Storage,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Admin {
    /// Opens the database; makes it if it is not there.
    pub async fn open(
        database: &Path,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, AdminError> {
        Ok(Self {
            storage: Storage::open(database).await?,
            clock,
            random,
        })
    }

    /// On a database that is open.
    pub fn on(storage: Storage, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self {
            storage,
            clock,
            random,
        }
    }

    /// Closes the database.
    pub async fn close(self) {
        self.storage.close().await;
    }

    fn stamp(&self) -> Stamp {
        Stamp {
            now: self.clock.now(),
            random: Arc::clone(&self.random),
        }
    }
}
