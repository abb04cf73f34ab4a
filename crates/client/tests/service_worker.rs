//! Keys, cryptography and storage in a service worker, as the extension's
//! background has them in Chrome: there is no window.

#![cfg(target_family = "wasm")]
#![expect(clippy::unwrap_used, reason = "tests")]

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_service_worker);

mod suite;
