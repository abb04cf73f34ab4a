//! A server that does not tell the truth: nothing sealed leaves the browser.

use std::sync::Mutex;

use anyhow::{Context, Result, ensure};
use ferry_e2e::Stage;
use ferry_e2e::setting::Setting;
use ferry_e2e::wire::Message;
use serde_json::Value;

use crate::django::with_alice;

crate::in_both_browsers!(
    a_swapped_sealing_key_is_refused,
    a_sealing_key_of_another_vault_is_refused,
    a_replayed_sealing_key_is_refused,
);

/// The public half of some key that nobody has the private half of; a point of the
/// curve, from RFC 7517, appendix A.1.
const OTHER_KEY: (&str, &str) = (
    "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
);

fn swap(key: &mut Value) {
    key["x"] = OTHER_KEY.0.into();
    key["y"] = OTHER_KEY.1.into();
}

async fn a_swapped_sealing_key_is_refused(stage: &Stage) -> Result<()> {
    let lie = |offer: &mut Value| swap(&mut offer["sealing_key"]["public"]);
    is_refused(stage, lie, "sealing-key-forged").await
}

async fn a_sealing_key_of_another_vault_is_refused(stage: &Stage) -> Result<()> {
    let lie = |offer: &mut Value| swap(&mut offer["vault"]["current"]);
    is_refused(stage, lie, "vault-changed").await
}

async fn is_refused(stage: &Stage, lie: impl Fn(&mut Value) + Send + 'static, code: &str) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    setting.wire.lie(Message::Begin, lie);
    setting.popup.click_share(&setting.account).await?;
    setting.popup.consent().await?;
    ensure_refused(&setting, code).await?;
    setting.wire.stop_lying();
    setting.popup.click_share(&setting.account).await?;
    setting
        .popup
        .until_session_is(&setting.account, "verified")
        .await?;
    Ok(())
}

/// The key of the first transfer once more: it is signed well, and known to be used.
async fn a_replayed_sealing_key_is_refused(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    setting.share().await?;
    let begins = setting.wire.sent(Message::Begin);
    let first = begins.last().context("no key was asked for")?;
    let offer: Value = serde_json::from_slice(&first.received)?;
    let uploads = setting.wire.sent(Message::Upload).len();
    let offer = Mutex::new(offer);
    setting.wire.lie(Message::Begin, move |told| {
        *told = offer
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone();
    });
    setting.popup.click_share(&setting.account).await?;
    setting.popup.notice_with("sealing-key-reused").await?;
    ensure!(
        setting.wire.sent(Message::Upload).len() == uploads,
        "it was sealed to a used key"
    );
    Ok(())
}

async fn ensure_refused(setting: &Setting, code: &str) -> Result<()> {
    let notice = setting.popup.notice().await?;
    ensure!(notice.code == code, "{notice:?} instead of {code}");
    setting.ensure_nothing_left()
}
