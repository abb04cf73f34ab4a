//! Chromium: chromedriver for the pages, DevTools for consoles and the background.

use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use thirtyfour::{Capabilities, WebDriver};

use super::{Call, Setup, port};
use crate::cdp::{Connection, Event};
use crate::extension::Extension;
use crate::process::Program;
use crate::{files, http, wait};

const ARGUMENTS: [&str; 12] = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--force-prefers-reduced-motion",
    // The two of WebUIOmnibox are pages of the browser's own, which each window would load
    // beside itself: half of the time that a start takes.
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,WebUIOmniboxPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess",
    "--host-resolver-rules=MAP *.test 127.0.0.1",
    "--window-size=1200,900",
];

pub(super) async fn start(setup: &Setup<'_>) -> Result<(Program, WebDriver)> {
    let mut command = Command::new("chromedriver");
    // Chromium keeps more than the profile below HOME.
    command
        .arg(format!("--port={}", port::free()?))
        .env("HOME", setup.folder);
    let mut arguments: Vec<String> = ARGUMENTS.map(str::to_owned).to_vec();
    if files::is_root() {
        arguments.push("--no-sandbox".to_owned());
    }
    match &setup.display {
        Some(display) => {
            command.env("DISPLAY", display);
        }
        None => arguments.push("--headless=new".to_owned()),
    }
    let mut extension = setup.extension.folder.display().to_string();
    if let Some(other) = setup.other {
        extension = format!("{extension},{}", other.display());
    }
    arguments.push(format!(
        "--user-data-dir={}",
        setup.folder.join("profile").display()
    ));
    arguments.push(format!("--load-extension={extension}"));
    arguments.push(format!("--disable-extensions-except={extension}"));
    if let Some(authority) = &setup.authority {
        arguments.push(format!(
            "--ignore-certificate-errors-spki-list={}",
            authority.spki
        ));
    }

    // "Allow in Incognito", which people set in the list of extensions.
    let mut extensions = serde_json::Map::new();
    extensions.insert(setup.extension.chromium_id.clone(), json!({ "incognito": true }));

    let mut program = Program::start("chromedriver", command, setup.folder)?;
    let port = program.line_with("started successfully on port ").await?;
    let mut wanted = Capabilities::new();
    wanted.set("browserName", "chrome")?;
    wanted.set(
        "goog:chromeOptions",
        json!({
            "args": arguments,
            "binary": files::on_path("chromium")?,
            "prefs": {
                // As Chrome; Debian's Chromium blocks third-party cookies.
                "profile": { "cookie_controls_mode": 0 },
                "extensions": { "settings": extensions },
                // The page for new tabs takes its time. Where chromedriver finds it under
                // way, it may wait for the end of it in vain, until a command times out.
                "session": { "restore_on_startup": 4, "startup_urls": ["about:blank"] },
            },
        }),
    )?;
    let address = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
    http::use_ring();
    let driver = WebDriver::new(address, wanted)
        .await
        .context("Chromium does not start")?;
    Ok((program, driver))
}

/// Where it listens for DevTools, as `host:port`.
pub(super) fn devtools(driver: &WebDriver) -> Result<String> {
    let options = driver.handle().capabilities().get("goog:chromeOptions").cloned();
    let address = options
        .as_ref()
        .and_then(|options| options["debuggerAddress"].as_str());
    Ok(address
        .context("chromedriver does not say where DevTools listen")?
        .to_owned())
}

/// Watches the consoles of the extension's pages and of its background.
pub(super) async fn watch(driver: &WebDriver, extension: &Extension) -> Result<Watch> {
    let consoles = Arc::new(Mutex::new(Consoles::default()));
    let origin = format!("chrome-extension://{}/", extension.chromium_id);
    let listener = {
        let (consoles, origin) = (Arc::clone(&consoles), origin.clone());
        move |connection: &Connection, event: &Event| {
            let mut consoles = consoles.lock().unwrap_or_else(PoisonError::into_inner);
            consoles.hear(connection, event, &origin);
        }
    };
    let connection = Connection::open_browser(&devtools(driver)?, Box::new(listener)).await?;
    let attach = json!({ "autoAttach": true, "waitForDebuggerOnStart": false, "flatten": true });
    connection.call("Target.setAutoAttach", attach).await?;
    Ok(Watch {
        connection,
        origin,
        consoles,
    })
}

/// A watched Chromium.
pub(super) struct Watch {
    connection: Connection,
    origin: String,
    consoles: Arc<Mutex<Consoles>>,
}

impl Watch {
    pub(super) fn errors(&self) -> Vec<String> {
        let consoles = self.consoles.lock().unwrap_or_else(PoisonError::into_inner);
        consoles.errors.clone()
    }

    pub(super) fn everything(&self) -> String {
        let consoles = self.consoles.lock().unwrap_or_else(PoisonError::into_inner);
        consoles.everything.clone()
    }

    pub(super) async fn stop_background(&self) -> Result<()> {
        let Some(target) = self.background().await? else {
            return Ok(());
        };
        // Whoever asks it something meanwhile starts it anew, under the same id.
        self.attach(&target)
            .await?
            .evaluate("globalThis.ferryStops = true")
            .await?;
        let close = json!({ "targetId": target });
        self.connection.call("Target.closeTarget", close).await?;
        wait::until("the background worker to end", || async {
            match self.background().await? {
                Some(now) if now == target => Ok(self.is_new(&target).await.then_some(())),
                _ => Ok(Some(())),
            }
        })
        .await
    }

    /// Whether the worker with this id is another one than that which was stopped. One
    /// that is on its way out answers with an error, or not at all.
    async fn is_new(&self, target: &str) -> bool {
        let look = async {
            let worker = self.attach(target).await?;
            worker.evaluate("if (globalThis.ferryStops) throw 0; true").await
        };
        let answer = tokio::time::timeout(Duration::from_secs(1), look).await;
        answer.is_ok_and(|answer| answer.is_ok())
    }

    async fn attach(&self, target: &str) -> Result<HeldCall> {
        let attach = json!({ "targetId": target, "flatten": true });
        let attached = self.connection.call("Target.attachToTarget", attach).await?;
        let session = attached["sessionId"].as_str().context("no session")?.to_owned();
        Ok(HeldCall {
            connection: self.connection.clone(),
            session,
        })
    }

    /// Makes the background's next call of this kind wait for ever, and tells when
    /// it is reached.
    pub(super) async fn hold_background(&self, call: Call) -> Result<HeldCall> {
        let target = self.background().await?.context("the background does not run")?;
        let held = self.attach(&target).await?;
        let (owner, name, when) = match call {
            Call::ReadCookies => ("chrome.cookies", "getAll", "true"),
            Call::VisitApp => ("globalThis", "fetch", "/\\.test[:\\/]/.test(first?.url ?? first)"),
            Call::Agree => ("SubtleCrypto.prototype", "deriveBits", "true"),
        };
        let script = format!(
            "{{ const owner = {owner}, real = owner.{name};
                globalThis.ferryHeld = new Promise((tell) => {{
                    owner.{name} = function (first, ...rest) {{
                        if (!({when})) return real.call(this, first, ...rest);
                        tell(true);
                        return new Promise(() => {{}});
                    }};
                }});
                true }}"
        );
        held.evaluate(&script).await?;
        Ok(held)
    }

    async fn background(&self) -> Result<Option<String>> {
        let all = self.connection.call("Target.getTargets", json!({})).await?;
        let targets = all["targetInfos"].as_array().context("no targets")?;
        let ours = |target: &&Value| {
            target["type"] == "service_worker"
                && target["url"]
                    .as_str()
                    .is_some_and(|url| url.starts_with(&self.origin))
        };
        let id = |target: &Value| target["targetId"].as_str().map(str::to_owned);
        Ok(targets.iter().find(ours).and_then(id))
    }
}

/// A call that waits for ever.
pub struct HeldCall {
    connection: Connection,
    session: String,
}

impl HeldCall {
    /// Waits until the background has made it.
    pub async fn reached(&self) -> Result<()> {
        self.evaluate("ferryHeld").await
    }

    async fn evaluate(&self, script: &str) -> Result<()> {
        let evaluate = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let answer = self
            .connection
            .call_in(Some(&self.session), "Runtime.evaluate", evaluate)
            .await?;
        ensure!(answer["result"]["value"] == true, "{answer}");
        Ok(())
    }
}

/// What the consoles said.
#[derive(Default)]
struct Consoles {
    errors: Vec<String>,
    everything: String,
}

impl Consoles {
    fn hear(&mut self, connection: &Connection, event: &Event, origin: &str) {
        if event.method == "Target.attachedToTarget" {
            let session = event.params["sessionId"].as_str().unwrap_or_default();
            let kind = event.params["targetInfo"]["type"].as_str();
            if matches!(kind, Some("page" | "service_worker" | "background_page")) {
                connection.cast(session, "Runtime.enable", json!({}));
                connection.cast(session, "Log.enable", json!({}));
            }
            return;
        }
        let said = event.params.to_string();
        if event.session.is_none() || !said.contains(origin) {
            return;
        }
        if matches!(
            &*event.method,
            "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded"
        ) {
            self.everything.push_str(&said);
            self.everything.push('\n');
        }
        if is_error(event) {
            self.errors.push(format!("{}: {said}", event.method));
        }
    }
}

/// Whether a console shows it in red. That an address answered with an error status
/// is not one of them: the extension takes such answers as they come, and Chromium
/// notes every one.
fn is_error(event: &Event) -> bool {
    match &*event.method {
        "Runtime.exceptionThrown" => true,
        "Runtime.consoleAPICalled" => event.params["type"] == "error" || event.params["type"] == "assert",
        "Log.entryAdded" => {
            let entry = &event.params["entry"];
            let answered = entry["source"] == "network"
                && entry["url"].as_str().is_some_and(|url| url.starts_with("http"));
            entry["level"] == "error" && !answered
        }
        _ => false,
    }
}
