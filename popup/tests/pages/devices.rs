//! The person's devices, and asking one of them.

use super::*;

#[wasm_bindgen_test]
async fn approving_names_the_keys_whose_fingerprint_was_shown() {
    let scene = scene("devices");
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
    let scene = scene("devices");
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
    let scene = scene("devices");
    let page = Page::show(scene).await;
    page.until("[data-testid=trusted-device]").await;
    assert_eq!(page.count("[data-testid=vouch]"), 1);
}

#[wasm_bindgen_test]
async fn whoever_has_no_trusted_device_gets_a_code() {
    let scene = scene("approval");
    let page = Page::show(scene).await;
    page.until("[data-testid=device-fingerprint]").await;
    page.click("code-instead");
    page.until_asked("send-code").await;
}
