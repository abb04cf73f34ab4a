//! Transfers: consent, one-time keys, and the one session that an account has.

use axum::http::{Method, StatusCode};
use ferry_protocol::api::{Account, Role, SessionStatus, TransferOffer};
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::session::{Header, SealedSession};
use ferry_protocol::{AccountId, Bytes, ConsentId, DeviceId, SealingKeyId, TransferId};
use futures_util::future::join_all;

use crate::client::{Transport, json};
use crate::fixture::{BASE, COLLABORATOR, OWNER, Scene};

/// The transfer that the account's session came by.
async fn stored(scene: &Scene) -> Option<TransferId> {
    match scene.owner.account(scene.account).await.session {
        SessionStatus::Transferred(session) | SessionStatus::Invalid { session, .. } => {
            Some(session.transfer)
        }
        SessionStatus::None | SessionStatus::Expired { .. } => None,
    }
}

#[tokio::test]
async fn a_session_is_transferred() {
    let scene = Scene::set().await;
    let before = scene.owner.account(scene.account).await;
    assert_eq!(before.session, SessionStatus::None);
    assert_eq!(
        (before.role, before.app.id.as_str()),
        (Role::Owner, crate::fixture::APP)
    );
    let transfer = scene.owner.transfer(scene.account, b"sealed").await;
    let SessionStatus::Transferred(session) = scene.owner.account(scene.account).await.session else {
        panic!("not transferred");
    };
    assert_eq!(session.transfer, transfer);
    assert_eq!(session.transferred_by, "owner");
    assert_eq!(session.transferred_at, scene.owner.now());
    assert_eq!(
        session.expires_at,
        scene.owner.now().plus(30 * 24 * 60 * 60 * 1000)
    );
    assert_eq!(session.check, None);
    let trail = scene.server.trail().await;
    assert_eq!(
        trail[trail.len() - 3..],
        ["consent.given", "transfer.begun", "session.transferred"]
    );
    // A collaborator sees it, and that is all.
    let collaborator = scene.server.trusted(COLLABORATOR).await;
    let seen = collaborator.account(scene.account).await;
    assert_eq!((seen.role, seen.consent), (Role::Collaborator, None));
    assert!(matches!(seen.session, SessionStatus::Transferred(_)));
}

#[tokio::test]
async fn the_same_transfer_gets_the_same_key() {
    let scene = Scene::set().await;
    let transfer = scene.owner.id(TransferId::new);
    let first: TransferOffer = scene.owner.begin(scene.account, transfer).await.ok();
    let again: TransferOffer = scene.owner.begin(scene.account, transfer).await.ok();
    assert_eq!(first, again);
    let other: TransferOffer = scene
        .owner
        .begin(scene.account, scene.owner.id(TransferId::new))
        .await
        .ok();
    assert_ne!(first.sealing_key.id, other.sealing_key.id);
    first
        .sealing_key
        .verify(&first.vault.current, &scene.workspace, scene.owner.now())
        .unwrap();
    // Another device of the same person's cannot take it over.
    let second = scene.server.trusted(OWNER).await;
    assert_eq!(
        second.begin(scene.account, transfer).await.code(),
        ProblemCode::TransferConflict
    );
}

#[tokio::test]
async fn without_consent_vault_or_key_there_is_no_transfer() {
    let scene = Scene::set().await;
    let (server, account) = (&scene.server, scene.account);
    let begin = |client| async move { begin_new(client, account).await };
    let second = server.trusted(OWNER).await;
    let consent = second.account(account).await.consent.unwrap();
    second
        .delete(&scene.path(&format!("/consents/{}", consent.id)))
        .await
        .no_content();
    assert_eq!(begin(&second).await, Err(ProblemCode::ConsentRequired));
    second.consent(account).await;
    server.execute("UPDATE sealing_keys SET expires_at = 1").await;
    assert_eq!(begin(&second).await, Err(ProblemCode::NoSealingKey));
    server.execute("DELETE FROM vaults").await;
    assert_eq!(begin(&second).await, Err(ProblemCode::NoVault));
}

async fn begin_new(client: &crate::client::Client, account: AccountId) -> Result<TransferOffer, ProblemCode> {
    let answer = client.begin(account, client.id(TransferId::new)).await;
    if answer.status == StatusCode::OK {
        Ok(answer.ok())
    } else {
        Err(answer.code())
    }
}

#[tokio::test]
async fn an_upload_may_be_repeated_but_not_changed() {
    let scene = Scene::set().await;
    let (owner, account) = (&scene.owner, scene.account);
    let (transfer, sealed) = owner.prepare(account, b"sealed").await;
    let first: Account = owner.store(account, transfer, &sealed).await.ok();
    let again: Account = owner.store(account, transfer, &sealed).await.ok();
    assert_eq!(first, again);
    let header = sealed.header().unwrap();
    let other = owner.seal(&header, b"other");
    assert_eq!(
        owner.store(account, transfer, &other).await.code(),
        ProblemCode::TransferConflict
    );
    assert_eq!(owner.account(account).await, first);
    let count = scene
        .server
        .trail()
        .await
        .iter()
        .filter(|action| *action == "session.transferred")
        .count();
    assert_eq!(count, 1);
    // Nor does it come back after a deletion, or after a newer one.
    owner.delete(&scene.path("/session")).await.ok::<Account>();
    assert_eq!(
        owner.store(account, transfer, &sealed).await.code(),
        ProblemCode::TransferConflict
    );
    assert_eq!(
        owner.begin(account, transfer).await.code(),
        ProblemCode::TransferConflict
    );
    let newer = owner.transfer(account, b"newer").await;
    assert_eq!(
        owner.store(account, transfer, &sealed).await.code(),
        ProblemCode::TransferConflict
    );
    assert_eq!(stored(&scene).await, Some(newer));
}

#[tokio::test]
async fn a_new_session_takes_the_place_of_the_old_one() {
    let scene = Scene::set().await;
    let first = scene.owner.transfer(scene.account, b"first").await;
    assert_eq!(scene.worker.lease().await.transfer, first);
    let second = scene.owner.transfer(scene.account, b"second").await;
    assert_eq!(stored(&scene).await, Some(second));
    assert_eq!(scene.server.number("SELECT COUNT(*) FROM sessions").await, 1);
    assert_eq!(scene.server.number("SELECT COUNT(*) FROM seals").await, 1);
    // The worker is told to destroy the first one's key, and gets the second session.
    let work = scene.worker.work().await;
    assert_eq!(work.keys.destroy.len(), 1);
    assert_eq!(work.sessions[0].transfer, second);
    assert_eq!(work.sessions[0].sealed.ciphertext, Bytes(b"second".to_vec()));
    let trail = scene.server.trail().await;
    assert_eq!(
        trail[trail.len() - 2..],
        ["session.replaced", "session.transferred"]
    );
}

#[tokio::test]
async fn the_transfer_that_began_last_wins() {
    let scene = Scene::set().await;
    let (owner, account, clock) = (&scene.owner, scene.account, &scene.server.clock);
    let (slow, slow_sealed) = owner.prepare(account, b"slow").await;
    clock.advance(1000);
    let quick = owner.transfer(account, b"quick").await;
    assert_eq!(
        owner.store(account, slow, &slow_sealed).await.code(),
        ProblemCode::TransferConflict
    );
    assert_eq!(stored(&scene).await, Some(quick));
    // The key of the slow one is given up, not kept.
    assert_eq!(
        scene.worker.work().await.keys.destroy,
        [slow_sealed.header().unwrap().sealing_key]
    );
    // The other way round: what began before, and arrives first, is replaced.
    clock.advance(1000);
    let (early, early_sealed) = owner.prepare(account, b"early").await;
    clock.advance(1000);
    let (late, late_sealed) = owner.prepare(account, b"late").await;
    owner.store(account, early, &early_sealed).await.ok::<Account>();
    owner.store(account, late, &late_sealed).await.ok::<Account>();
    assert_eq!(stored(&scene).await, Some(late));
}

#[tokio::test]
async fn a_deletion_ends_the_transfers_under_way() {
    let scene = Scene::set().await;
    let (owner, account) = (&scene.owner, scene.account);
    owner.transfer(account, b"stored").await;
    let (transfer, sealed) = owner.prepare(account, b"under way").await;
    let after: Account = owner.delete(&scene.path("/session")).await.ok();
    assert_eq!(after.session, SessionStatus::None);
    assert_eq!(
        owner.store(account, transfer, &sealed).await.code(),
        ProblemCode::TransferConflict
    );
    assert_eq!(scene.worker.work().await.keys.destroy.len(), 2);
    // To delete nothing is no error; to check nothing is one.
    owner.delete(&scene.path("/session")).await.ok::<Account>();
    assert_eq!(
        owner.post_empty(&scene.path("/session/check")).await.code(),
        ProblemCode::NotFound
    );
}

#[tokio::test]
async fn a_seal_must_fit_the_request_in_every_field() {
    let scene = Scene::set().await;
    let (owner, account) = (&scene.owner, scene.account);
    let other_account = scene.server.account(scene.workspace, &[OWNER], &[]).await;
    owner.consent(other_account).await;
    let foreign: TransferOffer = owner.begin(other_account, owner.id(TransferId::new)).await.ok();
    let elsewhere = scene.server.workspace("Elsewhere").await;
    let before = owner.transfer(account, b"before").await;
    scene.server.clock.advance(1000);
    let (transfer, good) = owner.prepare(account, b"sealed").await;
    let header = good.header().unwrap();
    let change = |change: &dyn Fn(&mut Header)| {
        let mut header = header.clone();
        change(&mut header);
        owner.seal(&header, b"sealed")
    };
    let bad = [
        change(&|header| header.transfer = owner.id(TransferId::new)),
        change(&|header| header.workspace = elsewhere),
        change(&|header| header.account = other_account),
        change(&|header| header.app = "x".parse().unwrap()),
        change(&|header| header.device = DeviceId([7; 32])),
        change(&|header| header.sealing_key = owner.id(SealingKeyId::new)),
        change(&|header| header.sealing_key = foreign.sealing_key.id),
        change(&|header| header.consent = owner.id(ConsentId::new)),
        change(&|header| header.version = 2),
        SealedSession {
            signature: Bytes(vec![1; 64]),
            ..good.clone()
        },
        SealedSession {
            signature: Bytes(Vec::new()),
            ..good.clone()
        },
        SealedSession {
            ciphertext: Bytes(b"changed".to_vec()),
            ..good.clone()
        },
        SealedSession {
            header: Bytes(b"{}".to_vec()),
            ..good.clone()
        },
        SealedSession {
            header: Bytes([b" ", &good.header.0[..]].concat()),
            ..good.clone()
        },
        SealedSession {
            enc: Bytes(vec![4; 65]),
            ..good.clone()
        },
        SealedSession {
            enc: Bytes(vec![4; 64]),
            ..good.clone()
        },
    ];
    for (index, bad) in bad.iter().enumerate() {
        let answer = owner.store(account, transfer, bad).await;
        assert_eq!(answer.code(), ProblemCode::SealRejected, "{index}");
    }
    assert_eq!(stored(&scene).await, Some(before), "nothing changed");
    // Another account's path, which the device may use, and one that it may not.
    assert_eq!(
        owner.store(other_account, transfer, &good).await.code(),
        ProblemCode::SealRejected
    );
    let nobodys = owner.id(AccountId::new);
    assert_eq!(
        owner.store(nobodys, transfer, &good).await.code(),
        ProblemCode::NotFound
    );
    assert_eq!(
        owner.put("/v1/accounts/x/transfers/y", &good).await.code(),
        ProblemCode::NotFound
    );
    owner.store(account, transfer, &good).await.ok::<Account>();
}

#[tokio::test]
async fn a_transfer_that_was_not_begun_is_refused() {
    let scene = Scene::set().await;
    let (owner, account) = (&scene.owner, scene.account);
    let (_, sealed) = owner.prepare(account, b"sealed").await;
    let transfer = owner.id(TransferId::new);
    let header = Header {
        transfer,
        ..sealed.header().unwrap()
    };
    let forged = owner.seal(&header, b"sealed");
    assert_eq!(
        owner.store(account, transfer, &forged).await.code(),
        ProblemCode::TransferConflict
    );
    assert_eq!(stored(&scene).await, None);
}

#[tokio::test]
async fn malformed_and_oversized_uploads_are_refused() {
    let scene = Scene::set().await;
    let (owner, account) = (&scene.owner, scene.account);
    let (transfer, sealed) = owner.prepare(account, b"sealed").await;
    let path = scene.path(&format!("/transfers/{transfer}"));
    for body in [
        &b""[..],
        b"{}",
        b"[]",
        br#"{"header":"*","enc":"","ciphertext":"","signature":""}"#,
    ] {
        let answer = owner.send(Method::PUT, &path, body.to_vec()).await;
        assert_eq!(answer.code(), ProblemCode::InvalidRequest);
    }
    let header = sealed.header().unwrap();
    // Four characters for three bytes: this is 4 MiB and a little.
    let huge = json(&owner.seal(&header, &vec![1; 3 * 1024 * 1024]));
    assert!(huge.len() > ferry_protocol::MAX_SEALED_BYTES);
    assert_eq!(
        owner.send(Method::PUT, &path, huge).await.code(),
        ProblemCode::TooLarge
    );
    assert_eq!(stored(&scene).await, None);
    let large = owner.seal(&header, &vec![1; 3 * 1024 * 1024 - 4096]);
    owner.store(account, transfer, &large).await.ok::<Account>();
    let leased = scene.worker.lease().await;
    assert_eq!(leased.sealed, large);
}

#[tokio::test]
async fn an_account_has_eight_keys_reserved_at_the_most() {
    let scene = Scene::set().await;
    let (owner, account) = (&scene.owner, scene.account);
    let other = scene.server.account(scene.workspace, &[OWNER], &[]).await;
    owner.consent(other).await;
    let (_, others_sealed) = owner.prepare(other, b"other").await;
    let mut begun = Vec::new();
    for _ in 0..12 {
        scene.server.clock.advance(1);
        begun.push(owner.prepare(account, b"sealed").await);
    }
    let reserved = "SELECT COUNT(*) FROM sealing_keys WHERE state = 'reserved'";
    assert_eq!(scene.server.number(reserved).await, 8 + 1);
    // The oldest were given up: their private halves are to be destroyed.
    let key = |sealed: &SealedSession| sealed.header().unwrap().sealing_key;
    let mut destroy = scene.worker.work().await.keys.destroy;
    let mut oldest: Vec<_> = begun[..4].iter().map(|(_, sealed)| key(sealed)).collect();
    destroy.sort();
    oldest.sort();
    assert_eq!(destroy, oldest);
    for (transfer, sealed) in &begun[..4] {
        let code = owner.store(account, *transfer, sealed).await.code();
        assert_eq!(code, ProblemCode::TransferConflict);
    }
    // To ask again for one that is reserved gives up none.
    owner.begin(account, begun[4].0).await.ok::<TransferOffer>();
    let (transfer, sealed) = &begun[4];
    owner.store(account, *transfer, sealed).await.ok::<Account>();
    let transfer = others_sealed.header().unwrap().transfer;
    owner.store(other, transfer, &others_sealed).await.ok::<Account>();
}

#[tokio::test(flavor = "multi_thread")]
async fn transfers_at_once_leave_one_session_and_one_key_in_use() {
    let scene = Scene::set().await;
    let (owner, account) = (&scene.owner, scene.account);
    let racing = (0..15).map(|index| {
        let client = owner.over(Transport::Router(scene.server.router.clone()), BASE);
        tokio::spawn(async move {
            let (transfer, sealed) = client
                .prepare(account, format!("session {index}").as_bytes())
                .await;
            client.store(account, transfer, &sealed).await.status
        })
    });
    let statuses: Vec<_> = join_all(racing).await.into_iter().map(Result::unwrap).collect();
    assert!(statuses.contains(&StatusCode::OK));
    assert!(
        statuses
            .iter()
            .all(|status| [StatusCode::OK, StatusCode::CONFLICT].contains(status))
    );
    assert_eq!(scene.server.number("SELECT COUNT(*) FROM sessions").await, 1);
    assert_eq!(scene.server.number("SELECT COUNT(*) FROM seals").await, 1);
    assert_eq!(
        scene
            .server
            .number("SELECT COUNT(*) FROM sealing_keys WHERE state = 'used'")
            .await,
        1
    );
}

#[tokio::test]
async fn the_database_itself_takes_no_second_session_of_an_account() {
    let scene = Scene::set().await;
    scene.owner.transfer(scene.account, b"sealed").await;
    let again = scene
        .server
        .try_execute(
            "CREATE TEMPORARY TABLE second AS SELECT * FROM sessions;
             UPDATE second SET transfer_id = 'another';
             INSERT INTO sessions SELECT * FROM second",
        )
        .await;
    let error = again.unwrap_err().to_string();
    assert!(
        error.contains("UNIQUE constraint failed: sessions.account_id"),
        "{error}"
    );
    assert_eq!(scene.server.number("SELECT COUNT(*) FROM sessions").await, 1);
}

/// More than the writer stores together, two transfers for each account, and one account
/// whose row cannot be read.
#[tokio::test(flavor = "multi_thread")]
async fn transfers_to_many_accounts_at_once_are_each_their_own() {
    const ACCOUNTS: usize = 40;
    let scene = Scene::set().await;
    let owner = &scene.owner;
    scene.worker.supply(2 * ACCOUNTS).await;
    let mut uploads = Vec::new();
    for index in 0..ACCOUNTS {
        let account = scene.server.account(scene.workspace, &[OWNER], &[]).await;
        owner.consent(account).await;
        for round in 0..2 {
            scene.server.clock.advance(1);
            let ciphertext = format!("session {round} of account {index}");
            let (transfer, sealed) = owner.prepare(account, ciphertext.as_bytes()).await;
            uploads.push((account, transfer, sealed));
        }
    }
    let (broken, ..) = uploads[0];
    let newest: Vec<_> = uploads.iter().skip(1).step_by(2).cloned().collect();
    // The first of all is the oldest.
    let breaking = "UPDATE accounts SET app_id = 'unknown' WHERE id = (SELECT account_id FROM sealing_keys
                    WHERE state = 'reserved' ORDER BY reserved_at LIMIT 1)";
    scene.server.execute(breaking).await;
    let racing = uploads.into_iter().map(|(account, transfer, sealed)| {
        let client = owner.over(Transport::Router(scene.server.router.clone()), BASE);
        tokio::spawn(async move { (account, client.store(account, transfer, &sealed).await.status) })
    });
    for answer in join_all(racing).await {
        let (account, status) = answer.unwrap();
        let expected: &[_] = if account == broken {
            &[StatusCode::INTERNAL_SERVER_ERROR]
        } else {
            // The older of two that comes after the newer is over.
            &[StatusCode::OK, StatusCode::CONFLICT]
        };
        assert!(expected.contains(&status), "{status}");
    }
    let storage = scene.server.state.storage();
    let mut connection = storage.read().await.unwrap();
    for (account, transfer, sealed) in newest {
        let stored = ferry_server::storage::sessions::sealed(&mut connection, transfer)
            .await
            .unwrap();
        assert_eq!(stored, (account != broken).then_some(sealed), "as it was sent");
    }
    let others = i64::try_from(ACCOUNTS).unwrap() - 1;
    for (query, count) in [
        ("SELECT COUNT(*) FROM sessions", others),
        ("SELECT COUNT(*) FROM sealing_keys WHERE state = 'used'", others),
        // Those of the account that cannot be read.
        ("SELECT COUNT(*) FROM sealing_keys WHERE state = 'reserved'", 2),
        (
            "SELECT COUNT(*) FROM sealing_keys WHERE state = 'destroy_pending'",
            others,
        ),
    ] {
        assert_eq!(scene.server.number(query).await, count, "{query}");
    }
}
