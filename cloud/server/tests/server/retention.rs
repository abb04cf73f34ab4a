//! What has had its time is deleted by itself.

use axum::http::Method;
use ferry_protocol::TransferId;
use ferry_protocol::api::{Account, Finding, Receipt, Report, SessionStatus, TransferOffer};
use ferry_protocol::problem::ProblemCode;
use ferry_server::retention::{self, Swept};

use crate::fixture::{PASSWORD, Scene};

const DAY: i64 = 24 * 60 * 60 * 1000;

impl Scene {
    async fn sweep(&self) -> Swept {
        retention::sweep(&self.server.state).await.unwrap()
    }
}

#[tokio::test]
async fn a_session_that_nothing_uses_expires() {
    let scene = Scene::set().await;
    let transfer = scene.owner.transfer(scene.account, b"sealed").await;
    let expires_at = scene.owner.now().plus(30 * DAY);
    scene.server.clock.advance(30 * DAY - 1);
    assert_eq!(scene.sweep().await.sessions, 0);
    scene.server.clock.advance(1);
    assert_eq!(scene.sweep().await.sessions, 1);
    // The token has ended as well.
    scene.owner.sign_in(crate::fixture::OWNER, PASSWORD).await;
    let status = scene.owner.account(scene.account).await.session;
    assert_eq!(status, SessionStatus::Expired { at: expires_at });
    assert_eq!(scene.server.number("SELECT COUNT(*) FROM seals").await, 0);
    let pending =
        "SELECT COUNT(*) FROM sealing_keys WHERE state = 'destroy_pending' AND transfer_id IS NOT NULL";
    assert_eq!(scene.server.number(pending).await, 1);
    assert!(scene.server.trail().await.contains(&"session.expired".to_owned()));
    assert_eq!(scene.sweep().await.sessions, 0);
    // It can be deleted, checked it cannot, and a new one takes its place.
    let check = scene.owner.post_empty(&scene.path("/session/check")).await;
    assert_eq!(check.code(), ProblemCode::NotFound);
    let again = scene.owner.begin(scene.account, transfer).await;
    assert_eq!(again.code(), ProblemCode::TransferConflict);
    scene.owner.delete(&scene.path("/session")).await.ok::<Account>();
    assert_eq!(
        scene.owner.account(scene.account).await.session,
        SessionStatus::None
    );
}

#[tokio::test]
async fn a_session_that_is_verified_stays() {
    let scene = Scene::set().await;
    scene.owner.transfer(scene.account, b"sealed").await;
    scene.server.clock.advance(20 * DAY);
    let leased = scene.worker.lease().await;
    let finding = Finding::Verified {
        identified: false,
        receipt: Receipt::default(),
    };
    scene
        .worker
        .report(
            leased.transfer,
            &Report {
                lease: leased.lease,
                finding,
            },
        )
        .await
        .no_content();
    scene.server.clock.advance(20 * DAY);
    assert_eq!(scene.sweep().await.sessions, 0);
    scene.server.clock.advance(10 * DAY);
    assert_eq!(scene.sweep().await.sessions, 1);
}

#[tokio::test]
async fn a_key_whose_transfer_does_not_come_is_destroyed_after_a_day() {
    let scene = Scene::set().await;
    let transfer = scene.owner.id(TransferId::new);
    let offer: TransferOffer = scene.owner.begin(scene.account, transfer).await.ok();
    scene.server.clock.advance(DAY - 1);
    assert_eq!(scene.sweep().await.keys, 0);
    scene.server.clock.advance(1);
    assert_eq!(scene.sweep().await.keys, 1);
    assert_eq!(scene.worker.work().await.keys.destroy, [offer.sealing_key.id]);
    let again = scene.owner.begin(scene.account, transfer).await;
    assert_eq!(again.code(), ProblemCode::TransferConflict);
    // Those that nobody got are destroyed when they expire, after a week here.
    scene.server.clock.advance(6 * DAY);
    assert_eq!(scene.sweep().await.keys, 19);
}

#[tokio::test]
async fn what_has_no_meaning_any_more_is_forgotten() {
    let scene = Scene::set().await;
    scene.owner.send(Method::GET, "/v1/me", Vec::new()).await;
    scene
        .server
        .client()
        .sign_in("nobody@example.com", "wrong password")
        .await;
    let rows = async |table| {
        let query = match table {
            "jti" => "SELECT COUNT(*) FROM jti",
            "access_tokens" => "SELECT COUNT(*) FROM access_tokens",
            "email_codes" => "SELECT COUNT(*) FROM email_codes",
            _ => "SELECT COUNT(*) FROM sign_in_attempts",
        };
        scene.server.number(query).await
    };
    for table in ["jti", "access_tokens", "email_codes", "sign_in_attempts"] {
        assert!(rows(table).await > 0, "{table}");
    }
    scene.sweep().await;
    for table in ["jti", "access_tokens", "email_codes", "sign_in_attempts"] {
        assert!(rows(table).await > 0, "{table} is needed still");
    }
    scene.server.clock.advance(31 * DAY);
    scene.sweep().await;
    for table in ["jti", "access_tokens", "email_codes", "sign_in_attempts"] {
        assert_eq!(rows(table).await, 0, "{table}");
    }
}

/// A request that was let in just before its proof was too old may make its claim just after.
#[tokio::test]
async fn the_use_of_a_proof_is_remembered_a_minute_longer_than_the_proof_is_good_for() {
    let scene = Scene::set().await;
    scene.owner.me().await;
    let proofs = "SELECT COUNT(*) FROM jti";
    let last_ends = scene.server.number("SELECT MAX(expires_at) FROM jti").await;
    scene
        .server
        .clock
        .advance(last_ends - scene.server.state.now().0 + 59_999);
    scene.sweep().await;
    assert!(scene.server.number(proofs).await > 0);
    scene.server.clock.advance(1);
    scene.sweep().await;
    assert_eq!(scene.server.number(proofs).await, 0);
}
