//! Deletion is permanent: what was deleted is in no file afterwards.

use std::path::Path;
use std::time::Duration;

use ferry_protocol::UnixMillis;
use ferry_protocol::api::{Account, SessionStatus};
use ferry_server::storage::jti::Claim;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use crate::fixture::Scene;

/// Bytes that nothing else has.
const MARKER: &[u8] = b"MARKER-7d1f3c6a-of-a-session-that-was-deleted";

/// A ciphertext of this length, with the marker all over it.
fn marked(len: usize) -> Vec<u8> {
    MARKER.iter().copied().cycle().take(len).collect()
}

/// How often the marker is in the database and its log.
fn traces(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = files.filter(|file| {
        file.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("ferry.db")
    });
    files
        .map(|file| {
            let bytes = std::fs::read(file).unwrap();
            bytes
                .windows(16)
                .filter(|window| *window == &MARKER[..16])
                .count()
        })
        .sum()
}

async fn until_erased(scene: &Scene) {
    let erased = async {
        while scene.server.state.storage().erasure_is_owed() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), erased)
        .await
        .expect("the log is truncated");
}

#[tokio::test]
async fn nothing_of_a_deleted_session_is_left() {
    let scene = Scene::set().await;
    let folder = scene.server.folder.path();
    // Within a page, over a few, over many.
    for len in [100, 26_000, 1_000_000] {
        scene.owner.transfer(scene.account, &marked(len)).await;
        assert!(traces(folder) > 0, "the test looks for the right thing");
        let account: Account = scene.owner.delete(&scene.path("/session")).await.ok();
        assert_eq!(account.session, SessionStatus::None);
        // Erased before it was answered.
        assert_eq!(traces(folder), 0, "{len}");
    }
}

#[tokio::test]
async fn nothing_of_a_replaced_session_is_left() {
    let scene = Scene::set().await;
    scene.owner.transfer(scene.account, &marked(26_000)).await;
    scene.owner.transfer(scene.account, b"the new one").await;
    until_erased(&scene).await;
    assert_eq!(traces(scene.server.folder.path()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_is_never_idle_erases_as_well() {
    let scene = Scene::set().await;
    scene.owner.transfer(scene.account, &marked(26_000)).await;
    scene.owner.transfer(scene.account, b"the new one").await;
    let storage = scene.server.state.storage().clone();
    let busy = tokio::spawn(async move {
        for number in 0_u64.. {
            let jti = number.to_string();
            let claim = Claim::new(&[0; 32], &jti, UnixMillis(i64::MAX));
            assert!(storage.claim(claim).await.unwrap());
        }
    });
    until_erased(&scene).await;
    assert_eq!(traces(scene.server.folder.path()), 0);
    assert!(!busy.is_finished(), "it was busy all the time");
    busy.abort();
}

#[tokio::test]
async fn nothing_of_an_expired_session_is_left() {
    let scene = Scene::set().await;
    scene.owner.transfer(scene.account, &marked(26_000)).await;
    scene.server.clock.advance(30 * 24 * 60 * 60 * 1000);
    ferry_server::retention::sweep(&scene.server.state).await.unwrap();
    until_erased(&scene).await;
    assert_eq!(traces(scene.server.folder.path()), 0);
}

#[tokio::test]
async fn an_open_reader_delays_the_erasure_and_does_not_prevent_it() {
    let scene = Scene::set().await;
    let folder = scene.server.folder.path();
    scene.owner.transfer(scene.account, &marked(26_000)).await;
    // Another program reads, such as a backup.
    let mut reader = SqliteConnectOptions::new()
        .filename(scene.server.database())
        .read_only(true)
        .connect()
        .await
        .unwrap();
    reader.execute("BEGIN").await.unwrap();
    reader.execute("SELECT COUNT(*) FROM seals").await.unwrap();
    scene.owner.delete(&scene.path("/session")).await.ok::<Account>();
    assert!(scene.server.state.storage().erasure_is_owed());
    assert!(traces(folder) > 0, "the reader still sees it");
    // Others are served meanwhile.
    assert_eq!(
        scene.owner.account(scene.account).await.session,
        SessionStatus::None
    );
    reader.execute("COMMIT").await.unwrap();
    reader.close().await.unwrap();
    until_erased(&scene).await;
    assert_eq!(traces(folder), 0);
}

#[tokio::test]
async fn an_erasure_that_is_owed_is_made_up_for_at_the_next_start() {
    let scene = Scene::set().await;
    scene.owner.transfer(scene.account, &marked(26_000)).await;
    let mut reader = SqliteConnectOptions::new()
        .filename(scene.server.database())
        .read_only(true)
        .connect()
        .await
        .unwrap();
    reader.execute("BEGIN").await.unwrap();
    reader.execute("SELECT COUNT(*) FROM seals").await.unwrap();
    scene.owner.delete(&scene.path("/session")).await.ok::<Account>();
    let Scene { server, .. } = scene;
    // As a crash would leave it: the files are copied while the reader holds the log.
    let copy = tempfile::tempdir().unwrap();
    for file in ["ferry.db", "ferry.db-wal"] {
        std::fs::copy(server.folder.path().join(file), copy.path().join(file)).unwrap();
    }
    assert!(traces(copy.path()) > 0);
    let storage = ferry_server::storage::Storage::open(&copy.path().join("ferry.db"))
        .await
        .unwrap();
    storage.close().await;
    assert_eq!(traces(copy.path()), 0);
}
