//! Asking the person's trusted devices to approve this one, and waiting for the
//! answer.
//!
//! The server answers when somebody decides, so that this device hears of it at once.
//! While it waits, the browser may stop the background: the request is kept, and waited
//! for again at the next start.

use std::rc::Rc;

use ferry_bridge::{Approval, ApprovalState};
use ferry_client::{Device as _, Host as _};
use ferry_protocol::UnixMillis;
use ferry_protocol::api::{self, AskApproval};
use ferry_protocol::device::Fingerprint;

use crate::background::{AskError, Background};
use crate::browser::{Browser as _, Platform};
use crate::enrol::EnrolError;
use crate::store::StoreError;
use ferry_client::device_name;

/// After a failure, it is asked again so much later, in minutes.
const PATIENCE_MINUTES: f64 = 0.5;

/// A server that says *pending* sooner than this did not wait, and would be asked
/// without end; in milliseconds.
const SHORTEST_WAIT_MS: i64 = 1_000;

/// Why it is not waited any more.
enum Waited {
    /// For good: it was decided, or is over.
    Ended,
    /// For now.
    Failed,
}

impl<P: Platform> Background<P> {
    /// Asks the person's trusted devices to approve this one.
    pub async fn ask_approval(self: &Rc<Self>) -> Result<(), EnrolError> {
        let browser = device_name::browser_on_system(&self.platform.browser().user_agent());
        let ask = AskApproval { browser };
        let answer = self.ask(async |client| client.ask_approval(&ask).await).await?;
        let device = self.client()?.device().clone();
        let approval = Approval {
            fingerprint: Fingerprint::new(&device.id(), device.sealing_key()).to_string(),
            state: ApprovalState::Pending,
            until: answer.until.unwrap_or(UnixMillis(0)),
        };
        self.update_session(|session| {
            session.approval = Some(approval);
            session.code = None;
        })
        .await?;
        Ok(())
    }

    /// Waits for the answer to the request for approval, if there is one and nobody
    /// waits for it yet.
    pub async fn await_approval(self: &Rc<Self>) {
        let waits = self.memory().awaits_approval;
        if waits || !self.is_pending() {
            return;
        }
        self.memory.borrow_mut().awaits_approval = true;
        let waited = self.wait().await;
        self.memory.borrow_mut().awaits_approval = false;
        if matches!(waited, Ok(Waited::Failed)) && self.is_pending() {
            self.platform.browser().wake_in(PATIENCE_MINUTES);
        }
    }

    async fn wait(self: &Rc<Self>) -> Result<Waited, StoreError> {
        loop {
            let asked_at = self.platform.browser().now();
            let asker = self.memory().client.clone();
            let Ok(answer) = self.ask(async |client| client.approval().await).await else {
                return Ok(Waited::Failed);
            };
            let is_same = match (&asker, &self.memory().client) {
                (Some(asker), Some(now)) => Rc::ptr_eq(asker, now),
                _ => false,
            };
            if !is_same {
                // Somebody signed in anew meanwhile: it is no answer to their request.
                return Ok(Waited::Failed);
            }
            match answer.state {
                api::ApprovalState::Approved => return self.approved().await,
                api::ApprovalState::Denied => self.approval_is(ApprovalState::Denied).await?,
                api::ApprovalState::NotAsked => self.approval_is(ApprovalState::Lapsed).await?,
                api::ApprovalState::Pending => {
                    let now = self.platform.browser().now();
                    if now.0.saturating_sub(asked_at.0) < SHORTEST_WAIT_MS {
                        return Ok(Waited::Failed);
                    }
                }
            }
            if !self.is_pending() {
                return Ok(Waited::Ended);
            }
        }
    }

    /// Somebody approved: what this device is from now on, the server tells.
    async fn approved(self: &Rc<Self>) -> Result<Waited, StoreError> {
        match self.ask(async |client| client.me().await).await {
            Ok(me) => {
                self.verified(me).await?;
                Ok(Waited::Ended)
            }
            Err(AskError::NotSignedIn) => Ok(Waited::Ended),
            Err(AskError::Api(_)) => Ok(Waited::Failed),
        }
    }

    async fn approval_is(&self, state: ApprovalState) -> Result<(), StoreError> {
        self.update_session(|session| {
            if let Some(approval) = &mut session.approval {
                approval.state = state;
            }
        })
        .await
    }

    /// Whether somebody is to decide on this device.
    fn is_pending(&self) -> bool {
        let memory = self.memory();
        let session = memory.enrolment.session.as_ref();
        let approval = session.and_then(|session| session.approval.as_ref());
        approval.is_some_and(|approval| approval.state == ApprovalState::Pending)
    }
}

#[cfg(test)]
#[path = "approval_tests.rs"]
mod tests;
