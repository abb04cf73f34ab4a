//! Chromium, driven over the DevTools Protocol: one process, and in it one context
//! per session, which share nothing.
//!
//! Only this module and those below it speak the protocol. What a session's
//! cookies mean is for [`crate::restore`] and [`crate::capture`], what its pages
//! mean for [`crate::check`].

mod blank;
mod cdp;
mod process;
mod profile;
mod tab;
mod user_agent;

use chromiumoxide_cdp::cdp::browser_protocol::browser::{
    BrowserContextId, CloseParams, SetDownloadBehaviorBehavior, SetDownloadBehaviorParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::network::{Cookie, CookieParam};
use chromiumoxide_cdp::cdp::browser_protocol::storage::{
    ClearCookiesParams, GetCookiesParams, SetCookiesParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::target::{
    CreateBrowserContextParams, DisposeBrowserContextParams,
};

use crate::egress::{Proxy, Refusal};
use cdp::Cdp;
use process::{Process, Role, Started};

pub use blank::BlankPage;
pub use cdp::CdpError;
pub use process::{LaunchError, Options, find_chromium};
pub use profile::TrustError;
pub use tab::{Settle, Tab, Visit, VisitError};

/// A running Chromium.
pub struct Browser {
    cdp: Cdp,
    process: Process,
}

/// A browser context: cookies, storage and connections of its own, and a way out
/// that is its own proxy.
pub struct Context {
    cdp: Cdp,
    /// `None`: the browser's default context.
    id: Option<BrowserContextId>,
    proxy: Proxy,
}

impl Browser {
    /// Starts Chromium. Its default context reaches nothing.
    pub async fn launch(options: &Options) -> Result<Self, LaunchError> {
        let Started { process, cdp, .. } = Process::start(options, Role::Contexts).await?;
        Ok(Self { cdp, process })
    }

    /// Starts Chromium for one session, in its default context. Programs connect to
    /// it at the endpoint: `ws://127.0.0.1:…/devtools/browser/…`.
    pub async fn launch_for(
        options: &Options,
        proxy: Proxy,
        user_agent: &str,
    ) -> Result<(Self, Context, String), LaunchError> {
        let role = Role::Automation {
            proxy: &proxy.url(),
            user_agent,
        };
        let Started {
            process,
            cdp,
            endpoint,
        } = Process::start(options, role).await?;
        let endpoint = endpoint.unwrap_or_default();
        let context = Context {
            cdp: cdp.clone(),
            id: None,
            proxy,
        };
        Ok((Self { cdp, process }, context, endpoint))
    }

    /// A fresh context whose connections all go through this proxy.
    pub async fn context(&self, proxy: Proxy) -> Result<Context, CdpError> {
        let params = CreateBrowserContextParams::builder()
            .dispose_on_detach(true)
            .proxy_server(proxy.url())
            // Loopback goes through the proxy as well, which refuses it.
            .proxy_bypass_list("<-loopback>")
            .build();
        let id = self.cdp.call(params).await?.browser_context_id;
        let mut downloads = SetDownloadBehaviorParams::new(SetDownloadBehaviorBehavior::Deny);
        downloads.browser_context_id = Some(id.clone());
        self.cdp.call(downloads).await?;
        Ok(Context {
            cdp: self.cdp.clone(),
            id: Some(id),
            proxy,
        })
    }

    /// Whether it is gone: closed, killed or crashed.
    pub fn is_closed(&self) -> bool {
        self.cdp.is_closed()
    }

    /// Ends when it is gone.
    pub async fn closed(&self) {
        self.cdp.closed().await;
    }

    /// Ends it.
    pub async fn close(self) {
        // If it is gone already, there is nothing to ask.
        let _ = self.cdp.call(CloseParams::default()).await;
        self.process.end().await;
    }
}

impl Context {
    /// Sets cookies. If the browser does not take one, it may have set some of the
    /// others: ask [`Self::cookies`].
    pub async fn set_cookies(&self, cookies: Vec<CookieParam>) -> Result<(), CdpError> {
        let mut params = SetCookiesParams::new(cookies);
        params.browser_context_id = self.id.clone();
        self.cdp.call(params).await?;
        Ok(())
    }

    /// Takes all cookies away.
    pub async fn clear_cookies(&self) -> Result<(), CdpError> {
        let params = ClearCookiesParams {
            browser_context_id: self.id.clone(),
        };
        self.cdp.call(params).await?;
        Ok(())
    }

    /// All cookies there are.
    pub async fn cookies(&self) -> Result<Vec<Cookie>, CdpError> {
        let params = GetCookiesParams {
            browser_context_id: self.id.clone(),
        };
        Ok(self.cdp.call(params).await?.cookies)
    }

    /// A new tab, that says it is this browser.
    pub async fn tab(&self, user_agent: &str) -> Result<Tab, CdpError> {
        Tab::open(self.cdp.clone(), self.id.clone(), user_agent).await
    }

    /// An empty page of this origin.
    pub async fn blank_page(&self, origin: &str) -> Result<BlankPage, CdpError> {
        // No script of anybody's asks which browser this is.
        BlankPage::open(self.tab("").await?, origin).await
    }

    /// What its proxy refused.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.proxy.refusals()
    }

    /// Ends it, with its tabs and cookies, and gives its proxy back to nobody.
    pub async fn close(self) -> Result<(), CdpError> {
        if let Some(id) = self.id {
            self.cdp.call(DisposeBrowserContextParams::new(id)).await?;
        }
        Ok(())
    }
}
