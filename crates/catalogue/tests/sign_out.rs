//! Whatever an identity is: as a browser reads the address, it changes its own place and
//! nothing else.

#![expect(clippy::unwrap_used, reason = "a test")]

use ferry_catalogue::App;
use proptest::prelude::*;
use url::Url;

/// An identity as attackers write it, rather than as people do.
fn identity() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "([./\\\\?#@:&=;%]|%2[eEfF]|%5c|\\.\\.|//|https://|evil\\.test|[\t\n\r\0 ]|[a-z]|\u{202e}|\u{ff0e}|\u{2215}){0,12}",
    ]
}

fn app(page: &str) -> App {
    let app = serde_json::json!({
        "id": "app",
        "name": "App",
        "domains": ["example.com"],
        "sign_in": "https://example.com/in",
        "sign_out_of": page,
        "check": "https://example.com/me",
    });
    App::from_json(&app.to_string()).unwrap()
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .unwrap()
        .into_owned()
}

proptest! {
    #[test]
    fn in_the_query(identity in identity()) {
        let filled = app("https://www.example.com:8443/a/b?x=1&who={identity}&y=2#top").sign_out_page_of(&identity);
        prop_assert_eq!(filled.is_none(), identity.is_empty());
        let Some(filled) = filled else { return Ok(()) };
        let url = Url::parse(&filled).unwrap();
        // A browser changes nothing of it.
        prop_assert_eq!(url.as_str(), &filled);
        prop_assert_eq!(&url[..url::Position::AfterPath], "https://www.example.com:8443/a/b");
        prop_assert_eq!(url.fragment(), Some("top"));
        let pairs: Vec<_> = url.query().unwrap().split('&').map(|pair| pair.split_once('=').unwrap()).collect();
        prop_assert_eq!(pairs.len(), 3);
        prop_assert_eq!((pairs[0], pairs[1].0, pairs[2]), (("x", "1"), "who", ("y", "2")));
        prop_assert_eq!(decoded(pairs[1].1), identity);
    }

    #[test]
    fn in_the_path(identity in identity(), start in "[a.]{0,2}|%2e", end in "[a.]{0,2}|%2E") {
        let page = format!("https://www.example.com:8443/a/{start}{{identity}}{end}/b?x=1#top");
        let Some(filled) = app(&page).sign_out_page_of(&identity) else {
            let plain = identity.chars().any(char::is_alphanumeric) && !identity.contains(['/', '\\']);
            prop_assert!(!plain, "{:?}", identity);
            return Ok(());
        };
        let url = Url::parse(&filled).unwrap();
        prop_assert_eq!(url.as_str(), &filled);
        prop_assert_eq!(url.origin().ascii_serialization(), "https://www.example.com:8443");
        prop_assert_eq!((url.query(), url.fragment()), (Some("x=1"), Some("top")));
        let parts: Vec<_> = url.path_segments().unwrap().collect();
        prop_assert_eq!(parts.len(), 3);
        prop_assert_eq!((parts[0], parts[2]), ("a", "b"));
        let place = parts[1].strip_prefix(&start).and_then(|rest| rest.strip_suffix(&end));
        prop_assert_eq!(decoded(place.unwrap()), identity);
    }
}
