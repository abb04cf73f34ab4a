//! The supported apps as data (`apps/*.toml`), and the pure rules that tell who
//! is signed in.
//!
//! Nothing here does I/O: the caller reads the cookies, the pages that
//! [`App::probes`] names and the storage that [`App::storage_keys`] names, and hands
//! them over as [`Evidence`]. The same rules run
//! in the extension, before a session leaves the browser, and in the worker,
//! after it was restored. What the evidence means is told in [`rules`].
//!
//! An [`App`] that came from outside is checked by [`App::validate`] before it
//! is used; [`App::from_json`] and [`App::from_toml`] do so themselves. The rules
//! are total all the same: an unchecked definition costs no panic and no
//! unbounded time.

mod address;
mod app;
#[cfg(feature = "builtin")]
mod builtin;
mod catalogue;
#[cfg(feature = "fixtures")]
mod check;
#[cfg(feature = "fixtures")]
mod fixtures;
mod others;
pub mod rules;
mod sign_out;
mod steps;
mod text;
mod validate;

pub use app::{
    App, AppId, AppIdError, IdentityRule, OtherAccounts, OwnEntry, SignedIn, Source, Step, Strength,
};
#[cfg(feature = "builtin")]
pub use builtin::{builtin, find, overlapping};
pub use catalogue::{CatalogueError, MAX_CATALOGUE, check_catalogue, read_catalogue};
#[cfg(feature = "fixtures")]
pub use check::Problem;
#[cfg(feature = "fixtures")]
pub use fixtures::Fixtures;
pub use others::Edit;
pub use rules::{CookieView, Evidence, Outcome, PageView, StorageView, Verdict};
pub use text::{MAX_IDENTITY_CHARS, is_identity, same_identity};
pub use validate::{AppError, Fault};
