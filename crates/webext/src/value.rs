//! Values over the boundary, and what goes wrong there.
//!
//! Structures cross as JSON text and are parsed on the other side: for lists of
//! objects this is several times faster than to walk them field by field.

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use zeroize::Zeroizing;

/// A browser's API threw, its promise was rejected, or the value was of another
/// form than documented.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the browser refused: {0}")]
pub struct ApiError(String);

impl ApiError {
    /// From what was thrown.
    pub fn thrown(error: &JsValue) -> Self {
        let message = match error.dyn_ref::<js_sys::Error>() {
            Some(error) => error.message().into(),
            None => error.as_string().unwrap_or_else(|| "unknown error".to_owned()),
        };
        Self(message)
    }

    pub(crate) fn unexpected(what: &str) -> Self {
        Self(what.to_owned())
    }
}

impl From<JsValue> for ApiError {
    fn from(error: JsValue) -> Self {
        Self::thrown(&error)
    }
}

/// A plain JavaScript value of the same form as its JSON.
pub fn to_js<T: Serialize + ?Sized>(value: &T) -> Result<JsValue, ApiError> {
    let json = ferry_json::write_text(value).map_err(|_| ApiError::unexpected("a value has no JSON form"))?;
    Ok(js_sys::JSON::parse(&json)?)
}

/// A value from a plain JavaScript value. Wipes the JSON text in between.
pub fn from_js<T: DeserializeOwned>(value: &JsValue) -> Result<T, ApiError> {
    let json = if value.is_undefined() {
        Zeroizing::new("null".to_owned())
    } else {
        Zeroizing::new(String::from(js_sys::JSON::stringify(value)?))
    };
    ferry_json::read(json.as_bytes()).map_err(|_| ApiError::unexpected("a value is not of the expected form"))
}
