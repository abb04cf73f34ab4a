//! The background worker: exports and event dispatch, no logic.
//!
//! `extension/background.js` registers the listeners and calls the exports here.
//! Whatever they are told goes to the one [`Background`], which is loaded from
//! IndexedDB at the first event after each start: the browser may stop this
//! worker at any time, and nothing depends on what it had in memory.
//!
//! | Where | What |
//! |---|---|
//! | [`background`] | the requests of pages, and what is kept in memory |
//! | [`sender`], [`page`] | who is heard, and what the workspace's web app may ask |
//! | [`browser`] | the browser's APIs behind a trait; the only code that names them |
//! | [`store`], [`records`], [`trust`] | what is kept between two starts |
//! | [`enrol`], [`approval`], [`devices`], [`accounts`], [`transfer`], [`permission`] | what a person can do |
//! | [`apps`], [`catalogue`], [`capture`], [`identity`], [`sign_in_end`], [`consent`], [`vault`] | the rules of a transfer |
//! | [`state`], [`explain`] | what a person is shown |

pub mod accounts;
pub mod approval;
pub mod apps;
pub mod background;
pub mod browser;
pub mod capture;
pub mod catalogue;
pub mod concurrent;
pub mod consent;
pub mod devices;
pub mod enrol;
pub mod explain;
pub mod identity;
pub mod page;
pub mod permission;
pub mod records;
pub mod sender;
pub mod sign_in_end;
pub mod state;
pub mod store;
pub mod transfer;
pub mod trust;
pub mod vault;

// The fakes name this crate, since the tests in `tests/` use them as well.
#[cfg(test)]
extern crate self as ferry_extension;
#[cfg(test)]
mod testing;

use std::cell::RefCell;
use std::rc::Rc;

use ferry_webext::Port;
use futures_util::FutureExt as _;
use futures_util::future::{LocalBoxFuture, Shared};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use background::Background;
use browser::webext::{self, WebExt};
use explain::Explain as _;
use sender::From;
use store::StoreError;

type Loading = Shared<LocalBoxFuture<'static, Result<Rc<Background<WebExt>>, StoreError>>>;

thread_local! {
    static BACKGROUND: RefCell<Option<Loading>> = const { RefCell::new(None) };
}

/// The one background, loaded at first use; tried again at the next event if
/// that failed.
async fn background() -> Result<Rc<Background<WebExt>>, StoreError> {
    let loading =
        BACKGROUND.with_borrow_mut(|slot| slot.get_or_insert_with(|| load().boxed_local().shared()).clone());
    let loaded = loading.await;
    if loaded.is_err() {
        BACKGROUND.set(None);
    }
    loaded
}

async fn load() -> Result<Rc<Background<WebExt>>, StoreError> {
    let background = Background::start(WebExt::default()).await?;
    let resuming = Rc::clone(&background);
    spawn_local(async move { resuming.resume().await });
    follow_up(&background);
    Ok(background)
}

/// Puts right where the content script runs, and waits for the answer to a request for
/// approval, if there is one.
fn follow_up(background: &Rc<Background<WebExt>>) {
    let waiting = Rc::clone(background);
    spawn_local(async move {
        waiting.put_bridge().await;
        waiting.await_approval().await;
    });
}

/// A message came. Answers `undefined` to anyone but this extension's own pages, and
/// the pages of the workspace that the person is signed in to.
#[wasm_bindgen(js_name = onMessage)]
pub async fn on_message(message: JsValue, sender: JsValue) -> JsValue {
    let (Some(from), Ok(message)) = (webext::from(&sender), ferry_webext::json(&message)) else {
        return JsValue::UNDEFINED;
    };
    let reply = match background().await {
        Ok(background) => {
            let reply = background.hear(&from, &message).await;
            follow_up(&background);
            reply
        }
        Err(error) => (from == From::OwnPage).then(|| background::refusal(error.failure())),
    };
    let reply = reply.and_then(|reply| js_sys::JSON::parse(&reply).ok());
    reply.unwrap_or_default()
}

/// A page connected. One of our own is sent the state, and then each change of it; one
/// of the workspace's, how the transfer of the account goes that it follows.
#[wasm_bindgen(js_name = onConnect)]
pub async fn on_connect(port: Port) {
    let (from, name, held) = (webext::from(&port.sender()), port.name(), port.clone());
    let is_heard = match (from, background().await) {
        (Some(from), Ok(background)) => background.connect(from, &name, move |event| match event {
            Some(event) => port.post_json(event).is_ok(),
            None => {
                port.disconnect();
                false
            }
        }),
        _ => false,
    };
    if !is_heard {
        held.disconnect();
    }
}

/// The browser started, the extension was installed or updated, or an alarm went
/// off. Loading the background has resumed what was interrupted; an alarm says
/// that it is time to try once more.
#[wasm_bindgen(js_name = onWake)]
pub async fn on_wake() {
    if let Ok(background) = background().await {
        follow_up(&background);
        background.resume().await;
    }
}

/// The person granted a permission.
#[wasm_bindgen(js_name = onPermissionsAdded)]
pub async fn on_permissions_added() {
    if let Ok(background) = background().await {
        background.permissions_added().await;
    }
}
