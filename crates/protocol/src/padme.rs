//! Padmé padding (Nikitin et al., "Reducing Metadata Leakage from Encrypted
//! Files and Communication with PURBs", PoPETs 2019, §4): the length of the
//! plaintext tells O(log log n) bits about what is in it, for at most 12 % more
//! bytes.
//!
//! A padded text is the text, one byte `80`, then zeroes (ISO/IEC 7816-4), so
//! that it can be told from its padding.

/// The text has no padding of this form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the padding is malformed")]
pub struct PadError;

/// The length that Padmé gives to a text of `len` bytes; never less.
pub fn padded_len(len: usize) -> usize {
    if len < 2 {
        return len;
    }
    let exponent = len.ilog2();
    let significant = exponent.ilog2() + 1;
    // exponent >= significant for every exponent >= 2; for 1 there is nothing to mask.
    let mask = (1_usize << exponent.saturating_sub(significant)) - 1;
    len.saturating_add(mask) & !mask
}

/// The length of the padded form of a text of `len` bytes.
#[cfg(any(feature = "seal", feature = "open", test))]
pub(crate) fn padded_text_len(len: usize) -> usize {
    padded_len(len + 1)
}

/// Pads a text in its place: with [`padded_text_len`] bytes reserved it does not
/// move, so it leaves no copy behind.
#[cfg(any(feature = "seal", test))]
pub(crate) fn pad(text: &mut Vec<u8>) {
    let len = padded_text_len(text.len());
    text.push(0x80);
    text.resize(len, 0);
}

/// The text of a padded text.
#[cfg(any(feature = "open", test))]
pub(crate) fn unpad(padded: &[u8]) -> Result<&[u8], PadError> {
    let end = padded.iter().rposition(|byte| *byte != 0).ok_or(PadError)?;
    if padded[end] == 0x80 && padded_text_len(end) == padded.len() {
        Ok(&padded[..end])
    } else {
        Err(PadError)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn padded(text: &[u8]) -> Vec<u8> {
        let mut padded = text.to_vec();
        pad(&mut padded);
        padded
    }

    /// Of the paper's reference implementation.
    #[test]
    fn known_lengths() {
        let known = [
            (0, 0),
            (1, 1),
            (2, 2),
            (7, 7),
            (8, 8),
            (9, 10),
            (100, 104),
            (1000, 1024),
            (65_537, 67_584),
        ];
        for (len, padded) in known {
            assert_eq!(padded_len(len), padded, "{len}");
        }
    }

    #[test]
    fn malformed_padding_is_refused() {
        let malformed: [&[u8]; 6] = [
            b"",
            b"text",
            b"\0\0\0\0",
            // A byte of padding too many, one too few, another byte in it.
            b"text\x80\0\0\0\0\0\0\0",
            b"12345678\x80",
            b"12345678\x80\x01",
        ];
        for text in malformed {
            assert_eq!(unpad(text), Err(PadError), "{text:?}");
        }
        assert_eq!(unpad(b"12345678\x80\0"), Ok(&b"12345678"[..]));
    }

    proptest! {
        #[test]
        fn never_shorter_and_never_much_longer(len in 0..usize::MAX / 4) {
            let padded = padded_len(len);
            prop_assert!(padded >= len);
            prop_assert!(padded - len <= len / 100 * 12 + 12, "{} for {}", padded, len);
            prop_assert_eq!(padded_len(padded), padded);
        }

        #[test]
        fn short_texts_too(len in 0..100_000_usize) {
            prop_assert!(padded_len(len) as f64 <= len as f64 * 1.12 + 1.0);
            prop_assert!(padded_len(len + 1) >= padded_len(len));
        }

        #[test]
        fn unpadding_undoes_padding(text in prop::collection::vec(any::<u8>(), 0..4096)) {
            let padded = padded(&text);
            prop_assert_eq!(padded.len(), padded_text_len(text.len()));
            prop_assert_eq!(unpad(&padded), Ok(text.as_slice()));
        }

        #[test]
        fn padding_does_not_move_the_text(text in prop::collection::vec(any::<u8>(), 0..4096)) {
            let mut buffer = Vec::with_capacity(padded_text_len(text.len()));
            buffer.extend_from_slice(&text);
            let place = buffer.as_ptr();
            pad(&mut buffer);
            prop_assert_eq!(buffer.as_ptr(), place);
        }
    }
}
