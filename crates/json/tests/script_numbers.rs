//! Floating-point numbers in WebAssembly, where the script engine reads and writes all
//! but those with few digits and at most six decimals.

#![cfg(target_family = "wasm")]
#![expect(clippy::unwrap_used, reason = "tests")]

use ferry_json::{read, write};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn numbers_come_back_as_they_were() {
    for number in [
        0.1,
        -2.5,
        1e21,
        1e-7,
        5e-324,
        f64::MAX,
        f64::MIN_POSITIVE,
        1_700_000_000.123_456,
        1_700_000_000.5,
        1_700_000_000.0,
        1_700_000_000.123_456_7,
        4_503_599_627_370_497.5,
    ] {
        let text = write(&number).unwrap();
        let back: f64 = read(&text).unwrap();
        assert_eq!(
            back.to_bits(),
            number.to_bits(),
            "{}",
            String::from_utf8_lossy(&text)
        );
    }
}

#[wasm_bindgen_test]
fn what_fits_no_number_is_refused() {
    for text in ["1e999", "-1e999", "0x10", "1.", ".5", "Infinity", "NaN", " "] {
        assert!(read::<f64>(text.as_bytes()).is_err(), "{text}");
    }
}
