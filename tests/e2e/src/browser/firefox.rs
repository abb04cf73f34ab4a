//! Firefox: geckodriver, with scripts in the browser's own context for what pages
//! cannot do.

use std::fmt::Debug;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value, json};
use thirtyfour::common::command::FormatRequestData;
use thirtyfour::{Capabilities, RequestData, SessionId, WebDriver};
use tokio::sync::OnceCell;

use super::Setup;
use crate::extension::{Extension, FIREFOX_UUID};
use crate::process::Program;
use crate::{files, http};

pub(super) async fn start(setup: &Setup<'_>) -> Result<(Program, WebDriver)> {
    let profile = setup.folder.join("profile");
    files::copy_tree(used_before().await?, &profile)?;
    let started = start_in(
        &profile,
        setup.folder,
        setup.display.as_deref(),
        preferences(setup),
    )
    .await?;
    let driver = &started.1;
    if let Some(authority) = &setup.authority {
        trust(driver, &authority.pem).await?;
    }
    let folders = std::iter::once(setup.extension.folder.as_path()).chain(setup.other);
    for folder in folders {
        let folder = folder.to_str().context("a path in UTF-8")?;
        driver
            .cmd(InstallAddon { folder })
            .await
            .context("Firefox does not take the extension")?;
    }
    Ok(started)
}

/// A profile with which Firefox was started once, and did nothing else. What it keeps for
/// its next start (compiled scripts, empty databases) takes it 2.5 s of processor time.
async fn used_before() -> Result<&'static PathBuf> {
    static PROFILE: OnceCell<PathBuf> = OnceCell::const_new();
    PROFILE.get_or_try_init(start_once).await
}

async fn start_once() -> Result<PathBuf> {
    let folder = files::scratch_folder("e2e-firefox")?;
    let profile = files::scratch_folder("e2e-firefox/profile")?;
    let (_program, driver) = start_in(&profile, &folder, None, json!({})).await?;
    driver.quit().await?;
    // A link to nowhere, that says which process uses the profile.
    match std::fs::remove_file(profile.join("lock")) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(profile),
    }
}

/// Starts it with a profile, without any extension.
async fn start_in(
    profile: &Path,
    logs: &Path,
    display: Option<&str>,
    preferences: Value,
) -> Result<(Program, WebDriver)> {
    let mut command = Command::new("geckodriver");
    command.args(["--port", "0", "--allow-system-access"]);
    let profile = profile.to_str().context("a path in UTF-8")?;
    let mut arguments = vec!["--width=1200", "--height=900", "-profile", profile];
    match display {
        Some(display) => {
            command.env("DISPLAY", display);
        }
        None => arguments.push("-headless"),
    }
    let mut program = Program::start("geckodriver", command, logs)?;
    let address = program.line_with("Listening on ").await?;

    let mut wanted = Capabilities::new();
    wanted.set("browserName", "firefox")?;
    let options =
        json!({ "args": arguments, "binary": files::on_path("firefox-esr")?, "prefs": preferences });
    wanted.set("moz:firefoxOptions", options)?;
    http::use_ring();
    let driver = WebDriver::new(format!("http://{address}"), wanted)
        .await
        .context("Firefox does not start")?;
    Ok((program, driver))
}

fn preferences(setup: &Setup<'_>) -> Value {
    let uuids = json!({ (setup.extension.gecko_id.as_str()): FIREFOX_UUID });
    json!({
        "extensions.webextensions.uuids": uuids.to_string(),
        // Every name is this machine's, and nothing is looked up.
        "network.dns.forceResolve": "127.0.0.1",
        "dom.security.https_first": false,
        // In all containers together, which would be 3,000, and of one domain, 180.
        "network.cookie.maxNumber": 20_000,
        "network.cookie.maxPerHost": 1_000,
        "devtools.console.stdout.content": true,
        "devtools.jsonview.enabled": false,
        "dom.ipc.processPrelaunch.enabled": false,
        "ui.prefersReducedMotion": 1,
    })
}

async fn trust(driver: &WebDriver, authority: &Path) -> Result<()> {
    let pem = std::fs::read_to_string(authority)?;
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let script = r#"
        Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB)
            .addCertFromBase64(arguments[0], "C,,");
    "#;
    in_browser(driver, script, vec![base64.into()]).await?;
    Ok(())
}

pub(super) async fn stop_background(driver: &WebDriver, extension: &Extension) -> Result<()> {
    let script = r#"
        return WebExtensionPolicy.getByID(arguments[0]).extension.terminateBackground({
            ignoreDevToolsAttached: true,
            disableResetIdleForTest: true,
        });
    "#;
    in_browser(driver, script, vec![extension.gecko_id.as_str().into()]).await?;
    Ok(())
}

/// Where on the screen the prompt has its button that says yes, once it is there and
/// takes clicks.
pub(super) async fn prompt_button(driver: &WebDriver) -> Result<Option<(i64, i64)>> {
    let script = r#"
        const panel = document.getElementById("notification-popup");
        const button = panel?.state == "open" && panel.firstElementChild?.button;
        if (!button || button.disabled || button.getBoundingClientRect().width == 0) return null;
        const box = button.getBoundingClientRect();
        return [button.screenX + box.width / 2, button.screenY + box.height / 2].map(Math.round);
    "#;
    let place = in_browser(driver, script, Vec::new()).await?;
    Ok(serde_json::from_value(place)?)
}

pub(super) async fn console_errors(driver: &WebDriver) -> Result<Vec<String>> {
    let script = r#"
        const { nsIScriptError } = Ci;
        const harmless = nsIScriptError.warningFlag | nsIScriptError.infoFlag;
        // What Firefox says of a page that is closed while it waits for the background's
        // answer, as during a transfer. No page can keep it from that.
        const closed = "Promise rejected after context unloaded: Actor 'Conduits' destroyed";
        const errors = Services.console.getMessageArray()
            .filter((entry) => entry instanceof nsIScriptError)
            .filter((entry) => !(entry.flags & harmless) && entry.sourceName.startsWith(arguments[0]))
            .filter((entry) => !entry.errorMessage.startsWith(closed))
            .map((entry) => entry.toString());
        const calls = Cc["@mozilla.org/consoleAPI-storage;1"].getService(Ci.nsIConsoleAPIStorage)
            .getEvents()
            .filter((call) => call.level == "error" || call.level == "assert")
            .filter((call) => call.filename.startsWith(arguments[0]))
            .map((call) => `${call.filename}:${call.lineNumber}: ${[...call.arguments].join(" ")}`);
        return [...errors, ...calls];
    "#;
    let errors = in_browser(driver, script, vec![origin().into()]).await?;
    Ok(serde_json::from_value(errors)?)
}

pub(super) async fn console(driver: &WebDriver) -> Result<String> {
    let script = r#"
        const entries = Services.console.getMessageArray().map((entry) => entry.toString());
        const calls = Cc["@mozilla.org/consoleAPI-storage;1"].getService(Ci.nsIConsoleAPIStorage)
            .getEvents()
            .map((call) => `${call.filename}:${call.lineNumber}: ${[...call.arguments].join(" ")}`);
        return [...entries, ...calls].join("\n");
    "#;
    let text = in_browser(driver, script, Vec::new()).await?;
    Ok(serde_json::from_value(text)?)
}

fn origin() -> String {
    format!("moz-extension://{FIREFOX_UUID}/")
}

/// Runs a script with the browser's own rights.
async fn in_browser(driver: &WebDriver, script: &str, arguments: Vec<Value>) -> Result<Value> {
    driver.cmd(SetContext("chrome")).await?;
    let answer = driver.execute(script, arguments).await;
    driver.cmd(SetContext("content")).await?;
    Ok(answer?.json().clone())
}

/// Whether scripts run in the page or in the browser itself.
#[derive(Debug)]
struct SetContext(&'static str);

impl FormatRequestData for SetContext {
    fn format_request(&self, session: &SessionId) -> RequestData {
        RequestData::new(Method::POST, format!("/session/{session}/moz/context"))
            .add_body(json!({ "context": self.0 }))
    }
}

/// geckodriver's command to load an unpacked extension, allowed in private windows as a
/// person may allow it.
#[derive(Debug)]
struct InstallAddon<'a> {
    folder: &'a str,
}

impl FormatRequestData for InstallAddon<'_> {
    fn format_request(&self, session: &SessionId) -> RequestData {
        let body = json!({ "path": self.folder, "temporary": true, "allowPrivateBrowsing": true });
        RequestData::new(Method::POST, format!("/session/{session}/moz/addon/install")).add_body(body)
    }
}
