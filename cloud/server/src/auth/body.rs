//! The bodies that routes take. Read only after the proof is known to be good.

use std::borrow::Cow;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use ferry_catalogue::MAX_CATALOGUE;
use ferry_protocol::session::SealedSession;
use ferry_protocol::{Bytes, MAX_SEALED_BYTES};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A body of another form than the route takes.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Not JSON of the right members. The parser's message names positions, members
    /// and types, never values of strings.
    #[error("the body is not the JSON that this route takes, at line {line}, column {column}")]
    Json {
        /// Where, from 1.
        line: usize,
        /// Where, from 1.
        column: usize,
    },
    /// A member of a sealed session is not base64url.
    #[error("header, enc, ciphertext and signature must be base64url without padding")]
    Base64,
    /// There should be none.
    #[error("this route takes no body")]
    NotEmpty,
}

/// Something that a request's body is turned into.
pub trait FromBody: Sized + Send {
    /// The most bytes it may have.
    const LIMIT: usize;

    /// Reads it.
    fn from_body(body: &[u8]) -> Result<Self, BodyError>;
}

/// No body.
#[derive(Clone, Copy, Debug)]
pub struct NoBody;

impl FromBody for NoBody {
    const LIMIT: usize = 64 * 1024;

    fn from_body(body: &[u8]) -> Result<Self, BodyError> {
        if body.is_empty() {
            Ok(Self)
        } else {
            Err(BodyError::NotEmpty)
        }
    }
}

/// JSON of usual size.
#[derive(Clone, Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + Send> FromBody for Body<T> {
    const LIMIT: usize = 64 * 1024;

    fn from_body(body: &[u8]) -> Result<Self, BodyError> {
        json(body).map(Self)
    }
}

/// Up to 256 signed keys: more than 64 KiB.
#[derive(Clone, Debug)]
pub struct KeysBody<T>(pub T);

impl<T: DeserializeOwned + Send> FromBody for KeysBody<T> {
    const LIMIT: usize = 256 * 1024;

    fn from_body(body: &[u8]) -> Result<Self, BodyError> {
        json(body).map(Self)
    }
}

/// A signed catalogue: its apps are a text in JSON, and quotes in it take two bytes.
#[derive(Clone, Debug)]
pub struct CatalogueBody<T>(pub T);

impl<T: DeserializeOwned + Send> FromBody for CatalogueBody<T> {
    const LIMIT: usize = 2 * MAX_CATALOGUE + 4 * 1024;

    fn from_body(body: &[u8]) -> Result<Self, BodyError> {
        json(body).map(Self)
    }
}

/// A sealed session.
#[derive(Clone, Debug)]
pub struct Upload(pub SealedSession);

impl FromBody for Upload {
    const LIMIT: usize = MAX_SEALED_BYTES;

    fn from_body(body: &[u8]) -> Result<Self, BodyError> {
        let SealedText {
            header,
            enc,
            ciphertext,
            signature,
        } = json(body)?;
        let decode = |text: Cow<'_, str>| {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.as_bytes());
            bytes.map(Bytes).map_err(|_| BodyError::Base64)
        };
        Ok(Self(SealedSession {
            header: decode(header)?,
            enc: decode(enc)?,
            ciphertext: decode(ciphertext)?,
            signature: decode(signature)?,
        }))
    }
}

/// A [`SealedSession`] before its base64url is decoded. [`Bytes`] decodes in constant
/// time, which takes several times as long, and none of this is secret.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedText<'a> {
    #[serde(borrow)]
    header: Cow<'a, str>,
    #[serde(borrow)]
    enc: Cow<'a, str>,
    #[serde(borrow)]
    ciphertext: Cow<'a, str>,
    #[serde(borrow)]
    signature: Cow<'a, str>,
}

fn json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, BodyError> {
    serde_json::from_slice(body).map_err(|error| BodyError::Json {
        line: error.line(),
        column: error.column(),
    })
}
