//! Waiting for something to become true, never for time to pass.

use std::future::Future;
use std::time::Duration;

use anyhow::{Result, bail};

/// How long anything that a person would wait for may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(25);

/// Waits until `probe` finds something, at most for [`PATIENCE`]. An error of the
/// probe's ends the wait at once.
pub async fn until<T, F>(what: &str, probe: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    until_within(PATIENCE, what, probe).await
}

/// As [`until`], with a limit of one's own.
pub async fn until_within<T, F>(limit: Duration, what: &str, mut probe: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    let mut ticks = tokio::time::interval(POLL);
    let look = async {
        loop {
            ticks.tick().await;
            if let Some(found) = probe().await? {
                return Ok(found);
            }
        }
    };
    match tokio::time::timeout(limit, look).await {
        Ok(found) => found,
        Err(_) => bail!("waited {limit:?} in vain for {what}"),
    }
}
