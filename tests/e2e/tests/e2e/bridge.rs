//! Who may ask the extension for what: the workspace's web app little, a page elsewhere
//! and another extension nothing.

use anyhow::{Context, Result, ensure};
use ferry_e2e::Stage;
use ferry_e2e::browser::Browser;
use ferry_e2e::page::Page;
use ferry_e2e::setting::Setting;
use ferry_e2e::site::Site;
use ferry_e2e::wait;
use ferry_e2e::wire::Message;
use serde_json::{Value, json};

use crate::django::{with_alice, with_alice_and};

crate::in_both_browsers!(
    a_page_of_the_workspace_can_ask_and_nothing_more,
    a_page_elsewhere_is_not_heard,
    another_extension_is_not_heard,
);

/// Notes every reply and event that a page gets.
const LISTEN: &str = "globalThis.heard = [];
    addEventListener('message', ({ data }) => {
        if (data?.ferry === 'reply' || data?.ferry === 'event') heard.push(data);
    });";

/// What a page may not ask, in the form in which it may ask.
fn forbidden(account: &str) -> Vec<Value> {
    let inner = [
        json!({ "share": { "account": account, "consent": 1, "accept_unknown": true } }),
        json!({ "get-state": {} }),
        json!({ "delete": { "account": account } }),
        json!({ "sign-in": { "server": "http://127.0.0.1:1", "email": "a@b", "password": "x" } }),
        json!({ "sign-out": {} }),
        json!({ "look": { "account": account, "more": true } }),
        json!({ "look": { "account": "x".repeat(10_000) } }),
        json!({ "hello": {}, "share": { "account": account } }),
        json!("hello"),
        json!(null),
    ];
    let asks = inner.iter().enumerate();
    let mut all: Vec<_> = asks
        .map(|(id, ask)| json!({ "ferry": "ask", "id": id, "ask": ask }))
        .collect();
    // As an extension page would say it.
    all.extend(inner.iter().cloned());
    all.push(json!({ "page": { "hello": {} } }));
    all.push(json!({ "ferry": "ask", "id": -1, "ask": { "hello": {} } }));
    all
}

async fn post(browser: &Browser, messages: &[Value]) -> Result<()> {
    let script = "for (const message of arguments[0]) postMessage(message, location.origin);";
    browser.driver.execute(script, vec![messages.into()]).await?;
    Ok(())
}

async fn heard(browser: &Browser) -> Result<Vec<Value>> {
    let heard = browser.driver.execute("return heard;", Vec::new()).await?;
    Ok(heard.json().as_array().context("a list")?.clone())
}

/// Asks until the content script is there; then all that was posted before is answered,
/// if it ever will be.
async fn say_hello(browser: &Browser) -> Result<Vec<Value>> {
    wait::until("a reply to hello", || async {
        post(
            browser,
            &[json!({ "ferry": "ask", "id": 999, "ask": { "hello": {} } })],
        )
        .await?;
        let heard = heard(browser).await?;
        Ok(heard.iter().any(|reply| reply["id"] == 999).then_some(heard))
    })
    .await
}

async fn a_page_of_the_workspace_can_ask_and_nothing_more(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    let Setting { browser, account, .. } = &setting;
    let page = Page::open(browser, &format!("{}/", setting.cloud.address)).await?;
    browser.driver.execute(LISTEN, Vec::new()).await?;
    say_hello(browser).await?;
    post(browser, &forbidden(account)).await?;
    let replies = say_hello(browser).await?;
    let others: Vec<_> = replies.iter().filter(|reply| reply["id"] != 999).collect();
    ensure!(others.is_empty(), "it answered {others:#?}");
    ensure!(
        replies[0]["reply"]["ok"]["signed_in"]["trusted"] == true,
        "{:#}",
        replies[0]
    );

    // It learns that somebody is signed in, and not who.
    let look = json!({ "ferry": "ask", "id": 1000, "ask": { "look": { "account": account } } });
    post(browser, &[look]).await?;
    let found = wait::until("the look", || async {
        let heard = heard(browser).await?;
        Ok(heard.into_iter().find(|reply| reply["id"] == 1000))
    })
    .await?;
    ensure!(found["reply"] == json!({ "ok": "ready" }), "{found:#}");

    // However often it asks: one page of the extension's, and no transfer.
    let before = browser.driver.windows().await?.len();
    let open = json!({ "ferry": "ask", "id": 1001, "ask": { "open": { "account": account } } });
    post(browser, &vec![open; 50]).await?;
    wait::until("fifty replies", || async {
        page.show().await?;
        let heard = heard(browser).await?;
        let replies = heard.iter().filter(|reply| reply["id"] == 1001);
        Ok((replies.count() == 50).then_some(()))
    })
    .await?;
    let after = browser.driver.windows().await?.len();
    ensure!(after == before + 1, "{before} tabs became {after}");
    setting.ensure_nothing_left()?;
    ensure!(
        setting.wire.sent(Message::Consent).is_empty(),
        "consent was given"
    );
    Ok(())
}

async fn a_page_elsewhere_is_not_heard(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice(stage).await?;
    let Setting { browser, account, .. } = &setting;
    // The same host as the workspace's, another port: match patterns know no ports.
    let site = Site::start("<!doctype html><title>elsewhere</title>").await?;
    let elsewhere = Page::open(browser, &site.address).await?;
    browser.driver.execute(LISTEN, Vec::new()).await?;
    let mut asks = forbidden(account);
    for ask in [
        json!({ "hello": {} }),
        json!({ "look": { "account": account } }),
        json!({ "open": { "account": account } }),
        json!({ "follow": { "account": account } }),
    ] {
        asks.push(json!({ "ferry": "ask", "id": 7, "ask": ask }));
    }
    let before = browser.driver.windows().await?.len();
    post(browser, &asks).await?;

    // The web app is in no frame of its.
    let frame = "const [address, done] = arguments;
        const frame = document.createElement('iframe');
        frame.src = address;
        frame.onload = frame.onerror = () => done(true);
        document.body.append(frame);";
    let address = format!("{}/", setting.cloud.address);
    browser
        .driver
        .execute_async(frame, vec![address.clone().into()])
        .await?;
    let asked = setting.wire.exchanges();
    ensure!(
        asked.iter().any(|one| one.path == "/"),
        "the frame asked for nothing"
    );
    ensure!(
        !asked.iter().any(|one| one.path.ends_with(".js")),
        "the web app runs in a frame of another site"
    );

    // Whatever was to be answered, was, once this is.
    let own = Page::open(browser, &address).await?;
    browser.driver.execute(LISTEN, Vec::new()).await?;
    say_hello(browser).await?;
    drop(own);
    elsewhere.show().await?;
    let replies = heard(browser).await?;
    ensure!(replies.is_empty(), "it answered {replies:#?}");
    // The one more is that of the web app.
    ensure!(
        browser.driver.windows().await?.len() == before + 1,
        "a tab was opened"
    );
    setting.ensure_nothing_left()
}

async fn another_extension_is_not_heard(stage: &Stage) -> Result<()> {
    let (django, setting) = with_alice_and(stage, true).await?;
    let Setting { browser, account, .. } = &setting;
    browser.open_tab(&django.url("/admin/login/")).await?;
    let script = "postMessage({ attack: arguments[0] }, location.origin);";
    browser
        .driver
        .execute(script, vec![account.as_str().into()])
        .await?;
    let replies = wait::until("the other extension to have tried", || async {
        let script = "return document.documentElement.dataset.replies ?? null;";
        let replies = browser.driver.execute(script, Vec::new()).await?;
        Ok(replies.json().as_str().map(str::to_owned))
    })
    .await?;
    let replies: Vec<String> = serde_json::from_str(&replies)?;
    ensure!(replies.len() == 9, "{replies:?}");
    ensure!(replies.iter().all(|reply| reply == "refused"), "{replies:?}");
    setting.ensure_nothing_left()
}
