//! The e-mailed code, as people type it. Pure.

/// The characters of an e-mailed code.
pub(super) const LENGTH: usize = 8;

/// The e-mailed code as typed or pasted, in the form that the server wants: `None`
/// unless it has the right length and characters (Crockford's base32, where `O`
/// is taken for 0, `I` and `L` for 1).
pub(super) fn parse(typed: &str) -> Option<String> {
    let code = typed
        .chars()
        .filter(|c| {
            !c.is_whitespace() && !matches!(c, '-' | '–' | '—' | '.' | '\u{200B}'..='\u{200F}' | '\u{FEFF}')
        })
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect::<String>();
    let legal = code
        .chars()
        .all(|c| c.is_ascii_digit() || (c.is_ascii_uppercase() && c != 'U'));
    (code.chars().count() == LENGTH && legal).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_code_is_understood() {
        for typed in [
            "ABCD2345",
            "abcd-2345",
            " AbCd 2345\n",
            "abcd–2345",
            "\u{200B}ABCD2345",
        ] {
            assert_eq!(parse(typed).as_deref(), Some("ABCD2345"), "{typed:?}");
        }
        assert_eq!(parse("oil0-OIL0").as_deref(), Some("01100110"));
    }

    #[test]
    fn what_cannot_be_a_code_is_not_sent() {
        for typed in ["", "ABCD234", "ABCD23456", "ABCDU345", "ABCD_345", "ÄBCD2345"] {
            assert_eq!(parse(typed), None, "{typed:?}");
        }
    }
}
