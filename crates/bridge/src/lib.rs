//! Messages between the extension's pages and its background worker.
//!
//! A page sends a [`Request`] with `runtime.sendMessage` and gets a [`Reply`] with
//! the response type of that request. It also holds a port named [`PORT`] open, on
//! which the background sends [`Event`]s; when the port breaks, the background was
//! stopped, and the page connects again, which starts it anew.
//!
//! As JSON, a request is `{"share": {"account": "…", …}}`, a reply `{"ok": …}` or
//! `{"failed": …}`, an event `{"state": …}`: each enum in serde's own form, which
//! takes the least code to read.
//!
//! No message has a field that can hold a cookie value, a token or a key.
//!
//! What a look ([`Inspection`]) promises of a transfer is judged in [`preflight`].
//!
//! What the workspace's web app asks is apart, in [`page`]: none of it is a request, and
//! no request is one of it.

mod address;
pub mod page;
pub mod preflight;
mod request;
mod state;

pub use address::{ServerAddress, ServerAddressError, origin_of};
pub use request::*;
pub use state::*;

/// Name of the port that events come on.
pub const PORT: &str = "ferry";

/// Version of the consent text shown by this build.
pub const CONSENT_TEXT_VERSION: u32 = 1;
