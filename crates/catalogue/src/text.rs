//! Identities as text: attacker data, made fit to be shown and compared.

/// The longest identity, in characters.
pub const MAX_IDENTITY_CHARS: usize = 256;

/// An identity fit to be shown: control, bidirectional and invisible characters
/// removed, white space folded to single spaces and trimmed. `None` when nothing
/// is left, or more than an identity can be: cutting it could make two one.
pub(crate) fn clean(text: &str) -> Option<String> {
    let mut clean = String::new();
    let mut length = 0;
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() {
            gap = length > 0;
        } else if !is_hidden(c) {
            length += 1 + usize::from(gap);
            if length > MAX_IDENTITY_CHARS {
                return None;
            }
            if std::mem::take(&mut gap) {
                clean.push(' ');
            }
            clean.push(c);
        }
    }
    (length > 0).then_some(clean)
}

/// Whether this can be somebody's identity: something of it is to be seen, and it is not
/// longer than [`MAX_IDENTITY_CHARS`]. Nobody is found by any other.
pub fn is_identity(text: &str) -> bool {
    text.chars().count() <= MAX_IDENTITY_CHARS && clean(text).is_some()
}

/// Characters that are not seen, or that change how others are seen.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Whether two clean identities are the same. E-mail addresses are compared
/// without regard to (ASCII) case, as people write them; all else is by the letter.
pub fn same_identity(one: &str, other: &str) -> bool {
    let mail = |text: &str| text.contains('@');
    one == other || (mail(one) && mail(other) && one.eq_ignore_ascii_case(other))
}

/// What stands before the first such mark, and what after it. `None` if there is none, or
/// the mark is empty. In as many steps as the text has bytes, after Knuth, Morris and Pratt:
/// the text is an attacker's. (The standard library's search would do, and be 4 kB of
/// what the extension loads at every start.)
pub(crate) fn split_once<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let mark = mark.as_bytes();
    if mark.is_empty() {
        return None;
    }
    // For each beginning of the mark, how much of the mark its end is the beginning of.
    let mut borders = Vec::with_capacity(mark.len());
    let mut border = 0;
    borders.push(0);
    for byte in mark.iter().skip(1) {
        border = longer(mark, &borders, border, *byte);
        borders.push(border);
    }
    let mut found = 0;
    for (at, byte) in text.bytes().enumerate() {
        found = longer(mark, &borders, found, byte);
        if found == mark.len() {
            let end = at + 1;
            return Some((text.get(..end - found)?, text.get(end..)?));
        }
    }
    None
}

/// Of how much of the mark the text has the beginning at its end, after this byte, if that
/// was `found` before.
fn longer(mark: &[u8], borders: &[usize], mut found: usize, byte: u8) -> usize {
    while found > 0 && mark.get(found) != Some(&byte) {
        found = borders[found - 1];
    }
    found + usize::from(mark.get(found) == Some(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_where_the_standard_library_does() {
        for text in ["", "a", "a|b", "|", "||", "a||b|", "ä|ö", "aab", "ab|ab"] {
            for mark in ["|", "||", "ab", "ö", "a|b|c"] {
                assert_eq!(split_once(text, mark), text.split_once(mark), "{text:?} {mark:?}");
            }
        }
        // Every text of up to eight letters and every mark of up to five.
        let words = |most: u32| {
            (1..=most).flat_map(|length| {
                (0..1_u32 << length).map(move |bits| {
                    let letter = move |at| if bits >> at & 1 == 0 { 'a' } else { 'b' };
                    (0..length).map(letter).collect::<String>()
                })
            })
        };
        for text in words(8) {
            for mark in words(5) {
                assert_eq!(split_once(&text, &mark), text.split_once(&mark), "{text} {mark}");
            }
        }
        assert_eq!(split_once("a", ""), None);
    }

    #[test]
    fn cleans_what_deceives() {
        assert_eq!(
            clean("  al\u{202e}ice\t \u{200b}\n smith ").as_deref(),
            Some("alice smith")
        );
        assert_eq!(clean("a\0b\u{7f}c\u{feff}").as_deref(), Some("abc"));
        assert_eq!(clean("zo\u{eb} \u{5d0}").as_deref(), Some("zo\u{eb} \u{5d0}"));
        assert_eq!(clean(" \u{200b} \r\n"), None);
        assert_eq!(clean(""), None);
    }

    #[test]
    fn refuses_rather_than_cuts() {
        assert_eq!(clean(&"x".repeat(256)).unwrap().len(), 256);
        assert_eq!(clean(&"x".repeat(257)), None);
        assert_eq!(clean(&format!("{} y", "x".repeat(255))), None);
    }

    #[test]
    fn what_cannot_be_seen_or_read_whole_is_nobodys() {
        for identity in ["alice", "\u{5d0}", "-", &"x".repeat(256)] {
            assert!(is_identity(identity), "{identity:?}");
        }
        // The last of these would be as long as allowed once it were cleaned.
        let padded = format!("{} ", "x".repeat(256));
        for not in ["", " ", "\u{200b}\r\n", &"x".repeat(257), &padded] {
            assert!(!is_identity(not), "{not:?}");
        }
    }

    #[test]
    fn only_mail_addresses_ignore_case() {
        assert!(same_identity("Alice@Example.com", "alice@example.COM"));
        assert!(!same_identity("Alice", "alice"));
        assert!(!same_identity("alice", "alice@example.com"));
    }
}
