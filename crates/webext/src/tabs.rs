//! `chrome.tabs`: opening pages. Needs no permission.

use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::{ApiError, to_js};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "tabs"], js_name = create)]
    async fn create_raw(properties: &JsValue) -> Result<JsValue, JsValue>;
}

/// Opens an address in a new tab, in front.
///
/// # Errors
/// When the address is not one that may be opened.
pub async fn create(url: &str) -> Result<(), ApiError> {
    #[derive(Serialize)]
    struct Properties<'a> {
        url: &'a str,
    }
    create_raw(&to_js(&Properties { url })?).await?;
    Ok(())
}
