//! `chrome.permissions`: what is asked for when it is needed, hosts above all.

use std::future::Future;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::value::{object, texts};
use crate::{ApiError, BrowserKind};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "permissions"], js_name = request)]
    fn request_raw(permissions: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "permissions"], js_name = contains)]
    async fn contains_raw(permissions: &JsValue) -> Result<JsValue, JsValue>;
}

/// Asks the person for these origins (match patterns); true when they are granted.
///
/// The browser is asked at once, not when the future is first polled: it demands
/// that this happens within the handler of the click.
///
/// # Errors
/// When a pattern is not among the manifest's optional ones, or this was not
/// called from a click.
pub fn request(origins: &[String]) -> impl Future<Output = Result<bool, ApiError>> + use<> {
    ask(&[("origins", texts(origins))])
}

/// As [`request`], for an app's origins. Chrome is asked for `webRequest` as well, by
/// which `extension/bound.js` sees these origins bind a session to the device; that
/// adds nothing to its prompt. Where whoever manages the browser forbids it, the origins
/// alone are asked for. Firefox binds none.
///
/// # Errors
/// As for [`request`].
pub fn request_app(origins: &[String]) -> impl Future<Output = Result<bool, ApiError>> + use<> {
    let origins = ("origins", texts(origins));
    let browser = BrowserKind::here();
    let first = match browser {
        BrowserKind::Chrome => ask(&[origins.clone(), ("permissions", texts(&["webRequest"]))]),
        BrowserKind::Firefox => ask(std::slice::from_ref(&origins)),
    };
    async move {
        match first.await {
            Err(_) if browser == BrowserKind::Chrome => ask(&[origins]).await,
            answer => answer,
        }
    }
}

fn ask(what: &[(&str, JsValue)]) -> impl Future<Output = Result<bool, ApiError>> + use<> {
    let asked = request_raw(&object(what));
    async move { Ok(JsFuture::from(asked?).await?.is_truthy()) }
}

/// Whether all of these origins (match patterns) are granted.
///
/// # Errors
/// When one is not a match pattern.
pub async fn contains(origins: &[String]) -> Result<bool, ApiError> {
    Ok(contains_raw(&object(&[("origins", texts(origins))]))
        .await?
        .is_truthy())
}
