//! The web app: the wizard through to a verified session, and who may be asked for what.

use anyhow::{Result, ensure};
use ferry_e2e::Stage;
use ferry_e2e::cloud::OWNER;
use ferry_e2e::web::WebApp;
use ferry_e2e::wire::Message;
use thirtyfour::Key;

use crate::django::with_alice;

crate::in_both_browsers!(
    the_wizard_leads_to_a_verified_session,
    the_wizard_says_what_is_missing,
    who_puts_it_off_sees_nothing,
    the_keyboard_alone_suffices,
    a_script_that_clicks_in_the_page_transfers_nothing,
);

async fn the_wizard_leads_to_a_verified_session(stage: &Stage) -> Result<()> {
    let (django, setting) = with_alice(stage).await?;
    let web = WebApp::open(&setting.browser, &setting.cloud).await?;
    // The extension of this browser is trusted already: it approves the web app.
    let shown = web.ask_approval(OWNER, "The web app").await?;
    setting.popup.look_at_devices().await?;
    let compared = setting.popup.fingerprint("asking-device").await?;
    ensure!(compared == shown, "{compared} is not {shown}");
    setting.popup.click("approve-device").await?;
    web.show().await?;
    web.find("account-card").await?;

    web.walk_to_transfer(&setting.account).await?;
    setting.ensure_nothing_left()?;
    let extension = web.open_extension(&setting.popup).await?;
    extension.find("share-page").await?;
    // It names the app and the account, and takes nothing before the click.
    extension.look_first().await?;
    extension.find("consent-check").await?;
    let text = extension.text().await?;
    ensure!(text.contains("Django admin") && text.contains("alice"), "{text}");
    setting.ensure_nothing_left()?;
    extension.click("consent-check").await?;
    extension.click("consent-continue").await?;

    web.show().await?;
    web.notice_with("transferred").await?;
    web.click("wizard-done").await?;
    web.until_session_is("verified").await?;
    let page = setting.worker.export(&setting.account, "storage-state").await?;
    ensure!(page.contains("sessionid"), "the worker has no session to give");

    // The app's own sign-out ends it: the next check says so, here as well.
    django.forget_sessions().await?;
    web.click("check").await?;
    web.until_session_is("invalid").await?;
    web.click("delete").await?;
    web.click("delete-confirm").await?;
    web.until_session_is("none").await?;
    Ok(())
}

async fn the_wizard_says_what_is_missing(stage: &Stage) -> Result<()> {
    let (django, setting) = with_alice(stage).await?;
    // From now on the app is one that the person has agreed to here.
    setting.share().await?;
    let web = WebApp::open(&setting.browser, &setting.cloud).await?;
    web.set_up(&setting.cloud, OWNER).await?;

    // Nobody is signed in at the app.
    django.sign_out_in_new_tab(&setting.browser).await?;
    web.open_account(&setting.account).await?;
    web.click("transfer").await?;
    ensure!(
        !web.can_press("wizard-next").await?,
        "without consent there is no next step"
    );
    web.click("wizard-agree").await?;
    web.click("wizard-next").await?;
    web.notice_with("signed-out").await?;
    ensure!(
        !web.can_press("wizard-next").await?,
        "with nobody signed in there is no next step"
    );

    // Somebody else is.
    django.sign_in_in_new_tab(&setting.browser, "bob").await?;
    web.show().await?;
    web.click("wizard-look").await?;
    web.notice_with("another").await?;
    let text = web.text().await?;
    ensure!(!text.contains("bob"), "the page learns who is signed in: {text}");

    // The right person, but the extension is nobody's any more.
    django.sign_out_in_new_tab(&setting.browser).await?;
    django.sign_in_in_new_tab(&setting.browser, "alice").await?;
    web.show().await?;
    web.click("wizard-look").await?;
    web.notice_with("ready").await?;
    setting.popup.show().await?;
    setting.popup.click("menu").await?;
    setting.popup.click("sign-out").await?;
    setting.popup.click("sign-out-confirm").await?;
    setting.popup.find("sign-in-submit").await?;
    web.show().await?;
    web.click("wizard-look").await?;
    web.notice_with("extension-missing").await?;
    ensure!(setting.stored() == 1, "something else was stored");
    Ok(())
}

async fn who_puts_it_off_sees_nothing(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    let web = WebApp::open(&setting.browser, &setting.cloud).await?;
    web.sign_in(OWNER).await?;
    web.click("device-later").await?;
    web.find("later").await?;
    let account = format!("#/accounts/{}", setting.account);
    for page in ["#/", &account, "#/devices", "#/activity", "#/manage/people"] {
        web.browser.driver.refresh().await?;
        web.go_to(page).await?;
        web.find("later").await?;
        for part in [
            "nav-accounts",
            "account-card",
            "details",
            "devices",
            "activity",
            "people",
        ] {
            ensure!(!web.shows(part).await?, "{part} is shown at {page}");
        }
    }
    // Nor does the server give any of it out.
    let asked = setting.wire.exchanges();
    let given = asked.iter().filter(|one| one.path == "/v1/devices");
    let given: Vec<_> = given
        .filter(|one| one.status.is_some_and(|status| status.is_success()))
        .collect();
    ensure!(given.is_empty(), "it gave out {} lists of devices", given.len());
    web.browser.driver.refresh().await?;
    web.find("later").await?;
    web.click("set-up-now").await?;
    web.find("device-start").await?;
    Ok(())
}

/// From the web app's wizard to the click in the extension's page, and back.
async fn the_keyboard_alone_suffices(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    let web = WebApp::open(&setting.browser, &setting.cloud).await?;
    web.set_up(&setting.cloud, OWNER).await?;
    web.press_key_at("details-open", Key::Enter).await?;
    web.press_key_at("transfer", Key::Enter).await?;
    web.press_key_at("wizard-agree", Key::Space).await?;
    web.press_key_at("wizard-next", Key::Enter).await?;
    web.notice_with("needs-permission").await?;
    web.press_key_at("wizard-next", Key::Enter).await?;
    web.press_key_at("wizard-transfer", Key::Enter).await?;
    let extension = web.opened_extension(&setting.popup).await?;
    extension.press_key_at("look", Key::Enter).await?;
    extension.press_key_at("consent-check", Key::Space).await?;
    extension.press_key_at("consent-continue", Key::Enter).await?;
    web.show().await?;
    web.notice_with("transferred").await?;
    web.press_key_at("wizard-done", Key::Enter).await?;
    web.until_session_is("verified").await?;
    Ok(())
}

/// What a script that got into the web app can do: press all that is there, as often as
/// it likes. It has one tab opened, in which nothing is ticked and nothing starts.
async fn a_script_that_clicks_in_the_page_transfers_nothing(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    let web = WebApp::open(&setting.browser, &setting.cloud).await?;
    web.set_up(&setting.cloud, OWNER).await?;
    web.walk_to_transfer(&setting.account).await?;
    let script = "const press = (id) => document.querySelector(`[data-testid=${id}]`)?.click();
        for (let n = 0; n < 100; n++) {
            press('wizard-transfer');
            for (const type of ['pointerdown', 'mousedown', 'mouseup', 'click', 'keydown', 'keyup']) {
                document.body.dispatchEvent(new Event(type, { bubbles: true, composed: true }));
            }
        }";
    web.browser.driver.execute(script, Vec::new()).await?;
    let extension = web.opened_extension(&setting.popup).await?;
    // Not even that is looked at: the app is a custom one, and nobody has agreed to it.
    extension.find("look").await?;
    ensure!(!extension.shows("consent-check").await?, "it was looked");
    // The one that the extension opened, and that in which the driver shows it.
    let tabs = setting.popup.tabs().await?;
    ensure!(tabs.len() == 2, "{tabs:?}");
    ensure!(
        setting.wire.sent(Message::Consent).is_empty(),
        "consent was given"
    );
    setting.ensure_nothing_left()?;

    // The person's own click is what it takes.
    extension.show().await?;
    extension.look_first().await?;
    let ticked = extension.find("consent-check").await?.is_selected().await?;
    ensure!(!ticked, "the box is ticked");
    extension.consent().await?;
    web.show().await?;
    web.notice_with("transferred").await?;
    Ok(())
}
