//! Whose devices the worker believes: not whose the server says.

use ferry_protocol::UserId;
use ferry_protocol::api::{Finding, InvalidReason, LeasedSession};
use ferry_protocol::session::OpenError;
use ferry_protocol::signature::SignatureError;
use ferry_protocol::trust::{ChainError, StatementError};
use ferry_worker::ambient;
use ferry_worker::open::OpenSessionError;

use crate::app::TestApp;
use crate::device::{Device, payload};
use crate::ferry::Ferry;
use crate::process::Place;

/// Seals the session `sid` with a device, under a new key.
async fn seal(ferry: &Ferry, app: &TestApp, device: &Device, sid: &str) -> LeasedSession {
    device.seal(&ferry.hand_out_key().await, &payload(app, sid))
}

fn is_verified(finding: &Finding) -> bool {
    matches!(finding, Finding::Verified { identified: true, .. })
}

/// Refused because nobody whom the worker knows vouches for this device.
fn is_unapproved(finding: &Finding, root: &Device) -> bool {
    let shown = root.keys().fingerprint().to_string();
    matches!(finding, Finding::Invalid { reason: InvalidReason::DeviceNotApproved { fingerprint }, .. }
        if *fingerprint == shown)
}

/// Refused for this very reason.
#[track_caller]
fn assert_rejected(finding: &Finding, why: &OpenSessionError) {
    let Finding::Invalid {
        reason: InvalidReason::SealRejected { what },
        ..
    } = finding
    else {
        panic!("{finding:?}");
    };
    assert_eq!(*what, why.to_string());
}

#[tokio::test]
async fn a_device_is_believed_by_its_approvals_and_not_by_the_servers_word() {
    let (app, ferry) = (TestApp::start().await, Ferry::start().await);
    let place = Place::new(&ferry, &app);
    let mut worker = place.run().await;
    app.sign_in("sid", "alice");
    let first = Device::new();
    let user = first.user;
    let session = seal(&ferry, &app, &first, "sid").await;
    let workspace = session.sealed.header().unwrap().workspace;
    assert!(is_verified(&ferry.check(&session).await));

    // A second one, by an e-mailed code alone; then the first approves it.
    let second = Device::of(user);
    let mut session = seal(&ferry, &app, &second, "sid").await;
    assert!(is_unapproved(&ferry.check(&session).await, &second));
    session.chain.approvals = vec![first.approve(workspace, &second)];
    assert!(is_verified(&ferry.check(&session).await));

    // A third, by way of the second; also by a worker that was killed since.
    let third = Device::of(user);
    let mut session = seal(&ferry, &app, &third, "sid").await;
    let approvals = vec![
        second.approve(workspace, &third),
        first.approve(workspace, &second),
    ];
    session.chain.approvals = approvals.clone();
    assert!(is_verified(&ferry.check(&session).await));
    worker.kill().await;
    let mut worker = place.run().await;
    assert!(is_verified(&ferry.check(&session).await));

    // What a lying server makes of it: no session of a device of its own is opened.
    let visits = app.requests("/me").len();
    let servers = Device::of(user);
    let mut session = seal(&ferry, &app, &servers, "sid").await;
    let honest = session.chain.device.clone();
    assert!(is_unapproved(&ferry.check(&session).await, &servers));
    // Another device of its own on top: the root is replaced.
    let root = Device::of(user);
    session.chain.approvals = vec![root.approve(workspace, &servers)];
    assert!(is_unapproved(&ferry.check(&session).await, &root));
    // The real root on top of that, whose approval it cannot make.
    let mut forged = first.approve(workspace, &root);
    forged.signature = servers.key.sign(&forged.statement.message());
    session.chain.approvals.push(forged);
    let unsigned = StatementError::Signature(SignatureError::Wrong);
    assert_rejected(
        &ferry.check(&session).await,
        &ChainError::Statement(unsigned).into(),
    );
    // An approval that the root gave to another device.
    session.chain.approvals = vec![first.approve(workspace, &second)];
    assert_rejected(&ferry.check(&session).await, &ChainError::OtherDevice.into());
    // An approval that another person's root gave.
    let bobs = Device::new();
    session.chain.approvals = vec![bobs.approve(workspace, &servers)];
    assert_rejected(&ferry.check(&session).await, &ChainError::OtherPerson.into());
    // Its own sealing key for a device that was approved.
    session.chain.approvals = approvals;
    session.chain.device = third.keys();
    session.chain.device.sealing_key = honest.sealing_key;
    session.chain.device.sealing_key_signature = honest.sealing_key_signature;
    assert_rejected(&ferry.check(&session).await, &ChainError::SealingKey.into());
    // The whole chain of the approved device, above a session of its own.
    session.chain.device = third.keys();
    let of_another = OpenError::Signature(SignatureError::Wrong);
    assert_rejected(&ferry.check(&session).await, &of_another.into());
    assert_eq!(
        app.requests("/me").len(),
        visits,
        "nothing of this reached the app"
    );

    assert!(worker.terminate().await.success());
    assert!(worker.log().contains("device accept --user"));
}

#[tokio::test]
async fn the_operator_accepts_a_device_by_its_fingerprint() {
    let (app, ferry) = (TestApp::start().await, Ferry::start().await);
    let place = Place::new(&ferry, &app);
    let _worker = place.run().await;
    app.sign_in("sid", "alice");
    let first = Device::new();
    assert!(is_verified(
        &ferry.check(&seal(&ferry, &app, &first, "sid").await).await
    ));
    let anew = Device::of(first.user);
    let session = seal(&ferry, &app, &anew, "sid").await;
    assert!(is_unapproved(&ferry.check(&session).await, &anew));

    let user = first.user.to_string();
    let fingerprint = anew.keys().fingerprint().to_string();
    let device = |words: &[&str]| {
        let words = [&["device"], words].concat();
        let command = place.command(&words).output();
        async { command.await.unwrap() }
    };
    let bad = device(&["accept", "--user", &user, "--fingerprint", &fingerprint[1..]]).await;
    assert!(!bad.status.success());
    let others = UserId::new(ambient::now(), ambient::random()).to_string();
    let accepted = device(&["accept", "--user", &others, "--fingerprint", &fingerprint]).await;
    assert!(accepted.status.success());
    assert!(
        is_unapproved(&ferry.check(&session).await, &anew),
        "that was for somebody else"
    );

    let typed = fingerprint.to_lowercase();
    let accepted = device(&["accept", "--user", &user, "--fingerprint", &typed]).await;
    assert!(accepted.status.success());
    // The worker that runs knows at once.
    assert!(is_verified(&ferry.check(&session).await));
    let listed = device(&["list"]).await;
    let pinned = first.keys().fingerprint();
    let expected = format!("{user}\t{pinned}\n{user}\t{fingerprint}\n{others}\t{fingerprint}\n");
    assert_eq!(String::from_utf8(listed.stdout).unwrap(), expected);
}
