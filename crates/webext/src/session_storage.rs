//! `chrome.storage.session`: in memory, gone with the browser, but not with the
//! background.

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use crate::{ApiError, from_js, to_js};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "session"], js_name = get)]
    async fn get_raw(key: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "session"], js_name = set)]
    async fn set_raw(items: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "session"], js_name = remove)]
    async fn remove_raw(key: &str) -> Result<JsValue, JsValue>;
}

/// The value under a key, if there is one of this form.
///
/// # Errors
/// When the browser refuses.
pub async fn get<T: DeserializeOwned>(key: &str) -> Result<Option<T>, ApiError> {
    let items = get_raw(key).await?;
    let value = js_sys::Reflect::get(&items, &JsValue::from_str(key))?;
    Ok(from_js(&value).ok())
}

/// Puts a value under a key.
///
/// # Errors
/// When there is no room.
pub async fn set<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<(), ApiError> {
    let items = js_sys::Object::new();
    js_sys::Reflect::set(&items, &JsValue::from_str(key), &to_js(value)?)?;
    set_raw(&items).await?;
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
