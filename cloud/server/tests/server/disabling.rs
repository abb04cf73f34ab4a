//! Disabling a device takes effect at once: what it asked for before, and is not
//! written yet, is not written any more. (Where the device is to come back for the
//! next case, SQL disables it: no route would give it back.)

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use ferry_protocol::api::{BeginTransfer, GiveConsent};
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::{AccountId, TransferId};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::client::{Answer, Client, Transport, json};
use crate::fixture::{BASE, OWNER, Scene, Server};

/// Notes how many events there were before it.
const DISABLE: &str = "UPDATE devices SET state = 'disabled',
     disabled_at = (SELECT COUNT(*) FROM audit_events)";

const EVENTS: &str = "SELECT COUNT(*) FROM audit_events";

/// Sends a request whose device is disabled when the server reads the body: it knows
/// by then whose the token is, and has written nothing.
async fn disabled_meanwhile(
    server: &Server,
    client: &Client,
    method: Method,
    path: &str,
    body: Vec<u8>,
) -> Answer {
    let storage = server.state.storage().clone();
    let disabled = async move { crate::fixture::execute(&storage, DISABLE).await };
    client
        .send_after(&server.router, method, path, body, disabled)
        .await
}

#[tokio::test]
async fn a_device_that_is_disabled_during_a_request_changes_nothing() {
    let scene = Scene::set().await;
    let (server, owner, account) = (&scene.server, &scene.owner, scene.account);
    owner.transfer(account, b"stored").await;
    let (transfer, sealed) = owner.prepare(account, b"sealed").await;
    let consent = owner.account(account).await.consent.unwrap().id;
    let begin = BeginTransfer {
        transfer: owner.id(TransferId::new),
    };
    let requests = [
        (Method::POST, "/transfers".to_owned(), json(&begin)),
        (Method::PUT, format!("/transfers/{transfer}"), json(&sealed)),
        (
            Method::POST,
            "/consents".to_owned(),
            json(&GiveConsent { text_version: 2 }),
        ),
        (Method::DELETE, format!("/consents/{consent}"), Vec::new()),
        (Method::POST, "/session/check".to_owned(), Vec::new()),
        (Method::DELETE, "/session".to_owned(), Vec::new()),
    ];
    let before = owner.account(account).await;
    for (method, path, body) in requests {
        let answer = disabled_meanwhile(server, owner, method.clone(), &scene.path(&path), body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
        assert_eq!(answer.code(), ProblemCode::DeviceNotTrusted, "{method} {path}");
        let after = "SELECT COUNT(*) - (SELECT MAX(disabled_at) FROM devices) FROM audit_events";
        assert_eq!(server.number(after).await, 0, "{method} {path}");
        server
            .execute("UPDATE devices SET state = 'trusted', disabled_at = NULL")
            .await;
        assert_eq!(owner.account(account).await, before, "{method} {path}");
    }
}

/// Something that writes, as far as the server lets it.
async fn write(client: Client, account: AccountId, round: u32) -> StatusCode {
    let path = format!("/v1/accounts/{account}");
    let answer = match round % 4 {
        0 => client.begin(account, client.id(TransferId::new)).await,
        1 => {
            let consent = GiveConsent {
                text_version: round + 2,
            };
            client.post(&format!("{path}/consents"), &consent).await
        }
        2 => client.post_empty(&format!("{path}/session/check")).await,
        _ => client.delete(&format!("{path}/session")).await,
    };
    answer.status
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writes_at_once_none_comes_after_the_disabling() {
    const ACCOUNTS: usize = 10;
    let scene = Arc::new(Scene::set().await);
    let (server, owner) = (&scene.server, &scene.owner);
    let mut uploads = Vec::new();
    for _ in 0..ACCOUNTS {
        let account = server.account(scene.workspace, &[OWNER], &[]).await;
        owner.consent(account).await;
        let (transfer, sealed) = owner.prepare(account, b"sealed").await;
        uploads.push((account, transfer, sealed));
    }
    let client = || owner.over(Transport::Router(server.router.clone()), BASE);
    let before = server.number(EVENTS).await;
    let mut racing = Vec::new();
    for round in 0..990 {
        let (client, account) = (client(), uploads[round % ACCOUNTS].0);
        racing.push(tokio::spawn(write(
            client,
            account,
            u32::try_from(round).unwrap(),
        )));
    }
    for (account, transfer, sealed) in uploads {
        let client = client();
        racing.push(tokio::spawn(async move {
            client.store(account, transfer, &sealed).await.status
        }));
    }
    // In the midst of it: some are answered, others are let in and not yet written.
    let mut racing: FuturesUnordered<_> = racing.into_iter().collect();
    let mut statuses = Vec::new();
    for _ in 0..20 {
        statuses.push(racing.next().await.unwrap().unwrap());
    }
    let written = server.number(EVENTS).await;
    server.execute(DISABLE).await;
    while let Some(ended) = racing.next().await {
        statuses.push(ended.unwrap());
    }
    let count = |status| statuses.iter().filter(|found| **found == status).count();
    assert!(written > before && statuses.len() == 1000);
    assert!(count(StatusCode::FORBIDDEN) > 0, "some came too late");
    for never in [StatusCode::UNAUTHORIZED, StatusCode::INTERNAL_SERVER_ERROR] {
        assert_eq!(count(never), 0, "{never}");
    }
    let after = "SELECT COUNT(*) - (SELECT MAX(disabled_at) FROM devices) FROM audit_events";
    assert_eq!(server.number(after).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_uploads_at_once_none_is_stored_after_the_disabling() {
    const UPLOADS: usize = 1000;
    const AT_ONCE: usize = 50;
    let scene = Arc::new(Scene::set().await);
    let (server, owner) = (&scene.server, &scene.owner);
    for _ in 0..UPLOADS.div_ceil(200) {
        scene.worker.supply(200).await;
    }
    let mut uploads = Vec::new();
    for _ in 0..UPLOADS {
        let account = server.account(scene.workspace, &[OWNER], &[]).await;
        owner.consent(account).await;
        let (transfer, sealed) = owner.prepare(account, b"sealed").await;
        uploads.push((account, transfer, sealed));
    }
    let disabling = server.trusted(OWNER).await;
    let client = || owner.over(Transport::Router(server.router.clone()), BASE);
    let mut left = uploads.into_iter().map(|(account, transfer, sealed)| {
        let client = client();
        tokio::spawn(async move { client.store(account, transfer, &sealed).await.status })
    });
    let mut racing: FuturesUnordered<_> = left.by_ref().take(AT_ONCE).collect();
    let disable = format!("/v1/devices/{}/disable", owner.device());
    let mut disabling = Box::pin(async { disabling.post_empty(&disable).await });
    let (mut stored, mut ended, mut disabled) = (0, 0, false);
    while !racing.is_empty() {
        tokio::select! {
            Some(status) = racing.next() => {
                ended += 1;
                match status.unwrap() {
                    StatusCode::OK => stored += 1,
                    status => {
                        let begun = ended > UPLOADS / 4;
                        assert!(begun && status == StatusCode::FORBIDDEN, "{status}");
                    }
                }
                racing.extend(left.next());
            }
            // In the midst of it: some are stored, others let in and not yet written.
            answer = &mut disabling, if ended >= UPLOADS / 4 && !disabled => {
                assert_eq!(answer.status, StatusCode::OK);
                disabled = true;
            }
        }
    }
    assert!(disabled && ended == UPLOADS);
    assert!((UPLOADS / 4..UPLOADS).contains(&stored), "{stored} were stored");
    let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'session.transferred'";
    assert_eq!(server.number(events).await, i64::try_from(stored).unwrap());
    let disablings = "SELECT COUNT(*) FROM audit_events WHERE action = 'device.disabled'";
    assert_eq!(server.number(disablings).await, 1);
    let after = "SELECT COUNT(*) FROM audit_events WHERE action = 'session.transferred'
         AND rowid > (SELECT rowid FROM audit_events WHERE action = 'device.disabled')";
    assert_eq!(server.number(after).await, 0);
    let keys = "SELECT COUNT(*) FROM sealing_keys WHERE state = 'reserved'";
    assert_eq!(server.number(keys).await, 0);
}
