//! The apps of `apps/*.toml`.
//!
//! `build.rs` turns them into one JSON text, so that no TOML parser goes into
//! the extension's WebAssembly; it is parsed once, at first use.

use std::sync::OnceLock;

use crate::{App, AppId};

const JSON: &str = include_str!(concat!(env!("OUT_DIR"), "/apps.json"));

static APPS: OnceLock<Vec<App>> = OnceLock::new();

/// The supported apps, by identifier.
#[expect(clippy::expect_used, reason = "the text is a constant, and a test parses it")]
pub fn builtin() -> &'static [App] {
    APPS.get_or_init(|| ferry_json::read(JSON.as_bytes()).expect("the built-in catalogue parses"))
}

/// The supported app that an app takes cookies of, or whose cookies it lies among.
pub fn overlapping(app: &App) -> Option<&'static App> {
    builtin().iter().find(|supported| supported.overlaps(app))
}

/// The supported app of this identifier. (Custom apps come from the server.)
pub fn find(id: &AppId) -> Option<&'static App> {
    builtin().iter().find(|app| app.id == *id)
}
