//! Waiting for something to become true, never for time to pass.

use std::future::Future;
use std::time::Duration;

use anyhow::{Error, Result, bail};
use thirtyfour::error::{WebDriverError, WebDriverErrorInner};

/// How long anything that a person would wait for may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The pause after the first look at a condition. Each one after is half as long again: what
/// takes long is in no hurry to be seen, and each look takes the browser's time.
const FIRST_PAUSE: Duration = Duration::from_millis(15);

/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_millis(150);

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
    let mut pause = FIRST_PAUSE;
    let look = async {
        loop {
            match probe().await {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => {}
                Err(error) if is_redrawn(&error) => {}
                Err(error) => return Err(error),
            }
            tokio::time::sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 3 / 2);
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
