//! What the background needs of the browser, as a trait. [`webext`] is the
//! browser; for tests there is a fake in `src/testing/`.

pub mod webext;

use ferry_bridge::{CookieStores, StoreId};
use ferry_client::{Host, Keyring};
pub use ferry_webext::cookies::{Cookie, PartitionKey, SameSite};

use crate::store::Store;

/// The browser that the background runs in.
///
/// Contract: cookies are those of the cookie store asked for, and of no other; a page is
/// fetched with exactly the cookies that a visit in a tab of that store would send;
/// what is remembered for the session outlives the background, but not the browser.
#[expect(
    async_fn_in_trait,
    reason = "browsers have one thread: the futures need not be Send"
)]
pub trait Browser: Host {
    /// `navigator.userAgent`.
    fn user_agent(&self) -> String;

    /// Whether all of these origins (match patterns) are granted.
    async fn granted(&self, origins: &[String]) -> Result<bool, BrowserError>;

    /// The cookie stores that can be looked at.
    async fn stores(&self) -> Result<CookieStores, BrowserError>;

    /// Every cookie of this domain and of those below it (`None`: of all domains), in
    /// one store, partitioned and not. Those that no granted origin covers are missing
    /// without a word.
    async fn cookies(&self, store: &StoreId, domain: Option<&str>) -> Result<Vec<Cookie>, BrowserError>;

    /// A page; `None` when it could not be reached.
    async fn page(&self, store: &StoreId, url: &str) -> Option<Page>;

    /// These entries of the local storage of an origin's pages, in this order, each
    /// `None` if it is not there. Read in a tab of that origin: one that is open, or
    /// one that is opened behind the others for it. `None`: it could not be looked at.
    async fn storage(&self, store: &StoreId, origin: &str, names: &[&str]) -> Option<Vec<Option<String>>>;

    /// The host at or below one of these domains that was last seen to have this browser
    /// bind a session to the device, if any was.
    async fn bound_by(&self, domains: &[String]) -> Result<Option<String>, BrowserError>;

    /// Calls [`crate::on_wake`] in so many minutes, even if the background was stopped.
    fn wake_in(&self, minutes: f64);

    /// Shows a page of this extension in front: in the tab that shows it already, or
    /// else in a new one. `page` is its path and query, `hash` what follows.
    async fn show(&self, page: &str, hash: &str) -> Result<(), BrowserError>;

    /// Has the content script `bridge.js` run in the pages that this match pattern
    /// covers, from now on and in those that are open; `None`: in none.
    async fn bridge(&self, pattern: Option<&str>) -> Result<(), BrowserError>;

    /// Remembers a text for the browser session; `None` forgets it.
    async fn remember(&self, key: &str, text: Option<&str>) -> Result<(), BrowserError>;

    /// What was remembered.
    async fn recall(&self, key: &str) -> Result<Option<String>, BrowserError>;
}

/// A page, as it came back.
#[derive(serde::Deserialize)]
pub struct Page {
    /// The address that answered in the end.
    pub answered: String,
    /// HTTP status; 302 when it redirects to where this extension may not look.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// The browser did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BrowserError(pub String);

/// Everything that the background runs on.
pub trait Platform: 'static {
    /// The browser.
    type Browser: Browser;
    /// Where the device keys are.
    type Keyring: Keyring;
    /// Where the records are.
    type Store: Store;

    /// The browser.
    fn browser(&self) -> &std::rc::Rc<Self::Browser>;
    /// Where the device keys are.
    fn keyring(&self) -> &Self::Keyring;
    /// Where the records are.
    fn store(&self) -> &Self::Store;
}
