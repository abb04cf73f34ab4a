//! The popup as a person uses it, by what is on the page.
//!
//! It is opened in a tab: no driver reaches the little window at the toolbar, and
//! the page is the same.

mod devices;

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use thirtyfour::{By, WebElement, WindowHandle};

use crate::browser::Browser;
use crate::cloud::{Cloud, PASSWORD, Person};
use crate::wait;

/// The page, in a tab of its own.
pub struct Popup {
    browser: Arc<Browser>,
    tab: WindowHandle,
}

/// What the popup says of a session in the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionState {
    /// Such as `verified`.
    pub code: String,
    /// As a person reads it.
    pub text: String,
}

/// A message about something that did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Such as `signed-out`.
    pub code: String,
    /// As a person reads it.
    pub text: String,
}

impl Popup {
    /// Opens it.
    pub async fn open(browser: &Arc<Browser>) -> Result<Self> {
        let address = browser.extension_page("popup/index.html?view=tab");
        let tab = browser.open_tab(&address).await?;
        Ok(Self {
            browser: Arc::clone(browser),
            tab,
        })
    }

    /// Brings its tab to the front.
    pub async fn show(&self) -> Result<()> {
        self.browser.driver.switch_to_window(self.tab.clone()).await?;
        Ok(())
    }

    /// Signs in to Ferry and sets this browser up as a device.
    pub async fn set_up(&self, cloud: &Cloud, person: Person) -> Result<()> {
        self.sign_in(&cloud.address, person).await?;
        self.enrol(cloud, person).await
    }

    /// Signs in to Ferry by the form.
    pub async fn sign_in(&self, server: &str, person: Person) -> Result<()> {
        self.show().await?;
        self.fill("sign-in-server", server).await?;
        self.fill("sign-in-email", person.email).await?;
        self.fill("sign-in-password", PASSWORD).await?;
        self.click("sign-in-submit").await?;
        self.find("device-start").await?;
        Ok(())
    }

    /// Sets this browser up as a device, with the code that comes by e-mail.
    pub async fn enrol(&self, cloud: &Cloud, person: Person) -> Result<()> {
        self.click("device-start").await?;
        self.find("code-input").await?;
        let code = cloud.emailed_code(person).await?;
        self.fill("code-input", &code).await?;
        self.click("code-submit").await?;
        self.find("account-card").await?;
        Ok(())
    }

    /// Clicks *Share* on the account's card.
    pub async fn click_share(&self, account: &str) -> Result<()> {
        self.show().await?;
        self.go_to_list().await?;
        self.press(&on_card(account, "share")).await
    }

    /// Clicks *Share*, and consents if the page asks for it.
    pub async fn share(&self, account: &str) -> Result<()> {
        self.click_share(account).await?;
        let under_way = [
            "[data-testid=transfer-status]:not([data-step=failed])".to_owned(),
            on_card(account, "session-state") + "[data-state=checking]",
            on_card(account, "session-state") + "[data-state=verified]",
        ]
        .join(", ");
        let asked = wait::until("the consent text or the transfer", || async {
            if self.look(&by_id("consent-check")).await?.is_some() {
                return Ok(Some(true));
            }
            Ok(self.look(&under_way).await?.map(|_| false))
        })
        .await?;
        if asked { self.consent().await } else { Ok(()) }
    }

    /// Ticks the box of the consent text and goes on.
    pub async fn consent(&self) -> Result<()> {
        self.click("consent-check").await?;
        self.click("consent-continue").await
    }

    /// Clicks *Delete* on the account's card and confirms.
    pub async fn delete(&self, account: &str) -> Result<()> {
        self.show().await?;
        self.go_to_list().await?;
        self.press(&on_card(account, "delete")).await?;
        self.click("delete-confirm").await
    }

    /// Opens the account's page and has the session checked.
    pub async fn check_now(&self, account: &str) -> Result<()> {
        self.show().await?;
        self.go_to(&format!("#/accounts/{account}")).await?;
        self.click("check").await
    }

    /// What the card says of the account's session.
    pub async fn session_state(&self, account: &str) -> Result<SessionState> {
        self.show().await?;
        let selector = on_card(account, "session-state");
        wait::until(&selector, || self.look_at_state(&selector)).await
    }

    async fn look_at_state(&self, selector: &str) -> Result<Option<SessionState>> {
        let Some(chip) = self.look(selector).await? else {
            return Ok(None);
        };
        Ok(Some(SessionState {
            code: chip.attr("data-state").await?.unwrap_or_default(),
            text: chip.text().await?,
        }))
    }

    /// Waits until the card says this of the account's session.
    pub async fn until_session_is(&self, account: &str, code: &str) -> Result<SessionState> {
        self.show().await?;
        self.go_to_list().await?;
        let selector = on_card(account, "session-state");
        wait::until(&format!("the session to be {code}"), || async {
            let state = self.look_at_state(&selector).await?;
            Ok(state.filter(|state| state.code == code))
        })
        .await
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

    /// Waits until the transfer's outcome is shown: `done`, or the notice of what
    /// went wrong.
    pub async fn outcome(&self) -> Result<Result<(), Notice>> {
        wait::until("the transfer to end", || async {
            if let Some(notice) = self.look("[data-testid=notice]").await? {
                let code = notice.attr("data-code").await?.unwrap_or_default();
                if code == "transferred" {
                    return Ok(Some(Ok(())));
                }
                return Ok(Some(Err(Notice {
                    code,
                    text: notice.text().await?,
                })));
            }
            let done = self.look("[data-testid=transfer-status][data-step=done]").await?;
            Ok(done.map(|_| Ok(())))
        })
        .await
    }

    /// Puts away the outcome that is shown in the list of accounts.
    pub async fn dismiss(&self) -> Result<()> {
        self.go_to_list().await?;
        self.press(&by_id("dismiss")).await?;
        wait::until("the outcome to go", || async {
            Ok(self
                .look(&by_id("transfer-status"))
                .await?
                .is_none()
                .then_some(()))
        })
        .await
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

    /// Waits for a part of the page.
    pub async fn find(&self, test_id: &str) -> Result<WebElement> {
        self.find_by(&by_id(test_id)).await
    }

    /// Waits for a button that can be pressed, and presses it.
    pub async fn click(&self, test_id: &str) -> Result<()> {
        self.press(&by_id(test_id)).await
    }

    async fn press(&self, button: &str) -> Result<()> {
        let selector = format!("{button}:not([disabled]):not([aria-disabled=true])");
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

    /// Sends a message to the background as the page itself would, and gives the
    /// reply: for what the page does not offer.
    pub async fn send(&self, message: Value) -> Result<Value> {
        self.show().await?;
        let script = "const [message, done] = arguments; \
                      (globalThis.browser ?? chrome).runtime.sendMessage(message).then(done, (e) => done(String(e)));";
        let reply = self.browser.driver.execute_async(script, vec![message]).await?;
        Ok(reply.json().clone())
    }

    /// The account as the background knows it.
    pub async fn account(&self, account: &str) -> Result<Value> {
        let reply = self.send(json!({ "refresh": {} })).await?;
        let accounts = reply["ok"]["phase"]["ready"]["accounts"]
            .as_array()
            .with_context(|| reply.to_string())?;
        let found = accounts.iter().find(|one| one["id"] == account);
        Ok(found.with_context(|| format!("{account} is not there"))?.clone())
    }

    async fn go_to_list(&self) -> Result<()> {
        self.go_to("#/").await
    }

    async fn go_to(&self, hash: &str) -> Result<()> {
        self.browser
            .driver
            .execute("location.hash = arguments[0];", vec![hash.into()])
            .await?;
        Ok(())
    }

    async fn find_by(&self, selector: &str) -> Result<WebElement> {
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

    async fn look(&self, selector: &str) -> Result<Option<WebElement>> {
        let found = self.browser.driver.find_all(By::Css(selector)).await?;
        for element in found {
            if element.is_displayed().await.unwrap_or(false) {
                return Ok(Some(element));
            }
        }
        Ok(None)
    }

    async fn text(&self) -> Result<String> {
        let body = self.browser.driver.find(By::Css("body")).await?;
        body.text().await.context("the page's text")
    }
}

fn by_id(test_id: &str) -> String {
    format!("[data-testid={test_id}]")
}

/// A part of the account's card.
fn on_card(account: &str, test_id: &str) -> String {
    format!("[data-testid=account-card][data-account='{account}'] [data-testid={test_id}]")
}
