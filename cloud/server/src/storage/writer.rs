//! The one writer: group commit, and the erasure of what was deleted.
//!
//! SQLite takes one writer at a time, and a durable commit costs a flush of the
//! disk. So all writes go through one thread that owns the write connection. It
//! takes what is queued, commits it all at once, and only then answers: *acknowledged
//! means durable*. Each operation runs in a savepoint of its own; uploads, which are
//! most of what comes, are done together, a few statements for all of them. While nothing
//! is queued it holds no lock, so another process (the command line) can
//! write as well.
//!
//! With `secure_delete` deleted content is overwritten with zeroes, but the old
//! pages stay in the database file until a checkpoint, and in the log until it is
//! truncated. So a deletion *owes* a truncation. It is tried before the deletion
//! is answered ([`Erase::Now`]) or as soon as there is nothing else to do, and within
//! three seconds in any case ([`Erase::Soon`]), and again until it succeeds, as an open
//! reader can hold it up. At the start one is owed
//! always: the process before may have been killed.
//!
//! Here is what the rest of the server sees; the thread is in [`batch`], the log in
//! [`log`], and when it is truncated in [`erasure`].

mod batch;
mod erasure;
mod log;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use self::batch::Worker;
use self::log::Log;
use super::jti::{Claim, Reused};
use super::keys::Reservation;
use super::uploads::{Standing, Store};
use super::{Connection, StorageError};

/// Operations that may wait; who comes after that waits for a place.
const QUEUE: usize = 4096;

/// Whether a write deletes what nobody may find again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erase {
    /// Nothing of that kind.
    Nothing,
    /// Yes: truncating the log is tried when the writer is idle, within three seconds.
    Soon,
    /// Yes: truncating the log is tried before the answer.
    Now,
}

/// Tells the caller how its operation ended, once the batch is committed or not.
type Reply = Box<dyn FnOnce(Result<(), StorageError>) + Send>;

/// An operation that ran, and waits for the commit.
struct Ran {
    /// Whether what it wrote stays; otherwise it is taken back.
    keep: bool,
    reply: Reply,
}

/// A write. It is told if the proof that came with it was used before; one that came
/// without a proof is told `Ok`.
type Operation = Box<dyn for<'c> FnOnce(&'c mut Connection, Result<(), Reused>) -> BoxFuture<'c, Ran> + Send>;

/// A session that is to be stored together with its proof's claim.
struct Upload {
    claim: Claim,
    reservation: Reservation,
    decide: Decide,
}

/// What an upload comes to.
struct Decided {
    store: Option<Store>,
    reply: Reply,
}

/// Why the writer has an upload refused, rather than decided on.
enum Unfit {
    /// Its proof was used before.
    Reused,
    /// What is stored about its account cannot be read.
    Unreadable(StorageError),
}

/// Only reads.
type Decide = Box<
    dyn for<'c> FnOnce(&'c mut Connection, Result<Option<Standing>, Unfit>) -> BoxFuture<'c, Decided> + Send,
>;

enum Job {
    Write {
        erase: Erase,
        claim: Option<Claim>,
        operation: Operation,
    },
    Upload(Upload),
    Claim {
        claim: Claim,
        reply: oneshot::Sender<Result<bool, StorageError>>,
    },
    /// Finish what came before this, and end.
    Close,
}

fn ran<T, E>(result: Result<T, E>, answer: oneshot::Sender<Result<T, E>>) -> Ran
where
    T: Send + 'static,
    E: From<StorageError> + Send + 'static,
{
    Ran {
        keep: result.is_ok(),
        reply: reply_with(answer, result),
    }
}

fn reply_with<T, E>(answer: oneshot::Sender<Result<T, E>>, result: Result<T, E>) -> Reply
where
    T: Send + 'static,
    E: From<StorageError> + Send + 'static,
{
    Box::new(move |committed| {
        // Nobody waits any more if the client went away; the write stands.
        let _ = answer.send(match committed {
            Ok(()) => result,
            Err(error) => Err(error.into()),
        });
    })
}

/// Hands operations to the writing thread.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    log: Arc<Log>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Writer {
    /// Starts the thread, which takes the connections for its own: one to write, the
    /// other to move the log into the database file meanwhile.
    pub(super) fn start(connection: Connection, checkpointer: Connection) -> Result<Self, StorageError> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let log = Arc::new(Log::default());
        // A runtime of its own: what it does must not wait behind the signature checks
        // of requests, as every statement is one round trip to SQLite's thread.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(StorageError::File)?;
        let worker = Worker::new(connection, Arc::clone(&log));
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || runtime.block_on(worker.run(checkpointer, queue)))
            .map_err(StorageError::File)?;
        Ok(Self {
            jobs,
            log,
            thread: Arc::new(Mutex::new(Some(thread))),
        })
    }

    pub(super) async fn write<T, E, F>(&self, erase: Erase, operation: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let operation: Operation =
            Box::new(move |connection, _| Box::pin(async move { ran(operation(connection).await, answer) }));
        let job = Job::Write {
            erase,
            claim: None,
            operation,
        };
        self.queue(job, answered).await
    }

    pub(super) async fn claim_and_write<T, E, F>(
        &self,
        claim: Claim,
        erase: Erase,
        operation: F,
    ) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StorageError> + From<Reused> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let operation: Operation = Box::new(move |connection, claimed| {
            Box::pin(async move {
                let result = match claimed {
                    Ok(()) => operation(connection).await,
                    Err(reused) => Err(reused.into()),
                };
                ran(result, answer)
            })
        });
        let job = Job::Write {
            erase,
            claim: Some(claim),
            operation,
        };
        self.queue(job, answered).await
    }

    pub(super) async fn upload<T, E, D>(
        &self,
        claim: Claim,
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
        E: From<StorageError> + From<Reused> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let decide: Decide = Box::new(move |connection, standing| {
            Box::pin(async move {
                let decided = match standing {
                    Ok(standing) => decide(connection, standing).await,
                    Err(Unfit::Unreadable(error)) => Err(error.into()),
                    Err(Unfit::Reused) => Err(Reused.into()),
                };
                let (store, result) = match decided {
                    Ok((value, store)) => (store, Ok(value)),
                    Err(error) => (None, Err(error)),
                };
                Decided {
                    store,
                    reply: reply_with(answer, result),
                }
            })
        });
        let upload = Upload {
            claim,
            reservation,
            decide,
        };
        self.queue(Job::Upload(upload), answered).await
    }

    async fn queue<T, E: From<StorageError>>(
        &self,
        job: Job,
        answered: oneshot::Receiver<Result<T, E>>,
    ) -> Result<T, E> {
        self.jobs.send(job).await.map_err(|_| StorageError::Stopped)?;
        answered.await.map_err(|_| StorageError::Stopped)?
    }

    pub(super) async fn claim(&self, claim: Claim) -> Result<bool, StorageError> {
        let (reply, answered) = oneshot::channel();
        self.queue(Job::Claim { claim, reply }, answered).await
    }

    pub(super) fn erasure_is_owed(&self) -> bool {
        self.log.truncation_is_owed()
    }

    /// Waits until everything queued is durable and the connection is closed. What
    /// comes after that is refused.
    pub(super) async fn close(&self) {
        // An error means that the thread has ended already.
        let _ = self.jobs.send(Job::Close).await;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // Only a panic makes this an error, and that was printed already.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}
