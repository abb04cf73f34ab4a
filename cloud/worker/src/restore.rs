//! From a jar into a browser, without loss: what cannot be restored as it was is
//! refused and named.

use std::collections::HashMap;

use chromiumoxide_cdp::cdp::browser_protocol::network::{
    Cookie as BrowserCookie, CookieParam, CookiePartitionKey, CookieSameSite, TimeSinceEpoch,
};
use ferry_protocol::UnixMillis;
use ferry_protocol::api::{Receipt, RefusedCookie, RefusedReason, StorageReceipt};
use ferry_protocol::jar::{Cookie, Jar, Partition, SameSite};
use ferry_protocol::session::Payload;
use url::Url;

use crate::browser::{CdpError, Context};
use crate::domains::{AppDomains, Belongs, is_public_suffix, same_site};
use crate::{capture, storage};

/// Longest cookie name in a receipt, in characters.
const MAX_NAME: usize = 64;

/// Longest domain in a receipt, in characters: the longest that there is in DNS.
const MAX_DOMAIN: usize = 253;

/// Restores a session into a fresh context, and says what became of each cookie and of
/// each entry of local storage.
pub async fn restore(
    context: &Context,
    payload: &Payload,
    domains: &AppDomains,
    now: UnixMillis,
) -> Result<Receipt, CdpError> {
    let cookies = restore_cookies(context, &payload.jar, domains, now).await?;
    Ok(Receipt {
        read: cookies.sealed.saturating_add(payload.left_out),
        cut: payload.cut,
        storage: storage::restore(context, &payload.jar.storage, domains).await?,
        ..cookies
    })
}

/// Restores the cookies of a jar.
///
/// Afterwards the context holds them as they were, and no others: what the browser would
/// keep otherwise, such as one whose path it writes in another way, is refused instead.
/// Their order is the jar's, since browsers send those of one path length in the order in
/// which they were set. Those that end sooner than they did are counted.
pub async fn restore_cookies(
    context: &Context,
    jar: &Jar,
    domains: &AppDomains,
    now: UnixMillis,
) -> Result<Receipt, CdpError> {
    let (mut accepted, mut refused) = sort_out(jar, domains, now);
    loop {
        set(context, &accepted).await?;
        let held = context.cookies().await?;
        let held: HashMap<Essence<'_>, f64> = held
            .iter()
            .filter_map(|cookie| Some((Essence::of_browser(cookie)?, cookie.expires)))
            .collect();
        let (kept, changed): (Vec<_>, Vec<_>) = accepted
            .into_iter()
            .partition(|cookie| held.contains_key(&Essence::of(cookie)));
        if changed.is_empty() {
            let is_shortened = |cookie: &&&Cookie| ends_sooner(cookie, held.get(&Essence::of(cookie)));
            let shortened = kept.iter().filter(is_shortened).count();
            return Ok(receipt(jar.cookies.len(), refused, shortened));
        }
        // Once more without them: it may hold them as something else.
        refused.extend(
            changed
                .into_iter()
                .map(|cookie| refusal(cookie, RefusedReason::Browser)),
        );
        context.clear_cookies().await?;
        accepted = kept;
    }
}

/// Whether a browser that holds it until then, in seconds since 1970, cut off more of its
/// life than a second.
fn ends_sooner(cookie: &Cookie, held_until: Option<&f64>) -> bool {
    let ends = cookie.expires.zip(held_until);
    ends.is_some_and(|(sealed, held)| sealed - held > 1.0)
}

/// Sets these cookies, as far as the browser takes them.
async fn set(context: &Context, cookies: &[&Cookie]) -> Result<(), CdpError> {
    let params: Vec<_> = cookies.iter().map(|cookie| to_browser(cookie)).collect();
    match context.set_cookies(params.clone()).await {
        // One bad cookie must not cost the others: which it was shows in what is held.
        Err(CdpError::Refused { .. }) => set_one_by_one(context, params).await,
        outcome => outcome,
    }
}

/// The receipt of a jar of so many cookies.
fn receipt(sealed: usize, refused: Vec<RefusedCookie>, shortened: usize) -> Receipt {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let restored = sealed - refused.len();
    Receipt {
        read: count(sealed),
        cut: 0,
        sealed: count(sealed),
        restored: count(restored),
        shortened: count(shortened),
        refused,
        storage: StorageReceipt::default(),
    }
}

async fn set_one_by_one(context: &Context, cookies: Vec<CookieParam>) -> Result<(), CdpError> {
    for cookie in cookies {
        match context.set_cookies(vec![cookie]).await {
            Ok(()) | Err(CdpError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The cookies that belong to the app and are alive, and the others.
pub(crate) fn sort_out<'a>(
    jar: &'a Jar,
    domains: &AppDomains,
    now: UnixMillis,
) -> (Vec<&'a Cookie>, Vec<RefusedCookie>) {
    let mut accepted = Vec::with_capacity(jar.cookies.len());
    let mut refused = Vec::new();
    for cookie in &jar.cookies {
        match refuse(cookie, domains, now) {
            None => accepted.push(cookie),
            Some(reason) => refused.push(refusal(cookie, reason)),
        }
    }
    (accepted, refused)
}

fn refuse(cookie: &Cookie, domains: &AppDomains, now: UnixMillis) -> Option<RefusedReason> {
    match domains.belongs(&cookie.domain) {
        Belongs::No => return Some(RefusedReason::ForeignDomain),
        Belongs::PublicSuffix => return Some(RefusedReason::PublicSuffix),
        Belongs::Yes => {}
    }
    // RFC 6265 §5.3 step 5: a suffix's own host may have cookies, all below it not.
    if !cookie.host_only && is_public_suffix(&cookie.domain) {
        return Some(RefusedReason::PublicSuffix);
    }
    if cookie.expires.is_some_and(|at| at * 1000.0 <= now.0 as f64) {
        return Some(RefusedReason::Expired);
    }
    // It stands for bytes that are no UTF-8, which browsers tell nobody.
    let unreadable = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
    if unreadable(&cookie.name) || unreadable(&cookie.value) {
        return Some(RefusedReason::Unreadable);
    }
    // Firefox sends it in frames of other sites; Chromium would take it for a lax one,
    // and never send it.
    let framed = |partition: &Partition| has_cross_site_ancestor(partition, &cookie.domain);
    let unsent = cookie.same_site == SameSite::Unspecified && cookie.partition.as_ref().is_some_and(framed);
    unsent.then_some(RefusedReason::Browser)
}

fn refusal(cookie: &Cookie, reason: RefusedReason) -> RefusedCookie {
    RefusedCookie {
        name: shown(&cookie.name, MAX_NAME, |c| c.is_ascii_graphic()),
        domain: shown(&cookie.domain, MAX_DOMAIN, |c| {
            c.is_ascii_alphanumeric() || ".-_:[]".contains(c)
        }),
        reason,
    }
}

/// Text of a session's as a receipt shows it: bounded, in characters and in bytes.
pub(crate) fn shown(text: &str, most: usize, legal: impl Fn(char) -> bool) -> String {
    let seen = |c: char| if legal(c) { c } else { '?' };
    text.chars().take(most).map(seen).collect()
}

/// A cookie as `Storage.setCookies` takes it.
pub(crate) fn to_browser(cookie: &Cookie) -> CookieParam {
    let mut param = CookieParam::new(&cookie.name, &cookie.value);
    // Without a leading dot it becomes host-only.
    param.domain = Some(if cookie.host_only {
        cookie.domain.clone()
    } else {
        format!(".{}", cookie.domain)
    });
    param.path = Some(cookie.path.clone());
    param.secure = Some(cookie.secure);
    param.http_only = Some(cookie.http_only);
    // Unspecified is what a cookie is that does not say.
    param.same_site = match cookie.same_site {
        SameSite::Unspecified => None,
        SameSite::None => Some(CookieSameSite::None),
        SameSite::Lax => Some(CookieSameSite::Lax),
        SameSite::Strict => Some(CookieSameSite::Strict),
    };
    param.expires = cookie.expires.map(TimeSinceEpoch::new);
    param.partition_key = cookie.partition.as_ref().map(|partition| CookiePartitionKey {
        top_level_site: partition.top_level_site.clone(),
        has_cross_site_ancestor: has_cross_site_ancestor(partition, &cookie.domain),
    });
    param
}

/// The ancestor bit. Where the browser did not say, it follows from the sites: a
/// cookie of another site than the top-level one was set in a frame of it.
fn has_cross_site_ancestor(partition: &Partition, domain: &str) -> bool {
    partition.has_cross_site_ancestor.unwrap_or_else(|| {
        let top = Url::parse(&partition.top_level_site).ok();
        let top = top.as_ref().and_then(Url::host_str).unwrap_or_default();
        !same_site(top, domain)
    })
}

/// What makes a cookie the cookie it is, apart from how long it lives: browsers cut
/// that to 400 days, which the receipt counts.
#[derive(PartialEq, Eq, Hash)]
struct Essence<'a> {
    name: &'a str,
    value: &'a str,
    domain: &'a str,
    host_only: bool,
    path: &'a str,
    secure: bool,
    http_only: bool,
    session: bool,
    same_site: &'static str,
    partition: Option<(&'a str, bool)>,
}

impl<'a> Essence<'a> {
    fn of(cookie: &'a Cookie) -> Self {
        let partition = cookie.partition.as_ref();
        Self {
            name: &cookie.name,
            value: &cookie.value,
            domain: &cookie.domain,
            host_only: cookie.host_only,
            path: &cookie.path,
            secure: cookie.secure,
            http_only: cookie.http_only,
            session: cookie.expires.is_none(),
            same_site: same_site_name(cookie.same_site),
            partition: partition.map(|key| {
                (
                    key.top_level_site.as_str(),
                    has_cross_site_ancestor(key, &cookie.domain),
                )
            }),
        }
    }

    /// `None`: it lies in a partition that has no name.
    fn of_browser(cookie: &'a BrowserCookie) -> Option<Self> {
        if cookie.partition_key_opaque == Some(true) {
            return None;
        }
        let (domain, host_only) = capture::domain(cookie);
        let partition = cookie.partition_key.as_ref();
        Some(Self {
            name: &cookie.name,
            value: &cookie.value,
            domain,
            host_only,
            path: &cookie.path,
            secure: cookie.secure,
            http_only: cookie.http_only,
            session: cookie.session,
            same_site: same_site_name(capture::same_site(cookie)),
            partition: partition.map(|key| (key.top_level_site.as_str(), key.has_cross_site_ancestor)),
        })
    }
}

fn same_site_name(same_site: SameSite) -> &'static str {
    match same_site {
        SameSite::Unspecified => "unspecified",
        SameSite::None => "none",
        SameSite::Lax => "lax",
        SameSite::Strict => "strict",
    }
}

#[cfg(test)]
mod tests {
    use ferry_catalogue::App;

    use super::*;
    use crate::fixtures::{NOW, app, cookie};

    fn mapped(cookie: &Cookie) -> serde_json::Value {
        serde_json::to_value(to_browser(cookie)).unwrap()
    }

    #[test]
    fn a_plain_cookie_is_host_only_and_leaves_same_site_out() {
        let plain = cookie("sid", "v");
        let expected = serde_json::json!({
            "name": "sid", "value": "v", "domain": "app.test", "path": "/", "secure": true, "httpOnly": true,
        });
        assert_eq!(mapped(&plain), expected);
    }

    #[test]
    fn every_attribute_is_carried_over() {
        let mut full = cookie("sid", "");
        full.host_only = false;
        full.path = "/a".to_owned();
        full.secure = false;
        full.http_only = false;
        full.expires = Some(1_900_000_000.5);
        full.same_site = SameSite::Strict;
        let expected = serde_json::json!({
            "name": "sid", "value": "", "domain": ".app.test", "path": "/a", "secure": false, "httpOnly": false,
            "expires": 1_900_000_000.5, "sameSite": "Strict",
        });
        assert_eq!(mapped(&full), expected);
    }

    #[test]
    fn a_partition_key_keeps_its_ancestor_bit() {
        let mut partitioned = cookie("p", "v");
        for (said, expected) in [(Some(true), true), (Some(false), false), (None, false)] {
            partitioned.partition = Some(Partition {
                top_level_site: "https://app.test".to_owned(),
                has_cross_site_ancestor: said,
            });
            let key = &mapped(&partitioned)["partitionKey"];
            assert_eq!(key["topLevelSite"], "https://app.test");
            assert_eq!(key["hasCrossSiteAncestor"], expected, "{said:?}");
        }
        // Not said, and of another site: it was set in a frame.
        partitioned.partition = Some(Partition {
            top_level_site: "https://other.test".to_owned(),
            has_cross_site_ancestor: None,
        });
        assert_eq!(mapped(&partitioned)["partitionKey"]["hasCrossSiteAncestor"], true);
    }

    fn sorted(app: &App, cookies: Vec<Cookie>) -> Vec<(String, RefusedReason)> {
        let jar = Jar {
            cookies,
            storage: Vec::new(),
        };
        let (_, refused) = sort_out(&jar, &AppDomains::new(app), NOW);
        refused
            .into_iter()
            .map(|refused| (refused.domain, refused.reason))
            .collect()
    }

    fn on(domain: &str, host_only: bool) -> Cookie {
        let mut on = cookie("c", "v");
        on.domain = domain.to_owned();
        on.host_only = host_only;
        on
    }

    #[test]
    fn foreign_expired_and_public_suffix_cookies_are_refused() {
        let mut app = app();
        app.domains = vec!["app.test".to_owned(), "co.uk".to_owned(), "localhost".to_owned()];
        let mut expired = on("app.test", true);
        expired.expires = Some(NOW.0 as f64 / 1000.0);
        let mut alive = on("app.test", true);
        alive.expires = Some(NOW.0 as f64 / 1000.0 + 1.0);
        let refused = sorted(
            &app,
            vec![
                on("app.test", true),
                on("www.app.test", false),
                on("localhost", true),
                alive,
                on("test", false),
                on("evil.test", true),
                on("bank.co.uk", false),
                on("co.uk", false),
                expired,
            ],
        );
        let expected = [
            ("test", RefusedReason::ForeignDomain),
            ("evil.test", RefusedReason::ForeignDomain),
            ("bank.co.uk", RefusedReason::PublicSuffix),
            ("co.uk", RefusedReason::PublicSuffix),
            ("app.test", RefusedReason::Expired),
        ];
        assert_eq!(
            refused,
            expected.map(|(domain, reason)| (domain.to_owned(), reason))
        );
    }

    #[test]
    fn what_the_persons_browser_could_not_tell_is_refused() {
        let mut name = cookie("gr\u{fffd}n", "v");
        name.domain = "www.app.test".to_owned();
        let value = cookie("v", "gr\u{fffd}n");
        let refused = sorted(&app(), vec![name, value, cookie("gr\u{fc}n", "gr\u{fc}n")]);
        let unreadable = |domain: &str| (domain.to_owned(), RefusedReason::Unreadable);
        assert_eq!(refused, [unreadable("www.app.test"), unreadable("app.test")]);
    }

    #[test]
    fn what_firefox_alone_sends_in_frames_is_refused() {
        let of = |site: &str, ancestor, same_site| {
            let mut framed = cookie("c", "v");
            framed.same_site = same_site;
            framed.partition = Some(Partition {
                top_level_site: site.to_owned(),
                has_cross_site_ancestor: ancestor,
            });
            sorted(&app(), vec![framed]).pop().map(|(_, reason)| reason)
        };
        let browser = Some(RefusedReason::Browser);
        let unsaid = SameSite::Unspecified;
        assert_eq!(of("https://other.test", Some(true), unsaid), browser);
        assert_eq!(of("https://other.test", None, unsaid), browser);
        assert_eq!(of("https://app.test", Some(true), unsaid), browser);
        assert_eq!(of("https://app.test", Some(false), unsaid), None);
        assert_eq!(of("https://other.test", Some(true), SameSite::None), None);
    }

    #[test]
    fn a_receipt_names_no_more_than_64_characters_and_no_value() {
        let refused = refusal(&cookie(&"n".repeat(100), "CANARY"), RefusedReason::Expired);
        assert_eq!(refused.name.len(), 64);
        assert!(!serde_json::to_string(&refused).unwrap().contains("CANARY"));
    }

    #[test]
    fn what_was_not_refused_was_restored() {
        let refused = vec![refusal(&cookie("sid", "v"), RefusedReason::ForeignDomain); 5];
        let receipt = receipt(6, refused, 1);
        assert_eq!((receipt.sealed, receipt.restored, receipt.shortened), (6, 1, 1));
    }

    #[test]
    fn what_ends_a_second_sooner_or_less_is_not_shortened() {
        let mut cookie = cookie("sid", "v");
        assert!(!ends_sooner(&cookie, Some(&-1.0)));
        cookie.expires = Some(1_900_000_000.5);
        for (held, sooner) in [
            (1_900_000_000.5, false),
            (1_899_999_999.5, false),
            (1_899_999_999.0, true),
        ] {
            assert_eq!(ends_sooner(&cookie, Some(&held)), sooner, "{held}");
        }
    }
}
