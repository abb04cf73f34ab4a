//! The worker's main loop: keys, leases, checks, reports.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ferry_protocol::WorkspaceId;
use ferry_protocol::api::{AskForWork, Finding, LeasedSession, Report, Work};
use ferry_protocol::problem::ProblemCode;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::ambient;
use crate::api::{Api, ApiError};
use crate::browser::{Browser, LaunchError, Options};
use crate::catalogue::{Catalogue, LoadError};
use crate::check::{self, CheckError};
use crate::config::Config;
use crate::keys::{KeyKeeper, KeysError, LOW};
use crate::receipt;
use crate::session;
use crate::state_dir::{StateDir, StateError};

/// Sessions that are checked at once.
const CONCURRENCY: usize = 4;

/// How many more if no worker was given them yet: whoever has just transferred one waits to
/// see whether it works, and neither a backlog nor apps that do not answer should keep it
/// waiting. (New ones whose apps do not answer do, from the third on.)
const FOR_NEW: usize = 2;

/// How long the server may let the worker wait for work, in milliseconds.
const WAIT_MS: u32 = 25_000;

/// How long while [`CONCURRENCY`] sessions are checked: one of them may end.
const BUSY_WAIT_MS: u32 = 200;

/// The first pause after a failure; each one after it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The worker cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The state directory fails.
    #[error(transparent)]
    State(#[from] StateError),
    /// The server refuses this worker.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// There is no browser.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// The apps of the folder.
    #[error(transparent)]
    Catalogue(#[from] LoadError),
}

/// What every check needs.
struct Worker {
    config: Config,
    catalogue: Catalogue,
    state: StateDir,
    api: Api,
    workspace: WorkspaceId,
    browsers: Browsers,
}

/// One browser for all sessions; another one when it crashed.
struct Browsers {
    options: Options,
    current: Mutex<Option<Arc<Browser>>>,
}

/// Runs until `shutdown` ends, then finishes the checks that are under way.
/// `ready` is called once, when keys are supplied and work is asked for.
pub async fn run(
    config: Config,
    shutdown: impl Future<Output = ()>,
    ready: impl FnOnce(),
) -> Result<(), RunError> {
    let catalogue = Catalogue::load(config.apps.as_deref())?;
    let state = StateDir::open(&config.state)?;
    let _identity = state.use_identity()?;
    let api = Api::new(&config.server, config.ca.as_ref(), state.clone())?;
    let browsers = Browsers {
        options: config.browser_options()?,
        current: Mutex::default(),
    };
    tokio::pin!(shutdown);
    let starting = start(&api, &state, &catalogue, &browsers);
    let (workspace, mut keys) = tokio::select! {
        () = &mut shutdown => return Ok(()),
        started = starting => started?,
    };
    tracing::info!(%workspace, "ready");
    ready();
    let worker = Arc::new(Worker {
        config,
        catalogue,
        state,
        api,
        workspace,
        browsers,
    });
    let mut checks = JoinSet::new();
    tokio::select! {
        () = &mut shutdown => {}
        // Only an error ends it that no waiting mends.
        result = work(&worker, &mut keys, &mut checks) => result?,
    }
    tracing::info!(under_way = checks.len(), "shutting down");
    while let Some(joined) = checks.join_next().await {
        note_panic(joined);
    }
    worker.browsers.close().await;
    Ok(())
}

/// Signs in, supplies keys, delivers the catalogue and starts the browser; waits for a server that is down.
async fn start(
    api: &Api,
    state: &StateDir,
    catalogue: &Catalogue,
    browsers: &Browsers,
) -> Result<(WorkspaceId, KeyKeeper), RunError> {
    browsers.get().await?;
    let mut pauses = Pauses::default();
    let mut keeper = None;
    loop {
        match first_round(api, state, catalogue, &mut keeper).await {
            Ok(()) => {}
            Err(KeysError::State(error)) => return Err(error.into()),
            Err(KeysError::Api(error)) if error.is_passing() => {
                pauses.wait(&error).await;
                continue;
            }
            Err(KeysError::Api(error)) => return Err(error.into()),
        }
        if let Some(keeper) = keeper {
            return Ok((api.workspace().await?, keeper));
        }
    }
}

async fn first_round(
    api: &Api,
    state: &StateDir,
    catalogue: &Catalogue,
    keeper: &mut Option<KeyKeeper>,
) -> Result<(), KeysError> {
    let workspace = api.workspace().await?;
    let keeper = match keeper {
        Some(keeper) => keeper,
        none => none.insert(KeyKeeper::new(state.clone(), workspace)?),
    };
    let work = api
        .work(&AskForWork {
            max_sessions: 0,
            only_new: false,
            keys_low: LOW,
            wait_ms: 0,
        })
        .await?;
    keeper.settle(api, work.keys).await?;
    Ok(catalogue
        .deliver(api, &state.identity(ambient::random())?)
        .await?)
}

/// Asks for work for ever.
async fn work(worker: &Arc<Worker>, keys: &mut KeyKeeper, checks: &mut JoinSet<()>) -> Result<(), RunError> {
    let mut pauses = Pauses::default();
    loop {
        while let Some(joined) = checks.try_join_next() {
            note_panic(joined);
        }
        match round(worker, keys, checks).await {
            Ok(()) => pauses = Pauses::default(),
            Err(KeysError::State(error)) => return Err(error.into()),
            Err(KeysError::Api(error)) if is_hopeless(&error) => return Err(error.into()),
            Err(KeysError::Api(error)) => pauses.wait(&error).await,
        }
    }
}

async fn round(
    worker: &Arc<Worker>,
    keys: &mut KeyKeeper,
    checks: &mut JoinSet<()>,
) -> Result<(), KeysError> {
    let ask = ask_beside(checks.len());
    let Work {
        sessions,
        keys: supply,
    } = worker.api.work(&ask).await?;
    for leased in sessions {
        let worker = worker.clone();
        checks.spawn(async move { worker.check_and_report(leased).await });
    }
    keys.settle(&worker.api, supply).await
}

/// What to ask for while so many sessions are checked. Never for nothing: keys are to be
/// supplied and destroyed however long the checks take.
fn ask_beside(checks: usize) -> AskForWork {
    let only_new = checks >= CONCURRENCY;
    let most = if only_new {
        CONCURRENCY + FOR_NEW
    } else {
        CONCURRENCY
    };
    AskForWork {
        max_sessions: u32::try_from(most.saturating_sub(checks)).unwrap_or(0),
        only_new,
        keys_low: LOW,
        wait_ms: if only_new { BUSY_WAIT_MS } else { WAIT_MS },
    }
}

/// Whether the worker has lost its place at the server: its token was taken away,
/// or its vault identity is not the workspace's.
fn is_hopeless(error: &ApiError) -> bool {
    let lost = [
        ProblemCode::InvalidToken,
        ProblemCode::VaultIdentityRejected,
        ProblemCode::WrongCredentials,
    ];
    matches!(error, ApiError::NoToken) || error.code().is_some_and(|code| lost.contains(&code))
}

impl Worker {
    async fn check_and_report(&self, leased: LeasedSession) {
        let transfer = leased.transfer;
        let finding = self.check(&leased).await;
        log(&leased, &finding);
        let report = Report {
            lease: leased.lease,
            finding: receipt::shorten(finding),
        };
        let mut pauses = Pauses::default();
        loop {
            match self.api.report(&transfer, &report).await {
                Ok(()) => return,
                Err(error) if error.is_passing() && ambient::now() < leased.lease_expires_at => {
                    pauses.wait(&error).await;
                }
                // The session was deleted or replaced, or the lease has run out: the
                // server leases what is left of it again.
                Err(error) => return tracing::warn!(%transfer, %error, "report not taken"),
            }
        }
    }

    async fn check(&self, leased: &LeasedSession) -> Finding {
        // A second try with another browser: the crash may be another session's.
        for last in [false, true] {
            let browser = match self.browsers.get().await {
                Ok(browser) => browser,
                Err(error) => {
                    tracing::error!(%error, "no browser");
                    return Finding::Unreachable {
                        what: "the worker has no browser".to_owned(),
                    };
                }
            };
            let policy = &self.config.policy;
            let error = match session::check(
                &self.state,
                &self.catalogue,
                self.workspace,
                &browser,
                policy,
                leased,
            )
            .await
            {
                Ok(finding) => return finding,
                Err(error) => error,
            };
            tracing::warn!(transfer = %leased.transfer, %error, "a check failed");
            match error {
                CheckError::Cdp(error) if error.is_lost() => self.browsers.discard(&browser).await,
                CheckError::Cdp(_) | CheckError::Proxy(_) => break,
            }
            if last {
                break;
            }
        }
        Finding::Unreachable {
            what: "the worker's browser failed".to_owned(),
        }
    }
}

impl Browsers {
    /// The browser; started if there is none, or none any more.
    async fn get(&self) -> Result<Arc<Browser>, LaunchError> {
        let mut current = self.current.lock().await;
        if let Some(browser) = current.as_ref().filter(|browser| !browser.is_closed()) {
            return Ok(browser.clone());
        }
        if current.is_some() {
            tracing::warn!("Chromium is gone; starting another");
        }
        let browser = Arc::new(Browser::launch(&self.options).await?);
        *current = Some(browser.clone());
        Ok(browser)
    }

    /// Gives this browser to nobody else; it ends with the last check in it.
    async fn discard(&self, browser: &Arc<Browser>) {
        let mut current = self.current.lock().await;
        if current
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(current, browser))
        {
            *current = None;
        }
    }

    async fn close(&self) {
        if let Some(browser) = self.current.lock().await.take().and_then(Arc::into_inner) {
            browser.close().await;
        }
    }
}

/// Longer and longer pauses, with jitter, so that workers do not come all at once.
#[derive(Default)]
struct Pauses {
    failures: u32,
}

impl Pauses {
    async fn wait(&mut self, error: &ApiError) {
        let pause = pause(self.failures, ambient::random());
        self.failures = self.failures.saturating_add(1);
        tracing::warn!(%error, pause_ms = pause.as_millis(), "the server cannot be asked; trying again");
        tokio::time::sleep(pause).await;
    }
}

/// Between half and all of a pause that doubles with each failure.
fn pause(failures: u32, random: [u8; 4]) -> Duration {
    let full = FIRST_PAUSE
        .saturating_mul(1 << failures.min(16))
        .min(LONGEST_PAUSE);
    let part = f64::from(u32::from_be_bytes(random)) / f64::from(u32::MAX);
    full.mul_f64(0.5 + part / 2.0)
}

fn log(leased: &LeasedSession, finding: &Finding) {
    let (transfer, account) = (leased.transfer, leased.account);
    match finding {
        Finding::Verified { receipt, .. } => {
            receipt::log(transfer, receipt);
            tracing::info!(%transfer, %account, "verified");
        }
        Finding::Invalid { reason, receipt } => {
            receipt::log(transfer, receipt);
            tracing::info!(%transfer, %account, reason = check::name(reason), "invalid");
        }
        Finding::Unreachable { what } => tracing::warn!(%transfer, %account, what, "unreachable"),
        Finding::Released => tracing::info!(%transfer, %account, "released"),
    }
}

fn note_panic(joined: Result<(), tokio::task::JoinError>) {
    if let Err(error) = joined
        && error.is_panic()
    {
        // Its lease runs out, and the session is leased again.
        tracing::error!("a check panicked");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_differ() {
        let (least, most) = ([0; 4], [255; 4]);
        assert_eq!(pause(0, most), FIRST_PAUSE);
        assert_eq!(pause(0, least), FIRST_PAUSE / 2);
        assert_eq!(pause(1, most), FIRST_PAUSE * 2);
        assert_eq!(pause(40, most), LONGEST_PAUSE);
        assert_eq!(pause(u32::MAX, least), LONGEST_PAUSE / 2);
    }
}
