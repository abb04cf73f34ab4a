//! Several cookie stores: ordinary windows, private ones, containers.

use ferry_bridge::{IdentityFinding, StoreId};

use super::*;
use scenes::{containers, look, who};

fn row(store: &str) -> String {
    format!("[data-store='{store}']")
}

#[wasm_bindgen_test]
async fn with_one_store_nothing_is_to_be_picked() {
    let page = Page::show(scene("share-consent")).await;
    page.until("[data-testid=consent-check]").await;
    assert_eq!(page.count("[data-testid=stores]"), 0);
}

#[wasm_bindgen_test]
async fn the_store_of_the_tab_in_front_is_picked_and_goes_along() {
    let stores = ferry_bridge::CookieStores {
        current: StoreId("firefox-container-2".to_owned()),
        ..containers(2)
    };
    let looks = vec![
        look("", IdentityFinding::SignedOut),
        look("firefox-container-1", who("bob")),
        look("firefox-container-2", who("alice-okafor")),
        look("firefox-private", IdentityFinding::SignedOut),
    ];
    let scene = Scene::new("", ready(vec![github(SessionStatus::None)]))
        .at(share_page(1))
        .stores(stores, looks);
    let page = Page::show(scene).await;
    page.until("[data-testid=consent-check]").await;
    assert_eq!(page.count(&(row("firefox-container-2") + " input:checked")), 1);
    assert_eq!(page.text("[data-testid=identity]"), "alice-okafor");
    // There are few: it is looked into all of them.
    page.until_text(&(row("firefox-private") + " .store-who"), "Nobody")
        .await;
    assert_eq!(page.text(&(row("firefox-container-1") + " .store-who")), "bob");
    page.click("consent-check");
    page.until("[data-testid=consent-continue]:not([disabled])").await;
    page.click("consent-continue");
    page.until_asked("share").await;
    let share = page.asked("share").unwrap();
    assert!(share.contains("\"store\":\"firefox-container-2\""), "{share}");
}

#[wasm_bindgen_test]
async fn picking_another_store_looks_there_and_unticks_the_box() {
    let page = Page::show(scene("stores-few")).await;
    page.until("[data-testid=consent-check]").await;
    page.click("consent-check");
    page.until("[data-testid=consent-continue]:not([disabled])").await;
    page.pick("store-firefox-container-1");
    page.until("[data-code=another-identity]").await;
    assert_eq!(
        page.focused_id(),
        "store-firefox-container-1",
        "it keeps the focus"
    );
    page.pick("store-");
    page.until("[data-testid=consent-continue][disabled]").await;
    assert_eq!(page.text("[data-testid=identity]"), "alice-okafor");
}

/// A page opens in ordinary windows: it would sign out the one there.
#[wasm_bindgen_test]
async fn nobody_is_signed_out_in_another_store_than_the_one_that_is_picked() {
    let several = |store| look(store, scenes::several(false));
    let mut ordinary = several("");
    let out = |who: &str| Some(format!("https://github.com/logout?user={who}"));
    ordinary.pages.sign_out_of = ["alice-okafor", "acme-bot"].map(out).to_vec();
    let looks = vec![
        ordinary,
        several("firefox-container-1"),
        look("firefox-private", IdentityFinding::SignedOut),
    ];
    let scene = Scene::new("", ready(vec![github(SessionStatus::None)]))
        .at(share_page(1))
        .stores(containers(1), looks);
    let page = Page::show(scene).await;
    // There are few: it is looked into all of them.
    page.until_text(&(row("firefox-private") + " .store-who"), "Nobody")
        .await;
    assert_eq!(page.count("[data-testid=sign-out-of]"), 2);
    page.pick("store-firefox-container-1");
    page.until_gone("[data-testid=sign-out-of]").await;
    assert_eq!(page.count("[data-testid=person]"), 2);
    assert_eq!(page.count_asked("inspect"), 3, "it was looked into before");
    page.pick("store-");
    page.until("[data-testid=sign-out-of]").await;
}

#[wasm_bindgen_test]
async fn many_stores_are_looked_into_one_after_the_other_on_request() {
    let page = Page::show(scene_without_acts("stores-looking")).await;
    page.until("[data-code=another-identity]").await;
    page.settle().await;
    assert_eq!(page.count_asked("inspect"), 1, "only the one that is picked");
    page.click("look-everywhere");
    // The fourth of them does not answer.
    page.until_text("[data-testid=stores-progress]", "Looking in 4 of 20…")
        .await;
    page.settle().await;
    assert_eq!(page.count_asked("inspect"), 4);
    assert_eq!(page.text(&(row("firefox-container-2") + " .store-who")), "Nobody");
    assert_eq!(
        page.text(&(row("firefox-container-3") + " .store-who")),
        "Looking…"
    );
    assert_eq!(page.text("[data-testid=look-everywhere]"), "Cancel");
}

#[wasm_bindgen_test]
async fn cancelling_works_at_once_whatever_hangs() {
    let page = Page::show(scene_without_acts("stores-looking")).await;
    page.until("[data-code=another-identity]").await;
    page.click("look-everywhere");
    page.until_text("[data-testid=stores-progress]", "Looking in 4 of 20…")
        .await;
    page.focus("look-everywhere");
    page.click("look-everywhere");
    page.until_text("[data-testid=look-everywhere]", "Look in all")
        .await;
    assert_eq!(page.focused(), "look-everywhere");
    assert_eq!(
        page.text(&(row("firefox-container-3") + " .store-who")),
        "Not looked at yet"
    );
    assert_eq!(page.count_asked("inspect"), 4);
    // The one that is picked then does not wait for the one that hangs.
    page.pick("store-firefox-container-7");
    page.until_text(&(row("firefox-container-7") + " .store-who"), "Looking…")
        .await;
    assert_eq!(page.count_asked("inspect"), 5);
    page.pick("store-firefox-container-1");
    page.until("[data-code=signed-out]").await;
}

#[wasm_bindgen_test]
async fn a_click_on_a_card_asks_first_which_of_several_is_meant() {
    let page = Page::show(several_and_consent()).await;
    page.click("share");
    page.until("[data-testid=stores]").await;
    assert!(page.asked("share").is_none());
    page.until("[data-testid=consent-continue]:not([disabled])").await;
    page.click("consent-continue");
    page.until_asked("share").await;
}

#[wasm_bindgen_test]
async fn a_click_on_a_card_transfers_out_of_the_store_from_before() {
    let page = Page::show(several_and_consent()).await;
    page.keep(&format!("ferry.store.{}", id(1)), "firefox-container-1");
    page.click("share");
    page.until_asked("share").await;
    let share = page.asked("share").unwrap();
    assert!(share.contains("\"store\":\"firefox-container-1\""), "{share}");
}

#[wasm_bindgen_test]
async fn where_the_right_one_was_not_found_it_is_asked_again() {
    let failed = scenes::failure(
        "signed-out",
        "Nobody is signed in.",
        Some(ferry_bridge::Remedy::OpenSignIn {
            url: "https://github.com/login".to_owned(),
        }),
    );
    let page = Page::show(several_and_consent().failing("share", failed)).await;
    page.keep(&format!("ferry.store.{}", id(1)), "firefox-container-1");
    page.click("share");
    page.until("[data-testid=notice][data-code=signed-out]").await;
    assert_eq!(page.count_asked("share"), 1);
    page.click("share");
    page.until("[data-testid=stores]").await;
    assert_eq!(page.count_asked("share"), 1);
}

#[wasm_bindgen_test]
async fn who_has_shared_before_can_pick_another_store() {
    let page = Page::show(several_and_consent().at(format!("#/accounts/{}", id(1)))).await;
    page.ferry.with_stores(Box::new(|_| ()));
    page.until("[data-testid=share-elsewhere]").await;
    page.click("share-elsewhere");
    page.until("[data-testid=stores]").await;
}

#[wasm_bindgen_test]
async fn no_tab_is_opened_in_other_stores_without_being_asked() {
    let mut account = scenes::discord(SessionStatus::None);
    account.app.storage = vec!["https://discord.com#token".to_owned()];
    let scene = Scene::new("", ready(vec![account]))
        .at(share_page(1))
        .stores(containers(1), vec![look("", who("alice"))]);
    let page = Page::show(scene).await;
    page.until("[data-testid=consent-check]").await;
    page.settle().await;
    assert_eq!(page.count_asked("inspect"), 1);
}

fn several_and_consent() -> Scene {
    Scene::new("", ready(vec![github(verified())])).stores(
        containers(1),
        vec![
            look("", who("alice-okafor")),
            look("firefox-container-1", who("alice-okafor")),
            look("firefox-private", IdentityFinding::SignedOut),
        ],
    )
}

fn scene_without_acts(name: &str) -> Scene {
    Scene {
        acts: Vec::new(),
        ..scene(name)
    }
}
