//! Sign-ins in local storage: restored before the app's scripts run, read again after.

use ferry_protocol::api::{Finding, InvalidReason, RefusedEntry, RefusedReason};
use ferry_protocol::jar::StorageEntry;
use ferry_protocol::session::Payload;
use ferry_worker::check::check;

use crate::app::TestApp;
use crate::device::payload;
use crate::setting;

/// The first thing that the page does is to look at its token. It renews it.
const PAGE: &str = "<script>
    const token = localStorage.getItem('token');
    if (!token) { location = '/sign-in'; }
    else { fetch('/token/' + token); localStorage.setItem('token', token + '-renewed'); }
</script>";

/// A session of an app that knows no cookies.
fn session(app: &TestApp, entries: &[(&str, &str)]) -> Payload {
    let mut session = payload(app, "unused");
    let origin = app.url("app.test", "");
    let (token, user) = (format!("{origin}#token"), format!("{origin}#user"));
    let mut check = url::Url::parse(&app.url("app.test", "/page")).unwrap();
    check.query_pairs_mut().append_pair("body", PAGE);
    session.app.check = check.into();
    session.app.signed_in = Default::default();
    session.app.storage = vec![token];
    session.app.storage_optional = vec![user.clone()];
    session.app.identity = serde_json::from_value(serde_json::json!([
        { "strength": "list", "from": { "storage": user } },
    ]))
    .unwrap();
    session.jar.cookies.clear();
    session.jar.storage = entries
        .iter()
        .map(|(name, value)| StorageEntry {
            origin: origin.clone(),
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        })
        .collect();
    session
}

#[tokio::test]
async fn it_is_there_before_the_first_script_and_renewed_entries_are_kept() {
    let app = TestApp::start().await;
    let browser = setting::browser(&app).await;
    let mut session = session(&app, &[("token", "t1"), ("user", "alice")]);
    session.jar.storage.push(StorageEntry {
        origin: "https://bank.test".to_owned(),
        name: "x".to_owned(),
        value: "v".to_owned(),
    });

    let checked = check(&browser, &setting::policy(), &session, Some("alice"))
        .await
        .unwrap();

    let Finding::Verified { identified, receipt } = &checked.finding else {
        panic!("{:?}", checked.finding)
    };
    assert!(identified);
    assert_eq!((receipt.storage.sealed, receipt.storage.restored), (3, 2));
    let foreign = RefusedEntry {
        entry: "https://bank.test#x".to_owned(),
        reason: RefusedReason::ForeignDomain,
    };
    assert_eq!(receipt.storage.refused, [foreign]);
    assert_eq!(app.requests("/token/t1").len(), 1);
    assert!(
        app.requests("/").is_empty(),
        "the page to restore from asked the app"
    );
    assert!(app.requests("/sign-in").is_empty());
    let jar = checked.jar.unwrap();
    let entry = |name: &str| {
        jar.entry(&format!("{}#{name}", app.url("app.test", "")))
            .map(str::to_owned)
    };
    assert_eq!(entry("token").as_deref(), Some("t1-renewed"));
    assert_eq!(entry("user").as_deref(), Some("alice"));
    assert_eq!(jar.storage.len(), 2);
    browser.close().await;
}

/// A page that says what it finds in a database, to the letter.
const DATABASE_PAGE: &str = "<script>
    const opening = indexedDB.open('auth', 3);
    opening.onupgradeneeded = () => { location = '/sign-in'; };
    opening.onsuccess = () => {
        const users = opening.result.transaction(['users', 'other']).objectStore('users');
        const byMail = users.index('mail').get('a@app.test');
        byMail.onsuccess = () => {
            const { uid, photo, seen } = byMail.result;
            const has = 'photo' in byMail.result && photo === undefined;
            fetch('/found/' + uid + '/' + has + '/' + (seen instanceof Date && seen.getTime()));
        };
    };
</script>";

#[tokio::test]
async fn a_database_is_there_with_its_stores_indexes_and_records() {
    let app = TestApp::start().await;
    let browser = setting::browser(&app).await;
    let database = concat!(
        r#"{"version":3,"stores":[{"name":"other","keyPath":null,"autoIncrement":true,"indexes":[]},"#,
        r#"{"name":"users","keyPath":"uid","autoIncrement":false,"indexes":"#,
        r#"[{"name":"mail","keyPath":"mail","unique":true,"multiEntry":false}]}],"#,
        r#""records":[["alice",{"uid":"alice","mail":"a@app.test","photo":{"?":"undefined"},"#,
        r#""seen":{"?":"date","at":1800000000000}}]]}"#,
    );
    let mut session = session(&app, &[("indexeddb:auth/users", database)]);
    let entry = format!("{}#indexeddb:auth/users", app.url("app.test", ""));
    let mut check_page = url::Url::parse(&app.url("app.test", "/page")).unwrap();
    check_page.query_pairs_mut().append_pair("body", DATABASE_PAGE);
    session.app.check = check_page.into();
    session.app.storage = vec![entry.clone()];
    session.app.identity = serde_json::from_value(serde_json::json!([
        { "strength": "list", "from": { "storage": entry }, "steps": [{ "json": "/records/*/1/uid" }] },
    ]))
    .unwrap();

    let checked = check(&browser, &setting::policy(), &session, Some("alice"))
        .await
        .unwrap();

    let Finding::Verified { receipt, .. } = &checked.finding else {
        panic!("{:?}", checked.finding)
    };
    assert_eq!(receipt.storage.refused, []);
    assert_eq!(app.requests("/found/alice/true/1800000000000").len(), 1);
    assert_eq!(checked.jar.unwrap().entry(&entry), Some(database));
    browser.close().await;
}

#[tokio::test]
async fn it_is_judged_by_the_same_rules() {
    let app = TestApp::start().await;
    let browser = setting::browser(&app).await;
    for (entries, account, reason) in [
        (&[("user", "alice")][..], None, InvalidReason::SignedOut),
        (
            &[("token", ""), ("user", "alice")],
            None,
            InvalidReason::SignedOut,
        ),
        (
            &[("token", "t"), ("user", "alice")],
            Some("bob"),
            InvalidReason::AnotherIdentity,
        ),
    ] {
        let session = session(&app, entries);
        let checked = check(&browser, &setting::policy(), &session, account)
            .await
            .unwrap();
        match checked.finding {
            Finding::Invalid { reason: found, .. } => assert_eq!(found, reason, "{entries:?}"),
            other => panic!("{entries:?}: {other:?}"),
        }
        assert!(checked.jar.is_none());
    }
    browser.close().await;
}
