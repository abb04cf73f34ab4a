//! The content script in a real browser: what it passes on to the background.

#![cfg(target_family = "wasm")]
#![expect(clippy::unwrap_used, reason = "tests")]

use ferry_bridge::page::LONGEST_ASK;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = "
    // Runs the content script with a background that says nothing, and tells what it heard
    // of these asks. The last of them it hears in any case: then it has heard the others.
    export async function heard(script, asks) {
        const heard = [];
        const all = new Promise((done) => {
            globalThis.chrome = {
                runtime: {
                    id: 'ferry',
                    sendMessage: async ({ page }) => {
                        heard.push(JSON.stringify(page));
                        if (page.hello) done();
                    },
                },
            };
        });
        const element = document.createElement('script');
        element.textContent = script;
        document.head.append(element);
        for (const ask of [...JSON.parse(asks), { hello: {} }]) {
            postMessage({ ferry: 'ask', id: 1, ask }, location.origin);
        }
        await all;
        return JSON.stringify(heard.slice(0, -1));
    }
")]
extern "C" {
    async fn heard(script: &str, asks: &str) -> JsValue;
}

/// An ask that is so long as JSON, in bytes, of letters that take two bytes each.
fn ask(bytes: usize) -> String {
    let around = r#"{"x":""}"#.len();
    let letters = "é".repeat((bytes - around) / 2);
    let odd = "e".repeat((bytes - around) % 2);
    let ask = format!(r#"{{"x":"{letters}{odd}"}}"#);
    assert_eq!(ask.len(), bytes);
    ask
}

#[wasm_bindgen_test]
async fn asks_are_measured_in_bytes() {
    let (longest, too_long) = (ask(LONGEST_ASK), ask(LONGEST_ASK + 1));
    assert!(too_long.chars().count() < LONGEST_ASK);
    let script = include_str!("../../../extension/bridge.js");
    let heard = heard(script, &format!("[{too_long},{longest}]")).await;
    let heard: Vec<String> = ferry_json::read(heard.as_string().unwrap().as_bytes()).unwrap();
    assert_eq!(heard, [longest]);
}
