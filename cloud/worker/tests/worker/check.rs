//! Checking sessions in the browser: alive, another's, signed out, unreachable.

use ferry_protocol::api::{Finding, InvalidReason};
use ferry_protocol::jar::Jar;
use ferry_worker::check::{Checked, check};

use crate::app::TestApp;
use crate::device::{cookie, payload};
use crate::setting;

fn value<'a>(jar: &'a Jar, name: &str) -> Option<&'a str> {
    jar.cookies
        .iter()
        .find(|cookie| cookie.name == name)
        .map(|cookie| cookie.value.as_str())
}

fn reason(checked: &Checked) -> Option<&InvalidReason> {
    match &checked.finding {
        Finding::Invalid { reason, .. } => Some(reason),
        _ => None,
    }
}

#[tokio::test]
async fn a_session_is_judged_by_what_the_app_shows() {
    let app = TestApp::start().await;
    app.sign_in("s1", "alice");
    let browser = setting::browser(&app).await;
    let policy = setting::policy();
    let mut session = payload(&app, "s1");

    // Alive: and the cookie that the visit rotated is there to be kept.
    let checked = check(&browser, &policy, &session, Some("alice")).await.unwrap();
    let Finding::Verified { identified, receipt } = &checked.finding else {
        panic!("{:?}", checked.finding)
    };
    assert!(identified);
    assert_eq!((receipt.sealed, receipt.restored), (1, 1));
    let jar = checked.jar.unwrap();
    assert_eq!(
        (value(&jar, "sid"), value(&jar, "rotating")),
        (Some("s1"), Some("1"))
    );

    // The rotated jar in turn.
    session.jar = jar;
    let checked = check(&browser, &policy, &session, None).await.unwrap();
    assert_eq!(
        checked.jar.as_ref().and_then(|jar| value(jar, "rotating")),
        Some("2")
    );

    // Another's account.
    let checked = check(&browser, &policy, &session, Some("bob")).await.unwrap();
    assert_eq!(reason(&checked), Some(&InvalidReason::AnotherIdentity));
    assert!(checked.jar.is_none());

    // The app fails.
    app.fail_with(Some(503));
    let checked = check(&browser, &policy, &session, None).await.unwrap();
    assert!(
        matches!(checked.finding, Finding::Unreachable { .. }),
        "{:?}",
        checked.finding
    );
    assert!(checked.jar.is_none());
    app.fail_with(None);

    // Signed out at the server: nothing to keep.
    app.sign_out("s1");
    let checked = check(&browser, &policy, &session, None).await.unwrap();
    assert_eq!(reason(&checked), Some(&InvalidReason::SignedOut));
    assert!(checked.jar.is_none());
    browser.close().await;
}

#[tokio::test]
async fn sessions_that_are_checked_at_once_do_not_mix() {
    let app = TestApp::start().await;
    let browser = setting::browser(&app).await;
    let policy = setting::policy();
    let users: Vec<_> = (0..6).map(|n| (format!("s{n}"), format!("user-{n}"))).collect();
    let checks = users.iter().map(|(sid, user)| {
        app.sign_in(sid, user);
        let mut session = payload(&app, sid);
        session.identity = Some(user.clone());
        let (browser, policy) = (&browser, &policy);
        async move { check(browser, policy, &session, None).await.unwrap().finding }
    });
    let findings = futures_util::future::join_all(checks).await;
    for finding in findings {
        // Whoever sees another's page is not the one in the seal.
        assert!(
            matches!(finding, Finding::Verified { identified: true, .. }),
            "{finding:?}"
        );
    }
    browser.close().await;
}

/// Asked for its body, a page answers when no dialog of its is open.
#[tokio::test]
async fn a_page_that_opens_dialogs_while_it_is_read_is_read() {
    let app = TestApp::start().await;
    app.sign_in("s1", "alice");
    let browser = setting::browser(&app).await;
    let mut session = payload(&app, "s1");
    let body = "<b>alice</b><script>onload = () => { for (let n = 0; n < 20; n++) alert(n) };</script>";
    let mut check_page = url::Url::parse(&app.url("app.test", "/page")).unwrap();
    check_page.query_pairs_mut().append_pair("body", body);
    session.app.check = check_page.to_string();
    session.jar.cookies.push(cookie("other", "v"));

    let checked = check(&browser, &setting::policy(), &session, None).await.unwrap();
    assert!(
        matches!(checked.finding, Finding::Verified { identified: true, .. }),
        "{:?}",
        checked.finding
    );
    browser.close().await;
}

#[tokio::test]
async fn a_page_that_opens_dialogs_and_leaves_is_followed_to_where_it_leads() {
    let app = TestApp::start().await;
    app.sign_in("s1", "alice");
    let browser = setting::browser(&app).await;
    let mut session = payload(&app, "s1");
    // It answers with 200, and its script sends people who are signed out away.
    let body = "<b>alice</b><script>alert('!'); location = '/sign-in';</script>";
    let mut check_page = url::Url::parse(&app.url("app.test", "/page")).unwrap();
    check_page.query_pairs_mut().append_pair("body", body);
    session.app.check = check_page.to_string();
    session.jar.cookies.push(cookie("other", "v"));

    let checked = check(&browser, &setting::policy(), &session, None).await.unwrap();
    assert_eq!(
        reason(&checked),
        Some(&InvalidReason::SignedOut),
        "{:?}",
        checked.finding
    );
    browser.close().await;
}
