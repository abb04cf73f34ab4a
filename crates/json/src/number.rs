//! Numbers: those that fit into 64 bits as they are, all others as the nearest
//! floating-point number.

use crate::Malformed;

/// A number in the form that it needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Natural(u64),
    Negative(i64),
    Real(f64),
}

impl Number {
    /// From text that follows the grammar (§6).
    #[inline(never)]
    pub(crate) fn read(text: &str) -> Result<Self, Malformed> {
        // There is no negative zero among integers.
        if text != "-0" {
            if let Ok(number) = text.parse() {
                return Ok(Self::Natural(number));
            }
            if let Ok(number) = text.parse() {
                return Ok(Self::Negative(number));
            }
        }
        let real = real(text);
        if real.is_finite() {
            Ok(Self::Real(real))
        } else {
            Err(Malformed)
        }
    }
}

/// The script engine reads and writes floating-point numbers as exactly as Rust's
/// library does, and its tables (10 KB that no compression makes smaller) are there
/// already.
#[cfg(target_family = "wasm")]
mod script {
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_name = Number)]
        pub(super) fn number(text: &str) -> f64;

        #[wasm_bindgen(js_name = String)]
        pub(super) fn string(number: f64) -> String;
    }
}

/// The nearest floating-point number.
#[cfg(target_family = "wasm")]
fn real(text: &str) -> f64 {
    script::number(text)
}

#[cfg(not(target_family = "wasm"))]
fn real(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

/// A finite number, in digits that read as the same number again.
#[cfg(target_family = "wasm")]
pub(crate) fn write(number: f64) -> String {
    script::string(number)
}

#[cfg(not(target_family = "wasm"))]
pub(crate) fn write(number: f64) -> String {
    number.to_string()
}
