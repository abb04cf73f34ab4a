//! The fakes that tests run the background on: a browser, a server that checks
//! everything a real one does and can lie, keys and records in memory.
//!
//! One [`World`] is one browser profile, one server and one vault. The background
//! is started in it as often as a test likes, as the browser does with the worker.

mod browser;
mod local;
mod server;

use std::rc::Rc;

use ferry_bridge::{
    Agreed, CONSENT_TEXT_VERSION, Failure, Phase, Reply, Request, Share, State, TransferStep,
};
use ferry_catalogue::App;
use ferry_extension::background::Background;
use ferry_extension::browser::Platform;
use ferry_extension::records::TRUST;
use ferry_extension::store::{self, Table};
use ferry_extension::trust::Trust;
use ferry_protocol::AccountId;
use futures_util::FutureExt as _;
use serde::de::DeserializeOwned;

pub(crate) use browser::{Asked, Cookies, FakeBrowser, Point};
pub(crate) use local::{MemoryKeyring, MemoryStore};
pub(crate) use server::{FakeServer, Lie};

/// The address of the fake server.
pub(crate) const SERVER: &str = "https://ferry.example.com";
/// Who signs in there.
pub(crate) const EMAIL: &str = "ada@example.com";
/// With this password.
pub(crate) const PASSWORD: &str = "correct horse";
/// The e-mailed code.
pub(crate) const CODE: &str = "ABCD-1234";
/// What must never leave the seal.
pub(crate) const CANARY: &str = "canary-8d1f0c";

/// What a background runs on; any of it can be the real thing.
pub(crate) struct Parts<K, S> {
    pub(crate) browser: Rc<FakeBrowser>,
    pub(crate) keyring: K,
    pub(crate) store: S,
}

impl<K: ferry_client::Keyring, S: ferry_extension::store::Store> Platform for Parts<K, S> {
    type Browser = FakeBrowser;
    type Keyring = K;
    type Store = S;

    fn browser(&self) -> &Rc<FakeBrowser> {
        &self.browser
    }

    fn keyring(&self) -> &K {
        &self.keyring
    }

    fn store(&self) -> &S {
        &self.store
    }
}

/// A background in a [`World`].
pub(crate) type TestBackground<K = MemoryKeyring, S = MemoryStore> = Rc<Background<Parts<K, S>>>;

/// A browser profile, and the server.
pub(crate) struct World<K = MemoryKeyring, S = MemoryStore> {
    pub(crate) browser: Rc<FakeBrowser>,
    pub(crate) keyring: K,
    pub(crate) store: S,
}

impl Default for World {
    fn default() -> Self {
        Self::new(MemoryKeyring::default(), MemoryStore::default())
    }
}

impl<K, S> World<K, S>
where
    K: ferry_client::Keyring + Clone,
    S: ferry_extension::store::Store + Clone,
{
    pub(crate) fn new(keyring: K, store: S) -> Self {
        Self {
            browser: Rc::new(FakeBrowser::new()),
            keyring,
            store,
        }
    }

    pub(crate) fn server(&self) -> &FakeServer {
        &self.browser.server
    }

    /// The browser starts the worker.
    pub(crate) async fn start(&self) -> TestBackground<K, S> {
        let parts = Parts {
            browser: Rc::clone(&self.browser),
            keyring: self.keyring.clone(),
            store: self.store.clone(),
        };
        let background = Background::start(parts).await.expect("records");
        background.put_bridge().await;
        background.resume().await;
        background
    }

    /// A worker in a browser that is set up, with the app's permission granted,
    /// one identity signed in to the app, and consent given.
    pub(crate) async fn ready(&self) -> TestBackground<K, S> {
        self.server().consent_to(self.account(), CONSENT_TEXT_VERSION);
        let mut trust = Trust::default();
        {
            let account = self.server().account.borrow();
            let consent = self.server().consent_record().expect("given");
            trust.agree(&account, &consent);
        }
        store::save(&self.store, Table::Records, TRUST, &trust)
            .await
            .expect("kept");
        self.enrolled().await
    }

    /// As [`Self::ready`], but nobody has agreed to anything in this browser.
    pub(crate) async fn enrolled(&self) -> TestBackground<K, S> {
        let background = self.start().await;
        for request in [sign_in(), set_up(), verify(CODE)] {
            ask::<State, _, _>(&background, request).await.expect("enrolled");
        }
        self.browser.grant_everything();
        background
    }

    /// The account that tests share.
    pub(crate) fn account(&self) -> AccountId {
        self.server().account_id()
    }

    /// The click on Share.
    pub(crate) fn share(&self) -> Request {
        Request::Share(Share {
            account: self.account(),
            consent: None,
            accept_unknown: false,
            store: Default::default(),
            only: None,
            named: None,
        })
    }
}

/// Runs what never waits for anything.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("it waits for nothing")
}

/// The custom app of the fake server's account: who is signed in shows in the
/// cookie `who`, several of them separated by `|`.
pub(crate) fn app() -> App {
    App::from_json(
        r#"{
            "id": "custom-notes",
            "name": "Notes",
            "domains": ["notes.example"],
            "sign_in": "https://notes.example/login",
            "sign_out": "https://notes.example/logout",
            "check": "https://notes.example/",
            "signed_in": {"all": ["session"]},
            "identity": [{"strength": "list", "from": {"cookie": "who"}, "steps": [{"split": "|"}]}]
        }"#,
    )
    .expect("an app")
}

/// What a page says that a person agreed to, to whom it showed this state, with one account.
pub(crate) fn agreed(state: &State) -> Agreed {
    let Phase::Ready { shown, .. } = &state.phase else {
        panic!("ready")
    };
    Agreed {
        text_version: CONSENT_TEXT_VERSION,
        shown: shown[0].clone(),
    }
}

pub(crate) fn sign_in() -> Request {
    sign_in_as(EMAIL, PASSWORD)
}

pub(crate) fn sign_in_as(email: &str, password: &str) -> Request {
    Request::SignIn(ferry_bridge::SignIn {
        server: SERVER.to_owned(),
        email: email.to_owned(),
        password: password.to_owned(),
    })
}

pub(crate) fn set_up() -> Request {
    Request::SetUpDevice(ferry_bridge::SetUpDevice {
        name: "Ada's laptop".to_owned(),
    })
}

pub(crate) fn verify(code: &str) -> Request {
    Request::VerifyCode(ferry_bridge::VerifyCode {
        code: code.to_owned(),
    })
}

/// Asks as a page does, and reads the reply.
pub(crate) async fn ask<T: DeserializeOwned, K, S>(
    background: &TestBackground<K, S>,
    request: Request,
) -> Result<T, Failure>
where
    K: ferry_client::Keyring,
    S: ferry_extension::store::Store,
{
    match serde_json::from_str(&background.answer(request).await).expect("a reply") {
        Reply::Ok(answer) => Ok(answer),
        Reply::Failed(failure) => Err(failure),
    }
}

/// How far the one transfer is.
pub(crate) fn step(state: &State) -> Option<&TransferStep> {
    state.transfers.first().map(|transfer| &transfer.step)
}
