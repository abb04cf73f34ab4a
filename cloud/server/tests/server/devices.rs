//! How many devices a person has, which, and how they end.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use ferry_protocol::api::{ApprovalAnswer, DeviceState, Devices, Me, VerifyCode};
use ferry_protocol::device::Fingerprint;
use ferry_protocol::problem::ProblemCode;
use ferry_server::{admin, retention};
use futures_util::future::join_all;
use tokio::sync::Barrier;

use crate::client::{Client, Transport, json};
use crate::fixture::{ADA, BASE, PASSWORD, PROXY, Server, server_with_ada};

const BOB: &str = "bob@example.com";
const MINUTE: i64 = 60 * 1000;

fn over(server: &Server, client: &Client) -> Client {
    client.over(Transport::Router(server.router.clone()), BASE)
}

/// Approves so many more devices of Ada's.
async fn approve_more(server: &Server, first: &Client, count: usize) -> Vec<Client> {
    let mut more = Vec::new();
    for _ in 0..count {
        let client = server.untrusted(ADA).await;
        client.ask_approval().await.ok::<ApprovalAnswer>();
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
    let me = first.me().await;
    // None is decided before all fifty are under way.
    let all_there = Arc::new(Barrier::new(50));
    let mut racing = Vec::new();
    let mut race = |client: Client, path: String, body: Vec<u8>| {
        let (all_there, router) = (Arc::clone(&all_there), server.router.clone());
        racing.push(tokio::spawn(async move {
            let before = async move {
                all_there.wait().await;
            };
            let method = Method::POST;
            client.send_after(&router, method, &path, body, before).await
        }));
    };
    for _ in 0..49 {
        let waiting = server.untrusted(ADA).await;
        waiting.ask_approval().await.ok::<ApprovalAnswer>();
        let (path, approve) = first.approval_of(&me, &waiting);
        race(over(&server, &first), path, json(&approve));
    }
    // And the fiftieth by a code.
    let by_code = server.untrusted(ADA).await;
    by_code.send_code().await;
    let code = server.mailed_code();
    race(
        by_code,
        "/v1/device/verify".to_owned(),
        json(&VerifyCode { code }),
    );
    let answers: Vec<_> = join_all(racing).await.into_iter().map(Result::unwrap).collect();
    let succeeded = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::OK)
        .count();
    assert_eq!((answers.len(), succeeded), (50, 1));
    for answer in answers.iter().filter(|answer| answer.status != StatusCode::OK) {
        assert_eq!(answer.code(), ProblemCode::DeviceLimit);
    }
    let trusted = "SELECT COUNT(*) FROM devices WHERE state = 'trusted'";
    assert_eq!(server.number(trusted).await, 20);
}

/// Enrols a new device from an address.
async fn enrol_from(server: &Server, address: &str) -> Client {
    let client = server.client_from(PROXY, address);
    client.sign_in(ADA, PASSWORD).await.ok::<serde_json::Value>();
    client.enrol(&client.device().to_string()).await.ok::<Me>();
    server.clock.advance(1);
    client
}

#[tokio::test]
async fn who_knows_the_password_does_not_push_out_the_persons_own_device() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    let own = enrol_from(&server, "203.0.113.7").await;
    let asking = enrol_from(&server, "203.0.113.8").await;
    asking.ask_approval().await.ok::<ApprovalAnswer>();
    // All of one customer's addresses are one.
    let mut strangers = Vec::new();
    for address in ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::1"] {
        for _ in 0..20 {
            let stranger = enrol_from(&server, address).await;
            stranger.ask_approval().await.ok::<ApprovalAnswer>();
            strangers.push(stranger);
        }
    }
    let untrusted = "SELECT COUNT(*) FROM devices WHERE state <> 'trusted'";
    assert_eq!(server.number(untrusted).await, 50);
    for client in &strangers[..12] {
        assert_eq!(client.me().await.device, None);
    }
    first.approve(&asking).await.ok::<Devices>();
    own.send_code().await;
    own.verify(&server.mailed_code()).await.ok::<Me>();
    let networks = "SELECT COUNT(*) FROM devices WHERE state = 'trusted' AND enrolled_from IS NOT NULL";
    assert_eq!(server.number(networks).await, 0);
    // Codes count for the limit, whatever became of their device.
    strangers[59].send_code().await;
    for _ in 0..60 {
        let stranger = enrol_from(&server, "2001:db8::3").await;
        stranger.ask_approval().await.ok::<ApprovalAnswer>();
    }
    assert_eq!(strangers[59].me().await.device, None);
    let late = enrol_from(&server, "203.0.113.9").await;
    assert_eq!(
        late.post_empty("/v1/device/code").await.code(),
        ProblemCode::CodeLimit
    );
}

#[tokio::test]
async fn who_has_many_networks_of_one_prefix_does_not_push_out_the_persons_own_device() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    let own = enrol_from(&server, "2001:db8:7::1").await;
    own.ask_approval().await.ok::<ApprovalAnswer>();
    let mut strangers = Vec::new();
    for subnet in 0..50 {
        let stranger = enrol_from(&server, &format!("2001:db8:8:{subnet:x}::1")).await;
        stranger.ask_approval().await.ok::<ApprovalAnswer>();
        strangers.push(stranger);
    }
    // The fifty-first is there in the place of a stranger's.
    assert_eq!(strangers[0].me().await.device, None);
    first.approve(&own).await.ok::<Devices>();
}

#[tokio::test]
async fn what_nobody_sets_up_is_forgotten_before_what_somebody_does() {
    // All from the person's own network, and each from another one.
    let places: [fn(usize) -> String; 2] = [
        |_| "203.0.113.7".to_owned(),
        |number| format!("203.0.113.{number}"),
    ];
    for place in places {
        let server = server_with_ada().await;
        let first = server.trusted(ADA).await;
        let by_code = enrol_from(&server, &place(0)).await;
        by_code.send_code().await;
        let code = server.mailed_code();
        let asking = enrol_from(&server, &place(1)).await;
        asking.ask_approval().await.ok::<ApprovalAnswer>();
        let mut idle = Vec::new();
        for number in 2..52 {
            idle.push(enrol_from(&server, &place(number)).await);
        }
        assert_eq!(idle[1].me().await.device, None);
        assert!(idle[2].me().await.device.is_some());
        by_code.verify(&code).await.ok::<Me>();
        first.approve(&asking).await.ok::<Devices>();
    }
}

#[tokio::test]
async fn a_code_or_request_that_ended_keeps_no_device() {
    let server = server_with_ada().await;
    server.trusted(ADA).await;
    server.clock.advance(15 * MINUTE);
    let enrol = async || enrol_from(&server, "203.0.113.7").await;
    // Of the codes, the newest alone is open.
    let replaced = enrol().await;
    replaced.send_code().await;
    let tried = enrol().await;
    tried.send_code().await;
    let asking = enrol().await;
    asking.ask_approval().await.ok::<ApprovalAnswer>();
    let mut idle = Vec::new();
    for _ in 0..47 {
        idle.push(enrol().await);
    }
    enrol().await;
    assert_eq!(replaced.me().await.device, None);
    enrol().await;
    assert_eq!(idle[0].me().await.device, None);
    for _ in 0..5 {
        assert_eq!(tried.verify("0000-0000").await.code(), ProblemCode::CodeWrong);
    }
    enrol().await;
    assert_eq!(tried.me().await.device, None);
    let unused = enrol().await;
    assert_eq!(idle[1].me().await.device, None);
    unused.send_code().await;
    server.clock.advance(15 * MINUTE);
    enrol().await;
    assert_eq!(asking.me().await.device, None);
    for _ in 0..49 {
        enrol().await;
    }
    assert_eq!(unused.me().await.device, None);
}

#[tokio::test]
async fn at_the_limit_one_must_be_disabled_first() {
    let server = server_with_ada().await;
    let first = server.trusted(ADA).await;
    let waiting = server.untrusted(ADA).await;
    waiting.send_code().await;
    let code = server.mailed_code();
    let pending = server.untrusted(ADA).await;
    pending.ask_approval().await.ok::<ApprovalAnswer>();
    let more = approve_more(&server, &first, 19).await;
    let late = server.untrusted(ADA).await;
    for answer in [
        waiting.verify(&code).await,
        late.post_empty("/v1/device/code").await,
        late.ask_approval().await,
        first.approve(&pending).await,
    ] {
        let problem = answer.problem();
        assert_eq!(problem.code, ProblemCode::DeviceLimit);
        assert!(problem.detail.contains("disable one"), "{}", problem.detail);
    }
    first.disable(&more[0]).await.ok::<Devices>();
    // The code is as good as it was, and takes the place.
    waiting.verify(&code).await.ok::<Me>();
    assert_eq!(first.approve(&pending).await.code(), ProblemCode::DeviceLimit);
    first.disable(&more[1]).await.ok::<Devices>();
    first.approve(&pending).await.ok::<Devices>();
}

#[tokio::test]
async fn disabling_ends_all_that_a_device_has() {
    let scene = crate::fixture::Scene::set().await;
    let (server, owner) = (&scene.server, &scene.owner);
    let email = crate::fixture::OWNER;
    let other = server.trusted(email).await;
    let (_, sealed) = owner.prepare(scene.account, b"sealed").await;
    let name = other.listed(owner).await.name;
    // Not trusted yet, with a code on its way and a request that is pending.
    let waiting = server.untrusted(email).await;
    waiting.send_code().await;
    let code = server.mailed_code();
    waiting.ask_approval().await.ok::<ApprovalAnswer>();

    for (device, again) in [(owner, false), (&waiting, false), (owner, true)] {
        let all: Devices = other.disable(device).await.ok();
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
    let all = anew.devices().await;
    let states: Vec<_> = all.iter().map(|listed| listed.state).collect();
    use DeviceState::{Disabled, Trusted};
    assert_eq!(states, [Trusted, Trusted, Disabled, Disabled]);
}

#[tokio::test]
async fn a_device_may_disable_itself() {
    let server = server_with_ada().await;
    let client = server.trusted(ADA).await;
    client.disable(&client).await.ok::<Devices>();
    assert_eq!(client.get("/v1/me").await.code(), ProblemCode::DeviceDisabled);
}

#[tokio::test]
async fn when_a_device_was_last_used_is_kept_to_a_minute() {
    let server = server_with_ada().await;
    let (first, second) = (server.trusted(ADA).await, server.trusted(ADA).await);
    let written = "SELECT MAX(last_seen_at) FROM devices";
    let at = first.now();
    first.me().await;
    assert_eq!(second.listed(&first).await.last_seen_at, Some(at));
    retention::sweep(&server.state).await.unwrap();
    assert_eq!(server.number(written).await, at.0);
    for (later, expected) in [(59_000, at), (1_000, at.plus(60_000))] {
        server.clock.advance(later);
        first.me().await;
        retention::sweep(&server.state).await.unwrap();
        assert_eq!(server.number(written).await, expected.0);
    }
    server.clock.advance(MINUTE);
    assert_eq!(second.listed(&first).await.last_seen_at, Some(at.plus(60_000)));
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
    second.ask_approval().await.ok::<ApprovalAnswer>();
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
