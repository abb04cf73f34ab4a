//! An empty page of an origin, which no server was asked for: from it the origin's local
//! storage can be reached while none of the app's scripts run.

use chromiumoxide_cdp::cdp::browser_protocol::fetch::{self, FulfillRequestParams, HeaderEntry, RequestId};
use chromiumoxide_cdp::cdp::browser_protocol::network::SetBypassServiceWorkerParams;
use chromiumoxide_cdp::cdp::browser_protocol::page::NavigateParams;
use chromiumoxide_cdp::cdp::js_protocol::runtime::EvaluateParams;
use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::cdp::{CdpError, Event};
use super::tab::Tab;

/// The empty page. Closed by [`BlankPage::close`], or with its context.
pub struct BlankPage {
    tab: Tab,
}

impl BlankPage {
    /// Shows it.
    pub(super) async fn open(mut tab: Tab, origin: &str) -> Result<Self, CdpError> {
        // A service worker of the app's would answer in our place.
        tab.call(SetBypassServiceWorkerParams::new(true)).await?;
        // All requests.
        tab.call(fetch::EnableParams::default()).await?;
        {
            // The answer to the first comes when the request is answered.
            let (tab, events) = tab.split();
            let navigating = tab.call(NavigateParams::new(origin));
            tokio::pin!(navigating);
            loop {
                tokio::select! {
                    navigated = &mut navigating => {
                        navigated?;
                        break;
                    }
                    event = events.recv() => {
                        if let Some(request) = paused(&event.ok_or(CdpError::Gone)?) {
                            tab.call(empty_page(request)).await?;
                        }
                    }
                }
            }
        }
        Ok(Self { tab })
    }

    /// Calls a function of JavaScript with one argument, and gives what it returns as
    /// JSON. Neither is logged: the argument may be a session.
    pub async fn call(&self, function: &str, argument: &impl Serialize) -> Result<Value, CdpError> {
        #[expect(clippy::expect_used, reason = "lists of strings always serialise")]
        let argument = Zeroizing::new(serde_json::to_string(argument).expect("serialisable"));
        // JSON is JavaScript (ECMA-262 §25.5, since its tenth edition).
        let mut evaluate = EvaluateParams::new(format!("({function})({})", *argument));
        evaluate.return_by_value = Some(true);
        evaluate.await_promise = Some(true);
        let result = self.tab.call(evaluate).await?.result;
        Ok(result.value.unwrap_or_default())
    }

    /// Closes it.
    pub async fn close(self) -> Result<(), CdpError> {
        self.tab.close().await
    }
}

/// The request that waits for an answer.
fn paused(event: &Event) -> Option<RequestId> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Paused {
        request_id: String,
    }
    let paused: Paused = event.of("Fetch.requestPaused")?;
    Some(RequestId::from(paused.request_id))
}

fn empty_page(request: RequestId) -> FulfillRequestParams {
    let mut answer = FulfillRequestParams::new(request, 200);
    answer.response_headers = Some(vec![HeaderEntry::new("Content-Type", "text/html")]);
    answer
}
