//! Before a transfer: what is shown, what has to be ticked, and what is asked for then.

use ferry_bridge::{AppPages, CookieStores, Remedy, StoreId, TransferStep};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::*;

/// Whose session it is, the page says, and no card.
#[wasm_bindgen_test]
async fn a_session_of_anybodys_is_not_transferred_by_one_click() {
    let mut account = github(verified());
    account.identity = None;
    let scene = Scene::new("", ready(vec![account])).inspection(one(1, "bob"));
    let page = Page::show(scene).await;
    page.click("share");
    page.until("[data-testid=consent-continue]:not([disabled])").await;
    assert_eq!(page.text("[data-testid=identity]"), "bob");
    assert!(page.asked("share").is_none());
    page.click("consent-continue");
    page.until_asked("share").await;
    assert!(page.asked("share").unwrap().contains(r#""named":"bob""#));
}

#[wasm_bindgen_test]
async fn the_first_share_explains_before_it_does_anything() {
    let scene = Scene::new("", ready(vec![github(SessionStatus::None)])).inspection(one(1, "alice-okafor"));
    let page = Page::show(scene).await;
    page.click("share");
    page.until("[data-testid=consent-check]").await;
    assert_eq!(page.text("[data-testid=cookie-count]"), "23 cookies");
    assert_eq!(page.text("[data-testid=identity]"), "alice-okafor");
    assert!(page.text("[data-testid=plan]").contains("ferry.acme.example"));
    assert!(page.asked("share").is_none());
    assert!(page.all("[data-testid=consent-continue]")[0].has_attribute("disabled"));
    page.click("consent-check");
    page.until("[data-testid=consent-continue]:not([disabled])").await;
    page.click("consent-continue");
    page.until_asked("share").await;
    let share = page.asked("share").unwrap();
    assert!(
        share.contains("\"text_version\":1,\"shown\":\"AQEB")
            && share.contains("\"accept_unknown\":false")
            && share.contains("\"named\":\"alice-okafor\""),
        "{share}"
    );
}

#[wasm_bindgen_test]
async fn the_browser_is_asked_within_the_click() {
    let mut scene = Scene::new("", ready(vec![github(verified())]));
    scene.granted = false;
    scene.allows = false;
    let page = Page::show(scene).await;
    page.click("share");
    // Not awaited: by the end of the click's handler it has happened.
    assert_eq!(
        page.asked("permission").as_deref(),
        Some(r#"["*://*.github.com/*"]"#)
    );
    page.until("[data-testid=notice][data-code=permission-denied]")
        .await;
    page.until_asked("expect-permission").await;
    assert_eq!(
        page.asked("expect-permission").as_deref(),
        Some(r#"{"share":null}"#),
        "the background goes on with nothing"
    );
    assert!(
        page.asked("share").is_none(),
        "nothing is transferred without permission"
    );
}

/// Chrome refuses where whoever manages it forbids `webRequest`.
#[wasm_bindgen_test]
async fn only_chrome_is_asked_again_for_the_domains_alone() {
    for firefox in [false, true] {
        let refused = scenes::failure("browser", "Not allowed.", None);
        let mut scene = scene("share-permission").failing("permission", refused);
        scene.firefox = firefox;
        let page = Page::show(scene).await;
        page.until("[data-testid=permission-continue]").await;
        page.click("permission-continue");
        page.until("[data-testid=notice][data-code=permission-denied]")
            .await;
        let times = if firefox { 1 } else { 2 };
        assert_eq!(page.count_asked("permission"), times, "firefox: {firefox}");
    }
}

#[wasm_bindgen_test]
async fn what_is_to_be_seen_first_is_not_transferred_when_the_browser_grants_it() {
    let scene = scene("share-permission");
    let page = Page::show(scene).await;
    page.until("[data-testid=permission-continue]").await;
    page.click("permission-continue");
    page.until_asked("expect-permission").await;
    assert_eq!(
        page.asked("expect-permission").as_deref(),
        Some(r#"{"share":null}"#)
    );
    assert!(page.asked("share").is_none());
}

/// What the server says of an app may be a definition that the background refuses: for
/// its domains, nobody is asked.
#[wasm_bindgen_test]
async fn the_browser_is_asked_for_what_a_look_has_accepted_and_for_nothing_else() {
    let refused = scenes::failure("app-differs", "The server describes GitHub differently.", None);
    let mut scene = scene("share-permission");
    let Phase::Ready { accounts, .. } = &mut scene.state.phase else {
        panic!("ready")
    };
    accounts[0].app.domains.push("bank.example".to_owned());
    let page = Page::show(scene.clone().failing("inspect", refused)).await;
    page.until("[data-testid=notice][data-code=app-differs]").await;
    assert_eq!(page.count("[data-testid=permission-continue]"), 0);
    drop(page);

    let page = Page::show(scene).await;
    page.until("[data-testid=permission-continue]").await;
    page.click("permission-continue");
    assert_eq!(
        page.asked("permission").as_deref(),
        Some(r#"["*://*.github.com/*"]"#)
    );
}

/// The server describes the app anew after the look, by which nothing was missing.
#[wasm_bindgen_test]
async fn a_definition_that_is_new_is_looked_at_before_the_browser_is_asked() {
    let mut account = github(SessionStatus::None);
    let scene = Scene::new("", ready(vec![account.clone()]))
        .at(share_page(1))
        .inspection(one(1, "alice-okafor"));
    let page = Page::show(scene).await;
    page.until("[data-testid=consent-check]").await;
    let looks = page.count_asked("inspect");
    page.now_found(&scenes::missing(1, "*://*.more.example/*"));
    account.app.domains.push("more.example".to_owned());
    page.ferry.set_state(State {
        phase: ready(vec![account]),
        transfers: Vec::new(),
    });
    page.until("[data-testid=permission-continue]").await;
    assert_eq!(page.count_asked("inspect"), looks + 1);
    page.click("permission-continue");
    assert_eq!(
        page.asked("permission").as_deref(),
        Some(r#"["*://*.more.example/*"]"#)
    );
}

#[wasm_bindgen_test]
async fn every_site_is_shown_in_full() {
    let mut account = github(SessionStatus::None);
    let long = format!("{}.example", "a".repeat(60).repeat(4));
    account.app.domains = (0..11).map(|n| format!("site{n}.example")).collect();
    account.app.domains.push(format!("\u{202E}{long}\u{200B}"));
    let scene = Scene::new("", ready(vec![account]))
        .at(share_page(1))
        .inspection(one(1, "alice-okafor"));
    let page = Page::show(scene).await;
    page.until("[data-testid=consent-check]").await;
    let shown = page.all("[data-testid=plan] [data-testid=sites-list] li");
    let shown = shown
        .iter()
        .filter_map(|site| site.text_content())
        .collect::<Vec<_>>();
    assert_eq!(shown.len(), 12);
    assert_eq!(shown[10], "site10.example");
    assert_eq!(shown[11], long);
    assert!(
        page.text("[data-testid=plan]")
            .contains("23 cookies of 12 sites:")
    );
    assert_eq!(
        page.count("[data-testid=sites-list][tabindex='0']"),
        1,
        "it scrolls"
    );
}

#[wasm_bindgen_test]
async fn a_box_is_ticked_for_what_was_shown() {
    let account = github(SessionStatus::None);
    let scene = Scene::new("", ready(vec![account.clone()]))
        .at(share_page(1))
        .inspection(one(1, "alice-okafor"));
    let page = Page::show(scene).await;
    page.until("[data-testid=consent-check]").await;
    page.click("consent-check");
    page.until("[data-testid=consent-continue]:not([disabled])").await;
    let mut wider = account;
    wider.app.domains.push("more.example".to_owned());
    page.ferry.set_state(State {
        phase: ready(vec![wider]),
        transfers: Vec::new(),
    });
    page.until("[data-testid=consent-continue][disabled]").await;
    assert!(page.text("[data-testid=plan]").contains("more.example"));
}

#[wasm_bindgen_test]
async fn consent_and_permission_given_one_click_transfers() {
    let page = Page::show(Scene::new("", ready(vec![github(verified())])).hanging("share")).await;
    page.click("share");
    page.until("[data-testid=transfer-status][data-step=starting]")
        .await;
    assert!(page.asked("permission").is_none());
    assert!(page.asked("share").unwrap().contains("\"consent\":null"));
}

#[wasm_bindgen_test]
async fn who_turns_up_between_the_look_and_the_click_is_shown() {
    let mut account = github(verified());
    account.identity = None;
    for code in [
        "identity-not-shown",
        "another-identity",
        "several-identities",
        "unknown-identity",
        "signed-out",
    ] {
        let refused = scenes::failure(code, "It is another one now.", Some(Remedy::Decide));
        let scene = Scene::new("", ready(vec![account.clone()])).at(share_page(1));
        let page = Page::show(scene.inspection(one(1, "alice-okafor")).failing("share", refused)).await;
        page.until("[data-testid=consent-continue]:not([disabled])").await;
        page.now_found(&one(1, "bob"));
        page.click("consent-continue");
        page.until_text("[data-testid=identity]", "bob").await;
    }
}

fn done() -> TransferStep {
    TransferStep::Done {
        cookies: 23,
        entries: 0,
        identity: Some("alice-okafor".to_owned()),
    }
}

const DONE: &str = "[data-testid=transfer-status][data-step=done]";
const STARTING: &str = "[data-testid=transfer-status][data-step=starting]";

/// A page with an outcome on it, where it is known which cookie store is meant.
async fn with_outcome(scene: Scene) -> Page {
    let page = Page::show(scene.transfer(id(1), done())).await;
    page.until(DONE).await;
    page.ferry.stores.set(Some(CookieStores {
        stores: Vec::new(),
        current: StoreId::default(),
    }));
    page
}

/// The background is stopped before it has heard of the click, say.
#[wasm_bindgen_test]
async fn the_outcome_of_the_transfer_before_is_not_shown_for_the_new_one() {
    let scene = Scene::new("", ready(vec![github(verified())]));
    let before = scene.clone().transfer(id(1), done()).state;
    let page = with_outcome(scene.hanging("share")).await;
    page.click("share");
    page.until_asked("share").await;
    assert!(page.asked("dismiss").is_none(), "the new one takes its place");
    page.ferry.set_state(before.clone());
    page.settle().await;
    assert_eq!((page.count(STARTING), page.count(DONE)), (1, 0));
    let mut after = before;
    after.transfers[0].started = after.transfers[0].started.plus(1);
    page.ferry.set_state(after);
    page.until(DONE).await;
}

/// It may be that of the transfer before, which the click joined.
#[wasm_bindgen_test]
async fn what_a_click_is_answered_is_its_outcome() {
    let page = with_outcome(Scene::new("", ready(vec![github(verified())]))).await;
    page.click("share");
    page.until_asked("share").await;
    page.until(DONE).await;
}

/// Which cookie store is meant is not known yet: perhaps no transfer follows.
#[wasm_bindgen_test]
async fn an_outcome_that_no_transfer_replaces_is_dismissed() {
    let scene = Scene::new("", ready(vec![github(verified())])).transfer(id(1), done());
    let page = Page::show(scene.hanging("list-stores")).await;
    page.until(DONE).await;
    page.click("share");
    page.until_asked("dismiss").await;
    page.until_gone(DONE).await;
    assert!(page.asked("share").is_none());
}

/// News of another transfer was held back when the outcome was hidden.
#[wasm_bindgen_test]
async fn what_was_held_back_brings_no_outcome_back() {
    let sealing = |cookies| TransferStep::Sealing {
        cookies,
        entries: 0,
        identity: None,
    };
    let scene = Scene::new("", ready(every())).transfer(id(2), sealing(1));
    let mut news = scene.clone().transfer(id(1), done()).state;
    let page = with_outcome(scene.hanging("share")).await;
    news.transfers[0].step = sealing(2);
    page.ferry.set_state(news);
    page.click("share");
    page.until_text("[data-step=sealing]", "Sealing 2 cookies on this device…")
        .await;
    assert_eq!((page.count(STARTING), page.count(DONE)), (1, 0));
}

#[wasm_bindgen_test]
async fn an_unknown_identity_needs_a_confirmation_of_its_own() {
    let scene = scene("share-unknown");
    let page = Page::show(scene).await;
    page.until("[data-testid=unknown-confirm]").await;
    page.click("consent-check");
    page.settle().await;
    assert!(page.all("[data-testid=consent-continue]")[0].has_attribute("disabled"));
    page.click("unknown-confirm");
    page.until("[data-testid=consent-continue]:not([disabled])").await;
    page.click("consent-continue");
    page.until_asked("share").await;
    assert!(page.asked("share").unwrap().contains("\"accept_unknown\":true"));
}

#[wasm_bindgen_test]
async fn who_cannot_be_transferred_gets_no_button_for_it() {
    for name in ["share-several", "share-another", "share-signed-out"] {
        let page = Page::show(scene(name)).await;
        page.until("[data-testid=look-again]").await;
        assert_eq!(page.count("[data-testid=consent-continue]"), 0, "{name}");
        assert_eq!(
            page.count("[data-testid=open-sign-in], [data-testid=open-sign-out]"),
            1,
            "{name}"
        );
    }
}

/// What the server says since of the app's pages may be anybody's address.
#[wasm_bindgen_test]
async fn the_way_out_is_the_page_of_the_definition_that_was_accepted() {
    for (name, hook, accepted) in [
        ("share-several", "open-sign-out", "sign-out"),
        ("share-another", "open-sign-out", "sign-out"),
        ("share-another", "open-sign-in", "sign-in"),
        ("share-signed-out", "open-sign-in", "sign-in"),
        ("share-storage-unread", "open-sign-in", "check"),
    ] {
        let mut scene = scene(name);
        let at = |page: &str| format!("https://accepted.example/{page}");
        scene.inspection.as_mut().unwrap().pages = AppPages {
            sign_in: at("sign-in"),
            check: at("check"),
            sign_out: (hook == "open-sign-out").then(|| at("sign-out")),
            sign_out_of: Vec::new(),
        };
        let page = Page::show(scene).await;
        page.until(&format!("[data-testid={hook}]")).await;
        page.click(hook);
        page.settle().await;
        let tab = page.asked("tab").unwrap();
        assert!(tab.contains(&format!("\"{}\"", at(accepted))), "{name}: {tab}");
    }
}

#[wasm_bindgen_test]
async fn each_of_several_has_a_way_out_of_their_own_where_the_app_has_one() {
    let page = Page::show(scene("share-several")).await;
    page.until("[data-testid=person]").await;
    assert_eq!(page.count("[data-testid=sign-out-of]"), 0);

    let page = Page::show(scene("share-several-each")).await;
    page.until("[data-testid=sign-out-of]").await;
    let buttons = page.all("[data-testid=person] [data-testid=sign-out-of]");
    let labels: Vec<_> = buttons
        .iter()
        .filter_map(|button| button.get_attribute("aria-label"))
        .collect();
    assert_eq!(labels, ["Sign out acme-bot", "Sign out alice-okafor"]);
    assert_eq!(page.count("[data-testid=open-sign-out]"), 1, "as before");
    for (button, user) in buttons.iter().zip(["acme-bot", "alice-okafor"]) {
        button.clone().unchecked_into::<HtmlElement>().click();
        let tab = format!("https://github.com/logout?user={user}");
        page.settle().await;
        assert!(
            page.asked("tab").unwrap().contains(&format!("\"{tab}\"")),
            "{tab}"
        );
    }
}

#[wasm_bindgen_test]
async fn the_preflight_is_told_before_anything_can_be_agreed_to() {
    for (name, preflight, words) in [
        (
            "share-consent",
            "ready",
            "Ready to transferNothing in it looks bound to this device, as far as Ferry could see.",
        ),
        ("share-unknown", "ready", "once you have checked who it is"),
        (
            "share-looks-bound",
            "ends-soon",
            "__Secure-1PSIDTS, __Secure-3PSIDTS and SIDTS",
        ),
        ("share-ends-soon", "ends-soon", "ends in 5 hours"),
        ("share-bound", "stopped", "accounts.github.com"),
        ("share-storage", "ready", "Ready to transfer"),
        ("share-storage-missing", "stopped", "token at discord.com"),
        ("share-storage-unread", "stopped", "token at discord.com"),
        ("share-several-only", "choose", "2 people are signed in"),
        ("share-several", "stopped", "2 people are signed in"),
    ] {
        let page = Page::show(scene(name)).await;
        page.until("[data-preflight]").await;
        assert_eq!(page.count("[data-preflight]"), 1, "{name}");
        let shown = page.text(&format!("[data-preflight={preflight}]"));
        assert!(shown.contains(words), "{name}: {shown}");
        let goes_on = page.count("[data-testid=consent-continue], [data-testid=transfer-only]");
        assert_eq!(goes_on, usize::from(preflight != "stopped"), "{name}");
        let has_icon = page.count("[data-preflight] > svg");
        assert_eq!(has_icon, 1, "{name}: not by colour alone");
    }
}

#[wasm_bindgen_test]
async fn how_well_it_is_known_who_is_signed_in_is_said() {
    let page = Page::show(scene("share-consent")).await;
    page.until("[data-testid=how-known]").await;
    assert_eq!(
        page.text("[data-testid=how-known]"),
        "GitHub lists everybody who is signed in: there is nobody else."
    );
    let page = Page::show(scene("share-active")).await;
    page.until("[data-testid=how-known]").await;
    assert!(
        page.text("[data-testid=how-known]")
            .contains("Others may be signed in unseen")
    );
}

#[wasm_bindgen_test]
async fn what_lies_in_local_storage_is_named_in_words() {
    let page = Page::show(scene("share-storage")).await;
    page.until("[data-testid=consent-check]").await;
    let shown = page.text("[data-testid=storage-logins]");
    assert!(
        shown.contains("1 sign-in entry") && shown.contains("token at discord.com"),
        "{shown}"
    );
    assert_eq!(page.text("[data-testid=cookie-count]"), "6 cookies");
    let page = Page::show(scene("share-consent")).await;
    page.until("[data-testid=consent-check]").await;
    assert_eq!(page.count("[data-testid=storage-logins]"), 0);
}

#[wasm_bindgen_test]
async fn where_there_are_no_cookies_what_is_taken_stands_first() {
    let page = Page::show(scene("share-storage-only")).await;
    page.until("[data-testid=consent-check]").await;
    assert_eq!(page.count("[data-testid=storage-logins]"), 1);
    let plan = page.text("[data-testid=plan]");
    let at = |words: &str| plan.find(words).unwrap_or_else(|| panic!("{words} in {plan}"));
    assert!(at("1 sign-in entry in local storage:") < at("No cookies of 1 site:"));
    assert!(!plan.contains("0 cookies") && !plan.contains("beside its cookies"));
}

#[wasm_bindgen_test]
async fn who_cannot_go_on_is_told_whom_to_ask() {
    for (name, words) in [
        ("share-collaborator", "Ask an admin of your workspace"),
        ("share-no-vault", "ask your admin"),
    ] {
        let page = Page::show(scene(name)).await;
        page.until("[data-testid=share-page] .notice, [data-testid=plan]")
            .await;
        let shown = page.text("[data-testid=share-page]");
        assert!(shown.contains(words), "{name}: {shown}");
    }
}

#[wasm_bindgen_test]
async fn one_of_several_is_transferred_alone_when_the_person_says_so() {
    let page = Page::show(scene("share-several-only")).await;
    page.until("[data-testid=transfer-only]").await;
    assert_eq!(page.count("[data-testid=consent-continue]"), 0);
    let people = page.all("[data-testid=person]");
    assert_eq!(people.len(), 2);
    let shown = people
        .iter()
        .map(|person| person.text_content().unwrap_or_default());
    assert_eq!(shown.collect::<Vec<_>>(), ["acme-bot", "alice-okaforactive now"]);
    assert_eq!(page.count("[data-testid=open-sign-out]"), 1);
    assert!(page.text("[data-testid=how-known]").contains("taken out before"));
    assert!(page.all("[data-testid=transfer-only]")[0].has_attribute("disabled"));
    page.click("consent-check");
    page.until("[data-testid=transfer-only]:not([disabled])").await;
    assert_eq!(
        page.text("[data-testid=transfer-only]"),
        "Transfer only alice-okafor"
    );
    page.click("transfer-only");
    page.until_asked("share").await;
    let share = page.asked("share").unwrap();
    assert!(
        share.contains("\"only\":\"") && share.contains("\"text_version\":1"),
        "{share}"
    );
}

#[wasm_bindgen_test]
async fn a_box_is_ticked_for_whoever_was_signed_in_then() {
    let page = Page::show(scene("share-consent")).await;
    page.until("[data-testid=consent-check]").await;
    page.click("consent-check");
    page.until("[data-testid=consent-continue]:not([disabled])").await;
    page.now_found(&one(1, "bob"));
    page.focus_window();
    page.until("[data-testid=consent-continue][disabled]").await;
    assert_eq!(page.text("[data-testid=identity]"), "bob");
}
