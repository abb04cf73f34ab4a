//! Cookie stores beside that of the ordinary windows: a container and a private window in
//! Firefox, an incognito window in Chromium. Who is signed in there is somebody else than in
//! the windows.

use anyhow::{Context, Result, ensure};
use ferry_e2e::Stage;
use ferry_e2e::demo_app::DemoApp;
use ferry_e2e::django::Django;
use ferry_e2e::setting::{Plan, Setting};
use ferry_e2e::wait;
use serde_json::{Value, json};
use thirtyfour::Cookie;

crate::in_both_browsers!(
    a_store_of_its_own_is_shared_and_nothing_is_merged,
    a_token_in_a_store_of_its_own_is_shared,
);

/// Chromium has private windows alone, Firefox has them beside its containers.
mod firefox_private {
    use ferry_e2e::browser::Kind;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_private_window_is_shared_and_nothing_is_merged() -> anyhow::Result<()> {
        let name = "a_private_window_is_shared_and_nothing_is_merged";
        let test = async |stage: &_| super::a_store_is_shared(stage, true).await;
        ferry_e2e::stage::run(name, Kind::Firefox, test).await
    }
}

/// Opens such a store, with a cookie in it if one is given, and with a page in a tab of
/// its own whose local storage has these entries; gives the store's identifier.
const OPEN_STORE: &str = r#"
    const [isPrivate, url, cookie, entries, done] = arguments;
    const api = globalThis.browser ?? chrome;
    async function open() {
        if (api.contextualIdentities && !isPrivate) {
            const identity = { name: "Second desk", color: "blue", icon: "briefcase" };
            const { cookieStoreId } = await api.contextualIdentities.create(identity);
            return [cookieStoreId, await api.tabs.create({ cookieStoreId, url, active: false })];
        }
        // Firefox opens no window behind others.
        const behind = api.contextualIdentities ? {} : { focused: false };
        const { tabs } = await api.windows.create({ incognito: true, url, ...behind });
        return [tabs[0].cookieStoreId ?? "1", tabs[0]];
    }
    async function loaded({ id }) {
        for (;;) {
            const tab = await api.tabs.get(id);
            if (tab.status === "complete" && tab.url === url) {
                return id;
            }
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
    }
    const keep = (entries) => void Object.assign(localStorage, entries);
    open().then(async ([storeId, tab]) => {
        const tabId = await loaded(tab);
        if (cookie) {
            await api.cookies.set({ ...cookie, storeId });
        }
        await api.scripting.executeScript({ target: { tabId }, func: keep, args: [entries] });
        done(storeId);
    }).catch((error) => done({ error: String(error) }));
"#;

/// Opens a store (see [`OPEN_STORE`]).
async fn open_store(
    setting: &Setting,
    private: bool,
    url: String,
    cookie: Value,
    entries: Value,
) -> Result<String> {
    let store = setting
        .popup
        .run(OPEN_STORE, vec![private.into(), url.into(), cookie, entries])
        .await?;
    let store = store.as_str().with_context(|| store.to_string())?;
    Ok(store.to_owned())
}

/// Picks the store on the page that *Share* opens, and transfers out of it: whoever is
/// signed in in the ordinary windows is another.
async fn share_out_of(setting: &Setting, store: &str) -> Result<()> {
    setting.popup.click_share(&setting.account).await?;
    let row = |store: &str, person: &str| (format!("[data-store='{store}']"), person.to_owned());
    for (row, person) in [row("", "alice"), row(store, "bob")] {
        setting.popup.press(&row).await?;
        wait::until("who is signed in there", || async {
            let row = setting.popup.find_by(&row).await?;
            let text = row.text().await.unwrap_or_default();
            Ok(text.contains(&person).then_some(()))
        })
        .await?;
    }
    setting.popup.consent().await?;
    setting
        .popup
        .until_session_is(&setting.account, "verified")
        .await?;
    Ok(())
}

async fn a_store_of_its_own_is_shared_and_nothing_is_merged(stage: &Stage) -> Result<()> {
    a_store_is_shared(stage, false).await
}

async fn a_store_is_shared(stage: &Stage, private: bool) -> Result<()> {
    let django = Django::start(&stage.subfolder("django")?).await?;
    let plan = Plan::of(django.definition()?, Some("bob"));
    let setting = Setting::start(stage, plan).await?;
    let driver = &setting.browser.driver;
    let tab = driver.new_tab().await?;
    driver.switch_to_window(tab).await?;
    // Bob's session goes into the other store, and alice is signed in here.
    django.sign_in(&setting.browser, "bob").await?;
    let session: Cookie = driver.get_named_cookie("sessionid").await?;
    driver.delete_all_cookies().await?;
    django.sign_in(&setting.browser, "alice").await?;

    let cookie =
        json!({ "url": django.url("/"), "name": "sessionid", "value": session.value, "httpOnly": true });
    let store = open_store(&setting, private, django.url("/favicon.ico"), cookie, json!({})).await?;
    let listed = setting.popup.send(json!({ "list-stores": {} })).await?;
    let stores = listed["ok"]["stores"]
        .as_array()
        .with_context(|| listed.to_string())?;
    let listed: Vec<_> = stores.iter().map(|store| &store["id"]).collect();
    ensure!(
        stores[0]["id"] == "" && listed.contains(&&json!(store)),
        "{stores:?}"
    );

    share_out_of(&setting, &store).await?;
    // A look at Django's pages leaves its CSRF cookie there as well.
    let exported = setting.worker.export(&setting.account, "storage-state").await?;
    let exported: Value = serde_json::from_str(&exported)?;
    let cookies = exported["cookies"].as_array().context("cookies")?;
    let sessions: Vec<_> = cookies
        .iter()
        .filter(|cookie| cookie["name"] == "sessionid")
        .collect();
    ensure!(
        sessions.len() == 1 && sessions[0]["value"] == session.value,
        "{} sessions",
        sessions.len()
    );
    Ok(())
}

/// The sign-in is in the local storage, of which each store has its own.
async fn a_token_in_a_store_of_its_own_is_shared(stage: &Stage) -> Result<()> {
    let app = DemoApp::start(&stage.subfolder("demo-app")?).await?;
    let plan = Plan::of(app.chat_token.clone(), Some("bob")).secured_by(&app.authority);
    let setting = Setting::start(stage, plan).await?;
    let driver = &setting.browser.driver;
    let tab = driver.new_tab().await?;
    driver.switch_to_window(tab).await?;
    app.sign_in_to_chat(&setting.browser, "token", "bob").await?;
    // The client takes its page's away; a frame within has it.
    let take = "const frame = document.body.appendChild(document.createElement('iframe')); \
                const storage = frame.contentWindow.localStorage; \
                const entries = { ...storage }; storage.clear(); frame.remove(); return entries;";
    let entries = driver.execute(take, Vec::new()).await?.json().clone();
    app.sign_in_to_chat(&setting.browser, "token", "alice").await?;

    // Where none of the client's scripts run.
    let url = app.url("/chat.js");
    let store = open_store(&setting, false, url, Value::Null, entries.clone()).await?;
    share_out_of(&setting, &store).await?;
    let exported = setting.worker.export(&setting.account, "storage-state").await?;
    let exported: Value = serde_json::from_str(&exported)?;
    let sealed = exported["origins"][0]["localStorage"]
        .as_array()
        .context("entries")?;
    let token = sealed.iter().find(|entry| entry["name"] == "token");
    ensure!(
        token.context("a token")?["value"] == entries["token"],
        "the token is another store's"
    );
    Ok(())
}
