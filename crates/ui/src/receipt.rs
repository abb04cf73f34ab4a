//! What became of a session in the cloud: read, sealed, restored, refused.

use ferry_protocol::api::{
    MAX_REFUSED_COOKIES, MAX_REFUSED_ENTRIES, Receipt, RefusedCookie, RefusedEntry, StorageReceipt,
};

use crate::dom::{El, html};
use crate::page::fact;
use crate::session::refused;
use crate::text::{self, count, sign_in_entries};

/// How many cookies and sign-in entries came through, which did not, and why. What there
/// was none of is not named.
pub fn receipt(receipt: Receipt) -> El {
    let (of_cookies, of_entries) = (of_cookies(&receipt), entries(&receipt.storage));
    let nothing = of_cookies.is_empty() && of_entries.is_none();
    let line = |words: String| html::p().child(words);
    let n = receipt.sealed.saturating_sub(receipt.restored);
    let cookies = receipt.refused.into_iter().take(MAX_REFUSED_COOKIES).map(cookie);
    let cookies = list(n, count(n.into(), "cookie", "cookies"), cookies.collect());
    let storage = receipt.storage;
    let n = storage.sealed.saturating_sub(storage.restored);
    let stored = storage.refused.into_iter().take(MAX_REFUSED_ENTRIES).map(entry);
    let stored = list(n, sign_in_entries(n.into()), stored.collect());
    fact(
        "Receipt",
        html::div().class("receipt").test("receipt").child((
            nothing.then(|| line("nothing was restored".to_owned())),
            of_cookies.into_iter().map(line).collect::<Vec<_>>(),
            cookies,
            of_entries.map(line),
            stored,
        )),
    )
}

/// What there was of cookies, and what became of them.
fn of_cookies(receipt: &Receipt) -> Vec<String> {
    [
        cookies(receipt),
        shortened(receipt),
        left_out(receipt),
        cut(receipt),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What became of the cookies.
fn cookies(receipt: &Receipt) -> Option<String> {
    let Receipt {
        read,
        sealed,
        restored,
        ..
    } = *receipt;
    let n = |n: u32| count(n.into(), "cookie", "cookies");
    Some(match (read, sealed == restored) {
        (0, true) if sealed == 0 => return None,
        // Workers of before did not say how many were read.
        (0, true) => format!("all {} restored", n(sealed)),
        (0, false) => format!("{restored} of {} restored", n(sealed)),
        (_, true) if read == sealed => format!("{} read, sealed and restored", n(read)),
        _ => format!("{} read, {sealed} sealed, {restored} restored", n(read)),
    })
}

/// Those that live less long than they did.
fn shortened(receipt: &Receipt) -> Option<String> {
    let n = receipt.shortened;
    (n > 0).then(|| {
        let end = if n == 1 { "ends" } else { "end" };
        format!(
            "{} {end} sooner than on the device: the cloud’s browser keeps none for more than 400 days",
            count(n.into(), "cookie", "cookies")
        )
    })
}

/// Those that were read and not sealed.
fn left_out(receipt: &Receipt) -> Option<String> {
    let n = receipt.read.saturating_sub(receipt.sealed);
    (n > 0).then(|| {
        let why = if n == 1 { "it belongs" } else { "they belong" };
        format!("{n} left out on the device: {why} to others who are signed in there")
    })
}

/// Those that were sealed without a part of them.
fn cut(receipt: &Receipt) -> Option<String> {
    let n = receipt.cut;
    (n > 0).then(|| {
        let (cookies, them) = (
            count(n.into(), "cookie", "cookies"),
            if n == 1 { "it" } else { "them" },
        );
        format!("{cookies} cut on the device: a part of {them} belongs to others who are signed in there")
    })
}

/// What became of the sign-in entries. The device seals each that it reads.
fn entries(storage: &StorageReceipt) -> Option<String> {
    let StorageReceipt { sealed, restored, .. } = *storage;
    (sealed > 0).then(|| {
        let all = sign_in_entries(sealed.into());
        if sealed == restored {
            format!("{all} read, sealed and restored")
        } else {
            format!("{all} read, {sealed} sealed, {restored} restored")
        }
    })
}

/// Those that were refused, to be opened. Not all of them are named here.
fn list(n: u32, what: String, mut rows: Vec<El>) -> Option<El> {
    (n > 0).then(|| {
        let more = u64::from(n).saturating_sub(rows.len() as u64);
        if more > 0 {
            rows.push(html::li().child(format!("{more} more; the worker’s log names up to 1,000")));
        }
        html::details().class("refused").child((
            html::summary().child(format!("{what} refused")),
            html::ul().child(rows),
        ))
    })
}

fn cookie(cookie: RefusedCookie) -> El {
    html::li().child((
        html::span().class("mono").child(text::name(&cookie.name)),
        " at ",
        text::name(&cookie.domain),
        ": ",
        refused(cookie.reason),
    ))
}

fn entry(entry: RefusedEntry) -> El {
    html::li().child((
        html::bdi().class("mono").child(text::entry(&entry.entry)),
        ": ",
        refused(entry.reason),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(read: u32, sealed: u32, restored: u32) -> Receipt {
        Receipt {
            read,
            sealed,
            restored,
            ..Receipt::default()
        }
    }

    #[test]
    fn what_was_lost_on_the_way_can_be_seen() {
        for (receipt, words) in [
            (of(23, 23, 23), "23 cookies read, sealed and restored"),
            (of(1, 1, 1), "1 cookie read, sealed and restored"),
            (of(27, 23, 23), "27 cookies read, 23 sealed, 23 restored"),
            (of(23, 23, 21), "23 cookies read, 23 sealed, 21 restored"),
            (of(0, 23, 23), "all 23 cookies restored"),
            (of(0, 23, 21), "21 of 23 cookies restored"),
        ] {
            assert_eq!(of_cookies(&receipt)[0], words);
        }
    }

    #[test]
    fn what_ends_sooner_is_counted() {
        let of = |shortened| Receipt {
            shortened,
            ..of(4, 4, 4)
        };
        assert_eq!(of_cookies(&of(0)).len(), 1);
        for (n, words) in [(1, "1 cookie ends sooner"), (2, "2 cookies end sooner")] {
            let why = "than on the device: the cloud’s browser keeps none for more than 400 days";
            assert_eq!(of_cookies(&of(n))[1], format!("{words} {why}"));
        }
    }

    #[test]
    fn what_stayed_on_the_device_is_said_to_belong_to_others() {
        assert_eq!(left_out(&of(23, 23, 21)), None);
        assert_eq!(left_out(&of(0, 23, 21)), None);
        assert_eq!(
            left_out(&of(27, 23, 23)).as_deref(),
            Some("4 left out on the device: they belong to others who are signed in there")
        );
    }

    #[test]
    fn what_was_cut_out_of_a_list_is_counted() {
        let of = |cut| Receipt { cut, ..of(4, 4, 4) };
        let shared =
            |of: &str| format!("on the device: a part of {of} belongs to others who are signed in there");
        assert_eq!(of_cookies(&of(0)).len(), 1);
        assert_eq!(of_cookies(&of(1))[1], format!("1 cookie cut {}", shared("it")));
        assert_eq!(of_cookies(&of(2))[1], format!("2 cookies cut {}", shared("them")));
    }

    #[test]
    fn of_no_cookies_nothing_is_said() {
        assert!(of_cookies(&of(0, 0, 0)).is_empty());
    }

    #[test]
    fn sign_in_entries_are_counted_where_there_are_any() {
        let of = |sealed, restored| StorageReceipt {
            sealed,
            restored,
            refused: Vec::new(),
        };
        assert_eq!(entries(&of(0, 0)), None);
        assert_eq!(
            entries(&of(1, 1)).as_deref(),
            Some("1 sign-in entry read, sealed and restored")
        );
        assert_eq!(
            entries(&of(2, 1)).as_deref(),
            Some("2 sign-in entries read, 2 sealed, 1 restored")
        );
    }
}
