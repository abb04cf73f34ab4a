//! What most tests begin with: a cloud, an app in it, and a browser whose person has
//! set the extension up.

use std::sync::Arc;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::browser::{Authority, Browser, Setup};
use crate::cloud::{Cloud, Mail, OWNER, Person, Worker};
use crate::extension::Extension;
use crate::popup::Popup;
use crate::wire::{Message, Wire};
use crate::{Stage, files};

/// The hosts that the browser's own prompt would otherwise be asked for: the apps', and
/// the server's.
pub const GRANTED: [&str; 2] = ["*://*.test/*", "http://127.0.0.1/*"];

/// What a test is told about its app.
pub struct Plan<'a> {
    /// The app's definition, in TOML.
    pub app: String,
    /// Whose session the account takes; `None`: anybody's.
    pub identity: Option<&'a str>,
    /// The certificate authority of the app.
    pub authority: Option<Authority>,
    /// Who uses the extension.
    pub person: Person,
    /// How the server sends its mail.
    pub mail: Mail,
    /// Whether another extension is there, which asks Ferry's for everything.
    pub hostile: bool,
    /// Whether the app's domains have not been granted: the browser's own prompt asks
    /// for them.
    pub prompts: bool,
}

impl<'a> Plan<'a> {
    /// The owner has an account of this app's, whose person is `identity`; the app's
    /// domains have been granted.
    pub fn of(app: impl Into<String>, identity: Option<&'a str>) -> Self {
        Self {
            app: app.into(),
            identity,
            authority: None,
            person: OWNER,
            mail: Mail::Outbox,
            hostile: false,
            prompts: false,
        }
    }

    /// The app's pages are secured by this authority.
    #[must_use]
    pub fn secured_by(self, authority: &Authority) -> Self {
        Self {
            authority: Some(authority.clone()),
            ..self
        }
    }
}

/// Everything is running, and nothing has been transferred.
pub struct Setting {
    /// The workspace's worker. It is ended first: without a server it would try for some
    /// seconds to tell what it found.
    pub worker: Worker,
    /// The line that everybody reaches the server over.
    pub wire: Wire,
    /// Server and workspace.
    pub cloud: Cloud,
    /// The account's identifier.
    pub account: String,
    /// The person's browser.
    pub browser: Arc<Browser>,
    /// The popup, in the tab in use.
    pub popup: Popup,
}

impl Setting {
    /// Starts everything, and sets the extension up by its popup.
    pub async fn start(stage: &Stage, plan: Plan<'_>) -> Result<Self> {
        let granted = if plan.prompts { &GRANTED[1..] } else { &GRANTED };
        let extension = Extension::granted(granted, stage.kind, &stage.folder.join("extension"))?;
        let display = match plan.prompts {
            true => Some(stage.display().await?.name.clone()),
            false => None,
        };
        let folder = stage.subfolder("browser")?;
        let authority = plan.authority.clone();
        let hostile = match plan.hostile {
            true => Some(extension.hostile(stage.kind, &stage.folder.join("hostile"))?),
            false => None,
        };
        let setup = Setup {
            folder: &folder,
            extension,
            other: hostile.as_deref(),
            authority,
            display,
        };
        let wire = Wire::put_up().await?;
        let cloud = async {
            let cloud = Cloud::start(&stage.subfolder("server")?, Some(&wire.address), plan.mail).await?;
            wire.connect(&cloud.listening)?;
            let account = cloud.add_account(&plan.app, plan.identity).await?;
            let authority = plan.authority.as_ref().map(|authority| authority.pem.as_path());
            let worker = cloud.start_worker(&stage.subfolder("worker")?, authority).await?;
            anyhow::Ok((cloud, account, worker))
        };
        let ((cloud, account, worker), browser) = tokio::try_join!(cloud, stage.browser(setup))?;
        let popup = Popup::open(&browser).await?;
        popup.set_up(&cloud, plan.person).await?;
        Ok(Self {
            worker,
            wire,
            cloud,
            account,
            browser,
            popup,
        })
    }

    /// Another browser of the person's, with the extension in it, and nobody signed in.
    pub async fn second_browser(&self, stage: &Stage) -> Result<(Arc<Browser>, Popup)> {
        let setup = Setup {
            folder: &stage.subfolder("second-browser")?,
            extension: Extension::granted(&GRANTED, stage.kind, &stage.folder.join("second-extension"))?,
            other: None,
            authority: None,
            display: None,
        };
        let browser = stage.browser(setup).await?;
        let popup = Popup::open(&browser).await?;
        Ok((browser, popup))
    }

    /// Shares for the first time, and waits until the worker has proved the session.
    pub async fn share(&self) -> Result<()> {
        self.popup.click_share(&self.account).await?;
        self.popup.consent().await?;
        self.popup.until_session_is(&self.account, "verified").await?;
        Ok(())
    }

    /// As [`Setting::share`]; gives all that pages and consoles showed meanwhile, and what
    /// the background tells its pages.
    pub async fn share_watched(&self) -> Result<String> {
        self.popup.click_share(&self.account).await?;
        self.popup.consent().await?;
        let mut shown = self.popup.source().await?;
        self.popup.until_session_is(&self.account, "verified").await?;
        shown += &self.popup.source().await?;
        let inspect = json!({ "inspect": { "account": self.account } });
        for ask in [json!({ "get-state": {} }), inspect] {
            shown += &self.popup.send(ask).await?.to_string();
        }
        shown += &self.browser.console().await?;
        ensure!(
            shown.contains(&self.account),
            "what was looked at is not about the account"
        );
        Ok(shown)
    }

    /// Fails if a secret is in what was shown, on the way to the server, or on the disk of
    /// server or worker.
    pub fn ensure_unseen(&self, stage: &Stage, shown: &str, secret: &str) -> Result<()> {
        ensure!(secret.len() >= 16, "this may be anywhere");
        ensure!(!shown.contains(secret), "in a page or on a console");
        for exchange in self.wire.exchanges() {
            let text = [&exchange.sent[..], &exchange.received[..]].concat();
            ensure!(
                !String::from_utf8_lossy(&text).contains(secret),
                "on the way: {} {}",
                exchange.method,
                exchange.path
            );
        }
        for folder in ["server", "worker"] {
            let found = files::holding(&stage.folder.join(folder), secret.as_bytes())?;
            ensure!(found.is_empty(), "in {found:?}");
        }
        Ok(())
    }

    /// How many uploads the server has taken.
    pub fn stored(&self) -> usize {
        let uploads = self.wire.sent(Message::Upload);
        let taken = uploads
            .iter()
            .filter(|upload| upload.status.is_some_and(|status| status.is_success()));
        taken.count()
    }

    /// Fails if anything sealed has left the browser.
    pub fn ensure_nothing_left(&self) -> Result<()> {
        let uploads = self.wire.sent(Message::Upload);
        ensure!(
            uploads.is_empty(),
            "{} sealed sessions left the browser",
            uploads.len()
        );
        Ok(())
    }
}
