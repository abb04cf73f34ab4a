//! Cookies and local storage as captured: secret, never printed.
//!
//! The types here have no `Debug` and no public `Serialize`: a jar leaves memory
//! only as a [`crate::session::Payload`] on its way into a seal, or into a
//! browser that the worker drives.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// All cookies of an app's domains, out of one cookie store, and what of the sign-in lies
/// in the local storage of its pages.
#[derive(Clone, Default, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct Jar {
    /// In the order in which the browser gave them.
    pub cookies: Vec<Cookie>,
    /// In the order in which the app's definition names them.
    pub storage: Vec<StorageEntry>,
}

impl Jar {
    /// The value of the entry of local storage that an app's definition names so:
    /// origin, `#`, name.
    pub fn entry(&self, named: &str) -> Option<&str> {
        let (origin, name) = named.split_once('#')?;
        let is_it = |entry: &&StorageEntry| entry.origin == origin && entry.name == name;
        self.storage.iter().find(is_it).map(|entry| entry.value.as_str())
    }
}

/// An entry of the local storage of an origin's pages (WHATWG HTML §12.2).
#[derive(Clone, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct StorageEntry {
    /// Origin, such as `https://app.example.com`.
    pub origin: String,
    /// Name; may be empty.
    pub name: String,
    /// Value; may be empty.
    pub value: String,
}

/// A cookie with everything that a browser knows of it.
///
/// Its key is (partition key, domain, host-only, path, name).
#[derive(Clone, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct Cookie {
    /// Name; may be empty.
    pub name: String,
    /// Value; may be empty.
    pub value: String,
    /// Host, lower case, without a leading dot.
    pub domain: String,
    /// Sent to exactly this host, not to those below it.
    pub host_only: bool,
    /// Path, with its leading slash.
    pub path: String,
    /// Sent over HTTPS only.
    pub secure: bool,
    /// Hidden from the page's scripts.
    pub http_only: bool,
    /// `SameSite`, as the browser keeps it.
    #[zeroize(skip)]
    pub same_site: SameSite,
    /// Seconds since 1970-01-01T00:00:00Z; `None`: ends with the browser session.
    pub expires: Option<f64>,
    /// Which top-level site it is partitioned by, if any (CHIPS).
    pub partition: Option<Partition>,
}

/// The `SameSite` attribute; `Unspecified` is a value of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SameSite {
    /// The attribute was absent.
    Unspecified,
    /// `SameSite=None`.
    None,
    /// `SameSite=Lax`.
    Lax,
    /// `SameSite=Strict`.
    Strict,
}

/// The key that a partitioned cookie is kept under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Zeroize, Serialize, Deserialize)]
pub struct Partition {
    /// Scheme and registrable domain, such as `https://example.com`.
    pub top_level_site: String,
    /// Whether a frame of another site stood between; browsers keep it apart.
    /// `None`: the browser did not say.
    pub has_cross_site_ancestor: Option<bool>,
}
