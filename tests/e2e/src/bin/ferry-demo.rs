//! `./build.sh demo`: everything running, with a person and an account in it.
//!
//! With a display, a browser opens and the rest is the visitor's. Without one, the
//! same story is played headless: what happens is printed, with a picture of each
//! step. Everything is in `target/demo/`, and Ctrl-C ends all of it.

#![expect(clippy::print_stdout, reason = "it speaks to the terminal")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use ferry_e2e::browser::{Browser, Kind, Setup};
use ferry_e2e::cdp::Connection;
use ferry_e2e::cloud::{Cloud, Mail, OWNER, PASSWORD, Worker, newest_code};
use ferry_e2e::demo_app::{self, DemoApp};
use ferry_e2e::extension::Extension;
use ferry_e2e::popup::Popup;
use ferry_e2e::{exported, files, setting, wait};

#[tokio::main]
async fn main() -> Result<()> {
    tokio::select! {
        ended = demo() => ended,
        interrupted = tokio::signal::ctrl_c() => {
            println!("\nEnding the demo.");
            Ok(interrupted?)
        }
    }
}

/// What runs.
struct Demo {
    folder: PathBuf,
    app: DemoApp,
    cloud: Cloud,
    worker: Worker,
    account: String,
}

async fn demo() -> Result<()> {
    println!("Starting a server, a worker and a demo app…");
    let demo = Demo::start().await?;
    demo.introduce();
    match std::env::var("DISPLAY")
        .ok()
        .filter(|display| !display.is_empty())
    {
        Some(display) => demo.show(display).await,
        None => demo.tell().await,
    }
}

impl Demo {
    async fn start() -> Result<Self> {
        let folder = files::fresh_folder("demo")?;
        let make = |name: &str| {
            let path = folder.join(name);
            std::fs::create_dir(&path).map(|()| path)
        };
        let app = DemoApp::start(&make("app")?).await?;
        let cloud = Cloud::start(&make("server")?, None, Mail::Outbox).await?;
        let account = cloud.add_account(&app.definition, Some("alice")).await?;
        let worker = cloud
            .start_worker(&make("worker")?, Some(&app.authority.pem))
            .await?;
        make("browser")?;
        Ok(Self {
            folder,
            app,
            cloud,
            worker,
            account,
        })
    }

    fn introduce(&self) {
        println!();
        println!("  Ferry server     {}", self.cloud.address);
        println!("  sign in with     {} / {PASSWORD}", OWNER.email);
        println!("  e-mail goes to   {}", self.cloud.outbox.display());
        println!("  demo app         {}", self.app.url("/"));
        println!("  sign in with     alice / {}", demo_app::PASSWORD);
        println!("  everything is in {}", self.folder.display());
        println!();
    }

    async fn browser(&self, extension: Extension, display: Option<String>) -> Result<Arc<Browser>> {
        let folder = self.folder.join("browser");
        let authority = Some(self.app.authority.clone());
        let setup = Setup {
            folder: &folder,
            extension,
            other: None,
            authority,
            display,
        };
        Ok(Arc::new(Browser::start(Kind::Chromium, setup).await?))
    }

    /// Opens a browser for the visitor, and reads them their mail.
    async fn show(&self, display: String) -> Result<()> {
        let browser = self.browser(Extension::built()?, Some(display)).await?;
        browser.driver.goto(self.app.url("/sign-in")).await?;
        Popup::open(&browser).await?;
        println!("A browser is open. In it:");
        println!("  1. sign in at the demo app, in the first tab");
        println!("  2. sign in to Ferry in the second tab, and type the code that appears below");
        println!("  3. share the session");
        println!("  4. see it at work in another browser:");
        println!("     {}", self.worker.open_command(&self.account)?);
        println!("Ctrl-C ends everything.\n");
        let mut last = None;
        loop {
            let is_new = |code: &String| Some(code) != last.as_ref();
            let newest = || async { Ok(newest_code(&self.cloud.outbox, OWNER.email)?.filter(is_new)) };
            let code = wait::until_within(Duration::MAX, "e-mail", newest).await?;
            println!("E-mail for {}: the code is {code}", OWNER.email);
            last = Some(code);
        }
    }

    /// Plays the visitor's part headless.
    async fn tell(&self) -> Result<()> {
        println!("There is no display, so this plays the whole story headless.\n");
        let granted = Extension::granted(&setting::GRANTED, Kind::Chromium, &self.folder.join("extension"))?;
        let browser = self.browser(granted, None).await?;
        let mut story = Story {
            browser: Arc::clone(&browser),
            folder: self.folder.clone(),
            pictures: 0,
        };

        self.app.sign_in(&browser, "alice").await?;
        browser.driver.goto(self.app.url("/notes")).await?;
        story
            .step("Alice signs in at the demo app, in her own browser.")
            .await?;
        let popup = Popup::open(&browser).await?;
        popup.sign_in(&self.cloud.address, OWNER).await?;
        story
            .step("In the extension, Olivia signs in to Ferry with e-mail and password.")
            .await?;
        popup.enrol(&self.cloud, OWNER).await?;
        story
            .step("She names this browser, and types the code that came by e-mail.")
            .await?;
        popup.click_share(&self.account).await?;
        popup.find("consent-check").await?;
        story
            .step("She clicks Share: the extension says what would be taken, and from whom.")
            .await?;
        popup.consent().await?;
        popup.until_session_is(&self.account, "verified").await?;
        story
            .step("She agrees. The session is sealed, uploaded, and proved by the worker.")
            .await?;

        let user_agent = browser.user_agent().await?;
        let state = self.worker.export(&self.account, "storage-state").await?;
        let client = exported::Client {
            authority: Some(&self.app.authority.pem),
            user_agent: Some(&user_agent),
        };
        let page = client.get(&state, &self.app.url("/account")).await?;
        ensure!(page.contains("Signed in as <strong>alice</strong>"), "{page}");
        println!("     A plain HTTP client with the exported cookies is signed in as alice.");
        let (_open, devtools) = self.worker.open(&self.account).await?;
        let cloud = Connection::open(&devtools, Box::new(|_, _| {})).await?;
        let picture = cloud.picture(&self.app.url("/notes")).await?;
        story.picture(
            "The worker's browser, another one, shows Alice's notes.",
            &picture,
        )?;

        popup.delete(&self.account).await?;
        popup.until_session_is(&self.account, "none").await?;
        story
            .step("Olivia deletes the session: bytes and key are destroyed.")
            .await?;
        println!("\nThe pictures are in {}", self.folder.display());
        browser.driver.clone().quit().await?;
        Ok(())
    }
}

/// Tells what happens, with pictures.
struct Story {
    browser: Arc<Browser>,
    folder: PathBuf,
    pictures: u32,
}

impl Story {
    async fn step(&mut self, text: &str) -> Result<()> {
        let path = self.next(text);
        self.browser.screenshot(&path).await
    }

    fn picture(&mut self, text: &str, png: &[u8]) -> Result<()> {
        let path = self.next(text);
        Ok(std::fs::write(path, png)?)
    }

    fn next(&mut self, text: &str) -> PathBuf {
        self.pictures += 1;
        let name = format!("{}.png", self.pictures);
        println!("{:>3}. {text} [{name}]", self.pictures);
        Path::join(&self.folder, name)
    }
}
