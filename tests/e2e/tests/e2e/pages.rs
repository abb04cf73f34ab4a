//! Every page of the web app: its picture in both themes and two widths, and no serious
//! finding of axe-core's.

use anyhow::Result;
use ferry_e2e::Stage;
use ferry_e2e::browser::Kind;
use ferry_e2e::cloud::OWNER;
use ferry_e2e::gallery::Gallery;
use ferry_e2e::web::WebApp;

use crate::django::with_alice;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_fit_to_be_used() -> Result<()> {
    ferry_e2e::stage::run("every_page_is_fit_to_be_used", Kind::Chromium, every_page).await
}

async fn every_page(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    let gallery = Gallery::new()?;
    let web = WebApp::open(&setting.browser, &setting.cloud).await?;
    gallery.show(&web, "sign-in").await?;
    web.click("sign-in-submit").await?;
    gallery.show(&web, "sign-in-incomplete").await?;
    web.click("to-invitation").await?;
    web.find("invitation-submit").await?;
    gallery.show(&web, "invitation").await?;
    web.click("to-sign-in").await?;
    web.find("sign-in-submit").await?;
    web.sign_in(OWNER).await?;
    web.find("device-start").await?;
    gallery.show(&web, "set-up").await?;
    web.click("device-later").await?;
    web.find("later").await?;
    gallery.show(&web, "set-up-later").await?;
    web.click("set-up-now").await?;
    web.click("device-start").await?;
    web.find("approval").await?;
    gallery.show(&web, "set-up-approval").await?;
    web.click("code-instead").await?;
    web.find("code-input").await?;
    gallery.show(&web, "set-up-code").await?;
    let code = setting.cloud.emailed_code(OWNER).await?;
    web.fill("code-input", &code).await?;
    web.click("code-submit").await?;
    web.find("account-card").await?;
    gallery.show(&web, "accounts").await?;

    web.open_account(&setting.account).await?;
    gallery.show(&web, "account-none").await?;
    web.click("transfer").await?;
    web.find("wizard-agree").await?;
    gallery.show(&web, "wizard-consent").await?;
    web.click("wizard-agree").await?;
    web.click("wizard-next").await?;
    web.notice_with("needs-permission").await?;
    gallery.show(&web, "wizard-others").await?;
    web.click("wizard-next").await?;
    web.find("wizard-transfer").await?;
    gallery.show(&web, "wizard-transfer").await?;
    let extension = web.open_extension(&setting.popup).await?;
    extension.look_first().await?;
    extension.find("consent-check").await?;
    web.show().await?;
    web.find("wizard-progress").await?;
    gallery.show(&web, "wizard-waiting").await?;
    extension.show().await?;
    extension.click("consent-check").await?;
    extension.click("consent-continue").await?;
    web.show().await?;
    web.notice_with("transferred").await?;
    gallery.show(&web, "wizard-success").await?;
    web.click("wizard-done").await?;
    web.until_session_is("verified").await?;
    gallery.show(&web, "account-verified").await?;
    web.click("delete").await?;
    web.find("delete-confirm").await?;
    gallery.show(&web, "delete-session").await?;
    web.click("dialog-cancel").await?;
    web.click("menu").await?;
    web.find("sign-out").await?;
    gallery.show(&web, "profile").await?;
    web.browser.driver.refresh().await?;

    for (way, part, name) in [
        ("nav-devices", "trusted-device", "devices"),
        ("nav-activity", "event", "activity"),
        ("nav-people", "person", "people"),
        ("invite", "invite-submit", "people-invite"),
        ("invite-cancel", "person-devices", "people-again"),
        ("person-devices", "no-devices", "people-devices"),
        ("nav-manage-accounts", "managed-account", "manage-accounts"),
        ("edit-account", "save-account", "manage-account"),
        ("nav-manage-accounts", "managed-account", "manage-accounts-again"),
        ("new-account", "save-account", "manage-account-new"),
        ("nav-apps", "own-app", "apps"),
        ("edit-app", "save-app", "app"),
        ("nav-apps", "own-app", "apps-again"),
        ("new-app", "save-app", "app-new"),
        ("nav-accounts", "account-card", "accounts-again"),
    ] {
        web.click(way).await?;
        web.find(part).await?;
        gallery.show(&web, name).await?;
    }
    Ok(())
}
