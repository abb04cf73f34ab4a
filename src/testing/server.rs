//! A server that checks what a real one checks, opens seals (as the worker
//! would), and lies when told to.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use ferry_bridge::CONSENT_TEXT_VERSION;
use ferry_client::{HttpRequest, HttpResponse, Method, NetworkError};
use ferry_protocol::api::{
    Account, Accounts, BeginTransfer, CodeSent, Consent, Device, DeviceState, EnrolDevice, GiveConsent, Me,
    Role, SessionStatus, SignIn, SignedIn, StoredSession, TransferOffer, User, VerifyCode, Workspace,
};
use ferry_protocol::dpop::{Expected as ExpectedProof, Proof};
use ferry_protocol::problem::{Problem, ProblemCode};
use ferry_protocol::session::{self, Opened, SealedSession, VaultKey};
use ferry_protocol::signature::SigningKey;
use ferry_protocol::vault::{SignedSealingKey, Succession, VaultIdentity};
use ferry_protocol::{
    AccountId, ConsentId, DeviceId, PublicJwk, SealingKeyId, TransferId, UnixMillis, UserId, WorkspaceId,
    device,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::{EMAIL, PASSWORD, SERVER};

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

    /// Answers a request as over the network.
    pub(crate) fn answer(&self, request: HttpRequest, now: UnixMillis) -> Result<HttpResponse, NetworkError> {
        if self.offline.get() {
            return Err(NetworkError::Unreachable);
        }
        let path = request.url.strip_prefix(SERVER).expect("our server").to_owned();
        let (status, body) = match self.admit(&request, &path, now) {
            Ok(body) => (200, body),
            Err(code) => (status(code), problem(code)),
        };
        let nonce = Some(self.nonce.get().to_string());
        Ok(HttpResponse {
            status,
            nonce,
            body: Zeroizing::new(body),
        })
    }

    fn admit(&self, request: &HttpRequest, path: &str, now: UnixMillis) -> Answer {
        let proof = Proof::parse(&request.proof).map_err(|_| ProblemCode::InvalidDpopProof)?;
        let token = request
            .authorization
            .as_ref()
            .map(|text| text.strip_prefix("DPoP ").expect("DPoP").to_owned());
        let expected = ExpectedProof {
            method: request.method.as_str(),
            url: &request.url,
            now,
            max_age_s: 60,
            access_token: token.as_deref(),
            body: request.body.as_ref().map(|body| body.as_slice()),
        };
        proof
            .check(&expected)
            .map_err(|_| ProblemCode::InvalidDpopProof)?;
        if proof.claims.nonce != Some(self.nonce.get().to_string()) {
            return Err(ProblemCode::UseDpopNonce);
        }
        if !self.jtis.borrow_mut().insert(proof.claims.jti) {
            return Err(ProblemCode::InvalidDpopProof);
        }
        self.log
            .borrow_mut()
            .push(format!("{} {path}", request.method.as_str()));
        let refused = self.refusal.borrow_mut().take_if(|(end, _)| path.ends_with(*end));
        if let Some((_, code)) = refused {
            return Err(code);
        }
        let device = proof.key.device_id();
        if path == "/v1/sign-in" {
            return self.sign_in(read(request)?, proof.key);
        }
        let bound = token.and_then(|token| self.tokens.borrow().get(&token).copied());
        if bound != Some(device) {
            return Err(ProblemCode::InvalidToken);
        }
        self.route(request, path, proof.key, now)
    }

    fn route(&self, request: &HttpRequest, path: &str, key: PublicJwk, now: UnixMillis) -> Answer {
        let device = key.device_id();
        let account = format!("/v1/accounts/{}", self.account_id());
        match (request.method, path) {
            (Method::Post, "/v1/sign-out") => {
                self.tokens.borrow_mut().retain(|_, bound| *bound != device);
                Ok(Vec::new())
            }
            (Method::Get, "/v1/me") => write(&self.me(device)),
            (Method::Put, "/v1/device") => self.enrol(read(request)?, key),
            (Method::Post, "/v1/device/code") => write(&CodeSent {
                to: "a•••@example.com".to_owned(),
                expires_at: now.plus(300_000),
            }),
            (Method::Post, "/v1/device/verify") => self.verify(read(request)?, device),
            _ if !self.is_trusted(device) => Err(ProblemCode::DeviceNotTrusted),
            (Method::Get, "/v1/accounts") => write(&Accounts {
                accounts: vec![self.account()],
            }),
            _ => match (
                request.method,
                path.strip_prefix(&account).ok_or(ProblemCode::NotFound)?,
            ) {
                (Method::Get, "") => write(&self.account()),
                (Method::Post, "/consents") => {
                    let GiveConsent { text_version } = read(request)?;
                    let other = u32::from(self.lie.get() == Some(Lie::OtherText));
                    let before = self.consent_record();
                    if before.is_none_or(|before| before.text_version != text_version) {
                        self.consent_to(self.account_id(), text_version + other);
                    }
                    write(&*self.consent.borrow())
                }
                (Method::Post, "/transfers") => self.begin(read(request)?, now),
                (Method::Put, rest) => {
                    let transfer = rest.strip_prefix("/transfers/").ok_or(ProblemCode::NotFound)?;
                    self.store(
                        transfer.parse().map_err(|_| ProblemCode::NotFound)?,
                        read(request)?,
                        now,
                    )
                }
                (Method::Delete, "/session") => {
                    *self.stored.borrow_mut() = None;
                    self.account.borrow_mut().session = SessionStatus::None;
                    write(&self.account())
                }
                (Method::Post, "/session/check") => write(&self.account()),
                _ => Err(ProblemCode::NotFound),
            },
        }
    }

    fn account(&self) -> Account {
        Account {
            consent: self.consent.borrow().clone(),
            ..self.account.borrow().clone()
        }
    }

    fn sign_in(&self, ask: SignIn, key: PublicJwk) -> Answer {
        let email = ask.email.to_lowercase();
        if ![EMAIL, "bob@example.com"].contains(&email.as_str()) || ask.password != PASSWORD {
            return Err(ProblemCode::WrongCredentials);
        }
        let device = key.device_id();
        if self
            .devices
            .borrow()
            .get(&device)
            .is_some_and(|device| device.state == DeviceState::Disabled)
        {
            return Err(ProblemCode::DeviceDisabled);
        }
        let access_token = format!("token-{}", self.next());
        self.tokens.borrow_mut().insert(access_token.clone(), device);
        write(&SignedIn {
            access_token,
            expires_at: UnixMillis(i64::MAX),
            me: self.me(device),
        })
    }

    fn me(&self, id: DeviceId) -> Me {
        let devices = self.devices.borrow();
        Me {
            user: User {
                id: UserId::new(UnixMillis(4), [4; 10]),
                email: EMAIL.to_owned(),
                name: "Ada".to_owned(),
            },
            workspace: Workspace {
                id: self.workspace(),
                name: "Analytical Engines".to_owned(),
            },
            device: devices.get(&id).map(|device| Device {
                id,
                name: device.name.clone(),
                kind: ferry_protocol::api::DeviceKind::Extension,
                state: device.state,
            }),
            vault: (self.is_trusted(id) && self.has_vault.get()).then(|| self.vault()),
        }
    }

    fn vault(&self) -> VaultIdentity {
        VaultIdentity {
            current: self.vault.borrow().public(),
            successions: self.successions.borrow().clone(),
        }
    }

    fn is_trusted(&self, id: DeviceId) -> bool {
        self.devices
            .borrow()
            .get(&id)
            .is_some_and(|device| device.state == DeviceState::Trusted)
    }

    fn enrol(&self, ask: EnrolDevice, key: PublicJwk) -> Answer {
        device::verify_sealing_key(&key, &ask.sealing_key, ask.sealing_key_signature.as_ref())
            .map_err(|_| ProblemCode::InvalidRequest)?;
        let enrolled = Enrolled {
            key,
            sealing_key: ask.sealing_key,
            signature: ask.sealing_key_signature,
            name: ask.name,
            state: DeviceState::AwaitingCode,
        };
        self.devices.borrow_mut().insert(key.device_id(), enrolled);
        write(&self.me(key.device_id()))
    }

    fn verify(&self, ask: VerifyCode, id: DeviceId) -> Answer {
        if ask.code != super::CODE {
            return Err(ProblemCode::CodeWrong);
        }
        if let Some(device) = self.devices.borrow_mut().get_mut(&id) {
            device.state = DeviceState::Trusted;
        }
        write(&self.me(id))
    }

    fn begin(&self, ask: BeginTransfer, now: UnixMillis) -> Answer {
        if self.account.borrow().role != Role::Owner {
            return Err(ProblemCode::Forbidden);
        }
        if self.consent.borrow().is_none() {
            return Err(ProblemCode::ConsentRequired);
        }
        let mut offers = self.offers.borrow_mut();
        if self.lie.get() == Some(Lie::ReplayedKey) {
            let (id, private) = offers.values().next().expect("a key handed out before");
            return write(&self.offer(*id, private.public(), now));
        }
        let (id, private) = offers.entry(ask.transfer).or_insert_with(|| {
            let serial = self.next();
            (
                SealingKeyId::new(now, [serial; 10]),
                VaultKey::generate([serial; 32]),
            )
        });
        write(&self.offer(*id, private.public(), now))
    }

    /// The offer, with the lie that was asked for.
    fn offer(&self, id: SealingKeyId, public: PublicJwk, now: UnixMillis) -> TransferOffer {
        let lie = self.lie.get();
        let own = SigningKey::generate([250; 32]).expect("a key");
        let vault = self.vault.borrow();
        let signer = if matches!(lie, Some(Lie::OwnVault | Lie::ForgedSuccession)) {
            &own
        } else {
            &vault
        };
        let workspace = match lie {
            Some(Lie::OtherWorkspace) => WorkspaceId::new(UnixMillis(9), [9; 10]),
            _ => self.workspace(),
        };
        let expires_at = now.plus(if lie == Some(Lie::ExpiredKey) {
            -1
        } else {
            3_600_000
        });
        let message = SignedSealingKey::message(&id, &workspace, expires_at, &public);
        let signature = signer.sign(&message);
        let swapped = VaultKey::generate([251; 32]).public();
        let public = if lie == Some(Lie::SwappedKey) {
            swapped
        } else {
            public
        };
        let mut identity = VaultIdentity {
            current: signer.public(),
            ..self.vault()
        };
        if lie == Some(Lie::ForgedSuccession) {
            let message = Succession::message(&workspace, &own.public());
            let forged = Succession {
                from: vault.public(),
                to: own.public(),
                signature: own.sign(&message),
            };
            identity.successions.push(forged);
        }
        TransferOffer {
            sealing_key: SignedSealingKey {
                id,
                workspace,
                expires_at,
                public,
                signature,
            },
            vault: identity,
        }
    }

    fn store(&self, transfer: TransferId, sealed: SealedSession, now: UnixMillis) -> Answer {
        if let Some(code) = self.upload_refusal.take() {
            return Err(code);
        }
        let before = self.stored.borrow().clone();
        let same_transfer =
            |sealed: &SealedSession| sealed.header().is_ok_and(|header| header.transfer == transfer);
        match before {
            Some(before) if before == sealed => return write(&self.account()),
            Some(before) if same_transfer(&before) => return Err(ProblemCode::TransferConflict),
            _ => {}
        }
        let header = sealed.header().map_err(|_| ProblemCode::SealRejected)?;
        let text_version = self.consent.borrow().as_ref().map(|consent| consent.text_version);
        if header.transfer != transfer || text_version != Some(CONSENT_TEXT_VERSION) {
            return Err(ProblemCode::SealRejected);
        }
        self.stores.set(self.stores.get() + 1);
        *self.stored.borrow_mut() = Some(sealed);
        self.account.borrow_mut().session = SessionStatus::Transferred(StoredSession {
            transfer,
            transferred_at: now,
            device_name: "Ada's laptop".to_owned(),
            transferred_by: "Ada".to_owned(),
            expires_at: now.plus(86_400_000),
            check: None,
        });
        write(&self.account())
    }
}

fn read<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, ProblemCode> {
    let body = request.body.as_ref().ok_or(ProblemCode::InvalidRequest)?;
    serde_json::from_slice(body).map_err(|_| ProblemCode::InvalidRequest)
}

fn write(answer: &impl Serialize) -> Answer {
    Ok(serde_json::to_vec(answer).expect("serialisable"))
}

fn status(code: ProblemCode) -> u16 {
    match code {
        ProblemCode::UseDpopNonce | ProblemCode::InvalidDpopProof | ProblemCode::InvalidToken => 401,
        ProblemCode::Unavailable => 503,
        ProblemCode::NotFound => 404,
        ProblemCode::TransferConflict => 409,
        _ => 403,
    }
}

fn problem(code: ProblemCode) -> Vec<u8> {
    let problem = Problem {
        kind: String::new(),
        status: status(code),
        code,
        title: String::new(),
        detail: format!("The server says {code:?}."),
        request_id: None,
    };
    serde_json::to_vec(&problem).expect("serialisable")
}
