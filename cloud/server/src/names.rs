//! Names that people type: shown to others, so cleaned of what could deceive them.

use icu_casemap::CaseMapper;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use unicode_normalization::UnicodeNormalization as _;

/// The longest name, in characters.
pub const MAX_CHARS: usize = 100;

/// A name as it is shown: without control characters and those that change the
/// direction of text or cannot be seen, white space folded.
pub fn clean(text: &str) -> String {
    let visible: String = text
        .chars()
        .map(|c| if is_blank(c) { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name as it is compared: two that look the same to most people are the same. This
/// is the compatibility caseless match of the Unicode standard (§3.13.5, D146), over
/// what is shown of a name.
pub fn key(text: &str) -> String {
    let fold = |text: String| CaseMapper::new().fold_string(&text).into_owned();
    let folded = fold(clean(text).nfd().collect());
    let folded = fold(folded.nfkd().collect());
    // Some become invisible, or blank, only now.
    clean(&folded.nfkd().collect::<String>()).nfkc().collect()
}

/// White space, and the pattern of no dots, which looks like it.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

/// What fonts show nothing for (Unicode's property `Default_Ignorable_Code_Point`, among
/// them the bidirectional controls of UAX #9 §2), and interlinear annotations.
fn is_invisible(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) || matches!(c, '\u{FFF9}'..='\u{FFFB}')
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    #[test]
    fn what_deceives_is_removed() {
        assert_eq!(clean("  Ada's\tlaptop \n"), "Ada's laptop");
        assert_eq!(clean("a\u{202E}b\u{200B}c\u{7}d"), "abcd");
        assert_eq!(clean("\u{2066}\u{FEFF} \u{0}"), "");
        // Fillers, variation selectors, tags, and the pattern without dots.
        assert_eq!(
            clean("\u{3164}\u{115F}\u{FFA0}\u{FE0F}\u{E0041}\u{E0101}\u{2800}\u{34F}"),
            ""
        );
    }

    #[test]
    fn names_that_look_the_same_are_the_same() {
        for (one, other) in [
            ("Ada’s  Laptop", "ada’s laptop"),
            // A ligature, full-width letters, and a combining accent.
            ("ﬁrefox", "Firefox"),
            ("Ｆｏｘ", "fox"),
            ("Zoe\u{308}", "ZOË"),
            // Where lower case is not enough.
            ("straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"),
            ("fo\u{34F}\u{FE0F}x", "fox"),
            ("fox\u{2800}1", "fox\u{3000}1"),
        ] {
            assert_eq!(key(one), key(other), "{one}");
        }
        for (one, other) in [("fox 1", "fox 2"), ("fox 1", "fox1"), ("e", "é")] {
            assert_ne!(key(one), key(other));
        }
    }

    /// What a name may hold, and what makes trouble, often.
    fn text() -> impl Strategy<Value = String> {
        let trouble = "aZ1 ßſﬁΣςσéİıǅ\u{301}\u{308}\u{345}\u{34F}\u{200B}\u{200D}\u{202E}\u{A0}\u{3000}\u{FE0F}\u{3164}\u{2800}Ａ가ᄀ";
        let trouble: Vec<char> = trouble.chars().collect();
        let char = prop_oneof![select(trouble), any::<char>()];
        vec(char, 0..20).prop_map(|chars| chars.into_iter().collect())
    }

    /// Letters whose upper case has no other lower case than these.
    fn letters() -> impl Strategy<Value = String> {
        let letters: Vec<char> = "abcxyzäöüßéèçñøåœαβγσςώжёщїğş ".chars().collect();
        vec(select(letters), 0..20).prop_map(|chars| chars.into_iter().collect())
    }

    fn invisible() -> impl Strategy<Value = char> {
        select("\u{AD}\u{34F}\u{61C}\u{115F}\u{180E}\u{200B}\u{200D}\u{200F}\u{202E}\u{2060}\u{2066}\u{3164}\u{FE00}\u{FE0F}\u{FEFF}\u{FFA0}\u{FFF9}\u{E0020}\u{E0100}\u{7}".chars().collect::<Vec<_>>())
    }

    fn blank() -> impl Strategy<Value = String> {
        let blanks: Vec<char> = "\t\n \u{85}\u{A0}\u{1680}\u{2003}\u{2028}\u{202F}\u{205F}\u{2800}\u{3000}"
            .chars()
            .collect();
        vec(select(blanks), 1..4).prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn cleaning_and_comparing_are_done_once(text in text()) {
            let (clean_text, key_text) = (clean(&text), key(&text));
            prop_assert_eq!(clean(&clean_text), &*clean_text);
            prop_assert_eq!(key(&key_text), &*key_text);
            // What is compared is what is shown.
            prop_assert_eq!(key(&clean_text), key_text);
        }

        #[test]
        fn the_form_of_a_text_makes_no_other_name(text in text()) {
            let expected = key(&text);
            prop_assert_eq!(key(&text.nfc().collect::<String>()), &*expected);
            prop_assert_eq!(key(&text.nfd().collect::<String>()), &*expected);
            prop_assert_eq!(key(&text.nfkc().collect::<String>()), &*expected);
            prop_assert_eq!(key(&text.nfkd().collect::<String>()), &*expected);
        }

        #[test]
        fn case_makes_no_other_name(text in letters()) {
            prop_assert_eq!(key(&text.to_uppercase()), key(&text));
            prop_assert_eq!(key(&text.to_lowercase()), key(&text));
        }

        #[test]
        fn what_cannot_be_seen_makes_no_other_name(
            text in text(), hidden in invisible(), at in any::<prop::sample::Index>(),
        ) {
            let mut chars: Vec<char> = text.chars().collect();
            chars.insert(at.index(chars.len() + 1), hidden);
            let with: String = chars.into_iter().collect();
            prop_assert_eq!(clean(&with), clean(&text));
            prop_assert_eq!(key(&with), key(&text));
        }

        #[test]
        fn blanks_of_any_kind_are_one_space(text in letters(), blank in blank()) {
            let with = format!("{blank}{}{blank}", text.replace(' ', &blank));
            prop_assert_eq!(clean(&with), clean(&text));
            prop_assert_eq!(key(&with), key(&text));
        }
    }
}
