//! The way to the browser extension: messages to the content script that it runs in
//! this origin's pages, and nowhere else ([`ferry_bridge::page`] has their forms).
//!
//! This page can ask, and nothing more: whatever it asks for, the extension transfers
//! nothing before a person has clicked in a page of its own.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use ferry_bridge::Reply;
use ferry_bridge::page::{Finding, Hello, LONGEST_LOOK_MS, Nothing, OfAccount, PageAsk, PageEvent, PageStep};
use ferry_protocol::AccountId;
use ferry_ui::page::Trouble;
use futures_channel::oneshot;
use futures_util::future::{Either, select};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;
use web_sys::MessageEvent;

use crate::app::App;

/// A content script answers within milliseconds; its background may have to start.
const PATIENCE_MS: u32 = 3_000;
/// A look may have to fetch pages of the app's.
const LOOK_PATIENCE_MS: u32 = LONGEST_LOOK_MS as u32 + PATIENCE_MS;

/// The extension, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extension {
    /// Not asked yet.
    Unknown,
    /// Nobody answers.
    Missing,
    /// It is there.
    Here(Hello),
}

/// Why the extension did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtensionError {
    /// It is not there, or does not listen to this page.
    #[error(
        "The Ferry extension does not answer. Check that it is there and signed in to this workspace, then reload this page."
    )]
    Silent,
    /// It said no, and why.
    #[error("{}", .0.message)]
    Refused(Trouble),
}

impl ExtensionError {
    /// For a page.
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Silent => Trouble {
                code: "extension-silent".to_owned(),
                message: self.to_string(),
            },
            Self::Refused(trouble) => trouble.clone(),
        }
    }
}

#[derive(Serialize)]
struct Ask<'a> {
    ferry: &'static str,
    id: u32,
    ask: &'a PageAsk,
}

thread_local! {
    static NEXT: Cell<u32> = const { Cell::new(1) };
    static WAITING: RefCell<HashMap<u32, oneshot::Sender<JsValue>>> = RefCell::default();
}

/// Asks, and waits for the reply.
async fn ask<R: DeserializeOwned>(ask: PageAsk) -> Result<R, ExtensionError> {
    let patience = match ask {
        PageAsk::Look(_) => LOOK_PATIENCE_MS,
        _ => PATIENCE_MS,
    };
    let id = NEXT.replace(NEXT.get().wrapping_add(1));
    let (tell, told) = oneshot::channel();
    WAITING.with_borrow_mut(|waiting| waiting.insert(id, tell));
    let message = Ask {
        ferry: "ask",
        id,
        ask: &ask,
    };
    post(&message).ok_or(ExtensionError::Silent)?;
    let late = gloo_timers::future::TimeoutFuture::new(patience);
    let reply = match select(told, late).await {
        Either::Left((Ok(reply), _)) => reply,
        Either::Left((Err(_), _)) | Either::Right(_) => {
            WAITING.with_borrow_mut(|waiting| waiting.remove(&id));
            return Err(ExtensionError::Silent);
        }
    };
    match serde_wasm_bindgen::from_value::<Reply<R>>(reply) {
        Ok(Reply::Ok(answer)) => Ok(answer),
        Ok(Reply::Failed(failure)) => Err(ExtensionError::Refused(Trouble {
            code: failure.code,
            message: failure.message,
        })),
        Err(_) => Err(ExtensionError::Silent),
    }
}

/// To this page's own origin: to the content script, and to nobody in a frame.
fn post(message: &Ask<'_>) -> Option<()> {
    let value = message.serialize(&Serializer::json_compatible()).ok()?;
    let origin = window().location().origin().ok()?;
    window().post_message(&value, &origin).ok()
}

/// Who is signed in to an account's app, as much as a page is told.
pub async fn look(account: AccountId) -> Result<Finding, ExtensionError> {
    ask(PageAsk::Look(OfAccount { account })).await
}

/// Opens the extension's own page for the transfer.
pub async fn open(account: AccountId) -> Result<(), ExtensionError> {
    let _: Nothing = ask(PageAsk::Open(OfAccount { account })).await?;
    Ok(())
}

/// Has the extension tell how a transfer of this account goes.
pub async fn follow(account: AccountId) -> Result<(), ExtensionError> {
    let _: Nothing = ask(PageAsk::Follow(OfAccount { account })).await?;
    Ok(())
}

impl App {
    /// Listens to the extension, and asks whether it is there: now, and whenever the
    /// person comes back to this page.
    pub fn follow_extension(self) {
        let heard = window_event_listener(leptos::ev::message, move |event| self.hear(&event));
        let back = window_event_listener(leptos::ev::focus, move |_| self.look_for_extension());
        on_cleanup(move || {
            heard.remove();
            back.remove();
        });
        self.look_for_extension();
    }

    /// Asks whether the extension is there.
    pub fn look_for_extension(self) {
        spawn_local(async move {
            let extension = match ask::<Hello>(PageAsk::Hello(Nothing {})).await {
                Ok(hello) => Extension::Here(hello),
                Err(_) => Extension::Missing,
            };
            self.extension.set(extension);
        });
    }

    /// A message came. Of this window and origin, and of the expected form, or it is
    /// nothing to us.
    fn hear(self, event: &MessageEvent) {
        let is_own = event.source().is_some_and(|source| source == *window().as_ref())
            && window().location().origin().ok().as_deref() == Some(event.origin().as_str());
        if !is_own {
            return;
        }
        let data = event.data();
        match member(&data, "ferry").as_string().as_deref() {
            Some("reply") => {
                let id = member(&data, "id").as_f64().unwrap_or_default();
                let waiting = WAITING.with_borrow_mut(|waiting| {
                    let id = waiting.keys().copied().find(|known| f64::from(*known) == id)?;
                    waiting.remove(&id)
                });
                if let Some(tell) = waiting {
                    // Nobody waits any more: then it came too late.
                    let _ = tell.send(member(&data, "reply"));
                }
            }
            Some("event") => {
                let event = serde_wasm_bindgen::from_value(member(&data, "event"));
                if let Ok(PageEvent::Progress { account, step }) = event {
                    self.take_step(account, step);
                }
            }
            _ => {}
        }
    }

    fn take_step(self, account: AccountId, step: PageStep) {
        self.steps.update(|steps| drop(steps.insert(account, step)));
    }
}

fn member(value: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(value, &name.into()).unwrap_or_default()
}
