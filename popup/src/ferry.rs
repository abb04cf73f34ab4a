//! The state that the pages share, and what they can do.

mod accounts;
mod act;
mod follow;
mod progress;

use ferry_bridge::{
    Agreed, Ask, CONSENT_TEXT_VERSION, Check, CookieStores, Delete, Dismiss, Event, ExpectPermission,
    Failure, GetState, ListStores, Phase, Profile, Refresh, Remedy, Request, Share, SignOut, State, StoreId,
    Transfer, TransferStep,
};
use ferry_protocol::api::{Account, SessionStatus};
use ferry_protocol::{AccountId, UnixMillis, UserId};
use ferry_ui::page::{Page, Trouble};
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::text::Clean;
use ferry_webext::{BrowserKind, permissions, runtime, tabs};
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::VisibilityState;

pub use accounts::PerAccount;

use crate::background::{AskError, ask, listen, send};
use crate::later::{holds, is_later};
use crate::route::Route;
use crate::share::{Click, click, meant};
use crate::{keep, words};

/// Which of the phases; pages are built anew only when this changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Not known yet.
    Loading,
    /// Nobody is signed in.
    SignedOut,
    /// To be named.
    SetUp,
    /// As before, but put off.
    Later,
    /// A code is on its way.
    Code,
    /// Trusted devices are asked for approval.
    Approval,
    /// Ready.
    Ready,
}

/// What is going on with an account, besides a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// The browser was asked, or the transfer is about to start.
    Sharing,
    /// Being deleted.
    Deleting,
    /// The cloud was asked to check; the last check known then was at this time.
    Checking {
        /// Of the check before.
        before: Option<UnixMillis>,
        /// When it was asked for.
        since: UnixMillis,
    },
}

/// The state that the pages share. A handle: cheap to copy.
#[derive(Clone, Copy)]
pub struct Ferry {
    /// What the background told last; `None` until it did.
    pub state: Var<Option<State>>,
    /// Which page.
    pub route: Var<Route>,
    /// What every page has.
    pub page: Page,
    /// Now, to the second.
    pub now: Var<UnixMillis>,
    /// In a tab, not in the popup.
    pub in_tab: bool,
    /// Shown because a web page asked for it.
    pub for_web_page: bool,
    /// Whether the browser can show its permission prompt above this page.
    pub prompts: bool,
    /// Accounts whose app's domains the browser has granted, or has not.
    pub granted: Var<PerAccount<bool>>,
    /// The cookie stores of this browser, the ordinary one first; `None` until they are
    /// known.
    pub stores: Var<Option<CookieStores>>,
    /// What is going on with an account.
    pub doing: Var<PerAccount<Doing>>,
    /// What went wrong with an account, where the background's state does not say so.
    pub failures: Var<PerAccount<Failure>>,
    /// What went wrong otherwise.
    pub failure: Var<Option<Failure>>,
    /// When the transfer began whose outcome is not shown any more: the background may
    /// not have forgotten it yet.
    hidden: Var<PerAccount<UnixMillis>>,
    /// The account whose session is about to be deleted.
    pub deleting: Var<Option<AccountId>>,
    /// The account whose session was deleted just now.
    pub deleted: Var<Option<AccountId>>,
    /// Who has put the set-up off.
    later: Var<Option<UserId>>,
    refreshing: Var<bool>,
}

/// For how long a check that was asked for is waited for, in milliseconds.
const CHECK_PATIENCE: i64 = 60_000;

impl Ferry {
    /// With this state, and no ear for the background.
    pub fn new(state: Option<State>, route: Route, in_tab: bool, now: UnixMillis) -> Self {
        let page = Page::new(now);
        Self {
            state: Var::new(state),
            route: Var::new(route),
            now: page.now,
            page,
            in_tab,
            for_web_page: false,
            // Firefox shows the prompt beneath the popup, where nobody sees it.
            prompts: in_tab || BrowserKind::here() == BrowserKind::Chrome,
            granted: Var::new(PerAccount::default()),
            stores: Var::new(None),
            doing: Var::new(PerAccount::default()),
            failures: Var::new(PerAccount::default()),
            failure: Var::new(None),
            hidden: Var::new(PerAccount::default()),
            deleting: Var::new(None),
            deleted: Var::new(None),
            later: Var::new(keep::later()),
            refreshing: Var::new(false),
        }
    }

    /// The one of this page.
    pub fn here() -> Self {
        expect_context()
    }

    /// Which of the phases.
    pub fn stage(self) -> Derived<Stage> {
        Derived::new(move || {
            self.state
                .with(|state| match state.as_ref().map(|state| &state.phase) {
                    None => Stage::Loading,
                    Some(Phase::SignedOut { .. }) => Stage::SignedOut,
                    Some(Phase::SetUp {
                        approval: Some(_), ..
                    }) => Stage::Approval,
                    Some(Phase::SetUp { code: Some(_), .. }) => Stage::Code,
                    Some(phase) if is_later(phase, self.later.get()) => Stage::Later,
                    Some(Phase::SetUp { .. }) => Stage::SetUp,
                    Some(Phase::Ready { .. }) => Stage::Ready,
                })
        })
    }

    /// Something of the phase, or nothing in another one.
    pub fn pick<T: Clone + PartialEq + Send + Sync + 'static>(
        self,
        pick: fn(&Phase) -> Option<T>,
    ) -> Derived<Option<T>> {
        Derived::new(move || {
            self.state
                .with(|state| state.as_ref().and_then(|state| pick(&state.phase)))
        })
    }

    /// Who is signed in to Ferry, and where.
    pub fn profile(self) -> Derived<Option<Profile>> {
        self.pick(|phase| match phase {
            Phase::SetUp { profile, .. } | Phase::Ready { profile, .. } => Some(profile.clone()),
            Phase::SignedOut { .. } => None,
        })
    }

    /// One account.
    pub fn account(self, id: AccountId) -> Derived<Option<Account>> {
        Derived::new(move || self.state.with(|state| find(state.as_ref(), id).cloned()))
    }

    /// How far the transfer of an account is, if there is one.
    pub fn transfer(self, id: AccountId) -> Derived<Option<TransferStep>> {
        Derived::new(move || {
            self.state.with(|state| {
                let transfers = &state.as_ref()?.transfers;
                transfers
                    .iter()
                    .find(|transfer| transfer.account == id)
                    .map(|transfer| transfer.step.clone())
            })
        })
    }

    /// Whether a transfer of this account runs, or is about to.
    pub fn is_sharing(self, id: AccountId) -> Derived<bool> {
        let transfer = self.transfer(id);
        Derived::new(move || {
            self.doing.with(|doing| doing.get(&id) == Some(&Doing::Sharing))
                || transfer.with(|step| step.as_ref().is_some_and(|step| words::progress(step).is_some()))
        })
    }

    /// What went wrong with this account and was not dismissed.
    pub fn trouble(self, id: AccountId) -> Derived<Option<Failure>> {
        let transfer = self.transfer(id);
        Derived::new(move || match transfer.get() {
            Some(TransferStep::Failed { failure }) => Some(failure),
            Some(_) => None,
            None => self.failures.with(|failures| failures.get(&id).cloned()),
        })
    }

    /// Takes over what the background says. Steps of a transfer that nobody could read
    /// in time are not drawn: most transfers are over before an eye has moved. An outcome
    /// that was hidden stays so, even if the background has not heard of it yet.
    pub fn set_state(self, mut state: State) {
        self.drop_hidden(&mut state);
        if self.is_progress(&state) {
            progress::hold(state, move |state| self.show_state(state));
        } else {
            progress::drop_held();
            self.show_state(state);
        }
    }

    fn drop_hidden(self, state: &mut State) {
        self.hidden.with_untracked(|hidden| {
            let is_hidden = |one: &Transfer| hidden.get(&one.account) == Some(&one.started);
            state.transfers.retain(|one| !is_hidden(one));
        });
    }

    /// Whether nothing is new but how far transfers are that go on.
    fn is_progress(self, state: &State) -> bool {
        let goes_on = |transfer: &Transfer| words::progress(&transfer.step).is_some();
        state.transfers.iter().any(goes_on)
            && self.state.with_untracked(|known| {
                known.as_ref().is_some_and(|known| {
                    let new = state
                        .transfers
                        .iter()
                        .filter(|new| !known.transfers.contains(new));
                    known.phase == state.phase
                        && known.transfers.len() <= state.transfers.len()
                        && new.into_iter().all(goes_on)
                })
            })
    }

    fn show_state(self, mut state: State) {
        // Once more: it may have been held, and something hidden meanwhile.
        self.drop_hidden(&mut state);
        if self.state.with_untracked(|known| known.as_ref() == Some(&state)) {
            return;
        }
        self.settle_checks(&state);
        let chosen = self.later.get_untracked();
        if chosen.is_some_and(|chosen| !holds(&state.phase, chosen)) {
            self.put_off(None);
        }
        // Most news is of a transfer, and changes nothing of what has to be granted.
        let phase_is_new = self
            .state
            .with_untracked(|known| known.as_ref().map(|known| &known.phase) != Some(&state.phase));
        if phase_is_new {
            match &state.phase {
                Phase::Ready { accounts, .. } => keep::keep_stores_of(accounts),
                Phase::SignedOut { .. } => keep::keep_stores_of(&[]),
                // Nobody knows their accounts until this browser is trusted again.
                Phase::SetUp { .. } => {}
            }
        }
        self.state.set(Some(state));
        if phase_is_new {
            self.look_up_permissions();
        }
    }

    fn take_state(self, answer: Result<State, AskError>) {
        match answer {
            Ok(state) => {
                self.failure.set(None);
                self.set_state(state);
            }
            Err(error) => self.failure.set(Some(error.into_failure())),
        }
    }

    /// Takes over how something ended that was asked for an account.
    async fn settle(self, id: AccountId, answer: Result<State, AskError>) {
        let error = match answer {
            Ok(state) => return self.set_state(state),
            Err(error) => error,
        };
        if matches!(error, AskError::Gone(_)) {
            // The browser stopped the background. The next one knows where the transfer
            // goes on, or why it does not.
            if let Ok(state) = ask(GetState {}).await {
                self.set_state(state);
                if self.transfer(id).get_untracked().is_some() {
                    return;
                }
                // No new one took the place of the one that is hidden.
                drop(ask(Dismiss { account: id }).await);
            }
        }
        self.fail(id, error.into_failure());
    }

    fn fail(self, id: AccountId, failure: Failure) {
        self.failures.update(|failures| failures.set(id, Some(failure)));
    }

    fn set_doing(self, id: AccountId, doing: Option<Doing>) {
        self.doing.update(|all| all.set(id, doing));
    }

    /// The person has read how the last transfer ended: here and in the background, it is
    /// forgotten.
    pub fn dismiss(self, id: AccountId) {
        if self.hide_outcome(id) {
            spawn_local(async move { drop(ask(Dismiss { account: id }).await) });
        }
    }

    /// Stops showing how the last transfer ended, on this page only. Says whether it had
    /// ended.
    fn hide_outcome(self, id: AccountId) -> bool {
        self.failures.update(|failures| failures.set(id, None));
        let ended = self.state.with_untracked(|state| {
            let mut transfers = state.iter().flat_map(|state| &state.transfers);
            let one = transfers.find(|one| one.account == id)?;
            words::progress(&one.step).is_none().then_some(one.started)
        });
        if ended.is_some() {
            self.hidden.update(|hidden| hidden.set(id, ended));
            self.state.update(|state| {
                if let Some(state) = state {
                    state.transfers.retain(|transfer| transfer.account != id);
                }
            });
        }
        ended.is_some()
    }

    /// Ends the wait for checks that have come in.
    fn settle_checks(self, state: &State) {
        let waiting = self
            .doing
            .with_untracked(|doing| doing.any(|one| matches!(one, Doing::Checking { .. })));
        if !waiting {
            return;
        }
        let now = self.now.get_untracked();
        self.doing.update(|doing| {
            doing.retain(|id, one| match one {
                Doing::Checking { before, since } => {
                    let account = find(Some(state), *id);
                    account.is_some_and(|account| checked_at(account) == *before)
                        && now.0.saturating_sub(since.0) < CHECK_PATIENCE
                }
                _ => true,
            });
        });
    }

    /// Finds out which app's domains the browser has granted.
    pub fn look_up_permissions(self) {
        let apps = self
            .state
            .with_untracked(|state| match state.as_ref().map(|state| &state.phase) {
                Some(Phase::Ready { accounts, .. }) => accounts
                    .iter()
                    .map(|account| (account.id, account.app.origins()))
                    .collect::<Vec<_>>(),
                _ => Vec::new(),
            });
        spawn_local(async move {
            for (id, origins) in apps {
                if let Ok(granted) = permissions::contains(&origins).await {
                    self.set_granted(id, granted);
                }
            }
        });
    }
}

/// What is to be transferred, of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The person agreed just now, to the text and the app as they are shown.
    pub agreed: bool,
    /// The person confirmed that nobody can tell who is signed in.
    pub accept_unknown: bool,
    /// Out of which cookie store; `None`: the one that is meant without asking.
    pub store: Option<StoreId>,
    /// This identity alone, of several.
    pub only: Option<String>,
    /// Who is shown to be signed in.
    pub named: Option<String>,
}

/// A failure on a page that offers no remedy.
pub fn trouble(failure: &Failure) -> Trouble {
    Trouble {
        code: failure.code.clone(),
        message: failure.message.clone(),
    }
}

fn find(state: Option<&State>, id: AccountId) -> Option<&Account> {
    match &state?.phase {
        Phase::Ready { accounts, .. } => accounts.iter().find(|account| account.id == id),
        Phase::SignedOut { .. } | Phase::SetUp { .. } => None,
    }
}

/// What somebody agrees to who is shown this account.
fn agreed(state: Option<&State>, id: AccountId) -> Option<Agreed> {
    let Phase::Ready { accounts, shown, .. } = &state?.phase else {
        return None;
    };
    let at = accounts.iter().position(|account| account.id == id)?;
    Some(Agreed {
        text_version: CONSENT_TEXT_VERSION,
        shown: shown.get(at)?.clone(),
    })
}

fn checked_at(account: &Account) -> Option<UnixMillis> {
    let session = ferry_ui::session::stored(&account.session)?;
    session.check.as_ref().map(|check| check.at)
}

/// Opens this page in a tab, and closes the popup.
pub fn open_tab(route: Route) {
    let url = runtime::url(&format!("popup/index.html?view=tab{}", route.hash()));
    spawn_local(async move {
        if tabs::create(&url).await.is_ok() {
            let _ = window().close();
        }
    });
}

/// Opens a web page in a tab.
pub fn open_url(url: &str) {
    if let Some(url) = ferry_ui::text::openable(url).map(str::to_owned) {
        spawn_local(async move { drop(tabs::create(&url).await) });
    }
}
