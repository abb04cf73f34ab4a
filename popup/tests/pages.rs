//! The pages in a real browser, on the stand-in for the browser's APIs that the
//! preview has as well.

#![cfg(target_family = "wasm")]

mod page;
mod scenes;

use ferry_bridge::{Phase, State};
use ferry_popup::share::{Stage, stage};
use ferry_protocol::api::SessionStatus;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use page::Page;
use scenes::{Scene, all, every, github, id, one, ready, set_up, signed_out, verified};

wasm_bindgen_test_configure!(run_in_browser);

fn share_page(n: u8) -> String {
    format!("#/accounts/{}/share", id(n))
}

#[wasm_bindgen_test]
async fn every_page_has_one_heading_and_a_name_for_each_control() {
    for scene in all().into_iter().filter(|scene| !scene.firefox) {
        let name = scene.name;
        let page = Page::show(scene).await;
        assert_eq!(page.count("h1"), 1, "{name}");
        for button in page.all("button") {
            let label = button
                .get_attribute("aria-label")
                .or_else(|| button.text_content())
                .unwrap_or_default();
            assert!(!label.trim().is_empty(), "{name}: {}", button.outer_html());
        }
        for input in page.all("input") {
            let id = input.id();
            let is_labelled =
                input.has_attribute("aria-label") || page.count(&format!("label[for='{id}']")) == 1;
            assert!(is_labelled, "{name}: {}", input.outer_html());
        }
    }
}

#[wasm_bindgen_test]
async fn names_from_outside_are_text_and_nothing_else() {
    let scene = all()
        .into_iter()
        .find(|scene| scene.name == "accounts-hostile")
        .unwrap();
    let page = Page::show(scene).await;
    assert_eq!(page.count("img, script, b"), 0);
    let text = page.text("[data-testid=account-card]");
    assert!(text.contains("<img src=x onerror=alert(1)>"), "{text}");
    assert!(
        !text.contains(['\u{202E}', '\u{2066}', '\u{2067}', '\u{200B}', '\u{0}']),
        "{text:?}"
    );
    let link = page.text("[data-testid=details-open]");
    assert!(link.chars().count() <= 81 && link.ends_with('…'), "{link}");
    assert_eq!(page.count("[data-testid=details-open] bdi"), 1);
}

#[wasm_bindgen_test]
async fn who_only_looks_sees_no_icons() {
    let page = Page::show(Scene::new("", ready(every()))).await;
    let card = |n| format!("[data-account='{}'] ", id(n));
    assert_eq!(
        page.count(&(card(5) + "[data-testid=share], " + &card(5) + "[data-testid=delete]")),
        0
    );
    assert_eq!(page.count(&(card(1) + "[data-testid=share]")), 1);
    // Nothing to delete where nothing is stored.
    assert_eq!(page.count(&(card(2) + "[data-testid=delete]")), 0);
    assert_eq!(page.count(&(card(6) + "[data-testid=delete]")), 0);
}

#[wasm_bindgen_test]
async fn whom_a_web_page_sent_ticks_the_box_in_any_case() {
    let account = github(verified());
    assert!(account.consent.is_some());
    for for_page in [false, true] {
        let inspection = one(1, "alice-okafor");
        let stage = stage(&account, Some(true), Some(&inspection), None, for_page);
        let consent = for_page;
        assert_eq!(
            stage,
            Stage::Review {
                consent,
                unknown: false
            }
        );
    }
}

#[wasm_bindgen_test]
async fn a_set_up_that_was_put_off_stays_so_and_shows_no_account() {
    let put_off = Scene::new("", set_up(None)).at("#/accounts/".to_owned() + &id(1).to_string());
    let page = Page::show(put_off).await;
    page.click("device-later");
    page.until("[data-testid=later]").await;
    assert_eq!(page.text("h1"), "Accounts");
    assert_eq!(page.count("[data-testid=account-card], [data-testid=details]"), 0);
    assert!(page.asked("set-up-device").is_none());
    let kept = page.kept();
    assert!(kept.contains("ferry.later"), "{kept}");
    // The background says something new of it.
    let mut phase = set_up(None);
    if let Phase::SetUp { suggested_name, .. } = &mut phase {
        suggested_name.push_str(" 2");
    }
    page.ferry.set_state(State {
        phase,
        transfers: Vec::new(),
    });
    page.settle().await;
    assert_eq!(page.count("[data-testid=later]"), 1);
    page.click("set-up-now");
    page.until("[data-testid=set-up]").await;
    assert!(!page.kept().contains("ferry.later"));
}

#[wasm_bindgen_test]
async fn who_signs_out_or_has_set_up_is_not_reminded_of_what_was_put_off() {
    for then in [signed_out(None), ready(every())] {
        let page = Page::show(Scene::new("", set_up(None))).await;
        page.click("device-later");
        page.until("[data-testid=later]").await;
        page.ferry.set_state(State {
            phase: then,
            transfers: Vec::new(),
        });
        page.until_gone("[data-testid=later]").await;
        assert!(!page.kept().contains("ferry.later"));
        page.ferry.set_state(State {
            phase: set_up(None),
            transfers: Vec::new(),
        });
        page.until("[data-testid=set-up]").await;
    }
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
        share.contains("\"consent\":1") && share.contains("\"accept_unknown\":false"),
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

#[wasm_bindgen_test]
async fn what_is_to_be_seen_first_is_not_transferred_when_the_browser_grants_it() {
    let scene = all()
        .into_iter()
        .find(|scene| scene.name == "share-permission")
        .unwrap();
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
async fn an_unknown_identity_needs_a_confirmation_of_its_own() {
    let scene = all()
        .into_iter()
        .find(|scene| scene.name == "share-unknown")
        .unwrap();
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
        let page = Page::show(all().into_iter().find(|scene| scene.name == name).unwrap()).await;
        page.until("[data-testid=look-again]").await;
        assert_eq!(page.count("[data-testid=consent-continue]"), 0, "{name}");
        assert_eq!(
            page.count("[data-testid=open-sign-in], [data-testid=open-sign-out]"),
            1,
            "{name}"
        );
    }
}

#[wasm_bindgen_test]
async fn signing_in_asks_the_browser_within_the_click_and_keeps_no_password() {
    let page = Page::show(Scene::new("", signed_out(None)).hanging("sign-in")).await;
    page.fill("sign-in-server", "Ferry.Acme.example/");
    page.fill("sign-in-email", " alice@acme.example ");
    page.fill("sign-in-password", "correct horse battery");
    page.click("sign-in-submit");
    assert_eq!(
        page.asked("permission").as_deref(),
        Some(r#"["https://ferry.acme.example/*"]"#)
    );
    page.until_asked("sign-in").await;
    assert!(page.asked("sign-in").unwrap().contains("correct horse battery"));
    assert!(!page.kept().contains("correct horse battery"));
    assert!(
        page.kept().contains("alice@acme.example"),
        "what was typed is there again after the prompt"
    );
}

#[wasm_bindgen_test]
async fn an_incomplete_sign_in_asks_for_nothing() {
    let page = Page::show(Scene::new("", signed_out(None))).await;
    page.click("sign-in-submit");
    page.until("#sign-in-server[aria-invalid=true]").await;
    assert_eq!(page.focused(), "sign-in-server");
    let described = page.all("#sign-in-server")[0]
        .get_attribute("aria-describedby")
        .unwrap();
    assert!(page.text(&format!("#{described}")).contains("https://"));
    assert!(page.asked("permission").is_none() && page.asked("sign-in").is_none());
}

#[wasm_bindgen_test]
async fn in_firefox_the_popup_hands_over_to_a_tab() {
    let mut scene = Scene::new("", signed_out(None));
    scene.firefox = true;
    let page = Page::show(scene).await;
    assert_eq!(page.count("input"), 0);
    page.click("sign-in-tab");
    page.until_asked("tab").await;
    assert!(page.asked("tab").unwrap().contains("popup/index.html?view=tab#/"));
}

#[wasm_bindgen_test]
async fn in_firefox_sharing_without_permission_goes_on_in_a_tab() {
    let mut scene = Scene::new("", ready(vec![github(verified())]));
    scene.firefox = true;
    scene.granted = false;
    let page = Page::show(scene).await;
    page.settle().await;
    page.click("share");
    page.until_asked("tab").await;
    let tab = page.asked("tab").unwrap();
    assert!(tab.contains("popup/index.html?view=tab#/"), "{tab}");
    assert!(tab.contains("share"), "{tab}");
    assert!(page.asked("permission").is_none() && page.asked("share").is_none());
}

#[wasm_bindgen_test]
async fn a_pasted_code_is_sent_as_the_server_wants_it() {
    let scene = all().into_iter().find(|scene| scene.name == "code").unwrap();
    let page = Page::show(scene.hanging("verify-code")).await;
    page.until("[data-testid=code-input]").await;
    assert_eq!(page.focused(), "code-input");
    page.fill("code-input", " abcd-2o4l ");
    page.click("code-submit");
    page.until_asked("verify-code").await;
    assert!(page.asked("verify-code").unwrap().contains("ABCD2041"));
}

#[wasm_bindgen_test]
async fn deleting_asks_first_and_gives_the_focus_back() {
    let page = Page::show(Scene::new("", ready(vec![github(verified())]))).await;
    page.focus("delete");
    page.click("delete");
    page.until("dialog[open]").await;
    assert_eq!(page.focused(), "dialog-cancel");
    assert!(page.text("dialog h2").contains("Acme engineering"));
    page.click("dialog-cancel");
    page.until_gone("dialog[open]").await;
    assert_eq!(page.focused(), "delete");
    assert!(page.asked("delete").is_none());
    page.click("delete");
    page.until("dialog[open]").await;
    page.click("delete-confirm");
    page.until_asked("delete").await;
}

#[wasm_bindgen_test]
async fn the_focus_moves_to_the_heading_of_the_next_page() {
    let page = Page::show(Scene::new("", ready(every()))).await;
    page.click("details-open");
    page.until("[data-testid=details]").await;
    page.settle().await;
    assert_eq!(page.focused_tag(), "H1");
    page.click("back");
    page.until("[data-testid=accounts]").await;
    page.settle().await;
    assert_eq!(page.focused_tag(), "H1");
}

#[wasm_bindgen_test]
async fn news_leave_the_focus_where_it_is() {
    let page = Page::show(Scene::new("", ready(every()))).await;
    page.focus("share");
    let mut accounts = every();
    accounts.rotate_left(1);
    accounts[0].name.push_str(", renamed");
    page.ferry.set_state(State {
        phase: ready(accounts),
        transfers: Vec::new(),
    });
    page.settle().await;
    assert_eq!(page.focused(), "share");
    assert!(page.text("[data-testid=account-card]").contains("renamed"));
}

#[wasm_bindgen_test]
async fn what_is_typed_survives_news() {
    let page = Page::show(Scene::new("", signed_out(None))).await;
    page.fill("sign-in-email", "alice@acme");
    let notice = scenes::failure("session-ended", "Your sign-in has ended.", None);
    page.ferry.set_state(State {
        phase: Phase::SignedOut {
            server: None,
            email: None,
            notice: Some(notice),
        },
        transfers: Vec::new(),
    });
    page.until("[data-testid=notice][data-code=session-ended]").await;
    assert_eq!(page.value("sign-in-email"), "alice@acme");
}

#[wasm_bindgen_test]
async fn a_stale_list_is_shown_and_said_to_be() {
    let scene = all()
        .into_iter()
        .find(|scene| scene.name == "accounts-stale")
        .unwrap();
    let page = Page::show(scene).await;
    assert_eq!(page.count("[data-testid=account-card]"), 6);
    assert_eq!(
        page.count("[data-testid=notice][data-code=offline][role=status]"),
        1
    );
}

#[wasm_bindgen_test]
async fn success_says_who_how_many_and_where_it_was_sealed() {
    let scene = all()
        .into_iter()
        .find(|scene| scene.name == "transferred")
        .unwrap();
    let page = Page::show(scene).await;
    assert_eq!(page.text("h1"), "Session transferred.");
    let words = "Signed in as alice-okafor, 23 cookies, sealed on this device.";
    assert!(page.text("[data-testid=transfer-status]").contains(words));
    page.settle().await;
    assert_eq!(
        page.text("[data-testid=said]"),
        format!("Session transferred. {words}")
    );
    page.click("done");
    page.until_asked("dismiss").await;
    page.until("[data-testid=accounts]").await;
}

#[wasm_bindgen_test]
async fn each_step_is_shown_and_said() {
    let scene = Scene::new("", ready(vec![github(verified())])).at(share_page(1));
    let step = ferry_bridge::TransferStep::Sealing {
        cookies: 23,
        identity: Some("alice-okafor".to_owned()),
    };
    let page = Page::show(scene.transfer(id(1), step)).await;
    assert_eq!(page.count("[data-testid=transfer-step]"), 4);
    assert_eq!(
        page.text("[data-testid=transfer-step][aria-current=step] .step-label"),
        "now: Sealing on this device"
    );
    page.settle().await;
    assert_eq!(
        page.text("[data-testid=said]"),
        "Sealing 23 cookies on this device…"
    );
}

#[wasm_bindgen_test]
async fn approving_names_the_keys_whose_fingerprint_was_shown() {
    let scene = all().into_iter().find(|scene| scene.name == "devices").unwrap();
    let keys = scene.devices.as_ref().unwrap().devices[0].keys.clone();
    let page = Page::show(scene).await;
    page.until("[data-testid=asking-device]").await;
    let shown = page.text("[data-testid=asking-device] [data-testid=device-fingerprint]");
    assert_eq!(shown, keys.fingerprint().to_string().replace('-', ""));
    page.click("approve-device");
    page.until_asked("approve-device").await;
    let asked = page.asked("approve-device").unwrap();
    let named = ferry_protocol::Bytes::from(keys.sealing_key.thumbprint());
    assert!(asked.contains(&keys.id().to_string()), "{asked}");
    assert!(
        asked.contains(serde_json::to_string(&named).unwrap().trim_matches('"')),
        "{asked}"
    );
}

#[wasm_bindgen_test]
async fn disabling_a_device_asks_first() {
    let scene = all().into_iter().find(|scene| scene.name == "devices").unwrap();
    let page = Page::show(scene).await;
    page.until("[data-testid=trusted-device]").await;
    // This browser has no such button.
    assert_eq!(page.count("[data-testid=trusted-device]"), 3);
    assert_eq!(
        page.count("[data-testid=disable-device]"),
        3,
        "one of them not set up yet"
    );
    assert_eq!(
        page.text("[data-testid=trusted-device] [data-testid=standing]"),
        "Approved by Alice’s device - Linux/Chrome"
    );
    assert_eq!(
        page.text("[data-testid=unset-device] [data-testid=standing]"),
        "Not set up yet"
    );
    page.click("disable-device");
    page.until("dialog[open]").await;
    assert!(page.asked("disable-device").is_none());
    page.click("disable-confirm");
    page.until_asked("disable-device").await;
}

#[wasm_bindgen_test]
async fn only_a_later_device_of_a_code_alone_is_to_be_vouched_for() {
    let scene = all().into_iter().find(|scene| scene.name == "devices").unwrap();
    let page = Page::show(scene).await;
    page.until("[data-testid=trusted-device]").await;
    assert_eq!(page.count("[data-testid=vouch]"), 1);
}

#[wasm_bindgen_test]
async fn whoever_has_no_trusted_device_gets_a_code() {
    let scene = all().into_iter().find(|scene| scene.name == "approval").unwrap();
    let page = Page::show(scene).await;
    page.until("[data-testid=device-fingerprint]").await;
    page.click("code-instead");
    page.until_asked("send-code").await;
}
