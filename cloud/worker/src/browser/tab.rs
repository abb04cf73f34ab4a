//! One tab: visits a page and gives the main document's answer.

use std::collections::VecDeque;
use std::time::Duration;

use base64ct::{Base64, Encoding};
use chromiumoxide_cdp::cdp::browser_protocol::browser::BrowserContextId;
use chromiumoxide_cdp::cdp::browser_protocol::network::{
    self, GetResponseBodyParams, RequestId, SetCookieControlsParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::page::{self, NavigateParams, SetLifecycleEventsEnabledParams};
use chromiumoxide_cdp::cdp::browser_protocol::target::{
    AttachToTargetParams, CloseTargetParams, CreateTargetParams, SessionId, TargetId,
};
use serde::Deserialize;
use tokio::time::Instant;

use super::cdp::{Cdp, CdpError, Event, Events};
use super::user_agent;

/// How long a page may go on talking to its server before it is judged as it is.
const QUIET_LIMIT: Duration = Duration::from_secs(5);

/// Of a page's body, so much is looked at, in bytes.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// A tab of a context. Closed with its context, or by [`Tab::close`].
pub struct Tab {
    cdp: Cdp,
    session: SessionId,
    target: TargetId,
    events: Events,
}

/// When a visit is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// When the document's body is there.
    Body,
    /// When the page has almost stopped talking to its server, or five seconds after
    /// its body: scripts sign people out, lead elsewhere and renew cookies.
    Quiet,
}

/// A page as it answered. No `Debug`: the body is the person's.
pub struct Visit {
    /// The address asked for.
    pub asked: String,
    /// The address that answered in the end, after redirects.
    pub answered: String,
    /// The address that the page shows, which its scripts may have changed.
    pub shown: String,
    /// HTTP status.
    pub status: u16,
    /// The main document.
    pub body: String,
}

/// A page could not be visited.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VisitError {
    /// The browser failed.
    #[error(transparent)]
    Cdp(#[from] CdpError),
    /// Nothing answered: `net::ERR_…`.
    #[error("{0}")]
    NoAnswer(String),
}

/// The main document, as far as it has come. There is a new one whenever the page
/// leads elsewhere.
struct Document {
    request: String,
    url: String,
    status: u16,
    body: Option<String>,
    quiet: bool,
}

/// Sends commands to a tab.
#[derive(Clone, Copy)]
pub(super) struct Speaker<'a> {
    cdp: &'a Cdp,
    session: &'a SessionId,
}

impl Speaker<'_> {
    pub(super) async fn call<C: chromiumoxide_types::Command>(
        self,
        command: C,
    ) -> Result<C::Response, CdpError> {
        self.cdp.call_in(self.session, command).await
    }
}

impl Tab {
    pub(super) async fn open(
        cdp: Cdp,
        context: Option<BrowserContextId>,
        user_agent: &str,
    ) -> Result<Self, CdpError> {
        let mut create = CreateTargetParams::new("about:blank");
        create.browser_context_id = context;
        let target = cdp.call(create).await?.target_id;
        let mut attach = AttachToTargetParams::new(target.clone());
        attach.flatten = Some(true);
        let session = cdp.call(attach).await?.session_id;
        let events = cdp.listen(&session);
        let tab = Self {
            cdp,
            session,
            target,
            events,
        };
        tab.call(user_agent::override_params(user_agent)).await?;
        tab.call(network::EnableParams::default()).await?;
        if !user_agent::sends_third_party_cookies(user_agent) {
            tab.call(SetCookieControlsParams::new(true, true, true)).await?;
        }
        tab.call(page::EnableParams::default()).await?;
        tab.call(SetLifecycleEventsEnabledParams::new(true)).await?;
        Ok(tab)
    }

    /// Visits a page, and wherever it leads.
    pub async fn visit(&mut self, url: &str, settle: Settle) -> Result<Visit, VisitError> {
        let navigated = self.call(NavigateParams::new(url)).await?;
        if let Some(error) = navigated.error_text {
            return Err(VisitError::NoAnswer(error));
        }
        let Some(loader) = navigated.loader_id else {
            return Err(VisitError::NoAnswer("the page did not load".to_owned()));
        };
        let frame: String = navigated.frame_id.into();
        // The browser numbers a navigation's request like its loader.
        let mut document = Document::new(loader.into());
        let mut shown = None;
        let mut deadline = None;
        let mut waiting = VecDeque::new();
        loop {
            let event = match waiting.pop_front() {
                Some(event) => event,
                None if document.is_settled(settle) => break,
                None => match self.next(deadline).await? {
                    Some(event) => event,
                    None => break,
                },
            };
            if let Some(url) = moved_within(&event, &frame) {
                shown = Some(url);
            }
            if let Some(next) = Document::begun(&event, &frame) {
                (document, shown, deadline) = (next, None, None);
            }
            document.note(&event)?;
            if document.is_finished_by(&event) {
                document.body = Some(self.body(&document.request).await?);
                deadline = Some(Instant::now() + QUIET_LIMIT);
                // What happened while the body was fetched is judged before the visit ends.
                while let Ok(event) = self.events.try_recv() {
                    waiting.push_back(event);
                }
            }
        }
        Ok(Visit {
            asked: url.to_owned(),
            shown: shown.unwrap_or_else(|| document.url.clone()),
            answered: document.url,
            status: document.status,
            body: document.body.unwrap_or_default(),
        })
    }

    /// Closes it.
    pub async fn close(self) -> Result<(), CdpError> {
        self.cdp.call(CloseTargetParams::new(self.target)).await?;
        Ok(())
    }

    /// What speaks, and what hears, for use at once.
    pub(super) fn split(&mut self) -> (Speaker<'_>, &mut Events) {
        let speaker = Speaker {
            cdp: &self.cdp,
            session: &self.session,
        };
        (speaker, &mut self.events)
    }

    pub(super) async fn call<C: chromiumoxide_types::Command>(
        &self,
        command: C,
    ) -> Result<C::Response, CdpError> {
        self.cdp.call_in(&self.session, command).await
    }

    /// The next event; `None` once the deadline is over.
    async fn next(&mut self, deadline: Option<Instant>) -> Result<Option<Event>, CdpError> {
        let next = self.events.recv();
        let event = match deadline {
            Some(deadline) => match tokio::time::timeout_at(deadline, next).await {
                Ok(event) => event,
                Err(_) => return Ok(None),
            },
            None => next.await,
        };
        event.map(Some).ok_or(CdpError::Gone)
    }

    async fn body(&self, request: &str) -> Result<String, CdpError> {
        let answer = match self
            .call(GetResponseBodyParams::new(RequestId::new(request)))
            .await
        {
            Ok(answer) => answer,
            // No body, as of a 204, or the page is gone already.
            Err(CdpError::Refused { .. }) => return Ok(String::new()),
            Err(error) => return Err(error),
        };
        let bytes = match answer.base64_encoded {
            false => answer.body.into_bytes(),
            true => Base64::decode_vec(&answer.body).unwrap_or_default(),
        };
        Ok(String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_BODY)]).into_owned())
    }
}

impl Document {
    fn new(request: String) -> Self {
        Self {
            request,
            url: String::new(),
            status: 0,
            body: None,
            quiet: false,
        }
    }

    /// The document that the frame begins to load with this event.
    fn begun(event: &Event, frame: &str) -> Option<Self> {
        let sent: RequestSent = event.of("Network.requestWillBeSent")?;
        let ours = sent.kind == "Document" && sent.frame_id == frame;
        ours.then(|| Self::new(sent.request_id))
    }

    fn note(&mut self, event: &Event) -> Result<(), VisitError> {
        if let Some(received) = event.of::<ResponseReceived>("Network.responseReceived")
            && received.request_id == self.request
        {
            self.url = received.response.url;
            self.status = received.response.status;
        }
        if let Some(lifecycle) = event.of::<Lifecycle>("Page.lifecycleEvent")
            && lifecycle.loader_id == self.request
        {
            // At most two connections for half a second.
            self.quiet |= lifecycle.name == "networkAlmostIdle";
        }
        match event.of::<LoadingFailed>("Network.loadingFailed") {
            Some(failed) if failed.request_id == self.request => Err(VisitError::NoAnswer(failed.error_text)),
            _ => Ok(()),
        }
    }

    fn is_finished_by(&self, event: &Event) -> bool {
        let finished: Option<LoadingFinished> = event.of("Network.loadingFinished");
        finished.is_some_and(|finished| finished.request_id == self.request)
    }

    fn is_settled(&self, settle: Settle) -> bool {
        self.body.is_some() && (settle == Settle::Body || self.quiet)
    }
}

fn moved_within(event: &Event, frame: &str) -> Option<String> {
    let moved: MovedWithin = event.of("Page.navigatedWithinDocument")?;
    (moved.frame_id == frame).then_some(moved.url)
}

// Of the protocol's events no more than is looked at: what a newer Chromium adds
// or renames elsewhere in them does no harm.

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestSent {
    request_id: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    frame_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResponseReceived {
    request_id: String,
    response: Answer,
}

#[derive(Deserialize)]
struct Answer {
    url: String,
    status: u16,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoadingFinished {
    request_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoadingFailed {
    request_id: String,
    error_text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lifecycle {
    loader_id: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MovedWithin {
    frame_id: String,
    url: String,
}
