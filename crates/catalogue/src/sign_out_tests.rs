//! Whatever the identity is, only its own place in the address changes.

use super::*;
use crate::{AppError, Fault};

fn app(page: &str) -> App {
    let text = r#"
        id = "app"
        name = "App"
        domains = ["example.com"]
        sign_in = "https://example.com/in"
        check = "https://example.com/home"
    "#;
    let mut app: App = toml::from_str(text).unwrap();
    app.sign_out_of = Some(page.to_owned());
    app
}

fn page_of(page: &str, identity: &str) -> Option<String> {
    let app = app(page);
    assert_eq!(app.validate(), Ok(()), "{page}");
    app.sign_out_page_of(identity)
}

const QUERY: &str = "https://example.com/out?user={identity}&now=1#top";
const PATH: &str = "https://www.example.com:8443/out/{identity}/now?really";

#[test]
fn an_identity_is_filled_in() {
    for (identity, filled) in [
        ("alice", "alice"),
        ("Alice-1_b.c~d", "Alice-1_b.c~d"),
        ("alice@example.org", "alice%40example.org"),
        ("Zo\u{eb} \u{5d0}", "Zo%C3%AB%20%D7%90"),
        ("a&b=c#d?e", "a%26b%3Dc%23d%3Fe"),
        ("100%", "100%25"),
        ("%2e%2e", "%252e%252e"),
        (
            "\"<>`{}|^;:,+'()*!$",
            "%22%3C%3E%60%7B%7D%7C%5E%3B%3A%2C%2B%27%28%29%2A%21%24",
        ),
        ("a\tb\nc\0\u{7f}", "a%09b%0Ac%00%7F"),
        ("{identity}", "%7Bidentity%7D"),
        ("...", "..."),
        ("@evil.test", "%40evil.test"),
    ] {
        let in_query = format!("https://example.com/out?user={filled}&now=1#top");
        assert_eq!(page_of(QUERY, identity), Some(in_query));
        let in_path = format!("https://www.example.com:8443/out/{filled}/now?really");
        assert_eq!(page_of(PATH, identity), Some(in_path));
    }
}

#[test]
fn what_would_lead_elsewhere_is_not_filled_in() {
    for identity in ["", ".", "..", "a/b", "../delete", "a\\b", "/", "\\"] {
        assert_eq!(page_of(PATH, identity), None, "{identity}");
    }
    // Beside a dot of the address, one more is too many.
    for page in [
        "https://example.com/.{identity}",
        "https://example.com/%2e{identity}/x",
        "https://example.com/{identity}%2E",
    ] {
        assert_eq!(page_of(page, "."), None, "{page}");
        assert!(page_of(page, "..").is_some(), "three dots are a name");
        assert!(page_of(page, "a").is_some());
    }
    // In the query, nothing leads on.
    for (identity, filled) in [
        ("..", ".."),
        ("../a", "..%2Fa"),
        ("//evil.test", "%2F%2Fevil.test"),
        ("a\\b", "a%5Cb"),
    ] {
        let in_query = format!("https://example.com/out?user={filled}&now=1#top");
        assert_eq!(page_of(QUERY, identity), Some(in_query));
    }
    assert_eq!(page_of(QUERY, ""), None);
}

#[test]
fn an_app_may_have_no_such_page() {
    let mut app = app(QUERY);
    app.sign_out_of = None;
    assert_eq!(app.sign_out_page_of("alice"), None);
    let json = serde_json::to_string(&app).unwrap();
    assert!(!json.contains("sign_out_of"), "{json}");
}

#[test]
fn the_place_is_one_in_path_or_query() {
    let fault = |page: &str| match app(page).validate() {
        Err(AppError::Field { field, fault }) => {
            assert_eq!(field, "sign_out_of");
            fault
        }
        other => panic!("{page}: {other:?}"),
    };
    for page in [
        "https://example.com/out",
        "http://example.com/out/{identity}",
        "https://{identity}.example.com/out",
        "https://{identity}/out",
        "https://example.com{identity}",
        "https://example.com:{identity}/",
        "https://{identity}@example.com/",
        "{identity}",
        "javascript:{identity}",
        "https://example.com/out#{identity}",
        "https://example.com/{identity}/{identity}",
        "https://example.com/{identity}?again={identity}",
        "https://example.com/{identity}#{identity}",
    ] {
        assert_eq!(fault(page), Fault::NoPlace(page.into()));
        // Not filled in either, if nobody checked the definition.
        assert_eq!(app(page).sign_out_page_of("alice"), None, "{page}");
    }
    assert_eq!(
        fault("https://example.org/{identity}"),
        Fault::Elsewhere("https://example.org/identity".into())
    );
    for (page, address) in [
        (
            "https://example.com/{identity}/{x}",
            "https://example.com/identity/{x}",
        ),
        (
            "https://example.com/../{identity}",
            "https://example.com/../identity",
        ),
        (
            "https://example.com/%2E./{identity}",
            "https://example.com/%2E./identity",
        ),
        (
            "https://user@example.com/{identity}",
            "https://user@example.com/identity",
        ),
        ("https://example.com/ {identity}", "https://example.com/ identity"),
    ] {
        assert_eq!(fault(page), Fault::NotAnAddress(address.into()));
    }
    assert_eq!(fault(""), Fault::Empty);
    let long = format!("https://example.com/{{identity}}{}", "x".repeat(2048));
    assert_eq!(fault(&long), Fault::TooLong(2048));
}

#[test]
fn dots_that_lead_to_another_page() {
    for page in [
        ".", "..", "/.", "a/../b", "%2e", ".%2E", "%2e%2E", "a/%2e", "..?x", "..#x",
    ] {
        assert!(climbs(page), "{page}");
    }
    for page in [
        "",
        "/",
        "a.",
        ".a",
        "...",
        "%2e%2e%2e",
        "%2",
        "%25e",
        "a/b",
        "%2e%2",
    ] {
        assert!(!climbs(page), "{page}");
    }
}
