//! From a browser into a jar, without loss.

use chromiumoxide_cdp::cdp::browser_protocol::network::{Cookie as BrowserCookie, CookieSameSite};
use ferry_protocol::jar::{Cookie, Jar, Partition, SameSite};

use crate::domains::{AppDomains, Belongs};

/// The app's cookies among those that a browser holds.
///
/// Left out: cookies in an opaque partition (of a page without an origin). No page
/// of the app's can be sent them again.
pub fn jar(cookies: &[BrowserCookie], domains: &AppDomains) -> Jar {
    let ours = |cookie: &&BrowserCookie| domains.belongs(domain(cookie).0) == Belongs::Yes;
    let nameable = |cookie: &&BrowserCookie| cookie.partition_key_opaque != Some(true);
    Jar {
        cookies: cookies
            .iter()
            .filter(ours)
            .filter(nameable)
            .map(from_browser)
            .collect(),
        storage: Vec::new(),
    }
}

/// A cookie's domain without its leading dot, and whether it is host-only.
pub(crate) fn domain(cookie: &BrowserCookie) -> (&str, bool) {
    match cookie.domain.strip_prefix('.') {
        Some(domain) => (domain, false),
        None => (&cookie.domain, true),
    }
}

pub(crate) fn same_site(cookie: &BrowserCookie) -> SameSite {
    match cookie.same_site {
        None => SameSite::Unspecified,
        Some(CookieSameSite::None) => SameSite::None,
        Some(CookieSameSite::Lax) => SameSite::Lax,
        Some(CookieSameSite::Strict) => SameSite::Strict,
    }
}

fn from_browser(cookie: &BrowserCookie) -> Cookie {
    let (domain, host_only) = domain(cookie);
    Cookie {
        name: cookie.name.clone(),
        value: cookie.value.clone(),
        domain: domain.to_owned(),
        host_only,
        path: cookie.path.clone(),
        secure: cookie.secure,
        http_only: cookie.http_only,
        same_site: same_site(cookie),
        expires: (!cookie.session).then_some(cookie.expires),
        partition: cookie.partition_key.as_ref().map(|key| Partition {
            top_level_site: key.top_level_site.clone(),
            has_cross_site_ancestor: Some(key.has_cross_site_ancestor),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::app;

    fn held(json: serde_json::Value) -> BrowserCookie {
        let mut cookie = serde_json::json!({
            "name": "sid", "value": "v", "domain": "app.test", "path": "/", "expires": -1, "size": 4,
            "httpOnly": true, "secure": true, "session": true, "priority": "Medium",
            "sourceScheme": "Secure", "sourcePort": 443,
        });
        for (name, value) in json.as_object().unwrap() {
            cookie[name] = value.clone();
        }
        serde_json::from_value(cookie).unwrap()
    }

    fn jar_of(cookies: &[BrowserCookie]) -> Jar {
        jar(cookies, &AppDomains::new(&app()))
    }

    #[test]
    fn a_session_cookie_of_one_host() {
        let jar = jar_of(&[held(serde_json::json!({}))]);
        let cookie = &jar.cookies[0];
        assert_eq!(cookie.domain, "app.test");
        assert!(cookie.host_only && cookie.secure && cookie.http_only);
        assert_eq!(cookie.expires, None);
        assert_eq!(cookie.same_site, SameSite::Unspecified);
        assert_eq!(cookie.partition, None);
    }

    #[test]
    fn a_partitioned_cookie_of_a_domain() {
        let jar = jar_of(&[held(serde_json::json!({
            "domain": ".www.app.test", "session": false, "expires": 1_900_000_000.25, "sameSite": "None",
            "partitionKey": { "topLevelSite": "https://app.test", "hasCrossSiteAncestor": true },
        }))]);
        let cookie = &jar.cookies[0];
        assert_eq!(
            (cookie.domain.as_str(), cookie.host_only),
            ("www.app.test", false)
        );
        assert_eq!(cookie.expires, Some(1_900_000_000.25));
        assert_eq!(cookie.same_site, SameSite::None);
        let partition = cookie.partition.as_ref().unwrap();
        assert_eq!(partition.top_level_site, "https://app.test");
        assert_eq!(partition.has_cross_site_ancestor, Some(true));
    }

    #[test]
    fn foreign_and_opaque_cookies_are_left_out() {
        let foreign = held(serde_json::json!({ "domain": ".other.test" }));
        let opaque = held(serde_json::json!({ "partitionKeyOpaque": true }));
        assert!(jar_of(&[foreign, opaque]).cookies.is_empty());
    }
}
