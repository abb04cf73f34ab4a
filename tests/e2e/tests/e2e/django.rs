//! Django's admin site, from the person's browser to the cloud and back.

use std::fs;

use anyhow::{Context, Result, ensure};
use ferry_e2e::Stage;
use ferry_e2e::cdp::Connection;
use ferry_e2e::cloud::{COLLABORATOR, OWNER, Person};
use ferry_e2e::django::{Django, greeted};
use ferry_e2e::setting::{Plan, Setting};
use ferry_e2e::wire::Message;
use ferry_e2e::{exported, wait};
use ferry_protocol::session::SealedSession;
use serde_json::json;

crate::in_both_browsers!(
    a_shared_session_is_proved_and_used,
    nobody_signed_in_is_refused,
    another_user_is_refused,
    a_session_that_the_app_ended_turns_invalid,
    transferring_again_destroys_the_first,
    deleting_destroys_bytes_and_key,
    a_collaborator_may_only_look,
    no_cookie_value_is_ever_seen,
);

/// Django with alice signed in, and everything else set up for an account of hers.
pub(crate) async fn with_alice(stage: &Stage) -> Result<(Django, Setting)> {
    with_alice_and(stage, |_| {}).await
}

/// As [`with_alice`], with something of the plan changed.
pub(crate) async fn with_alice_and(
    stage: &Stage,
    change: impl FnOnce(&mut Plan<'_>),
) -> Result<(Django, Setting)> {
    let django = Django::start(&stage.subfolder("django")?).await?;
    let mut plan = plan(&django, OWNER)?;
    change(&mut plan);
    let setting = Setting::start(stage, plan).await?;
    sign_in(&django, &setting, "alice").await?;
    Ok((django, setting))
}

/// As [`with_alice`], with nobody signed in.
async fn with_nobody(stage: &Stage, person: Person) -> Result<(Django, Setting)> {
    let django = Django::start(&stage.subfolder("django")?).await?;
    let setting = Setting::start(stage, plan(&django, person)?).await?;
    Ok((django, setting))
}

fn plan<'a>(django: &Django, person: Person) -> Result<Plan<'a>> {
    Ok(Plan {
        person,
        ..Plan::of(django.definition()?, Some("alice"))
    })
}

async fn sign_in(django: &Django, setting: &Setting, name: &str) -> Result<()> {
    let tab = setting.browser.driver.new_tab().await?;
    setting.browser.driver.switch_to_window(tab).await?;
    django.sign_in(&setting.browser, name).await
}

async fn a_shared_session_is_proved_and_used(stage: &Stage) -> Result<()> {
    let (django, setting) = with_alice(stage).await?;
    setting.share().await?;
    let state = setting.popup.session_state(&setting.account).await?;
    ensure!(state.text == "Transferred · verified", "{state:?}");

    let page = django.url("/admin/");
    let state = setting.worker.export(&setting.account, "storage-state").await?;
    let got = exported::Client::default().get(&state, &page).await?;
    ensure!(
        greeted(&got).as_deref() == Some("alice"),
        "with the storage state:\n{got}"
    );
    let file = setting.worker.export(&setting.account, "cookies-txt").await?;
    let got = exported::Client::default()
        .get_with_cookie_file(&file, &page)
        .await?;
    ensure!(
        greeted(&got).as_deref() == Some("alice"),
        "with the cookie file:\n{got}"
    );

    let (_open, devtools) = setting.worker.open(&setting.account).await?;
    let connection = Connection::open(&devtools, Box::new(|_, _| {})).await?;
    let got = connection.visit(&page).await?;
    ensure!(
        greeted(&got).as_deref() == Some("alice"),
        "in the opened browser:\n{got}"
    );
    Ok(())
}

async fn nobody_signed_in_is_refused(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_nobody(stage, OWNER).await?;
    setting.popup.click_share(&setting.account).await?;
    setting.popup.notice_with("signed-out").await?;
    setting.ensure_nothing_left()
}

async fn another_user_is_refused(stage: &Stage) -> Result<()> {
    let (django, setting) = with_nobody(stage, OWNER).await?;
    sign_in(&django, &setting, "bob").await?;
    setting.popup.click_share(&setting.account).await?;
    let text = setting.popup.notice_with("another-identity").await?;
    ensure!(
        text.contains("bob") && text.contains("alice"),
        "it names neither: {text}"
    );
    setting.ensure_nothing_left()
}

async fn a_session_that_the_app_ended_turns_invalid(stage: &Stage) -> Result<()> {
    let (django, setting) = with_alice(stage).await?;
    setting.share().await?;
    django.forget_sessions().await?;
    setting.popup.check_now(&setting.account).await?;
    let state = setting
        .popup
        .until_session_is(&setting.account, "invalid")
        .await?;
    ensure!(state.text.contains("signed out"), "{state:?}");
    Ok(())
}

async fn transferring_again_destroys_the_first(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    setting.share().await?;
    let first = Traces::of_last_upload(&setting)?;
    first.ensure_there(&setting)?;

    setting.popup.click_share(&setting.account).await?;
    wait::until("the second transfer to be stored", || async {
        Ok((setting.stored() == 2).then_some(()))
    })
    .await?;
    setting
        .popup
        .until_session_is(&setting.account, "verified")
        .await?;
    first.until_gone(&setting).await?;
    Traces::of_last_upload(&setting)?.ensure_there(&setting)
}

async fn deleting_destroys_bytes_and_key(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    setting.share().await?;
    let traces = Traces::of_last_upload(&setting)?;
    traces.ensure_there(&setting)?;

    setting.popup.delete(&setting.account).await?;
    setting.popup.until_session_is(&setting.account, "none").await?;
    traces.until_gone(&setting).await?;
    let export = setting.worker.export(&setting.account, "storage-state").await;
    ensure!(export.is_err(), "a deleted session was exported");
    Ok(())
}

async fn a_collaborator_may_only_look(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_nobody(stage, COLLABORATOR).await?;
    ensure!(!setting.popup.shows("share").await?);
    ensure!(!setting.popup.shows("delete").await?);

    // The page offers nothing; the server would not take it either.
    let delete = json!({ "delete": { "account": setting.account } });
    let reply = setting.popup.send(delete).await?;
    ensure!(reply["failed"]["code"] == "forbidden", "{reply}");
    let refusals = setting.wire.sent(Message::Delete);
    let mut answers = refusals
        .iter()
        .rev()
        .map(|refusal| refusal.status.map(|status| status.as_u16()));
    ensure!(answers.next() == Some(Some(403)), "the last answer is no refusal");
    // Without the nonce that the server wants, a proof is refused once before.
    ensure!(answers.all(|status| status == Some(401)));
    Ok(())
}

async fn no_cookie_value_is_ever_seen(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    let cookie = setting.browser.driver.get_named_cookie("sessionid").await?;
    let shown = setting.share_watched().await?;
    setting.ensure_unseen(stage, &shown, &cookie.value)
}

/// What a transfer leaves in the cloud: bytes at the server, a key at the worker.
struct Traces {
    ciphertext: Vec<u8>,
    key_file: std::path::PathBuf,
    key: Vec<u8>,
}

impl Traces {
    fn of_last_upload(setting: &Setting) -> Result<Self> {
        let uploads = setting.wire.sent(Message::Upload);
        let upload = uploads.last().context("nothing was uploaded")?;
        let sealed: SealedSession = serde_json::from_slice(&upload.sent)?;
        let key_id = sealed.header()?.sealing_key;
        let key_file = setting.worker.state.join(format!("keys/{key_id}.key"));
        let key = fs::read(&key_file).with_context(|| key_file.display().to_string())?;
        // A stretch of it, for a database breaks long values into pages.
        let ciphertext = sealed.ciphertext.as_ref()[..64].to_vec();
        Ok(Self {
            ciphertext,
            key_file,
            key,
        })
    }

    fn ensure_there(&self, setting: &Setting) -> Result<()> {
        ensure!(
            !setting.cloud.server_files_holding(&self.ciphertext)?.is_empty(),
            "the server has no such bytes"
        );
        ensure!(
            !setting.worker.files_holding(&self.key)?.is_empty(),
            "the worker has no such key"
        );
        Ok(())
    }

    /// The server forgets at once, the worker when it hears of it.
    async fn until_gone(&self, setting: &Setting) -> Result<()> {
        let left = setting.cloud.server_files_holding(&self.ciphertext)?;
        ensure!(left.is_empty(), "the bytes are still in {left:?}");
        wait::until("the key to be destroyed", || async {
            Ok((!self.key_file.exists()).then_some(()))
        })
        .await?;
        let left = setting.worker.files_holding(&self.key)?;
        ensure!(left.is_empty(), "the key is still in {left:?}");
        Ok(())
    }
}
