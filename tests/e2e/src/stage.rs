//! A folder and browsers for one test, kept for inspection when it fails.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, anyhow, ensure};
use futures_util::FutureExt;
use tokio::sync::OnceCell;

use crate::browser::{Browser, Kind, Setup};
use crate::display::Display;
use crate::files;

/// What a test works with.
pub struct Stage {
    /// The browser that it is about.
    pub kind: Kind,
    /// A folder of its own.
    pub folder: PathBuf,
    browsers: Mutex<Vec<Arc<Browser>>>,
    display: OnceCell<Display>,
}

impl Stage {
    /// Makes an empty folder in the test's.
    pub fn subfolder(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        std::fs::create_dir(&path)?;
        Ok(path)
    }

    /// Starts a browser that ends with the test. Its consoles must stay clean.
    pub async fn browser(&self, setup: Setup<'_>) -> Result<Arc<Browser>> {
        let browser = Arc::new(Browser::start(self.kind, setup).await?);
        self.browsers().push(Arc::clone(&browser));
        Ok(browser)
    }

    /// A screen that ends after the browsers: one whose screen is taken away crashes.
    pub async fn display(&self) -> Result<&Display> {
        let start = || async { Display::start(&self.subfolder("display")?).await };
        self.display.get_or_try_init(start).await
    }

    fn browsers(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Browser>>> {
        self.browsers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ensure_clean_consoles(&self) -> Result<()> {
        let browsers = self.browsers().clone();
        for browser in browsers {
            let errors = browser.console_errors().await?;
            ensure!(errors.is_empty(), "errors on the console:\n{}", errors.join("\n"));
        }
        Ok(())
    }

    async fn keep_evidence(&self) {
        let browsers = self.browsers().clone();
        for (at, browser) in browsers.iter().enumerate() {
            // Evidence is a help; the failure that it is of is what counts.
            let _ = browser
                .screenshot(&self.folder.join(format!("failed-{at}.png")))
                .await;
            if let Ok(console) = browser.console().await {
                let _ = std::fs::write(self.folder.join(format!("console-{at}.txt")), console);
            }
            if let Ok(source) = browser.driver.source().await {
                let _ = std::fs::write(self.folder.join(format!("failed-{at}.html")), source);
            }
        }
    }

    async fn end(self) {
        let browsers = std::mem::take(&mut *self.browsers());
        for browser in browsers {
            // Its programs end with it in any case; this is the kinder way.
            let _ = browser.driver.clone().quit().await;
        }
    }
}

/// Runs a test with a stage of its own. Fails if the test does, or if a browser's
/// console shows an error; then the folder stays, with logs and screenshots.
pub async fn run(name: &str, kind: Kind, test: impl AsyncFnOnce(&Stage) -> Result<()>) -> Result<()> {
    let name = format!("e2e/{name}-{kind}");
    files::forget_kept(&name)?;
    let folder = files::scratch_folder(&name)?;
    let stage = Stage {
        kind,
        folder: folder.clone(),
        browsers: Mutex::default(),
        display: OnceCell::new(),
    };
    let outcome = AssertUnwindSafe(test(&stage)).catch_unwind().await;
    let mut outcome = outcome.unwrap_or_else(|_| Err(anyhow!("it panicked; the message is above")));
    if outcome.is_ok() {
        outcome = stage.ensure_clean_consoles().await;
    }
    if outcome.is_err() {
        stage.keep_evidence().await;
    }
    stage.end().await;
    match outcome {
        Ok(()) => Ok(std::fs::remove_dir_all(folder)?),
        Err(error) => {
            let evidence = match files::keep_scratch(&folder, &name) {
                Ok(kept) => format!("logs and screenshots are in {}", kept.display()),
                Err(error) => format!("logs and screenshots could not be kept: {error:#}"),
            };
            Err(error.context(evidence))
        }
    }
}
