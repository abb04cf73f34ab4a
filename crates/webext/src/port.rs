//! Ports: the long-lived connections between a page and the background.

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use crate::value::{from_json, json};
use crate::{ApiError, from_js, to_js};

#[wasm_bindgen]
extern "C" {
    /// `runtime.Port`.
    #[wasm_bindgen(extends = js_sys::Object)]
    #[derive(Clone)]
    pub type Port;

    #[wasm_bindgen(method, getter, js_name = name)]
    fn name_raw(this: &Port) -> Option<String>;

    #[wasm_bindgen(method, getter, js_name = sender)]
    fn sender_raw(this: &Port) -> JsValue;

    #[wasm_bindgen(method, catch, js_name = postMessage)]
    fn post_message_raw(this: &Port, message: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, js_name = disconnect)]
    fn disconnect_raw(this: &Port);

    #[wasm_bindgen(method, getter, js_name = onMessage)]
    fn on_message_raw(this: &Port) -> ListenerList;

    #[wasm_bindgen(method, getter, js_name = onDisconnect)]
    fn on_disconnect_raw(this: &Port) -> ListenerList;

    #[derive(Clone)]
    type ListenerList;

    #[wasm_bindgen(method, js_name = addListener)]
    fn add_listener(this: &ListenerList, listener: &JsValue);

    #[wasm_bindgen(method, js_name = removeListener)]
    fn remove_listener(this: &ListenerList, listener: &JsValue);
}

/// A listener; dropping it removes it.
#[must_use = "a listener that is dropped is removed"]
pub struct Listener {
    list: ListenerList,
    closure: Closure<dyn FnMut(JsValue)>,
}

impl Listener {
    fn new(list: ListenerList, call: impl FnMut(JsValue) + 'static) -> Self {
        let closure = Closure::<dyn FnMut(JsValue)>::new(call);
        list.add_listener(closure.as_ref());
        Self { list, closure }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.list.remove_listener(self.closure.as_ref());
    }
}

impl Port {
    /// The name given on connecting.
    pub fn name(&self) -> String {
        self.name_raw().unwrap_or_default()
    }

    /// Who connected (`runtime.MessageSender`), at the end that was connected to.
    pub fn sender(&self) -> JsValue {
        self.sender_raw()
    }

    /// Sends a message that is JSON text already.
    ///
    /// # Errors
    /// When the other end is gone.
    pub fn post_json(&self, json: &str) -> Result<(), ApiError> {
        Ok(self.post_message_raw(&js_sys::JSON::parse(json)?)?)
    }

    /// Sends a message to the other end.
    ///
    /// # Errors
    /// When the other end is gone.
    pub fn post<M: Serialize>(&self, message: &M) -> Result<(), ApiError> {
        Ok(self.post_message_raw(&to_js(message)?)?)
    }

    /// Ends the connection.
    pub fn disconnect(&self) {
        self.disconnect_raw();
    }

    /// Calls with each message of the other end; those of another form are left out.
    pub fn on_message<M: DeserializeOwned>(&self, mut call: impl FnMut(M) + 'static) -> Listener {
        Listener::new(self.on_message_raw(), move |message| {
            if let Ok(message) = from_js(&message) {
                call(message);
            }
        })
    }

    /// As [`Port::on_message`], with the message's text as JSON.
    pub fn on_message_text<M: DeserializeOwned>(&self, mut call: impl FnMut(M, &str) + 'static) -> Listener {
        Listener::new(self.on_message_raw(), move |message| {
            if let Ok(text) = json(&message)
                && let Ok(message) = from_json(&text)
            {
                call(message, &text);
            }
        })
    }

    /// Calls when the other end is gone.
    pub fn on_disconnect(&self, mut call: impl FnMut() + 'static) -> Listener {
        Listener::new(self.on_disconnect_raw(), move |_| call())
    }
}
