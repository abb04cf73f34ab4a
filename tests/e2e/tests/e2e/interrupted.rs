//! The background worker is killed in the middle of a transfer: it ends transferred
//! once, or not at all with a message.

use std::time::Duration;

use anyhow::{Result, ensure};
use ferry_e2e::browser::Call;
use ferry_e2e::django::Django;
use ferry_e2e::popup::Notice;
use ferry_e2e::setting::Setting;
use ferry_e2e::wire::{Held, Message, Point};
use ferry_e2e::{Stage, wait};

use crate::django::with_alice;

/// How long the browser's alarm of one minute may take, browsers being late with it.
const ALARM: Duration = Duration::from_secs(150);

crate::in_both_browsers!(
    killed_before_consent_is_stored,
    killed_after_consent_is_stored,
    killed_before_a_key_is_given,
    killed_after_a_key_is_given,
    killed_before_the_upload,
    killed_before_the_upload_with_no_page_open,
    killed_after_the_upload,
);

/// Within the background: Chromium's debugger holds it at a call of the browser's and ends
/// it there. Firefox has nothing of the kind for extensions; there, as in the tests above,
/// the background ends while a request of its waits.
mod chromium_only {
    use ferry_e2e::browser::{Call, Kind};

    macro_rules! killed_while {
        ($($name:ident: $call:ident),+ $(,)?) => {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() -> anyhow::Result<()> {
                    let test = async |stage: &_| super::killed_in(stage, Call::$call).await;
                    ferry_e2e::stage::run(stringify!($name), Kind::Chromium, test).await
                }
            )+
        };
    }

    killed_while!(
        killed_while_reading_cookies: ReadCookies,
        killed_while_checking_the_identity: VisitApp,
        killed_while_sealing: Agree,
    );
}

async fn killed_before_consent_is_stored(stage: &Stage) -> Result<()> {
    ends_well(stage, Point::Before(Message::Consent)).await
}

async fn killed_after_consent_is_stored(stage: &Stage) -> Result<()> {
    ends_well(stage, Point::After(Message::Consent)).await
}

async fn killed_before_a_key_is_given(stage: &Stage) -> Result<()> {
    ends_well(stage, Point::Before(Message::Begin)).await
}

async fn killed_after_a_key_is_given(stage: &Stage) -> Result<()> {
    ends_well(stage, Point::After(Message::Begin)).await
}

/// From here on the session is sealed, and goes up without the person: the browser is to
/// start the background again even if no page does.
async fn killed_before_the_upload(stage: &Stage) -> Result<()> {
    let (_django, setting, held) = shared_until(stage, Point::Before(Message::Upload)).await?;
    ensure!(setting.popup.alarms().await? == 1, "no alarm is set");
    setting.browser.stop_background().await?;
    setting
        .popup
        .until_session_is(&setting.account, "verified")
        .await?;
    // Until now: it is another upload that was stored.
    drop(held);
    ensure_stored_once(&setting).await
}

/// Nobody opens a page of the extension's again: the browser itself starts the background,
/// a minute after the session was sealed.
async fn killed_before_the_upload_with_no_page_open(stage: &Stage) -> Result<()> {
    let (_django, setting, held) = shared_until(stage, Point::Before(Message::Upload)).await?;
    let driver = &setting.browser.driver;
    let page = driver.current_url().await?;
    driver.goto("about:blank").await?;
    setting.browser.stop_background().await?;
    ensure!(setting.stored() == 0, "it was stored before it was killed");
    wait::until_within(
        ALARM,
        "an upload by the background that the browser started",
        || async { Ok((setting.stored() > 0).then_some(())) },
    )
    .await?;
    drop(held);
    driver.goto(page.as_str()).await?;
    setting
        .popup
        .until_session_is(&setting.account, "verified")
        .await?;
    ensure_stored_once(&setting).await
}

async fn killed_after_the_upload(stage: &Stage) -> Result<()> {
    let (_django, setting) = killed_at(stage, Point::After(Message::Upload)).await?;
    setting
        .popup
        .until_session_is(&setting.account, "verified")
        .await?;
    ensure_stored_once(&setting).await
}

/// Killed in the middle of a step that the server sees nothing of.
async fn killed_in(stage: &Stage, call: Call) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    setting.popup.click_share(&setting.account).await?;
    setting.popup.click("consent-check").await?;
    let held = setting.browser.hold_background(call).await?;
    setting.popup.click("consent-continue").await?;
    held.reached().await?;
    setting.browser.stop_background().await?;
    another_click_works(&setting).await
}

/// Before the session is sealed, either outcome is fine, and another click works.
async fn ends_well(stage: &Stage, point: Point) -> Result<()> {
    let (_django, setting) = killed_at(stage, point).await?;
    another_click_works(&setting).await
}

async fn another_click_works(setting: &Setting) -> Result<()> {
    match setting.popup.outcome().await? {
        Ok(()) => {}
        Err(Notice { code, text }) => {
            ensure!(
                setting.stored() == 0,
                "it says {code} ({text}), and it was stored"
            );
            setting.popup.share(&setting.account).await?;
        }
    }
    setting
        .popup
        .until_session_is(&setting.account, "verified")
        .await?;
    ensure_stored_once(setting).await
}

/// Clicks *Share*, and kills the background when the transfer has come to `point`.
async fn killed_at(stage: &Stage, point: Point) -> Result<(Django, Setting)> {
    let (django, setting, held) = shared_until(stage, point).await?;
    setting.browser.stop_background().await?;
    drop(held);
    Ok((django, setting))
}

/// Clicks *Share*, and waits until the transfer has come to `point`.
async fn shared_until(stage: &Stage, point: Point) -> Result<(Django, Setting, Held)> {
    let (django, setting) = with_alice(stage).await?;
    let mut held = setting.wire.hold(point);
    setting.popup.click_share(&setting.account).await?;
    setting.popup.consent().await?;
    held.reached().await?;
    Ok((django, setting, held))
}

/// One transfer was uploaded, however often, and it is the one that the account has.
async fn ensure_stored_once(setting: &Setting) -> Result<()> {
    let paths: std::collections::BTreeSet<_> = setting
        .wire
        .sent(Message::Upload)
        .into_iter()
        .map(|upload| upload.path)
        .collect();
    ensure!(paths.len() == 1, "several transfers were uploaded: {paths:?}");
    let session = setting.popup.account(&setting.account).await?["session"].clone();
    let transfer = session["transfer"].as_str().unwrap_or_default();
    ensure!(
        !transfer.is_empty() && paths.iter().all(|path| path.contains(transfer)),
        "{paths:?} was uploaded, and the account has {session}"
    );
    Ok(())
}
