//! `chrome.runtime`: messages, and the extension's own addresses.

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use crate::value::object;
use crate::{ApiError, Port, from_js, to_js};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["chrome", "runtime"], js_name = getURL)]
    fn get_url(path: &str) -> String;

    #[wasm_bindgen(thread_local_v2, js_namespace = ["chrome", "runtime"], js_name = id)]
    static ID: String;

    #[wasm_bindgen(thread_local_v2, js_namespace = navigator, js_name = userAgent)]
    static USER_AGENT: String;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "runtime"], js_name = sendMessage)]
    async fn send_message_raw(message: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "runtime"], js_name = connect)]
    fn connect_raw(info: &JsValue) -> Result<Port, JsValue>;
}

/// The extension's identifier.
pub fn id() -> String {
    ID.with(Clone::clone)
}

/// `navigator.userAgent`.
pub fn user_agent() -> String {
    USER_AGENT.with(Clone::clone)
}

/// The full address of a file of the extension's, such as `popup/index.html`.
pub fn url(path: &str) -> String {
    get_url(path)
}

/// Sends a message to the background (starting it if need be), and waits for its answer.
///
/// # Errors
/// When there is no background, it was stopped before it answered, or its answer
/// is of another form.
pub async fn send_message<M: Serialize, R: DeserializeOwned>(message: &M) -> Result<R, ApiError> {
    from_js(&send_message_raw(&to_js(message)?).await?)
}

/// Opens a port to the background, starting it if need be.
///
/// # Errors
/// When the extension was updated or removed beneath the page.
pub fn connect(name: &str) -> Result<Port, ApiError> {
    Ok(connect_raw(&object(&[("name", name.into())]))?)
}
