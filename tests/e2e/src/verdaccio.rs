//! An app that nobody here wrote: Verdaccio, a private npm registry, from npm. Its pages
//! keep the sign-in in local storage, and no cookie.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use thirtyfour::By;

use crate::browser::Browser;
use crate::process::Program;
use crate::{files, http, wait};

/// Where the browsers find it; its port is drawn.
const HOST: &str = "packages.verdaccio.test";

/// The password of everyone there.
const PASSWORD: &str = "correct horse battery";

/// A package that only those see who are signed in.
pub const PACKAGE: &str = "harbour-secret";

/// A running registry with two people, `alice` and `bob`, and one package.
pub struct Verdaccio {
    /// Its port on this machine.
    pub port: u16,
    _program: Program,
}

impl Verdaccio {
    /// Starts one of its own in `folder`.
    pub async fn start(folder: &Path) -> Result<Self> {
        let modules = files::repository().join("target/verdaccio");
        ensure!(
            modules.exists(),
            "target/verdaccio is missing: run `./build.sh e2e`, which makes it"
        );
        let mut command = Command::new(files::on_path("node")?);
        command
            .arg(files::repository().join("tests/e2e/verdaccio/serve.cjs"))
            .args([modules.as_path(), folder])
            .env("HOME", folder);
        let mut program = Program::start("verdaccio", command, folder)?;
        let port = program.line_with("listening on ").await?.parse()?;
        let registry = Self {
            port,
            _program: program,
        };
        let token = registry.add_person("alice").await?;
        registry.add_person("bob").await?;
        registry.publish(&token).await?;
        Ok(registry)
    }

    /// The address of a page, such as `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{HOST}:{}{path}", self.port)
    }

    /// Its definition, as the documentation has it, with the port filled in.
    pub fn definition(&self) -> Result<String> {
        let file = files::repository().join("docs/examples/verdaccio.toml");
        let text = std::fs::read_to_string(file)?;
        ensure!(text.contains(":4873/"), "the example is about another port");
        Ok(text.replace("4873", &self.port.to_string()))
    }

    /// Signs in by the dialog, in the tab in use.
    pub async fn sign_in(&self, browser: &Browser, name: &str) -> Result<()> {
        let driver = &browser.driver;
        driver.goto(self.url("/")).await?;
        press(browser, "[data-testid=header--button-login]").await?;
        for (field, text) in [("username", name), ("password", PASSWORD)] {
            let selector = format!("#login--dialog-{field}");
            let field = wait::until(&selector, || found(browser, &selector)).await?;
            field.send_keys(text).await?;
        }
        press(browser, "#login--dialog-button-submit:not([disabled])").await?;
        // Its place is where the button for signing in was.
        wait::until("the page of somebody who is signed in", || {
            found(browser, "[data-testid=logInDialogIcon]")
        })
        .await?;
        self.until_shown(browser).await
    }

    /// Waits until the page in use shows what only those see who are signed in.
    async fn until_shown(&self, browser: &Browser) -> Result<()> {
        wait::until(PACKAGE, || async {
            let text = browser.driver.find(By::Css("body")).await?.text().await?;
            Ok(text.contains(PACKAGE).then_some(()))
        })
        .await
    }

    /// The names of the packages that the bearer of this token sees.
    pub async fn packages(&self, token: Option<&str>) -> Result<Vec<String>> {
        let url = format!("http://127.0.0.1:{}/-/verdaccio/data/packages", self.port);
        let mut request = http::client().build()?.get(url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer: Vec<Value> = request.send().await?.error_for_status()?.json().await?;
        let names = answer.iter().filter_map(|package| package["name"].as_str());
        Ok(names.map(str::to_owned).collect())
    }

    /// As `npm adduser` does; gives the token that npm would keep.
    async fn add_person(&self, name: &str) -> Result<String> {
        let path = format!("-/user/org.couchdb.user:{name}");
        let person = json!({ "name": name, "password": PASSWORD });
        let answer = self.put(&path, None, &person).await?;
        Ok(answer["token"].as_str().context("a token")?.to_owned())
    }

    /// As `npm publish` does.
    async fn publish(&self, token: &str) -> Result<()> {
        let file = format!("{PACKAGE}-1.0.0.tgz");
        let version = json!({
            "name": PACKAGE,
            "version": "1.0.0",
            "dist": { "tarball": format!("http://127.0.0.1:{}/{PACKAGE}/-/{file}", self.port) },
        });
        let package = json!({
            "_id": PACKAGE,
            "name": PACKAGE,
            "dist-tags": { "latest": "1.0.0" },
            "versions": { "1.0.0": version },
            "_attachments": { file: { "content_type": "application/octet-stream", "data": "AA==", "length": 1 } },
        });
        self.put(PACKAGE, Some(token), &package).await?;
        Ok(())
    }

    async fn put(&self, path: &str, token: Option<&str>, body: &Value) -> Result<Value> {
        let url = format!("http://127.0.0.1:{}/{path}", self.port);
        let mut request = http::client().build()?.put(url).json(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        Ok(request.send().await?.error_for_status()?.json().await?)
    }
}

async fn found(browser: &Browser, selector: &str) -> Result<Option<thirtyfour::WebElement>> {
    let all = browser.driver.find_all(By::Css(selector)).await?;
    Ok(all.into_iter().next())
}

async fn press(browser: &Browser, selector: &str) -> Result<()> {
    let button = wait::until(selector, || found(browser, selector)).await?;
    Ok(button.click().await?)
}
