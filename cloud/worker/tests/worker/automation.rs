//! `export` and `open`, beside a worker that runs on the same state directory.

use std::os::unix::fs::PermissionsExt;

use chromiumoxide::Connection;
use chromiumoxide::cdp::CdpEventMessage;
use chromiumoxide::cdp::browser_protocol::storage::{GetCookiesParams, GetCookiesReturns};
use chromiumoxide::types::{Message, Method};
use ferry_protocol::AccountId;
use ferry_protocol::api::{Finding, LeasedSession};
use ferry_worker::ambient;
use ferry_worker::state_dir::StateDir;
use futures_util::StreamExt;
use rustix::process::{Signal, kill_process};

use crate::app::TestApp;
use crate::device::{Device, cookie, payload};
use crate::ferry::Ferry;
use crate::process::{Place, Running};

/// A worker that runs, and a session of alice's.
struct Scene {
    app: TestApp,
    ferry: Ferry,
    place: Place,
    worker: Running,
    leased: LeasedSession,
}

async fn scene() -> Scene {
    let (app, ferry) = (TestApp::start().await, Ferry::start().await);
    let place = Place::new(&ferry, &app);
    let worker = place.run().await;
    app.sign_in("s1", "alice");
    let mut session = payload(&app, "s1");
    let mut wide = cookie("wide", "w");
    (wide.host_only, wide.http_only) = (false, false);
    session.jar.cookies.push(wide);
    let leased = Device::new().seal(&ferry.hand_out_key().await, &session);
    ferry.known().for_automation = Some(leased.clone());
    Scene {
        app,
        ferry,
        place,
        worker,
        leased,
    }
}

fn is_released(ferry: &Ferry, leased: &LeasedSession) -> bool {
    let known = ferry.known();
    known
        .reports
        .iter()
        .any(|report| report.lease == leased.lease && report.finding == Finding::Released)
}

#[tokio::test]
async fn export_writes_both_formats_and_gives_the_session_back() {
    let Scene {
        app: _app,
        ferry,
        place,
        leased,
        worker: _worker,
    } = scene().await;
    let account = leased.account.to_string();

    let output = place
        .command(&["export", "--account", &account, "--format", "cookies-txt"])
        .output()
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("# Netscape HTTP Cookie File\n"));
    assert!(
        text.contains("#HttpOnly_app.test\tFALSE\t/\tTRUE\t0\tsid\ts1\n"),
        "{text}"
    );
    assert!(
        text.contains("\n.app.test\tTRUE\t/\tTRUE\t0\twide\tw\n"),
        "{text}"
    );
    assert!(is_released(&ferry, &leased));
    assert!(
        !String::from_utf8_lossy(&output.stderr).contains("s1"),
        "no value in the log"
    );

    let file = place.path().join("state.json");
    let arguments = [
        "export",
        "--account",
        &account,
        "--format",
        "storage-state",
        "--output",
    ];
    let output = place.command(&arguments).arg(&file).output().await.unwrap();
    assert!(output.status.success() && output.stdout.is_empty());
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let state: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(state["cookies"][0]["name"], "sid");
    assert_eq!(state["cookies"][1]["domain"], ".app.test");
    assert_eq!(state["origins"], serde_json::json!([]));
}

#[tokio::test]
async fn a_server_does_not_choose_whose_session_a_program_is_given() {
    let Scene {
        app: _app,
        ferry,
        place,
        leased,
        worker: _worker,
    } = scene().await;
    let asked = AccountId::new(ambient::now(), ambient::random());
    let mut renamed = leased.clone();
    renamed.account = asked;
    for given in [leased, renamed] {
        ferry.known().for_automation = Some(given.clone());
        ferry.known().reports.clear();
        let output = place
            .command(&["export", "--format", "cookies-txt", "--account"])
            .arg(asked.to_string())
            .output()
            .await
            .unwrap();
        assert!(!output.status.success() && output.stdout.is_empty());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("gave the session of account"), "{said}");
        assert!(is_released(&ferry, &given));
    }
}

#[tokio::test]
async fn export_of_a_deleted_session_gives_nothing() {
    let Scene {
        app: _app,
        ferry,
        place,
        leased,
        worker: _worker,
    } = scene().await;
    ferry.destroy(leased.sealed.header().unwrap().sealing_key).await;
    let account = leased.account.to_string();
    let output = place
        .command(&["export", "--account", &account, "--format", "cookies-txt"])
        .output()
        .await
        .unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("its key no longer exists"));
    assert!(is_released(&ferry, &leased));
}

#[tokio::test]
async fn open_gives_a_signed_in_browser_and_keeps_what_it_rotated() {
    let Scene {
        app,
        ferry,
        place,
        leased,
        worker: _worker,
    } = scene().await;
    let mut opened = place.start(&["open", "--account", &leased.account.to_string()]);
    let endpoint = opened.line().await;
    assert!(
        endpoint.starts_with("ws://127.0.0.1:") && endpoint.contains("/devtools/browser/"),
        "{endpoint}"
    );

    // A program that connects sees the session in the default context.
    let cookies = cookies(&endpoint).await;
    assert!(
        cookies.contains(&("sid".to_owned(), "s1".to_owned())),
        "{cookies:?}"
    );

    // Meanwhile the worker leaves the session alone.
    let busy = ferry.check(&leased).await;
    assert!(
        matches!(&busy, Finding::Unreachable { what } if what.contains("automation")),
        "{busy:?}"
    );
    assert!(app.requests("/me").is_empty());

    assert!(opened.terminate().await.success(), "{}", opened.log());
    assert!(is_released(&ferry, &leased));
    let state = StateDir::open(&place.state()).unwrap();
    let key = leased.sealed.header().unwrap().sealing_key;
    assert!(
        state.session(&leased.transfer, &key).unwrap().is_some(),
        "rotated cookies are kept"
    );

    // The next check sends them, with the same user agent.
    assert!(matches!(ferry.check(&leased).await, Finding::Verified { .. }));
    let requests = app.requests("/me");
    assert!(
        requests
            .last()
            .unwrap()
            .cookies()
            .contains(&"rotating=1".to_owned())
    );
    assert!(
        requests
            .iter()
            .all(|request| request.user_agent == crate::device::USER_AGENT)
    );
}

#[tokio::test]
async fn what_open_left_signed_out_is_not_kept_and_its_browser_dies_with_it() {
    let Scene {
        app,
        ferry,
        place,
        leased,
        worker: _worker,
    } = scene().await;
    let account = leased.account.to_string();
    let mut opened = place.start(&["open", "--account", &account]);
    opened.line().await;
    app.sign_out("s1");
    assert!(opened.terminate().await.success());
    let state = StateDir::open(&place.state()).unwrap();
    let key = leased.sealed.header().unwrap().sealing_key;
    assert!(state.session(&leased.transfer, &key).unwrap().is_none());
    assert!(is_released(&ferry, &leased));

    // Killed, it can do nothing any more; its browser ends all the same.
    let mut opened = place.start(&["open", "--account", &account]);
    let endpoint = opened.line().await;
    let mut connection = Connection::<CdpEventMessage>::connect(&endpoint).await.unwrap();
    opened.kill().await;
    let gone = async { while let Some(Ok(_)) = connection.next().await {} };
    tokio::time::timeout(std::time::Duration::from_secs(60), gone)
        .await
        .expect("the browser ends");
}

#[tokio::test]
async fn open_ends_when_its_session_is_deleted_and_keeps_nothing() {
    let Scene {
        app,
        ferry,
        place,
        leased,
        worker: _worker,
    } = scene().await;
    let mut opened = place.start(&["open", "--account", &leased.account.to_string()]);
    let endpoint = opened.line().await;
    let mut connection = Connection::<CdpEventMessage>::connect(&endpoint).await.unwrap();

    let key = leased.sealed.header().unwrap().sealing_key;
    ferry.destroy(key).await;

    assert!(!opened.wait().await.success());
    assert!(
        opened.log().contains("the session was deleted"),
        "{}",
        opened.log()
    );
    while let Some(Ok(_)) = connection.next().await {}
    let state = StateDir::open(&place.state()).unwrap();
    assert!(state.session(&leased.transfer, &key).unwrap().is_none());
    assert!(
        app.requests("/me").is_empty(),
        "nobody looked at the app any more"
    );
}

#[tokio::test]
async fn open_ends_when_its_browser_does() {
    let Scene {
        app: _app,
        ferry,
        place,
        leased,
        worker: _worker,
    } = scene().await;
    let mut opened = place.start(&["open", "--account", &leased.account.to_string()]);
    opened.line().await;
    kill_process(opened.browser(), Signal::KILL).unwrap();
    ferry
        .until("the session is given back", |known| {
            known
                .reports
                .iter()
                .any(|report| report.finding == Finding::Released)
                .then_some(())
        })
        .await;
    assert!(is_released(&ferry, &leased));
}

/// Names and values in the browser's default context.
async fn cookies(endpoint: &str) -> Vec<(String, String)> {
    let mut connection = Connection::<CdpEventMessage>::connect(endpoint).await.unwrap();
    let command = GetCookiesParams::default();
    let params = serde_json::to_value(&command).unwrap();
    let call = connection
        .submit_command(command.identifier(), None, params)
        .unwrap();
    while let Some(message) = connection.next().await {
        if let Ok(Message::Response(response)) = message
            && response.id == call
        {
            let held: GetCookiesReturns = serde_json::from_value(response.result.unwrap()).unwrap();
            return held
                .cookies
                .into_iter()
                .map(|cookie| (cookie.name, cookie.value))
                .collect();
        }
    }
    panic!("the browser does not answer");
}
