//! `chrome.permissions`: host permissions asked for when they are needed.

use std::future::Future;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::ApiError;
use crate::value::{object, texts};

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
    let asked = request_raw(&object(&[("origins", texts(origins))]));
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
