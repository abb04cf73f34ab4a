//! A jar goes into the browser and comes back, and out to the app, without loss.

use ferry_protocol::api::{Receipt, RefusedReason};
use ferry_protocol::jar::{Cookie, Jar, Partition, SameSite};
use ferry_worker::ambient;
use ferry_worker::browser::{Browser, Context, Settle};
use ferry_worker::capture;
use ferry_worker::domains::AppDomains;
use ferry_worker::restore::restore_cookies;

use crate::app::TestApp;
use crate::device::{USER_AGENT, cookie};
use crate::setting;

/// A browser that sends third-party cookies.
const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                      Chrome/145.0.0.0 Safari/537.36";

/// Seconds from now.
fn later(seconds: i64) -> Option<f64> {
    Some((ambient::now().as_secs() + seconds) as f64)
}

fn with(name: &str, value: &str, change: impl FnOnce(&mut Cookie)) -> Cookie {
    let mut cookie = cookie(name, value);
    change(&mut cookie);
    cookie
}

fn partition(ancestor: bool) -> Option<Partition> {
    Some(Partition {
        top_level_site: "https://app.test".to_owned(),
        has_cross_site_ancestor: Some(ancestor),
    })
}

/// One of each kind that there is.
fn every_kind() -> Vec<Cookie> {
    vec![
        cookie("host-only", "1"),
        with("domain-wide", "2", |c| c.host_only = false),
        with("__Host-bound", "a\"b=c%20d", |c| c.same_site = SameSite::Lax),
        with("__Secure-one", "4", |c| c.host_only = false),
        with("not-secure", "5", |c| c.secure = false),
        with("readable", "6", |c| c.http_only = false),
        with("none", "7", |c| c.same_site = SameSite::None),
        with("lax", "8", |c| c.same_site = SameSite::Lax),
        with("strict", "9", |c| c.same_site = SameSite::Strict),
        with("persistent", "10", |c| c.expires = later(86_400)),
        with("empty", "", |_| {}),
        with("unicode", "\u{e9}\u{1F36A}", |_| {}),
        with("of-www", "13", |c| c.domain = "www.app.test".to_owned()),
        with("below-path", "14", |c| c.path = "/below".to_owned()),
        with("own-partition", "15", |c| {
            (c.partition, c.same_site) = (partition(false), SameSite::None);
        }),
        with("framed-partition", "16", |c| {
            (c.partition, c.same_site) = (partition(true), SameSite::None);
        }),
        // One name, three cookies.
        with("same", "17", |_| {}),
        with("same", "18", |c| c.host_only = false),
        with("same", "19", |c| {
            (c.partition, c.same_site) = (partition(false), SameSite::None)
        }),
    ]
}

/// A context of a browser with these cookies in it, and what became of them.
async fn restored(cookies: Vec<Cookie>) -> (TestApp, Browser, Context, Receipt) {
    let app = TestApp::start().await;
    let definition = app.definition();
    let browser = setting::browser(&app).await;
    let context = setting::context(&browser, &definition).await;
    let jar = Jar {
        cookies,
        storage: Vec::new(),
    };
    let receipt = restore_cookies(&context, &jar, &AppDomains::new(&definition), ambient::now())
        .await
        .unwrap();
    (app, browser, context, receipt)
}

/// What the browser holds of the app's.
async fn held(app: &TestApp, context: &Context) -> Jar {
    let domains = AppDomains::new(&app.definition());
    capture::jar(&context.cookies().await.unwrap(), &domains)
}

/// In an order of its own.
fn sorted(jar: Jar) -> Vec<(String, String, bool, Cookie)> {
    let key = |c: &Cookie| (c.name.clone(), c.value.clone(), c.host_only, c.clone());
    let mut cookies: Vec<_> = jar.cookies.iter().map(key).collect();
    cookies.sort_by(|a, b| (&a.0, &a.1, a.2).cmp(&(&b.0, &b.1, b.2)));
    cookies
}

#[tokio::test]
async fn every_kind_of_cookie_is_sent_back_and_read_back_as_it_was() {
    let cookies = every_kind();
    let (app, browser, context, receipt) = restored(cookies.clone()).await;
    assert_eq!(receipt.refused, []);
    assert_eq!((receipt.sealed, receipt.restored), (19, 19));

    // Before any page was visited: what was sealed is what is there.
    let held = sorted(held(&app, &context).await);
    let given = sorted(Jar {
        cookies,
        storage: Vec::new(),
    });
    assert_eq!(held.len(), given.len());
    for (held, given) in held.iter().zip(&given) {
        assert!(held == given, "{} came back changed", given.0);
    }

    // The app's own page, at the top.
    let mut tab = context.tab(USER_AGENT).await.unwrap();
    tab.visit(&app.url("app.test", "/top"), Settle::Body)
        .await
        .unwrap();
    let top = app.requests("/top").pop().unwrap();
    let mut expected = [
        "host-only=1",
        "domain-wide=2",
        "__Host-bound=a\"b=c%20d",
        "__Secure-one=4",
        "not-secure=5",
        "readable=6",
        "none=7",
        "lax=8",
        "strict=9",
        "persistent=10",
        "empty=",
        "unicode=\u{e9}\u{1F36A}",
        "own-partition=15",
        "same=17",
        "same=18",
        "same=19",
    ];
    expected.sort_unstable();
    assert_eq!(top.cookies(), expected);
    assert_eq!(top.user_agent, USER_AGENT);

    // A host below: no host-only cookies but its own.
    tab.visit(&app.url("www.app.test", "/www"), Settle::Body)
        .await
        .unwrap();
    let www = app.requests("/www").pop().unwrap();
    assert_eq!(
        www.cookies(),
        ["__Secure-one=4", "domain-wide=2", "of-www=13", "same=18"]
    );

    tab.visit(&app.url("app.test", "/below/it"), Settle::Body)
        .await
        .unwrap();
    let below = app.requests("/below/it").pop().unwrap();
    assert!(below.cookies().contains(&"below-path=14".to_owned()));
    browser.close().await;
}

#[tokio::test]
async fn a_partitioned_cookie_with_the_ancestor_bit_is_sent_in_a_frame_below_another_site() {
    let (app, browser, context, _) = restored(every_kind()).await;

    // app.test, in it a frame of partner.test, in it one of app.test.
    let innermost = app.url("app.test", "/framed");
    let frame = |src: &str| format!("<iframe src='{src}'></iframe>");
    let page = |host: &str, body: &str| {
        let mut url = url::Url::parse(&app.url(host, "/page")).unwrap();
        url.query_pairs_mut().append_pair("body", body);
        url.to_string()
    };
    let middle = page("partner.test", &frame(&innermost));
    let mut tab = context.tab(CHROME).await.unwrap();
    tab.visit(&page("app.test", &frame(&middle)), Settle::Body)
        .await
        .unwrap();

    let framed = app.until_requested("/framed", 1).await;
    assert_eq!(framed.cookies(), ["framed-partition=16", "none=7"]);
    browser.close().await;
}

/// In frames of other sites, Firefox sends only what is partitioned by them.
#[tokio::test]
async fn a_session_of_firefox_sends_no_third_party_cookies() {
    let (app, browser, context, _) = restored(every_kind()).await;

    let innermost = app.url("app.test", "/framed");
    let mut page = url::Url::parse(&app.url("partner.test", "/page")).unwrap();
    page.query_pairs_mut()
        .append_pair("body", &format!("<iframe src='{innermost}'></iframe>"));
    for (at, (user_agent, sent)) in [(CHROME, true), (USER_AGENT, false)].into_iter().enumerate() {
        let mut tab = context.tab(user_agent).await.unwrap();
        tab.visit(page.as_str(), Settle::Body).await.unwrap();
        let framed = app.until_requested("/framed", at + 1).await;
        assert_eq!(
            framed.cookies().contains(&"none=7".to_owned()),
            sent,
            "{user_agent}"
        );
        tab.close().await.unwrap();
    }
    browser.close().await;
}

#[tokio::test]
async fn a_cookie_that_the_browser_would_keep_otherwise_is_not_there() {
    let app = TestApp::start().await;
    let definition = app.definition();
    let domains = AppDomains::new(&definition);
    let browser = setting::browser(&app).await;
    let context = setting::context(&browser, &definition).await;
    let jar = Jar {
        cookies: vec![
            cookie("first", "1"),
            with("rewritten", "v", |c| c.path = "/gr\u{fc}n".to_owned()),
            cookie("second", "2"),
        ],
        storage: Vec::new(),
    };

    let receipt = restore_cookies(&context, &jar, &domains, ambient::now())
        .await
        .unwrap();

    assert_eq!((receipt.sealed, receipt.restored), (3, 2));
    assert_eq!(receipt.refused[0].name, "rewritten");
    assert_eq!(receipt.refused[0].reason, RefusedReason::Browser);
    let held = capture::jar(&context.cookies().await.unwrap(), &domains);
    let held: Vec<_> = held.cookies.iter().map(|cookie| cookie.name.as_str()).collect();
    assert_eq!(held, ["first", "second"]);
    browser.close().await;
}

#[tokio::test]
async fn cookies_that_the_browser_ends_sooner_are_counted() {
    let app = TestApp::start().await;
    let definition = app.definition();
    let domains = AppDomains::new(&definition);
    let browser = setting::browser(&app).await;
    let context = setting::context(&browser, &definition).await;
    let days = |days: i64| move |cookie: &mut Cookie| cookie.expires = later(days * 86_400);
    let jar = Jar {
        cookies: vec![
            with("of-two-years", "v", days(730)),
            with("of-a-year", "v", days(365)),
            cookie("session", "v"),
        ],
        storage: Vec::new(),
    };
    let receipt = restore_cookies(&context, &jar, &domains, ambient::now())
        .await
        .unwrap();
    assert_eq!((receipt.sealed, receipt.restored, receipt.shortened), (3, 3, 1));
    browser.close().await;
}

#[tokio::test]
async fn a_cookie_that_the_browser_does_not_take_costs_no_other() {
    let app = TestApp::start().await;
    let definition = app.definition();
    let domains = AppDomains::new(&definition);
    let browser = setting::browser(&app).await;
    let context = setting::context(&browser, &definition).await;
    let jar = Jar {
        cookies: vec![
            cookie("good", "1"),
            cookie("bad", "a\u{1}b"),
            with("__Host-wide", "v", |c| c.host_only = false),
            with("foreign", "v", |c| c.domain = "foreign.test".to_owned()),
            with("over", "v", |c| c.expires = later(-1)),
            cookie("also-good", "2"),
        ],
        storage: Vec::new(),
    };

    let receipt = restore_cookies(&context, &jar, &domains, ambient::now())
        .await
        .unwrap();

    assert_eq!((receipt.sealed, receipt.restored), (6, 2));
    let mut refused: Vec<_> = receipt
        .refused
        .iter()
        .map(|r| (r.name.as_str(), r.reason))
        .collect();
    refused.sort_by_key(|(name, _)| *name);
    let expected = [
        ("__Host-wide", RefusedReason::Browser),
        ("bad", RefusedReason::Browser),
        ("foreign", RefusedReason::ForeignDomain),
        ("over", RefusedReason::Expired),
    ];
    assert_eq!(refused, expected);
    let held = capture::jar(&context.cookies().await.unwrap(), &domains);
    assert_eq!(held.cookies.len(), 2);
    browser.close().await;
}

#[tokio::test]
async fn one_context_sees_nothing_of_another() {
    let app = TestApp::start().await;
    let definition = app.definition();
    let domains = AppDomains::new(&definition);
    let browser = setting::browser(&app).await;
    let one = setting::context(&browser, &definition).await;
    let other = setting::context(&browser, &definition).await;
    let jar = Jar {
        cookies: vec![cookie("sid", "of-one")],
        storage: Vec::new(),
    };
    restore_cookies(&one, &jar, &domains, ambient::now())
        .await
        .unwrap();

    assert!(other.cookies().await.unwrap().is_empty());
    let mut tab = other.tab(USER_AGENT).await.unwrap();
    tab.visit(&app.url("app.test", "/other"), Settle::Body)
        .await
        .unwrap();
    assert!(app.requests("/other").pop().unwrap().cookies().is_empty());

    // And it ends with its context.
    one.close().await.unwrap();
    let third = setting::context(&browser, &definition).await;
    assert!(third.cookies().await.unwrap().is_empty());
    browser.close().await;
}
