//! What Ferry's parts say to one another, and how a session is sealed.
//!
//! Nothing here does I/O, reads a clock or draws random numbers: time,
//! randomness and Diffie-Hellman results are arguments.
//!
//! | Where | What |
//! |---|---|
//! | [`api`] | requests and responses of the server |
//! | [`problem`] | its errors, with stable codes |
//! | [`dpop`] | the proof that comes with each request (RFC 9449) |
//! | [`signature`] | ES256, and what every signed message starts with |
//! | [`device`] | a device's two keys, and their fingerprint |
//! | [`base32`] | what people read on one screen and type on another |
//! | [`trust`] | which device approved which, up to a root |
//! | [`jar`] | cookies as captured: secret, never printed |
//! | [`session`] | header, payload and sealed form of a session |
//! | [`catalogue`] | the supported apps, as the vault identity signed them |
//! | [`vault`] | the vault identity and its one-time sealing keys |
//! | `hpke` | the sender's half of RFC 9180 (feature `seal`) |

pub mod api;
pub mod base32;
mod bytes;
pub mod catalogue;
pub mod device;
pub mod dpop;
#[cfg(feature = "seal")]
pub mod hpke;
mod ids;
pub mod jar;
mod jwk;
mod padme;
pub mod problem;
pub mod session;
pub mod signature;
mod time;
pub mod trust;
pub mod vault;

pub use bytes::{Bytes, BytesError};
pub use ids::{AccountId, ConsentId, DeviceId, LeaseId, SealingKeyId, TransferId, UserId, WorkspaceId};
pub use jwk::{PublicJwk, PublicJwkError};
pub use padme::{PadError, padded_len};
pub use time::UnixMillis;

/// Largest sealed session the server takes, as JSON, in bytes (4 MiB).
pub const MAX_SEALED_BYTES: usize = 4 * 1024 * 1024;
