//! The Chrome DevTools Protocol over a pipe: typed commands, and events by session.
//!
//! A pipe, not a WebSocket: a DevTools port would let every program on the machine
//! into every session. Each message is JSON and a NUL byte.
//!
//! The types are `chromiumoxide`'s. Its page model is not used: the worker sends a
//! dozen commands and must know of each what it does. Cookies travel through here;
//! nothing here prints a message.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::target::SessionId;
use chromiumoxide_types::{Command, MethodId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::{mpsc, oneshot, watch};
use zeroize::Zeroizing;

/// How long a command may take. Longer than any check: only a browser that hangs
/// takes so long.
const LIMIT: Duration = Duration::from_secs(60);

/// A connection to a browser. Clones share it; it closes with the last of them, and
/// with it the browser.
#[derive(Clone)]
pub(crate) struct Cdp {
    requests: mpsc::UnboundedSender<Request>,
    /// Closes when the connection does.
    open: watch::Receiver<()>,
}

/// A command could not be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CdpError {
    /// The browser is gone: closed, killed or crashed.
    #[error("the browser is gone")]
    Gone,
    /// The browser does not answer at all.
    #[error("the browser does not answer")]
    Silent,
    /// The browser refused the command.
    #[error("the browser refused {method}: {message}")]
    Refused {
        /// Which command.
        method: String,
        /// The browser's words. They name fields, never values.
        message: String,
    },
    /// The browser's answer is not of the form that the protocol says.
    #[error(
        "the browser answered {method} in a form that is not known; use a Chromium of version 121 or newer"
    )]
    Malformed {
        /// Which command.
        method: String,
    },
}

impl CdpError {
    /// Whether this browser will answer nobody any more.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Gone | Self::Silent)
    }
}

/// An event of one session.
pub(crate) struct Event {
    method: String,
    params: Value,
}

/// The events of one session, in order.
pub(crate) type Events = mpsc::UnboundedReceiver<Event>;

enum Request {
    Call {
        method: MethodId,
        params: Value,
        session: Option<SessionId>,
        answer: oneshot::Sender<Answer>,
    },
    Listen {
        session: SessionId,
        events: mpsc::UnboundedSender<Event>,
    },
}

/// A command on its way out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Call<'a> {
    id: u64,
    method: &'a str,
    params: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'a SessionId>,
}

/// Any message on its way in: an answer has an `id`, an event a `method`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Incoming {
    id: Option<u64>,
    result: Option<Value>,
    error: Option<chromiumoxide_types::Error>,
    method: Option<String>,
    session_id: Option<String>,
    #[serde(default)]
    params: Value,
}

type Answer = Result<Value, chromiumoxide_types::Error>;

impl Cdp {
    /// Over the pipe to a browser: its file descriptors 3 and 4.
    pub(crate) fn over(to_browser: ChildStdin, from_browser: ChildStdout) -> Self {
        let (requests, queue) = mpsc::unbounded_channel();
        let (open, watch) = watch::channel(());
        tokio::spawn(async move {
            // A pipe that fails is a browser that is gone.
            let _ = drive(to_browser, from_browser, queue).await;
            drop(open);
        });
        Self {
            requests,
            open: watch,
        }
    }

    /// Whether the browser is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.open.has_changed().is_err()
    }

    /// Ends when the browser is gone.
    pub(crate) async fn closed(&self) {
        let mut open = self.open.clone();
        // Nothing is ever sent: it changes by closing.
        while open.changed().await.is_ok() {}
    }

    /// Sends a command to the browser itself.
    pub(crate) async fn call<C: Command>(&self, command: C) -> Result<C::Response, CdpError> {
        self.send(command, None).await
    }

    /// Sends a command to a session: one page.
    pub(crate) async fn call_in<C: Command>(
        &self,
        session: &SessionId,
        command: C,
    ) -> Result<C::Response, CdpError> {
        self.send(command, Some(session.clone())).await
    }

    /// The events of a session from now on.
    pub(crate) fn listen(&self, session: &SessionId) -> Events {
        let (events, receiver) = mpsc::unbounded_channel();
        // If the connection is gone, the receiver says so by ending.
        let _ = self.requests.send(Request::Listen {
            session: session.clone(),
            events,
        });
        receiver
    }

    async fn send<C: Command>(
        &self,
        command: C,
        session: Option<SessionId>,
    ) -> Result<C::Response, CdpError> {
        let method = command.identifier();
        let malformed = || CdpError::Malformed {
            method: method.to_string(),
        };
        let params = serde_json::to_value(command).map_err(|_| malformed())?;
        let (answer, answered) = oneshot::channel();
        let call = Request::Call {
            method: method.clone(),
            params,
            session,
            answer,
        };
        self.requests.send(call).map_err(|_| CdpError::Gone)?;
        let answered = tokio::time::timeout(LIMIT, answered)
            .await
            .map_err(|_| CdpError::Silent)?;
        match answered.map_err(|_| CdpError::Gone)? {
            Ok(result) => C::response_from_value(result).map_err(|_| malformed()),
            Err(error) => Err(CdpError::Refused {
                method: method.to_string(),
                message: error.message,
            }),
        }
    }
}

impl Event {
    /// Whether the event is of this method.
    pub(crate) fn is(&self, method: &str) -> bool {
        self.method == method
    }

    /// The event's content, if it is of this method.
    pub(crate) fn of<T: DeserializeOwned>(&self, method: &str) -> Option<T> {
        // An event in a form that is not known is one that says nothing.
        self.is(method)
            .then(|| T::deserialize(&self.params).ok())
            .flatten()
    }
}

/// What is under way.
#[derive(Default)]
struct UnderWay {
    last_id: u64,
    calls: HashMap<u64, oneshot::Sender<Answer>>,
    listeners: HashMap<String, mpsc::UnboundedSender<Event>>,
}

/// Carries messages until the browser is gone, or nobody is left to ask.
async fn drive(
    mut to_browser: ChildStdin,
    from_browser: ChildStdout,
    mut queue: mpsc::UnboundedReceiver<Request>,
) -> io::Result<()> {
    // Reading does not wait for writing: the browser may be busy writing itself.
    let (frames, mut incoming) = mpsc::unbounded_channel();
    let mut reading = tokio::spawn(read(from_browser, frames));
    let mut under_way = UnderWay::default();
    let result = loop {
        tokio::select! {
            request = queue.recv() => {
                let Some(request) = request else { break Ok(()) };
                if let Some(frame) = under_way.begin(request)
                    && let Err(error) = to_browser.write_all(&frame).await
                {
                    break Err(error);
                }
            }
            frame = incoming.recv() => match frame {
                Some(frame) => {
                    if let Some(frame) = under_way.take(&frame)
                        && let Err(error) = to_browser.write_all(&frame).await
                    {
                        break Err(error);
                    }
                }
                None => break Ok(()),
            },
        }
    };
    reading.abort();
    // Ended or aborted: either way it is over.
    let _ = (&mut reading).await;
    result
}

async fn read(from_browser: ChildStdout, frames: mpsc::UnboundedSender<Zeroizing<Vec<u8>>>) {
    let mut from_browser = BufReader::new(from_browser);
    loop {
        let mut frame = Zeroizing::new(Vec::new());
        match from_browser.read_until(0, &mut frame).await {
            Ok(1..) if frame.pop() == Some(0) => {}
            // Nothing, or half a message: the pipe is closed.
            _ => return,
        }
        if frames.send(frame).is_err() {
            return;
        }
    }
}

impl UnderWay {
    /// The message that a request makes, if any.
    fn begin(&mut self, request: Request) -> Option<Zeroizing<Vec<u8>>> {
        let (method, params, session, answer) = match request {
            Request::Call {
                method,
                params,
                session,
                answer,
            } => (method, params, session, answer),
            Request::Listen { session, events } => {
                self.listeners.insert(session.as_ref().to_owned(), events);
                return None;
            }
        };
        let frame = self.call(&method, &params, session.as_ref())?;
        self.calls.insert(self.last_id, answer);
        Some(frame)
    }

    /// The message of a command, under the next number.
    fn call(
        &mut self,
        method: &str,
        params: &Value,
        session_id: Option<&SessionId>,
    ) -> Option<Zeroizing<Vec<u8>>> {
        self.last_id += 1;
        let call = Call {
            id: self.last_id,
            method,
            params,
            session_id,
        };
        let mut frame = Zeroizing::new(serde_json::to_vec(&call).ok()?);
        frame.push(0);
        Some(frame)
    }

    /// Gives a message to whom it is for; and what to say to it, if it is nobody's.
    fn take(&mut self, frame: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let Ok(incoming) = serde_json::from_slice::<Incoming>(frame) else {
            tracing::debug!("the browser sent a message in a form that is not known");
            return None;
        };
        if let Some(id) = incoming.id {
            let answer = match incoming.error {
                Some(error) => Err(error),
                None => Ok(incoming.result.unwrap_or_default()),
            };
            if let Some(waiting) = self.calls.remove(&id) {
                // A caller that gave up needs no answer.
                let _ = waiting.send(answer);
            }
        } else if let (Some(session), Some(method)) = (incoming.session_id, incoming.method) {
            // The page stands still until somebody answers, and with it every command to
            // it: whoever waits for one would never hear of the dialog.
            if method == "Page.javascriptDialogOpening" {
                let accept = serde_json::json!({ "accept": true });
                return self.call("Page.handleJavaScriptDialog", &accept, Some(&session.into()));
            }
            let event = Event {
                method,
                params: incoming.params,
            };
            if self
                .listeners
                .get(&session)
                .is_some_and(|listener| listener.send(event).is_err())
            {
                self.listeners.remove(&session);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_events_find_those_who_wait_for_them() {
        let mut under_way = UnderWay::default();
        let (answer, mut answered) = oneshot::channel();
        let call = Request::Call {
            method: "Storage.getCookies".into(),
            params: Value::Null,
            session: Some(SessionId::from("s".to_owned())),
            answer,
        };
        let frame = under_way.begin(call).unwrap();
        let expected = br#"{"id":1,"method":"Storage.getCookies","params":null,"sessionId":"s"}"#;
        assert_eq!(frame.strip_suffix(b"\0"), Some(expected.as_slice()));
        let (events, mut received) = mpsc::unbounded_channel();
        let session = SessionId::from("s".to_owned());
        assert!(under_way.begin(Request::Listen { session, events }).is_none());

        let mut take = |message: &str| assert!(under_way.take(message.as_bytes()).is_none());
        take(r#"{"method":"A.b","sessionId":"s","params":{"x":1}}"#);
        take(r#"{"method":"A.b","sessionId":"other","params":{}}"#);
        take("not JSON");
        take(r#"{"id":2,"result":{}}"#);
        assert!(answered.try_recv().is_err());
        take(r#"{"id":1,"error":{"code":-32000,"message":"no"}}"#);

        let event = received.try_recv().unwrap();
        assert!(event.is("A.b") && event.of::<Value>("A.c").is_none());
        assert!(received.try_recv().is_err());
        assert_eq!(answered.try_recv().unwrap().unwrap_err().message, "no");
    }

    #[test]
    fn a_dialog_is_answered_whoever_listens() {
        let mut under_way = UnderWay::default();
        let opening =
            br#"{"method":"Page.javascriptDialogOpening","sessionId":"s","params":{"type":"alert"}}"#;
        let frame = under_way.take(opening).unwrap();
        let expected =
            br#"{"id":1,"method":"Page.handleJavaScriptDialog","params":{"accept":true},"sessionId":"s"}"#;
        assert_eq!(frame.strip_suffix(b"\0"), Some(expected.as_slice()));
        // It may have gone by itself, with its page.
        let refused = br#"{"id":1,"error":{"code":-32602,"message":"No dialog is showing"}}"#;
        assert!(under_way.take(refused).is_none());
    }
}
