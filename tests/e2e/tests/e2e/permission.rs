//! The browser's own permission prompt, in a real window, answered by keyboard and
//! mouse: for the server's address, and once for all domains of an app's.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use ferry_e2e::Stage;
use ferry_e2e::browser::Setup;
use ferry_e2e::cloud::{Cloud, Mail, OWNER, PASSWORD};
use ferry_e2e::django::Django;
use ferry_e2e::extension::Extension;
use ferry_e2e::popup::Popup;
use serde_json::Value;

/// A domain of the app's beside the one that it is signed in to at.
const PARTNER: &str = "partner.test";

crate::in_both_browsers!(permission_is_asked_for_by_the_browser);

async fn permission_is_asked_for_by_the_browser(stage: &Stage) -> Result<()> {
    let django = Django::start(&stage.subfolder("django")?).await?;
    let cloud = Cloud::start(&stage.subfolder("server")?, None, Mail::Outbox).await?;
    let definition = django.definition()?;
    let two_domains = definition.replace("domains = [", &format!("domains = [\"{PARTNER}\", "));
    ensure!(two_domains != definition, "{definition}");
    let account = cloud.add_account(&two_domains, Some("alice")).await?;
    let worker = cloud.start_worker(&stage.subfolder("worker")?, None).await?;
    let display = stage.display().await?;
    let folder = stage.subfolder("browser")?;
    let setup = Setup {
        folder: &folder,
        extension: Extension::built()?,
        other: None,
        authority: None,
        display: Some(display.name.clone()),
    };
    let browser = stage.browser(setup).await?;
    let partner = django
        .url("/")
        .replace("admin.django.test", &format!("www.{PARTNER}"));
    browser.driver.goto(partner).await?;
    let set = format!("document.cookie = 'partner=1; Domain={PARTNER}'");
    browser.driver.execute(set, Vec::new()).await?;
    django.sign_in(&browser, "alice").await?;

    let popup = Popup::open(&browser).await?;
    popup.fill("sign-in-server", &cloud.address).await?;
    popup.fill("sign-in-email", OWNER.email).await?;
    popup.fill("sign-in-password", PASSWORD).await?;
    let prompt = browser.expect_prompt(display).await?;
    popup.click("sign-in-submit").await?;
    prompt.accept().await?;
    popup.enrol(&cloud, OWNER).await?;

    popup.click_share(&account).await?;
    let prompt = browser.expect_prompt(display).await?;
    popup.click("permission-continue").await?;
    prompt.accept().await?;
    popup.consent().await?;
    let state = popup.until_session_is(&account, "verified").await?;
    ensure!(state.text == "Transferred · verified", "{state:?}");

    // One transfer of both domains' cookies.
    let exported: Value = serde_json::from_str(&worker.export(&account, "storage-state").await?)?;
    let domains: BTreeSet<_> = exported["cookies"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["domain"])
        .map(Value::to_string)
        .collect();
    ensure!(
        domains == [format!("\".{PARTNER}\""), "\"admin.django.test\"".to_owned()].into(),
        "{domains:?}"
    );
    Ok(())
}
