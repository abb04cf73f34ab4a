//! A server that checks what a real one checks, opens seals (as the worker
//! would), and lies when told to.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use ferry_bridge::CONSENT_TEXT_VERSION;
use ferry_catalogue::App;
use ferry_client::{HttpRequest, HttpResponse, Method, NetworkError};
use ferry_protocol::api::{
    Account, Accounts, ApprovalAnswer, ApprovalState, Approve, AskApproval, BeginTransfer, CodeSent, Consent,
    Device, DeviceKind, DeviceState, Devices, EnrolDevice, GiveConsent, ListedDevice, Me, Role,
    SessionStatus, SignIn, SignedIn, StoredSession, TransferOffer, User, VerifyCode, Workspace,
};
use ferry_protocol::catalogue::SignedCatalogue;
use ferry_protocol::dpop::{Expected as ExpectedProof, Proof};
use ferry_protocol::problem::{Problem, ProblemCode};
use ferry_protocol::session::{self, Opened, SealedSession, VaultKey};
use ferry_protocol::signature::SigningKey;
use ferry_protocol::trust::{DeviceKeys, Statement};
use ferry_protocol::vault::{SignedSealingKey, Succession, VaultIdentity};
use ferry_protocol::{
    AccountId, ConsentId, DeviceId, PublicJwk, SealingKeyId, TransferId, UnixMillis, UserId, WorkspaceId,
    device,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::{EMAIL, PASSWORD, SERVER};

mod answers;

/// What the server lies about when it hands out a sealing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// The key is the server's own, under the vault's signature of another.
    SwappedKey,
    /// Identity and key are the server's own.
    OwnVault,
    /// As before, with a succession that the vault never signed.
    ForgedSuccession,
    /// The key was signed for another workspace.
    OtherWorkspace,
    /// The key's time is over.
    ExpiredKey,
    /// The key is the first one that was ever handed out, whatever the transfer.
    ReplayedKey,
    /// The consent is recorded for another text.
    OtherText,
}

/// A device as the server knows it.
struct Enrolled {
    key: PublicJwk,
    sealing_key: PublicJwk,
    signature: ferry_protocol::Bytes,
    name: String,
    state: DeviceState,
}

/// The fake server, and the vault behind it.
pub(crate) struct FakeServer {
    vault: RefCell<SigningKey>,
    successions: RefCell<Vec<Succession>>,
    tokens: RefCell<BTreeMap<String, DeviceId>>,
    devices: RefCell<BTreeMap<DeviceId, Enrolled>>,
    consent: RefCell<Option<Consent>>,
    offers: RefCell<BTreeMap<TransferId, (SealingKeyId, VaultKey)>>,
    stored: RefCell<Option<SealedSession>>,
    /// What it delivers, and the version that it names with the accounts.
    pub(crate) catalogue: RefCell<Option<SignedCatalogue>>,
    pub(crate) offered: Cell<Option<UnixMillis>>,
    pub(crate) account: RefCell<Account>,
    jtis: RefCell<BTreeSet<String>>,
    nonce: Cell<u32>,
    serial: Cell<u8>,
    pub(crate) has_vault: Cell<bool>,
    pub(crate) lie: Cell<Option<Lie>>,
    pub(crate) offline: Cell<bool>,
    /// Answers the next request whose path ends so with this problem.
    refusal: RefCell<Option<(&'static str, ProblemCode)>>,
    /// Answers the next upload with this problem.
    upload_refusal: Cell<Option<ProblemCode>>,
    renamed: Cell<bool>,
    /// What was asked, as `PUT /v1/…`.
    pub(crate) log: RefCell<Vec<String>>,
    /// How often a session was stored anew.
    pub(crate) stores: Cell<u32>,
    /// What became of the request for approval.
    approval: Cell<ApprovalState>,
    /// The approvals that came, and verified.
    pub(crate) approved: RefCell<Vec<Statement>>,
}

type Answer = Result<Vec<u8>, ProblemCode>;

impl FakeServer {
    pub(crate) fn new() -> Self {
        let account = Account {
            id: AccountId::new(UnixMillis(1), [1; 10]),
            name: "Ada's notes".to_owned(),
            identity: Some("ada".to_owned()),
            app: super::app(),
            role: Role::Owner,
            consent: None,
            session: SessionStatus::None,
        };
        Self {
            vault: RefCell::new(SigningKey::generate([200; 32]).expect("a key")),
            successions: RefCell::default(),
            tokens: RefCell::default(),
            devices: RefCell::default(),
            consent: RefCell::default(),
            offers: RefCell::default(),
            stored: RefCell::default(),
            catalogue: RefCell::default(),
            offered: Cell::new(None),
            account: RefCell::new(account),
            jtis: RefCell::default(),
            nonce: Cell::new(1),
            serial: Cell::new(0),
            has_vault: Cell::new(true),
            lie: Cell::new(None),
            offline: Cell::new(false),
            refusal: RefCell::default(),
            upload_refusal: Cell::new(None),
            renamed: Cell::new(false),
            log: RefCell::default(),
            stores: Cell::new(0),
            approval: Cell::new(ApprovalState::NotAsked),
            approved: RefCell::default(),
        }
    }

    pub(crate) fn account_id(&self) -> AccountId {
        self.account.borrow().id
    }

    pub(crate) fn consent_to(&self, _account: AccountId, text_version: u32) {
        let id = ConsentId::new(UnixMillis(2), [self.next(); 10]);
        *self.consent.borrow_mut() = Some(Consent {
            id,
            text_version,
            granted_at: UnixMillis(2),
        });
    }

    /// The next request whose path ends so is refused.
    pub(crate) fn refuse(&self, path: &'static str, code: ProblemCode) {
        *self.refusal.borrow_mut() = Some((path, code));
    }

    /// The next upload is refused.
    pub(crate) fn refuse_uploads(&self, code: ProblemCode) {
        self.upload_refusal.set(Some(code));
    }

    pub(crate) fn revoke_consent(&self) {
        *self.consent.borrow_mut() = None;
    }

    pub(crate) fn consent(&self) -> Option<ConsentId> {
        self.consent_record().map(|consent| consent.id)
    }

    pub(crate) fn consent_record(&self) -> Option<Consent> {
        self.consent.borrow().clone()
    }

    /// The vault signs a catalogue of these apps, and the server delivers it.
    pub(crate) fn deliver(&self, version: i64, apps: &[App]) {
        let vault = self.vault.borrow().clone();
        self.deliver_by(&vault, version, apps);
    }

    /// Somebody signs one.
    pub(crate) fn deliver_by(&self, signer: &SigningKey, version: i64, apps: &[App]) {
        let (workspace, version) = (self.workspace(), UnixMillis(version));
        let apps = serde_json::to_string(apps).expect("JSON");
        let signature = signer.sign(&SignedCatalogue::message(&workspace, version, &apps));
        self.offered.set(Some(version));
        *self.catalogue.borrow_mut() = Some(SignedCatalogue {
            workspace,
            version,
            apps,
            signature,
        });
    }

    /// How many one-time keys were handed out.
    pub(crate) fn offered(&self) -> usize {
        self.offers.borrow().len()
    }

    /// Nonces given before are too old.
    pub(crate) fn renew_nonce(&self) {
        self.nonce.set(self.nonce.get() + 1);
    }

    /// The vault's identity is another, without a word from the one before.
    pub(crate) fn replace_vault(&self) {
        *self.vault.borrow_mut() = SigningKey::generate([self.next() + 150; 32]).expect("a key");
    }

    /// The workspace has another identifier, as if it were another one.
    pub(crate) fn rename_workspace(&self) {
        self.renamed.set(true);
    }

    /// All access tokens are void.
    pub(crate) fn revoke_tokens(&self) {
        self.tokens.borrow_mut().clear();
    }

    pub(crate) fn set_devices(&self, state: DeviceState) {
        self.devices
            .borrow_mut()
            .values_mut()
            .for_each(|device| device.state = state);
    }

    /// Another device of the person's asks for approval.
    pub(crate) fn other_device_asks(&self) -> DeviceId {
        let device = SigningKey::generate([150; 32]).expect("a key");
        let sealing_key = SigningKey::generate([151; 32]).expect("a key").public();
        let id = device.public().device_id();
        let enrolled = Enrolled {
            key: device.public(),
            sealing_key,
            signature: device.sign(&device::sealing_key_message(&id, &sealing_key)),
            name: "Ada's phone".to_owned(),
            state: DeviceState::PendingApproval,
        };
        self.devices.borrow_mut().insert(id, enrolled);
        id
    }

    /// The server shows another sealing key for this device from now on.
    pub(crate) fn swap_sealing_key(&self, id: DeviceId) {
        let other = SigningKey::generate([152; 32]).expect("a key").public();
        let mut devices = self.devices.borrow_mut();
        devices.get_mut(&id).expect("a device").sealing_key = other;
    }

    /// The state of a device.
    pub(crate) fn device_state(&self, id: DeviceId) -> DeviceState {
        self.devices.borrow()[&id].state
    }

    /// A trusted device decides on those that ask, or nobody did in time.
    pub(crate) fn decide(&self, answer: ApprovalState) {
        self.approval.set(answer);
        if answer == ApprovalState::Approved {
            self.set_devices(DeviceState::Trusted);
        }
    }

    /// The vault hands over to a new identity.
    pub(crate) fn hand_over(&self) {
        let next = SigningKey::generate([self.next() + 200; 32]).expect("a key");
        let from = self.vault.borrow().clone();
        let message = Succession::message(&self.workspace(), &next.public());
        let succession = Succession {
            from: from.public(),
            to: next.public(),
            signature: from.sign(&message),
        };
        self.successions.borrow_mut().push(succession);
        *self.vault.borrow_mut() = next;
    }

    /// How often this was asked, such as `POST /v1/sign-in`.
    pub(crate) fn asked(&self, what: &str) -> usize {
        self.log
            .borrow()
            .iter()
            .filter(|asked| asked.as_str() == what)
            .count()
    }

    /// How often a request ended so.
    pub(crate) fn asked_ending(&self, end: &str) -> usize {
        self.log
            .borrow()
            .iter()
            .filter(|asked| asked.ends_with(end))
            .count()
    }

    /// The stored session, opened as the worker does.
    pub(crate) fn open(&self) -> Option<Opened> {
        let sealed = self.stored.borrow().clone()?;
        let header = sealed.header().expect("a header");
        let offers = self.offers.borrow();
        let (sealing_key, private) = offers.get(&header.transfer).expect("an offer");
        let devices = self.devices.borrow();
        let device = devices.get(&header.device).expect("a device");
        let expected = session::Expected {
            workspace: self.workspace(),
            account: self.account_id(),
            transfer: header.transfer,
            sealing_key: *sealing_key,
            device_key: &device.key,
            device_sealing_key: &device.sealing_key,
            device_sealing_key_signature: device.signature.as_ref(),
        };
        Some(session::open(&sealed, private, &expected).expect("it opens"))
    }

    fn workspace(&self) -> WorkspaceId {
        WorkspaceId::new(UnixMillis(3), [if self.renamed.get() { 5 } else { 3 }; 10])
    }

    fn next(&self) -> u8 {
        self.serial.set(self.serial.get() + 1);
        self.serial.get()
    }
}
