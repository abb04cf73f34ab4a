//! A session's browser reaches its app and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ferry_protocol::api::Finding;
use ferry_worker::browser::{Context, Settle, VisitError};
use ferry_worker::check;
use ferry_worker::egress::Refused;
use tokio::net::TcpListener;

use crate::app::TestApp;
use crate::device::{USER_AGENT, payload};
use crate::setting;

/// Something on this machine that is none of the app's; counts its visitors.
async fn neighbour() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let visitors = Arc::new(AtomicUsize::new(0));
    let count = visitors.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, visitors)
}

fn page(app: &TestApp, path: &str, name: &str, value: &str) -> String {
    let mut url = url::Url::parse(&app.url("app.test", path)).unwrap();
    url.query_pairs_mut().append_pair(name, value);
    url.to_string()
}

fn refusal(context: &Context, host: &str) -> Option<Refused> {
    context
        .refusals()
        .into_iter()
        .find(|refusal| refusal.host == host)
        .map(|refusal| refusal.why)
}

#[tokio::test]
async fn redirects_off_the_app_are_refused() {
    let app = TestApp::start().await;
    let (port, visitors) = neighbour().await;
    let browser = setting::browser(&app).await;
    let targets = [
        (
            format!("http://127.0.0.1:{port}/"),
            "127.0.0.1",
            Refused::ForeignHost,
        ),
        (
            format!("https://127.0.0.1:{port}/"),
            "127.0.0.1",
            Refused::ForeignHost,
        ),
        (
            format!("http://localhost:{port}/"),
            "localhost",
            Refused::ForeignHost,
        ),
        (format!("http://[::1]:{port}/"), "::1", Refused::ForeignHost),
        (
            format!("http://2130706433:{port}/"),
            "127.0.0.1",
            Refused::ForeignHost,
        ),
        (
            "http://169.254.169.254/latest/meta-data".to_owned(),
            "169.254.169.254",
            Refused::ForeignHost,
        ),
        (
            "https://169.254.169.254/".to_owned(),
            "169.254.169.254",
            Refused::ForeignHost,
        ),
        (
            app.url("foreign.test", "/foreign"),
            "foreign.test",
            Refused::ForeignHost,
        ),
        // Below the app's domain, but on this machine, where only the app itself may be.
        (
            app.url("internal.app.test", "/internal"),
            "internal.app.test",
            Refused::Address,
        ),
        (
            format!("https://app.test:{port}/"),
            "app.test",
            Refused::ForeignPort,
        ),
    ];
    for (target, host, why) in targets {
        let context = setting::context(&browser, &app.definition()).await;
        let mut tab = context.tab(USER_AGENT).await.unwrap();
        let visit = tab
            .visit(&page(&app, "/redirect", "to", &target), Settle::Body)
            .await;
        match visit {
            // No tunnel.
            Err(VisitError::NoAnswer(_)) => {}
            // Plain HTTP: the proxy itself answers.
            Ok(visit) => assert_eq!(visit.status, 502, "{target}"),
            Err(error) => panic!("{target}: {error}"),
        }
        assert_eq!(refusal(&context, host), Some(why), "{target}");
        context.close().await.unwrap();
    }
    assert_eq!(visitors.load(Ordering::SeqCst), 0);
    assert!(app.requests("/foreign").is_empty() && app.requests("/internal").is_empty());
    browser.close().await;
}

#[tokio::test]
async fn what_a_page_loads_is_refused_as_well() {
    let app = TestApp::start().await;
    let (port, visitors) = neighbour().await;
    let browser = setting::browser(&app).await;
    let context = setting::context(&browser, &app.definition()).await;
    let body = format!(
        "<link rel=preconnect href='https://127.0.0.1:{port}'>
         <img src='https://127.0.0.1:{port}/image'>
         <iframe src='https://foreign.test:{foreign}/frame'></iframe>
         <script>
           fetch('http://localhost:{port}/fetch', {{mode: 'no-cors'}}).catch(() => {{}});
           new WebSocket('wss://127.0.0.1:{port}/socket');
           navigator.sendBeacon('https://127.0.0.1:{port}/beacon', 'x');
         </script>",
        foreign = app.port,
    );
    let mut tab = context.tab(USER_AGENT).await.unwrap();
    tab.visit(&page(&app, "/page", "body", &body), Settle::Quiet)
        .await
        .unwrap();

    assert_eq!(refusal(&context, "127.0.0.1"), Some(Refused::ForeignHost));
    assert_eq!(refusal(&context, "foreign.test"), Some(Refused::ForeignHost));
    assert_eq!(visitors.load(Ordering::SeqCst), 0);
    assert!(app.requests("/frame").is_empty());
    browser.close().await;
}

#[tokio::test]
async fn a_check_page_that_leads_off_the_app_says_nothing_about_the_session() {
    let app = TestApp::start().await;
    let (port, visitors) = neighbour().await;
    let browser = setting::browser(&app).await;
    let mut payload = payload(&app, "s1");
    payload.app.check = page(&app, "/redirect", "to", &format!("http://127.0.0.1:{port}/"));
    payload.app.identity.clear();

    let checked = check::check(&browser, &setting::policy(), &payload, None)
        .await
        .unwrap();

    let Finding::Unreachable { what } = checked.finding else {
        panic!("{:?}", checked.finding)
    };
    assert!(what.contains("(refused: other hosts: 1)"), "{what}");
    assert!(checked.jar.is_none());
    assert_eq!(visitors.load(Ordering::SeqCst), 0);
    browser.close().await;
}
