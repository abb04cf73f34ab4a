//! Identifiers. All but the device's are UUIDs of version 7 (RFC 9562 §5.7).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Bytes, BytesError, UnixMillis};

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new identifier from the time and ten random bytes.
            pub fn new(now: UnixMillis, random: [u8; 10]) -> Self {
                let millis = u64::try_from(now.0).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// When it was made, by the clock of whoever made it.
            pub fn created_at(&self) -> UnixMillis {
                let [a, b, c, d, e, f, ..] = *self.as_bytes();
                UnixMillis(i64::from_be_bytes([0, 0, a, b, c, d, e, f]))
            }

            /// The 16 bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

uuid_id! {
    /// A workspace: a company or a person, with users and accounts of its own.
    WorkspaceId
    /// A person who signs in to Ferry.
    UserId
    /// An account in an app, whose session is transferred.
    AccountId
    /// One person's consent to transfer one account's session.
    ConsentId
    /// One transfer, and the session that it stored.
    TransferId
    /// A one-time sealing key of the vault.
    SealingKeyId
    /// A worker's hold on a session it is working on.
    LeaseId
}

/// A device: the RFC 7638 thumbprint (SHA-256) of its device key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
#[serde(try_from = "Bytes", into = "Bytes")]
pub struct DeviceId(pub [u8; 32]);

impl TryFrom<Bytes> for DeviceId {
    type Error = BytesError;

    fn try_from(bytes: Bytes) -> Result<Self, BytesError> {
        bytes.to_array().map(Self)
    }
}

impl From<DeviceId> for Bytes {
    fn from(id: DeviceId) -> Self {
        id.0.into()
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Bytes::from(*self).encode())
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for DeviceId {
    type Err = BytesError;

    fn from_str(text: &str) -> Result<Self, BytesError> {
        Bytes::decode(text)?.try_into()
    }
}
