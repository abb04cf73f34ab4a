//! The payload as bytes: JSON, then Padmé.
//!
//! The jar's own types have no `Serialize`, so that it cannot end up in a message
//! or a log. The mirrors of them here are private to this module.

use ferry_catalogue::App;
use serde::{Deserialize, Serialize};
#[cfg(feature = "seal")]
use zeroize::Zeroizing;

use super::{ConsentRecord, Payload};
#[cfg(feature = "open")]
use crate::jar::Jar;
use crate::jar::{Cookie, Partition, SameSite, StorageEntry};
use crate::padme;

/// Why a payload cannot be written, or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// The expiry of a cookie is not a finite number, for which JSON has no form.
    #[error("a cookie's expiry is not a number: sign in to the app anew, then transfer again")]
    Expiry,
    /// The padding is malformed.
    #[error("the session's padding is malformed: update the extension, then transfer again")]
    Padding,
    /// Not JSON of the members that a payload has.
    #[error(
        "the session is not of the form that this version reads: update the extension, then transfer again"
    )]
    Json,
}

impl Payload {
    /// As JSON, padded.
    #[cfg(feature = "seal")]
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
        let finite = |cookie: &Cookie| cookie.expires.is_none_or(f64::is_finite);
        if !self.jar.cookies.iter().all(finite) {
            return Err(PayloadError::Expiry);
        }
        // Written twice, the first time only to measure: a buffer that grows
        // leaves copies of what was in it behind.
        let mirror = PayloadRef::from(self);
        let length = ferry_json::written_len(&mirror).map_err(|_| PayloadError::Json)?;
        let mut text = Zeroizing::new(Vec::with_capacity(padme::padded_text_len(length)));
        ferry_json::write_to(&mut text, &mirror).map_err(|_| PayloadError::Json)?;
        padme::pad(&mut text);
        Ok(text)
    }

    /// From JSON, padded.
    #[cfg(feature = "open")]
    pub fn decode(padded: &[u8]) -> Result<Self, PayloadError> {
        let text = padme::unpad(padded).map_err(|_| PayloadError::Padding)?;
        let read: PayloadForm = serde_json::from_slice(text).map_err(|_| PayloadError::Json)?;
        Ok(Self {
            jar: Jar {
                cookies: read.cookies.into_iter().map(|cookie| cookie.0).collect(),
                storage: read.storage.into_iter().map(|entry| entry.0).collect(),
            },
            left_out: read.left_out,
            cut: read.cut,
            app: read.app,
            identity: read.identity,
            user_agent: read.user_agent,
            consent: read.consent,
        })
    }
}

/// [`Payload`] on its way out.
#[cfg(feature = "seal")]
#[derive(Serialize)]
struct PayloadRef<'a> {
    cookies: Vec<CookieRef<'a>>,
    // Absent in the first sessions that were sealed: left out when there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    storage: Vec<EntryRef<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    left_out: u32,
    #[serde(skip_serializing_if = "is_zero")]
    cut: u32,
    app: &'a App,
    identity: &'a Option<String>,
    user_agent: &'a str,
    consent: &'a ConsentRecord,
}

#[cfg(feature = "seal")]
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[cfg(feature = "seal")]
#[derive(Serialize)]
struct CookieRef<'a>(#[serde(with = "CookieForm")] &'a Cookie);

#[cfg(feature = "seal")]
#[derive(Serialize)]
struct EntryRef<'a>(#[serde(with = "EntryForm")] &'a StorageEntry);

#[cfg(feature = "seal")]
impl<'a> From<&'a Payload> for PayloadRef<'a> {
    fn from(payload: &'a Payload) -> Self {
        Self {
            cookies: payload.jar.cookies.iter().map(CookieRef).collect(),
            storage: payload.jar.storage.iter().map(EntryRef).collect(),
            left_out: payload.left_out,
            cut: payload.cut,
            app: &payload.app,
            identity: &payload.identity,
            user_agent: &payload.user_agent,
            consent: &payload.consent,
        }
    }
}

/// [`Payload`] on its way in.
#[cfg(feature = "open")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PayloadForm {
    cookies: Vec<CookieOwned>,
    #[serde(default)]
    storage: Vec<EntryOwned>,
    #[serde(default)]
    left_out: u32,
    #[serde(default)]
    cut: u32,
    app: App,
    identity: Option<String>,
    user_agent: String,
    consent: ConsentRecord,
}

#[cfg(feature = "open")]
#[derive(Deserialize)]
struct CookieOwned(#[serde(with = "CookieForm")] Cookie);

#[cfg(feature = "open")]
#[derive(Deserialize)]
struct EntryOwned(#[serde(with = "EntryForm")] StorageEntry);

/// The members of a [`Cookie`]. All are written, and all must be there.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Cookie", deny_unknown_fields)]
struct CookieForm {
    name: String,
    value: String,
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
    expires: Option<f64>,
    partition: Option<Partition>,
}

/// The members of a [`StorageEntry`].
#[derive(Serialize, Deserialize)]
#[serde(remote = "StorageEntry", deny_unknown_fields)]
struct EntryForm {
    origin: String,
    name: String,
    value: String,
}
