//! What is shown in a tab that a web page had opened.

use ferry_popup::share::{Stage, stage};

use super::*;
use scenes::NOW;

#[wasm_bindgen_test]
async fn whom_a_web_page_sent_ticks_the_box_in_any_case() {
    let account = github(verified());
    assert!(account.consent.is_some());
    for for_web_page in [false, true] {
        let inspection = one(1, "alice-okafor");
        let stage = stage(&account, Some(&inspection), None, for_web_page, NOW);
        let consent = for_web_page;
        assert_eq!(
            stage,
            Stage::Review {
                consent,
                unknown: false,
                soon: Vec::new(),
            }
        );
    }
}

/// The server's page may have the tab opened; with rules of the server's own choosing.
#[wasm_bindgen_test]
async fn a_web_page_has_nothing_looked_at_that_the_person_has_not_agreed_to() {
    let known = github(SessionStatus::None);
    let mut custom = known.clone();
    custom.app.id = "custom-hub".parse().unwrap();
    let mut agreed = custom.clone();
    agreed.consent = github(verified()).consent;
    let mut of_tabs = agreed.clone();
    of_tabs.app.storage.push("https://github.com#token".to_owned());
    for (account, looks) in [(known, true), (custom, false), (agreed, true), (of_tabs, false)] {
        let at = format!("#/accounts/{}/share", account.id);
        let mut scene = Scene::new("", ready(vec![account]))
            .inspection(one(1, "alice-okafor"))
            .at(at);
        scene.for_web_page = true;
        let page = Page::show(scene).await;
        if !looks {
            page.until("[data-testid=look][disabled]").await;
            // Whatever was clicked at that place a moment ago was not meant for it.
            page.until("[data-testid=look]:not([disabled])").await;
            assert!(page.asked("inspect").is_none());
            assert_eq!(page.count(".looking, [data-testid=look-again]"), 0);
            page.click("look");
        }
        page.until("[data-testid=consent-check]").await;
        assert!(page.asked("inspect").is_some());
        assert_eq!(page.count("[data-testid=look]"), 0);
    }
    // One that is not in the list at all.
    let mut scene = Scene::new("", ready(Vec::new()))
        .at("#/accounts/01a20228-283e-75b1-8000-000000000000/share".to_owned());
    scene.for_web_page = true;
    let page = Page::show(scene).await;
    page.settle().await;
    assert!(page.asked("inspect").is_none());
}

#[wasm_bindgen_test]
async fn a_look_that_was_asked_for_was_at_the_app_as_it_was_then() {
    let mut custom = github(SessionStatus::None);
    custom.app.id = "custom-hub".parse().unwrap();
    let at = format!("#/accounts/{}/share", custom.id);
    let mut scene = Scene::new("", ready(vec![custom.clone()]))
        .inspection(one(1, "alice-okafor"))
        .at(at);
    scene.for_web_page = true;
    let page = Page::show(scene.clone()).await;
    page.until("[data-testid=look]:not([disabled])").await;
    page.click("look");
    page.until("[data-testid=consent-check]").await;
    assert_eq!(page.count_asked("inspect"), 1);
    custom.app.domains.push("bank.example".to_owned());
    scene.state.phase = ready(vec![custom]);
    page.ferry.set_state(scene.state);
    page.until("[data-testid=look]").await;
    page.settle().await;
    assert_eq!(page.count_asked("inspect"), 1);
}
