//! A second browser of the same person: approved, denied, vouched for, disabled.

use anyhow::{Result, ensure};
use ferry_e2e::Stage;
use ferry_e2e::browser::Browser;
use ferry_e2e::cloud::{Mail, OWNER};
use ferry_e2e::django::Django;
use ferry_e2e::popup::Popup;
use ferry_e2e::setting::Setting;
use ferry_e2e::wait;
use ferry_e2e::web::WebApp;
use ferry_e2e::wire::{Message, Point};

use crate::django::{with_alice, with_alice_and};

crate::in_both_browsers!(
    an_approved_browser_transfers_until_it_is_disabled,
    a_denied_browser_gets_a_code_instead,
    a_browser_with_a_code_alone_has_to_be_vouched_for,
    the_web_app_approves_a_browser_with_codes_sent_by_smtp,
    the_twenty_first_device_makes_one_go,
    deprovisioning_ends_a_transfer_under_way,
);

const NAME: &str = "The other browser";

async fn sign_in_to_app(django: &Django, browser: &Browser) -> Result<()> {
    let tab = browser.driver.new_tab().await?;
    browser.driver.switch_to_window(tab).await?;
    django.sign_in(browser, "alice").await
}

/// Shares from a browser whose person has not agreed to anything in it yet.
async fn share(setting: &Setting, popup: &Popup) -> Result<()> {
    popup.click_share(&setting.account).await?;
    popup.consent().await
}

async fn an_approved_browser_transfers_until_it_is_disabled(stage: &Stage) -> Result<()> {
    let (django, setting) = with_alice(stage).await?;
    // From now on the worker knows this person by the first browser.
    setting.share().await?;
    let (browser, second) = setting.second_browser(stage).await?;
    second.name_device(&setting.cloud, OWNER, NAME).await?;
    let shown = second.ask_approval().await?;

    let first = &setting.popup;
    first.look_at_devices().await?;
    let compared = first.fingerprint("asking-device").await?;
    ensure!(compared == shown, "{compared} is not {shown}");
    ensure!(!second.shows("account-card").await?, "it is not trusted yet");
    first.show().await?;
    first.click("approve-device").await?;
    // By itself: nobody touches it.
    second.show().await?;
    second.find("account-card").await?;

    sign_in_to_app(&django, &browser).await?;
    share(&setting, &second).await?;
    // Until then the card shows the first session, which is verified as well.
    wait::until("the second session to be stored", || async {
        Ok((setting.stored() == 2).then_some(()))
    })
    .await?;
    second.until_session_is(&setting.account, "verified").await?;

    first.look_at_devices().await?;
    first.click("disable-device").await?;
    first.click("disable-confirm").await?;
    first.find("disabled-devices").await?;
    second.click_share(&setting.account).await?;
    second.notice_with("device-disabled").await?;
    ensure!(setting.stored() == 2, "a disabled browser stored a session");
    Ok(())
}

async fn a_denied_browser_gets_a_code_instead(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    let (_browser, second) = setting.second_browser(stage).await?;
    second.name_device(&setting.cloud, OWNER, NAME).await?;
    second.ask_approval().await?;
    setting.popup.look_at_devices().await?;
    setting.popup.click("deny-device").await?;
    second.show().await?;
    second.notice_with("approval-denied").await?;
    second.click("code-instead").await?;
    // Another one than that of before, which is on its way by then.
    second.find("code-input").await?;
    let code = setting.cloud.emailed_code(OWNER).await?;
    second.fill("code-input", &code).await?;
    second.click("code-submit").await?;
    second.find("account-card").await?;
    Ok(())
}

async fn a_browser_with_a_code_alone_has_to_be_vouched_for(stage: &Stage) -> Result<()> {
    let (django, setting) = with_alice(stage).await?;
    setting.share().await?;
    let (browser, second) = setting.second_browser(stage).await?;
    second.name_device(&setting.cloud, OWNER, NAME).await?;
    let code = setting.cloud.emailed_code(OWNER).await?;
    second.fill("code-input", &code).await?;
    second.click("code-submit").await?;
    second.find("account-card").await?;
    sign_in_to_app(&django, &browser).await?;
    share(&setting, &second).await?;
    second.until_session_is(&setting.account, "invalid").await?;

    setting.popup.look_at_devices().await?;
    let summary = setting.popup.find("vouch").await?;
    summary.click().await?;
    setting.popup.click("approve-device").await?;
    // The worker looks at it again by itself; the page is told when it asks.
    wait::until("the session to be verified", || async {
        second.account(&setting.account).await?;
        let state = second.session_state(&setting.account).await?;
        Ok((state.code == "verified").then_some(()))
    })
    .await
}

/// Two profiles: in one the extension, set up by a code, and the web app, by another
/// one; in the other an extension, which the web app approves.
async fn the_web_app_approves_a_browser_with_codes_sent_by_smtp(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice_and(stage, |plan| plan.mail = Mail::Smtp).await?;
    let web = WebApp::open(&setting.browser, &setting.cloud).await?;
    web.set_up(&setting.cloud, OWNER).await?;
    let (_browser, second) = setting.second_browser(stage).await?;
    second.name_device(&setting.cloud, OWNER, NAME).await?;
    let shown = second.ask_approval().await?;

    web.show().await?;
    web.click("nav-devices").await?;
    let compared = web.fingerprint("asking-device").await?;
    ensure!(compared == shown, "{compared} is not {shown}");
    let text = web.text().await?;
    ensure!(text.contains(NAME) && text.contains("127.0.0.1"), "{text}");
    web.click("approve-device").await?;
    second.show().await?;
    second.find("account-card").await?;
    Ok(())
}

async fn the_twenty_first_device_makes_one_go(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    let (_browser, second) = setting.second_browser(stage).await?;
    second.name_device(&setting.cloud, OWNER, NAME).await?;
    setting.cloud.fill_devices(OWNER, 20).await?;
    let code = setting.cloud.emailed_code(OWNER).await?;
    second.fill("code-input", &code).await?;
    second.click("code-submit").await?;
    let says = second.notice_with("device-limit").await?;
    ensure!(says.contains("20") && says.contains("disable"), "{says}");
    ensure!(!second.shows("account-card").await?, "it is the 21st");

    setting.popup.look_at_devices().await?;
    let one = "[data-testid=disable-device][aria-label='Disable Device 7']";
    setting.popup.press(one).await?;
    setting.popup.click("disable-confirm").await?;
    setting.popup.find("disabled-devices").await?;
    // The same code: it was not used up.
    second.show().await?;
    second.click("code-submit").await?;
    second.find("account-card").await?;
    Ok(())
}

async fn deprovisioning_ends_a_transfer_under_way(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    let mut held = setting.wire.hold(Point::Before(Message::Upload));
    share(&setting, &setting.popup).await?;
    held.reached().await?;
    setting.cloud.deprovision(OWNER).await?;
    drop(held);
    // The session at Ferry is over, here as everywhere.
    setting.popup.show().await?;
    setting.popup.find("sign-in-submit").await?;
    ensure!(setting.stored() == 0, "a deprovisioned person stored a session");
    setting
        .popup
        .sign_in_in_vain(&setting.cloud.address, OWNER)
        .await?;
    Ok(())
}
