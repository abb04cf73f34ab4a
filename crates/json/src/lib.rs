//! JSON (RFC 8259) with little code, for what is compiled to WebAssembly.
//!
//! `serde_json` explains each error in words, which makes for half of the code that
//! it generates for a type. The extension never shows these words: a value is of
//! the expected form, or it is not. Here the only error says just that, and the
//! parts of the work that do not depend on the type are compiled once.
//!
//! It reads what `serde_json` reads, refuses what it refuses, and writes what it
//! reads; tests hold the two against each other. Where size does not matter, on
//! servers, `serde_json` does all of this.

mod lexer;
mod number;
mod reader;
mod value;
mod writer;

use std::fmt;

use serde::de::{self, DeserializeOwned, Expected, Unexpected};
use serde::ser::{self, Serialize};

use lexer::Lexer;
pub use value::Value;
use writer::Writer;

/// The text is not JSON, or not of the form that is read; or a value has no form
/// in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not JSON of the expected form")
    }
}

impl std::error::Error for Malformed {}

/// All of them are said here: by default serde puts each into words first.
impl de::Error for Malformed {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn missing_field(_: &'static str) -> Self {
        Self
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

impl ser::Error for Malformed {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Writes a value.
///
/// # Errors
/// When it holds a map whose keys are not strings.
pub fn write<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Malformed> {
    writer::text(&|writer| value.serialize(writer))
}

/// As [`write()`], as text.
///
/// # Errors
/// As [`write()`].
pub fn write_text<T: Serialize + ?Sized>(value: &T) -> Result<String, Malformed> {
    writer::utf8(&|writer| value.serialize(writer))
}

/// Appends a value to a buffer. One with room for [`written_len`] does not move:
/// a buffer that grows leaves copies of what was in it behind.
///
/// # Errors
/// As [`write()`].
pub fn write_to<T: Serialize + ?Sized>(text: &mut Vec<u8>, value: &T) -> Result<(), Malformed> {
    value.serialize(&mut Writer::Text(text))
}

/// The length of a value when it is written, in bytes.
///
/// # Errors
/// As [`write()`].
pub fn written_len<T: Serialize + ?Sized>(value: &T) -> Result<usize, Malformed> {
    let mut writer = Writer::Length(0);
    value.serialize(&mut writer)?;
    match writer {
        Writer::Length(length) => Ok(length),
        Writer::Text(_) => Err(Malformed),
    }
}

/// Reads a value.
///
/// # Errors
/// When the text is not JSON of the value's form, and nothing but.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Malformed> {
    let mut value = None;
    Lexer::run(json, &mut |lexer| {
        value = Some(T::deserialize(lexer)?);
        Ok(())
    })?;
    value.ok_or(Malformed)
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests;
