//! What the server keeps, in SQLite.
//!
//! One file for each kind of thing; each has functions over a [`Connection`] and
//! types of its own. Which functions make up one transaction is for the caller to
//! say: writes go through [`Storage::write`] and [`Storage::claim_and_write`], one savepoint
//! each, or many at once through [`Storage::upload`], and are answered when they are durable
//! ([`writer`]); reads take a connection of [`Storage::read`]. Nothing here decides who may do what.
//!
//! SQL stays in the subset that PostgreSQL takes as well: `$1` placeholders,
//! `RETURNING`, `ON CONFLICT`, `BIGINT` milliseconds, `TEXT` identifiers. The exception
//! is [`uploads::store`]: several statements in one round trip, for speed, which
//! PostgreSQL takes one after the other.

pub mod accounts;
pub mod approvals;
pub mod apps;
pub mod audit;
pub mod catalogues;
pub mod codes;
pub mod consents;
pub mod devices;
pub mod invitations;
pub mod jti;
pub mod keys;
pub mod leases;
mod limit;
pub mod row;
mod schema;
pub mod sessions;
pub mod sign_in;
pub mod tokens;
pub mod uploads;
pub mod users;
pub mod vaults;
pub mod workers;
pub mod workspaces;
pub mod writer;

use std::io;
use std::path::Path;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection as _};

use keys::Reservation;
use uploads::{Standing, Store};
pub use writer::Erase;
use writer::Writer;

use crate::private::{self, OpenToOthers};

/// A connection to the database.
pub type Connection = SqliteConnection;

/// A row of a result.
pub type Row = SqliteRow;

/// How long a statement waits for another process to release the write lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections for reading.
const READERS: u32 = 4;

/// Pages that a connection keeps in memory: a negative number is in KiB.
const CACHE_SIZE: &str = "-32768";

/// Prepared statements kept per connection: more than there are statements.
const STATEMENTS: usize = 512;

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// SQLite failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The file cannot be made.
    #[error("the database file cannot be opened: {0}")]
    File(io::Error),
    /// The file's mode.
    #[error(transparent)]
    OpenToOthers(#[from] OpenToOthers),
    /// The schema could not be brought up to date.
    #[error("the database's schema could not be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored value does not have the form that it was written in.
    #[error("column {column} holds a value of the wrong form: the database was changed from outside")]
    Corrupt {
        /// The column.
        column: &'static str,
    },
    /// The batch that this write was part of could not be committed.
    #[error("the write could not be committed: {0}")]
    NotCommitted(String),
    /// The write was not carried out: the server is shutting down, or the batch that
    /// it waited for failed.
    #[error("the write was not carried out")]
    Stopped,
}

/// The database.
#[derive(Clone, Debug)]
pub struct Storage {
    readers: SqlitePool,
    writer: Writer,
}

impl Storage {
    /// Opens the database file, makes it if it is not there, and brings its schema
    /// up to date.
    pub async fn open(file: &Path) -> Result<Self, StorageError> {
        create_private(file)?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit is on the disk when it returns, power loss or not.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // Deleted content is overwritten with zeroes. Not FAST: that leaves it in free pages.
            .pragma("secure_delete", "ON")
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("cache_size", CACHE_SIZE)
            .pragma("temp_store", "MEMORY")
            // Not in the way of a commit: the writer sees to it.
            .pragma("wal_autocheckpoint", "0")
            .statement_cache_capacity(STATEMENTS)
            .disable_statement_logging();
        let mut connection = options.clone().connect().await?;
        migrate(&mut connection).await?;
        let checkpointer = options.clone().connect().await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            // The connections are to a file: there is nothing to have gone stale.
            .test_before_acquire(false)
            .connect_with(options.pragma("query_only", "ON"))
            .await?;
        Ok(Self {
            readers,
            writer: Writer::start(connection, checkpointer)?,
        })
    }

    /// A connection for reading. It sees everything that was committed before.
    pub async fn read(&self) -> Result<PoolConnection<sqlx::Sqlite>, StorageError> {
        Ok(self.readers.acquire().await?)
    }

    /// Runs a write and returns when it is durable. If it returns an error, nothing
    /// that it wrote stays.
    ///
    /// `erase` says whether it deletes what nobody may find again.
    pub async fn write<T, E, F>(&self, erase: Erase, operation: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        self.writer.write(erase, operation).await
    }

    /// Uses up a proof's `jti` and runs a write, in one commit. If the proof was used before,
    /// the write is not run, and the error is [`jti::Reused`]. If the write returns an error,
    /// nothing that it wrote stays, but the proof is used up. If the commit fails, neither is
    /// durable.
    pub async fn claim_and_write<T, E, F>(
        &self,
        claim: jti::Claim,
        erase: Erase,
        operation: F,
    ) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StorageError> + From<jti::Reused> + Send + 'static,
    {
        self.writer.claim_and_write(claim, erase, operation).await
    }

    /// Uses up a proof's `jti` and stores a session, in one commit. A proof that was used
    /// before is refused. If `decide` refuses, nothing is stored, but the proof is used up. If
    /// the commit fails, neither is durable.
    ///
    /// `decide` is told how things stand, and may read. What it returns beside the answer
    /// is stored, in the same transaction.
    pub async fn upload<T, E, D>(
        &self,
        claim: jti::Claim,
        reservation: Reservation,
        decide: D,
    ) -> Result<T, E>
    where
        D: for<'c> FnOnce(
                &'c mut Connection,
                Option<Standing>,
            ) -> BoxFuture<'c, Result<(T, Option<Store>), E>>
            + Send
            + 'static,
        T: Send + 'static,
        E: From<StorageError> + From<jti::Reused> + Send + 'static,
    {
        self.writer.upload(claim, reservation, decide).await
    }

    /// Uses up a proof's `jti`. `false`: it was used before.
    pub async fn claim(&self, claim: jti::Claim) -> Result<bool, StorageError> {
        self.writer.claim(claim).await
    }

    /// Whether bytes that were deleted may still be in the write-ahead log: a
    /// checkpoint could not be completed yet, and is tried again.
    pub fn erasure_is_owed(&self) -> bool {
        self.writer.erasure_is_owed()
    }

    /// Finishes what was queued, and closes the database.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Makes the file if it is not there, for its owner only; SQLite makes the log with
/// the same rights. One that is there must be so already.
fn create_private(file: &Path) -> Result<(), StorageError> {
    private::check(file).map_err(StorageError::File)??;
    let made = private::options().create(true).truncate(false).open(file);
    made.map(drop).map_err(StorageError::File)
}

/// All steps that are missing, in one transaction: two processes may start at once.
async fn migrate(connection: &mut Connection) -> Result<(), StorageError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    schema::migrator()
        .run_direct(None, &mut *transaction, false)
        .await?;
    Ok(transaction.commit().await?)
}
