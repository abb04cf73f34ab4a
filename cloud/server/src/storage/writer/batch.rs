//! The writing thread: takes what is queued, and commits it at once.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use sqlx::{Connection as _, Executor as _};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::erasure::Owed;
use super::log::{self, Log};
use super::{Decide, Decided, Erase, Job, Operation, Reply, Unfit, Upload};
use crate::storage::jti::Reused;
use crate::storage::uploads::{self, Standing};
use crate::storage::{Connection, StorageError, jti};

/// Operations of one commit at most: bounds how long the first one waits.
const BATCH: usize = 256;

/// The thread's side.
pub(super) struct Worker {
    connection: Connection,
    log: Arc<Log>,
    /// A truncation that is owed.
    owed: Option<Owed>,
}

impl Worker {
    pub(super) fn new(connection: Connection, log: Arc<Log>) -> Self {
        Self {
            connection,
            log,
            owed: None,
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
            let received = match self.owed {
                Some(owed) => {
                    let next = queue.recv_many(&mut batch, BATCH);
                    let due = owed.due_when_idle(Instant::now());
                    tokio::time::timeout_at(due, next).await.ok()
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
        let erases = |which: fn(Erase) -> bool| {
            move |job: &Job| match job {
                Job::Write { erase, .. } => which(*erase),
                // It replaces what was stored before.
                Job::Upload(_) => which(Erase::Soon),
                Job::Claim { .. } | Job::Close => false,
            }
        };
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
        if erase_now {
            self.truncate().await;
        }
        for reply in replies {
            reply(match &result {
                Ok(()) => Ok(()),
                Err(error) => Err(StorageError::NotCommitted(error.to_string())),
            });
        }
        // After the answers: what they tell of is durable, and does not wait for it.
        let moved = self.log.was_moved();
        if self.owed.is_some_and(|owed| owed.is_due(Instant::now(), moved)) {
            self.truncate().await;
        }
    }

    async fn transaction(
        &mut self,
        batch: &mut Vec<Job>,
        replies: &mut Vec<Reply>,
    ) -> Result<(), StorageError> {
        let mut claims = Vec::new();
        let mut claimants = Vec::new();
        let mut uploads = Vec::new();
        let mut operations = Vec::new();
        for job in batch.drain(..) {
            match job {
                Job::Claim { claim, reply } => {
                    claims.push(claim);
                    claimants.push(reply);
                }
                Job::Upload(upload) => uploads.push(upload),
                Job::Write { operation, claim, .. } => operations.push((operation, claim)),
                Job::Close => {}
            }
        }
        claims.extend(uploads.iter().map(|upload| upload.claim.clone()));
        claims.extend(operations.iter().filter_map(|(_, claim)| claim.clone()));
        self.connection.execute("BEGIN IMMEDIATE").await?;
        let done = async {
            // In the order in which the claims were put together.
            let mut verdicts = jti::claim(&mut self.connection, &claims).await?.into_iter();
            let of_claimants: Vec<bool> = verdicts.by_ref().take(claimants.len()).collect();
            let of_uploads: Vec<bool> = verdicts.by_ref().take(uploads.len()).collect();
            for (claimant, fresh) in claimants.into_iter().zip(of_claimants) {
                replies.push(Box::new(move |committed: Result<(), StorageError>| {
                    // Nobody waits any more if the client went away.
                    let _ = claimant.send(committed.map(|()| fresh));
                }));
            }
            self.upload(uploads, of_uploads, replies).await?;
            for (operation, claim) in operations {
                let claimed = match claim {
                    Some(_) if verdicts.next() != Some(true) => Err(Reused),
                    _ => Ok(()),
                };
                replies.extend(self.apart(operation, claimed).await?);
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
    async fn apart(
        &mut self,
        operation: Operation,
        claimed: Result<(), Reused>,
    ) -> Result<Option<Reply>, StorageError> {
        self.connection.execute("SAVEPOINT operation").await?;
        // A panic is one caller's bad luck: the writer goes on for the others.
        let ran = AssertUnwindSafe(operation(&mut self.connection, claimed))
            .catch_unwind()
            .await
            .ok();
        if !ran.as_ref().is_some_and(|ran| ran.keep) {
            self.connection.execute("ROLLBACK TO SAVEPOINT operation").await?;
        }
        self.connection.execute("RELEASE SAVEPOINT operation").await?;
        Ok(ran.map(|ran| ran.reply))
    }

    /// Decides on the uploads, and stores what is to be stored. `fresh`: whether the proof
    /// of each was not used before.
    async fn upload(
        &mut self,
        uploads: Vec<Upload>,
        fresh: Vec<bool>,
        replies: &mut Vec<Reply>,
    ) -> Result<(), StorageError> {
        let mut waiting = Vec::with_capacity(uploads.len());
        for (upload, fresh) in uploads.into_iter().zip(fresh) {
            if fresh {
                waiting.push(upload);
            } else {
                let decided = self.decide(upload.decide, Err(Unfit::Reused)).await;
                replies.extend(decided.map(|decided| decided.reply));
            }
        }
        while !waiting.is_empty() {
            // Of one account, each must see what the one before it changed.
            let mut accounts = HashSet::new();
            let together;
            (together, waiting) = waiting.into_iter().partition(|upload: &Upload| {
                accounts.len() < uploads::AT_ONCE && accounts.insert(upload.reservation.account)
            });
            let reservations: Vec<_> = together.iter().map(|upload| upload.reservation).collect();
            let standings = uploads::standings(&mut self.connection, &reservations).await?;
            let mut stores = Vec::with_capacity(together.len());
            for (upload, standing) in together.into_iter().zip(standings) {
                let standing = standing.map_err(Unfit::Unreadable);
                if let Some(decided) = self.decide(upload.decide, standing).await {
                    stores.extend(decided.store);
                    replies.push(decided.reply);
                }
            }
            if !stores.is_empty() {
                uploads::store(&mut self.connection, stores).await?;
            }
        }
        Ok(())
    }

    /// `None`: it panicked, having changed nothing.
    async fn decide(&mut self, decide: Decide, standing: Result<Option<Standing>, Unfit>) -> Option<Decided> {
        AssertUnwindSafe(decide(&mut self.connection, standing))
            .catch_unwind()
            .await
            .ok()
    }

    async fn roll_back(&mut self) {
        // Fails if SQLite rolled back by itself, as it does when the disk is full.
        if let Err(error) = self.connection.execute("ROLLBACK").await {
            tracing::debug!(%error, "there was nothing to roll back");
        }
    }

    fn owe(&mut self) {
        self.owed.get_or_insert_with(|| Owed::new(Instant::now()));
        self.log.owe_truncation();
    }

    /// What is owed stays owed unless SQLite says that it did it all.
    async fn truncate(&mut self) {
        match self.log.truncate(&mut self.connection).await {
            Ok(true) => self.owed = None,
            Ok(false) => {
                tracing::debug!("a reader holds up the truncation of the log: it is tried again");
                self.owed = self.owed.map(|owed| owed.failed(Instant::now()));
            }
            Err(error) => {
                tracing::error!(%error, "the log could not be truncated: it is tried again");
                self.owed = self.owed.map(|owed| owed.failed(Instant::now()));
            }
        }
    }
}
