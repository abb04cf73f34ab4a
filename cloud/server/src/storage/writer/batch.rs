//! The writing thread: takes what is queued, and commits it at once.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::{Connection as _, Executor as _};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::log::{self, Log};
use super::{End, Erase, Job, Operation, Reply};
use crate::storage::jti;
use crate::storage::{Connection, StorageError};

/// Operations of one commit at most: bounds how long the first one waits.
const BATCH: usize = 256;

/// A truncation that is owed is put off so long while there is other work.
const ERASE_WITHIN: Duration = Duration::from_secs(1);

/// The thread's side.
pub(super) struct Worker {
    connection: Connection,
    log: Arc<Log>,
    /// Since when a truncation is owed, or was last tried in vain.
    owed_since: Option<Instant>,
}

impl Worker {
    pub(super) fn new(connection: Connection, log: Arc<Log>) -> Self {
        Self {
            connection,
            log,
            owed_since: None,
        }
    }

    /// Runs until it is told to close, or nobody is left who could.
    pub(super) async fn run(mut self, checkpointer: Connection, mut queue: mpsc::Receiver<Job>) {
        let backfill = tokio::spawn(log::backfill(Arc::clone(&self.log), checkpointer));
        self.owe();
        self.truncate().await;
        let mut batch = Vec::with_capacity(BATCH);
        let mut open = true;
        while open {
            let received = match self.owed_since {
                Some(since) => {
                    let next = queue.recv_many(&mut batch, BATCH);
                    tokio::time::timeout_at(since + ERASE_WITHIN, next).await.ok()
                }
                None => Some(queue.recv_many(&mut batch, BATCH).await),
            };
            match received {
                Some(0) => open = false,
                Some(_) => {
                    open = !batch.iter().any(|job| matches!(job, Job::Close));
                    self.commit(&mut batch).await;
                }
                None => self.truncate().await,
            }
        }
        self.log.close();
        // It only panics if the log does, which was printed then.
        let _ = backfill.await;
        self.truncate().await;
        if let Err(error) = self.connection.close().await {
            tracing::error!(%error, "the write connection did not close cleanly");
        }
    }

    /// Runs a batch in one transaction, and answers when it is durable.
    async fn commit(&mut self, batch: &mut Vec<Job>) {
        let erases = |which: fn(Erase) -> bool| move |job: &Job| matches!(job, Job::Write { erase, .. } if which(*erase));
        let erase_now = batch.iter().any(erases(|erase| erase == Erase::Now));
        let erase = batch.iter().any(erases(|erase| erase != Erase::Nothing));
        let mut replies: Vec<Reply> = Vec::with_capacity(batch.len());
        let result = self.transaction(batch, &mut replies).await;
        match &result {
            Ok(()) => {
                if erase || self.log.is_long() {
                    self.owe();
                }
                self.log.grew();
            }
            Err(error) => tracing::error!(%error, "a batch of writes failed"),
        }
        let late = self
            .owed_since
            .is_some_and(|since| since.elapsed() >= ERASE_WITHIN);
        if erase_now || late {
            self.truncate().await;
        }
        for reply in replies {
            reply(match &result {
                Ok(()) => Ok(()),
                Err(error) => Err(StorageError::NotCommitted(error.to_string())),
            });
        }
    }

    async fn transaction(
        &mut self,
        batch: &mut Vec<Job>,
        replies: &mut Vec<Reply>,
    ) -> Result<(), StorageError> {
        let mut claims = Vec::new();
        let mut claimants = Vec::new();
        let mut operations = Vec::new();
        for job in batch.drain(..) {
            match job {
                Job::Claim { claim, reply } => {
                    claims.push(claim);
                    claimants.push(reply);
                }
                Job::Write {
                    savepoint, operation, ..
                } => operations.push((savepoint, operation)),
                Job::Close => {}
            }
        }
        self.connection.execute("BEGIN IMMEDIATE").await?;
        let done = async {
            let verdicts = jti::claim(&mut self.connection, &claims).await?;
            for (claimant, fresh) in claimants.into_iter().zip(verdicts) {
                replies.push(Box::new(move |committed: Result<(), StorageError>| {
                    // Nobody waits any more if the client went away.
                    let _ = claimant.send(committed.map(|()| fresh));
                }));
            }
            for (savepoint, operation) in operations {
                let reply = if savepoint {
                    self.apart(operation).await?
                } else {
                    self.together(operation).await?
                };
                replies.extend(reply);
            }
            self.connection.execute("COMMIT").await?;
            Ok(())
        };
        let done = done.await;
        if done.is_err() {
            self.roll_back().await;
        }
        done
    }

    /// Runs one operation, and takes back what it wrote if it failed.
    async fn apart(&mut self, operation: Operation) -> Result<Option<Reply>, StorageError> {
        self.connection.execute("SAVEPOINT operation").await?;
        // A panic is one caller's bad luck: the writer goes on for the others.
        let ran = AssertUnwindSafe(operation(&mut self.connection))
            .catch_unwind()
            .await
            .ok();
        if !ran.as_ref().is_some_and(|ran| matches!(ran.end, End::Keep)) {
            self.connection.execute("ROLLBACK TO SAVEPOINT operation").await?;
        }
        self.connection.execute("RELEASE SAVEPOINT operation").await?;
        Ok(ran.map(|ran| ran.reply))
    }

    /// Runs one operation that writes nothing unless it all goes well.
    async fn together(&mut self, operation: Operation) -> Result<Option<Reply>, StorageError> {
        let ran = AssertUnwindSafe(operation(&mut self.connection))
            .catch_unwind()
            .await;
        match ran {
            Ok(ran) => match ran.end {
                End::Keep => Ok(Some(ran.reply)),
                End::TakeBack => Err(StorageError::NotCommitted("it was to be taken back".to_owned())),
                End::Broken(why) => Err(StorageError::NotCommitted(why)),
            },
            Err(_) => Err(StorageError::NotCommitted("an operation panicked".to_owned())),
        }
    }

    async fn roll_back(&mut self) {
        // Fails if SQLite rolled back by itself, as it does when the disk is full.
        if let Err(error) = self.connection.execute("ROLLBACK").await {
            tracing::debug!(%error, "there was nothing to roll back");
        }
    }

    fn owe(&mut self) {
        self.owed_since.get_or_insert_with(Instant::now);
        self.log.owe_truncation();
    }

    /// What is owed stays owed unless SQLite says that it did it all.
    async fn truncate(&mut self) {
        match self.log.truncate(&mut self.connection).await {
            Ok(true) => self.owed_since = None,
            Ok(false) => {
                tracing::debug!("a reader holds up the truncation of the log: it is tried again");
                self.owed_since = Some(Instant::now());
            }
            Err(error) => {
                tracing::error!(%error, "the log could not be truncated: it is tried again");
                self.owed_since = Some(Instant::now());
            }
        }
    }
}
