//! A person's devices: asking for approval, approving, denying, disabling.

use std::time::Duration;

use axum::http::StatusCode;
use ferry_protocol::Bytes;
use ferry_protocol::api::{
    ApprovalAnswer, ApprovalState, Approve, AskApproval, DeviceState, Devices, ListedDevice, Me,
};
use ferry_protocol::device::Fingerprint;
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::trust::Statement;
use ferry_server::{admin, retention};
use futures_util::future::join_all;

use crate::client::{Answer, Client, Transport};
use crate::fixture::{BASE, PASSWORD, PROXY, Server};

const ADA: &str = "ada@example.com";
const BOB: &str = "bob@example.com";
const MINUTE: i64 = 60 * 1000;

/// Less than an unanswered wait takes.
const LIMIT: Duration = Duration::from_secs(20);

async fn server_with_ada() -> Server {
    let server = Server::start().await;
    let workspace = server.workspace("Acme").await;
    server.user(workspace, ADA).await;
    server
}

fn over(server: &Server, client: &Client) -> Client {
    client.over(Transport::Router(server.router.clone()), BASE)
}

async fn ask(client: &Client) -> Answer {
    let browser = "Firefox on Linux".to_owned();
    client.post("/v1/device/approval", &AskApproval { browser }).await
}

async fn answer(client: &Client) -> ApprovalAnswer {
    client.get("/v1/device/approval").await.ok()
}

async fn devices(client: &Client) -> Vec<ListedDevice> {
    client.get("/v1/devices").await.ok::<Devices>().devices
}

async fn listed(client: &Client, device: &Client) -> ListedDevice {
    let mut all = devices(client).await;
    all.retain(|listed| listed.id == device.device());
    all.pop().unwrap()
}

async fn deny(client: &Client, device: &Client) -> Answer {
    client
        .post_empty(&format!("/v1/devices/{}/deny", device.device()))
        .await
}

async fn disable(client: &Client, device: &Client) -> Answer {
    client
        .post_empty(&format!("/v1/devices/{}/disable", device.device()))
        .await
}

#[tokio::test]
async fn a_second_device_is_approved_by_the_first() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    let second = server.client_from(PROXY, "203.0.113.7");
    second.sign_in(ADA, PASSWORD).await;
    second.enrol("Ada's phone").await.ok::<Me>();

    let asked: ApprovalAnswer = ask(&second).await.ok();
    let until = second.now().plus(15 * MINUTE);
    assert_eq!((asked.state, asked.until), (ApprovalState::Pending, Some(until)));
    let me = second.me().await;
    assert_eq!(me.device.unwrap().state, DeviceState::PendingApproval);

    // What the approver sees is the device's own.
    let shown = listed(&first, &second).await;
    let request = shown.request.unwrap();
    assert_eq!(
        (request.browser.as_str(), request.ip.as_str()),
        ("Firefox on Linux", "203.0.113.7")
    );
    assert_eq!((request.asked_at, request.expires_at), (second.now(), until));
    let own = Fingerprint::new(&second.device(), &second.sealing_key.public());
    assert_eq!(shown.keys.fingerprint(), own);
    assert!(!shown.this_device && listed(&first, &first).await.this_device);

    let all: Devices = first.approve(&second).await.ok();
    assert_eq!((all.devices.len(), all.most), (2, 20));
    let me = second.me().await;
    assert_eq!(me.device.unwrap().state, DeviceState::Trusted);
    let shown = listed(&second, &second).await;
    assert_eq!((shown.approved_by, shown.request), (Some(first.device()), None));
    assert_eq!(shown.trusted_at, Some(second.now()));
    assert_eq!(listed(&second, &first).await.approved_by, None);
    assert_eq!(answer(&second).await.state, ApprovalState::Approved);
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

/// Waits for the answer as a device does, from before it is there.
async fn waits_for(server: &Server, waiting: &Client, happens: impl Future<Output = Answer>) -> Answer {
    let client = over(server, waiting);
    // So that the client knows the nonce: its one request is the waiting.
    client.me().await;
    let waiting = tokio::spawn(async move { client.get("/v1/device/approval").await });
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
    ask(&second).await.ok::<ApprovalAnswer>();
    let denied = waits_for(&server, &second, deny(&first, &second)).await;
    assert_eq!(denied.ok::<ApprovalAnswer>().state, ApprovalState::Denied);
    let third = server.untrusted(ADA).await;
    ask(&third).await.ok::<ApprovalAnswer>();
    let approved = waits_for(&server, &third, first.approve(&third)).await;
    assert_eq!(approved.ok::<ApprovalAnswer>().state, ApprovalState::Approved);
    let fourth = server.untrusted(ADA).await;
    ask(&fourth).await.ok::<ApprovalAnswer>();
    let disabled = waits_for(&server, &fourth, disable(&first, &fourth)).await;
    assert_eq!(disabled.code(), ProblemCode::DeviceDisabled);
    // With a code instead of an answer.
    let fifth = server.untrusted(ADA).await;
    ask(&fifth).await.ok::<ApprovalAnswer>();
    fifth.send_code().await;
    let code = server.mailed_code();
    let trusted = waits_for(&server, &fifth, fifth.verify(&code)).await;
    assert_eq!(trusted.ok::<ApprovalAnswer>().state, ApprovalState::Approved);
}

#[tokio::test]
async fn a_denied_device_may_not_ask_again_at_once_but_the_code_works() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    let second = server.untrusted(ADA).await;
    assert_eq!(deny(&first, &second).await.code(), ProblemCode::NotPending);
    ask(&second).await.ok::<ApprovalAnswer>();
    deny(&first, &second).await.ok::<Devices>();
    assert_eq!(answer(&second).await.state, ApprovalState::Denied);
    assert_eq!(second.me().await.device.unwrap().state, DeviceState::AwaitingCode);
    server.clock.advance(14 * MINUTE + 1);
    let refused = ask(&second).await;
    assert_eq!(refused.code(), ProblemCode::TooManyRequests);
    assert_eq!(refused.headers["retry-after"], "60");
    // Enrolling anew does not help.
    second.enrol("again").await.ok::<Me>();
    assert_eq!(ask(&second).await.code(), ProblemCode::TooManyRequests);
    assert_eq!(first.approve(&second).await.code(), ProblemCode::NotPending);
    server.clock.advance(MINUTE);
    ask(&second).await.ok::<ApprovalAnswer>();
    deny(&first, &second).await.ok::<Devices>();
    second.send_code().await;
    second.verify(&server.mailed_code()).await.ok::<Me>();
}

#[tokio::test]
async fn a_request_ends_after_fifteen_minutes() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    let second = server.untrusted(ADA).await;
    let until = ask(&second).await.ok::<ApprovalAnswer>().until.unwrap();
    server.clock.advance(15 * MINUTE - 1);
    // Asking again does not make it last longer.
    assert_eq!(ask(&second).await.ok::<ApprovalAnswer>().until, Some(until));
    assert!(listed(&first, &second).await.request.is_some());
    server.clock.advance(1);
    for swept in [false, true] {
        assert_eq!(answer(&second).await.state, ApprovalState::NotAsked);
        let shown = listed(&first, &second).await;
        assert_eq!(
            (shown.state, shown.request),
            (DeviceState::AwaitingCode, None),
            "{swept}"
        );
        assert_eq!(first.approve(&second).await.code(), ProblemCode::NotPending);
        assert_eq!(deny(&first, &second).await.code(), ProblemCode::NotPending);
        retention::sweep(&server.state).await.unwrap();
    }
    assert_eq!(second.me().await.device.unwrap().state, DeviceState::AwaitingCode);
    ask(&second).await.ok::<ApprovalAnswer>();
    first.approve(&second).await.ok::<Devices>();
}

#[tokio::test]
async fn approval_needs_a_trusted_device_and_one_that_is_not() {
    let server = server_with_ada().await;
    let client = server.client();
    client.sign_in(ADA, PASSWORD).await;
    assert_eq!(ask(&client).await.code(), ProblemCode::InvalidRequest);
    assert_eq!(
        client.get("/v1/device/approval").await.code(),
        ProblemCode::InvalidRequest
    );
    client.enrol("Laptop").await.ok::<Me>();
    assert_eq!(ask(&client).await.code(), ProblemCode::NoTrustedDevice);
    let empty = AskApproval {
        browser: " \u{200B} ".to_owned(),
    };
    assert_eq!(
        client.post("/v1/device/approval", &empty).await.code(),
        ProblemCode::InvalidRequest
    );
    client.send_code().await;
    client.verify(&server.mailed_code()).await.ok::<Me>();
    assert_eq!(ask(&client).await.code(), ProblemCode::InvalidRequest);
    let waiting = server.untrusted(ADA).await;
    assert_eq!(
        client.approve(&waiting).await.code(),
        ProblemCode::NotPending,
        "it did not ask"
    );
    ask(&waiting).await.ok::<ApprovalAnswer>();
    assert_eq!(
        waiting.approve(&waiting).await.code(),
        ProblemCode::DeviceNotTrusted
    );
}

#[tokio::test]
async fn only_the_approvers_own_word_for_these_very_keys_counts() {
    let server = server_with_ada().await;
    let (first, second) = (server.trusted(ADA).await, server.untrusted(ADA).await);
    ask(&second).await.ok::<ApprovalAnswer>();
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
    ask(&second).await.ok::<ApprovalAnswer>();
    second.sealing_key = server.client().sealing_key;
    second.enrol("the same, with another key").await.ok::<Me>();
    assert_eq!(second.me().await.device.unwrap().state, DeviceState::AwaitingCode);
    assert_eq!(first.approve(&second).await.code(), ProblemCode::NotPending);
    assert_eq!(listed(&first, &second).await.request, None);
    ask(&second).await.ok::<ApprovalAnswer>();
    first.approve(&second).await.ok::<Devices>();
}

#[tokio::test]
async fn other_peoples_devices_are_nobodys_business() {
    let server = server_with_ada().await;
    let elsewhere = server.workspace("Elsewhere").await;
    server.user(elsewhere, BOB).await;
    let (ada, bob) = (server.trusted(ADA).await, server.trusted(BOB).await);
    let waiting = server.untrusted(ADA).await;
    ask(&waiting).await.ok::<ApprovalAnswer>();
    for answer in [
        bob.approve(&waiting).await,
        deny(&bob, &waiting).await,
        disable(&bob, &waiting).await,
        disable(&bob, &ada).await,
    ] {
        assert_eq!(answer.code(), ProblemCode::NotFound);
    }
    assert_eq!(devices(&bob).await.len(), 1);
    assert_eq!(devices(&ada).await.len(), 2);
}

/// Approves so many more devices of Ada's.
async fn approve_more(server: &Server, first: &Client, count: usize) -> Vec<Client> {
    let mut more = Vec::new();
    for _ in 0..count {
        let client = server.untrusted(ADA).await;
        ask(&client).await.ok::<ApprovalAnswer>();
        first.approve(&client).await.ok::<Devices>();
        more.push(client);
    }
    more
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_registrations_at_once_with_nineteen_devices_one_succeeds() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    approve_more(&server, &first, 18).await;
    let mut racing = Vec::new();
    for _ in 0..50 {
        let waiting = server.untrusted(ADA).await;
        ask(&waiting).await.ok::<ApprovalAnswer>();
        racing.push((over(&server, &first), waiting));
    }
    // And one by a code.
    let by_code = server.untrusted(ADA).await;
    by_code.send_code().await;
    let code = server.mailed_code();
    let by_code = tokio::spawn(async move { by_code.verify(&code).await });
    let racing = racing
        .into_iter()
        .map(|(first, waiting)| tokio::spawn(async move { first.approve(&waiting).await }));
    let mut answers: Vec<_> = join_all(racing).await.into_iter().map(Result::unwrap).collect();
    answers.push(by_code.await.unwrap());
    let succeeded = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::OK)
        .count();
    assert_eq!(succeeded, 1);
    for answer in answers.iter().filter(|answer| answer.status != StatusCode::OK) {
        assert_eq!(answer.code(), ProblemCode::DeviceLimit);
    }
    let trusted = "SELECT COUNT(*) FROM devices WHERE state = 'trusted'";
    assert_eq!(server.number(trusted).await, 20);
}

#[tokio::test]
async fn at_the_limit_one_must_be_disabled_first() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    let waiting = server.untrusted(ADA).await;
    waiting.send_code().await;
    let code = server.mailed_code();
    let pending = server.untrusted(ADA).await;
    ask(&pending).await.ok::<ApprovalAnswer>();
    let more = approve_more(&server, &first, 19).await;
    let late = server.untrusted(ADA).await;
    for answer in [
        waiting.verify(&code).await,
        late.post_empty("/v1/device/code").await,
        ask(&late).await,
        first.approve(&pending).await,
    ] {
        let problem = answer.problem();
        assert_eq!(problem.code, ProblemCode::DeviceLimit);
        assert!(problem.detail.contains("disable one"), "{}", problem.detail);
    }
    disable(&first, &more[0]).await.ok::<Devices>();
    // The code is as good as it was, and takes the place.
    waiting.verify(&code).await.ok::<Me>();
    assert_eq!(first.approve(&pending).await.code(), ProblemCode::DeviceLimit);
    disable(&first, &more[1]).await.ok::<Devices>();
    first.approve(&pending).await.ok::<Devices>();
}

#[tokio::test]
async fn as_many_may_ask_at_once_as_anybody_looks_through() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    let mut waiting = Vec::new();
    for _ in 0..50 {
        let client = server.untrusted(ADA).await;
        ask(&client).await.ok::<ApprovalAnswer>();
        waiting.push(client);
    }
    let late = server.untrusted(ADA).await;
    let refused = ask(&late).await;
    assert_eq!(refused.code(), ProblemCode::TooManyRequests);
    assert_eq!(refused.headers["retry-after"], "900");
    deny(&first, &waiting[0]).await.ok::<Devices>();
    ask(&late).await.ok::<ApprovalAnswer>();
}

#[tokio::test]
async fn disabling_ends_all_that_a_device_has() {
    let scene = crate::fixture::Scene::set().await;
    let (server, owner) = (&scene.server, &scene.owner);
    let email = crate::fixture::OWNER;
    let other = server.trusted(email).await;
    let (_, sealed) = owner.prepare(scene.account, b"sealed").await;
    let name = listed(&other, owner).await.name;
    // Not trusted yet, with a code on its way and a request that is pending.
    let waiting = server.untrusted(email).await;
    waiting.send_code().await;
    let code = server.mailed_code();
    ask(&waiting).await.ok::<ApprovalAnswer>();

    for (device, again) in [(owner, false), (&waiting, false), (owner, true)] {
        let all: Devices = disable(&other, device).await.ok();
        let shown = all
            .devices
            .iter()
            .find(|listed| listed.id == device.device())
            .unwrap();
        assert_eq!(shown.state, DeviceState::Disabled, "{again}");
        assert_eq!((shown.disabled_at, &shown.request), (Some(other.now()), &None));
    }

    // Whatever they ask, they are told; and the tokens are gone.
    for device in [owner, &waiting] {
        assert_eq!(device.get("/v1/me").await.code(), ProblemCode::DeviceDisabled);
        assert_eq!(
            device.sign_in(email, PASSWORD).await.code(),
            ProblemCode::DeviceDisabled
        );
        assert_eq!(other.approve(device).await.code(), ProblemCode::NotPending);
    }
    let tokens = "SELECT COUNT(*) FROM access_tokens WHERE user_id IS NOT NULL";
    assert_eq!(server.number(tokens).await, 1, "of the device that is left");
    assert_eq!(waiting.verify(&code).await.code(), ProblemCode::InvalidToken);
    let open = "SELECT COUNT(*) FROM email_codes WHERE closed_at IS NULL";
    assert_eq!(server.number(open).await, 0);
    assert_eq!(server.number("SELECT COUNT(*) FROM approval_requests").await, 0);
    let keys = "SELECT COUNT(*) FROM sealing_keys WHERE state = 'reserved'";
    assert_eq!(server.number(keys).await, 0);
    let destroy = scene.worker.work().await.keys.destroy;
    assert_eq!(destroy, [sealed.header().unwrap().sealing_key]);

    // Its name is free for a device that is set up anew.
    server.clock.advance(15 * MINUTE);
    let anew = server.untrusted(email).await;
    anew.enrol(&name).await.ok::<Me>();
    anew.send_code().await;
    anew.verify(&server.mailed_code()).await.ok::<Me>();
    let all = devices(&anew).await;
    let states: Vec<_> = all.iter().map(|listed| listed.state).collect();
    use DeviceState::{Disabled, Trusted};
    assert_eq!(states, [Trusted, Trusted, Disabled, Disabled]);
}

#[tokio::test]
async fn a_device_may_disable_itself() {
    let server = server_with_ada().await;
    let client = server.trusted(ADA).await;
    disable(&client, &client).await.ok::<Devices>();
    assert_eq!(client.get("/v1/me").await.code(), ProblemCode::DeviceDisabled);
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
    let refused = ferry_protocol::api::Report {
        lease: leased.lease,
        finding: ferry_protocol::api::Finding::Invalid {
            reason: ferry_protocol::api::InvalidReason::DeviceNotApproved {
                fingerprint: leased.chain.device.fingerprint().to_string(),
            },
            receipt: ferry_protocol::api::Receipt::default(),
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
    ask(&third).await.ok::<ApprovalAnswer>();
    owner.approve(&third).await.ok::<Devices>();
    assert_eq!(third.approve(&first).await.code(), ProblemCode::ApprovalRejected);
}

#[tokio::test]
async fn a_chain_has_at_most_twenty_devices() {
    let server = server_with_ada().await;
    let mut chain = vec![server.trusted(ADA).await];
    for _ in 1..20 {
        let next = server.untrusted(ADA).await;
        ask(&next).await.ok::<ApprovalAnswer>();
        chain.last().unwrap().approve(&next).await.ok::<Devices>();
        chain.push(next);
    }
    disable(&chain[19], &chain[10]).await.ok::<Devices>();
    let late = server.untrusted(ADA).await;
    ask(&late).await.ok::<ApprovalAnswer>();
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
async fn when_a_device_was_last_used_is_kept_to_a_minute() {
    let server = server_with_ada().await;
    let (first, second) = (server.trusted(ADA).await, server.trusted(ADA).await);
    let written = "SELECT MAX(last_seen_at) FROM devices";
    let at = first.now();
    first.me().await;
    assert_eq!(listed(&second, &first).await.last_seen_at, Some(at));
    retention::sweep(&server.state).await.unwrap();
    assert_eq!(server.number(written).await, at.0);
    for (later, expected) in [(59_000, at), (1_000, at.plus(60_000))] {
        server.clock.advance(later);
        first.me().await;
        retention::sweep(&server.state).await.unwrap();
        assert_eq!(server.number(written).await, expected.0);
    }
    server.clock.advance(MINUTE);
    assert_eq!(listed(&second, &first).await.last_seen_at, Some(at.plus(60_000)));
}

#[tokio::test]
async fn an_admin_sees_and_disables_everybodys_devices_in_the_workspace() {
    let server = Server::start().await;
    let workspace = server.workspace("Acme").await;
    server.admin_user(workspace, ADA).await;
    let bobs = server.user(workspace, BOB).await;
    let elsewhere = server.workspace("Elsewhere").await;
    server.admin_user(elsewhere, "eve@example.com").await;
    let (ada, bob) = (server.trusted(ADA).await, server.trusted(BOB).await);
    let eve = server.trusted("eve@example.com").await;
    assert!(ada.me().await.admin && !bob.me().await.admin);
    let path = format!("/v1/users/{bobs}/devices");
    let one = format!("{path}/{}/disable", bob.device());
    for (client, code) in [(&eve, ProblemCode::NotFound), (&bob, ProblemCode::Forbidden)] {
        assert_eq!(client.get(&path).await.code(), code);
        assert_eq!(client.post_empty(&one).await.code(), code);
    }
    let all: Devices = ada.get(&path).await.ok();
    assert_eq!(all.devices[0].id, bob.device());
    assert!(!all.devices[0].this_device);
    let all: Devices = ada.post_empty(&one).await.ok();
    assert_eq!(all.devices[0].state, DeviceState::Disabled);
    assert_eq!(bob.get("/v1/me").await.code(), ProblemCode::DeviceDisabled);
    let nobodys = format!("{path}/{}/disable", ada.device());
    assert_eq!(ada.post_empty(&nobodys).await.code(), ProblemCode::NotFound);
}

#[tokio::test]
async fn the_operator_lists_and_disables_devices() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    let second = server.untrusted(ADA).await;
    ask(&second).await.ok::<ApprovalAnswer>();
    first.approve(&second).await.ok::<Devices>();
    let third = server.untrusted(ADA).await;
    let user = first.me().await.user.id;
    let admin = server.admin();
    admin::disable_device(&admin, user, third.device()).await.unwrap();
    let listed = admin::devices(&admin, user).await.unwrap();
    for (client, state) in [
        (&first, "trusted by a code"),
        (&second, "trusted by approval"),
        (&third, "disabled"),
    ] {
        let fingerprint = Fingerprint::new(&client.device(), &client.sealing_key.public());
        let begin = format!("{}\t{state}\t{fingerprint}\t", client.device());
        assert!(listed.iter().any(|line| line.starts_with(&begin)), "{listed:?}");
    }
    assert_eq!(third.get("/v1/me").await.code(), ProblemCode::DeviceDisabled);
    assert_eq!(server.trail().await.last().unwrap(), "device.disabled");
}
