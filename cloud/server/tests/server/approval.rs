//! Asking for approval, approving, denying: which device vouches for which.

use std::time::Duration;

use axum::http::StatusCode;
use ferry_protocol::Bytes;
use ferry_protocol::api::{
    ApprovalAnswer, ApprovalState, Approve, AskApproval, DeviceState, Devices, Finding, InvalidReason, Me,
    Receipt, Report,
};
use ferry_protocol::device::Fingerprint;
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::trust::Statement;
use ferry_server::retention;

use crate::client::{Answer, Client, Transport};
use crate::fixture::{ADA, BASE, PASSWORD, PROXY, Server, server_with_ada};

const BOB: &str = "bob@example.com";
const MINUTE: i64 = 60 * 1000;

/// Less than an unanswered wait takes.
const LIMIT: Duration = Duration::from_secs(20);

fn over(server: &Server, client: &Client) -> Client {
    client.over(Transport::Router(server.router.clone()), BASE)
}

#[tokio::test]
async fn a_second_device_is_approved_by_the_first() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    let second = server.client_from(PROXY, "203.0.113.7");
    second.sign_in(ADA, PASSWORD).await;
    second.enrol("Ada's phone").await.ok::<Me>();

    let asked: ApprovalAnswer = second.ask_approval().await.ok();
    let until = second.now().plus(15 * MINUTE);
    assert_eq!((asked.state, asked.until), (ApprovalState::Pending, Some(until)));
    let me = second.me().await;
    assert_eq!(me.device.unwrap().state, DeviceState::PendingApproval);

    // What the approver sees is the device's own.
    let shown = first.listed(&second).await;
    let request = shown.request.unwrap();
    assert_eq!(
        (request.browser.as_str(), request.ip.as_str()),
        ("Firefox on Linux", "203.0.113.7")
    );
    assert_eq!((request.asked_at, request.expires_at), (second.now(), until));
    let own = Fingerprint::new(&second.device(), &second.sealing_key.public());
    assert_eq!(shown.keys.fingerprint(), own);
    assert!(!shown.this_device && first.listed(&first).await.this_device);

    let all: Devices = first.approve(&second).await.ok();
    assert_eq!((all.devices.len(), all.most), (2, 20));
    let me = second.me().await;
    assert_eq!(me.device.unwrap().state, DeviceState::Trusted);
    let shown = second.listed(&second).await;
    assert_eq!((shown.approved_by, shown.request), (Some(first.device()), None));
    assert_eq!(shown.trusted_at, Some(second.now()));
    assert_eq!(second.listed(&first).await.approved_by, None);
    assert_eq!(second.approval().await.state, ApprovalState::Approved);
    assert_eq!(
        server.trail().await[6..],
        [
            "user.signed_in",
            "device.enrolled",
            "device.approval_asked",
            "device.approved"
        ]
    );
}

/// Until so many have seen that there is no answer yet, and wait for it.
async fn sleep_begins(server: &Server, count: usize) {
    let asleep = async {
        while server.state.waiting().asleep() != count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, asleep).await.expect("they wait");
}

/// Waits for the answer as a device does, from before it is there.
async fn waits_for(server: &Server, waiting: &Client, happens: impl Future<Output = Answer>) -> Answer {
    let client = over(server, waiting);
    // So that the client knows the nonce: its one request is the waiting.
    client.me().await;
    let waiting = tokio::spawn(async move { client.get("/v1/device/approval").await });
    sleep_begins(server, 1).await;
    assert_eq!(happens.await.status, StatusCode::OK);
    // Unanswered, it would wait for 25 seconds.
    let answer = tokio::time::timeout(LIMIT, waiting).await;
    answer.expect("an answer as soon as there is one").unwrap()
}

#[tokio::test]
async fn who_waits_for_an_answer_gets_it_when_it_is_given() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    let second = server.untrusted(ADA).await;
    second.ask_approval().await.ok::<ApprovalAnswer>();
    let denied = waits_for(&server, &second, first.deny(&second)).await;
    assert_eq!(denied.ok::<ApprovalAnswer>().state, ApprovalState::Denied);
    let third = server.untrusted(ADA).await;
    third.ask_approval().await.ok::<ApprovalAnswer>();
    let approved = waits_for(&server, &third, first.approve(&third)).await;
    assert_eq!(approved.ok::<ApprovalAnswer>().state, ApprovalState::Approved);
    let fourth = server.untrusted(ADA).await;
    fourth.ask_approval().await.ok::<ApprovalAnswer>();
    let disabled = waits_for(&server, &fourth, first.disable(&fourth)).await;
    assert_eq!(disabled.code(), ProblemCode::DeviceDisabled);
    // With a code instead of an answer.
    let fifth = server.untrusted(ADA).await;
    fifth.ask_approval().await.ok::<ApprovalAnswer>();
    fifth.send_code().await;
    let code = server.mailed_code();
    let trusted = waits_for(&server, &fifth, fifth.verify(&code)).await;
    assert_eq!(trusted.ok::<ApprovalAnswer>().state, ApprovalState::Approved);
}

#[tokio::test]
async fn a_device_waits_once_and_a_newer_wait_answers_the_older() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    let (second, third) = (server.untrusted(ADA).await, server.untrusted(ADA).await);
    let wait = |client: &Client| {
        let client = over(&server, client);
        tokio::spawn(async move { client.approval().await.state })
    };
    for device in [&second, &third] {
        device.ask_approval().await.ok::<ApprovalAnswer>();
    }
    let others = wait(&third);
    let older = wait(&second);
    sleep_begins(&server, 2).await;
    let newer = wait(&second);
    // Unanswered, it would wait for 25 seconds.
    let answer = tokio::time::timeout(LIMIT, older).await.expect("an answer");
    assert_eq!(answer.unwrap(), ApprovalState::Pending);
    sleep_begins(&server, 2).await;
    first.approve(&second).await.ok::<Devices>();
    let answer = tokio::time::timeout(LIMIT, newer).await.expect("an answer");
    assert_eq!(answer.unwrap(), ApprovalState::Approved);
    first.deny(&third).await.ok::<Devices>();
    let answer = tokio::time::timeout(LIMIT, others).await.expect("an answer");
    assert_eq!(answer.unwrap(), ApprovalState::Denied);
}

#[tokio::test]
async fn a_denied_device_may_not_ask_again_at_once_but_the_code_works() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    let second = server.untrusted(ADA).await;
    assert_eq!(first.deny(&second).await.code(), ProblemCode::NotPending);
    second.ask_approval().await.ok::<ApprovalAnswer>();
    first.deny(&second).await.ok::<Devices>();
    assert_eq!(second.approval().await.state, ApprovalState::Denied);
    assert_eq!(second.me().await.device.unwrap().state, DeviceState::AwaitingCode);
    server.clock.advance(14 * MINUTE + 1);
    let refused = second.ask_approval().await;
    assert_eq!(refused.code(), ProblemCode::TooManyRequests);
    assert_eq!(refused.headers["retry-after"], "60");
    // Enrolling anew does not help.
    second.enrol("again").await.ok::<Me>();
    assert_eq!(second.ask_approval().await.code(), ProblemCode::TooManyRequests);
    assert_eq!(first.approve(&second).await.code(), ProblemCode::NotPending);
    server.clock.advance(MINUTE);
    second.ask_approval().await.ok::<ApprovalAnswer>();
    first.deny(&second).await.ok::<Devices>();
    second.send_code().await;
    second.verify(&server.mailed_code()).await.ok::<Me>();
}

#[tokio::test]
async fn a_request_ends_after_fifteen_minutes() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    let second = server.untrusted(ADA).await;
    let until = second.ask_approval().await.ok::<ApprovalAnswer>().until.unwrap();
    server.clock.advance(15 * MINUTE - 1);
    // Asking again does not make it last longer.
    assert_eq!(
        second.ask_approval().await.ok::<ApprovalAnswer>().until,
        Some(until)
    );
    assert!(first.listed(&second).await.request.is_some());
    server.clock.advance(1);
    for swept in [false, true] {
        assert_eq!(second.approval().await.state, ApprovalState::NotAsked);
        let shown = first.listed(&second).await;
        assert_eq!(
            (shown.state, shown.request),
            (DeviceState::AwaitingCode, None),
            "{swept}"
        );
        assert_eq!(first.approve(&second).await.code(), ProblemCode::NotPending);
        assert_eq!(first.deny(&second).await.code(), ProblemCode::NotPending);
        retention::sweep(&server.state).await.unwrap();
    }
    assert_eq!(second.me().await.device.unwrap().state, DeviceState::AwaitingCode);
    second.ask_approval().await.ok::<ApprovalAnswer>();
    first.approve(&second).await.ok::<Devices>();
}

#[tokio::test]
async fn approval_needs_a_trusted_device_and_one_that_is_not() {
    let server = server_with_ada().await;
    let client = server.client();
    client.sign_in(ADA, PASSWORD).await;
    assert_eq!(client.ask_approval().await.code(), ProblemCode::InvalidRequest);
    assert_eq!(
        client.get("/v1/device/approval").await.code(),
        ProblemCode::InvalidRequest
    );
    client.enrol("Laptop").await.ok::<Me>();
    assert_eq!(client.ask_approval().await.code(), ProblemCode::NoTrustedDevice);
    let empty = AskApproval {
        browser: " \u{200B} ".to_owned(),
    };
    assert_eq!(
        client.post("/v1/device/approval", &empty).await.code(),
        ProblemCode::InvalidRequest
    );
    client.send_code().await;
    client.verify(&server.mailed_code()).await.ok::<Me>();
    assert_eq!(client.ask_approval().await.code(), ProblemCode::InvalidRequest);
    let waiting = server.untrusted(ADA).await;
    assert_eq!(
        client.approve(&waiting).await.code(),
        ProblemCode::NotPending,
        "it did not ask"
    );
    waiting.ask_approval().await.ok::<ApprovalAnswer>();
    assert_eq!(
        waiting.approve(&waiting).await.code(),
        ProblemCode::DeviceNotTrusted
    );
}

#[tokio::test]
async fn only_the_approvers_own_word_for_these_very_keys_counts() {
    let server = server_with_ada().await;
    let (first, second) = (server.trusted(ADA).await, server.untrusted(ADA).await);
    second.ask_approval().await.ok::<ApprovalAnswer>();
    let me = first.me().await;
    let stranger = server.client();
    let good = first.statement(&me, &second);
    let signed = |statement: &Statement| Approve {
        statement: statement.clone(),
        signature: first.key.sign(&statement.message()),
    };
    let changed = |change: fn(&mut Statement, &Client)| {
        let mut statement = good.clone();
        change(&mut statement, &stranger);
        signed(&statement)
    };
    let bad = [
        (
            "person",
            changed(|statement, other| statement.user = other.id(ferry_protocol::UserId::new)),
        ),
        (
            "workspace",
            changed(|statement, other| statement.workspace = other.id(ferry_protocol::WorkspaceId::new)),
        ),
        (
            "device",
            changed(|statement, other| statement.device = other.device()),
        ),
        (
            "sealing key",
            changed(|statement, other| {
                statement.sealing_key = other.sealing_key.public().thumbprint().into();
            }),
        ),
        (
            "approver",
            changed(|statement, other| statement.approver = other.device()),
        ),
        (
            "past",
            changed(|statement, _| statement.at = statement.at.plus(-5 * MINUTE - 1)),
        ),
        (
            "future",
            changed(|statement, _| statement.at = statement.at.plus(5 * MINUTE + 1)),
        ),
        (
            "another's signature",
            Approve {
                statement: good.clone(),
                signature: stranger.key.sign(&good.message()),
            },
        ),
        (
            "no signature",
            Approve {
                statement: good.clone(),
                signature: Bytes(Vec::new()),
            },
        ),
    ];
    let path = format!("/v1/devices/{}/approve", second.device());
    for (what, approve) in bad {
        let answer = first.post(&path, &approve).await;
        assert_eq!(answer.code(), ProblemCode::ApprovalRejected, "{what}");
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(answer_now(&server, &second).await, DeviceState::PendingApproval);
    // Another device of the person's cannot hand in the approval of the first.
    let third = server.trusted(ADA).await;
    assert_eq!(
        third.post(&path, &signed(&good)).await.code(),
        ProblemCode::ApprovalRejected
    );
    first.post(&path, &signed(&good)).await.ok::<Devices>();
    assert_eq!(
        first.post(&path, &signed(&good)).await.code(),
        ProblemCode::NotPending
    );
}

async fn answer_now(server: &Server, client: &Client) -> DeviceState {
    over(server, client).me().await.device.unwrap().state
}

#[tokio::test]
async fn a_device_with_another_sealing_key_has_to_ask_again() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    let mut second = server.untrusted(ADA).await;
    second.ask_approval().await.ok::<ApprovalAnswer>();
    second.sealing_key = server.client().sealing_key;
    second.enrol("the same, with another key").await.ok::<Me>();
    assert_eq!(second.me().await.device.unwrap().state, DeviceState::AwaitingCode);
    assert_eq!(first.approve(&second).await.code(), ProblemCode::NotPending);
    assert_eq!(first.listed(&second).await.request, None);
    second.ask_approval().await.ok::<ApprovalAnswer>();
    first.approve(&second).await.ok::<Devices>();
}

#[tokio::test]
async fn other_peoples_devices_are_nobodys_business() {
    let server = server_with_ada().await;
    let elsewhere = server.workspace("Elsewhere").await;
    server.user(elsewhere, BOB).await;
    let (ada, bob) = (server.trusted(ADA).await, server.trusted(BOB).await);
    let waiting = server.untrusted(ADA).await;
    waiting.ask_approval().await.ok::<ApprovalAnswer>();
    for answer in [
        bob.approve(&waiting).await,
        bob.deny(&waiting).await,
        bob.disable(&waiting).await,
        bob.disable(&ada).await,
    ] {
        assert_eq!(answer.code(), ProblemCode::NotFound);
    }
    assert_eq!(bob.devices().await.len(), 1);
    assert_eq!(ada.devices().await.len(), 2);
}

#[tokio::test]
async fn the_oldest_request_makes_room_for_the_newest() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    let mut waiting = Vec::new();
    for _ in 0..50 {
        let client = server.untrusted(ADA).await;
        client.ask_approval().await.ok::<ApprovalAnswer>();
        server.clock.advance(1);
        waiting.push(client);
    }
    let oldest = over(&server, &waiting[0]);
    oldest.me().await;
    let oldest = tokio::spawn(async move { oldest.get("/v1/device/approval").await });
    sleep_begins(&server, 1).await;
    let late = server.untrusted(ADA).await;
    late.ask_approval().await.ok::<ApprovalAnswer>();
    // Whoever waits with the oldest is told so.
    let told = tokio::time::timeout(LIMIT, oldest).await.expect("an answer");
    assert_eq!(told.unwrap().code(), ProblemCode::InvalidRequest);
    assert_eq!(waiting[0].me().await.device, None);
    assert_eq!(first.approve(&waiting[0]).await.code(), ProblemCode::NotFound);
    let trail = server.trail().await;
    assert!(trail.ends_with(&[
        "device.forgotten".to_owned(),
        "device.enrolled".to_owned(),
        "device.approval_asked".to_owned()
    ]));
    // All others wait as before.
    for client in waiting[1..].iter().chain([&late]) {
        assert!(first.listed(client).await.request.is_some());
    }
    // It may come again, and the next one makes room.
    waiting[0].enrol("again").await.ok::<Me>();
    assert_eq!(waiting[1].me().await.device, None);
    first.approve(&late).await.ok::<Devices>();
}

#[tokio::test]
async fn a_device_verified_by_a_code_may_be_vouched_for_later() {
    let scene = crate::fixture::Scene::set().await;
    let (server, owner) = (&scene.server, &scene.owner);
    let email = crate::fixture::OWNER;
    let first = server.trusted(email).await;
    owner.transfer(scene.account, b"sealed").await;
    let leased = scene.worker.lease().await;
    assert_eq!(leased.chain.device.id(), owner.device());
    assert!(leased.chain.approvals.is_empty());
    let refused = Report {
        lease: leased.lease,
        finding: Finding::Invalid {
            reason: InvalidReason::DeviceNotApproved {
                fingerprint: leased.chain.device.fingerprint().to_string(),
            },
            receipt: Receipt::default(),
        },
    };
    scene.worker.report(leased.transfer, &refused).await;
    assert!(scene.worker.work().await.sessions.is_empty());

    first.approve(owner).await.ok::<Devices>();

    // The session is looked at again, now with the whole chain.
    let leased = scene.worker.lease().await;
    let me = owner.me().await;
    assert_eq!(leased.user, me.user.id);
    let verified = leased.chain.verify(&scene.workspace, &me.user.id).unwrap();
    assert_eq!(verified.root().0, first.device());
    assert_eq!(first.approve(owner).await.code(), ProblemCode::NotPending, "once");
    // The one that was vouched for cannot vouch for the one above it, nor by way of others.
    assert_eq!(owner.approve(&first).await.code(), ProblemCode::ApprovalRejected);
    assert_eq!(first.approve(&first).await.code(), ProblemCode::ApprovalRejected);
    let third = server.untrusted(email).await;
    third.ask_approval().await.ok::<ApprovalAnswer>();
    owner.approve(&third).await.ok::<Devices>();
    assert_eq!(third.approve(&first).await.code(), ProblemCode::ApprovalRejected);
}

#[tokio::test]
async fn a_chain_has_at_most_twenty_devices() {
    let server = server_with_ada().await;
    let mut chain = vec![server.trusted(ADA).await];
    for _ in 1..20 {
        let next = server.untrusted(ADA).await;
        next.ask_approval().await.ok::<ApprovalAnswer>();
        chain.last().unwrap().approve(&next).await.ok::<Devices>();
        chain.push(next);
    }
    chain[19].disable(&chain[10]).await.ok::<Devices>();
    let late = server.untrusted(ADA).await;
    late.ask_approval().await.ok::<ApprovalAnswer>();
    let refused = chain[19].approve(&late).await.problem();
    assert_eq!(refused.code, ProblemCode::ApprovalRejected);
    assert!(refused.detail.contains("set up earlier"), "{}", refused.detail);
    // Nor by putting one on top of it.
    late.send_code().await;
    late.verify(&server.mailed_code()).await.ok::<Me>();
    assert_eq!(
        late.approve(&chain[0]).await.code(),
        ProblemCode::ApprovalRejected
    );
    chain[3].approve(&late).await.ok::<Devices>();
}

#[tokio::test]
async fn a_device_vouches_for_none_that_was_trusted_before_it() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    server.clock.advance(1000);
    // Somebody with her password and her mailbox.
    let thief = server.trusted(ADA).await;
    let refused = thief.approve(&first).await.problem();
    assert_eq!(refused.code, ProblemCode::ApprovalRejected);
    assert!(refused.detail.contains("older"), "{}", refused.detail);
    first.approve(&thief).await.ok::<Devices>();
}

#[tokio::test]
async fn what_a_disabled_device_approved_may_be_approved_by_another() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    server.clock.advance(1000);
    let second = server.trusted(ADA).await;
    server.clock.advance(1000);
    let third = server.trusted(ADA).await;
    second.approve(&third).await.ok::<Devices>();
    assert_eq!(first.approve(&third).await.code(), ProblemCode::NotPending);
    first.disable(&second).await.ok::<Devices>();
    let devices = first.approve(&third).await.ok::<Devices>();
    let of_third = devices.devices.iter().find(|device| device.id == third.device());
    assert_eq!(of_third.unwrap().approved_by, Some(first.device()));
}
