//! The one background: what it keeps in memory, and the answers to pages.
//!
//! Memory is a copy of the records in IndexedDB, and of what can be fetched again.
//! What each request does is told in the module of its operation.

use std::cell::{Ref, RefCell};
use std::rc::Rc;

use ferry_bridge::page::FOLLOW_PORT;
use ferry_bridge::{Event, Failure, PORT, Remedy, Reply, Request, ServerAddress, State};
use ferry_client::{ApiError, Client, DeviceChange, Host as _, Keyring};
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::{UnixMillis, WorkspaceId};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::browser::{Browser as _, Platform};
use crate::catalogue::Catalogue;
use crate::explain::Explain;
use crate::permission::Continued;
use crate::records::{ACCOUNTS, AccountList, ENROLMENT, Enrolment, Pin, Session, TRUST, TransferRecord};
use crate::sender::From;
use crate::store::{self, Store as _, StoreError, Table};
use crate::transfer::Slots;
use crate::trust::Trust;

/// The client of a platform.
pub type PlatformClient<P> = Client<<P as Platform>::Browser, <<P as Platform>::Keyring as Keyring>::Device>;

/// The background.
pub struct Background<P: Platform> {
    pub(crate) platform: P,
    pub(crate) memory: RefCell<Memory<P>>,
    watchers: RefCell<Vec<Watcher>>,
    /// The event sent last: the same is not sent twice.
    sent: RefCell<String>,
}

/// What is kept in memory.
pub(crate) struct Memory<P: Platform> {
    /// As in the records.
    pub(crate) enrolment: Enrolment,
    /// As in the records.
    pub(crate) accounts: AccountList,
    /// As in the records.
    pub(crate) trust: Trust,
    /// As in the records.
    pub(crate) catalogue: Option<Catalogue>,
    /// A catalogue that came with the accounts, and was not looked at yet.
    pub(crate) offered: Option<String>,
    /// The version of a catalogue that this extension cannot read.
    pub(crate) unreadable: Option<UnixMillis>,
    /// Why the accounts could not be fetched since.
    pub(crate) stale: Option<Failure>,
    /// What is known of the transfers.
    pub(crate) transfers: Slots,
    /// There while somebody is signed in.
    pub(crate) client: Option<Rc<PlatformClient<P>>>,
    /// A transfer that went on when its permission was granted.
    pub(crate) continued: Option<Continued>,
    /// A click may be remembered in the browser, by this background or the one before.
    pub(crate) remembers_click: bool,
    /// Whether an answer to the request for approval is waited for.
    pub(crate) awaits_approval: bool,
    /// No web page has the browser looked at before this.
    pub(crate) look_after: UnixMillis,
    /// Whether a tab is being opened for a web page.
    pub(crate) opening: bool,
    /// In whose pages the content script runs, if that is known.
    pub(crate) bridged: Option<Option<ServerAddress>>,
    /// Whether it is being registered.
    pub(crate) bridging: bool,
}

/// Sends an event; `false` when nobody listens any more.
pub(crate) type Watcher = Box<dyn Fn(&str) -> bool>;

/// Why a request to the server was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Nobody is signed in to Ferry.
    #[error("Sign in to Ferry first.")]
    NotSignedIn,
    /// The server, or the way to it.
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl Explain for AskError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "not-signed-in",
            Self::Api(error) => error.code(),
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::NotSignedIn => Some(Remedy::SignIn),
            Self::Api(error) => error.remedy(),
        }
    }

    fn failure(&self) -> Failure {
        match self {
            Self::NotSignedIn => Failure {
                code: self.code().to_owned(),
                message: self.to_string(),
                remedy: self.remedy(),
            },
            Self::Api(error) => error.failure(),
        }
    }
}

impl<P: Platform> Memory<P> {
    /// The pinned vault of who is signed in.
    pub(crate) fn pin(&self) -> Option<&Pin> {
        let Enrolment { owner, session, .. } = &self.enrolment;
        let workspace = session.as_ref()?.me.workspace.id;
        self.trust.pin(owner.as_ref()?, workspace)
    }
}

impl<P: Platform> Background<P> {
    /// Loads the records. What waits to be uploaded is left to [`Self::resume`], and the
    /// content script to [`Self::put_bridge`].
    pub async fn start(platform: P) -> Result<Rc<Self>, StoreError> {
        let store = platform.store();
        let enrolment: Enrolment = store::load(store, Table::Records, ENROLMENT)
            .await?
            .unwrap_or_default();
        let accounts: AccountList = store::load(store, Table::Records, ACCOUNTS)
            .await?
            .unwrap_or_default();
        let trust: Trust = store::load(store, Table::Records, TRUST)
            .await?
            .unwrap_or_default();
        let transfers: Vec<TransferRecord> = store::load_all(store, Table::Transfers).await?;
        let memory = Memory {
            enrolment,
            accounts,
            trust,
            catalogue: None,
            offered: None,
            unreadable: None,
            stale: None,
            transfers: Slots::new(transfers),
            client: None,
            continued: None,
            remembers_click: true,
            awaits_approval: false,
            look_after: UnixMillis(0),
            opening: false,
            bridged: None,
            bridging: false,
        };
        let background = Rc::new(Self {
            platform,
            memory: RefCell::new(memory),
            watchers: RefCell::default(),
            sent: RefCell::default(),
        });
        background.load_catalogue().await?;
        background.restore_client().await;
        background.give_up_interrupted().await?;
        Ok(background)
    }

    /// Answers a message: a [`Reply`] as JSON; nothing, if it is none that its sender
    /// may send. A web page's words are never taken for a [`Request`].
    pub async fn hear(self: &Rc<Self>, from: &From, message: &str) -> Option<String> {
        match from {
            From::OwnPage => {
                let request = ferry_json::read(message.as_bytes()).ok()?;
                Some(self.answer(request).await)
            }
            From::WebPage(origin) => self.answer_page(origin, message).await,
        }
    }

    /// Tells who connected of changes. `tell` says whether anybody listens still, and is
    /// called with nothing when there will be no more. `false` for whom nothing is told.
    pub fn connect(
        self: &Rc<Self>,
        from: From,
        port: &str,
        tell: impl Fn(Option<&str>) -> bool + 'static,
    ) -> bool {
        match from {
            From::OwnPage => port == PORT && self.watch(move |event| tell(Some(event))),
            From::WebPage(origin) => {
                let account = port.strip_prefix(FOLLOW_PORT).and_then(|id| id.parse().ok());
                account.is_some_and(|account| self.follow(origin, account, tell))
            }
        }
    }

    /// Answers a request of a page's: a [`Reply`] as JSON.
    pub async fn answer(self: &Rc<Self>, request: Request) -> String {
        match request {
            Request::GetState(_) => reply(Ok(self.state())),
            Request::SignIn(ask) => self.state_after(self.sign_in(ask).await),
            Request::SetUpDevice(ask) => self.state_after(self.set_up_device(ask).await),
            Request::SendCode(_) => self.state_after(self.send_code().await),
            Request::VerifyCode(ask) => self.state_after(self.verify_code(ask).await),
            Request::AskApproval(_) => self.state_after(self.ask_approval().await),
            Request::ListDevices(_) => reply_json(self.devices(None).await),
            Request::ApproveDevice(ask) => reply_json(self.approve_device(ask).await),
            Request::DenyDevice(ask) => reply_json(self.devices(Some(DeviceChange::Deny(ask.device))).await),
            Request::DisableDevice(ask) => {
                reply_json(self.devices(Some(DeviceChange::Disable(ask.device))).await)
            }
            Request::SignOut(_) => self.state_after(self.sign_out().await),
            Request::Refresh(_) => self.state_after(self.refresh().await),
            Request::ListStores(_) => answer(self.stores().await),
            Request::Inspect(ask) => answer(self.inspect(ask).await),
            Request::ExpectPermission(ask) => answer(self.expect_permission(ask).await),
            Request::Share(share) => reply(self.share_clicked(share).await.map(|()| self.state())),
            Request::Delete(ask) => self.state_after(self.delete(ask).await),
            Request::Check(ask) => self.state_after(self.check(ask).await),
            Request::Dismiss(ask) => self.state_after(self.dismiss(ask).await),
        }
    }

    fn state_after<E: Explain>(&self, done: Result<(), E>) -> String {
        answer(done.map(|()| self.state()))
    }

    /// What the pages show.
    pub fn state(&self) -> State {
        let browser = self.platform.browser();
        crate::state::state(&self.memory.borrow(), browser.now(), &browser.user_agent())
    }

    /// Tells a page of each change from now on, and of the state as it is.
    pub fn watch(&self, watcher: impl Fn(&str) -> bool + 'static) -> bool {
        self.add_watcher(usize::MAX, Box::new(watcher))
    }

    /// Tells one more; not if so many listen already, or if this one does not.
    pub(crate) fn add_watcher(&self, most: usize, watcher: Watcher) -> bool {
        let event = self.event();
        let mut watchers = self.watchers.borrow_mut();
        if watchers.len() >= most {
            watchers.retain(|watcher| watcher(&event));
        }
        let is_added = watchers.len() < most && watcher(&event);
        if is_added {
            watchers.push(watcher);
        }
        is_added
    }

    /// Tells the pages, if there is something new.
    pub(crate) fn changed(&self) {
        if self.watchers.borrow().is_empty() {
            return;
        }
        let event = self.event();
        if *self.sent.borrow() != event {
            self.watchers.borrow_mut().retain(|watcher| watcher(&event));
            *self.sent.borrow_mut() = event;
        }
    }

    fn event(&self) -> String {
        json(&Event::State(Box::new(self.state())))
    }

    pub(crate) fn memory(&self) -> Ref<'_, Memory<P>> {
        self.memory.borrow()
    }

    /// Whether somebody is signed in, on a trusted device.
    pub(crate) fn is_trusted(&self) -> bool {
        self.memory()
            .enrolment
            .session
            .as_ref()
            .is_some_and(Session::is_trusted)
    }

    /// The workspace of who is signed in.
    pub(crate) fn workspace(&self) -> Result<WorkspaceId, AskError> {
        let memory = self.memory();
        memory
            .enrolment
            .session
            .as_ref()
            .map(|session| session.me.workspace.id)
            .ok_or(AskError::NotSignedIn)
    }

    /// The client, while somebody is signed in.
    pub(crate) fn client(&self) -> Result<Rc<PlatformClient<P>>, AskError> {
        self.memory().client.clone().ok_or(AskError::NotSignedIn)
    }

    /// Asks the server, as the one who is signed in.
    pub(crate) async fn ask<T>(
        &self,
        ask: impl AsyncFnOnce(&PlatformClient<P>) -> Result<T, ApiError>,
    ) -> Result<T, AskError> {
        let client = self.client()?;
        match ask(&client).await {
            Ok(answer) => Ok(answer),
            Err(error) => {
                // Boxed, for the size of the code: this is there once for each request.
                Box::pin(self.heed(&client, &error)).await;
                Err(AskError::Api(error))
            }
        }
    }

    /// Draws consequences when the server says that the session has ended.
    async fn heed(&self, client: &Rc<PlatformClient<P>>, error: &ApiError) {
        let current = self
            .memory
            .borrow()
            .client
            .as_ref()
            .is_some_and(|now| Rc::ptr_eq(now, client));
        if !current {
            // An answer to somebody who has signed out since.
            return;
        }
        match error.problem() {
            Some(ProblemCode::InvalidToken) => self.end_session(error.failure()).await,
            Some(ProblemCode::DeviceDisabled) => self.end_enrolment(error.failure()).await,
            Some(ProblemCode::DeviceNotTrusted) => self.distrust().await,
            _ => {}
        }
    }

    /// Changes the enrolment record: in memory at once, on disk when the future has
    /// ended, as well as where the content script runs.
    pub(crate) fn update_enrolment(
        &self,
        change: impl FnOnce(&mut Enrolment),
    ) -> impl Future<Output = Result<(), StoreError>> {
        let text = {
            let mut memory = self.memory.borrow_mut();
            change(&mut memory.enrolment);
            store::text(&memory.enrolment)
        };
        self.changed();
        self.put_enrolment(text)
    }

    async fn put_enrolment(&self, text: Zeroizing<String>) -> Result<(), StoreError> {
        let kept = self.put_record(ENROLMENT, text).await;
        self.put_bridge().await;
        kept
    }

    /// Changes the list of accounts: in memory at once, on disk when the future has
    /// ended.
    pub(crate) fn update_accounts(
        &self,
        change: impl FnOnce(&mut AccountList),
    ) -> impl Future<Output = Result<(), StoreError>> {
        let text = {
            let mut memory = self.memory.borrow_mut();
            change(&mut memory.accounts);
            store::text(&memory.accounts)
        };
        self.changed();
        self.put_record(ACCOUNTS, text)
    }

    /// Changes what is held against the server's word: in memory at once, on disk
    /// when the future has ended.
    pub(crate) fn update_trust(
        &self,
        change: impl FnOnce(&mut Trust),
    ) -> impl Future<Output = Result<(), StoreError>> {
        let text = {
            let mut memory = self.memory.borrow_mut();
            change(&mut memory.trust);
            store::text(&memory.trust)
        };
        self.changed();
        self.put_record(TRUST, text)
    }

    async fn put_record(&self, key: &'static str, text: Zeroizing<String>) -> Result<(), StoreError> {
        self.platform.store().put(&[(Table::Records, key, &text)]).await
    }

    /// The client of the session that was there when the background was stopped.
    async fn restore_client(&self) {
        let (server, token) = {
            let enrolment = &self.memory().enrolment;
            let (Some(owner), Some(session)) = (&enrolment.owner, &enrolment.session) else {
                return;
            };
            (owner.server.clone(), Zeroizing::new(session.token.0.clone()))
        };
        match self.platform.keyring().load().await {
            Ok(Some(device)) => {
                let client = self.client_for(&server, Rc::new(device), Some(token));
                self.memory.borrow_mut().client = Some(client);
            }
            // The token is of no use without the key that it is bound to.
            Ok(None) => self.end_enrolment(KeysLost.failure()).await,
            Err(error) => self.end_session(ApiError::Key(error).failure()).await,
        }
    }

    /// A client of this server, for this device.
    pub(crate) fn client_for(
        &self,
        server: &ServerAddress,
        device: Rc<<P::Keyring as Keyring>::Device>,
        token: Option<Zeroizing<String>>,
    ) -> Rc<PlatformClient<P>> {
        let base = server.as_str().to_owned();
        Rc::new(Client::new(self.platform.browser().clone(), base, device, token))
    }
}

/// The device keys are gone while somebody was signed in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This browser's device keys are gone: its site data was cleared. Sign in and set it up anew.")]
struct KeysLost;

impl Explain for KeysLost {
    fn code(&self) -> &'static str {
        "device-keys-lost"
    }

    fn remedy(&self) -> Option<Remedy> {
        Some(Remedy::SignIn)
    }
}

/// A reply that says why not, as JSON.
pub fn refusal(failure: Failure) -> String {
    reply::<()>(Err(failure))
}

fn answer<T: Serialize, E: Explain>(done: Result<T, E>) -> String {
    reply(done.map_err(|error| error.failure()))
}

/// A reply whose answer is JSON already.
fn reply_json<E: Explain>(done: Result<String, E>) -> String {
    match done {
        Ok(json) => ok(&json),
        Err(error) => refusal(error.failure()),
    }
}

/// A reply whose answer is this JSON.
pub(crate) fn ok(json: &str) -> String {
    format!("{{\"ok\":{json}}}")
}

fn reply<T: Serialize>(done: Result<T, Failure>) -> String {
    json(&match done {
        Ok(answer) => Reply::Ok(answer),
        Err(failure) => Reply::Failed(failure),
    })
}

pub(crate) fn json(value: &impl Serialize) -> String {
    #[expect(
        clippy::expect_used,
        reason = "messages and records are structs of strings and numbers"
    )]
    ferry_json::write_text(value).expect("serialisable")
}
