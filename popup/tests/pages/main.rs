//! The pages in a real browser, on the stand-in for the browser's APIs that the
//! preview has as well.

#![cfg(target_family = "wasm")]
#![expect(clippy::unwrap_used, reason = "tests")]

mod devices;
mod for_web_page;
mod page;
#[path = "../scenes/mod.rs"]
mod scenes;
mod share;
mod stores;

use ferry_bridge::{Event, Phase, State};
use ferry_protocol::api::SessionStatus;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use page::Page;
use scenes::{Scene, all, every, github, id, one, ready, set_up, share_page, signed_out, verified};

wasm_bindgen_test_configure!(run_in_browser);

fn scene(name: &str) -> Scene {
    all().into_iter().find(|scene| scene.name == name).unwrap()
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
async fn the_last_accounts_are_there_before_the_background_says_a_word() {
    let mut scene = Scene::new("", ready(Vec::new()));
    scene.silent = true;
    let nothing = Page::start(&scene, &[]).await;
    assert_eq!(nothing.count("[data-testid=account-card]"), 0);
    drop(nothing);
    let state = State {
        phase: ready(every()),
        transfers: Vec::new(),
    };
    let event = serde_json::to_string(&Event::State(Box::new(state))).unwrap();
    let page = Page::start(&scene, &[&event]).await;
    assert_eq!(page.count("[data-testid=account-card]"), every().len());
}

#[wasm_bindgen_test]
async fn names_from_outside_are_text_and_nothing_else() {
    let scene = scene("accounts-hostile");
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
async fn out_of_which_store_it_was_shared_is_forgotten_with_the_account_and_with_the_person() {
    let kept = |n: u8| format!("ferry.store.{}", id(n));
    let page = Page::show(Scene::new("", ready(every()))).await;
    for n in [1, 2] {
        page.keep(&kept(n), "firefox-container-1");
    }
    page.keep("ferry.other", "stays");
    let now = |phase| {
        page.ferry.set_state(State {
            phase,
            transfers: Vec::new(),
        });
    };
    now(ready(vec![github(verified())]));
    assert!(page.kept().contains(&kept(1)) && !page.kept().contains(&kept(2)));
    now(signed_out(None));
    assert!(!page.kept().contains("ferry.store"));
    assert!(page.kept().contains("ferry.other"));
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
    let scene = scene("code");
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
    let scene = scene("accounts-stale");
    let page = Page::show(scene).await;
    assert_eq!(page.count("[data-testid=account-card]"), 6);
    assert_eq!(
        page.count("[data-testid=notice][data-code=offline][role=status]"),
        1
    );
}

#[wasm_bindgen_test]
async fn success_says_who_how_many_and_where_it_was_sealed() {
    let scene = scene("transferred");
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
async fn the_receipt_says_what_became_of_everything_and_why() {
    for (name, lines, refused) in [
        (
            "details-verified",
            vec!["23 cookies read, sealed and restored"],
            vec![],
        ),
        (
            "details-refused",
            vec![
                "23 cookies read, 23 sealed, 21 restored",
                "3 cookies end sooner than on the device: the cloud’s browser keeps none for more than 400 days",
            ],
            vec![
                "_gh_experiment at github.com: had expired",
                "__Secure-next-auth at api.github.com: refused by the browser in the cloud",
            ],
        ),
        (
            "details-receipt-only-one",
            vec![
                "27 cookies read, 23 sealed, 23 restored",
                "4 left out on the device: they belong to others who are signed in there",
                "1 cookie cut on the device: a part of it belongs to others who are signed in there",
            ],
            vec![],
        ),
        (
            "details-receipt-storage",
            vec![
                "23 cookies read, 23 sealed, 21 restored",
                "3 cookies end sooner than on the device: the cloud’s browser keeps none for more than 400 days",
                "2 sign-in entries read, 2 sealed, 1 restored",
            ],
            vec![
                "_gh_experiment at github.com: had expired",
                "__Secure-next-auth at api.github.com: refused by the browser in the cloud",
                "localConfig_v2 at app.github.com: refused by the browser in the cloud",
            ],
        ),
        (
            "details-receipt-storage-only",
            vec!["1 sign-in entry read, sealed and restored"],
            vec![],
        ),
    ] {
        let page = Page::show(scene(name)).await;
        page.until("[data-testid=receipt]").await;
        let texts = |selector: &str| -> Vec<String> {
            let found = page.all(&format!("[data-testid=receipt] {selector}"));
            found.iter().filter_map(|one| one.text_content()).collect()
        };
        assert_eq!(texts("p"), lines, "{name}");
        assert_eq!(texts("details li"), refused, "{name}");
    }
}

#[wasm_bindgen_test]
async fn each_step_is_shown_and_said() {
    let scene = Scene::new("", ready(vec![github(verified())])).at(share_page(1));
    let step = ferry_bridge::TransferStep::Sealing {
        cookies: 23,
        entries: 0,
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
