//! Sessions for automation: as a file for other programs, or as a browser that is
//! signed in.

mod cookies_txt;
mod export;
mod open;
mod storage_state;

use std::time::Duration;

use ferry_protocol::AccountId;
use ferry_protocol::api::{Finding, LeasedSession, Purpose, Report, TakeSession};
use ferry_protocol::problem::ProblemCode;
use tokio::time::Instant;

use crate::ambient;
use crate::api::{Api, ApiError};
use crate::browser::{CdpError, LaunchError};
use crate::catalogue::{Catalogue, LoadError};
use crate::config::Config;
use crate::open::{OpenSessionError, OpenedSession, open as open_seal};
use crate::session;
use crate::state_dir::{Hold, StateDir, StateError};

pub use cookies_txt::cookies_txt;
pub use export::{Format, export};
pub use open::open;
pub use storage_state::storage_state;

/// A check takes no longer than this: whoever holds a session longer has it open.
const HOLD_LIMIT: Duration = Duration::from_secs(60);

/// How often a held session is asked for.
const HOLD_RETRY: Duration = Duration::from_millis(100);

/// A session cannot be given to automation.
#[derive(Debug, thiserror::Error)]
pub enum AutomationError {
    /// The state directory fails.
    #[error(transparent)]
    State(#[from] StateError),
    /// The server fails, or says no.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The session cannot be opened.
    #[error("the session cannot be opened: {0}")]
    Open(#[from] OpenSessionError),
    /// There is no browser.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// The browser failed.
    #[error(transparent)]
    Cdp(#[from] CdpError),
    /// The server answered with something else than was asked for.
    #[error(
        "the server gave the session of account {given} instead of {asked}'s; it was not opened. \
         Do not trust this server, and tell its admin"
    )]
    OtherAccount {
        /// The account asked for.
        asked: AccountId,
        /// The account of the session that came.
        given: AccountId,
    },
    /// The apps of the folder.
    #[error(transparent)]
    Catalogue(#[from] LoadError),
    /// The session was deleted while it was open.
    #[error("the session was deleted; its browser is closed, and nothing of it was kept")]
    Deleted,
    /// Another process has it.
    #[error("another `ferry-worker` has this session open: end that one first")]
    InUse,
    /// There is no port for the egress proxy, or the output cannot be written.
    #[error("{what}: {source}")]
    Io {
        /// What failed.
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
}

/// A session that is held for automation.
struct Held {
    state: StateDir,
    catalogue: Catalogue,
    api: Api,
    leased: LeasedSession,
}

impl Held {
    /// Takes the lease on an account's session. A server that answers with another
    /// account's gets it back: it must not choose whose session a program is given.
    async fn take(config: &Config, account: &AccountId, purpose: Purpose) -> Result<Self, AutomationError> {
        let catalogue = Catalogue::load(config.apps.as_deref())?;
        let state = StateDir::open(&config.state)?;
        let api = Api::new(&config.server, config.ca.as_ref(), state.clone())?;
        let leased = api.take(account, &TakeSession { purpose }).await?;
        let held = Self {
            state,
            catalogue,
            api,
            leased,
        };
        match other_account(&held.leased, account) {
            None => Ok(held),
            Some(given) => {
                held.release().await;
                Err(AutomationError::OtherAccount {
                    asked: *account,
                    given,
                })
            }
        }
    }

    async fn open(&self) -> Result<OpenedSession, AutomationError> {
        let workspace = self.api.workspace().await?;
        Ok(open_seal(
            &self.state,
            &self.catalogue,
            workspace,
            &self.leased,
            ambient::now(),
        )?)
    }

    /// Holds the session against other processes, which may just be checking it.
    async fn hold(&self) -> Result<Hold, AutomationError> {
        let end = Instant::now() + HOLD_LIMIT;
        loop {
            if let Some(hold) = session::hold(&self.state, &self.leased)? {
                return Ok(hold);
            }
            if Instant::now() >= end {
                return Err(AutomationError::InUse);
            }
            // A file lock tells nobody when it is free.
            tokio::time::sleep(HOLD_RETRY).await;
        }
    }

    /// Gives the lease back.
    async fn release(&self) {
        let report = Report {
            lease: self.leased.lease,
            finding: Finding::Released,
        };
        match self.api.report(&self.leased.transfer, &report).await {
            Ok(()) => {}
            // It ran out while the session was in use, or the session was deleted.
            Err(error) if error.code() == Some(ProblemCode::LeaseLost) => {}
            Err(error) => tracing::warn!(%error, "the lease was not given back; it runs out by itself"),
        }
    }
}

/// The account of a leased session, if it is another than the one asked for: by the
/// lease, or by the header that the device signed.
fn other_account(leased: &LeasedSession, asked: &AccountId) -> Option<AccountId> {
    // A header that cannot be read is refused when the session is opened.
    let sealed = leased.sealed.header().ok().map(|header| header.account);
    [Some(leased.account), sealed]
        .into_iter()
        .flatten()
        .find(|given| given != asked)
}
