//! The few WebExtension APIs that Ferry uses, as typed bindings. Chrome and
//! Firefox both answer to `chrome.*` with promises in Manifest V3.
//!
//! What they do is left to the browser's documentation, and what to do with them
//! to the caller. Listeners that have to be there when the background starts are
//! registered by `extension/background.js`; here are only those of ports.
//!
//! | Where | For whom |
//! |---|---|
//! | [`runtime`], [`permissions`], [`tabs`] | pages and background |
//! | [`cookies`], [`alarms`], [`scripting`], [`session_storage`] | background |

pub mod alarms;
pub mod cookies;
pub mod permissions;
mod port;
pub mod runtime;
pub mod scripting;
pub mod session_storage;
pub mod stores;
pub mod tabs;
mod value;

pub use port::{Listener, Port};
pub use value::{ApiError, from_js, json, to_js};

/// Whose WebExtension APIs these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrowserKind {
    /// Chrome, Chromium, Edge, Brave and their like.
    Chrome,
    /// Firefox, also on Android.
    Firefox,
}

impl BrowserKind {
    /// The one this runs in.
    pub fn here() -> Self {
        if runtime::url("").starts_with("moz-extension:") {
            Self::Firefox
        } else {
            Self::Chrome
        }
    }
}
