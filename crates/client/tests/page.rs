//! Keys, cryptography and storage in a page, as the popup and the web app have
//! them.

#![cfg(target_family = "wasm")]
#![expect(clippy::unwrap_used, reason = "tests")]

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

mod suite;
