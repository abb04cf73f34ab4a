//! Consent: what rests on it ends with it.

use ferry_protocol::ConsentId;
use ferry_protocol::api::{Consent, GiveConsent, LeasedSession, Purpose, SessionStatus, TakeSession};
use ferry_protocol::problem::ProblemCode;

use crate::fixture::{OWNER, Scene};

#[tokio::test]
async fn revoking_consent_deletes_the_session_and_its_key() {
    let scene = Scene::set().await;
    let (owner, account) = (&scene.owner, scene.account);
    let transfer = owner.transfer(account, b"stored").await;
    let lease = scene.worker.lease().await;
    assert_eq!(lease.transfer, transfer);
    let (_, under_way) = owner.prepare(account, b"under way").await;
    let consent = owner.account(account).await.consent.unwrap();
    owner
        .delete(&scene.path(&format!("/consents/{}", consent.id)))
        .await
        .no_content();
    let after = owner.account(account).await;
    assert_eq!((after.session, after.consent), (SessionStatus::None, None));
    let mut destroy = scene.worker.work().await.keys.destroy;
    let mut keys = [&lease.sealed, &under_way].map(|sealed| sealed.header().unwrap().sealing_key);
    destroy.sort();
    keys.sort();
    assert_eq!(destroy, keys);
    let trail = scene.server.trail().await;
    assert_eq!(trail[trail.len() - 2..], ["consent.revoked", "session.deleted"]);
}

#[tokio::test]
async fn revoking_consent_leaves_another_owners_session() {
    const SECOND: &str = "second@example.com";
    let scene = Scene::set().await;
    scene.server.user(scene.workspace, SECOND).await;
    let account = scene.server.account(scene.workspace, &[OWNER, SECOND], &[]).await;
    let second = scene.server.trusted(SECOND).await;
    let consent = scene.owner.consent(account).await;
    second.consent(account).await;
    let transfer = second.transfer(account, b"the second's").await;
    let path = format!("/v1/accounts/{account}/consents/{}", consent.id);
    scene.owner.delete(&path).await.no_content();
    assert_eq!(scene.worker.lease().await.transfer, transfer);
    assert!(scene.worker.work().await.keys.destroy.is_empty());
}

#[tokio::test]
async fn a_session_without_consent_is_served_to_nobody() {
    let scene = Scene::set().await;
    scene.owner.transfer(scene.account, b"stored").await;
    // A newer text in the place of the older one is consent as well.
    let newer = GiveConsent { text_version: 2 };
    scene
        .owner
        .post(&scene.path("/consents"), &newer)
        .await
        .ok::<Consent>();
    let take = async || {
        let path = format!("/v1/worker/accounts/{}/session", scene.account);
        let purpose = TakeSession {
            purpose: Purpose::Export,
        };
        scene.worker.client.post(&path, &purpose).await
    };
    take().await.ok::<LeasedSession>();
    // However it came about: no route leaves this behind.
    scene.server.execute("UPDATE consents SET revoked_at = 1").await;
    assert_eq!(take().await.code(), ProblemCode::NotFound);
    assert!(scene.worker.work().await.sessions.is_empty());
    scene
        .server
        .execute("UPDATE consents SET revoked_at = NULL WHERE text_version = 2")
        .await;
    take().await.ok::<LeasedSession>();
    scene.worker.lease().await;
}

#[tokio::test]
async fn consent_that_was_revoked_meanwhile_counts() {
    let scene = Scene::set().await;
    let (owner, account) = (&scene.owner, scene.account);
    let (transfer, sealed) = owner.prepare(account, b"sealed").await;
    let consent = owner.account(account).await.consent.unwrap();
    let path = scene.path(&format!("/consents/{}", consent.id));
    owner.delete(&path).await.no_content();
    owner.delete(&path).await.no_content();
    let missing = scene.path(&format!("/consents/{}", owner.id(ConsentId::new)));
    assert_eq!(owner.delete(&missing).await.code(), ProblemCode::NotFound);
    assert_eq!(owner.account(account).await.consent, None);
    assert_eq!(
        owner.store(account, transfer, &sealed).await.code(),
        ProblemCode::ConsentRequired
    );
    // A new consent is another one: the transfer that rested on the old is over.
    let given = owner.consent(account).await;
    assert_ne!(given.id, consent.id);
    assert_eq!(
        owner.store(account, transfer, &sealed).await.code(),
        ProblemCode::TransferConflict
    );
    assert_eq!(owner.account(account).await.session, SessionStatus::None);
}
