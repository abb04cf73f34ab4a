//! The web app's page and the extension: what a page at the server's address learns,
//! and what it cannot do.

use anyhow::{Context, Result, ensure};
use ferry_e2e::Stage;
use ferry_e2e::django::Django;
use ferry_e2e::popup::Popup;
use ferry_e2e::setting::Setting;
use ferry_e2e::wait;
use ferry_e2e::web_page::WebPage;
use ferry_e2e::wire::Wire;
use serde_json::{Value, json};

use crate::django::{with_alice, with_alice_and};

crate::in_both_browsers!(
    a_page_has_the_transfer_page_opened_and_follows_it,
    a_page_of_another_origin_or_in_a_frame_is_not_heard,
    a_page_is_heard_only_while_somebody_is_signed_in,
    another_extension_is_not_heard,
);

fn of(ask: &str, account: &str) -> Value {
    json!({ ask: { "account": account } })
}

async fn a_page_has_the_transfer_page_opened_and_follows_it(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    let page = WebPage::open(&setting.browser, &setting.wire.address).await?;
    let account = setting.account.as_str();
    let hello = page.ask(json!({ "hello": {} })).await?;
    ensure!(hello["ok"]["signed_in"]["trusted"] == true, "{hello}");
    let found = page.ask(of("look", account)).await?;
    ensure!(
        found == json!({ "ok": "needs-permission" }),
        "not agreed to yet: {found}"
    );
    let following = page.ask(of("follow", account)).await?;
    ensure!(following == json!({ "ok": {} }), "{following}");

    // A thousand times, and then once more: the same tab.
    let replies = page.ask_often(of("open", account), 1_000).await?;
    ensure!(replies[0] == json!({ "ok": {} }), "{}", replies[0]);
    let opened = setting.popup.tabs().await?;
    ensure!(opened.len() == 1, "{opened:?}");
    let again = page.ask(of("open", account)).await?;
    ensure!(again == json!({ "ok": {} }), "{again}");
    ensure!(setting.popup.tabs().await? == opened, "another tab");
    setting.ensure_nothing_left()?;

    // The click is the person's, in that page. (The driver shows no tab that an extension
    // opened: the page is opened once more, in one of the driver's.)
    let own = Popup::at(&setting.browser, &opened[0]).await?;
    ensure!(
        own.find("share-page")
            .await?
            .attr("data-account")
            .await?
            .as_deref()
            == Some(account)
    );
    own.look_first().await?;
    own.consent().await?;
    let steps = page.until_step("done").await?;
    ensure!(!steps.to_string().contains("alice"), "{steps}");
    let found = page.ask(of("look", account)).await?;
    ensure!(found == json!({ "ok": "ready" }), "{found}");
    ensure!(setting.stored() == 1);
    Ok(())
}

async fn a_page_of_another_origin_or_in_a_frame_is_not_heard(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    // The content script runs there as well: match patterns have no port.
    let other = Wire::put_up().await?;
    let stranger = WebPage::open(&setting.browser, &other.address).await?;
    let page = WebPage::open(&setting.browser, &setting.wire.address).await?;
    let asks = [
        json!({ "hello": {} }),
        of("look", &setting.account),
        of("open", &setting.account),
    ];
    for ask in asks {
        stranger.say(ask.clone()).await?;
        page.say_in_frame(ask).await?;
    }
    // What only the extension's own pages say, and what nobody says.
    let share = share(&setting).await?;
    for ask in [
        share.clone(),
        json!({ "page": share }),
        json!({ "delete": { "account": setting.account } }),
        json!({ "sign-out": {} }),
        json!({ "get-state": {} }),
        json!({ "sign-in": { "server": "http://127.0.0.1:1", "email": "a@b", "password": "x" } }),
        json!({ "page": { "hello": {} } }),
        json!({ "hello": {}, "share": { "account": setting.account } }),
        json!("hello"),
        json!(null),
        json!({ "hello": { "x": 1 } }),
        json!({ "look": { "account": "x".repeat(1_000) } }),
    ] {
        page.say(ask).await?;
    }
    // Whatever would have been answered was asked before this.
    let hello = page.ask(json!({ "hello": {} })).await?;
    ensure!(hello["ok"]["signed_in"].is_object(), "{hello}");
    ensure!(page.replies().await? == 1, "something else was answered");
    ensure!(stranger.replies().await? == 0, "another origin was answered");
    let opened = setting.popup.tabs().await?;
    ensure!(opened.is_empty(), "{opened:?}");
    setting.ensure_nothing_left()
}

/// The ask that would transfer the session, if it were heard.
async fn share(setting: &Setting) -> Result<Value> {
    let shown = setting.popup.shown().await?;
    Ok(json!({ "share": {
        "account": setting.account, "consent": { "text_version": 1, "shown": shown },
        "accept_unknown": true, "store": "", "only": null, "named": null,
    } }))
}

async fn a_page_is_heard_only_while_somebody_is_signed_in(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    let page = WebPage::open(&setting.browser, &setting.wire.address).await?;
    page.ask(json!({ "hello": {} })).await?;
    // A background that was stopped is started by the page, and knows it still.
    setting.browser.stop_background().await?;
    page.ask(json!({ "hello": {} })).await?;
    let state = setting.popup.send(json!({ "sign-out": {} })).await?;
    ensure!(state["ok"]["phase"]["signed-out"].is_object(), "{state}");
    page.say(json!({ "hello": {} })).await?;
    let fresh = WebPage::open(&setting.browser, &setting.wire.address).await?;
    fresh.say(json!({ "hello": {} })).await?;
    // The background answers one after the other.
    setting.popup.send(json!({ "get-state": {} })).await?;
    ensure!(
        page.replies().await? == 2 && fresh.replies().await? == 0,
        "nobody is signed in"
    );
    // In again: pages that are open are heard without being loaded anew.
    setting.popup.show().await?;
    let person = ferry_e2e::cloud::OWNER;
    setting.popup.sign_in(&setting.wire.address, person).await?;
    let hello = fresh.ask_until_heard(&json!({ "hello": {} })).await?;
    let trusted = hello["ok"]["signed_in"]["trusted"].as_bool();
    ensure!(trusted == Some(false), "{hello}");
    let looked = fresh.ask(of("look", &setting.account)).await?;
    let code = looked["failed"]["code"].as_str().context("a failure")?;
    ensure!(code == "device-not-trusted", "{looked}");
    Ok(())
}

async fn another_extension_is_not_heard(stage: &Stage) -> Result<()> {
    let (django, setting) = with_alice_and(stage, |plan| plan.hostile = true).await?;
    let replies = attacked(&django, &setting).await?;
    ensure!(replies.iter().all(|reply| reply == "refused"), "{replies:?}");
    setting.ensure_nothing_left()?;

    // It does reach whoever of Ferry's listens to other extensions: with a page that does,
    // each of these asks arrives.
    let browser = &setting.browser;
    browser
        .open_tab(&browser.extension_page("reachable/index.html"))
        .await?;
    ensure!(browser.driver.title().await? == "Hearing");
    let replies = attacked(&django, &setting).await?;
    ensure!(replies.iter().all(|reply| reply == r#""heard""#), "{replies:?}");
    setting.ensure_nothing_left()
}

/// What came back to the other extension, which asks for everything in all ways.
async fn attacked(django: &Django, setting: &Setting) -> Result<Vec<String>> {
    let Setting { browser, account, .. } = setting;
    let share = share(setting).await?;
    browser.open_tab(&django.url("/admin/login/")).await?;
    // Its script comes into the page when the browser finds the time.
    wait::until("the other extension to be in the page", || async {
        let script = "return 'hears' in document.documentElement.dataset || null;";
        Ok(browser.driver.execute(script, Vec::new()).await?.json().as_bool())
    })
    .await?;
    let script = "postMessage({ attack: { account: arguments[0], share: arguments[1] } }, location.origin);";
    browser
        .driver
        .execute(script, vec![account.as_str().into(), share])
        .await?;
    let replies = wait::until("the other extension to have tried", || async {
        let script = "return document.documentElement.dataset.replies ?? null;";
        let replies = browser.driver.execute(script, Vec::new()).await?;
        Ok(replies.json().as_str().map(str::to_owned))
    })
    .await?;
    let replies: Vec<String> = serde_json::from_str(&replies)?;
    ensure!(replies.len() == 9, "{replies:?}");
    Ok(replies)
}
