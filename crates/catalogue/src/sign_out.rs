//! Where one of several identities is signed out: the address that the app's definition
//! has for it, with the identity filled in. Pure and total.
//!
//! The identity is text out of a session, an attacker's: whatever it is, only its own
//! place in the address changes.

use crate::App;
use crate::steps::percent_decode_at;
use crate::text::split_once;

/// What stands for the identity, once.
const PLACE: &str = "{identity}";

impl App {
    /// The page on which this identity alone is signed out. `None` if the app has no such
    /// page, or if the identity cannot stand in its address: as a part of the path, `..`
    /// would lead to another page however it is written, and some servers take an
    /// encoded slash for one.
    pub fn sign_out_page_of(&self, identity: &str) -> Option<String> {
        let (before, after) = parts(self.sign_out_of.as_deref()?)?;
        if identity.is_empty() {
            return None;
        }
        let mut page = String::from(before);
        for byte in identity.bytes() {
            // All but the unreserved characters (RFC 3986 §2.3).
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                page.push(char::from(byte));
            } else {
                page.push('%');
                for digit in [byte >> 4, byte & 15] {
                    page.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
                }
            }
        }
        page.push_str(after);
        let is_in_path = !before.contains('?');
        let leads_on = is_in_path && (identity.contains(['/', '\\']) || climbs(&page));
        (!leads_on).then_some(page)
    }
}

/// What stands before the identity and after it: there is one place for it, behind the
/// host of an `https` address, and not in the fragment.
pub(crate) fn parts(page: &str) -> Option<(&str, &str)> {
    let (before, after) = split_once(page, PLACE)?;
    let is_behind_host = before.strip_prefix("https://")?.contains(['/', '?']);
    let is_once = split_once(after, PLACE).is_none();
    (is_behind_host && is_once && !before.contains('#')).then_some((before, after))
}

/// Whether a browser takes a part of the path for `.` or `..`: these lead to another page,
/// and may be written with `%2e` for a dot (URL Standard §4.1).
pub(crate) fn climbs(page: &str) -> bool {
    page.split(['/', '?', '#']).any(|part| {
        let (mut at, mut dots) = (0, 0);
        while let Some((byte, length)) = percent_decode_at(part.as_bytes(), at) {
            if byte != b'.' {
                return false;
            }
            dots += 1;
            at += length;
        }
        dots == 1 || dots == 2
    })
}

#[cfg(test)]
#[path = "sign_out_tests.rs"]
mod tests;
