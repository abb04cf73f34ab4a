//! Crockford's base32, for what people read on one screen and type on another: in
//! groups of four, and forgiving when it is read.

use std::fmt;

/// Without I, L, O and U, which are taken for others.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters between two dashes.
const GROUP: usize = 4;

/// The character for the lowest five bits.
pub fn digit(bits: u16) -> u8 {
    ALPHABET[usize::from(bits & 31)]
}

/// Writes characters as `XXXX-XXXX`, and so on.
pub fn write_groups(digits: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (i, digit) in digits.iter().enumerate() {
        if i > 0 && i % GROUP == 0 {
            f.write_str("-")?;
        }
        write!(f, "{}", char::from(*digit))?;
    }
    Ok(())
}

/// The characters, as people type them: in any case, with dashes and spaces anywhere,
/// `i` and `l` for `1`, `o` for `0`. `None`: there are others, or more or fewer of them.
pub fn parse<const LEN: usize>(typed: &str) -> Option<[u8; LEN]> {
    let mut digits = [0; LEN];
    let mut len = 0;
    for c in typed.chars().filter(|c| *c != '-' && !c.is_whitespace()) {
        let digit = match c.to_ascii_uppercase() {
            'I' | 'L' => b'1',
            'O' => b'0',
            other => u8::try_from(other).ok().filter(|byte| ALPHABET.contains(byte))?,
        };
        *digits.get_mut(len)? = digit;
        len += 1;
    }
    (len == LEN).then_some(digits)
}
