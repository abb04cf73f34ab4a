//! `chrome.cookies`: reading cookies with everything the browser tells of them.

use serde::Deserialize;
use wasm_bindgen::prelude::*;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{ApiError, from_js};

#[wasm_bindgen(module = "/src/stores.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = cookies)]
    async fn cookies_raw(store: &str, domain: Option<&str>) -> Result<JsValue, JsValue>;
}

/// A cookie as `cookies.getAll` gives it. Secret: no `Debug`.
#[derive(Clone, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase")]
pub struct Cookie {
    /// Name; may be empty.
    pub name: String,
    /// Value; may be empty.
    pub value: String,
    /// Host; with a leading dot unless `host_only`.
    pub domain: String,
    /// Sent to exactly this host.
    pub host_only: bool,
    /// Path.
    pub path: String,
    /// Sent over HTTPS only.
    pub secure: bool,
    /// Hidden from scripts.
    pub http_only: bool,
    /// The `SameSite` attribute.
    #[zeroize(skip)]
    pub same_site: SameSite,
    /// Ends with the browser session.
    pub session: bool,
    /// Seconds since 1970-01-01T00:00:00Z; none for session cookies.
    #[serde(default)]
    pub expiration_date: Option<f64>,
    /// Identifier of the cookie store.
    pub store_id: String,
    /// What it is partitioned by.
    #[serde(default)]
    pub partition_key: Option<PartitionKey>,
    /// Firefox: the first party that it is isolated to, when first-party isolation is on.
    #[serde(default)]
    pub first_party_domain: Option<String>,
}

/// `cookies.SameSiteStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SameSite {
    /// `SameSite=None`.
    NoRestriction,
    /// `SameSite=Lax`.
    Lax,
    /// `SameSite=Strict`.
    Strict,
    /// No attribute.
    Unspecified,
}

/// `cookies.CookiePartitionKey`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Zeroize)]
#[serde(rename_all = "camelCase")]
pub struct PartitionKey {
    /// Scheme and registrable domain of the top-level page.
    #[serde(default)]
    pub top_level_site: Option<String>,
    /// Whether a frame of another site stood between.
    #[serde(default)]
    pub has_cross_site_ancestor: Option<bool>,
}

/// Every cookie of this domain and of those below it (`None`: of all domains), in
/// one store, partitioned and not. The browser leaves out those that no host
/// permission covers.
///
/// # Errors
/// When there is no such store.
pub async fn get_all(store: &str, domain: Option<&str>) -> Result<Vec<Cookie>, ApiError> {
    from_js(&cookies_raw(store, domain).await?)
}
