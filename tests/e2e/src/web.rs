//! The web app as a person uses it, by what is on its pages.

use std::ops::Deref;
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::browser::Browser;
use crate::cloud::{Cloud, PASSWORD, Person};
use crate::page::{Page, SessionState, by_id};
use crate::popup::Popup;
use crate::wait;

/// The web app, in a tab of its own.
pub struct WebApp(Page);

impl Deref for WebApp {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.0
    }
}

impl WebApp {
    /// Opens it where clients reach the server.
    pub async fn open(browser: &Arc<Browser>, cloud: &Cloud) -> Result<Self> {
        let page = Page::open(browser, &format!("{}/", cloud.address)).await?;
        page.find("sign-in-submit").await?;
        Ok(Self(page))
    }

    /// Signs in by the form.
    pub async fn sign_in(&self, person: Person) -> Result<()> {
        self.show().await?;
        self.fill("sign-in-email", person.email).await?;
        self.fill("sign-in-password", PASSWORD).await?;
        self.click("sign-in-submit").await
    }

    /// Signs in and sets this browser up: with a code, also where trusted devices
    /// could be asked.
    pub async fn set_up(&self, cloud: &Cloud, person: Person) -> Result<()> {
        self.sign_in(person).await?;
        self.click("device-start").await?;
        let either = format!("{}, {}", by_id("code-input"), by_id("code-instead"));
        let first = self.find_by(&either).await?;
        if first.attr("data-testid").await?.as_deref() == Some("code-instead") {
            self.click("code-instead").await?;
        }
        self.find("code-input").await?;
        let code = cloud.emailed_code(person).await?;
        self.fill("code-input", &code).await?;
        self.click("code-submit").await?;
        self.find("accounts").await?;
        Ok(())
    }

    /// Signs in, names this browser, and asks the trusted devices; the fingerprint that
    /// it shows.
    pub async fn ask_approval(&self, person: Person, name: &str) -> Result<String> {
        self.sign_in(person).await?;
        self.fill("device-name", name).await?;
        self.click("device-start").await?;
        self.fingerprint("approval").await
    }

    /// Opens an account's page.
    pub async fn open_account(&self, account: &str) -> Result<()> {
        self.show().await?;
        self.go_to(&format!("#/accounts/{account}")).await?;
        self.find("session-transfer").await?;
        Ok(())
    }

    /// Goes through the wizard up to where the extension's page is asked for.
    pub async fn walk_to_transfer(&self, account: &str) -> Result<()> {
        self.open_account(account).await?;
        self.click("transfer").await?;
        self.click("wizard-agree").await?;
        self.click("wizard-next").await?;
        // A custom app is looked at only once the person has agreed to it.
        self.notice_with("needs-permission").await?;
        self.click("wizard-next").await?;
        self.find("wizard-transfer").await?;
        Ok(())
    }

    /// Clicks *Transfer session*; the extension's page that opens. (The driver shows no
    /// tab that an extension opened: it is opened once more, in one of the driver's.)
    pub async fn open_extension(&self, popup: &Popup) -> Result<Popup> {
        self.show().await?;
        self.click("wizard-transfer").await?;
        self.opened_extension(popup).await
    }

    /// The extension's page that was opened.
    pub async fn opened_extension(&self, popup: &Popup) -> Result<Popup> {
        let address = wait::until("the extension's page to open", || async {
            Ok(popup.tabs().await?.into_iter().next())
        })
        .await?;
        let page = Popup::at(&self.browser, &address).await?;
        // What is ticked counts only while the tab is in front, and the browser may
        // bring the one that the extension opened there first.
        wait::until("the extension's page to be in front", || async {
            page.show().await?;
            let hidden = page
                .browser
                .driver
                .execute("return document.hidden;", Vec::new())
                .await?;
            Ok((*hidden.json() == false).then_some(()))
        })
        .await?;
        Ok(page)
    }

    /// Waits until the account's page says this of its session.
    pub async fn until_session_is(&self, code: &str) -> Result<SessionState> {
        self.show().await?;
        let selector = format!("{} {}", by_id("session-transfer"), by_id("session-state"));
        wait::until(&format!("the session to be {code}"), || async {
            let state = self.look_at_state(&selector).await?;
            Ok(state.filter(|state| state.code == code))
        })
        .await
    }

    /// Waits until its address is this one, from `#` on.
    pub async fn until_at(&self, hash: &str) -> Result<()> {
        wait::until(hash, || async {
            let address = self.browser.driver.current_url().await?;
            Ok((address.fragment() == hash.strip_prefix('#')).then_some(()))
        })
        .await
        .with_context(|| format!("the page is not at {hash}"))
    }
}
