//! Apps whose sign-in lies in the storage of their pages: a token alone, tokens beside a
//! cookie, a token in a database.

use anyhow::{Context, Result, ensure};
use ferry_e2e::Stage;
use ferry_e2e::demo_app::DemoApp;
use ferry_e2e::setting::{Plan, Setting};
use ferry_e2e::wait;
use serde_json::Value;

crate::in_both_browsers!(
    a_token_alone_is_transferred_from_an_open_tab_and_without_one,
    tokens_beside_a_cookie_are_transferred,
    a_token_in_a_database_is_transferred,
);

/// The chat with alice signed in to it, in a tab of its own, which is in use then.
async fn chat(stage: &Stage, kind: &str) -> Result<(DemoApp, Setting)> {
    let app = DemoApp::start(&stage.subfolder("demo-app")?).await?;
    let definition = match kind {
        "token" => &app.chat_token,
        "database" => &app.chat_database,
        _ => &app.chat_paired,
    };
    let plan = Plan::of(definition.clone(), Some("alice")).secured_by(&app.authority);
    let setting = Setting::start(stage, plan).await?;
    let driver = &setting.browser.driver;
    let tab = driver.new_tab().await?;
    driver.switch_to_window(tab).await?;
    app.sign_in_to_chat(&setting.browser, kind, "alice").await?;
    Ok((app, setting))
}

/// What the worker gives to automation.
async fn exported(setting: &Setting) -> Result<Value> {
    let text = setting.worker.export(&setting.account, "storage-state").await?;
    Ok(serde_json::from_str(&text)?)
}

/// An entry of the one origin, as JSON.
fn entry(exported: &Value, name: &str) -> Result<Value> {
    let entries = exported["origins"][0]["localStorage"]
        .as_array()
        .context("an origin")?;
    let entry = entries
        .iter()
        .find(|entry| entry["name"] == name)
        .context("an entry")?;
    Ok(serde_json::from_str(
        entry["value"].as_str().context("its value")?,
    )?)
}

/// Whom the chat's server takes the bearer of a token for.
async fn who(app: &DemoApp, kind: &str, token: &Value, cookie: Option<&Value>) -> Result<Value> {
    let client = ferry_e2e::http::client()
        .danger_accept_invalid_certs(true)
        .build()?;
    let url = format!("https://127.0.0.1:{}/chat/{kind}/me", app.port);
    let mut request = client.get(url).bearer_auth(token.as_str().context("a token")?);
    if let Some(cookie) = cookie {
        request = request.header("Cookie", format!("d={}", cookie.as_str().context("a cookie")?));
    }
    Ok(request.send().await?.error_for_status()?.json().await?)
}

async fn a_token_alone_is_transferred_from_an_open_tab_and_without_one(stage: &Stage) -> Result<()> {
    let (app, setting) = chat(stage, "token").await?;
    let driver = &setting.browser.driver;
    let at_app = driver.window().await?;
    setting.share().await?;
    let first = setting.popup.account(&setting.account).await?["session"].clone();
    ensure!(first["check"]["identified"] == true, "{first}");
    let storage = &first["check"]["receipt"]["storage"];
    ensure!(storage["sealed"] == 2 && storage["restored"] == 2, "{first}");
    let state = exported(&setting).await?;
    let known = who(&app, "token", &entry(&state, "token")?, None).await?;
    ensure!(known["user"] == "alice", "{known}");

    // No tab of the app's is open: one is opened behind for it, and closed again.
    driver.switch_to_window(at_app).await?;
    driver.close_window().await?;
    let tabs = setting.popup.open_tabs().await?;
    setting.popup.dismiss().await?;
    setting.popup.share(&setting.account).await?;
    let second = wait::until("another session", || async {
        let session = setting.popup.account(&setting.account).await?["session"].clone();
        let is_new = session["transfer"] != first["transfer"] && !session["check"].is_null();
        Ok(is_new.then_some(session))
    })
    .await?;
    ensure!(second["check"]["identified"] == true, "{second}");
    ensure!(setting.popup.open_tabs().await? == tabs, "a tab was left open");

    // A second person beside her.
    let at_app = driver.new_tab().await?;
    driver.switch_to_window(at_app).await?;
    app.sign_in_to_chat(&setting.browser, "token", "bob").await?;
    setting.popup.click_share(&setting.account).await?;
    let text = setting.popup.notice_with("several-identities").await?;
    ensure!(text.contains("alice") && text.contains("bob"), "{text}");
    ensure!(setting.stored() == 2);

    // The app ends the session.
    app.forget("alice").await?;
    setting.popup.check_now(&setting.account).await?;
    setting
        .popup
        .until_session_is(&setting.account, "invalid")
        .await?;
    Ok(())
}

async fn tokens_beside_a_cookie_are_transferred(stage: &Stage) -> Result<()> {
    let (app, setting) = chat(stage, "paired").await?;
    let shown = setting.share_watched().await?;
    let check = setting.popup.account(&setting.account).await?["session"]["check"].clone();
    ensure!(check["identified"] == true, "{check}");
    let state = exported(&setting).await?;
    let token = entry(&state, "localConfig_v2")?["teams"]["alice"]["token"].clone();
    ensure!(state["cookies"][0]["name"] == "d", "{}", state["cookies"]);
    let who_is_it = who(&app, "paired", &token, Some(&state["cookies"][0]["value"])).await?;
    ensure!(who_is_it["user"] == "alice", "{who_is_it}");
    setting.ensure_unseen(stage, &shown, token.as_str().context("a token")?)
}

/// Answers with the token of the one who is signed in.
const TOKEN_IN_DATABASE: &str = r#"
    const [answer] = arguments;
    const opening = indexedDB.open("firebaseLocalStorageDb", 1);
    opening.onsuccess = () => {
        const people = opening.result.transaction("firebaseLocalStorage").objectStore("firebaseLocalStorage");
        const all = people.getAll();
        all.onsuccess = () => answer(all.result[0].value.stsTokenManager.accessToken);
    };
"#;

/// In IndexedDB, as apps on Firebase keep it. The worker's browser is signed in by it: it
/// reads who it is from what the app's script left there after asking its server.
async fn a_token_in_a_database_is_transferred(stage: &Stage) -> Result<()> {
    let (app, setting) = chat(stage, "database").await?;
    let token = setting
        .browser
        .driver
        .execute_async(TOKEN_IN_DATABASE, Vec::new())
        .await?;
    let token = token.json().as_str().context("a token")?.to_owned();
    let shown = setting.share_watched().await?;
    setting.ensure_unseen(stage, &shown, &token)?;
    let check = setting.popup.account(&setting.account).await?["session"]["check"].clone();
    ensure!(check["identified"] == true, "{check}");
    let storage = &check["receipt"]["storage"];
    ensure!(storage["sealed"] == 1 && storage["restored"] == 1, "{check}");
    app.forget("alice").await?;
    setting.popup.check_now(&setting.account).await?;
    setting
        .popup
        .until_session_is(&setting.account, "invalid")
        .await?;
    Ok(())
}
