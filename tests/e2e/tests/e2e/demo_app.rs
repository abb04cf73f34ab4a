//! What Django does not have: several people in one browser, and cookies of every
//! kind, over HTTPS.

use anyhow::{Context, Result, ensure};
use ferry_e2e::Stage;
use ferry_e2e::browser::Kind;
use ferry_e2e::demo_app::DemoApp;
use ferry_e2e::setting::{Plan, Setting};
use ferry_e2e::{exported, wait};
use thirtyfour::Cookie;

crate::in_both_browsers!(
    several_people_are_refused_until_one_is_left,
    cookies_of_every_kind_arrive,
    a_rotating_cookie_stays_alive,
    a_session_that_is_bound_to_the_device_is_not_transferred,
    one_of_several_is_transferred_without_the_others_token,
);

/// The demo app with these people signed in, the account alice's.
async fn with_people(stage: &Stage, people: &[&str]) -> Result<(DemoApp, Setting)> {
    with_people_and(stage, people, |_| ()).await
}

/// As [`with_people`], with something changed about the plan.
async fn with_people_and(
    stage: &Stage,
    people: &[&str],
    change: impl FnOnce(&mut Plan<'_>),
) -> Result<(DemoApp, Setting)> {
    let app = DemoApp::start(&stage.subfolder("demo-app")?).await?;
    let mut plan = Plan::of(app.definition.clone(), Some("alice")).secured_by(&app.authority);
    change(&mut plan);
    let setting = Setting::start(stage, plan).await?;
    let tab = setting.browser.driver.new_tab().await?;
    setting.browser.driver.switch_to_window(tab).await?;
    for name in people {
        app.sign_in(&setting.browser, name).await?;
    }
    Ok((app, setting))
}

async fn several_people_are_refused_until_one_is_left(stage: &Stage) -> Result<()> {
    let (app, setting) = with_people(stage, &["alice", "bob"]).await?;
    let at_app = setting.browser.driver.window().await?;
    setting.popup.click_share(&setting.account).await?;
    setting.popup.notice_with("several-identities").await?;
    let text = setting.popup.text().await?;
    ensure!(
        text.contains("alice") && text.contains("bob"),
        "it does not name both: {text}"
    );
    setting.ensure_nothing_left()?;

    // The way out beside his name leads to the app's page for him alone.
    let way_out = "[data-testid=person] [data-testid=sign-out-of][aria-label='Sign out bob']";
    setting.popup.press(way_out).await?;
    let page = setting.popup.until_tab_at(&app.url("/sign-out")).await?;
    ensure!(page == app.url("/sign-out?user=bob"), "it leads to {page}");
    setting.browser.driver.switch_to_window(at_app).await?;
    app.sign_out_on(&setting.browser, &page, "bob").await?;
    setting.popup.click_share(&setting.account).await?;
    setting.popup.consent().await?;
    setting
        .popup
        .until_session_is(&setting.account, "verified")
        .await?;
    Ok(())
}

/// The app takes a session only with all five cookies as they were: partitioned,
/// host-only, `__Host-`, for a domain, and without SameSite.
async fn cookies_of_every_kind_arrive(stage: &Stage) -> Result<()> {
    let (app, setting) = with_people(stage, &["alice"]).await?;
    setting.share().await?;
    let receipt = setting.popup.account(&setting.account).await?["session"]["check"]["receipt"].clone();
    ensure!(
        receipt["sealed"] == receipt["restored"] && receipt["restored"] == 5,
        "{receipt}"
    );
    let exported = setting.worker.export(&setting.account, "storage-state").await?;
    let client = exported::Client {
        authority: Some(&app.authority.pem),
        user_agent: Some(&setting.browser.user_agent().await?),
    };
    let page = client.get(&exported, &app.url("/account")).await?;
    ensure!(page.contains("Signed in as <strong>alice</strong>"), "{page}");
    let exported: serde_json::Value = serde_json::from_str(&exported)?;
    let cookies = exported["cookies"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let cookie = |name: &str| {
        cookies
            .iter()
            .find(|cookie| cookie["name"] == name)
            .cloned()
            .unwrap_or_default()
    };
    ensure!(cookie("__Host-harbour_sid")["domain"] == "app.demo.test");
    ensure!(cookie("harbour_accounts")["domain"] == ".demo.test");
    ensure!(
        cookie("harbour_part")["partitionKey"]
            .as_str()
            .is_some_and(|key| key.contains("demo.test"))
    );
    ensure!(cookie("__Host-harbour_sid")["expires"].as_f64() == Some(-1.0));
    Ok(())
}

/// The app changes one cookie at each visit, and ends the session when an old one
/// comes back: the worker has to keep what it was given.
async fn a_rotating_cookie_stays_alive(stage: &Stage) -> Result<()> {
    let (app, setting) = with_people(stage, &["alice"]).await?;
    setting.share().await?;
    for _ in 0..2 {
        let before = setting.popup.account(&setting.account).await?["session"]["check"]["at"].clone();
        setting.popup.check_now(&setting.account).await?;
        wait::until("a check", || async {
            let session = setting.popup.account(&setting.account).await?["session"].clone();
            ensure!(session["state"] == "transferred", "{session}");
            Ok((session["check"]["at"] != before).then_some(()))
        })
        .await?;
    }
    setting
        .popup
        .until_session_is(&setting.account, "verified")
        .await?;
    app.forget("alice").await?;
    setting.popup.check_now(&setting.account).await?;
    setting
        .popup
        .until_session_is(&setting.account, "invalid")
        .await?;
    Ok(())
}

/// The app asks the browser to bind the session, as it passes. Firefox would not do it.
/// What the browser tells of it, it tells from the person's answer to its prompt on.
async fn a_session_that_is_bound_to_the_device_is_not_transferred(stage: &Stage) -> Result<()> {
    let (app, setting) = with_people_and(stage, &["alice"], |plan| plan.prompts = true).await?;
    let at_app = setting.browser.driver.window().await?;
    let display = stage.display().await?;
    setting.popup.click_share(&setting.account).await?;
    let prompt = setting.browser.expect_prompt(display).await?;
    setting.popup.click("permission-continue").await?;
    prompt.accept().await?;
    setting.popup.find("consent-check").await?;

    setting.browser.driver.switch_to_window(at_app).await?;
    setting.browser.driver.goto(app.url("/test/bind")).await?;
    if stage.kind == Kind::Firefox {
        return setting.share().await;
    }
    let noted =
        "chrome.storage.local.get('bound').then(({ bound }) => arguments[0](Object.keys(bound ?? {})))";
    wait::until("the host to be noted", || async {
        let hosts = setting.popup.run(noted, Vec::new()).await?;
        Ok((hosts == serde_json::json!(["app.demo.test"])).then_some(()))
    })
    .await?;
    setting.popup.click_share(&setting.account).await?;
    let page = wait::until("the reason", || async {
        let text = setting.popup.text().await?;
        Ok(text.contains("ties the session to this device").then_some(text))
    })
    .await?;
    ensure!(page.contains("app.demo.test"), "{page}");
    let shown = setting.popup.shown().await?;
    let share = serde_json::json!({ "share": {
        "account": setting.account, "consent": { "text_version": 1, "shown": shown },
        "accept_unknown": false, "store": "", "only": null, "named": null,
    } });
    let refused = setting.popup.send(share).await?;
    ensure!(refused["failed"]["code"] == "bound-to-device", "{refused}");
    setting.ensure_nothing_left()
}

/// The board has both tokens in one cookie; bob's stays in the browser.
async fn one_of_several_is_transferred_without_the_others_token(stage: &Stage) -> Result<()> {
    let app = DemoApp::start(&stage.subfolder("demo-app")?).await?;
    let plan = Plan::of(app.board.clone(), Some("alice")).secured_by(&app.authority);
    let setting = Setting::start(stage, plan).await?;
    setting.browser.open_tab("about:blank").await?;
    app.sign_in_to_board(&setting.browser, "bob").await?;
    let token: Cookie = setting.browser.driver.get_named_cookie("board_session").await?;
    app.sign_in_to_board(&setting.browser, "alice").await?;

    setting.popup.click_share(&setting.account).await?;
    setting.popup.click("consent-check").await?;
    setting.popup.click("transfer-only").await?;
    setting
        .popup
        .until_session_is(&setting.account, "verified")
        .await?;
    let check = setting.popup.account(&setting.account).await?["session"]["check"].clone();
    let receipt = &check["receipt"];
    ensure!(
        receipt["cut"] == 1 && receipt["restored"] == receipt["sealed"],
        "{check}"
    );

    let exported = setting.worker.export(&setting.account, "storage-state").await?;
    ensure!(!exported.contains(&token.value), "bob's token left the browser");
    let exported: serde_json::Value = serde_json::from_str(&exported)?;
    let cookies = exported["cookies"].as_array().context("cookies")?;
    let header: Vec<_> = cookies
        .iter()
        .filter_map(|cookie| {
            Some(format!(
                "{}={}",
                cookie["name"].as_str()?,
                cookie["value"].as_str()?
            ))
        })
        .collect();
    let client = ferry_e2e::http::client()
        .danger_accept_invalid_certs(true)
        .build()?;
    let me = client
        .get(format!("https://127.0.0.1:{}/board/me", app.port))
        .header("Cookie", header.join("; "));
    let me: serde_json::Value = me.send().await?.error_for_status()?.json().await?;
    ensure!(
        me == serde_json::json!({ "active": "alice", "all": ["alice"] }),
        "{me}"
    );
    Ok(())
}
