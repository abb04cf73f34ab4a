//! A Jupyter server, whose sign-in is several cookies, and which takes no change without
//! the one that guards against forged requests.

use anyhow::{Result, ensure};
use ferry_e2e::Stage;
use ferry_e2e::exported::Client;
use ferry_e2e::jupyter::{self, Jupyter};
use ferry_e2e::setting::{Plan, Setting};

crate::in_both_browsers!(automation_changes_something_past_the_csrf_check);

async fn automation_changes_something_past_the_csrf_check(stage: &Stage) -> Result<()> {
    let jupyter = Jupyter::start(&stage.subfolder("jupyter")?).await?;
    // The server gives names itself: whose it is shows only after signing in.
    let plan = Plan::of(jupyter.definition()?, None);
    let setting = Setting::start(stage, plan).await?;
    setting.browser.open_tab("about:blank").await?;
    let who = jupyter.sign_in(&setting.browser).await?;
    setting.share().await?;
    let state = setting.popup.session_state(&setting.account).await?;
    ensure!(state.text == "Transferred · verified", "{state:?}");

    let exported = setting.worker.export(&setting.account, "storage-state").await?;
    let client = Client::default();
    let me = client.get(&exported, &jupyter.url("/api/me")).await?;
    ensure!(jupyter::name(&me)? == who, "the server says {me}");

    let files = jupyter.url("/api/contents/");
    let new = r#"{"type":"file","ext":".txt"}"#;
    let forged = client.post(&exported, &files, new, &[]).await?;
    ensure!(forged.as_u16() == 403, "without the token: {forged}");
    let token = Client::cookie(&exported, "_xsrf")?;
    let made = client
        .post(&exported, &files, new, &[("X-XSRFToken", &token)])
        .await?;
    ensure!(made.as_u16() == 201, "with the token: {made}");
    ensure!(
        jupyter.root.join("untitled.txt").exists(),
        "the file is not there"
    );
    Ok(())
}
