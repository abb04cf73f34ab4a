//! `chrome.storage.session`: in memory, gone with the browser, but not with the
//! background.

use wasm_bindgen::prelude::*;

use crate::ApiError;
use crate::value::object;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "session"], js_name = get)]
    async fn get_raw(key: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "session"], js_name = set)]
    async fn set_raw(items: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "session"], js_name = remove)]
    async fn remove_raw(key: &str) -> Result<JsValue, JsValue>;
}

/// The text under a key, if there is one.
///
/// # Errors
/// When the browser refuses.
pub async fn get(key: &str) -> Result<Option<String>, ApiError> {
    let items = get_raw(key).await?;
    let value = js_sys::Reflect::get(&items, &JsValue::from_str(key))?;
    Ok(value.as_string())
}

/// Puts a text under a key.
///
/// # Errors
/// When there is no room.
pub async fn set(key: &str, text: &str) -> Result<(), ApiError> {
    set_raw(&object(&[(key, text.into())])).await?;
    Ok(())
}

/// Removes the value under a key, if there is one.
///
/// # Errors
/// When the browser refuses.
pub async fn remove(key: &str) -> Result<(), ApiError> {
    remove_raw(key).await?;
    Ok(())
}
