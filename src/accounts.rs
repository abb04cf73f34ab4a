//! The accounts: fetching them anew, deleting a session, having one checked.

use std::rc::Rc;

use ferry_bridge::{AppPages, Check, CookieStores, Delete, Failure, Inspect, Inspection, Remedy};
use ferry_catalogue::{App, Verdict};
use ferry_client::Host as _;
use ferry_protocol::AccountId;
use ferry_protocol::api::{Account, Role};
use futures_util::future::join;

use crate::apps::AppRefusal;
use crate::background::{AskError, Background};
use crate::browser::{Browser, BrowserError, Platform};
use crate::explain::Explain;
use crate::identity::{self, IdentityError};
use crate::records::Pin;
use crate::store::StoreError;
use crate::{capture, sign_in_end, vault};

/// Why nothing was done with an account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// The server, or the way to it.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Nothing can be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The app is not one that can be read.
    #[error(transparent)]
    App(#[from] AppRefusal),
    /// Only owners may.
    #[error(
        "Only an owner of {0} may transfer or delete its session. Ask the workspace's admin for the role."
    )]
    NotOwner(String),
    /// The browser did not read.
    #[error("The browser did not let Ferry read the cookies ({0}). Restart the browser, then try again.")]
    Browser(#[from] BrowserError),
    /// Nobody can tell who is signed in, since the app was not reached.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl Explain for AccountError {
    fn code(&self) -> &'static str {
        match self {
            Self::Ask(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::App(error) => error.code(),
            Self::NotOwner(_) => "forbidden",
            Self::Browser(_) => "browser",
            Self::Identity(error) => error.code(),
        }
    }

    fn failure(&self) -> Failure {
        match self {
            Self::Ask(error) => error.failure(),
            Self::Store(error) => error.failure(),
            Self::App(error) => error.failure(),
            Self::Identity(error) => error.failure(),
            Self::NotOwner(_) | Self::Browser(_) => Failure {
                code: self.code().to_owned(),
                message: self.to_string(),
                remedy: matches!(self, Self::Browser(_)).then_some(Remedy::Retry),
            },
        }
    }
}

impl<P: Platform> Background<P> {
    /// Fetches who is signed in and, on a trusted device, the accounts.
    pub async fn refresh(&self) -> Result<(), AccountError> {
        if self.client().is_err() {
            return Ok(());
        }
        let was_trusted = self.is_trusted();
        let fetch_me = self.ask(async |client| client.me().await);
        let me = if was_trusted {
            let (me, accounts) = join(fetch_me, self.fetch_accounts()).await;
            accounts?;
            me
        } else {
            fetch_me.await
        };
        match me {
            Ok(me) => self.update_session(|session| session.me = me).await?,
            // Why, the state says beside the list of accounts.
            Err(_) if was_trusted => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        self.pin_vault().await?;
        if !was_trusted && self.is_trusted() {
            self.fetch_accounts().await?;
        }
        Ok(self.follow_catalogue().await?)
    }

    /// Fetches the accounts. When that fails, the state says so beside the list as
    /// it was.
    pub(crate) async fn fetch_accounts(&self) -> Result<(), StoreError> {
        self.load_catalogue().await?;
        let known = self.newest_catalogue();
        let fetching = self.ask(async |client| client.accounts_and_catalogue(known).await);
        match fetching.await {
            Ok((accounts, catalogue)) => {
                let now = self.platform.browser().now();
                {
                    let mut memory = self.memory.borrow_mut();
                    memory.stale = None;
                    memory.offered = catalogue;
                }
                self.update_accounts(|list| {
                    list.accounts = accounts;
                    list.fetched_at = Some(now);
                })
                .await
            }
            Err(error) => {
                self.memory.borrow_mut().stale = Some(error.failure());
                self.changed();
                Ok(())
            }
        }
    }

    /// Pins the vault identity when this trusted device sees it for the first
    /// time, and follows it when the pinned one handed over. One that is neither
    /// changes nothing here: each transfer checks anew, and says why it refuses.
    pub(crate) async fn pin_vault(&self) -> Result<(), StoreError> {
        let (pinned, workspace, vault) = {
            let memory = self.memory();
            let session = memory.enrolment.session.as_ref();
            let Some((me, vault)) = session
                .filter(|session| session.is_trusted())
                .and_then(|session| Some((&session.me, session.me.vault.clone()?)))
            else {
                return Ok(());
            };
            (memory.pin().cloned(), me.workspace.id, vault)
        };
        match vault::see(self.platform.keyring(), pinned.as_ref(), workspace, &vault).await {
            Ok(pin) => self.keep_pin(pin).await,
            Err(_) => Ok(()),
        }
    }

    /// Keeps the pin of who is signed in, if it is another than before.
    pub(crate) async fn keep_pin(&self, pin: Pin) -> Result<(), StoreError> {
        let owner = match &self.memory().enrolment.owner {
            Some(owner) => owner.clone(),
            None => return Ok(()),
        };
        let known = self.memory().trust.clone();
        let mut trust = known.clone();
        trust.set_pin(&owner, pin);
        if trust == known {
            return Ok(());
        }
        self.update_trust(|held| *held = trust).await
    }

    /// An account: as cached, or else as the server has it.
    pub(crate) async fn account(&self, id: AccountId) -> Result<Account, AskError> {
        let cached = self
            .memory()
            .accounts
            .accounts
            .iter()
            .find(|account| account.id == id)
            .cloned();
        match cached {
            Some(account) => Ok(account),
            None => self.ask(async |client| client.account(id).await).await,
        }
    }

    /// Puts an account's new state in the place of the old one.
    pub(crate) async fn put_account(&self, account: Account) -> Result<(), StoreError> {
        self.update_accounts(|list| list.put(account)).await
    }

    /// Deletes the session from the cloud, and first what waits to be uploaded.
    pub async fn delete(&self, ask: Delete) -> Result<(), AccountError> {
        self.forget_transfer(ask.account).await?;
        let account = self
            .ask(async |client| client.delete_session(ask.account).await)
            .await?;
        Ok(self.put_account(account).await?)
    }

    /// Has the worker check the session now.
    pub async fn check(&self, ask: Check) -> Result<(), AccountError> {
        let account = self
            .ask(async |client| client.check_session(ask.account).await)
            .await?;
        Ok(self.put_account(account).await?)
    }

    /// The cookie stores of this browser that can be looked at.
    pub async fn stores(&self) -> Result<CookieStores, AccountError> {
        Ok(self.platform.browser().stores().await?)
    }

    /// What a transfer would take, and from whom. Nothing leaves the browser.
    pub async fn inspect(self: &Rc<Self>, ask: Inspect) -> Result<Inspection, AccountError> {
        let account = self.account(ask.account).await?;
        if account.role != Role::Owner {
            return Err(AccountError::NotOwner(account.name));
        }
        self.accept(&account.app)?;
        let mut inspection = Inspection {
            account: account.id,
            store: ask.store,
            missing_origins: self.missing_origins(&account.app).await?,
            cookies: Default::default(),
            storage: Vec::new(),
            finding: None,
            pages: AppPages::default(),
            bound_by: None,
            bound_hints: Vec::new(),
            sign_in_ends: None,
        };
        if inspection.missing_origins.is_empty() {
            let browser = self.platform.browser().as_ref();
            let expected = account.identity.as_deref();
            let reading = identity::read(browser, &account.app, &inspection.store, expected, |_| {}).await?;
            if reading.unreached && reading.verdict == Verdict::Unknown {
                return Err(IdentityError::Unreached {
                    app: account.app.name,
                }
                .into());
            }
            inspection.cookies = capture::count(&reading.jar);
            inspection.bound_by = browser.bound_by(&account.app.domains).await?;
            // Firefox binds no session.
            if !browser.user_agent().contains("Firefox/") {
                inspection.bound_hints = account.app.bound_among(&capture::views(&reading.jar));
            }
            inspection.sign_in_ends = sign_in_end::sign_in_ends(&account.app, &reading.jar);
            let finding = identity::finding(&reading);
            inspection.pages = identity::pages_of(&account.app, &finding, &inspection.store);
            inspection.finding = Some(finding);
            inspection.storage = reading.storage;
        }
        Ok(inspection)
    }

    /// The app's origins that the browser has not granted.
    pub(crate) async fn missing_origins(&self, app: &App) -> Result<Vec<String>, BrowserError> {
        let origins = app.origins();
        let browser = self.platform.browser();
        // One question is enough when all are granted, as they nearly always are.
        if browser.granted(&origins).await? {
            return Ok(Vec::new());
        }
        let mut missing = Vec::new();
        for origin in origins {
            if !browser.granted(std::slice::from_ref(&origin)).await? {
                missing.push(origin);
            }
        }
        Ok(missing)
    }
}

#[cfg(test)]
#[path = "accounts_tests.rs"]
mod tests;
