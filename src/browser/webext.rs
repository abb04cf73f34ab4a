//! The browser itself.

use std::rc::Rc;

use ferry_client::fetch::{Visit, visit};
use ferry_client::{BrowserHost, BrowserKeyring, Host, HttpRequest, HttpResponse, NetworkError};
use ferry_protocol::UnixMillis;
use ferry_webext::{
    ApiError, BrowserKind, alarms, cookies, from_js, permissions, runtime, scripting, session_storage, tabs,
};
use wasm_bindgen::JsValue;

use super::{Browser, BrowserError, Cookie, Page, Platform};
use crate::sender::{From, Sender};
use crate::store::IndexedDb;

/// Name of the alarm that resumes transfers.
const ALARM: &str = "resume";
/// The content script.
const BRIDGE: &str = "bridge.js";
/// A page that takes longer counts as not reached, in milliseconds.
const PAGE_TIMEOUT_MS: u32 = 15_000;

/// Chrome or Firefox, with its WebCrypto keys and its IndexedDB.
pub struct WebExt {
    browser: Rc<Extension>,
    keyring: BrowserKeyring,
    store: IndexedDb,
}

impl Default for WebExt {
    fn default() -> Self {
        Self {
            browser: Rc::new(Extension {
                host: BrowserHost,
                kind: BrowserKind::here(),
            }),
            keyring: BrowserKeyring,
            store: IndexedDb,
        }
    }
}

impl Platform for WebExt {
    type Browser = Extension;
    type Keyring = BrowserKeyring;
    type Store = IndexedDb;

    fn browser(&self) -> &Rc<Extension> {
        &self.browser
    }

    fn keyring(&self) -> &BrowserKeyring {
        &self.keyring
    }

    fn store(&self) -> &IndexedDb {
        &self.store
    }
}

/// The WebExtension APIs of this browser.
pub struct Extension {
    host: BrowserHost,
    kind: BrowserKind,
}

impl Extension {
    /// The store of ordinary windows. Containers and private windows have stores
    /// of their own, which are other identities: they are never merged.
    fn default_store(&self) -> &'static str {
        match self.kind {
            BrowserKind::Chrome => "0",
            BrowserKind::Firefox => "firefox-default",
        }
    }
}

impl Host for Extension {
    fn now(&self) -> UnixMillis {
        self.host.now()
    }

    fn random(&self, bytes: &mut [u8]) {
        self.host.random(bytes);
    }

    async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, NetworkError> {
        self.host.fetch(request).await
    }
}

impl Browser for Extension {
    fn user_agent(&self) -> String {
        runtime::user_agent()
    }

    async fn granted(&self, origins: &[String]) -> Result<bool, BrowserError> {
        Ok(permissions::contains(origins).await?)
    }

    async fn cookies(&self, domain: Option<&str>) -> Result<Vec<Cookie>, BrowserError> {
        Ok(cookies::get_all(domain, self.default_store(), self.kind).await?)
    }

    async fn page(&self, url: &str) -> Option<Page> {
        match visit(url, PAGE_TIMEOUT_MS).await {
            Ok(Visit::Page {
                answered,
                status,
                body,
            }) => Some(Page {
                answered,
                status,
                body,
            }),
            // What lies behind the redirect is out of reach, but that there was
            // one says that the app did not show this page.
            Ok(Visit::Redirected) => Some(Page {
                answered: String::new(),
                status: 302,
                body: String::new(),
            }),
            Err(_) => None,
        }
    }

    fn wake_in(&self, minutes: f64) {
        // It throws only for delays that are no numbers.
        let _ = alarms::create(ALARM, minutes);
    }

    async fn show(&self, page: &str, hash: &str) -> Result<(), BrowserError> {
        let page = runtime::url(page);
        Ok(tabs::show(&page, &format!("{page}{hash}")).await?)
    }

    async fn bridge(&self, pattern: Option<&str>) -> Result<(), BrowserError> {
        match pattern {
            Some(pattern) => Ok(scripting::register(BRIDGE, pattern).await?),
            None => Ok(scripting::unregister(BRIDGE).await?),
        }
    }

    async fn remember(&self, key: &str, text: Option<&str>) -> Result<(), BrowserError> {
        match text {
            Some(text) => Ok(session_storage::set(key, text).await?),
            None => Ok(session_storage::remove(key).await?),
        }
    }

    async fn recall(&self, key: &str) -> Result<Option<String>, BrowserError> {
        Ok(session_storage::get(key).await?)
    }
}

impl std::convert::From<ApiError> for BrowserError {
    fn from(error: ApiError) -> Self {
        Self(error.to_string())
    }
}

/// Whom a message, or a port, comes from (`runtime.MessageSender`).
pub fn from(sender: &JsValue) -> Option<From> {
    let sender: Sender = from_js(sender).ok()?;
    sender.from(&runtime::id(), &runtime::url(""))
}
