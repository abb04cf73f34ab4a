//! `chrome.alarms`: being woken later.

use wasm_bindgen::prelude::*;

use crate::ApiError;
use crate::value::object;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "alarms"], js_name = create)]
    fn create_raw(name: &str, info: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "alarms"], js_name = clear)]
    async fn clear_raw(name: &str) -> Result<JsValue, JsValue>;
}

/// Sets an alarm that goes off once after so many minutes, at least 0.5. Replaces
/// one of the same name.
///
/// # Errors
/// When the browser refuses the delay.
pub fn create(name: &str, delay_in_minutes: f64) -> Result<(), ApiError> {
    create_raw(name, &object(&[("delayInMinutes", delay_in_minutes.into())]))?;
    Ok(())
}

/// Clears an alarm, if it is set.
///
/// # Errors
/// When the browser refuses.
pub async fn clear(name: &str) -> Result<(), ApiError> {
    clear_raw(name).await?;
    Ok(())
}
