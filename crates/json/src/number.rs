//! Numbers: those that fit into 64 bits as they are, all others as the nearest
//! floating-point number.

use crate::Malformed;

/// A number in the form that it needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Natural(u64),
    Negative(i64),
    Real(f64),
}

impl Number {
    /// From text that follows the grammar (§6).
    #[inline(never)]
    pub(crate) fn read(text: &str) -> Result<Self, Malformed> {
        // There is no negative zero among integers.
        if text != "-0" {
            if let Ok(number) = text.parse() {
                return Ok(Self::Natural(number));
            }
            if let Ok(number) = text.parse() {
                return Ok(Self::Negative(number));
            }
        }
        let real = real(text);
        if real.is_finite() {
            Ok(Self::Real(real))
        } else {
            Err(Malformed)
        }
    }
}

/// Numbers with at most six decimals, as fixed point: a whole number divided by a power of
/// ten. Times in seconds are of this form, and most numbers with decimals that come here are
/// times. `None`: [`floating`] has to do it.
mod fixed {
    /// Powers of ten, by the number of decimals.
    const POWERS: [f64; 7] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

    /// The digits, read without the point, stay below this. Each such whole number is exact
    /// as `f64`, and adjacent ones of `f64` lie at most half a unit of the last decimal apart:
    /// no two texts with as many decimals read as the same number.
    const LIMIT: f64 = (1_u64 << 51) as f64;

    /// The nearest floating-point number: both operands are exact, so the division rounds
    /// once, and correctly (IEEE 754 §4.3).
    pub(super) fn read(text: &str) -> Option<f64> {
        let (whole, decimals) = text.split_once('.')?;
        let power = POWERS.get(decimals.len())?;
        let mut digits = 0.0;
        for byte in whole.bytes().chain(decimals.bytes()) {
            // Neither a sign nor an exponent.
            let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
            digits = digits * 10.0 + f64::from(digit);
            if digits >= LIMIT {
                return None;
            }
        }
        Some(digits / power)
    }

    /// The fewest digits that read as this number again.
    pub(super) fn write(number: f64) -> Option<String> {
        if number.is_sign_negative() {
            return None;
        }
        for (decimals, power) in POWERS.into_iter().enumerate() {
            let digits = (number * power).round_ties_even();
            if digits < LIMIT && digits / power == number {
                // Whole, and below 2⁵¹.
                return Some(text(digits as u64, decimals));
            }
        }
        None
    }

    fn text(mut digits: u64, decimals: usize) -> String {
        let mut last_first = Vec::with_capacity(18);
        while digits > 0 || last_first.len() <= decimals {
            if last_first.len() == decimals && decimals > 0 {
                last_first.push('.');
            }
            // A digit.
            last_first.push(char::from(b'0' + (digits % 10) as u8));
            digits /= 10;
        }
        last_first.into_iter().rev().collect()
    }
}

/// The nearest floating-point number.
fn real(text: &str) -> f64 {
    fixed::read(text).unwrap_or_else(|| floating::read(text))
}

/// A finite number, in digits that read as the same number again.
pub(crate) fn write(number: f64) -> String {
    fixed::write(number).unwrap_or_else(|| floating::write(number))
}

/// The script engine reads and writes floating-point numbers as exactly as Rust's
/// library does, and its tables (10 KB that no compression makes smaller) are there
/// already.
#[cfg(target_family = "wasm")]
mod floating {
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_name = Number)]
        pub(super) fn read(text: &str) -> f64;

        #[wasm_bindgen(js_name = String)]
        pub(super) fn write(number: f64) -> String;
    }
}

#[cfg(not(target_family = "wasm"))]
mod floating {
    pub(super) fn read(text: &str) -> f64 {
        text.parse().unwrap_or(f64::NAN)
    }

    pub(super) fn write(number: f64) -> String {
        number.to_string()
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use proptest::prelude::*;

    use super::{fixed, floating};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn fixed_point_reads_and_writes_as_floating_point_does(digits in 0..1_u64 << 52, decimals in 1_usize..8) {
            let (whole, fraction) = (digits / 10_u64.pow(decimals as u32), digits % 10_u64.pow(decimals as u32));
            let text = format!("{whole}.{fraction:0decimals$}");
            let number = floating::read(&text);
            let (read, written) = (fixed::read(&text), fixed::write(number));
            let is_fixed = digits < 1 << 51 && decimals <= 6;
            prop_assert_eq!(read.is_some(), is_fixed, "{}", text);
            prop_assert!(written.is_some() || !is_fixed, "{}", text);
            if let Some(read) = read {
                prop_assert_eq!(read.to_bits(), number.to_bits(), "{}", text);
            }
            if let Some(written) = written {
                prop_assert_eq!(written, floating::write(number));
            }
        }

        #[test]
        fn whatever_fixed_point_writes_floating_point_writes_too(
            number in prop_oneof![any::<f64>(), 0.0..4_294_967_296.0, 0.0..1.0],
        ) {
            if let Some(written) = fixed::write(number) {
                prop_assert_eq!(written, floating::write(number));
            }
        }
    }

    #[test]
    fn times_are_read_and_written_as_fixed_point() {
        for (text, number) in [
            ("1798761600.123456", 1_798_761_600.123_456),
            ("1798761600.5", 1_798_761_600.5),
            ("0.000001", 0.000_001),
        ] {
            assert_eq!(fixed::read(text), Some(number));
            assert_eq!(fixed::write(number).as_deref(), Some(text));
        }
        assert_eq!(fixed::read("225179981368524.7"), Some(225_179_981_368_524.7));
        assert_eq!(fixed::write(0.0).as_deref(), Some("0"));
        assert_eq!(fixed::write(1_798_761_600.0).as_deref(), Some("1798761600"));
    }

    #[test]
    fn what_is_not_fixed_point_is_left_to_floating_point() {
        for text in [
            "-1.5",
            "1.5e3",
            "1.1234567",
            // 2⁵¹ without the point.
            "225179981368524.8",
            "1",
        ] {
            assert_eq!(fixed::read(text), None, "{text}");
        }
        for number in [-1.5, -0.0, 0.1 + 0.2, 1e-7, 1e21, f64::NAN, f64::INFINITY] {
            assert_eq!(fixed::write(number), None, "{number}");
        }
    }
}
