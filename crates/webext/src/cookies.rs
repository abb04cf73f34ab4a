//! `chrome.cookies`: reading cookies with everything the browser tells of them.

use serde::Deserialize;
use wasm_bindgen::prelude::*;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{ApiError, BrowserKind, from_js};

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
    let mut cookies: Vec<Cookie> = from_js(&cookies_raw(store, domain).await?)?;
    if BrowserKind::here() == BrowserKind::Firefox {
        for cookie in &mut cookies {
            cookie.name = text_of_bytes(&cookie.name);
        }
    }
    Ok(cookies)
}

/// The text whose UTF-8 this is, with a character for each byte: so Firefox gives the
/// names of cookies, though not their values. What is no UTF-8 becomes U+FFFD, as other
/// browsers give it.
fn text_of_bytes(text: &str) -> String {
    let bytes = text.chars().map(u8::try_from).collect::<Result<Vec<u8>, _>>();
    match bytes {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        // No bytes: it is the text already.
        Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::text_of_bytes;

    #[test]
    fn the_bytes_of_a_name_are_its_text() {
        assert_eq!(text_of_bytes("sid"), "sid");
        assert_eq!(text_of_bytes(""), "");
        assert_eq!(text_of_bytes("gr\u{c3}\u{bc}n"), "gr\u{fc}n");
        assert_eq!(text_of_bytes("\u{f0}\u{9f}\u{8d}\u{aa}"), "\u{1f36a}");
    }

    #[test]
    fn bytes_that_are_no_text_are_marked() {
        assert_eq!(text_of_bytes("gr\u{fc}n"), "gr\u{fffd}n");
        assert_eq!(text_of_bytes("\u{e2}\u{82}"), "\u{fffd}");
    }

    #[test]
    fn a_name_that_is_text_stays() {
        assert_eq!(text_of_bytes("\u{1f36a}\u{fc}"), "\u{1f36a}\u{fc}");
    }
}
