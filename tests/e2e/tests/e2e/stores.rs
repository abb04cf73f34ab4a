//! Cookie stores beside that of the ordinary windows: a container in Firefox, an incognito
//! window in Chromium. Who is signed in there is somebody else than in the windows.

use anyhow::{Context, Result, ensure};
use ferry_e2e::Stage;
use ferry_e2e::django::Django;
use ferry_e2e::setting::{Plan, Setting};
use serde_json::{Value, json};
use thirtyfour::Cookie;

crate::in_both_browsers!(a_store_of_its_own_is_shared_and_nothing_is_merged);

/// Opens such a store, with a cookie in it; gives its identifier.
const OPEN_STORE: &str = r#"
    const [cookie, done] = arguments;
    const api = globalThis.browser ?? chrome;
    async function open() {
        if (api.contextualIdentities) {
            const identity = { name: "Second desk", color: "blue", icon: "briefcase" };
            return (await api.contextualIdentities.create(identity)).cookieStoreId;
        }
        await chrome.windows.create({ incognito: true, focused: false, url: "about:blank" });
        return "1";
    }
    open().then(async (storeId) => {
        await api.cookies.set({ ...cookie, storeId });
        done(storeId);
    }).catch((error) => done({ error: String(error) }));
"#;

async fn a_store_of_its_own_is_shared_and_nothing_is_merged(stage: &Stage) -> Result<()> {
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
    let store = setting.popup.run(OPEN_STORE, vec![cookie]).await?;
    let store = store.as_str().with_context(|| store.to_string())?.to_owned();
    let listed = setting.popup.send(json!({ "list-stores": {} })).await?;
    let stores = listed["ok"]["stores"]
        .as_array()
        .with_context(|| listed.to_string())?;
    let listed: Vec<_> = stores.iter().map(|store| &store["id"]).collect();
    ensure!(
        stores[0]["id"] == "" && listed.contains(&&json!(store)),
        "{stores:?}"
    );

    let look = async |store: &str| -> Result<Value> {
        let inspect = json!({ "inspect": { "account": setting.account, "store": store } });
        Ok(setting.popup.send(inspect).await?["ok"]["finding"].clone())
    };
    let ordinary = look("").await?;
    ensure!(ordinary["another"]["found"] == "alice", "{ordinary}");
    let other = look(&store).await?;
    ensure!(other["one"]["identity"] == "bob", "{other}");

    let share = json!({ "share": {
        "account": setting.account, "consent": 1, "accept_unknown": false, "store": store, "only": null,
    } });
    let shared = setting.popup.send(share).await?;
    ensure!(!shared["ok"].is_null(), "{shared}");
    setting
        .popup
        .until_session_is(&setting.account, "verified")
        .await?;
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
