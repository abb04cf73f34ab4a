//! `chrome.tabs`: opening pages, and finding those of this extension. Needs no
//! permission.

use wasm_bindgen::prelude::*;

use crate::ApiError;
use crate::value::object;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "tabs"], js_name = create)]
    async fn create_raw(properties: &JsValue) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen(module = "/src/rows.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = show)]
    async fn show_raw(page: &str, address: &str) -> Result<JsValue, JsValue>;
}

/// Opens an address in a new tab, in front.
///
/// # Errors
/// When the address is not one that may be opened.
pub async fn create(url: &str) -> Result<(), ApiError> {
    create_raw(&object(&[("url", url.into())])).await?;
    Ok(())
}

/// Shows a page of this extension in front: in the tab that shows it already, whatever
/// follows its `#`, or else in a new one. `address` is that of `page`, with what is to
/// follow.
///
/// # Errors
/// When the address is not one that may be opened, or the tab was closed meanwhile.
pub async fn show(page: &str, address: &str) -> Result<(), ApiError> {
    show_raw(page, address).await?;
    Ok(())
}
