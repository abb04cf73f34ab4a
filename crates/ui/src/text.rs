//! Text from apps, servers and other people, made fit to be shown.

use ferry_protocol::api::Account;

use crate::dom::{El, html};

/// Longest name that is shown, in characters; the rest is in the tooltip.
pub const NAME: usize = 80;
/// Longest sentence that is shown, in characters.
pub const SENTENCE: usize = 400;

/// Text that can be shown: on one line, without control characters and without
/// those that turn the direction of writing, no longer than asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clean {
    shown: String,
    cut: bool,
}

impl Clean {
    /// Cleans and cuts to so many characters.
    pub fn new(text: &str, longest: usize) -> Self {
        let mut words = text.chars().filter(|&c| is_shown(c)).collect::<String>();
        words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let cut = words.char_indices().nth(longest).map(|(at, _)| at);
        if let Some(at) = cut {
            words.truncate(at);
            words.truncate(words.trim_end().len());
            words.push('…');
        }
        Self {
            shown: words,
            cut: cut.is_some(),
        }
    }

    /// A name: at most [`NAME`] characters.
    pub fn name(text: &str) -> Self {
        Self::new(text, NAME)
    }

    /// A sentence or two: at most [`SENTENCE`] characters.
    pub fn sentence(text: &str) -> Self {
        Self::new(text, SENTENCE)
    }

    /// What is shown.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// What is shown, owned.
    pub fn into_string(self) -> String {
        self.shown
    }

    /// Whether something was cut off at the end.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// The first character that is no punctuation, to stand for the whole; the
    /// style sheet makes it a capital. (The tables of all letters would weigh more
    /// than the page that shows it.)
    pub fn initial(&self) -> char {
        self.shown
            .chars()
            .find(|c| !c.is_ascii_punctuation() && *c != ' ')
            .unwrap_or('?')
    }
}

/// White space is folded later; what has no look of its own is left out.
fn is_shown(c: char) -> bool {
    if c.is_whitespace() {
        return true;
    }
    let is_invisible = matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        // Zero width, and the marks, embeddings, overrides and isolates of direction.
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFC}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
    );
    !(c.is_control() || is_invisible)
}

/// A name from outside, isolated from the direction of the text around it. The
/// tooltip has what an ellipsis hides.
pub fn name(text: &str) -> El {
    let shown = Clean::name(text).into_string();
    html::bdi()
        .class("name")
        .attr("title", shown.clone())
        .child(shown)
}

/// The address of a server, without the scheme that nearly all have.
pub fn server(address: &str) -> El {
    name(address.strip_prefix("https://").unwrap_or(address))
}

/// `1 cookie`, `2 cookies`.
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// `1 sign-in entry`: what people call an entry of local storage, or a database of the
/// page's, that an app keeps a sign-in in.
pub fn sign_in_entries(n: u64) -> String {
    count(n, "sign-in entry", "sign-in entries")
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A sign-in entry in local storage, which an app's definition names by origin, `#` and
/// name: `token at discord.com`. A store of a database goes by the names of both.
pub fn entry(entry: &str) -> String {
    let (origin, name) = entry.split_once('#').unwrap_or(("", entry));
    let host = origin.split_once("//").map_or(origin, |(_, host)| host);
    let name = Clean::name(name.strip_prefix("indexeddb:").unwrap_or(name)).into_string();
    match host {
        "" => name,
        host => format!("{name} at {}", Clean::name(host).as_str()),
    }
}

/// A size in bytes, for people: `812 bytes`, `26 kB`, `1.4 MB` (powers of ten).
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => count(bytes, "byte", "bytes"),
        1_000..999_500 => format!("{} kB", (bytes + 500) / 1_000),
        _ => {
            let tenths = (bytes + 50_000) / 100_000;
            format!("{}.{} MB", tenths / 10, tenths % 10)
        }
    }
}

/// What an account is, in one line: the app, and whose session it takes.
pub fn account_line(account: &Account) -> String {
    let app = Clean::name(&account.app.name).into_string();
    match &account.identity {
        Some(identity) => format!("{app} · {}", Clean::name(identity).as_str()),
        None => app,
    }
}

/// An address that may be opened in a tab: a web page, nothing that runs here.
pub fn openable(url: &str) -> Option<&str> {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    (lower.starts_with("https://") || lower.starts_with("http://")).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_characters_are_left_out() {
        let hostile = "al\u{202E}ice\u{0000}\u{200B} <b>\u{2066}\n\tx\u{FEFF}\u{7F}";
        assert_eq!(Clean::name(hostile).as_str(), "alice <b> x");
    }

    #[test]
    fn long_text_ends_in_an_ellipsis() {
        let clean = Clean::new("one two three", 8);
        assert_eq!(clean.as_str(), "one two…");
        assert!(clean.is_cut());
        assert!(!Clean::new("one two", 7).is_cut());
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(Clean::new("äöü€𝄞", 3).as_str(), "äöü…");
    }

    #[test]
    fn letters_of_every_script_stay() {
        for text in ["Zoë", "Δημήτρης", "שלום", "王小明", "O’Brien & Søn", "👩‍💻".trim()]
        {
            let kept = text.chars().filter(|c| *c != '\u{200D}').collect::<String>();
            assert_eq!(Clean::name(text).as_str(), kept);
        }
    }

    #[test]
    fn the_initial_is_no_punctuation() {
        assert_eq!(Clean::name("  (ferry)").initial(), 'f');
        assert_eq!(Clean::name("éclair").initial(), 'é');
        assert_eq!(Clean::name("!!").initial(), '?');
    }

    #[test]
    fn numbers_agree_with_their_nouns() {
        assert_eq!(count(0, "cookie", "cookies"), "0 cookies");
        assert_eq!(count(1, "cookie", "cookies"), "1 cookie");
        assert_eq!(count(23, "cookie", "cookies"), "23 cookies");
    }

    #[test]
    fn lists_end_in_and() {
        let names = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&names[..0]), "");
        assert_eq!(list(&names[..1]), "a");
        assert_eq!(list(&names[..2]), "a and b");
        assert_eq!(list(&names), "a, b and c");
    }

    #[test]
    fn sign_in_entries_are_named_by_name_and_host() {
        assert_eq!(entry("https://discord.com#token"), "token at discord.com");
        assert_eq!(entry("http://localhost:8080#a#b"), "a#b at localhost:8080");
        assert_eq!(entry("token\u{202E}"), "token");
        assert_eq!(
            entry("https://a.example#indexeddb:auth/users"),
            "auth/users at a.example"
        );
    }

    #[test]
    fn sizes_are_rounded() {
        assert_eq!(size(1), "1 byte");
        assert_eq!(size(999), "999 bytes");
        assert_eq!(size(26_112), "26 kB");
        assert_eq!(size(999_499), "999 kB");
        assert_eq!(size(999_500), "1.0 MB");
        assert_eq!(size(1_449_999), "1.4 MB");
    }

    #[test]
    fn only_web_pages_are_opened() {
        assert!(openable("https://example.com/x").is_some());
        assert!(openable("HTTP://example.com").is_some());
        for url in [
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "//example.com",
            "chrome://x",
            "",
        ] {
            assert!(openable(url).is_none(), "{url}");
        }
    }
}
