//! Values over the boundary, and what goes wrong there.
//!
//! Messages, and whatever comes from JavaScript, travel as JSON text: what comes is
//! lists of hundreds of cookies, for which this is several times faster than member by
//! member, and the text can be wiped afterwards. What the browser's own functions are
//! told is a few members, which [`object`] sets: that is the least code.

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

/// A plain JavaScript value of the same form as its JSON. Wipes the JSON text in between.
pub fn to_js<T: Serialize>(value: &T) -> Result<JsValue, ApiError> {
    let unexpected = |_| ApiError::unexpected("a value has no form as JSON");
    let json = Zeroizing::new(ferry_json::write_text(value).map_err(unexpected)?);
    Ok(js_sys::JSON::parse(&json)?)
}

/// A plain object with these members.
pub(crate) fn object(members: &[(&str, JsValue)]) -> JsValue {
    let object = js_sys::Object::new();
    for (name, value) in members {
        // A new object takes every member.
        let _ = js_sys::Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object.into()
}

/// An array of these texts.
pub(crate) fn texts(texts: &[impl AsRef<str>]) -> JsValue {
    let array = js_sys::Array::new();
    for text in texts {
        array.push(&JsValue::from_str(text.as_ref()));
    }
    array.into()
}

/// A plain JavaScript value as JSON text.
pub fn json(value: &JsValue) -> Result<Zeroizing<String>, ApiError> {
    if value.is_undefined() {
        Ok(Zeroizing::new("null".to_owned()))
    } else {
        Ok(Zeroizing::new(String::from(js_sys::JSON::stringify(value)?)))
    }
}

/// A value from a plain JavaScript value. Wipes the JSON text in between.
pub fn from_js<T: DeserializeOwned>(value: &JsValue) -> Result<T, ApiError> {
    from_json(&json(value)?)
}

/// A value from JSON text.
pub(crate) fn from_json<T: DeserializeOwned>(json: &str) -> Result<T, ApiError> {
    ferry_json::read(json.as_bytes()).map_err(|_| ApiError::unexpected("a value is not of the expected form"))
}
