//! A page as a person uses it, by what is on it: in a tab of its own.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use thirtyfour::{By, Key, WebElement, WindowHandle};

use crate::browser::Browser;
use crate::wait;

/// No page has more that the tab key stops at.
const MOST_TABS: usize = 60;

/// A message on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Such as `signed-out`.
    pub code: String,
    /// As a person reads it.
    pub text: String,
}

/// What a page says of a session in the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionState {
    /// Such as `verified`.
    pub code: String,
    /// As a person reads it.
    pub text: String,
}

/// A page, in a tab of its own.
pub struct Page {
    /// The browser that it is in.
    pub browser: Arc<Browser>,
    tab: WindowHandle,
}

impl Page {
    /// Opens it in a new tab.
    pub async fn open(browser: &Arc<Browser>, address: &str) -> Result<Self> {
        Ok(Self {
            tab: browser.open_tab(address).await?,
            browser: Arc::clone(browser),
        })
    }

    /// The page in a tab that is there already.
    pub fn in_tab(browser: &Arc<Browser>, tab: WindowHandle) -> Self {
        Self {
            tab,
            browser: Arc::clone(browser),
        }
    }

    /// Brings its tab to the front.
    pub async fn show(&self) -> Result<()> {
        self.browser.driver.switch_to_window(self.tab.clone()).await?;
        Ok(())
    }

    /// What a chip says of a session, if it is there at this moment.
    pub async fn look_at_state(&self, selector: &str) -> Result<Option<SessionState>> {
        let Some(chip) = self.look(selector).await? else {
            return Ok(None);
        };
        Ok(Some(SessionState {
            code: chip.attr("data-state").await?.unwrap_or_default(),
            text: chip.text().await?,
        }))
    }

    /// Waits for a message, and gives it.
    pub async fn notice(&self) -> Result<Notice> {
        self.notice_by(&by_id("notice")).await
    }

    /// Waits for a message with this code, and gives its text.
    pub async fn notice_with(&self, code: &str) -> Result<String> {
        let selector = format!("[data-testid=notice][data-code={code}]");
        Ok(self.notice_by(&selector).await?.text)
    }

    async fn notice_by(&self, selector: &str) -> Result<Notice> {
        let found = wait::until(selector, || async {
            let Some(notice) = self.look(selector).await? else {
                return Ok(None);
            };
            Ok(Some(Notice {
                code: notice.attr("data-code").await?.unwrap_or_default(),
                text: notice.text().await?,
            }))
        });
        self.explained(found.await).await
    }

    /// Everything that the page holds, shown or not.
    pub async fn source(&self) -> Result<String> {
        self.show().await?;
        Ok(self.browser.driver.source().await?)
    }

    /// Whether a part of the page is there at this moment.
    pub async fn shows(&self, test_id: &str) -> Result<bool> {
        self.show().await?;
        Ok(self.look(&by_id(test_id)).await?.is_some())
    }

    /// Whether a button is there and can be pressed at this moment.
    pub async fn can_press(&self, test_id: &str) -> Result<bool> {
        self.show().await?;
        let selector = pressable(&by_id(test_id));
        Ok(self.look(&selector).await?.is_some())
    }

    /// Waits for a part of the page.
    pub async fn find(&self, test_id: &str) -> Result<WebElement> {
        self.find_by(&by_id(test_id)).await
    }

    /// Waits for a button that can be pressed, and presses it.
    pub async fn click(&self, test_id: &str) -> Result<()> {
        self.press(&by_id(test_id)).await
    }

    /// Waits for what a selector names and can be pressed, and presses it.
    pub async fn press(&self, button: &str) -> Result<()> {
        let selector = pressable(button);
        let pressed = wait::until(&selector, || async {
            let Some(button) = self.look(&selector).await? else {
                return Ok(None);
            };
            button.click().await?;
            Ok(Some(()))
        });
        self.explained(pressed.await).await
    }

    /// Writes into a field, in place of what is there.
    pub async fn fill(&self, test_id: &str, text: &str) -> Result<()> {
        self.find(test_id).await?;
        wait::until(test_id, || async {
            let Some(field) = self.look(&by_id(test_id)).await? else {
                return Ok(None);
            };
            field.clear().await?;
            field.send_keys(text).await?;
            Ok(Some(()))
        })
        .await
    }

    /// The fingerprint in a part of the page.
    pub async fn fingerprint(&self, part: &str) -> Result<String> {
        let shown = self
            .find_by(&format!("{} {}", by_id(part), by_id("device-fingerprint")))
            .await?;
        Ok(shown.text().await?.split_whitespace().collect())
    }

    /// Goes to a part of the page by the tab key alone, and presses a key there.
    pub async fn press_key_at(&self, test_id: &str, key: Key) -> Result<()> {
        self.find_by(&pressable(&by_id(test_id))).await?;
        let script = "return document.activeElement?.dataset?.testid ?? '';";
        for _ in 0..MOST_TABS {
            let focused = self.browser.driver.execute(script, Vec::new()).await?;
            if focused.json() == test_id {
                return self.type_key(key).await;
            }
            self.type_key(Key::Tab).await?;
        }
        bail!("the tab key does not lead to {test_id}")
    }

    async fn type_key(&self, key: Key) -> Result<()> {
        self.browser
            .driver
            .action_chain()
            .send_keys(key)
            .perform()
            .await?;
        Ok(())
    }

    /// Shows the page at this part of the address.
    pub async fn go_to(&self, hash: &str) -> Result<()> {
        self.browser
            .driver
            .execute("location.hash = arguments[0];", vec![hash.into()])
            .await?;
        Ok(())
    }

    /// Waits for what a selector names.
    pub async fn find_by(&self, selector: &str) -> Result<WebElement> {
        self.explained(wait::until(selector, || self.look(selector)).await)
            .await
    }

    /// Adds what the page says to an error.
    async fn explained<T>(&self, found: Result<T>) -> Result<T> {
        match found {
            Ok(found) => Ok(found),
            Err(error) => bail!(
                "{error:#}; the page says:\n{}",
                self.text().await.unwrap_or_default()
            ),
        }
    }

    /// What a selector names, if it is on show at this moment.
    pub async fn look(&self, selector: &str) -> Result<Option<WebElement>> {
        let found = self.browser.driver.find_all(By::Css(selector)).await?;
        for element in found {
            if element.is_displayed().await.unwrap_or(false) {
                return Ok(Some(element));
            }
        }
        Ok(None)
    }

    /// All that is to be read.
    pub async fn text(&self) -> Result<String> {
        let body = self.browser.driver.find(By::Css("body")).await?;
        body.text().await.context("the page's text")
    }
}

/// A part of a page by its mark for tests.
pub fn by_id(test_id: &str) -> String {
    format!("[data-testid={test_id}]")
}

/// What a selector names, if it can be pressed.
fn pressable(selector: &str) -> String {
    format!("{selector}:not([disabled]):not([aria-disabled=true])")
}
