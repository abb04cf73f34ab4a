//! SIGTERM: requests under way are finished, nothing is lost, and the log is empty.

use std::time::Duration;

use ferry_protocol::api::{Account, AskForWork, SessionStatus, Work};

use crate::client::Client;
use crate::durability::Stage;
use crate::process::Process;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_finishes_first() {
    let stage = Stage::set(1).await;
    let (owner, worker) = (stage.owner(), &stage.worker);
    let account = stage.accounts[0];
    let transfer = owner.transfer(account, b"sealed").await;
    // Leased, so that the next wait has nothing to find.
    assert_eq!(worker.work().await.sessions.len(), 1);
    let waiting = {
        let client: Client = worker
            .client
            .over(stage.process.transport(), &stage.process.base());
        let ask = AskForWork {
            max_sessions: 4,
            only_new: false,
            keys_low: 0,
            wait_ms: 25_000,
        };
        tokio::spawn(async move { client.post("/v1/worker/work", &ask).await.ok::<Work>() })
    };
    let Stage {
        mut process,
        folder,
        owner,
        ..
    } = stage;
    loop {
        let line = process.log_line().await.expect("it runs");
        // The libraries log whole messages, with tokens in them, at the level of this test.
        assert!(line.contains(" ferry_server::"), "{line}");
        if line.contains("a worker waits for work") {
            break;
        }
    }
    process.terminate();
    let work = tokio::time::timeout(Duration::from_secs(15), waiting)
        .await
        .expect("it is answered")
        .unwrap();
    assert!(work.sessions.is_empty());
    let status = tokio::task::spawn_blocking(move || process.wait()).await.unwrap();
    assert!(status.success(), "{status}");
    assert!(
        !folder.path().join("ferry.db-wal").exists(),
        "everything is in the database file"
    );
    let again = Process::start(folder.path());
    let seen: Account = owner
        .over(again.transport(), &again.base())
        .account(account)
        .await;
    assert!(matches!(seen.session, SessionStatus::Transferred(session) if session.transfer == transfer));
}
