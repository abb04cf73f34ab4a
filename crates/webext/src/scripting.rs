//! `chrome.scripting`: a content script that runs where the person has granted it.
//! Needs the permission `scripting`, and the host.

use wasm_bindgen::prelude::*;

use crate::ApiError;

#[wasm_bindgen(module = "/src/rows.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = register)]
    async fn register_raw(file: &str, pattern: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_name = unregister)]
    async fn unregister_raw(file: &str) -> Result<JsValue, JsValue>;
}

/// Registers a file of this extension's, for the pages that a match pattern covers,
/// before anything of theirs has run; not in frames. In those that are open it runs
/// now, perhaps once more. Lasts until it is unregistered, or the extension is
/// updated. Its name is its identifier: it takes the place of what was registered
/// before.
///
/// # Errors
/// When the pattern is none.
pub async fn register(file: &str, pattern: &str) -> Result<(), ApiError> {
    register_raw(file, pattern).await?;
    Ok(())
}

/// Ends the registration of a file, if it is registered. Where it runs, it goes on.
///
/// # Errors
/// When the browser refuses.
pub async fn unregister(file: &str) -> Result<(), ApiError> {
    unregister_raw(file).await?;
    Ok(())
}
