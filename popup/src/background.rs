//! The way to the background: requests and their answers, and the port on which
//! it tells of changes.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use ferry_bridge::{Ask, Event, Failure, PORT, Remedy, Reply, Request};
use ferry_webext::{ApiError, Listener, Port, runtime};
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;

/// Why there is no answer.
#[derive(Clone, Debug)]
pub enum AskError {
    /// The background said no, and why.
    Failed(Failure),
    /// It was stopped before it answered, or did not understand.
    Gone(ApiError),
}

impl AskError {
    /// For the person.
    pub fn into_failure(self) -> Failure {
        match self {
            Self::Failed(failure) => failure,
            Self::Gone(_) => Failure {
                code: "background-gone".to_owned(),
                message: "The browser stopped Ferry while it was at work. Nothing was lost. Try again."
                    .to_owned(),
                remedy: Some(Remedy::Retry),
            },
        }
    }
}

/// Asks the background, starting it if need be.
///
/// # Errors
/// When it could not do what was asked, or was stopped.
pub fn ask<A: Ask>(ask: A) -> impl Future<Output = Result<A::Response, AskError>> {
    send(ask.into())
}

/// Asks with any request that this is the answer to. Compiled once for each answer.
///
/// # Errors
/// As [`ask`].
pub async fn send<R: DeserializeOwned>(request: Request) -> Result<R, AskError> {
    match runtime::send_message::<_, Reply<R>>(&request).await {
        Ok(Reply::Ok(response)) => Ok(response),
        Ok(Reply::Failed(failure)) => Err(AskError::Failed(failure)),
        Err(error) => Err(AskError::Gone(error)),
    }
}

/// How long to wait before connecting again: the background is stopped for being
/// idle, which is no reason to hurry.
const RECONNECT: Duration = Duration::from_millis(250);

/// Calls with each event, and its text as JSON, for as long as the page lives. Connects again whenever
/// the background was stopped.
pub fn listen(call: impl Fn(Event, &str) + 'static) {
    connect(Rc::new(call));
}

/// Hears an event, and its text.
type Hear = dyn Fn(Event, &str);

fn connect(call: Rc<Hear>) {
    // Fails when the extension was updated beneath this page: the browser closes
    // the page in a moment.
    let Ok(port) = runtime::connect(PORT) else { return };
    let held = Rc::new(RefCell::new(None::<(Port, [Listener; 2])>));
    let on_event = {
        let call = Rc::clone(&call);
        port.on_message_text(move |event, text| call(event, text))
    };
    let on_gone = {
        let held = Rc::clone(&held);
        port.on_disconnect(move || {
            let (call, held) = (Rc::clone(&call), Rc::clone(&held));
            spawn_local(async move {
                gloo_timers::future::sleep(RECONNECT).await;
                // The listeners are let go here, not while one of them runs.
                drop(held.take());
                connect(call);
            });
        })
    };
    *held.borrow_mut() = Some((port, [on_event, on_gone]));
}
