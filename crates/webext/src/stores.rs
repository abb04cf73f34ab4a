//! Cookie stores, and what is read out of one beside its cookies. Firefox names the
//! containers only with the permission `contextualIdentities`; private windows are there
//! if the person lets the extension run in them.

use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use crate::value::texts;
use crate::{ApiError, from_js};

#[wasm_bindgen(module = "/src/stores.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = stores)]
    async fn stores_raw() -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_name = page)]
    async fn page_raw(store: &str, url: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_name = storage)]
    async fn storage_raw(
        store: &str,
        origin: &str,
        names: &JsValue,
        read: &JsValue,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_name = boundBy)]
    async fn bound_by_raw(domains: &JsValue) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen(module = "/src/entries.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = readEntries)]
    static READ_ENTRIES: JsValue;
}

/// The stores, of the form `{"stores": [{"id", "kind", "name"}], "current": id}`. The one of
/// ordinary windows comes first, and its id is empty.
///
/// # Errors
/// When the browser refuses.
pub async fn list<T: DeserializeOwned>() -> Result<T, ApiError> {
    from_js(&stores_raw().await?)
}

/// A page as a visit in a tab of this store would get it, of the form `{"answered", "status",
/// "body"}`, or `null` where no tab of the page's origin can be had. Status 302 is a
/// redirect to where this extension may not look.
///
/// # Errors
/// When it cannot be reached within 15 seconds.
pub async fn page<T: DeserializeOwned>(store: &str, url: &str) -> Result<T, ApiError> {
    from_js(&page_raw(store, url).await?)
}

/// Entries of an origin's storage, named as in `entries.js`: their values in this order, `None` for one
/// that is not there; or `None` where no tab of that origin can be had. Reads in a tab that is open, or opens one behind the others and closes it.
///
/// # Errors
/// When the page has no storage, the browser lets nobody into it, or something in it
/// cannot be moved.
pub async fn storage(
    store: &str,
    origin: &str,
    names: &[&str],
) -> Result<Option<Vec<Option<String>>>, ApiError> {
    let read = READ_ENTRIES.with(JsValue::clone);
    from_js(&storage_raw(store, origin, &texts(names), &read).await?)
}

/// The host at or below one of these domains that `extension/bound.js` last saw having the
/// browser bind a session to the device, if any.
///
/// # Errors
/// When the browser refuses.
pub async fn bound_by(domains: &[String]) -> Result<Option<String>, ApiError> {
    from_js(&bound_by_raw(&texts(domains)).await?)
}
