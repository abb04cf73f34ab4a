//! An app that nobody here wrote: the admin site of Django, from PyPI.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use thirtyfour::By;
use tokio::sync::OnceCell;

use crate::browser::Browser;
use crate::process::{self, Program};
use crate::{files, wait};

/// Where the browsers find it; its port is drawn.
const HOST: &str = "admin.django.test";

/// The site's database, in its folder.
const DATABASE: &str = "site.sqlite3";

/// The password of everyone at the site.
const PASSWORD: &str = "correct horse battery";

/// A running site with two people, `alice` and `bob`.
pub struct Django {
    /// Its port on this machine.
    pub port: u16,
    folder: PathBuf,
    _program: Program,
}

impl Django {
    /// Starts one of its own in `folder`.
    pub async fn start(folder: &Path) -> Result<Self> {
        std::fs::copy(as_made().await?, folder.join(DATABASE))?;
        let mut program = Program::start("django", script(folder, "serve")?, folder)?;
        let address = program
            .line_with("development server at http://127.0.0.1:")
            .await?;
        let port = address.trim_end_matches('/').parse()?;
        Ok(Self {
            port,
            folder: folder.to_owned(),
            _program: program,
        })
    }

    /// The address of a page, such as `/admin/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{HOST}:{}{path}", self.port)
    }

    /// Its definition, as the documentation has it, with the port filled in.
    pub fn definition(&self) -> Result<String> {
        let file = files::repository().join("docs/examples/django-admin.toml");
        let text = std::fs::read_to_string(file)?;
        ensure!(text.contains(":8000/"), "the example is about another port");
        Ok(text.replace(":8000/", &format!(":{}/", self.port)))
    }

    /// Signs in by the form, in the tab in use.
    pub async fn sign_in(&self, browser: &Browser, name: &str) -> Result<()> {
        let driver = &browser.driver;
        driver.goto(self.url("/admin/login/?next=/admin/")).await?;
        driver.find(By::Id("id_username")).await?.send_keys(name).await?;
        driver
            .find(By::Id("id_password"))
            .await?
            .send_keys(PASSWORD)
            .await?;
        driver.find(By::Css("[type=submit]")).await?.click().await?;
        let who = self.signed_in_as(browser).await?;
        ensure!(who.as_deref() == Some(name), "signed in as {who:?}");
        Ok(())
    }

    /// Signs out by the button, in the tab in use.
    pub async fn sign_out(&self, browser: &Browser) -> Result<()> {
        let driver = &browser.driver;
        driver.goto(self.url("/admin/")).await?;
        driver.find(By::Css("#logout-form button")).await?.click().await?;
        wait::until("Django to say good-bye", || async {
            let text = driver.find(By::Css("body")).await?.text().await?;
            Ok(text.contains("Logged out").then_some(()))
        })
        .await
    }

    /// As [`Self::sign_in`], in a tab of its own.
    pub async fn sign_in_in_new_tab(&self, browser: &Browser, name: &str) -> Result<()> {
        browser.open_tab("about:blank").await?;
        self.sign_in(browser, name).await
    }

    /// As [`Self::sign_out`], in a tab of its own.
    pub async fn sign_out_in_new_tab(&self, browser: &Browser) -> Result<()> {
        browser.open_tab("about:blank").await?;
        self.sign_out(browser).await
    }

    /// Whom the site's front page greets, in the tab in use.
    pub async fn signed_in_as(&self, browser: &Browser) -> Result<Option<String>> {
        browser.driver.goto(self.url("/admin/")).await?;
        let source = browser.driver.source().await?;
        Ok(greeted(&source))
    }

    /// Ends every session on the site's side.
    pub async fn forget_sessions(&self) -> Result<()> {
        let ended: u32 = process::run(script(&self.folder, "forget")?, None)
            .await?
            .parse()?;
        ensure!(ended > 0, "there was no session to end");
        Ok(())
    }
}

/// Whom a page of the site greets, in its source.
pub fn greeted(source: &str) -> Option<String> {
    let (_, rest) = source.split_once("<div id=\"user-tools\">")?;
    let (_, rest) = rest.split_once("<strong>")?;
    let (name, _) = rest.split_once("</strong>")?;
    Some(name.trim().to_owned())
}

/// The database of a site that nobody has signed in to: made once, since Django's
/// migrations take longer than all that a test does with the site.
async fn as_made() -> Result<&'static PathBuf> {
    static MADE: OnceCell<PathBuf> = OnceCell::const_new();
    MADE.get_or_try_init(make).await
}

async fn make() -> Result<PathBuf> {
    let folder = files::scratch_folder("e2e-django")?;
    process::run(script(&folder, "make")?, None).await?;
    Ok(folder.join(DATABASE))
}

fn script(folder: &Path, what: &str) -> Result<Command> {
    let mut command = Command::new(files::python()?);
    command
        .arg(files::repository().join("tests/e2e/django/site.py"))
        .arg(folder)
        .arg(what)
        .env("PYTHONUNBUFFERED", "1")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}
