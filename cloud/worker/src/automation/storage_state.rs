//! Playwright's `storageState`.

use ferry_protocol::UnixMillis;
use ferry_protocol::jar::{Cookie, Jar, SameSite, StorageEntry};
use serde::Serialize;
use zeroize::Zeroizing;

/// The file as a whole. Private, and borrowed: a jar has no other written form
/// than what the functions here return.
#[derive(Serialize)]
struct StorageState<'a> {
    cookies: Vec<StateCookie<'a>>,
    origins: Vec<StateOrigin<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StateOrigin<'a> {
    origin: &'a str,
    local_storage: Vec<StateEntry<'a>>,
}

#[derive(Serialize)]
struct StateEntry<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StateCookie<'a> {
    name: &'a str,
    value: &'a str,
    /// With a leading dot unless host-only.
    domain: String,
    path: &'a str,
    /// Seconds since 1970; -1: ends with the browser session.
    expires: f64,
    http_only: bool,
    secure: bool,
    same_site: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition_key: Option<&'a str>,
    /// Playwright's own name for the partition key's ancestor bit; it takes `true`
    /// where it is absent.
    #[serde(rename = "_crHasCrossSiteAncestor", skip_serializing_if = "Option::is_none")]
    has_cross_site_ancestor: Option<bool>,
}

/// A jar as Playwright's `storageState`, without the cookies that have expired.
///
/// The format has no unspecified `SameSite`; `Lax` stands for it, as in the files
/// that Playwright itself writes.
pub fn storage_state(jar: &Jar, now: UnixMillis) -> Zeroizing<String> {
    let alive = jar
        .cookies
        .iter()
        .filter(|c| c.expires.is_none_or(|at| at * 1000.0 > now.0 as f64));
    let state = StorageState {
        cookies: alive.map(StateCookie::from).collect(),
        origins: origins(&jar.storage),
    };
    #[expect(
        clippy::expect_used,
        reason = "strings, numbers and booleans always serialise"
    )]
    let mut text = serde_json::to_string_pretty(&state).expect("serialisable");
    text.push('\n');
    Zeroizing::new(text)
}

/// Whether an entry is a store of a database, for which the format has no form that all its
/// readers know.
pub(super) fn is_database(entry: &StorageEntry) -> bool {
    entry.name.starts_with("indexeddb:")
}

fn origins(entries: &[StorageEntry]) -> Vec<StateOrigin<'_>> {
    let mut origins: Vec<StateOrigin<'_>> = Vec::new();
    for StorageEntry { origin, name, value } in entries.iter().filter(|entry| !is_database(entry)) {
        let entry = StateEntry { name, value };
        match origins.iter_mut().find(|known| known.origin == origin) {
            Some(known) => known.local_storage.push(entry),
            None => origins.push(StateOrigin {
                origin,
                local_storage: vec![entry],
            }),
        }
    }
    origins
}

impl<'a> From<&'a Cookie> for StateCookie<'a> {
    fn from(cookie: &'a Cookie) -> Self {
        let dot = if cookie.host_only { "" } else { "." };
        let partition = cookie.partition.as_ref();
        Self {
            name: &cookie.name,
            value: &cookie.value,
            domain: format!("{dot}{}", cookie.domain),
            path: &cookie.path,
            expires: cookie.expires.unwrap_or(-1.0),
            http_only: cookie.http_only,
            secure: cookie.secure,
            same_site: match cookie.same_site {
                SameSite::Unspecified | SameSite::Lax => "Lax",
                SameSite::None => "None",
                SameSite::Strict => "Strict",
            },
            partition_key: partition.map(|partition| partition.top_level_site.as_str()),
            has_cross_site_ancestor: partition.and_then(|partition| partition.has_cross_site_ancestor),
        }
    }
}

#[cfg(test)]
mod tests {
    use ferry_protocol::jar::Partition;

    use super::*;
    use crate::fixtures::{NOW, cookie};

    #[test]
    fn playwrights_form() {
        let mut partitioned = cookie("p", "v\"");
        partitioned.host_only = false;
        partitioned.http_only = false;
        partitioned.expires = Some(1_900_000_000.5);
        partitioned.same_site = SameSite::None;
        partitioned.partition = Some(Partition {
            top_level_site: "https://app.test".to_owned(),
            has_cross_site_ancestor: Some(false),
        });
        let mut expired = cookie("old", "v");
        expired.expires = Some(NOW.0 as f64 / 1000.0);
        let jar = Jar {
            cookies: vec![cookie("sid", ""), partitioned, expired],
            storage: [
                ("https://a.test", "t", "\""),
                ("https://b.test", "", ""),
                ("https://a.test", "u", "2"),
            ]
            .map(|(origin, name, value)| StorageEntry {
                origin: origin.to_owned(),
                name: name.to_owned(),
                value: value.to_owned(),
            })
            .into(),
        };
        let state: serde_json::Value = serde_json::from_str(&storage_state(&jar, NOW)).unwrap();
        let expected = serde_json::json!({
            "cookies": [
                {
                    "name": "sid", "value": "", "domain": "app.test", "path": "/", "expires": -1.0,
                    "httpOnly": true, "secure": true, "sameSite": "Lax",
                },
                {
                    "name": "p", "value": "v\"", "domain": ".app.test", "path": "/", "expires": 1_900_000_000.5,
                    "httpOnly": false, "secure": true, "sameSite": "None",
                    "partitionKey": "https://app.test", "_crHasCrossSiteAncestor": false,
                },
            ],
            "origins": [
                { "origin": "https://a.test", "localStorage": [
                    { "name": "t", "value": "\"" }, { "name": "u", "value": "2" },
                ] },
                { "origin": "https://b.test", "localStorage": [{ "name": "", "value": "" }] },
            ],
        });
        assert_eq!(state, expected);
    }
}
