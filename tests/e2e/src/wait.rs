//! Waiting for something to become true, never for time to pass.

use std::future::Future;
use std::time::Duration;

use anyhow::{Error, Result, bail};
use thirtyfour::error::{WebDriverError, WebDriverErrorInner};
use tokio::time::MissedTickBehavior;

/// How long anything that a person would wait for may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(25);

/// Waits until `probe` finds something, at most for [`PATIENCE`]. An error of the
/// probe's ends the wait at once, but for one: a page may draw itself anew, or go to
/// another, between two questions to the driver. Then there is nothing there yet.
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
    // What looks slowly is busy: it gets a pause after each look as well.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let look = async {
        loop {
            ticks.tick().await;
            match probe().await {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => {}
                Err(error) if is_redrawn(&error) => {}
                Err(error) => return Err(error),
            }
        }
    };
    match tokio::time::timeout(limit, look).await {
        Ok(found) => found,
        Err(_) => bail!("waited {limit:?} in vain for {what}"),
    }
}

/// Whether the part of the page that was asked about is no longer the one on show.
fn is_redrawn(error: &Error) -> bool {
    let Some(error) = error.downcast_ref::<WebDriverError>() else {
        return false;
    };
    matches!(
        error.as_inner(),
        WebDriverErrorInner::StaleElementReference(_) | WebDriverErrorInner::NoSuchElement(_)
    )
}
