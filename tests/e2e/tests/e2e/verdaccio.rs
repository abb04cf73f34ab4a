//! Verdaccio, whose sign-in is a token in local storage.

use anyhow::{Context, Result, ensure};
use ferry_e2e::Stage;
use ferry_e2e::cdp::Connection;
use ferry_e2e::setting::{Plan, Setting};
use ferry_e2e::verdaccio::{PACKAGE, Verdaccio};
use serde_json::Value;

crate::in_both_browsers!(
    a_token_in_local_storage_is_proved_and_used,
    the_token_of_another_is_refused,
);

/// The registry with this person signed in, the account alice's.
async fn with(stage: &Stage, name: &str) -> Result<(Verdaccio, Setting)> {
    let registry = Verdaccio::start(&stage.subfolder("verdaccio")?).await?;
    let plan = Plan::of(registry.definition()?, Some("alice"));
    let setting = Setting::start(stage, plan).await?;
    setting.browser.open_tab("about:blank").await?;
    registry.sign_in(&setting.browser, name).await?;
    Ok((registry, setting))
}

async fn a_token_in_local_storage_is_proved_and_used(stage: &Stage) -> Result<()> {
    let (registry, setting) = with(stage, "alice").await?;
    setting.share().await?;
    let check = setting.popup.account(&setting.account).await?["session"]["check"].clone();
    let storage = &check["receipt"]["storage"];
    ensure!(
        check["identified"] == true && storage["sealed"] == 2 && storage["restored"] == 2,
        "{check}"
    );

    // For a plain HTTP client.
    let exported = setting.worker.export(&setting.account, "storage-state").await?;
    let exported: Value = serde_json::from_str(&exported)?;
    let origin = &exported["origins"][0];
    ensure!(origin["origin"] == registry.url(""), "{origin}");
    let entries = origin["localStorage"].as_array().context("entries")?;
    let token = entries.iter().find(|entry| entry["name"] == "token");
    let token = token.and_then(|entry| entry["value"].as_str());
    ensure!(registry.packages(None).await?.is_empty(), "everybody sees them");
    ensure!(registry.packages(token).await? == [PACKAGE]);

    // And for one that drives a browser.
    let (_open, devtools) = setting.worker.open(&setting.account).await?;
    let connection = Connection::open(&devtools, Box::new(|_, _| {})).await?;
    connection.until_shown(&registry.url("/"), PACKAGE).await
}

async fn the_token_of_another_is_refused(stage: &Stage) -> Result<()> {
    let (_registry, setting) = with(stage, "bob").await?;
    setting.popup.click_share(&setting.account).await?;
    let text = setting.popup.notice_with("another-identity").await?;
    ensure!(text.contains("bob") && text.contains("alice"), "{text}");
    setting.ensure_nothing_left()
}
