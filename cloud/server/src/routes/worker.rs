//! What a worker does: it leases sessions, and reports what became of them.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ferry_protocol::api::{AskForWork, Check, Finding, LeasedSession, Purpose, Report, TakeSession, Work};
use ferry_protocol::problem::{Problem, ProblemCode};
use ferry_protocol::{AccountId, LeaseId, TransferId, UnixMillis, WorkspaceId};
use tokio::time::Instant;

use super::answers::{NotLetIn, NotTheirs};
use crate::auth::body::Body;
use crate::auth::roles::{Ids, SignedInWorker};
use crate::problem::Rejection;
use crate::stamp::Stamp;
use crate::state::AppState;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::leases::{Ended, Wanted};
use crate::storage::sessions::{self, Judged};
use crate::storage::workers::WorkerId;
use crate::storage::{Connection, Erase, StorageError, keys, leases};

/// Sessions that are leased at once.
const MAX_SESSIONS: u32 = 16;

/// The highest number of keys below which a wait ends.
const MAX_KEYS_LOW: u32 = 256;

/// The longest wait for work, in milliseconds.
const MAX_WAIT_MS: u32 = 25_000;

/// The first wait after an app could not be reached, in milliseconds; each further
/// one is twice as long, up to the usual time between checks.
const BACKOFF_MS: i64 = 60 * 1000;

/// Why a worker's request was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// More than it may ask for.
    #[error(
        "a worker asks for at most {MAX_SESSIONS} sessions, calls at most {MAX_KEYS_LOW} keys few, \
         and waits at most {MAX_WAIT_MS} ms"
    )]
    OutOfRange,
    /// The lease.
    #[error("the lease has run out, is another worker's, or the session was replaced or deleted: drop it")]
    LeaseLost,
    /// Nothing to take.
    #[error("there is no session in the cloud for this account, or no such account")]
    NoSession,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<WorkerError> for Rejection {
    fn from(error: WorkerError) -> Self {
        let code = match error {
            WorkerError::OutOfRange => ProblemCode::InvalidRequest,
            WorkerError::LeaseLost => ProblemCode::LeaseLost,
            WorkerError::NoSession => ProblemCode::NotFound,
            WorkerError::Storage(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

/// Leases sessions that are due, and tells how the keys stand. Waits for something
/// to do: a session that is due, a key to destroy, or too few keys to hand out.
#[utoipa::path(
    post, path = "/v1/worker/work", tag = "worker", request_body = AskForWork,
    responses(
        (status = 200, body = Work),
        (status = 400, body = Problem), NotLetIn,
    )
)]
pub async fn work(
    State(state): State<AppState>,
    caller: SignedInWorker<Body<AskForWork>>,
) -> Result<Json<Work>, Rejection> {
    let AskForWork {
        max_sessions,
        only_new,
        keys_low,
        wait_ms,
    } = caller.body.0;
    let wanted = if only_new { Wanted::New } else { Wanted::Due };
    if max_sessions > MAX_SESSIONS || keys_low > MAX_KEYS_LOW || wait_ms > MAX_WAIT_MS {
        return Err(WorkerError::OutOfRange.into());
    }
    let end = Instant::now() + Duration::from_millis(wait_ms.into());
    let mut woken = state.work();
    let mut stopping = state.stopping();
    loop {
        // Before looking: what happens from now on wakes.
        woken.mark_unchanged();
        let (work, next_due) = look(&state, caller.id, caller.workspace, wanted, max_sessions).await?;
        let found =
            !work.sessions.is_empty() || !work.keys.destroy.is_empty() || work.keys.available < keys_low;
        if found || Instant::now() >= end || *stopping.borrow_and_update() {
            return Ok(Json(work));
        }
        tracing::debug!("a worker waits for work");
        let wake_at = next_due.map_or(end, |wait| end.min(Instant::now() + wait));
        tokio::select! {
            () = tokio::time::sleep_until(wake_at) => {}
            _ = woken.changed() => {}
            _ = stopping.changed() => {}
        }
    }
}

/// What is to do now, and how long until the next session is due.
async fn look(
    state: &AppState,
    worker: WorkerId,
    workspace: WorkspaceId,
    wanted: Wanted,
    max_sessions: u32,
) -> Result<(Work, Option<Duration>), WorkerError> {
    let stamp = state.stamp();
    let mut connection = state.storage().read().await?;
    let next_due = if max_sessions == 0 {
        None
    } else {
        leases::next_due(&mut connection, workspace, wanted, stamp.now).await?
    };
    let keys = keys::supply_of(&mut connection, workspace, stamp.now).await?;
    drop(connection);
    let sessions = if next_due.is_some_and(|due| due <= stamp.now) {
        let lease = state.storage().write(Erase::Nothing, move |connection| {
            Box::pin(
                async move { lease_due(connection, &stamp, workspace, worker, wanted, max_sessions).await },
            )
        });
        lease.await?
    } else {
        Vec::new()
    };
    let wait = next_due.map(|due| {
        let millis = due.0.saturating_sub(state.now().0).max(1);
        Duration::from_millis(millis.unsigned_abs())
    });
    Ok((Work { sessions, keys }, wait))
}

async fn lease_due(
    connection: &mut Connection,
    stamp: &Stamp,
    workspace: WorkspaceId,
    worker: WorkerId,
    wanted: Wanted,
    max_sessions: u32,
) -> Result<Vec<LeasedSession>, StorageError> {
    let mut leased = Vec::new();
    for _ in 0..max_sessions {
        let lease = stamp.id(LeaseId::new);
        match leases::lease_due(connection, workspace, wanted, worker, lease, stamp.now).await? {
            Some(session) => leased.push(session),
            None => break,
        }
    }
    Ok(leased)
}

/// Takes a report, and ends the lease.
#[utoipa::path(
    post, path = "/v1/worker/sessions/{transfer}/report", tag = "worker", request_body = Report,
    params(("transfer" = TransferId, Path, description = "The transfer that brought the session")),
    responses(
        (status = 204),
        (status = 400, body = Problem), NotLetIn,
        (status = 409, body = Problem, description = "`lease_lost`"),
    )
)]
pub async fn report(
    State(state): State<AppState>,
    Ids(transfer): Ids<TransferId>,
    caller: SignedInWorker<Body<Report>>,
) -> Result<StatusCode, Rejection> {
    let stamp = state.stamp();
    let check_every_ms = state.config().check_every_ms;
    let (worker, workspace) = (caller.id, caller.workspace);
    let Report { lease, finding } = caller.body.0;
    let reported = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            let ended = leases::end(connection, worker, transfer, lease, stamp.now)
                .await?
                .ok_or(WorkerError::LeaseLost)?;
            if let Finding::Unreachable { what } = &finding {
                tracing::info!(%transfer, what, "an app could not be reached");
            }
            let Some((verdict, action)) = judge(finding, stamp.now, check_every_ms, &ended) else {
                return Ok(());
            };
            sessions::judge(connection, transfer, &verdict).await?;
            if ended.asked_meanwhile {
                sessions::check_now(connection, ended.account, stamp.now).await?;
            }
            if let Some((action, detail)) = action {
                let mut event = Event::new(workspace, Actor::Worker(worker), action)
                    .account(ended.account)
                    .transfer(transfer);
                event.detail = detail.map(str::to_owned);
                audit::record(connection, &stamp, [event]).await?;
            }
            Ok::<_, WorkerError>(())
        })
    });
    reported.await?;
    state.wake_workers();
    Ok(StatusCode::NO_CONTENT)
}

/// What a finding means for the session, and for the audit trail: what happened, and
/// more about it. `None`: nothing, the session was given back.
#[expect(clippy::type_complexity, reason = "a pair of pairs, taken apart at once")]
fn judge(
    finding: Finding,
    now: UnixMillis,
    check_every_ms: i64,
    ended: &Ended,
) -> Option<(Judged, Option<(Action, Option<&'static str>)>)> {
    let check = |identified, receipt| Check {
        at: now,
        identified,
        receipt,
    };
    Some(match finding {
        Finding::Released => return None,
        Finding::Verified { identified, receipt } => {
            let verdict = Judged::Verified {
                check: check(identified, receipt),
                expires_at: now.plus(ended.retention_ms),
                next_check_at: now.plus(check_every_ms),
            };
            (verdict, Some((Action::SessionVerified, None)))
        }
        Finding::Invalid { reason, receipt } => {
            let action = (Action::SessionInvalid, Some(why(&reason)));
            let check = check(false, receipt);
            (Judged::Invalid { check, reason }, Some(action))
        }
        Finding::Unreachable { .. } => {
            let next_check_at = now.plus(backoff(ended, check_every_ms));
            (Judged::Unreachable { next_check_at }, None)
        }
    })
}

fn backoff(ended: &Ended, check_every_ms: i64) -> i64 {
    // Ten doublings are seventeen hours: more than anybody waits between checks.
    let doublings = ended.unreachable.min(10);
    (BACKOFF_MS << doublings).min(check_every_ms)
}

/// The stable name of a reason.
fn why(reason: &ferry_protocol::api::InvalidReason) -> &'static str {
    use ferry_protocol::api::InvalidReason as R;
    match reason {
        R::SignedOut => "signed out",
        R::AnotherIdentity => "another identity",
        R::SeveralIdentities => "several identities",
        R::DeviceNotApproved { .. } => "device not approved",
        R::SealRejected { .. } => "seal rejected",
    }
}

/// Takes an account's session for automation.
#[utoipa::path(
    post, path = "/v1/worker/accounts/{account}/session", tag = "worker", request_body = TakeSession,
    params(("account" = AccountId, Path, description = "The account")),
    responses(
        (status = 200, body = LeasedSession),
        (status = 400, body = Problem), NotTheirs,
    )
)]
pub async fn take(
    State(state): State<AppState>,
    Ids(account): Ids<AccountId>,
    caller: SignedInWorker<Body<TakeSession>>,
) -> Result<Json<LeasedSession>, Rejection> {
    let stamp = state.stamp();
    let (worker, workspace) = (caller.id, caller.workspace);
    let action = match caller.body.0.purpose {
        Purpose::Export => Action::SessionExported,
        Purpose::Open => Action::SessionOpened,
    };
    let taken = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            let lease = stamp.id(LeaseId::new);
            let session = leases::take(connection, workspace, worker, account, lease, stamp.now)
                .await?
                .ok_or(WorkerError::NoSession)?;
            let event = Event::new(workspace, Actor::Worker(worker), action)
                .account(account)
                .transfer(session.transfer);
            audit::record(connection, &stamp, [event]).await?;
            Ok::<_, WorkerError>(session)
        })
    });
    Ok(Json(taken.await?))
}
