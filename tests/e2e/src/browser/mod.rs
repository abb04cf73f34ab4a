//! A person's browser, with a profile that holds nothing of anybody, and the extension in it.
//!
//! What differs between the two browsers is in `chromium` and `firefox`; the tests
//! see none of it.

mod chromium;
mod firefox;
mod port;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use thirtyfour::{WebDriver, WindowHandle};

pub use chromium::HeldCall;

use crate::display::Display;
use crate::extension::Extension;
use crate::process::Program;
use crate::wait;

/// Which browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Chromium, by chromedriver.
    Chromium,
    /// Firefox, by geckodriver.
    Firefox,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
        })
    }
}

/// A certificate authority made for the test.
#[derive(Clone)]
pub struct Authority {
    /// Its certificate's file, in PEM.
    pub pem: PathBuf,
    /// Base64 of the SHA-256 of its public key, as Chromium wants it.
    pub spki: String,
}

/// How a browser is started.
pub struct Setup<'a> {
    /// A folder of the browser's own, for its profile and its log.
    pub folder: &'a Path,
    /// What to load.
    pub extension: Extension,
    /// The folder of another extension, to load as well.
    pub other: Option<&'a Path>,
    /// A certificate authority to trust.
    pub authority: Option<Authority>,
    /// The X display to show it on, such as `:7`; `None`: headless.
    pub display: Option<String>,
}

/// A running browser.
pub struct Browser {
    /// Which it is.
    pub kind: Kind,
    /// To drive its pages.
    pub driver: WebDriver,
    /// What was loaded.
    pub extension: Extension,
    engine: Engine,
    _driver_program: Program,
}

/// A call of the background's to the browser, one for each step of a transfer before
/// the upload.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// Reads cookies.
    ReadCookies,
    /// Fetches the app's page that says who is signed in.
    VisitApp,
    /// Agrees on a secret with a one-time key (ECDH), to seal to it.
    Agree,
}

/// What the two are driven by beside WebDriver.
enum Engine {
    Chromium(chromium::Watch),
    Firefox,
}

impl Browser {
    /// Starts it, with one empty tab.
    pub async fn start(kind: Kind, setup: Setup<'_>) -> Result<Self> {
        let (program, driver, engine) = match kind {
            Kind::Chromium => {
                let (program, driver) = chromium::start(&setup).await?;
                let watch = chromium::watch(&driver, &setup.extension).await?;
                (program, driver, Engine::Chromium(watch))
            }
            Kind::Firefox => {
                let (program, driver) = firefox::start(&setup).await?;
                (program, driver, Engine::Firefox)
            }
        };
        Ok(Self {
            kind,
            driver,
            extension: setup.extension,
            engine,
            _driver_program: program,
        })
    }

    /// Opens an address in a tab of its own and goes there.
    pub async fn open_tab(&self, address: &str) -> Result<WindowHandle> {
        let tab = self.driver.new_tab().await?;
        self.driver.switch_to_window(tab.clone()).await?;
        self.driver.goto(address).await?;
        Ok(tab)
    }

    /// The address of a page of the extension's.
    pub fn extension_page(&self, path: &str) -> String {
        match self.kind {
            Kind::Chromium => format!("chrome-extension://{}/{path}", self.extension.chromium_id),
            Kind::Firefox => format!("moz-extension://{}/{path}", crate::extension::FIREFOX_UUID),
        }
    }

    /// Where Chromium listens for DevTools, as `host:port`.
    pub fn devtools(&self) -> Result<String> {
        chromium::devtools(&self.driver)
    }

    /// What it tells apps about itself.
    pub async fn user_agent(&self) -> Result<String> {
        let answer = self
            .driver
            .execute("return navigator.userAgent;", Vec::new())
            .await?;
        Ok(answer.convert()?)
    }

    /// Gets ready for the prompt that the next click brings up.
    pub async fn expect_prompt<'a>(&'a self, display: &'a Display) -> Result<Prompt<'a>> {
        Ok(Prompt {
            browser: self,
            display,
            before: display.until_still().await?,
        })
    }

    /// Stops the extension's background worker, as the browser does when it has been
    /// idle, whatever it is doing. The next message or event starts it again.
    pub async fn stop_background(&self) -> Result<()> {
        match &self.engine {
            Engine::Chromium(watch) => watch.stop_background().await,
            Engine::Firefox => firefox::stop_background(&self.driver, &self.extension).await,
        }
    }

    /// Makes the background's next call of this kind wait for ever. Chromium only:
    /// nothing reaches into Firefox's background.
    pub async fn hold_background(&self, call: Call) -> Result<HeldCall> {
        match &self.engine {
            Engine::Chromium(watch) => watch.hold_background(call).await,
            Engine::Firefox => bail!("only Chromium's background can be held"),
        }
    }

    /// The errors on the consoles of the extension's pages and background so far.
    pub async fn console_errors(&self) -> Result<Vec<String>> {
        match &self.engine {
            Engine::Chromium(watch) => Ok(watch.errors()),
            Engine::Firefox => firefox::console_errors(&self.driver).await,
        }
    }

    /// Everything on the consoles of the extension's pages and background so far.
    pub async fn console(&self) -> Result<String> {
        match &self.engine {
            Engine::Chromium(watch) => Ok(watch.everything()),
            Engine::Firefox => firefox::console(&self.driver).await,
        }
    }

    /// A picture of the tab in use.
    pub async fn screenshot(&self, path: &Path) -> Result<()> {
        self.driver
            .screenshot(path)
            .await
            .with_context(|| path.display().to_string())
    }

    /// Ends it.
    pub async fn close(self) -> Result<()> {
        self.driver.quit().await?;
        Ok(())
    }
}

/// The browser's own question whether the extension may reach some hosts.
pub struct Prompt<'a> {
    browser: &'a Browser,
    display: &'a Display,
    /// What was to be seen before it came up.
    before: Vec<u8>,
}

impl Prompt<'_> {
    /// Waits until it is there, and says yes to it.
    pub async fn accept(self) -> Result<()> {
        let display = self.display;
        match self.browser.kind {
            // It takes the focus from the page and gives it to the button that says no.
            // The other one can be reached only a while later.
            Kind::Chromium => {
                self.until_page_has_focus(false).await?;
                display.until_other_than(&self.before).await?;
                let asking = display.until_still().await?;
                display.press("Tab").await?;
                display.until_other_than(&asking).await?;
                display.until_still().await?;
                display.press("space").await?;
                self.until_page_has_focus(true).await
            }
            Kind::Firefox => {
                let driver = &self.browser.driver;
                let (x, y) = wait::until("the prompt", || firefox::prompt_button(driver)).await?;
                display.click(x, y).await?;
                wait::until("the prompt to close", || async {
                    Ok(firefox::prompt_button(driver).await?.is_none().then_some(()))
                })
                .await
            }
        }
    }

    async fn until_page_has_focus(&self, wanted: bool) -> Result<()> {
        let what = if wanted {
            "the prompt to close"
        } else {
            "the prompt"
        };
        let script = "return document.hasFocus();";
        wait::until(what, || async {
            let answer = self.browser.driver.execute(script, Vec::new()).await?;
            Ok((answer.convert::<bool>()? == wanted).then_some(()))
        })
        .await
    }
}
