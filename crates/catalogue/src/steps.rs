//! The steps from text to identities. Pure, total, and linear in the text.
//!
//! No step makes more text than it is given, so a rule never holds more than its
//! sources did; and no rule holds more than [`MAX_VALUES`] values.

use base64ct::{Base64UrlUnpadded, Encoding};
use ferry_json::Value;

use crate::Step;
use crate::text::split_once;

/// How many values a rule holds at most.
pub(crate) const MAX_VALUES: usize = 64;

/// What a rule holds on its way.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Values {
    /// The texts, in the order found.
    pub(crate) texts: Vec<String>,
    /// Something could not be read and was dropped: there may be more
    /// identities than `texts` tells.
    pub(crate) dropped: bool,
}

impl Values {
    /// One more, unless there are too many.
    pub(crate) fn push(&mut self, text: String) {
        if self.texts.len() < MAX_VALUES {
            self.texts.push(text);
        } else {
            self.dropped = true;
        }
    }

    /// One more, or one that could not be read.
    pub(crate) fn push_or_drop(&mut self, text: Option<String>) {
        match text {
            Some(text) => self.push(text),
            None => self.dropped = true,
        }
    }

    /// These values after a step.
    pub(crate) fn step(self, step: &Step) -> Self {
        let mut next = Self {
            texts: Vec::new(),
            dropped: self.dropped,
        };
        for text in self.texts {
            apply(step, text, &mut next);
        }
        next
    }
}

fn apply(step: &Step, text: String, out: &mut Values) {
    match step {
        Step::PercentDecode => out.push_or_drop(percent_decode(&text)),
        Step::Base64Decode => out.push_or_drop(base64_decode(&text)),
        Step::JwtClaims => out.push_or_drop(jwt_claims(&text)),
        Step::Unquote => {
            let inner = text
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'))
                .map(str::to_owned);
            out.push(inner.unwrap_or(text));
        }
        Step::Trim => out.push(text.trim().to_owned()),
        Step::Split(separator) => {
            let mut rest = Some(text.as_str());
            while let Some(text) = rest {
                let split = split_once(text, separator);
                let piece = split.map_or(text, |(piece, _)| piece);
                if !piece.is_empty() {
                    out.push(piece.to_owned());
                }
                rest = split.map(|(_, rest)| rest);
            }
        }
        Step::After(mark) => out.push_or_drop(split_once(&text, mark).map(|(_, rest)| rest.to_owned())),
        Step::Before(mark) => out.push_or_drop(split_once(&text, mark).map(|(rest, _)| rest.to_owned())),
        Step::Json(pointer) => json(&text, pointer, scalars, out),
        Step::JsonKeys(pointer) => json(&text, pointer, keys, out),
        Step::JsonText(pointer) => json(&text, pointer, json_text, out),
        Step::Where(condition) => out.push_or_drop((holds(&text, condition) == Some(true)).then_some(text)),
        Step::Unless(condition) => match holds(&text, condition) {
            Some(true) => {}
            Some(false) => out.push(text),
            None => out.dropped = true,
        },
        Step::HtmlText => out.push(html_text(&text)),
    }
}

/// RFC 3986 §2.1. A `%` that starts no escape stays, as browsers have it.
fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some((byte, length)) = percent_decode_at(text.as_bytes(), at) {
        bytes.push(byte);
        at += length;
    }
    String::from_utf8(bytes).ok()
}

/// The byte that is meant at this place, and how many it is written with; `None` at the
/// end.
pub(crate) fn percent_decode_at(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let hex = |at: usize| text.get(at).and_then(|c| (*c as char).to_digit(16));
    let first = *text.get(at)?;
    Some(match (first, hex(at + 1), hex(at + 2)) {
        (b'%', Some(high), Some(low)) => ((high * 16 + low) as u8, 3),
        _ => (first, 1),
    })
}

fn base64_decode(text: &str) -> Option<String> {
    // Into the alphabet for which the extension has a decoder anyway.
    let url: String = text
        .trim_end_matches('=')
        .chars()
        .map(|c| match c {
            '+' => '-',
            '/' => '_',
            c => c,
        })
        .collect();
    String::from_utf8(Base64UrlUnpadded::decode_vec(&url).ok()?).ok()
}

/// The middle one of a token's three parts (RFC 7519 §3).
fn jwt_claims(token: &str) -> Option<String> {
    let mut parts = token.split('.');
    let (_header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then(|| base64_decode(claims)).flatten()
}

/// Parses, walks to the pointer, and takes `what` is there.
fn json(text: &str, pointer: &str, take: fn(&Value, &mut Values), out: &mut Values) {
    match Value::read(text.as_bytes()) {
        Ok(value) => walk(&value, pointer, take, out),
        Err(_) => out.dropped = true,
    }
}

/// Follows one reference token of the pointer after the other (RFC 6901 §4).
fn walk(value: &Value, pointer: &str, take: fn(&Value, &mut Values), out: &mut Values) {
    let Some(rest) = pointer.strip_prefix('/') else {
        // The whole value at the end; a pointer that does not start with a
        // slash leads nowhere.
        return if pointer.is_empty() {
            take(value, out)
        } else {
            out.dropped = true
        };
    };
    let (token, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match (value, token) {
        (Value::Array(items), "*") => items.iter().for_each(|item| walk(item, rest, take, out)),
        (Value::Object(members), "*") => members.iter().for_each(|(_, item)| walk(item, rest, take, out)),
        _ => match member(value, token) {
            Some(item) => walk(item, rest, take, out),
            None => out.dropped = true,
        },
    }
}

fn member<'v>(value: &'v Value, token: &str) -> Option<&'v Value> {
    match value {
        Value::Object(_) => value.member(&unescape(token)),
        Value::Array(items) => token.parse::<usize>().ok().and_then(|index| items.get(index)),
        _ => None,
    }
}

/// RFC 6901 §3. A `~` that starts no escape stays.
fn unescape(token: &str) -> String {
    let mut name = String::with_capacity(token.len());
    let mut escape = false;
    for c in token.chars() {
        let meant = match (escape, c) {
            (true, '0') => '~',
            (true, '1') => '/',
            _ => c,
        };
        if escape && meant == c {
            name.push('~');
        }
        escape = c == '~';
        if !escape {
            name.push(meant);
        }
    }
    if escape {
        name.push('~');
    }
    name
}

fn scalars(value: &Value, out: &mut Values) {
    match value {
        Value::String(text) => out.push(text.clone()),
        // A number with a fraction is no identity, and one beyond 64 bits would
        // be rounded: two accounts might become one.
        Value::Integer(number) => out.push(number.clone()),
        Value::Bool(truth) => out.push(truth.to_string()),
        Value::Real(_) | Value::Null | Value::Array(_) | Value::Object(_) => out.dropped = true,
    }
}

fn keys(value: &Value, out: &mut Values) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, _)| out.push(key.clone())),
        _ => out.dropped = true,
    }
}

fn json_text(value: &Value, out: &mut Values) {
    let mut text = String::new();
    write_json(value, &mut text);
    out.push(text);
}

/// No longer than what was read. Numbers that are no identity (see [`scalars`]) become
/// the shortest of them.
fn write_json(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Real(_) => text.push_str("-0"),
        Value::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
        Value::Integer(number) => text.push_str(number),
        Value::String(string) => write_json_string(string, text),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_json(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (index, (name, item)) in members.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_json_string(name, text);
                text.push(':');
                write_json(item, text);
            }
            text.push('}');
        }
    }
}

/// RFC 8259 §7.
fn write_json_string(string: &str, text: &mut String) {
    text.push('"');
    for c in string.chars() {
        let short = match c {
            '"' | '\\' => c,
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{c}' => 'f',
            '\r' => 'r',
            c if c < ' ' => {
                text.push_str(if c < '\u{10}' { "\\u000" } else { "\\u001" });
                text.extend(char::from_digit(c as u32 & 15, 16));
                continue;
            }
            c => {
                text.push(c);
                continue;
            }
        };
        text.push('\\');
        text.push(short);
    }
    text.push('"');
}

/// Whether the JSON text has the value at the pointer, or one of those that are there.
/// `None`: it is no JSON, or this no `/pointer=value`.
fn holds(text: &str, condition: &str) -> Option<bool> {
    let (pointer, wanted) = split_once(condition, "=")?;
    let mut found = Values::default();
    json(text, pointer, scalars, &mut found);
    // What is not there is dropped as well, so the text is looked at once more.
    let is_json = !found.dropped || Value::read(text.as_bytes()).is_ok();
    is_json.then(|| found.texts.iter().any(|text| text == wanted))
}

/// Tags and comments go, then entities are decoded (so that a decoded `<` is
/// text), then white space is folded.
fn html_text(html: &str) -> String {
    let mut plain = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        plain.push_str(&rest[..at]);
        rest = match after_tag(&rest[at..]) {
            Some(after) => after,
            None => {
                plain.push('<');
                &rest[at + 1..]
            }
        };
    }
    plain.push_str(rest);
    let decoded = decode_entities(&plain);
    let mut folded = String::with_capacity(decoded.len());
    for word in decoded.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded
}

/// What follows the tag or comment that starts here; `None` if none starts here.
/// One that does not end takes everything, as browsers have it.
fn after_tag(html: &str) -> Option<&str> {
    if let Some(comment) = html.strip_prefix("<!--") {
        return Some(split_once(comment, "-->").map_or("", |(_, rest)| rest));
    }
    let starts = html[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
    if !starts {
        return None;
    }
    let mut quote = None;
    for (at, c) in html.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(&html[at + 1..]),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    Some("")
}

fn decode_entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match entity(rest) {
            Some((c, after)) => {
                out.push(c);
                rest = after;
            }
            None => out.push('&'),
        }
    }
    out.push_str(rest);
    out
}

/// The character of the entity whose name starts here, and what follows it.
fn entity(text: &str) -> Option<(char, &str)> {
    // The longest is `#x10ffff`; looking no further keeps this linear.
    let end = text.bytes().take(10).position(|c| c == b';')?;
    let c = match &text[..end] {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        name => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((c, &text[end + 1..]))
}

#[cfg(test)]
#[path = "steps_tests.rs"]
mod tests;
