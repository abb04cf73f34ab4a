//! A value of any form.

use crate::lexer::Lexer;
use crate::number::Number;
use crate::{Malformed, lexer};

/// A value of any form.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without a fraction that fits into 64 bits, in decimal.
    Integer(String),
    /// Any other number, as the nearest floating-point number.
    Real(f64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Value>),
    /// An object: names and values in the order of the text. Names may occur more
    /// than once; JSON leaves open what that means (§4).
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Reads a value.
    ///
    /// # Errors
    /// When the text is not JSON, and nothing but.
    pub fn read(json: &[u8]) -> Result<Self, Malformed> {
        let mut value = Self::Null;
        Lexer::run(json, &mut |lexer| {
            value = next(lexer)?;
            Ok(())
        })?;
        Ok(value)
    }

    /// The member of this name in an object; the last, if there are several.
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members
                .iter()
                .rev()
                .find(|(given, _)| given == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }
}

fn next(lexer: &mut Lexer<'_>) -> Result<Value, Malformed> {
    Ok(match lexer.peek()? {
        b'"' => Value::String(string(lexer)?),
        b'[' => {
            let mut items = Vec::new();
            lexer.open(lexer::ARRAY)?;
            while lexer.more(items.is_empty(), lexer::ARRAY)? {
                items.push(next(lexer)?);
            }
            lexer.close(lexer::ARRAY)?;
            Value::Array(items)
        }
        b'{' => {
            let mut members = Vec::new();
            lexer.open(lexer::OBJECT)?;
            while lexer.more(members.is_empty(), lexer::OBJECT)? {
                let name = string(lexer)?;
                lexer.expect(b':')?;
                members.push((name, next(lexer)?));
            }
            lexer.close(lexer::OBJECT)?;
            Value::Object(members)
        }
        b't' | b'f' => Value::Bool(lexer.bool()?),
        b'n' => {
            lexer.word("null")?;
            Value::Null
        }
        _ => {
            let text = lexer.number()?;
            match Number::read(text)? {
                Number::Natural(_) | Number::Negative(_) => Value::Integer(text.to_owned()),
                Number::Real(number) => Value::Real(number),
            }
        }
    })
}

fn string(lexer: &mut Lexer<'_>) -> Result<String, Malformed> {
    let text = lexer.string()?;
    Ok(lexer.text(text).to_owned())
}
