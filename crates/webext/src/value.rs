//! Values over the boundary, and what goes wrong there.
//!
//! To JavaScript, member by member with `serde-wasm-bindgen`: what goes there is small.
//! From JavaScript, as JSON text that is parsed on this side: what comes is lists of
//! hundreds of cookies, for which this is several times faster, and the text can be
//! wiped afterwards.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
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
    value
        .serialize(&Serializer::json_compatible())
        .map_err(|error| ApiError::thrown(&error.into()))
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
