//! Header, payload and sealed form of a session.
//!
//! Sealing needs the feature `seal`, opening the feature `open`. Without either,
//! which is how the server uses this module, it can read headers and verify
//! signatures, and no more.

use ferry_catalogue::{App, AppId};
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::jar::Jar;
use crate::signature::{self, SignatureError};
use crate::{
    AccountId, Bytes, ConsentId, DeviceId, PublicJwk, SealingKeyId, TransferId, UnixMillis, WorkspaceId,
};

#[cfg(feature = "open")]
mod opening;
#[cfg(any(feature = "seal", feature = "open"))]
mod payload;
#[cfg(feature = "seal")]
mod sealing;

#[cfg(feature = "open")]
pub use opening::{Expected, OpenError, Opened, VaultKey, VaultKeyError, open};
#[cfg(any(feature = "seal", feature = "open"))]
pub use payload::PayloadError;
#[cfg(feature = "seal")]
pub use sealing::{SealError, Unsigned, seal};

/// The `info` of the key schedule (RFC 9180 §5.1): what this seal is for.
#[cfg(any(feature = "seal", feature = "open"))]
const INFO: &[u8] = b"ferry/session/v1";

/// What everyone may know of a sealed session. Its bytes, as sent, are the
/// additional authenticated data of the seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Always [`Header::VERSION`]; nothing else is read.
    #[serde(deserialize_with = "only_this_version")]
    pub version: u8,
    /// This transfer.
    pub transfer: TransferId,
    /// The workspace it goes to.
    pub workspace: WorkspaceId,
    /// The account it is the session of.
    pub account: AccountId,
    /// The app of that account.
    pub app: AppId,
    /// The device that sealed it.
    pub device: DeviceId,
    /// The one-time key it is sealed to.
    pub sealing_key: SealingKeyId,
    /// The consent it rests on.
    pub consent: ConsentId,
    /// When the cookies were read.
    pub captured_at: UnixMillis,
}

/// The header is not JSON of the members that a header has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the header of the seal is malformed, or of a version that this program does not know: update it")]
pub struct HeaderError;

impl Header {
    /// The version of this format: header, payload and seal.
    pub const VERSION: u8 = 1;

    /// As JSON, members in the order of the fields.
    pub fn to_bytes(&self) -> Vec<u8> {
        #[expect(
            clippy::expect_used,
            reason = "a struct of strings and numbers always serialises"
        )]
        ferry_json::write(self).expect("serialisable")
    }

    /// From JSON. Every member must be there once, and no other.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HeaderError> {
        serde_json::from_slice(bytes).map_err(|_| HeaderError)
    }
}

fn only_this_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    match u8::deserialize(deserializer)? {
        Header::VERSION => Ok(Header::VERSION),
        other => Err(de::Error::invalid_value(
            de::Unexpected::Unsigned(other.into()),
            &"version 1",
        )),
    }
}

/// A session that only the worker can open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SealedSession {
    /// The [`Header`] as JSON.
    pub header: Bytes,
    /// The HPKE encapsulated key, 65 bytes.
    pub enc: Bytes,
    /// The padded [`Payload`], encrypted.
    pub ciphertext: Bytes,
    /// The device key's signature over header, `enc` and ciphertext, 64 bytes.
    pub signature: Bytes,
}

impl SealedSession {
    /// What the header says. True only if the signature holds.
    pub fn header(&self) -> Result<Header, HeaderError> {
        Header::from_bytes(self.header.as_ref())
    }

    /// What the device key signs. HPKE's authentication alone would let whoever
    /// steals a vault key forge seals of any device (RFC 9180 §9.1.1).
    pub fn message(header: &[u8], enc: &[u8], ciphertext: &[u8]) -> Vec<u8> {
        signature::message("ferry/sealed-session/v1", &[header, enc, ciphertext])
    }

    /// Whether the device of this device key sealed this.
    pub fn verify_signature(&self, device_key: &PublicJwk) -> Result<(), SignatureError> {
        let message = Self::message(self.header.as_ref(), self.enc.as_ref(), self.ciphertext.as_ref());
        signature::verify(device_key, &message, self.signature.as_ref())
    }
}

/// What is inside a seal. Secret: no `Debug`, no public `Serialize`.
#[derive(Clone, PartialEq)]
pub struct Payload {
    /// The cookies, and what lies in local storage.
    pub jar: Jar,
    /// How many cookies were read and left out of the jar, since they belong to other
    /// identities than the one that is transferred.
    pub left_out: u32,
    /// Out of how many cookies of the jar a part was cut, since it belongs to such others:
    /// lists of everybody's sign-ins.
    pub cut: u32,
    /// The app as the person consented to it: the worker holds to this, whatever
    /// the server says.
    pub app: App,
    /// Who the extension found signed in; `None`: nobody could tell, and the
    /// person confirmed it.
    pub identity: Option<String>,
    /// `navigator.userAgent` of the browser that the session comes from.
    pub user_agent: String,
    /// What the person agreed to.
    pub consent: ConsentRecord,
}

/// What was agreed to, when: one app, one account, one text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentRecord {
    /// The consent as the server recorded it.
    pub id: ConsentId,
    /// Version of the text that was shown.
    pub text_version: u32,
    /// When the person agreed.
    pub granted_at: UnixMillis,
}
