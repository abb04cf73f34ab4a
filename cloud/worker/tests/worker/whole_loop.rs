//! From the first key to the last: the worker's program against a server.

use ferry_protocol::api::{Finding, InvalidReason};
use ferry_protocol::{AccountId, LeaseId};
use ferry_worker::ambient;
use ferry_worker::state_dir::StateDir;
use rustix::process::{Signal, kill_process};

use crate::app::TestApp;
use crate::device::{Device, cookie, payload};
use crate::ferry::{Ferry, WORKER_TOKEN};
use crate::process::Place;

fn is_verified(finding: &Finding) -> bool {
    matches!(finding, Finding::Verified { identified: true, .. })
}

fn is_rejected(finding: &Finding, words: &str) -> bool {
    matches!(finding, Finding::Invalid { reason: InvalidReason::SealRejected { what }, .. } if what.contains(words))
}

#[tokio::test]
async fn a_session_from_its_key_to_its_end() {
    let (app, ferry) = (TestApp::start().await, Ferry::start().await);
    let place = Place::new(&ferry, &app);
    let mut worker = place.run().await;

    // Keys were supplied before it said it was ready.
    assert_eq!(ferry.known().available.len(), 64);
    let key = ferry.hand_out_key().await;
    let mut session = payload(&app, "sid-CANARY");
    session.jar.cookies.push(cookie("other", "other-CANARY"));
    let leased = Device::new().seal(&key, &session);
    app.sign_in("sid-CANARY", "alice");

    // Leased, opened, restored, visited, verified.
    assert!(is_verified(&ferry.check(&leased).await));
    assert_eq!(
        app.requests("/me").pop().unwrap().cookies(),
        ["other=other-CANARY", "sid=sid-CANARY"]
    );

    // The visit rotated a cookie: it is kept, and used from now on.
    assert!(is_verified(&ferry.check(&leased).await));
    let rotated = ["other=other-CANARY", "rotating=1", "sid=sid-CANARY"];
    assert_eq!(app.requests("/me").pop().unwrap().cookies(), rotated);

    // Another account's: the identity is known and wrong. Nothing is kept of the visit.
    let mut bobs = leased.clone();
    bobs.account_identity = Some("bob".to_owned());
    let another = InvalidReason::AnotherIdentity;
    assert!(matches!(ferry.check(&bobs).await, Finding::Invalid { reason, .. } if reason == another));

    // The app does not answer: nothing is known.
    app.fail_with(Some(500));
    assert!(matches!(ferry.check(&leased).await, Finding::Unreachable { .. }));
    app.fail_with(None);

    // Signed out at the app: reported, and the good jar stays.
    app.sign_out("sid-CANARY");
    let signed_out = Finding::Invalid {
        reason: InvalidReason::SignedOut,
        receipt: ferry_protocol::api::Receipt {
            read: 3,
            cut: 0,
            sealed: 3,
            restored: 3,
            shortened: 0,
            refused: Vec::new(),
            storage: Default::default(),
        },
    };
    assert_eq!(ferry.check(&leased).await, signed_out);
    app.sign_in("sid-CANARY", "alice");
    assert!(is_verified(&ferry.check(&leased).await));
    let sent = app.requests("/me").pop().unwrap().cookies();
    assert!(
        sent.contains(&"rotating=2".to_owned()),
        "not what the signed-out visits left: {sent:?}"
    );

    // Deleted: key and refreshed jar are gone, bytes and all.
    let state = StateDir::open(&place.state()).unwrap();
    let private = state.key(&key.id).unwrap().unwrap().to_bytes();
    let refreshed = state.session(&leased.transfer, &key.id).unwrap().unwrap();
    assert!(place.holds(private.as_slice()) && place.holds(&refreshed));
    ferry.destroy(key.id).await;
    assert!(!place.holds(private.as_slice()) && !place.holds(&refreshed));

    // A server restored from yesterday's backup brings it again.
    assert!(is_rejected(
        &ferry.check(&leased).await,
        "its key no longer exists"
    ));

    assert!(worker.terminate().await.success());
    let log = worker.log();
    assert!(
        log.contains("verified") && log.contains("seal rejected"),
        "it logs what it does"
    );
    for secret in ["CANARY", WORKER_TOKEN, "alice", "Hello"] {
        assert!(!log.contains(secret), "{secret} in the log");
    }
}

#[tokio::test]
async fn seals_that_are_not_what_they_say_are_rejected() {
    let (app, ferry) = (TestApp::start().await, Ferry::start().await);
    let place = Place::new(&ferry, &app);
    let _worker = place.run().await;
    let device = Device::new();
    let leased = device.seal(&ferry.hand_out_key().await, &payload(&app, "s1"));

    let mut forged = leased.clone();
    forged.sealed.signature.0[0] ^= 1;
    assert!(is_rejected(
        &ferry.check(&forged).await,
        "not signed by the device"
    ));

    let mut another_device = leased.clone();
    another_device.chain.device = Device::new().keys();
    assert!(is_rejected(&ferry.check(&another_device).await, "device"));

    let mut another_account = leased.clone();
    another_account.account = AccountId::new(ambient::now(), ambient::random());
    assert!(is_rejected(&ferry.check(&another_account).await, "account"));

    // Sealed for another workspace, to a key that this worker has.
    let mut foreign_key = ferry.hand_out_key().await;
    foreign_key.workspace = ferry_protocol::WorkspaceId::new(ambient::now(), ambient::random());
    let foreign = device.seal(&foreign_key, &payload(&app, "s1"));
    assert!(is_rejected(&ferry.check(&foreign).await, "workspace"));

    let mut malformed = leased.clone();
    malformed.sealed.header.0.truncate(10);
    assert!(is_rejected(&ferry.check(&malformed).await, "malformed"));

    // A supported app's name for somebody else's domain.
    let mut reaching = payload(&app, "s1");
    reaching.app.id = "github".parse().unwrap();
    let reaching = device.seal(&ferry.hand_out_key().await, &reaching);
    assert!(is_rejected(&ferry.check(&reaching).await, "app.test"));

    // A device that gives the app a host in the worker's network.
    let mut wider = payload(&app, "s1");
    wider.app.domains.push("intranet.test".to_owned());
    let mut wider = device.seal(&ferry.hand_out_key().await, &wider);
    wider.app = app.definition();
    assert!(is_rejected(&ferry.check(&wider).await, "reaches intranet.test"));

    assert!(
        app.requests("/me").is_empty(),
        "nothing of all this reached the app"
    );
}

#[tokio::test]
async fn yesterdays_database_brings_no_session_back() {
    let (app, ferry) = (TestApp::start().await, Ferry::start().await);
    let place = Place::new(&ferry, &app);
    let mut worker = place.run().await;
    for sid in ["monday", "tuesday", "wednesday"] {
        app.sign_in(sid, "alice");
    }
    let device = Device::new();
    let account = AccountId::new(ambient::now(), ambient::random());
    let (monday, tuesday) = (ambient::now().plus(-60_000), ambient::now());
    let key = ferry.hand_out_key().await;
    let old = device.seal_for(account, monday, &key, &payload(&app, "monday"));
    assert!(is_verified(&ferry.check(&old).await));
    let state = StateDir::open(&place.state()).unwrap();
    let private = state.key(&key.id).unwrap().unwrap().to_bytes();
    let refreshed = state.session(&old.transfer, &key.id).unwrap().unwrap();

    // A newer one that the app does not accept: the older is out, and its key waits.
    let next_key = ferry.hand_out_key().await;
    let bad = device.seal_for(account, tuesday, &next_key, &payload(&app, "signed-out"));
    assert!(matches!(ferry.check(&bad).await, Finding::Invalid { .. }));
    assert!(is_rejected(&ferry.check(&old).await, "newer session"));
    assert!(place.holds(private.as_slice()));

    // One that is good: the keys before it are destroyed, and nobody had to ask.
    let last_key = ferry.hand_out_key().await;
    let new = device.seal_for(account, tuesday.plus(1), &last_key, &payload(&app, "tuesday"));
    assert!(is_verified(&ferry.check(&new).await));
    assert!(!place.holds(private.as_slice()) && !place.holds(&refreshed));
    assert!(ferry.known().destroyed.is_empty());

    // Also for a worker that was killed since.
    worker.kill().await;
    let _worker = place.run().await;
    assert!(is_rejected(&ferry.check(&old).await, "its key no longer exists"));
    assert!(is_verified(&ferry.check(&new).await));

    // The server hands out yesterday's keys again, for other sessions and accounts.
    for again in [account, AccountId::new(ambient::now(), ambient::random())] {
        let reused = device.seal_for(again, tuesday.plus(2), &last_key, &payload(&app, "wednesday"));
        assert!(is_rejected(&ferry.check(&reused).await, "its key was used"));
    }
    // As old as what was opened last, by a key of its own.
    let fresh = ferry.hand_out_key().await;
    let as_old = device.seal_for(account, tuesday.plus(1), &fresh, &payload(&app, "wednesday"));
    assert!(is_rejected(&ferry.check(&as_old).await, "newer session"));
    // From the future, where nothing newer could follow.
    let future = device.seal_for(
        account,
        tuesday.plus(3_600_000),
        &fresh,
        &payload(&app, "wednesday"),
    );
    assert!(is_rejected(&ferry.check(&future).await, "from the future"));
    assert!(is_verified(&ferry.check(&new).await));
}

#[tokio::test]
async fn whatever_rules_an_app_is_given_the_server_learns_no_text_of_the_session() {
    let (app, ferry) = (TestApp::start().await, Ferry::start().await);
    let place = Place::new(&ferry, &app);
    let _worker = place.run().await;
    app.sign_in("sid-CANARY", "alice-CANARY");
    let device = Device::new();
    // The "identity" is a cookie's value; then it is what a page says, and
    // a host that the page asks for.
    let mut by_cookie = payload(&app, "sid-CANARY");
    by_cookie.jar.cookies.push(cookie("other", "other-CANARY"));
    by_cookie.app.identity = serde_json::from_value(serde_json::json!([
        { "strength": "active", "from": { "cookie": "other" } }
    ]))
    .unwrap();
    let mut by_page = payload(&app, "sid-CANARY");
    let body = "<b>page-CANARY</b><img src='https://host-canary.test/'>";
    let mut page = url::Url::parse(&app.url("app.test", "/page")).unwrap();
    page.query_pairs_mut().append_pair("body", body);
    by_page.app.check = app.url("app.test", "/gone");
    by_page.app.identity = serde_json::from_value(serde_json::json!([
        { "strength": "active", "from": { "page": page.as_str() } }
    ]))
    .unwrap();
    let mut unreachable = payload(&app, "sid-CANARY");
    unreachable.app.check = page.to_string();
    unreachable.app.identity.clear();
    for mut session in [by_cookie, by_page, unreachable] {
        for (sealed, account) in [(None, None), (Some("bob"), None), (None, Some("bob"))] {
            session.identity = sealed.map(str::to_owned);
            let mut leased = device.seal(&ferry.hand_out_key().await, &session);
            leased.account_identity = account.map(str::to_owned);
            let finding = serde_json::to_string(&ferry.check(&leased).await).unwrap();
            // The app's own addresses are the server's words.
            let said = finding.replace(page.as_str(), "").to_lowercase();
            assert!(!said.contains("canary"), "{finding}");
            assert!(!said.contains("seal_rejected"), "{finding}");
        }
    }
}

#[tokio::test]
async fn the_worker_outlives_its_browser_its_token_and_the_server() {
    let (app, mut ferry) = (TestApp::start().await, Ferry::start().await);
    let place = Place::new(&ferry, &app);
    let mut worker = place.run().await;
    app.sign_in("s1", "alice");
    let leased = Device::new().seal(&ferry.hand_out_key().await, &payload(&app, "s1"));
    assert!(is_verified(&ferry.check(&leased).await));

    kill_process(worker.browser(), Signal::KILL).unwrap();
    assert!(is_verified(&ferry.check(&leased).await));

    let sign_ins = ferry.known().sign_ins;
    ferry.revoke_access();
    assert!(is_verified(&ferry.check(&leased).await));
    assert_eq!(ferry.known().sign_ins, sign_ins + 1);

    ferry.stop().await;
    ferry.start_again().await;
    assert!(is_verified(&ferry.check(&leased).await));

    // Killed in the middle of whatever: its state is whole, its token is kept.
    worker.kill().await;
    let mut worker = place.start(&["run"]);
    assert_eq!(worker.line().await, "ready");
    assert!(is_verified(&ferry.check(&leased).await));
    assert!(worker.terminate().await.success());
}

#[tokio::test]
async fn apps_that_do_not_answer_keep_no_new_session_waiting() {
    let (app, ferry) = (TestApp::start().await, Ferry::start().await);
    let place = Place::new(&ferry, &app);
    let _worker = place.run().await;
    app.sign_in("slow", "bob");
    app.sign_in("s1", "alice");
    app.hold(Some("slow"));
    let seal = async |sid: &str| {
        let key = ferry.hand_out_key().await;
        (key.id, Device::new().seal(&key, &payload(&app, sid)))
    };
    // One more than are checked at once.
    let mut slow = Vec::new();
    for _ in 0..5 {
        let (_, session) = seal("slow").await;
        slow.push(ferry.is_due(&session, false));
    }
    app.until_requested("/me", 4).await;

    let (key, new) = seal("s1").await;
    assert!(is_verified(&ferry.check(&new).await));
    ferry.destroy(key).await;
    let reports = ferry.known().reports.len();
    assert_eq!(reports, 1, "the app has answered none of the others");

    app.hold(None);
    for lease in slow {
        // "bob" is not who the account is of, which is an answer as well.
        ferry.reported(lease).await;
    }
}

#[tokio::test]
async fn keys_are_topped_up_and_durable_before_they_are_known() {
    let (app, ferry) = (TestApp::start().await, Ferry::start().await);
    let place = Place::new(&ferry, &app);
    let _worker = place.run().await;
    let mut handed_out = Vec::new();
    for _ in 0..100 {
        handed_out.push(ferry.hand_out_key().await.id);
    }
    let state = StateDir::open(&place.state()).unwrap();
    for id in &handed_out {
        assert!(state.key(id).unwrap().is_some());
    }
    ferry
        .until("keys are topped up", |known| {
            (known.available.len() >= 48).then_some(())
        })
        .await;
}

#[tokio::test]
async fn without_a_token_it_says_what_to_do() {
    let (app, ferry) = (TestApp::start().await, Ferry::start().await);
    let place = Place::new(&ferry, &app);
    let output = place
        .command(&["run", "--insecure-no-sandbox"])
        .output()
        .await
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("ferry-server worker-token add"), "{said}");

    let lease = LeaseId::new(ambient::now(), ambient::random()).to_string();
    let output = place
        .command(&["export", "--format", "cookies-txt", "--account", &lease])
        .output()
        .await
        .unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
}

#[tokio::test]
async fn a_renewed_identity_is_signed_by_the_one_before_and_used_from_then_on() {
    let (app, mut ferry) = (TestApp::start().await, Ferry::start().await);
    let place = Place::new(&ferry, &app);
    let mut worker = place.run().await;
    app.sign_in("s1", "alice");
    let leased = Device::new().seal(&ferry.hand_out_key().await, &payload(&app, "s1"));
    let identity = async |arguments: &[&str]| {
        let output = place.command(arguments).output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim().to_owned();
        match output.status.success() {
            true => Ok(text(output.stdout)),
            false => Err(text(output.stderr)),
        }
    };
    let old = identity(&["identity"]).await.unwrap();

    let why = identity(&["identity", "--renew"]).await.unwrap_err();
    assert!(why.contains("stop `ferry-worker run` first"), "{why}");
    assert!(worker.terminate().await.success());

    // The server has not taken it: everything is as before.
    ferry.stop().await;
    assert!(identity(&["identity", "--renew"]).await.is_err());
    assert_eq!(identity(&["identity"]).await.unwrap(), old);
    ferry.start_again().await;
    let mut worker = place.run().await;
    assert!(is_verified(&ferry.check(&leased).await));
    assert!(worker.terminate().await.success());

    // The server of these tests takes no identity that the one before did not sign.
    for _ in 0..2 {
        let renewed = identity(&["identity", "--renew"]).await.unwrap();
        assert_ne!(renewed, old);
        assert_eq!(identity(&["identity"]).await.unwrap(), renewed);
    }
    let _worker = place.run().await;
    ferry.hand_out_key().await;
    assert!(
        is_verified(&ferry.check(&leased).await),
        "what was sealed before still opens"
    );
}

#[tokio::test]
async fn the_fingerprint_is_that_of_the_identity_and_stays() {
    let (app, ferry) = (TestApp::start().await, Ferry::start().await);
    let place = Place::new(&ferry, &app);
    let first = place.command(&["identity"]).output().await.unwrap();
    let second = place.command(&["identity"]).output().await.unwrap();
    assert!(first.status.success());
    assert_eq!(first.stdout, second.stdout);
    let text = String::from_utf8(first.stdout).unwrap();
    let groups: Vec<_> = text.trim().split(' ').collect();
    assert_eq!(groups.len(), 8, "{text}");
}
