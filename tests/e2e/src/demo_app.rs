//! The demo app, over HTTPS with a certificate authority of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use thirtyfour::By;

use crate::browser::{Authority, Browser};
use crate::process::Program;
use crate::{files, http, wait};

/// Where the browsers find it; its port is drawn.
const HOST: &str = "app.demo.test";

/// The password of everyone there.
pub const PASSWORD: &str = "harbour";

/// A running demo app.
pub struct DemoApp {
    /// Its certificate authority.
    pub authority: Authority,
    /// Its definition, in TOML.
    pub definition: String,
    /// The definition of its board, which keeps everybody's sign-ins in one cookie.
    pub board: String,
    /// The definition of its chat that keeps a token in local storage.
    pub chat_token: String,
    /// The definition of its chat that needs a cookie beside the tokens.
    pub chat_paired: String,
    /// The definition of its chat that keeps a token in a database.
    pub chat_database: String,
    /// Its port on this machine.
    pub port: u16,
    _program: Program,
}

impl DemoApp {
    /// Starts one of its own in `folder`.
    pub async fn start(folder: &Path) -> Result<Self> {
        let mut command = Command::new(files::program("ferry-demo-app")?);
        command
            .args([
                "--listen",
                "127.0.0.1:0",
                "--host",
                HOST,
                "--test-controls",
                "--ca-dir",
            ])
            .arg(folder);
        let mut program = Program::start("demo-app", command, folder)?;
        let address = program.line_with("listening on https://").await?;
        let (_, port) = address.rsplit_once(':').context("an address with a port")?;
        let spki = fs::read_to_string(folder.join("spki.txt"))?;
        Ok(Self {
            authority: Authority {
                pem: folder.join("ca.pem"),
                spki: spki.trim().to_owned(),
            },
            definition: fs::read_to_string(folder.join("harbour.toml"))?,
            board: fs::read_to_string(folder.join("board.toml"))?,
            chat_token: fs::read_to_string(folder.join("chat-token.toml"))?,
            chat_database: fs::read_to_string(folder.join("chat-database.toml"))?,
            chat_paired: fs::read_to_string(folder.join("chat-paired.toml"))?,
            port: port.parse()?,
            _program: program,
        })
    }

    /// The address of a page, such as `/`.
    pub fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.port)
    }

    /// Signs in by the form, in the tab in use, beside whoever is signed in there.
    pub async fn sign_in(&self, browser: &Browser, name: &str) -> Result<()> {
        let driver = &browser.driver;
        driver.goto(self.url("/sign-in")).await?;
        driver.find(By::Id("user")).await?.send_keys(name).await?;
        driver.find(By::Id("password")).await?.send_keys(PASSWORD).await?;
        driver.find(By::Css("form [type=submit]")).await?.click().await?;
        self.until_at(browser, "/notes").await?;
        let who = self.who_am_i(browser).await?;
        ensure!(who["active"] == name, "signed in as {who}");
        Ok(())
    }

    /// Signs in to the chat of this kind by its form, in the tab in use.
    pub async fn sign_in_to_chat(&self, browser: &Browser, kind: &str, name: &str) -> Result<()> {
        let driver = &browser.driver;
        driver.goto(self.url(&format!("/chat/{kind}/sign-in"))).await?;
        driver.find(By::Id("user")).await?.send_keys(name).await?;
        driver.find(By::Id("password")).await?.send_keys(PASSWORD).await?;
        driver.find(By::Css("form [type=submit]")).await?.click().await?;
        self.until_in_chat(browser, name).await
    }

    /// Signs in to the board by its form, in the tab in use, beside whoever is signed in.
    pub async fn sign_in_to_board(&self, browser: &Browser, name: &str) -> Result<()> {
        let driver = &browser.driver;
        driver.goto(self.url("/board/sign-in")).await?;
        driver.find(By::Id("user")).await?.send_keys(name).await?;
        driver.find(By::Id("password")).await?.send_keys(PASSWORD).await?;
        driver.find(By::Css("form [type=submit]")).await?.click().await?;
        until_shown(browser, name).await
    }

    /// Waits until the chat's client says that this person is signed in.
    pub async fn until_in_chat(&self, browser: &Browser, name: &str) -> Result<()> {
        until_shown(browser, &format!("Signed in as {name}")).await
    }

    /// Signs one of several out by the button on this page, in the tab in use.
    pub async fn sign_out_on(&self, browser: &Browser, page: &str, name: &str) -> Result<()> {
        let driver = &browser.driver;
        driver.goto(page).await?;
        let button = format!("form[action='/sign-out'] button[value={name}]");
        driver.find(By::Css(button.as_str())).await?.click().await?;
        wait::until("the account's page without them", || async {
            Ok(driver
                .find_all(By::Css(button.as_str()))
                .await?
                .is_empty()
                .then_some(()))
        })
        .await?;
        let who = self.who_am_i(browser).await?;
        let left = who["identities"].as_array().context("somebody is left")?;
        ensure!(left.iter().all(|one| one != name), "signed in: {who}");
        Ok(())
    }

    /// Waits until a form has led there: going on at once would break it off.
    async fn until_at(&self, browser: &Browser, path: &str) -> Result<()> {
        wait::until(path, || async {
            let at = browser.driver.current_url().await?;
            Ok((at.path() == path).then_some(()))
        })
        .await
    }

    /// What the app says of the session, in the tab in use. A visit: the app's content
    /// policy lets no script ask.
    pub async fn who_am_i(&self, browser: &Browser) -> Result<Value> {
        let driver = &browser.driver;
        driver.goto(self.url("/whoami")).await?;
        let text = driver.find(By::Css("body")).await?.text().await?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Ends a person's sessions on the app's side.
    pub async fn forget(&self, name: &str) -> Result<()> {
        let url = format!(
            "https://127.0.0.1:{}/test/sign-out-everywhere?user={name}",
            self.port
        );
        let client = http::client().danger_accept_invalid_certs(true).build()?;
        let ended: u32 = client
            .post(url)
            .send()
            .await?
            .error_for_status()?
            .text()
            .await?
            .parse()?;
        ensure!(ended > 0, "{name} had no session");
        Ok(())
    }
}

/// Waits until the page in use shows this of who is signed in.
async fn until_shown(browser: &Browser, expected: &str) -> Result<()> {
    wait::until(expected, || async {
        let who = browser.driver.find_all(By::Id("who")).await?;
        let text = match who.first() {
            Some(who) => who.text().await.unwrap_or_default(),
            None => String::new(),
        };
        Ok((text == expected).then_some(()))
    })
    .await
}
