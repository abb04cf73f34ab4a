//! The state that the pages share, and the way to the server.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use ferry_bridge::page::PageStep;
use ferry_client::keys::DeviceKeys;
use ferry_client::{ApiError, BrowserHost, Client, Host as _, KeyError};
use ferry_protocol::api::{Account, CodeSent, DeviceState, Me};
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::{AccountId, UnixMillis};
use ferry_ui::page::{Page, Trouble};
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::set_up::Waiting;
use gloo_timers::callback::Interval;
use leptos::prelude::*;

use crate::accounts::Asked;
use crate::extension::Extension;
use crate::route::Route;
use crate::{enrol, keep};

/// The client of the server that served this page.
pub type WebClient = Client<BrowserHost, DeviceKeys>;

thread_local! {
    /// There while somebody is signed in, with the token that they signed in for: what
    /// is kept may be another tab's.
    static CLIENT: RefCell<Option<(Rc<WebClient>, String)>> = const { RefCell::new(None) };
}

/// Which of the phases; pages are built anew only when this changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Not known yet.
    Loading,
    /// Nobody is signed in.
    SignedOut,
    /// This browser is not trusted, and the person puts it off.
    Later,
    /// To be named.
    SetUp,
    /// A code is on its way.
    Code,
    /// Trusted devices are asked for approval.
    Approval,
    /// Ready.
    Ready,
}

/// The state that the pages share. A handle: cheap to copy.
#[derive(Clone, Copy)]
pub struct App {
    /// What every page has.
    pub page: Page,
    /// Which page.
    pub route: Var<Route>,
    /// Whether it is known yet if somebody is signed in.
    pub loading: Var<bool>,
    /// E-mail address of who signed in here last, or was invited.
    pub email: Var<String>,
    /// Who is signed in, and with what.
    pub me: Var<Option<Me>>,
    /// Why nobody is signed in any more, or what else went wrong.
    pub notice: Var<Option<Trouble>>,
    /// The code that was sent last.
    pub code: Var<Option<CodeSent>>,
    /// The request to the trusted devices.
    pub approval: Var<Option<Waiting>>,
    /// Setting this browser up was put off.
    pub later: Var<bool>,
    /// The accounts; `None` until they came.
    pub accounts: Var<Option<Vec<Account>>>,
    /// Sessions that the cloud was asked to check.
    pub checking: Var<HashMap<AccountId, Asked>>,
    /// The account whose session is about to be deleted.
    pub deleting: Var<Option<AccountId>>,
    /// The browser extension, as far as it is known.
    pub extension: Var<Extension>,
    /// How far transfers are, as the extension tells.
    pub steps: Var<HashMap<AccountId, PageStep>>,
}

/// Why the server did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody is signed in.
    #[error("Sign in first.")]
    NotSignedIn,
    /// The server, or the way to it.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// This browser's keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

impl AskError {
    /// For a page.
    pub fn trouble(&self) -> Trouble {
        let code = match self {
            Self::NotSignedIn => "not-signed-in".to_owned(),
            Self::Api(error) => api_code(error),
            Self::Keys(_) => "device-keys".to_owned(),
        };
        Trouble {
            code,
            message: self.to_string(),
        }
    }
}

fn api_code(error: &ApiError) -> String {
    match error {
        // As on the wire: `wrong_credentials` and so on.
        ApiError::Problem(problem) => problem
            .kind
            .rsplit(':')
            .next()
            .unwrap_or_default()
            .replace('_', "-"),
        ApiError::Network(_) => "network".to_owned(),
        ApiError::Unexpected { .. } => "unexpected-answer".to_owned(),
        ApiError::Key(_) => "device-keys".to_owned(),
    }
}

impl App {
    /// With nobody signed in.
    pub fn new(route: Route, now: UnixMillis) -> Self {
        Self {
            page: Page::new(now),
            route: Var::new(route),
            loading: Var::new(true),
            email: Var::new(keep::owner().unwrap_or_default()),
            me: Var::new(None),
            notice: Var::new(None),
            code: Var::new(None),
            approval: Var::new(None),
            later: Var::new(false),
            accounts: Var::new(None),
            checking: Var::new(HashMap::new()),
            deleting: Var::new(None),
            extension: Var::new(Extension::Unknown),
            steps: Var::new(HashMap::new()),
        }
    }

    /// The one of this page.
    pub fn here() -> Self {
        expect_context()
    }

    /// Reads what was kept, and asks the server who is signed in.
    pub fn start() -> Self {
        let hash = window().location().hash().unwrap_or_default();
        let app = Self::new(Route::parse(&hash), BrowserHost.now());
        app.follow_address();
        Interval::new(1_000, move || app.page.now.set(BrowserHost.now())).forget();
        app.follow_extension();
        app.follow_accounts();
        app.restore();
        app
    }

    /// Which of the phases.
    pub fn stage(self) -> Derived<Stage> {
        Derived::new(move || {
            let trusted = self.me.with(|me| {
                let device = me.as_ref()?.device.as_ref();
                Some(device.is_some_and(|device| device.state == DeviceState::Trusted))
            });
            match trusted {
                None if self.loading.get() => Stage::Loading,
                None => Stage::SignedOut,
                Some(true) => Stage::Ready,
                Some(false) if self.approval.with(Option::is_some) => Stage::Approval,
                Some(false) if self.code.with(Option::is_some) => Stage::Code,
                Some(false) if self.later.get() => Stage::Later,
                Some(false) => Stage::SetUp,
            }
        })
    }

    /// Whether an admin is signed in.
    pub fn is_admin(self) -> Derived<bool> {
        Derived::new(move || self.me.with(|me| me.as_ref().is_some_and(|me| me.admin)))
    }

    /// One account.
    pub fn account(self, id: AccountId) -> Derived<Option<Account>> {
        Derived::new(move || {
            self.accounts.with(|accounts| {
                let accounts = accounts.as_ref()?;
                accounts.iter().find(|account| account.id == id).cloned()
            })
        })
    }

    /// Shows another page.
    pub fn go(self, route: Route) {
        // The address changes, and the rest follows; without one (in tests) it is set
        // at once.
        let _ = window().location().set_hash(&route.hash());
        self.route.set(route);
    }

    fn follow_address(self) {
        let handle = window_event_listener(leptos::ev::hashchange, move |_| {
            self.route
                .set(Route::parse(&window().location().hash().unwrap_or_default()));
        });
        on_cleanup(move || handle.remove());
    }

    /// The client, while somebody is signed in.
    pub fn client(self) -> Option<Rc<WebClient>> {
        CLIENT.with_borrow(|client| client.as_ref().map(|(client, _)| Rc::clone(client)))
    }

    pub(crate) fn set_client(self, client: Option<Rc<WebClient>>, token: &str) {
        CLIENT.set(client.map(|client| (client, token.to_owned())));
    }

    /// Whether what is kept is of the one who is signed in here, not in another tab.
    pub(crate) fn is_own(self, session: &keep::Session) -> bool {
        CLIENT.with_borrow(|client| client.as_ref().is_some_and(|(_, token)| *token == session.token))
    }

    /// Asks the server, as the one who is signed in.
    ///
    /// # Errors
    /// When nobody is, or the server says no.
    pub async fn ask<T>(
        self,
        ask: impl AsyncFnOnce(&WebClient) -> Result<T, ApiError>,
    ) -> Result<T, AskError> {
        let client = self.client().ok_or(AskError::NotSignedIn)?;
        let answer = ask(&client).await;
        if !self.client().is_some_and(|now| Rc::ptr_eq(&now, &client)) {
            // An answer to somebody who has signed out since.
            return Err(AskError::NotSignedIn);
        }
        if let Err(error) = &answer {
            self.heed(error);
        }
        Ok(answer?)
    }

    /// Draws consequences when the server says that the session has ended.
    fn heed(self, error: &ApiError) {
        match error.problem() {
            Some(ProblemCode::InvalidToken) => self.end_session(Some(enrol::ended())),
            Some(ProblemCode::DeviceDisabled) => {
                let trouble = Trouble {
                    code: api_code(error),
                    message: error.to_string(),
                };
                self.end_session(Some(trouble));
            }
            Some(ProblemCode::DeviceNotTrusted) => self.me.update(|me| {
                if let Some(me) = me {
                    me.device = None;
                }
            }),
            _ => {}
        }
    }

    /// Nobody is signed in any more.
    pub(crate) fn end_session(self, notice: Option<Trouble>) {
        let is_own = |session: &keep::Session| self.client().is_none() || self.is_own(session);
        if keep::session().as_ref().is_some_and(is_own) {
            keep::drop_session();
        }
        self.set_client(None, "");
        self.notice.set(notice);
        self.me.set(None);
        self.code.set(None);
        self.approval.set(None);
        self.later.set(false);
        self.accounts.set(None);
        self.checking.set(HashMap::new());
        self.deleting.set(None);
        self.steps.set(HashMap::new());
    }
}
