//! The popup as a person uses it, by what is on the page.
//!
//! It is opened in a tab: no driver reaches the little window at the toolbar, and
//! the page is the same.

mod devices;

use std::ops::Deref;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::cloud::{Cloud, PASSWORD, Person};
use crate::page::{Page, by_id};
use crate::wait;

pub use crate::page::{Notice, SessionState};

/// The popup, in a tab of its own.
pub struct Popup(Page);

impl Deref for Popup {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.0
    }
}

impl Popup {
    /// Opens it.
    pub async fn open(browser: &Arc<Browser>) -> Result<Self> {
        Self::at(browser, &browser.extension_page("popup/index.html?view=tab")).await
    }

    /// Opens it at this address.
    pub async fn at(browser: &Arc<Browser>, address: &str) -> Result<Self> {
        Ok(Self(Page::open(browser, address).await?))
    }

    /// The addresses of the tabs that the extension opened for web pages.
    pub async fn tabs(&self) -> Result<Vec<String>> {
        self.show().await?;
        let script = "const [done] = arguments; const { runtime, tabs } = globalThis.browser ?? chrome; \
                      const url = runtime.getURL('popup/index.html?view=tab&for=page'); \
                      tabs.query({ url }).then((found) => done(found.flatMap(({ url }) => url || [])), (e) => done([String(e)]));";
        let found = self.browser.driver.execute_async(script, Vec::new()).await?;
        Ok(found.convert()?)
    }

    /// How many alarms the extension has set, at which the browser starts its background.
    pub async fn alarms(&self) -> Result<u64> {
        let script = "const [done] = arguments; (globalThis.browser ?? chrome).alarms.getAll().then((all) => done(all.length));";
        let count = self.run(script, Vec::new()).await?;
        count.as_u64().context("a number of alarms")
    }

    /// How many tabs are open, whoever opened them: drivers do not see an extension's.
    pub async fn open_tabs(&self) -> Result<u64> {
        let script = "const [done] = arguments; (globalThis.browser ?? chrome).tabs.query({}).then((all) => done(all.length));";
        let count = self.run(script, Vec::new()).await?;
        count.as_u64().context("a number of tabs")
    }

    /// Waits for a tab whose address starts so, and gives its address.
    pub async fn until_tab_at(&self, start: &str) -> Result<String> {
        let script = "const [done] = arguments; (globalThis.browser ?? chrome).tabs.query({}).then((all) => done(all.map(({ url }) => url ?? '')));";
        wait::until(&format!("a tab at {start}"), || async {
            let all: Vec<String> = serde_json::from_value(self.run(script, Vec::new()).await?)?;
            Ok(all.into_iter().find(|url| url.starts_with(start)))
        })
        .await
    }

    /// Signs in to Ferry and sets this browser up as a device.
    pub async fn set_up(&self, cloud: &Cloud, person: Person) -> Result<()> {
        self.sign_in(&cloud.address, person).await?;
        self.enrol(cloud, person).await
    }

    /// Signs in to Ferry by the form.
    pub async fn sign_in(&self, server: &str, person: Person) -> Result<()> {
        self.ask_in(server, person).await?;
        self.find("device-start").await?;
        Ok(())
    }

    /// Tries to sign in as somebody who may not.
    pub async fn sign_in_in_vain(&self, server: &str, person: Person) -> Result<()> {
        self.ask_in(server, person).await?;
        self.notice_with("wrong-credentials").await?;
        Ok(())
    }

    async fn ask_in(&self, server: &str, person: Person) -> Result<()> {
        self.show().await?;
        self.fill("sign-in-server", server).await?;
        self.fill("sign-in-email", person.email).await?;
        self.fill("sign-in-password", PASSWORD).await?;
        self.click("sign-in-submit").await
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

    /// In a page that a web page had opened: has it look who is signed in to a custom app
    /// that the person has not agreed to.
    pub async fn look_first(&self) -> Result<()> {
        self.click("look").await
    }

    /// What stands for the first account as it is shown, which an ask to share has to name.
    pub async fn shown(&self) -> Result<Value> {
        let state = self.send(json!({ "get-state": {} })).await?;
        let shown = state["ok"]["phase"]["ready"]["shown"][0].clone();
        ensure!(shown.is_string(), "{state}");
        Ok(shown)
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

    /// Runs a script in the popup's page, with all that the extension may do. What it calls
    /// its last argument with is the result.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        self.show().await?;
        let result = self.browser.driver.execute_async(script, arguments).await?;
        Ok(result.json().clone())
    }

    /// Sends a message to the background as the page itself would, and gives the
    /// reply: for what the page does not offer.
    pub async fn send(&self, message: Value) -> Result<Value> {
        let script = "const [message, done] = arguments; \
                      (globalThis.browser ?? chrome).runtime.sendMessage(message).then(done, (e) => done(String(e)));";
        self.run(script, vec![message]).await
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
}

/// A part of the account's card.
fn on_card(account: &str, test_id: &str) -> String {
    format!("[data-testid=account-card][data-account='{account}'] [data-testid={test_id}]")
}
