//! Acknowledged means durable: the real program, killed at random points.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ferry_protocol::api::{Account, Me, SessionStatus};
use ferry_protocol::{AccountId, TransferId};
use ferry_server::clock::SystemClock;
use ferry_server::random::{Random, SeededRandom};
use ferry_server::storage::{Erase, StorageError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _};
use tempfile::TempDir;

use crate::client::{Client, Transport, Worker};
use crate::fixture::{Server, code_in, newest_mail};
use crate::process::{Process, run};

const EMAIL: &str = "owner@example.com";
const PASSWORD: &str = "correct horse battery";

/// The real program with an owner, accounts and a worker.
pub(crate) struct Stage {
    pub(crate) folder: TempDir,
    pub(crate) process: Process,
    pub(crate) owner: Client,
    pub(crate) worker: Worker,
    pub(crate) accounts: Vec<AccountId>,
}

impl Stage {
    pub(crate) async fn set(accounts: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cli = |arguments: &[&str], input: &str| run(folder.path(), arguments, input).unwrap();
        let workspace = cli(&["workspace", "add", "Acme"], "");
        let user = [
            "user",
            "add",
            "--workspace",
            &workspace,
            "--email",
            EMAIL,
            "--name",
            "Owner",
            "--password-stdin",
        ];
        cli(&user, PASSWORD);
        let process = Process::start(folder.path());
        // Beside the running server.
        let account = [
            "account",
            "add",
            "--workspace",
            &workspace,
            "--app",
            "github",
            "--name",
            "A",
            "--owner",
            EMAIL,
        ];
        let accounts = (0..accounts)
            .map(|_| cli(&account, "").parse().unwrap())
            .collect();
        let token = cli(
            &["worker-token", "add", "--workspace", &workspace, "--name", "w"],
            "",
        );
        let worker = Worker::sign_in(process.client(), &token).await;
        let owner = process.client();
        owner.sign_in(EMAIL, PASSWORD).await.ok::<serde_json::Value>();
        owner.enrol("Laptop").await.ok::<Me>();
        owner.send_code().await;
        owner
            .verify(&code_in(&newest_mail(&folder.path().join("outbox"))))
            .await
            .ok::<Me>();
        let stage = Self {
            folder,
            process,
            owner,
            worker,
            accounts,
        };
        for account in &stage.accounts {
            stage.owner.consent(*account).await;
        }
        stage.worker.supply(50).await;
        stage
    }

    pub(crate) fn owner(&self) -> Client {
        self.owner.over(self.process.transport(), &self.process.base())
    }
}

/// The session that an account has, if it has one.
type Session = Option<TransferId>;

/// What one account's session may be after the server was killed.
#[derive(Debug)]
struct Known {
    /// As the last change left it that was acknowledged.
    acknowledged: Session,
    /// As a change would leave it that was sent after that, and may or may not have
    /// happened.
    under_way: Option<Session>,
}

/// Transfers and deletes on one account until the server is gone.
async fn load(client: Client, account: AccountId, before: Session, stop: Arc<AtomicBool>) -> Known {
    let mut known = Known {
        acknowledged: before,
        under_way: None,
    };
    let mut round = 0_u8;
    while !stop.load(Ordering::SeqCst) {
        round = round.wrapping_add(1);
        let result = if round.is_multiple_of(4) {
            delete(&client, account, &mut known).await
        } else {
            transfer(&client, account, &mut known).await
        };
        if result.is_none() {
            break;
        }
    }
    known
}

async fn transfer(client: &Client, account: AccountId, known: &mut Known) -> Option<()> {
    let transfer = client.id(TransferId::new);
    let body = crate::client::json(&ferry_protocol::api::BeginTransfer { transfer });
    let path = format!("/v1/accounts/{account}/transfers");
    let begun = client
        .try_send(axum::http::Method::POST, &path, body)
        .await
        .ok()?;
    let offer: ferry_protocol::api::TransferOffer = serde_json::from_slice(&begun.body).ok()?;
    let seen = client
        .try_send(
            axum::http::Method::GET,
            &format!("/v1/accounts/{account}"),
            Vec::new(),
        )
        .await
        .ok()?;
    let seen: Account = serde_json::from_slice(&seen.body).ok()?;
    let header = client.header(&seen, offer.sealing_key.workspace, transfer, offer.sealing_key.id);
    let sealed = crate::client::json(&client.seal(&header, &[7; 20_000]));
    known.under_way = Some(Some(transfer));
    let stored = client
        .try_send(axum::http::Method::PUT, &format!("{path}/{transfer}"), sealed)
        .await
        .ok()?;
    (stored.status == 200).then(|| {
        *known = Known {
            acknowledged: Some(transfer),
            under_way: None,
        };
    })
}

async fn delete(client: &Client, account: AccountId, known: &mut Known) -> Option<()> {
    known.under_way = Some(None);
    let path = format!("/v1/accounts/{account}/session");
    let deleted = client
        .try_send(axum::http::Method::DELETE, &path, Vec::new())
        .await
        .ok()?;
    (deleted.status == 200).then(|| {
        *known = Known {
            acknowledged: None,
            under_way: None,
        };
    })
}

/// No test can cut the power; that SQLite was told what to do about it, this one sees. (2 is
/// FULL: a commit has been flushed when it returns.)
#[tokio::test]
async fn commits_are_flushed_before_they_are_answered() {
    let server = Server::start().await;
    let asked = server.state.storage().write(Erase::Nothing, |connection| {
        Box::pin(async move {
            let synchronous = sqlx::query("PRAGMA synchronous")
                .fetch_one(&mut *connection)
                .await?;
            let journal = sqlx::query("PRAGMA journal_mode").fetch_one(connection).await?;
            Ok::<_, StorageError>((synchronous.get::<i64, _>(0), journal.get::<String, _>(0)))
        })
    });
    assert_eq!(asked.await.unwrap(), (2, "wal".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill() {
    let mut stage = Stage::set(4).await;
    let random = SeededRandom::new(42);
    let mut sessions: HashMap<AccountId, Session> = stage.accounts.iter().map(|id| (*id, None)).collect();
    let mut changes = 0;
    for round in 0..6 {
        stage.worker.client = stage
            .worker
            .client
            .over(stage.process.transport(), &stage.process.base());
        stage.worker.supply(200).await;
        let stop = Arc::new(AtomicBool::new(false));
        let start = |(account, before): (&AccountId, &Session)| {
            (
                *account,
                tokio::spawn(load(stage.owner(), *account, *before, Arc::clone(&stop))),
            )
        };
        let loads: Vec<_> = sessions.iter().map(start).collect();
        let millis = 100 + u64::from((&random as &dyn Random).bytes::<1>()[0]) * 3;
        tokio::time::sleep(Duration::from_millis(millis)).await;
        stage.process.kill();
        stop.store(true, Ordering::SeqCst);
        stage.process = Process::start(stage.folder.path());
        let owner = stage.owner();
        for (account, load) in loads {
            let known = load.await.unwrap();
            let found = match owner.account(account).await.session {
                SessionStatus::Transferred(session) => Some(session.transfer),
                SessionStatus::None => None,
                other => panic!("{other:?}"),
            };
            let fine = found == known.acknowledged || Some(found) == known.under_way;
            assert!(fine, "round {round}: found {found:?}, {known:?}");
            let before = sessions.insert(account, found);
            changes += usize::from(before != Some(found));
        }
        check_invariants(&stage).await;
    }
    assert!(changes > 6, "the load did something: {changes}");
}

/// No account with two sessions, no session without its bytes or its key, no bytes
/// without a session, and SQLite finds nothing wrong.
async fn check_invariants(stage: &Stage) {
    let file = stage.folder.path().join("ferry.db");
    let mut connection = SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .connect()
        .await
        .unwrap();
    let wrong = "SELECT
        (SELECT COUNT(*) FROM sessions) - (SELECT COUNT(DISTINCT account_id) FROM sessions),
        (SELECT COUNT(*) FROM sessions WHERE transfer_id NOT IN (SELECT transfer_id FROM seals)),
        (SELECT COUNT(*) FROM seals WHERE transfer_id NOT IN (SELECT transfer_id FROM sessions)),
        (SELECT COUNT(*) FROM sessions JOIN sealing_keys ON sealing_keys.id = sessions.sealing_key_id
            WHERE sealing_keys.state <> 'used' OR sealing_keys.transfer_id <> sessions.transfer_id),
        (SELECT COUNT(*) FROM sealing_keys WHERE state = 'used'
            AND id NOT IN (SELECT sealing_key_id FROM sessions)),
        (SELECT COUNT(*) FROM sessions WHERE transfer_id NOT IN
            (SELECT transfer_id FROM audit_events WHERE action = 'session.transferred'))";
    let row = sqlx::query(wrong).fetch_one(&mut connection).await.unwrap();
    for column in 0..6 {
        assert_eq!(row.get::<i64, _>(column), 0, "invariant {column}");
    }
    let check = sqlx::query("PRAGMA integrity_check")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(check.get::<&str, _>(0), "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_starts_again_with_its_secrets() {
    let mut stage = Stage::set(1).await;
    let transfer = stage.owner.transfer(stage.accounts[0], b"sealed").await;
    stage.process.kill();
    stage.process = Process::start(stage.folder.path());
    // The token still works, and so does what rests on it.
    let client = Client::over(
        &stage.owner,
        Transport::Tcp(stage.process.address),
        &stage.process.base(),
    );
    let account = client.account(stage.accounts[0]).await;
    assert!(matches!(account.session, SessionStatus::Transferred(session) if session.transfer == transfer));
    let fresh = Client::new(
        stage.process.transport(),
        &stage.process.base(),
        Arc::new(SystemClock),
    );
    fresh.sign_in(EMAIL, PASSWORD).await.ok::<serde_json::Value>();
}
