//! The browser's own permission prompt, in a real window, answered by keyboard and
//! mouse: for the server's address, and for the app's domains.

use anyhow::{Result, ensure};
use ferry_e2e::Stage;
use ferry_e2e::browser::Setup;
use ferry_e2e::cloud::{Cloud, Mail, OWNER, PASSWORD};
use ferry_e2e::django::Django;
use ferry_e2e::extension::Extension;
use ferry_e2e::popup::Popup;

crate::in_both_browsers!(permission_is_asked_for_by_the_browser);

async fn permission_is_asked_for_by_the_browser(stage: &Stage) -> Result<()> {
    let django = Django::start(&stage.subfolder("django")?).await?;
    let cloud = Cloud::start(&stage.subfolder("server")?, None, Mail::Outbox).await?;
    let account = cloud.add_account(&django.definition()?, Some("alice")).await?;
    let _worker = cloud.start_worker(&stage.subfolder("worker")?, None).await?;
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
    Ok(())
}
