//! How a session is written into cookies, and read from them. Between them the
//! five have every kind that a transfer has to keep:
//!
//! | Cookie | Scope | Lifetime | SameSite | |
//! |---|---|---|---|---|
//! | `__Host-harbour_sid` | host-only, by its prefix | browser session | Strict | HttpOnly |
//! | `harbour_part` | host-only, partitioned | 30 days | None | HttpOnly |
//! | `harbour_rt` | host-only | 30 days, rotates | Lax | HttpOnly |
//! | `harbour_accounts` | domain | 30 days | Lax | HttpOnly, percent-encoded JSON |
//! | `harbour_active` | host-only | browser session | not said | seen by scripts |

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::sessions::{Account, Jar, Refusal};

/// Names the session.
pub const SESSION: &str = "__Host-harbour_sid";
/// The partitioned half of the session's name.
pub const PARTITIONED: &str = "harbour_part";
/// The token that rotates at each visit of `/account`.
pub const ROTATING: &str = "harbour_rt";
/// All signed-in identities: percent-encoded JSON, `[{"id":"alice","token":"…"}]`.
pub const ACCOUNTS: &str = "harbour_accounts";
/// The identity switched to, in plain text.
pub const ACTIVE: &str = "harbour_active";

const MONTH: &str = "Max-Age=2592000";
const GONE: &str = "Max-Age=0";

/// The domain that the list of accounts is shared with: all but the first label.
pub(crate) fn domain_above(host: &str) -> &str {
    host.split_once('.').map_or(host, |(_, domain)| domain)
}

/// The session's cookies out of a request, the first of each name; the
/// partitioned one may be missing.
pub(crate) fn read(headers: &HeaderMap) -> Result<Jar, Refusal> {
    let get = |name: &'static str| find(headers, name).ok_or(Refusal::Missing(name));
    // The session first: without it, nobody ever signed in.
    let session = get(SESSION)?;
    let accounts = get(ACCOUNTS)?;
    Ok(Jar {
        session,
        partitioned: find(headers, PARTITIONED),
        rotating: get(ROTATING)?,
        active: get(ACTIVE)?,
        accounts: read_accounts(&accounts).ok_or(Refusal::Missing(ACCOUNTS))?,
    })
}

/// The first cookie of this name that has a value.
pub(crate) fn find(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split("; "))
        .filter_map(|pair| pair.split_once('='))
        .find(|(given, value)| *given == name && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

fn read_accounts(value: &str) -> Option<Vec<Account>> {
    let json = percent_decode_str(value).decode_utf8().ok()?;
    serde_json::from_str(&json).ok()
}

fn write_accounts(accounts: &[Account]) -> String {
    // Two strings each: serialising them cannot fail.
    let json = serde_json::to_string(accounts).unwrap_or_default();
    utf8_percent_encode(&json, NON_ALPHANUMERIC).to_string()
}

/// The `Set-Cookie` lines that give a browser all of these.
pub(crate) fn set(jar: &Jar, domain: &str) -> Vec<String> {
    let accounts = write_accounts(&jar.accounts);
    vec![
        format!(
            "{SESSION}={}; Path=/; Secure; HttpOnly; SameSite=Strict",
            jar.session
        ),
        format!(
            "{PARTITIONED}={}; Path=/; {MONTH}; Secure; HttpOnly; SameSite=None; Partitioned",
            jar.partitioned.as_deref().unwrap_or_default()
        ),
        rotate(&jar.rotating),
        format!("{ACCOUNTS}={accounts}; Domain={domain}; Path=/; {MONTH}; Secure; HttpOnly; SameSite=Lax"),
        format!("{ACTIVE}={}; Path=/; Secure", jar.active),
    ]
}

/// The `Set-Cookie` line of a new rotating token.
pub(crate) fn rotate(token: &str) -> String {
    format!("{ROTATING}={token}; Path=/; {MONTH}; Secure; HttpOnly; SameSite=Lax")
}

/// The `Set-Cookie` lines that take them all away.
pub(crate) fn clear(domain: &str) -> [String; 5] {
    [
        format!("{SESSION}=; Path=/; {GONE}; Secure; HttpOnly; SameSite=Strict"),
        format!("{PARTITIONED}=; Path=/; {GONE}; Secure; HttpOnly; SameSite=None; Partitioned"),
        format!("{ROTATING}=; Path=/; {GONE}; Secure; HttpOnly; SameSite=Lax"),
        format!("{ACCOUNTS}=; Domain={domain}; Path=/; {GONE}; Secure; HttpOnly; SameSite=Lax"),
        format!("{ACTIVE}=; Path=/; {GONE}; Secure"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jar() -> Jar {
        Jar {
            session: "s1".into(),
            partitioned: Some("p1".into()),
            rotating: "r1".into(),
            active: "alice".into(),
            accounts: vec![
                Account {
                    id: "alice".into(),
                    token: "t1".into(),
                },
                Account {
                    id: "bob".into(),
                    token: "t2".into(),
                },
            ],
        }
    }

    fn request(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, line.parse().unwrap())).collect()
    }

    #[test]
    fn what_is_set_can_be_read() {
        let lines = set(&jar(), "demo.test");
        let pairs: Vec<_> = lines.iter().map(|line| line.split(';').next().unwrap()).collect();
        let read = read(&request(&[&pairs.join("; ")])).unwrap_or_default();
        assert_eq!(
            (read.session.as_str(), read.partitioned.as_deref()),
            ("s1", Some("p1"))
        );
        assert_eq!((read.rotating.as_str(), read.active.as_str()), ("r1", "alice"));
        assert!(read.accounts == jar().accounts);
    }

    #[test]
    fn each_missing_cookie_is_named() {
        let lines = set(&jar(), "demo.test");
        let pairs: Vec<_> = lines.iter().map(|line| line.split(';').next().unwrap()).collect();
        for (left_out, name) in [SESSION, PARTITIONED, ROTATING, ACCOUNTS, ACTIVE]
            .into_iter()
            .enumerate()
        {
            let others: Vec<_> = pairs
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != left_out)
                .map(|(_, p)| *p)
                .collect();
            let refusal = read(&request(&[&others.join("; ")])).err();
            if name == PARTITIONED {
                assert_eq!(refusal, None, "pages differ in whether they need it");
                continue;
            }
            assert_eq!(refusal, Some(Refusal::Missing(name)));
        }
    }

    #[test]
    fn a_list_that_is_none_is_missing() {
        for value in ["%ff", "alice", "%5B%5D%5D", "%7B%7D"] {
            let line = format!("{SESSION}=s; {PARTITIONED}=p; {ROTATING}=r; {ACTIVE}=a; {ACCOUNTS}={value}");
            assert_eq!(
                read(&request(&[&line])).err(),
                Some(Refusal::Missing(ACCOUNTS)),
                "{value}"
            );
        }
    }

    #[test]
    fn the_kinds_are_all_there() {
        let lines = set(&jar(), "demo.test");
        let having = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
        assert_eq!(having("; Secure"), 5);
        assert_eq!(having("; Partitioned"), 1);
        assert_eq!(having("; Domain=demo.test"), 1);
        assert_eq!(having("; Max-Age=2592000"), 3);
        assert_eq!(having("; HttpOnly"), 4);
        let same_site = ["Strict", "Lax", "None"].map(|form| having(&format!("; SameSite={form}")));
        assert_eq!(same_site, [1, 2, 1], "and one says nothing");
    }
}
