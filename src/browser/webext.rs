//! The browser itself.

use std::rc::Rc;

use ferry_bridge::{CookieStores, StoreId};
use ferry_client::{BrowserHost, BrowserKeyring, Host, HttpRequest, HttpResponse, NetworkError};
use ferry_protocol::UnixMillis;
use ferry_webext::{
    ApiError, alarms, cookies, from_js, permissions, runtime, scripting, session_storage, stores, tabs,
};
use wasm_bindgen::JsValue;

use super::{Browser, BrowserError, Cookie, Page, Platform};
use crate::sender::{From, Sender};
use crate::store::IndexedDb;

/// Name of the alarm that resumes transfers.
const ALARM: &str = "resume";
/// The content script.
const BRIDGE: &str = "bridge.js";
/// Chrome or Firefox, with its WebCrypto keys and its IndexedDB.
pub struct WebExt {
    browser: Rc<Extension>,
    keyring: BrowserKeyring,
    store: IndexedDb,
}

impl Default for WebExt {
    fn default() -> Self {
        Self {
            browser: Rc::new(Extension { host: BrowserHost }),
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

    async fn stores(&self) -> Result<CookieStores, BrowserError> {
        Ok(stores::list().await?)
    }

    async fn cookies(&self, store: &StoreId, domain: Option<&str>) -> Result<Vec<Cookie>, BrowserError> {
        Ok(cookies::get_all(&store.0, domain).await?)
    }

    async fn page(&self, store: &StoreId, url: &str) -> Option<Page> {
        stores::page(&store.0, url).await.ok().flatten()
    }

    async fn storage(&self, store: &StoreId, origin: &str, names: &[&str]) -> Option<Vec<Option<String>>> {
        stores::storage(&store.0, origin, names).await.ok().flatten()
    }

    async fn bound_by(&self, domains: &[String]) -> Result<Option<String>, BrowserError> {
        Ok(stores::bound_by(domains).await?)
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
