//! Names that people type: shown to others, so cleaned of what could deceive them.

use unicode_normalization::UnicodeNormalization;

/// The longest name, in characters.
pub const MAX_CHARS: usize = 100;

/// A name as it is shown: without control characters and those that change the
/// direction of text or cannot be seen, white space folded.
pub fn clean(text: &str) -> String {
    let visible: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name as it is compared: two that look the same to most people are the same.
pub fn key(text: &str) -> String {
    clean(&text.nfkc().collect::<String>())
        .to_lowercase()
        .nfkc()
        .collect()
}

/// Format characters (Unicode's category Cf, as far as it occurs in text), among
/// them the bidirectional controls of UAX #9 §2.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_deceives_is_removed() {
        assert_eq!(clean("  Ada's\tlaptop \n"), "Ada's laptop");
        assert_eq!(clean("a\u{202E}b\u{200B}c\u{7}d"), "abcd");
        assert_eq!(clean("\u{2066}\u{FEFF} \u{0}"), "");
    }

    #[test]
    fn names_that_look_the_same_are_the_same() {
        assert_eq!(key("Ada’s  Laptop"), key("ada’s laptop"));
        // A ligature, full-width letters, and a combining accent.
        assert_eq!(key("ﬁrefox"), key("Firefox"));
        assert_eq!(key("Ｆｏｘ"), key("fox"));
        assert_eq!(key("Zoe\u{308}"), key("ZOË"));
        assert_ne!(key("fox 1"), key("fox 2"));
    }
}
