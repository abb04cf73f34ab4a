//! Going on with a transfer when its permission is granted.
//!
//! The browser may close the popup while it asks for permission, and with it goes
//! the click. The page says before it asks what was clicked; that is remembered
//! for two minutes, and taken up when the person says yes.

use std::rc::Rc;

use ferry_bridge::{ExpectPermission, Failure, Remedy, Share};
use ferry_client::Host;
use ferry_protocol::UnixMillis;
use futures_util::future::join;
use serde::{Deserialize, Serialize};

use crate::background::Background;
use crate::browser::{Browser, BrowserError, Platform};
use crate::explain::Explain;
use crate::transfer::Running;

/// How long a click is remembered, in milliseconds.
const PATIENCE_MS: i64 = 2 * 60 * 1000;
/// A page that is still open sends the click itself, so soon after, in milliseconds.
const ECHO_MS: i64 = 10_000;
/// Where it is remembered.
const KEY: &str = "expected-permission";

/// What was clicked before the browser asked for permission.
#[derive(Serialize, Deserialize)]
struct Expected {
    share: Share,
    /// Forgotten after this.
    until: UnixMillis,
}

/// A transfer that went on when its permission was granted.
pub(crate) struct Continued {
    share: Share,
    until: UnixMillis,
    transfer: Running,
}

/// The click could not be remembered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The browser did not remember the click ({0}). Grant the permission, then share again.")]
pub struct ExpectError(#[from] BrowserError);

impl Explain for ExpectError {
    fn code(&self) -> &'static str {
        "browser"
    }

    fn remedy(&self) -> Option<Remedy> {
        Some(Remedy::Retry)
    }
}

impl<P: Platform> Background<P> {
    /// Remembers what was clicked, until the browser has asked for permission; or
    /// forgets it, when the person said no or was promised to decide later.
    pub async fn expect_permission(&self, ask: ExpectPermission) -> Result<(), ExpectError> {
        let browser = self.platform.browser();
        let Some(share) = ask.share else {
            return Ok(browser.remember(KEY, None).await?);
        };
        let expected = Expected {
            share,
            until: browser.now().plus(PATIENCE_MS),
        };
        #[expect(
            clippy::expect_used,
            reason = "a struct of strings and numbers always serialises"
        )]
        let text = ferry_json::write_text(&expected).expect("serialisable");
        self.memory.borrow_mut().remembers_click = true;
        Ok(browser.remember(KEY, Some(&text)).await?)
    }

    /// A permission was granted: goes on with what was clicked, if this was it.
    pub async fn permissions_added(self: &Rc<Self>) {
        let Some(expected) = self.expected().await else {
            return;
        };
        let Ok(account) = self.account(expected.share.account).await else {
            return;
        };
        if !self
            .missing_origins(&account.app)
            .await
            .is_ok_and(|missing| missing.is_empty())
        {
            // Another permission was granted: the one that is waited for may follow.
            return;
        }
        self.forget_click().await;
        let until = self.platform.browser().now().plus(ECHO_MS);
        let transfer = self.transfer(expected.share.clone());
        let continued = Continued {
            share: expected.share,
            until,
            transfer: transfer.clone(),
        };
        self.memory.borrow_mut().continued = Some(continued);
        // How it went, the transfer's last step tells.
        let _ = transfer.await;
    }

    /// The click, from a page. If the same went on already when the permission was
    /// granted, this is the page's own word of it, and not another transfer.
    pub async fn share_clicked(self: &Rc<Self>, share: Share) -> Result<(), Failure> {
        let now = self.platform.browser().now();
        let continued = self.memory.borrow_mut().continued.take();
        match continued {
            Some(continued) if continued.share == share && now < continued.until => continued.transfer.await,
            _ => join(self.forget_click(), self.transfer(share)).await.1,
        }
    }

    async fn expected(&self) -> Option<Expected> {
        let browser = self.platform.browser();
        let text = browser.recall(KEY).await.ok()??;
        let expected: Expected = ferry_json::read(text.as_bytes()).ok()?;
        (browser.now() < expected.until).then_some(expected)
    }

    /// Forgets the click, if one is remembered.
    pub(crate) async fn forget_click(&self) {
        // Before it is asked for: another one may be remembered meanwhile.
        if std::mem::take(&mut self.memory.borrow_mut().remembers_click)
            && self.platform.browser().remember(KEY, None).await.is_err()
        {
            // What is remembered too long ends by its time limit, if not with the next click.
            self.memory.borrow_mut().remembers_click = true;
        }
    }
}

#[cfg(test)]
#[path = "permission_tests.rs"]
mod tests;
