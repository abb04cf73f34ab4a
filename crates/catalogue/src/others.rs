//! "Transfer only this one": the other accounts' sign-ins are taken out of the cookies
//! in which the app keeps those of everybody. Pure and total.
//!
//! Either it is certain which part of such a cookie is whose, or nothing is taken out:
//! [`App::without_others`] gives `None` then, and the person has to sign the others out.
//!
//! What is copied of tokens on the way is wiped.

use zeroize::Zeroizing;

use crate::rules::CookieView;
use crate::steps::{MAX_VALUES, percent_decode_at};
use crate::validate::MAX_RULES;
use crate::{App, OwnEntry};

/// The longest cookie with a list that is taken apart, in bytes. Browsers keep none
/// that is longer (RFC 6265bis §5.6).
const MAX_LIST: usize = 4096;

/// The shortest text in a cookie of the others' that is taken for a token, in bytes.
/// Whatever is shorter could be guessed, or be anywhere by chance.
const MIN_TOKEN: usize = 16;

/// A token, or text that holds one.
type Secret = Zeroizing<Vec<u8>>;

/// What becomes of a cookie. It may hold a token: it is neither shown nor logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Edit {
    /// Which one of those given.
    pub index: usize,
    /// Its value from now on; `None`: there is to be no such cookie.
    pub value: Option<Zeroizing<String>>,
}

impl App {
    /// What has to be changed so that no cookie holds the sign-in of an account beside
    /// the active one, by [`App::others`]; in the order of the cookies. What stays of a
    /// cookie is as it was, letter by letter.
    ///
    /// `None` if that is not certain: the app has no such rule, a cookie is not of the
    /// form that its rule describes, it has no entry of the active account or more than
    /// one, or a token that is taken out is somewhere else as well. In a cookie that goes
    /// as a whole, what looks like a token is taken for one.
    ///
    /// Takes time in proportion to the cookies, times 4 KiB for each that has a rule.
    pub fn without_others(&self, cookies: &[CookieView<'_>]) -> Option<Vec<Edit>> {
        if self.others.is_empty() || self.others.len() > MAX_RULES {
            return None;
        }
        let mut edits = Vec::new();
        let mut gone = Vec::new();
        for (index, cookie) in cookies.iter().enumerate() {
            if cookie.value.is_empty() || !self.owns_domain(cookie.domain) {
                continue;
            }
            let Some(rule) = self.others.iter().find(|rule| rule.cookie == cookie.name) else {
                continue;
            };
            if cookie.value.len() > MAX_LIST {
                return None;
            }
            let value = match &rule.own {
                None => {
                    gone.extend(tokens_in(cookie.value));
                    None
                }
                Some(own) => {
                    let token = self.own_token(own, cookies)?;
                    Some(own_part(own, &token, cookie.value, &mut gone)?)
                }
            };
            if value.as_ref().map(|value| value.as_str()) != Some(cookie.value) {
                edits.push(Edit { index, value });
            }
        }
        let mut edited = edits.iter().peekable();
        for (index, cookie) in cookies.iter().enumerate() {
            let edit = edited.next_if(|edit| edit.index == index);
            let stays = match edit {
                None => Some(cookie.value),
                Some(edit) => edit.value.as_ref().map(|value| value.as_str()),
            };
            if stays.is_some_and(|value| holds_any(value, &gone)) {
                return None;
            }
        }
        Some(edits)
    }

    /// The token of the active account, decoded: all cookies that have it agree.
    fn own_token(&self, own: &OwnEntry, cookies: &[CookieView<'_>]) -> Option<Secret> {
        let mut token: Option<Secret> = None;
        for cookie in cookies {
            let has_it = own.is.iter().any(|name| name == cookie.name);
            if !has_it || cookie.value.is_empty() || !self.owns_domain(cookie.domain) {
                continue;
            }
            let found = Decoded::of(within_quotes(cookie.value)).bytes;
            if token.get_or_insert_with(|| found.clone()) != &found {
                return None;
            }
        }
        token
    }
}

/// What of a list is the active account's, with the quotes that are around the whole.
/// The tokens of the others are added to `gone`.
fn own_part(own: &OwnEntry, token: &[u8], value: &str, gone: &mut Vec<Secret>) -> Option<Zeroizing<String>> {
    let list = within_quotes(value);
    let quote = if list.len() < value.len() { "\"" } else { "" };
    let decoded = Decoded::of(list);
    let mut kept = None;
    for (count, (start, end)) in decoded.pieces(&own.split).into_iter().enumerate() {
        if count == MAX_VALUES {
            return None;
        }
        let found = token_of(&decoded.bytes[start..end], own.after.as_bytes())?;
        if found != token {
            gone.push(Secret::new(found.to_vec()));
        } else if kept.replace(decoded.raw(start, end)?).is_some() {
            return None;
        }
    }
    let kept = kept?;
    // In one piece, or parts of it would stay behind where it grew.
    let mut text = Zeroizing::new(String::with_capacity(value.len()));
    for part in [quote, kept, quote] {
        text.push_str(part);
    }
    Some(text)
}

/// What looks like a token in a cookie that no rule takes apart: long, and not a number.
fn tokens_in(value: &str) -> Vec<Secret> {
    let is_part = |c: &u8| c.is_ascii_alphanumeric() || b"-._~+/".contains(c);
    let decoded = Decoded::of(value).bytes;
    let parts = decoded.split(|c| !is_part(c));
    let tokens = parts.filter(|part| part.len() >= MIN_TOKEN && !part.iter().all(u8::is_ascii_digit));
    tokens.map(|part| Secret::new(part.to_vec())).collect()
}

/// The token of an entry: a name, the mark once, and a token.
fn token_of<'e>(entry: &'e [u8], mark: &[u8]) -> Option<&'e [u8]> {
    let mut marks = positions(entry, mark);
    let at = marks.next()?;
    let (name, token) = (entry.get(..at)?, entry.get(at + mark.len()..)?);
    // Anything else might be a separator that is not known, or another encoding.
    let is_plain = |text: &[u8]| {
        let plain = |c: &u8| c.is_ascii_alphanumeric() || b"-._~+/=".contains(c);
        !text.is_empty() && text.iter().all(plain)
    };
    (marks.next().is_none() && is_plain(name) && is_plain(token)).then_some(token)
}

/// Whether one of these tokens is in a text, as it is or percent-encoded.
fn holds_any(text: &str, tokens: &[Secret]) -> bool {
    if tokens.is_empty() {
        return false;
    }
    let decoded = Decoded::of(text).bytes;
    tokens.iter().any(|token| {
        positions(text.as_bytes(), token).next().is_some() || positions(&decoded, token).next().is_some()
    })
}

/// Where a part starts, which is never found if it is empty.
fn positions(text: &[u8], part: &[u8]) -> impl Iterator<Item = usize> {
    let places = text.windows(part.len().max(1)).enumerate();
    places.filter(move |(_, found)| *found == part).map(|(at, _)| at)
}

/// The text without one pair of double quotes around it.
fn within_quotes(text: &str) -> &str {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(text)
}

/// A text after percent-decoding, and where in it each byte was.
struct Decoded<'t> {
    text: &'t str,
    bytes: Secret,
    /// Where each byte starts in the text.
    starts: Vec<usize>,
}

impl<'t> Decoded<'t> {
    fn of(text: &'t str) -> Self {
        // It does not grow: what a vector leaves behind is not wiped.
        let mut bytes = Secret::new(Vec::with_capacity(text.len()));
        let mut starts = Vec::with_capacity(text.len());
        let mut at = 0;
        while let Some((byte, length)) = percent_decode_at(text.as_bytes(), at) {
            bytes.push(byte);
            starts.push(at);
            at += length;
        }
        Self { text, bytes, starts }
    }

    /// Where the pieces between the separators start and end.
    fn pieces(&self, separators: &[String]) -> Vec<(usize, usize)> {
        let mut pieces = Vec::new();
        let (mut start, mut at) = (0, 0);
        while let Some(rest) = self.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let separator = separators
                .iter()
                .find(|it| !it.is_empty() && rest.starts_with(it.as_bytes()));
            at += separator.map_or(1, String::len);
            if let Some(separator) = separator {
                pieces.push((start, at - separator.len()));
                start = at;
            }
        }
        pieces.push((start, self.bytes.len()));
        pieces
    }

    /// The text that was decoded to these bytes.
    fn raw(&self, start: usize, end: usize) -> Option<&'t str> {
        let place = |at: usize| self.starts.get(at).copied().unwrap_or(self.text.len());
        self.text.get(place(start)..place(end))
    }
}

#[cfg(test)]
#[path = "others_tests.rs"]
mod tests;
