//! What the workspace's web app may ask, and what it is told.
//!
//! Its code comes from the server, so it is a stranger's: it learns no identity, and
//! starts nothing. It can have the extension's own page opened, in which a person
//! clicks. The messages themselves are in `ferry_bridge::page`.

use std::rc::Rc;

use ferry_bridge::page::{
    Finding, Hello, LONGEST_ASK, LONGEST_LOOK_MS, LOOK_PAUSE_MS, PageAsk, PageEvent, PageStep, SignedIn,
};
use ferry_bridge::{Failure, IdentityFinding, Inspect, Inspection, ServerAddress, TransferStep};
use ferry_client::Host as _;
use ferry_protocol::{AccountId, UnixMillis};
use serde::Deserialize;

use crate::background::{Background, json, ok, refusal};
use crate::browser::{Browser as _, Platform};
use crate::consent;
use crate::explain::Explain as _;
use crate::records::Enrolment;

/// The extension's page that is opened for web pages: no other tab is ever taken.
const OWN_PAGE: &str = "popup/index.html?view=tab&for=page";
/// So many pages are told of changes.
const MOST_WATCHERS: usize = 32;
/// What is asked for was done, and there is nothing to say.
const NOTHING: &str = "{}";

/// What is around the ask in a content script's message, in bytes.
const AROUND: usize = r#"{"page":}"#.len();

/// A content script's message.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    page: PageAsk,
}

/// What a content script's message asks, if it is one.
fn read(message: &str) -> Option<PageAsk> {
    if message.len() > LONGEST_ASK + AROUND {
        return None;
    }
    let message: Message = ferry_json::read(message.as_bytes()).ok()?;
    Some(message.page)
}

/// Why not, in words that say nothing of anybody.
#[inline(never)]
fn told(code: &str) -> Failure {
    Failure {
        code: code.to_owned(),
        message: "Open Ferry's own page: it says why, and what to do.".to_owned(),
        remedy: None,
    }
}

/// Whether the origin is the server's alone. Below a path, other pages share it.
fn has_all_of_its_origin(server: &ServerAddress) -> bool {
    server.to_string() == server.origin()
}

/// What a look at an app takes.
enum LookKind {
    /// Its cookies, and perhaps its pages.
    Quietly,
    /// Its local storage, for which a tab may have to be opened: not for a page's asking.
    InTabs,
}

/// What was found, without who it is.
fn finding(inspection: &Inspection) -> Finding {
    match &inspection.finding {
        None => Finding::NeedsPermission,
        Some(IdentityFinding::SignedOut) => Finding::SignedOut,
        Some(IdentityFinding::One { .. }) => Finding::Ready,
        Some(IdentityFinding::Unknown) => Finding::Unknown,
        Some(IdentityFinding::Several { identities, .. }) => Finding::Several {
            count: identities.len() as u32,
        },
        Some(IdentityFinding::Another { .. }) => Finding::Another,
    }
}

/// How far a transfer is, without what it found.
fn step(step: Option<&TransferStep>) -> PageStep {
    match step {
        None => PageStep::None,
        Some(TransferStep::Reading) => PageStep::Reading,
        Some(TransferStep::CheckingIdentity { .. }) => PageStep::Checking,
        Some(TransferStep::Sealing { .. }) => PageStep::Sealing,
        Some(TransferStep::Uploading { .. }) => PageStep::Uploading,
        Some(TransferStep::Done { .. }) => PageStep::Done,
        Some(TransferStep::Failed { failure }) => PageStep::Failed {
            failure: told(&failure.code),
        },
    }
}

impl<P: Platform> Background<P> {
    /// Answers a page of this origin: a reply as JSON, or nothing if it is not one of
    /// the workspace that the person is signed in to, or asks for something else.
    pub async fn answer_page(self: &Rc<Self>, origin: &str, message: &str) -> Option<String> {
        let signed_in = self.signed_in_at(origin)?;
        let ask = read(message)?;
        if let PageAsk::Hello(_) = ask {
            return Some(ok(&json(&Hello {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                signed_in: Some(signed_in),
            })));
        }
        let answer = match ask {
            _ if !signed_in.trusted => Err(told("device-not-trusted")),
            PageAsk::Look(of) => self.look(of.account).await.map(|found| json(&found)),
            PageAsk::Open(of) => self.open(of.account).await.map(|()| NOTHING.to_owned()),
            PageAsk::Follow(_) | PageAsk::Hello(_) => Ok(NOTHING.to_owned()),
        };
        // Whoever has signed out meanwhile tells no more.
        self.signed_in_at(origin)?;
        Some(match answer {
            Ok(json) => ok(&json),
            Err(failure) => refusal(failure),
        })
    }

    /// Tells a page of this origin how the account's transfer goes, until `tell` says
    /// that nobody listens any more. It is called with nothing when the page is told
    /// no more. `false` if it is told nothing from the start.
    pub fn follow(
        self: &Rc<Self>,
        origin: String,
        account: AccountId,
        tell: impl Fn(Option<&str>) -> bool + 'static,
    ) -> bool {
        let this = Rc::downgrade(self);
        let watcher = move |_: &str| {
            let event = this.upgrade().and_then(|this| this.progress(&origin, account));
            tell(event.as_deref()) && event.is_some()
        };
        self.add_watcher(MOST_WATCHERS, Box::new(watcher))
    }

    /// Who is signed in, if it is at the server of this origin.
    fn signed_in_at(&self, origin: &str) -> Option<SignedIn> {
        let memory = self.memory();
        let session = memory.enrolment.session.as_ref()?;
        let owner = memory.enrolment.owner.as_ref()?;
        has_all_of_its_origin(&owner.server).then_some(())?;
        (owner.server.origin() == origin).then(|| SignedIn {
            user: session.me.user.id,
            workspace: session.me.workspace.id,
            trusted: session.is_trusted(),
        })
    }

    fn progress(&self, origin: &str, account: AccountId) -> Option<String> {
        self.signed_in_at(origin).filter(|signed_in| signed_in.trusted)?;
        let memory = self.memory();
        let mut records = memory.transfers.records();
        let record = records.find(|record| record.account == account);
        Some(json(&PageEvent::Progress {
            account,
            step: step(record.map(|record| &record.step)),
        }))
    }

    /// Looks who is signed in, if the browser lets it. It asks for no permission. One at
    /// a time, and not too often: the app's own pages are fetched for it.
    async fn look(self: &Rc<Self>, account: AccountId) -> Result<Finding, Failure> {
        let now = || self.platform.browser().now();
        let started = now();
        if started < self.memory().look_after {
            return Err(told("too-many-requests"));
        }
        let not_before = |at: UnixMillis| self.memory.borrow_mut().look_after = at;
        not_before(started.plus(LONGEST_LOOK_MS));
        let looked = match self.may_look(account) {
            None => Ok(Finding::NeedsPermission),
            Some(LookKind::InTabs) => Ok(Finding::Unknown),
            Some(LookKind::Quietly) => {
                let inspect = Inspect {
                    account,
                    store: Default::default(),
                };
                match Box::pin(self.inspect(inspect)).await {
                    Ok(inspection) => Ok(finding(&inspection)),
                    Err(error) => Err(told(&error.failure().code)),
                }
            }
        };
        not_before(now().plus(LOOK_PAUSE_MS));
        looked
    }

    /// Whether a page may have this account's app looked at: one of the accounts that
    /// are known here, in an app of the catalogue, or as the person has agreed to it in
    /// this browser. A custom app's rules come from the server, as the page does: with
    /// rules of its choosing, the answers would spell out cookies bit by bit.
    fn may_look(&self, id: AccountId) -> Option<LookKind> {
        let memory = self.memory();
        let known = &memory.accounts.accounts;
        let account = known.iter().find(|account| account.id == id)?;
        let may = !account.app.id.is_custom() || consent::given(account, &memory.trust).is_some();
        may.then(|| match account.app.storage_keys().is_empty() {
            true => LookKind::Quietly,
            false => LookKind::InTabs,
        })
    }

    /// Shows the page in which the account's session can be transferred: in the tab that
    /// was opened so before, if there is one.
    async fn open(&self, account: AccountId) -> Result<(), Failure> {
        if std::mem::replace(&mut self.memory.borrow_mut().opening, true) {
            return Err(told("too-many-requests"));
        }
        let hash = format!("#/accounts/{account}/share");
        let shown = self.platform.browser().show(OWN_PAGE, &hash).await;
        self.memory.borrow_mut().opening = false;
        shown.map_err(|_| told("browser"))
    }

    /// Has the content script run in the pages of the workspace that the person is
    /// signed in to, and in no others: at each start, since the browser forgets it when
    /// the extension is updated, and whenever somebody has signed in or out.
    pub async fn put_bridge(&self) {
        if std::mem::replace(&mut self.memory.borrow_mut().bridging, true) {
            // Whoever is at it looks again in the end.
            return;
        }
        loop {
            let wanted = self.bridged();
            if self.memory().bridged.as_ref() == Some(&wanted) {
                break;
            }
            let pattern = wanted.as_ref().map(ServerAddress::origin_pattern);
            if self.platform.browser().bridge(pattern.as_deref()).await.is_err() {
                // It is tried again with the next change, or the next start.
                break;
            }
            self.memory.borrow_mut().bridged = Some(wanted);
        }
        self.memory.borrow_mut().bridging = false;
    }

    /// Where the content script is to run.
    fn bridged(&self) -> Option<ServerAddress> {
        let memory = self.memory();
        let Enrolment { owner, session, .. } = &memory.enrolment;
        session.as_ref()?;
        let server = &owner.as_ref()?.server;
        has_all_of_its_origin(server).then(|| server.clone())
    }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
