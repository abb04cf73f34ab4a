//! A connection to Chromium's DevTools, for what WebDriver cannot do: watching the
//! consoles of service workers, and stopping them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use async_tungstenite::tokio::{ConnectStream, connect_async};
use async_tungstenite::tungstenite::Message;
use async_tungstenite::{WebSocketReceiver, WebSocketSender};
use base64ct::{Base64, Encoding};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::sync::{Mutex as AsyncMutex, oneshot};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(20);

/// Called for every event, in the order in which they come.
pub type OnEvent = Box<dyn Fn(&Connection, &Event) + Send>;

/// What Chromium tells without being asked.
pub struct Event {
    /// Such as `Target.attachedToTarget`.
    pub method: String,
    /// As the protocol describes them.
    pub params: Value,
    /// The target it came from; `None`: the browser.
    pub session: Option<String>,
}

/// A connection to the whole browser. Clones share it.
#[derive(Clone)]
pub struct Connection {
    shared: Arc<Shared>,
}

struct Shared {
    sender: AsyncMutex<WebSocketSender<ConnectStream>>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    last_id: u64,
    answers: HashMap<u64, oneshot::Sender<Result<Value>>>,
}

impl Connection {
    /// Connects to a `ws://` address.
    pub async fn open(address: &str, on_event: OnEvent) -> Result<Self> {
        let (socket, _) = connect_async(address).await.context("DevTools do not answer")?;
        let (sender, receiver) = socket.split();
        let connection = Self {
            shared: Arc::new(Shared {
                sender: AsyncMutex::new(sender),
                waiting: Mutex::default(),
            }),
        };
        tokio::spawn(connection.clone().listen(receiver, on_event));
        Ok(connection)
    }

    /// Connects to the browser that listens for DevTools at `host:port`.
    pub async fn open_browser(debugger: &str, on_event: OnEvent) -> Result<Self> {
        let version: Value = crate::http::client()
            .build()?
            .get(format!("http://{debugger}/json/version"))
            .send()
            .await?
            .json()
            .await?;
        let address = version["webSocketDebuggerUrl"]
            .as_str()
            .context("no DevTools address")?;
        Self::open(address, on_event).await
    }

    /// Sends a command to the browser and gives its result.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value> {
        self.call_in(None, method, params).await
    }

    /// Sends a command to one target.
    pub async fn call_in(&self, session: Option<&str>, method: &str, params: Value) -> Result<Value> {
        let (answer, id) = self.expect_answer();
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let text = Message::text(message.to_string());
        self.shared.sender.lock().await.send(text).await?;
        tokio::time::timeout(ANSWER, answer)
            .await
            .with_context(|| format!("{method} was not answered within {ANSWER:?}"))?
            .context("the browser has gone")?
            .with_context(|| method.to_owned())
    }

    /// Opens a page in a tab of its own and gives its source.
    pub async fn visit(&self, address: &str) -> Result<String> {
        let session = self.open_page(address).await?;
        let source = json!({ "expression": "document.documentElement.outerHTML" });
        let answer = self.call_in(Some(&session), "Runtime.evaluate", source).await?;
        let source = answer["result"]["value"].as_str().context("no source")?;
        Ok(source.to_owned())
    }

    /// Opens a page in a tab of its own and waits until it shows a text.
    pub async fn until_shown(&self, address: &str, text: &str) -> Result<()> {
        let session = self.open_page(address).await?;
        let script = format!("document.body?.innerText.includes({})", json!(text));
        crate::wait::until(text, || async {
            let look = json!({ "expression": script });
            let answer = self.call_in(Some(&session), "Runtime.evaluate", look).await?;
            Ok((answer["result"]["value"] == true).then_some(()))
        })
        .await
    }

    /// Opens a page in a tab of its own and gives a picture of it, in PNG.
    pub async fn picture(&self, address: &str) -> Result<Vec<u8>> {
        let session = self.open_page(address).await?;
        let answer = self
            .call_in(Some(&session), "Page.captureScreenshot", json!({}))
            .await?;
        let data = answer["data"].as_str().context("no picture")?;
        Base64::decode_vec(data).ok().context("a picture in base64")
    }

    /// Opens a page in a tab of its own, and does not wait for it.
    pub async fn open_tab(&self, address: &str) -> Result<Value> {
        self.call("Target.createTarget", json!({ "url": address })).await
    }

    async fn open_page(&self, address: &str) -> Result<String> {
        let target = self.open_tab(address).await?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = self.call("Target.attachToTarget", attach).await?;
        let session = attached["sessionId"].as_str().context("no session")?;
        crate::wait::until(address, || async {
            let is_there = "document.readyState == 'complete' && location.href != 'about:blank'";
            let is_there = json!({ "expression": is_there });
            let answer = self.call_in(Some(session), "Runtime.evaluate", is_there).await?;
            Ok((answer["result"]["value"] == true).then_some(()))
        })
        .await?;
        Ok(session.to_owned())
    }

    /// Sends a command from within an event handler, which must not wait.
    pub fn cast(&self, session: &str, method: &'static str, params: Value) {
        let (connection, session) = (self.clone(), session.to_owned());
        tokio::spawn(async move {
            // The target may be gone already; then there is nothing to watch.
            let _ = connection.call_in(Some(&session), method, params).await;
        });
    }

    fn expect_answer(&self) -> (oneshot::Receiver<Result<Value>>, u64) {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.last_id += 1;
        let id = waiting.last_id;
        waiting.answers.insert(id, sender);
        (receiver, id)
    }

    async fn listen(self, mut receiver: WebSocketReceiver<ConnectStream>, on_event: OnEvent) {
        while let Some(Ok(message)) = receiver.next().await {
            let Message::Text(text) = message else { continue };
            let Ok(message) = serde_json::from_str::<Value>(&text) else {
                continue;
            };
            match message["id"].as_u64() {
                Some(id) => self.answer(id, &message),
                None => on_event(&self, &event(&message)),
            }
        }
        // Whoever still waits is told by the end of their channel.
        let mut waiting = self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.answers.clear();
    }

    fn answer(&self, id: u64, message: &Value) {
        let mut waiting = self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = waiting.answers.remove(&id) else {
            return;
        };
        let result = match message.get("error") {
            Some(error) => Err(anyhow!("{error}")),
            None => Ok(message["result"].clone()),
        };
        let _ = sender.send(result);
    }
}

fn event(message: &Value) -> Event {
    Event {
        method: message["method"].as_str().unwrap_or_default().to_owned(),
        params: message["params"].clone(),
        session: message["sessionId"].as_str().map(str::to_owned),
    }
}
