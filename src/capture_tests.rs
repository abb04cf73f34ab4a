use ferry_protocol::jar::{Cookie, Jar, Partition, SameSite};

use super::*;
use crate::testing::app;

/// The jar of cookies written as the browser gives them; each is the given
/// members over those of a plain cookie.
fn jar(cookies: &[&str]) -> Jar {
    let whole = cookies.iter().map(|members| {
        let plain = r#"{"name":"n","value":"v","domain":"notes.example","hostOnly":true,"path":"/",
            "secure":false,"httpOnly":false,"sameSite":"unspecified","session":true,"storeId":"0"}"#;
        let mut cookie: serde_json::Value = serde_json::from_str(plain).unwrap();
        let members: serde_json::Value = serde_json::from_str(members).unwrap();
        cookie
            .as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        serde_json::from_value(cookie).unwrap()
    });
    Jar {
        cookies: own(&app(), whole.collect()),
        storage: Vec::new(),
    }
}

fn only(members: &str) -> Cookie {
    let jar = jar(&[members]);
    assert_eq!(jar.cookies.len(), 1, "{members}");
    jar.cookies[0].clone()
}

#[test]
fn a_cookie_is_kept_with_everything_it_has() {
    let cookie = only(
        r#"{"name":"sid","value":"s3","domain":".Login.Notes.Example","hostOnly":false,"path":"/a",
            "secure":true,"httpOnly":true,"sameSite":"strict","session":false,"expirationDate":1900000000.5}"#,
    );
    assert_eq!((cookie.name.as_str(), cookie.value.as_str()), ("sid", "s3"));
    assert_eq!(
        (cookie.domain.as_str(), cookie.host_only),
        ("login.notes.example", false)
    );
    assert_eq!(
        (cookie.path.as_str(), cookie.secure, cookie.http_only),
        ("/a", true, true)
    );
    assert_eq!(
        (cookie.same_site, cookie.expires),
        (SameSite::Strict, Some(1_900_000_000.5))
    );
    assert!(cookie.partition.is_none());
}

#[test]
fn same_site_has_four_values() {
    for (given, same_site) in [
        ("unspecified", SameSite::Unspecified),
        ("no_restriction", SameSite::None),
        ("lax", SameSite::Lax),
        ("strict", SameSite::Strict),
    ] {
        assert_eq!(only(&format!(r#"{{"sameSite":"{given}"}}"#)).same_site, same_site);
    }
}

#[test]
fn session_cookies_have_no_expiry_and_names_may_be_empty() {
    let cookie = only(r#"{"name":"","value":"","session":true,"expirationDate":1900000000}"#);
    assert_eq!(
        (cookie.name.as_str(), cookie.value.as_str(), cookie.expires),
        ("", "", None)
    );
}

#[test]
fn partitions_keep_their_ancestor_bit() {
    let partition = |members: &str| only(members).partition.clone();
    let of = |site: &str, ancestor| {
        Some(Partition {
            top_level_site: site.to_owned(),
            has_cross_site_ancestor: ancestor,
        })
    };
    for (bit, ancestor) in [("true", Some(true)), ("false", Some(false))] {
        let members = format!(
            r#"{{"partitionKey":{{"topLevelSite":"https://top.example","hasCrossSiteAncestor":{bit}}}}}"#
        );
        assert_eq!(partition(&members), of("https://top.example", ancestor));
    }
    assert_eq!(
        partition(r#"{"partitionKey":{"topLevelSite":"https://top.example"}}"#),
        of("https://top.example", None)
    );
    for none in [
        r#"{"partitionKey":{}}"#,
        r#"{"partitionKey":{"topLevelSite":""}}"#,
        r#"{"partitionKey":null}"#,
    ] {
        assert_eq!(partition(none), None, "{none}");
    }
}

#[test]
fn first_party_isolation_keeps_what_was_set_elsewhere_apart() {
    for (party, site) in [
        ("", None),
        ("notes.example", None),
        ("example", None),
        ("top.example", Some("https://top.example")),
        ("otes.example", Some("https://otes.example")),
    ] {
        let cookie = only(&format!(r#"{{"firstPartyDomain":"{party}"}}"#));
        assert_eq!(
            cookie
                .partition
                .clone()
                .map(|partition| partition.top_level_site)
                .as_deref(),
            site,
            "{party:?}"
        );
    }
}

#[test]
fn cookies_that_differ_in_any_part_of_their_key_are_all_kept() {
    let different = [
        r#"{"name":"a"}"#,
        r#"{"name":"b"}"#,
        r#"{"name":"a","path":"/x"}"#,
        r#"{"name":"a","hostOnly":false,"domain":".notes.example"}"#,
        r#"{"name":"a","domain":"www.notes.example"}"#,
        r#"{"name":"a","partitionKey":{"topLevelSite":"https://top.example","hasCrossSiteAncestor":true}}"#,
        r#"{"name":"a","partitionKey":{"topLevelSite":"https://top.example","hasCrossSiteAncestor":false}}"#,
    ];
    assert_eq!(jar(&different).cookies.len(), different.len());
}

#[test]
fn foreign_domains_are_left_out() {
    for domain in [
        "evil.example",
        "badnotes.example",
        "example",
        "notes.example.evil.test",
    ] {
        assert!(
            jar(&[&format!(r#"{{"domain":"{domain}"}}"#)]).cookies.is_empty(),
            "{domain}"
        );
    }
}

#[test]
fn kinds_are_counted() {
    let counts = count(&jar(&[
        r#"{"name":"a","httpOnly":true}"#,
        r#"{"name":"b","session":false,"expirationDate":1900000000,"hostOnly":false,"domain":".notes.example"}"#,
        r#"{"name":"c","partitionKey":{"topLevelSite":"https://top.example"}}"#,
    ]));
    let expected = CookieCounts {
        total: 3,
        session_only: 2,
        http_only: 1,
        host_only: 2,
        partitioned: 1,
    };
    assert_eq!(counts, expected);
}
