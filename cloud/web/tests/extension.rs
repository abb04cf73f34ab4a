//! The way to the extension, in a real browser: a page that plays the content script.

#![cfg(target_family = "wasm")]
#![expect(clippy::unwrap_used, reason = "tests")]

use ferry_bridge::page::{Finding, PageStep};
use ferry_protocol::{AccountId, UnixMillis};
use ferry_ui::dom::IntoNode;
use ferry_web::app::App;
use ferry_web::extension::{self, Extension, ExtensionError};
use ferry_web::route::Route;
use leptos::mount::mount_to_renderer;
use leptos::prelude::{Owner, document, window};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = "
    // Answers as extension/bridge.js would, by these replies, and with noise before.
    export function play(replies) {
        globalThis.asks = [];
        globalThis.replies = JSON.parse(replies);
        if (globalThis.playing) return;
        globalThis.playing = true;
        addEventListener('message', ({ data }) => {
            if (data?.ferry !== 'ask') return;
            asks.push(data.ask);
            const [kind] = Object.keys(data.ask);
            const reply = globalThis.replies[kind];
            if (reply === undefined) return;
            postMessage({ ferry: 'reply', id: data.id + 1000, reply: { ok: 'signed-out' } }, location.origin);
            postMessage({ ferry: 'reply', id: String(data.id), reply: { ok: 'signed-out' } }, location.origin);
            postMessage('reply', location.origin);
            postMessage(null, location.origin);
            postMessage({ ferry: 'reply', id: data.id, reply }, location.origin);
        });
    }
    export function tell(event) {
        postMessage({ ferry: 'event', event: JSON.parse(event) }, location.origin);
    }
    export function asked() {
        return JSON.stringify(asks);
    }
    export function turn() {
        return new Promise((done) => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => setTimeout(done);
            port2.postMessage(0);
        });
    }
")]
extern "C" {
    fn play(replies: &str);
    fn tell(event: &str);
    fn asked() -> String;
    async fn turn();
}

fn account() -> AccountId {
    AccountId::new(UnixMillis(1_750_000_000_000), [7; 10])
}

fn listening() -> (Owner, App) {
    // Mounting anything starts what runs futures.
    let root = document().create_element("div").unwrap();
    mount_to_renderer(&root, || "".into_node()).forget();
    let owner = Owner::new();
    let app = owner.with(|| {
        let app = App::new(Route::Accounts, UnixMillis(0));
        app.follow_extension();
        app
    });
    (owner, app)
}

#[wasm_bindgen_test]
async fn a_reply_goes_to_who_asked_and_noise_to_nobody() {
    play(
        r#"{"look": {"ok": {"several": {"count": 3}}}, "open": {"failed": {"code": "forbidden", "message": "No.", "remedy": null}}}"#,
    );
    let (_owner, _app) = listening();
    assert_eq!(
        extension::look(account()).await,
        Ok(Finding::Several { count: 3 })
    );
    let Err(ExtensionError::Refused(trouble)) = extension::open(account()).await else {
        panic!("it was refused");
    };
    assert_eq!(
        (trouble.code.as_str(), trouble.message.as_str()),
        ("forbidden", "No.")
    );
    let look = format!(r#"{{"look":{{"account":"{}"}}}}"#, account());
    assert!(asked().contains(&look), "{}", asked());
}

#[wasm_bindgen_test]
async fn it_knows_who_is_there() {
    play(r#"{"hello": {"ok": {"version": "9.9.9", "signed_in": null}}}"#);
    let (_owner, app) = listening();
    for _ in 0..100 {
        if app.extension.get_untracked() != Extension::Unknown {
            break;
        }
        turn().await;
    }
    let Extension::Here(hello) = app.extension.get_untracked() else {
        panic!("{:?}", app.extension.get_untracked());
    };
    assert_eq!(hello.version, "9.9.9");
}

#[wasm_bindgen_test]
async fn an_answer_of_another_form_is_none() {
    play(r#"{"look": {"ok": {"name": "alice"}}}"#);
    let (_owner, _app) = listening();
    assert_eq!(extension::look(account()).await, Err(ExtensionError::Silent));
}

#[wasm_bindgen_test]
async fn events_tell_how_a_transfer_goes() {
    play("{}");
    let (_owner, app) = listening();
    tell(&format!(
        r#"{{"progress": {{"account": "{}", "step": "sealing"}}}}"#,
        account()
    ));
    tell(r#"{"progress": {"account": "nobody", "step": "done"}}"#);
    for _ in 0..100 {
        if app.steps.with_untracked(|steps| !steps.is_empty()) {
            break;
        }
        turn().await;
    }
    let steps = app.steps.get_untracked();
    assert_eq!(steps.len(), 1);
    assert_eq!(steps.get(&account()), Some(&PageStep::Sealing));
    assert!(window().location().origin().is_ok());
}
