//! Netscape's `cookies.txt`, with the `#HttpOnly_` prefix that curl introduced.

use ferry_protocol::UnixMillis;
use ferry_protocol::jar::{Cookie, Jar};
use url::Url;
use zeroize::Zeroizing;

use crate::domains::same_site;

const HEADING: &str =
    "# Netscape HTTP Cookie File\n# Exported by Ferry. Whoever has this file is signed in.\n\n";

/// A jar as `cookies.txt`, and the names of the cookies that it has no form for.
///
/// The format knows no partitions. A cookie that a browser sends when its own site
/// is visited is written as an ordinary one; one that belongs in a frame of another
/// site is left out. `SameSite` is not written: the programs that read the file do
/// not look at it.
pub fn cookies_txt(jar: &Jar, now: UnixMillis) -> (Zeroizing<String>, Vec<String>) {
    let alive = jar
        .cookies
        .iter()
        .filter(|c| c.expires.is_none_or(|at| at * 1000.0 > now.0 as f64));
    let (written, left_out): (Vec<_>, Vec<_>) = alive.partition(|cookie| has_form(cookie));
    // Room for all from the start: a text that grows leaves copies behind.
    let len = written.iter().map(|cookie| len(cookie)).sum::<usize>();
    let mut text = Zeroizing::new(String::with_capacity(HEADING.len() + len));
    text.push_str(HEADING);
    for cookie in written {
        push(&mut text, cookie);
    }
    (
        text,
        left_out.into_iter().map(|cookie| cookie.name.clone()).collect(),
    )
}

fn has_form(cookie: &Cookie) -> bool {
    let plain = |text: &str| !text.contains(|c: char| c.is_control());
    let sent_to_its_own_site = cookie.partition.as_ref().is_none_or(|partition| {
        let top = Url::parse(&partition.top_level_site).ok();
        let top = top.as_ref().and_then(Url::host_str).unwrap_or_default();
        partition.has_cross_site_ancestor != Some(true) && same_site(top, &cookie.domain)
    });
    !cookie.name.is_empty()
        && plain(&cookie.name)
        && plain(&cookie.value)
        && plain(&cookie.path)
        && sent_to_its_own_site
}

/// Fields: domain, whether hosts below it get it, path, secure, expiry (seconds; 0:
/// with the session), name, value.
fn push(text: &mut String, cookie: &Cookie) {
    let flag = |on: bool| if on { "TRUE" } else { "FALSE" };
    let expires = cookie.expires.map_or(0, |at| at as i64).to_string();
    if cookie.http_only {
        text.push_str("#HttpOnly_");
    }
    if !cookie.host_only {
        text.push('.');
    }
    let fields = [
        cookie.domain.as_str(),
        flag(!cookie.host_only),
        &cookie.path,
        flag(cookie.secure),
        &expires,
        &cookie.name,
        &cookie.value,
    ];
    for (number, field) in fields.into_iter().enumerate() {
        if number > 0 {
            text.push('\t');
        }
        text.push_str(field);
    }
    text.push('\n');
}

/// At least the length of a cookie's line.
fn len(cookie: &Cookie) -> usize {
    let fixed = "#HttpOnly_.FALSE\t\tFALSE\t-9223372036854775808\t\t\t\n".len();
    fixed + cookie.domain.len() + cookie.path.len() + cookie.name.len() + cookie.value.len()
}

#[cfg(test)]
mod tests {
    use ferry_protocol::jar::Partition;

    use super::*;
    use crate::fixtures::{NOW, cookie};

    #[test]
    fn every_field_in_its_place() {
        let host_only = cookie("sid", "a=b; c");
        let mut domain = cookie("pref", "");
        (domain.host_only, domain.http_only, domain.secure) = (false, false, false);
        (domain.path, domain.expires) = ("/a".to_owned(), Some(1_900_000_000.9));
        let mut expired = cookie("old", "v");
        expired.expires = Some(1.0);
        let (text, left_out) = cookies_txt(
            &Jar {
                cookies: vec![host_only, domain, expired],
                storage: Vec::new(),
            },
            NOW,
        );
        let lines = "#HttpOnly_app.test\tFALSE\t/\tTRUE\t0\tsid\ta=b; c\n\
                     .app.test\tTRUE\t/a\tFALSE\t1900000000\tpref\t\n";
        assert_eq!(text.strip_prefix(HEADING), Some(lines));
        assert!(left_out.is_empty());
    }

    #[test]
    fn what_has_no_form_is_left_out_and_named() {
        let partitioned = |name: &str, site: &str, ancestor: bool| {
            let mut cookie = cookie(name, "v");
            cookie.partition = Some(Partition {
                top_level_site: site.to_owned(),
                has_cross_site_ancestor: Some(ancestor),
            });
            cookie
        };
        let jar = Jar {
            cookies: vec![
                cookie("line", "a\nb"),
                cookie("tab", "a\tb"),
                cookie("", "nameless"),
                partitioned("own", "https://app.test", false),
                partitioned("framed", "https://app.test", true),
                partitioned("foreign", "https://other.test", false),
            ],
            storage: Vec::new(),
        };
        let (text, left_out) = cookies_txt(&jar, NOW);
        assert_eq!(left_out, ["line", "tab", "", "framed", "foreign"]);
        assert_eq!(text.matches("\tv\n").count(), 1);
        assert!(text.contains("\town\tv\n"));
    }
}
