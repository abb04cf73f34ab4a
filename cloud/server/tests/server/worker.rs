//! Workers: leases, reports, and what they are told. Their keys are in `worker_keys`.

use std::time::Duration;

use axum::http::StatusCode;
use ferry_protocol::api::{
    Account, AskForWork, Check, Finding, InvalidReason, LeasedSession, Purpose, Receipt, RefusedCookie,
    RefusedReason, Report, SessionStatus, TakeSession, Work, WorkerSignedIn,
};
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::session::SealedSession;
use ferry_protocol::vault::VaultIdentity;
use ferry_protocol::{LeaseId, TransferId};

use crate::client::worker::sign_in_worker;
use crate::client::{Transport, Worker};
use crate::fixture::{BASE, OWNER, Scene};

const MINUTE: i64 = 60 * 1000;

fn receipt() -> Receipt {
    let refused = RefusedCookie {
        name: "x".to_owned(),
        domain: "a.test".to_owned(),
        reason: RefusedReason::Browser,
    };
    Receipt {
        read: 4,
        cut: 1,
        sealed: 3,
        restored: 2,
        shortened: 1,
        refused: vec![refused],
        storage: Default::default(),
    }
}

fn verified() -> Finding {
    Finding::Verified {
        identified: true,
        receipt: receipt(),
    }
}

impl Scene {
    async fn report(&self, leased: &LeasedSession, finding: Finding) -> StatusCode {
        let report = Report {
            lease: leased.lease,
            finding,
        };
        self.worker.report(leased.transfer, &report).await.status
    }

    async fn status(&self) -> SessionStatus {
        self.owner.account(self.account).await.session
    }

    async fn check(&self) {
        self.owner
            .post_empty(&self.path("/session/check"))
            .await
            .ok::<Account>();
    }

    async fn is_due(&self) -> bool {
        !self.worker.work().await.sessions.is_empty()
    }
}

#[tokio::test]
async fn a_new_session_is_leased_with_all_that_opening_needs() {
    let scene = Scene::set().await;
    let transfer = scene.owner.transfer(scene.account, b"sealed").await;
    let leased = scene.worker.lease().await;
    assert_eq!((leased.transfer, leased.account), (transfer, scene.account));
    assert_eq!(leased.account_identity.as_deref(), Some("octocat"));
    assert_eq!(leased.app.id.as_str(), "github");
    let device = &leased.chain.device;
    assert_eq!(device.device_key, scene.owner.key.public());
    assert_eq!(leased.lease_expires_at, scene.owner.now().plus(MINUTE));
    ferry_protocol::device::verify_sealing_key(
        &device.device_key,
        &device.sealing_key,
        device.sealing_key_signature.as_ref(),
    )
    .unwrap();
    leased.sealed.verify_signature(&device.device_key).unwrap();
    assert_eq!(leased.sealed.header().unwrap().transfer, transfer);
}

#[tokio::test]
async fn a_verified_session_lives_on_and_is_checked_again() {
    let scene = Scene::set().await;
    scene.owner.transfer(scene.account, b"sealed").await;
    let leased = scene.worker.lease().await;
    scene.server.clock.advance(1000);
    assert_eq!(scene.report(&leased, verified()).await, StatusCode::NO_CONTENT);
    let SessionStatus::Transferred(session) = scene.status().await else {
        panic!("not transferred")
    };
    let now = scene.owner.now();
    let check = Check {
        at: now,
        identified: true,
        receipt: receipt(),
    };
    assert_eq!(session.check, Some(check));
    assert_eq!(session.expires_at, now.plus(30 * 24 * 60 * MINUTE));
    scene.server.clock.advance(15 * MINUTE - 1);
    assert!(!scene.is_due().await);
    scene.server.clock.advance(1);
    assert!(scene.is_due().await);
}

#[tokio::test]
async fn an_invalid_session_is_not_checked_until_asked() {
    let scene = Scene::set().await;
    scene.owner.transfer(scene.account, b"sealed").await;
    let reasons = [
        InvalidReason::SignedOut,
        InvalidReason::AnotherIdentity,
        InvalidReason::SeveralIdentities,
        InvalidReason::SealRejected {
            what: "app".to_owned(),
        },
    ];
    for given in reasons {
        let leased = scene.worker.lease().await;
        let finding = Finding::Invalid {
            reason: given.clone(),
            receipt: receipt(),
        };
        assert_eq!(scene.report(&leased, finding).await, StatusCode::NO_CONTENT);
        let SessionStatus::Invalid { reason, session } = scene.status().await else {
            panic!("not invalid")
        };
        assert_eq!((reason, session.check.unwrap().receipt), (given, receipt()));
        scene.server.clock.advance(24 * 60 * MINUTE);
        assert!(!scene.is_due().await);
        scene.check().await;
    }
    let leased = scene.worker.lease().await;
    scene.report(&leased, verified()).await;
    assert!(matches!(scene.status().await, SessionStatus::Transferred(_)));
}

#[tokio::test]
async fn an_unreachable_app_is_tried_again_ever_more_slowly() {
    let scene = Scene::set().await;
    scene.owner.transfer(scene.account, b"sealed").await;
    let before = scene.status().await;
    for minutes in [1, 2, 4, 8, 15, 15] {
        let leased = scene.worker.lease().await;
        let finding = Finding::Unreachable {
            what: "timeout".to_owned(),
        };
        assert_eq!(scene.report(&leased, finding).await, StatusCode::NO_CONTENT);
        assert_eq!(scene.status().await, before);
        scene.server.clock.advance(minutes * MINUTE - 1);
        assert!(!scene.is_due().await, "{minutes}");
        scene.server.clock.advance(1);
    }
    assert!(scene.is_due().await);
}

#[tokio::test]
async fn a_lease_runs_out_and_another_worker_takes_over() {
    let scene = Scene::set().await;
    scene.owner.transfer(scene.account, b"sealed").await;
    let first = scene.worker.lease().await;
    let second = {
        let client = scene.server.client();
        let token = scene.server.worker_token(scene.workspace).await;
        let identity = VaultIdentity {
            current: scene.worker.vault.public(),
            successions: Vec::new(),
        };
        let answer: WorkerSignedIn = sign_in_worker(&client, &token, identity).await.ok();
        *client.token.lock().unwrap() = Some(answer.access_token);
        Worker {
            client,
            vault: scene.worker.vault.clone(),
            workspace: scene.workspace,
        }
    };
    assert!(second.work().await.sessions.is_empty(), "the first one has it");
    let stolen = Report {
        lease: first.lease,
        finding: verified(),
    };
    assert_eq!(
        second.report(first.transfer, &stolen).await.code(),
        ProblemCode::LeaseLost
    );
    scene.server.clock.advance(MINUTE);
    assert_eq!(scene.report(&first, verified()).await, StatusCode::CONFLICT);
    let taken = second.lease().await;
    assert_eq!(taken.transfer, first.transfer);
    assert_ne!(taken.lease, first.lease);
    let report = Report {
        lease: taken.lease,
        finding: verified(),
    };
    second.report(taken.transfer, &report).await.no_content();
    assert_eq!(
        second.report(taken.transfer, &report).await.code(),
        ProblemCode::LeaseLost
    );
}

#[tokio::test]
async fn a_report_on_what_was_replaced_or_deleted_is_refused() {
    let scene = Scene::set().await;
    scene.owner.transfer(scene.account, b"first").await;
    let first = scene.worker.lease().await;
    scene.owner.transfer(scene.account, b"second").await;
    let invalid = || Finding::Invalid {
        reason: InvalidReason::SignedOut,
        receipt: receipt(),
    };
    assert_eq!(scene.report(&first, invalid()).await, StatusCode::CONFLICT);
    let second = scene.worker.lease().await;
    // The old lease does not serve for the new session either.
    let mixed = Report {
        lease: first.lease,
        finding: invalid(),
    };
    assert_eq!(
        scene.worker.report(second.transfer, &mixed).await.code(),
        ProblemCode::LeaseLost
    );
    scene.owner.delete(&scene.path("/session")).await.ok::<Account>();
    assert_eq!(scene.report(&second, verified()).await, StatusCode::CONFLICT);
    assert_eq!(scene.status().await, SessionStatus::None);
    let nothing = Report {
        lease: scene.owner.id(LeaseId::new),
        finding: Finding::Released,
    };
    let answer = scene
        .worker
        .report(scene.owner.id(TransferId::new), &nothing)
        .await;
    assert_eq!(answer.code(), ProblemCode::LeaseLost);
}

#[tokio::test]
async fn a_check_that_is_asked_for_during_a_check_is_done_after_it() {
    let scene = Scene::set().await;
    scene.owner.transfer(scene.account, b"sealed").await;
    let leased = scene.worker.lease().await;
    scene.server.clock.advance(1000);
    scene.check().await;
    assert!(!scene.is_due().await, "the lease holds");
    scene.report(&leased, verified()).await;
    assert!(scene.is_due().await);
}

#[tokio::test]
async fn automation_takes_a_session_beside_the_checks() {
    let scene = Scene::set().await;
    let take = async |purpose| {
        let path = format!("/v1/worker/accounts/{}/session", scene.account);
        scene.worker.client.post(&path, &TakeSession { purpose }).await
    };
    assert_eq!(take(Purpose::Export).await.code(), ProblemCode::NotFound);
    let transfer = scene.owner.transfer(scene.account, b"sealed").await;
    let checked = scene.worker.lease().await;
    let taken: LeasedSession = take(Purpose::Open).await.ok();
    assert_eq!(taken.transfer, transfer);
    assert_eq!(taken.lease_expires_at, scene.owner.now().plus(5 * MINUTE));
    take(Purpose::Export).await.ok::<LeasedSession>();
    assert_eq!(
        scene.report(&taken, Finding::Released).await,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        scene.report(&taken, Finding::Released).await,
        StatusCode::CONFLICT
    );
    assert_eq!(scene.report(&checked, verified()).await, StatusCode::NO_CONTENT);
    let trail = scene.server.trail().await;
    assert_eq!(
        trail[trail.len() - 3..],
        ["session.opened", "session.exported", "session.verified"]
    );
    // It is not taken from another workspace.
    let elsewhere = scene.server.workspace("Elsewhere").await;
    let foreign = scene.server.worker(elsewhere).await;
    let path = format!("/v1/worker/accounts/{}/session", scene.account);
    let answer = foreign
        .client
        .post(
            &path,
            &TakeSession {
                purpose: Purpose::Export,
            },
        )
        .await;
    assert_eq!(answer.code(), ProblemCode::NotFound);
    assert!(foreign.work().await.sessions.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_worker_is_woken() {
    let scene = Scene::set().await;
    let wait = || {
        let client = scene
            .worker
            .client
            .over(Transport::Router(scene.server.router.clone()), BASE);
        let ask = AskForWork {
            max_sessions: 4,
            only_new: false,
            keys_low: 20,
            wait_ms: 25_000,
        };
        tokio::spawn(async move { client.post("/v1/worker/work", &ask).await.ok::<Work>() })
    };
    // The mock clock stands still: only being woken ends the wait. If it is not, the
    // wait takes 25 s, and this runs into the limit.
    let woken = async |waiting: tokio::task::JoinHandle<Work>| {
        tokio::time::timeout(Duration::from_secs(20), waiting)
            .await
            .expect("woken")
            .unwrap()
    };
    let waiting = wait();
    let (transfer, sealed) = scene.owner.prepare(scene.account, b"sealed").await;
    let work = woken(waiting).await;
    assert_eq!(work.keys.available, 19, "a key was handed out");
    scene.worker.supply(1).await;
    let waiting = wait();
    scene
        .owner
        .store(scene.account, transfer, &sealed)
        .await
        .ok::<Account>();
    let work = woken(waiting).await;
    assert_eq!(work.sessions[0].transfer, transfer);
    scene.report(&work.sessions[0], verified()).await;
    let waiting = wait();
    scene.check().await;
    let work = woken(waiting).await;
    assert_eq!(work.sessions.len(), 1);
    scene.report(&work.sessions[0], verified()).await;
    let waiting = wait();
    scene.owner.delete(&scene.path("/session")).await.ok::<Account>();
    assert_eq!(woken(waiting).await.keys.destroy.len(), 1);
}

#[tokio::test]
async fn a_worker_may_ask_for_new_sessions_alone() {
    let scene = Scene::set().await;
    let ask = async |only_new| {
        let ask = AskForWork {
            max_sessions: 1,
            only_new,
            keys_low: 0,
            wait_ms: 0,
        };
        let work: Work = scene.worker.client.post("/v1/worker/work", &ask).await.ok();
        work.sessions.into_iter().next()
    };
    let seen = scene.owner.transfer(scene.account, b"seen").await;
    scene.report(&scene.worker.lease().await, verified()).await;
    let unreachable = Finding::Unreachable {
        what: "timeout".to_owned(),
    };
    let tried = scene.server.account(scene.workspace, &[OWNER], &[]).await;
    scene.owner.consent(tried).await;
    let tried = scene.owner.transfer(tried, b"tried").await;
    scene.report(&scene.worker.lease().await, unreachable).await;
    // Both are due again, and long overdue.
    scene.server.clock.advance(60 * MINUTE);
    let account = scene.server.account(scene.workspace, &[OWNER], &[]).await;
    scene.owner.consent(account).await;
    let new = scene.owner.transfer(account, b"new").await;

    let leased = ask(true).await.map(|session| session.transfer);
    assert_eq!(leased, Some(new), "it is the one that is due the shortest");
    assert_eq!(ask(true).await, None, "nothing else is new");
    let others = [ask(false).await, ask(false).await];
    let others = others.map(|session| session.map(|session| session.transfer));
    assert_eq!(others, [Some(tried), Some(seen)], "by how long they wait");
    // Whoever was given it does not report, perhaps because of it.
    scene.server.clock.advance(2 * MINUTE);
    assert_eq!(ask(true).await, None);
    let others = [ask(false).await, ask(false).await, ask(false).await];
    let others = others.map(|session| session.map(|session| session.transfer));
    assert_eq!(others, [Some(tried), Some(seen), Some(new)]);
}

/// A worker that is busy does not ask again and again because of what it does not want.
#[tokio::test]
async fn who_wants_only_what_is_new_waits_for_it() {
    let scene = Scene::set().await;
    scene.owner.transfer(scene.account, b"seen").await;
    scene.report(&scene.worker.lease().await, verified()).await;
    scene.server.clock.advance(60 * MINUTE);
    let account = scene.server.account(scene.workspace, &[OWNER], &[]).await;
    scene.owner.consent(account).await;
    let (transfer, sealed) = scene.owner.prepare(account, b"new").await;
    let client = scene
        .worker
        .client
        .over(Transport::Router(scene.server.router.clone()), BASE);
    let ask = AskForWork {
        max_sessions: 1,
        only_new: true,
        keys_low: 0,
        wait_ms: 25_000,
    };
    let mut waiting = std::pin::pin!(client.post("/v1/worker/work", &ask));
    for _ in 0..100 {
        tokio::task::yield_now().await;
        let waits = futures_util::poll!(waiting.as_mut()).is_pending();
        assert!(waits, "it was given what is not new");
    }
    scene
        .owner
        .store(account, transfer, &sealed)
        .await
        .ok::<Account>();
    let work: Work = waiting.await.ok();
    assert_eq!(work.sessions[0].transfer, transfer);
}

#[tokio::test]
async fn a_worker_asks_for_no_more_than_it_may() {
    let scene = Scene::set().await;
    for (max_sessions, keys_low, wait_ms) in [(17, 0, 0), (0, 257, 0), (0, 0, 25_001)] {
        let ask = AskForWork {
            max_sessions,
            only_new: false,
            keys_low,
            wait_ms,
        };
        let answer = scene.worker.client.post("/v1/worker/work", &ask).await;
        assert_eq!(answer.code(), ProblemCode::InvalidRequest);
    }
    let none: Work = scene
        .worker
        .client
        .post(
            "/v1/worker/work",
            &AskForWork {
                max_sessions: 0,
                only_new: false,
                keys_low: 20,
                wait_ms: 20,
            },
        )
        .await
        .ok();
    assert_eq!((none.sessions.len(), none.keys.available), (0, 20));
}

#[tokio::test]
async fn sealed_bytes_come_back_as_they_went_in() {
    let scene = Scene::set().await;
    let (transfer, sealed) = scene.owner.prepare(scene.account, &[0, 255, 1, 2, 3]).await;
    scene
        .owner
        .store(scene.account, transfer, &sealed)
        .await
        .ok::<Account>();
    let leased: SealedSession = scene.worker.lease().await.sealed;
    assert_eq!(leased, sealed);
}
