//! SQLite's write-ahead log. Commits are appended to it; from time to time it is
//! moved into the database file ([`backfill`], beside the writing), and truncated
//! ([`Log::truncate`], between two commits), which is what erases what was deleted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::{Connection as _, Row as _};
use tokio::sync::{Mutex, Notify};

use crate::storage::{BUSY_TIMEOUT, Connection};

/// How often the log is moved into the database file while it grows.
const BACKFILL_EVERY: Duration = Duration::from_millis(250);

/// A log of more pages (64 MiB) is truncated even if nothing was deleted.
const LONG: i64 = 16 * 1024;

/// How long one try of a truncation waits for readers, in milliseconds.
const TRUNCATE_WAIT_MS: u128 = 20;

/// How the log stands.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Something was committed.
    grew: Notify,
    /// It has more than [`LONG`] pages.
    long: AtomicBool,
    /// It was moved into the database file since the writer last asked.
    moved: AtomicBool,
    /// Bytes that were deleted may still be in it.
    owed: AtomicBool,
    /// SQLite lets one checkpoint run at a time.
    turn: Mutex<()>,
    closed: AtomicBool,
    /// It was closed: nothing is waited for any more.
    closing: Notify,
}

impl Log {
    /// Something was committed.
    pub(super) fn grew(&self) {
        self.grew.notify_one();
    }

    pub(super) fn is_long(&self) -> bool {
        self.long.load(Ordering::Acquire)
    }

    /// Whether it was moved into the database file since the last call, so that a
    /// truncation finds little to do now.
    pub(super) fn was_moved(&self) -> bool {
        self.moved.swap(false, Ordering::AcqRel)
    }

    pub(super) fn owe_truncation(&self) {
        self.owed.store(true, Ordering::Release);
    }

    pub(super) fn truncation_is_owed(&self) -> bool {
        self.owed.load(Ordering::Acquire)
    }

    /// Ends [`backfill`].
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.grew.notify_one();
        self.closing.notify_one();
    }

    /// Moves the whole log into the database file and truncates it. `false`: somebody
    /// reads from it.
    pub(super) async fn truncate(&self, connection: &mut Connection) -> Result<bool, sqlx::Error> {
        let _turn = self.turn.lock().await;
        set_busy_timeout(connection, TRUNCATE_WAIT_MS).await?;
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&mut *connection)
            .await;
        set_busy_timeout(connection, BUSY_TIMEOUT.as_millis()).await?;
        let truncated = row?.try_get::<i64, _>(0)? == 0;
        if truncated {
            self.owed.store(false, Ordering::Release);
            self.long.store(false, Ordering::Release);
        }
        Ok(truncated)
    }
}

async fn set_busy_timeout(connection: &mut Connection, millis: u128) -> Result<(), sqlx::Error> {
    let statement = sqlx::AssertSqlSafe(format!("PRAGMA busy_timeout = {millis}"));
    sqlx::query(statement).execute(connection).await?;
    Ok(())
}

/// Moves the log into the database file while it grows, so that a truncation finds
/// little to do. Holds up neither readers nor the writer.
pub(super) async fn backfill(log: Arc<Log>, mut connection: Connection) {
    loop {
        log.grew.notified().await;
        if log.closed.load(Ordering::Acquire) {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(BACKFILL_EVERY) => {}
            // Whoever closes it truncates it as well.
            () = log.closing.notified() => break,
        }
        let _turn = log.turn.lock().await;
        let pages = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
            .fetch_one(&mut connection)
            .await;
        match pages.and_then(|row| row.try_get::<i64, _>(1)) {
            Ok(pages) => {
                log.long.fetch_or(pages > LONG, Ordering::AcqRel);
                log.moved.store(true, Ordering::Release);
            }
            Err(error) => tracing::error!(%error, "the log could not be moved into the database file"),
        }
    }
    if let Err(error) = connection.close().await {
        tracing::error!(%error, "the checkpoint connection did not close cleanly");
    }
}
