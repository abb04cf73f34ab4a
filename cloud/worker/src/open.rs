//! Opening a leased session: is it what it says, and may it be used?
//!
//! The seal itself is `ferry_protocol`'s; here is what only the worker knows: which
//! keys exist, and what a supported app may reach.

use ferry_catalogue::App;
use ferry_protocol::api::LeasedSession;
use ferry_protocol::device::Fingerprint;
use ferry_protocol::jar::Jar;
use ferry_protocol::session::{self, Expected, Header, OpenError, Payload, VaultKey};
use ferry_protocol::trust::ChainError;
use ferry_protocol::{UnixMillis, UserId, WorkspaceId};

use crate::catalogue::Catalogue;
use crate::domains::is_public_suffix;
use crate::egress::{Policy, Rules};
use crate::refresh::{self, RefreshError};
use crate::state_dir::{MemoryError, RootError, Seen, StateDir, StateError};

/// How far a device's clock may be ahead of the worker's, in milliseconds. The server
/// takes no request of one that is further off than half of it.
const CLOCK_MARGIN: i64 = 10 * 60 * 1000;

/// An opened session. Secret: no `Debug`.
pub struct OpenedSession {
    /// What everyone may know.
    pub header: Header,
    /// The session; its jar is the refreshed one, if there is one.
    pub payload: Payload,
    key: VaultKey,
}

/// A leased session cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenSessionError {
    /// The key was destroyed: the session was deleted, replaced, or comes from a
    /// backup of the server.
    #[error("its key no longer exists")]
    KeyGone,
    /// Who vouches for the device is not as the server says.
    #[error("the approvals of its device do not hold: {0}")]
    Chain(#[from] ChainError),
    /// Nobody whom the worker knows vouches for the device.
    #[error(
        "this device was set up by e-mail code alone: have it approved by a device that you trusted before, \
         or let the operator accept it with `ferry-worker --state … device accept --user {user} --fingerprint {fingerprint}`"
    )]
    NotApproved {
        /// Whose device it is said to be.
        user: UserId,
        /// The device, or the one at the end of those that approved it.
        fingerprint: Fingerprint,
    },
    /// The seal does not open, or is another's.
    #[error(transparent)]
    Seal(#[from] OpenError),
    /// The app's definition cannot be used.
    #[error("the app's definition in the seal is not valid: {0}")]
    App(#[from] ferry_catalogue::AppError),
    /// The definition reaches more than the app of that name does.
    #[error(
        "the app's definition in the seal reaches {0}, which the app as it is defined now does not: \
         transfer the session again"
    )]
    AppReach(String),
    /// The seal is of another app than the account.
    #[error("the seal is of another app than its account")]
    OtherApp,
    /// The definition claims a domain below which anybody may have a name.
    #[error("the app's definition in the seal claims {0}, below which other people have names of their own")]
    PublicSuffix(String),
    /// The device's clock is ahead.
    #[error("the session is from the future: set the device's clock, then transfer the session again")]
    Future,
    /// A newer session was opened before, or another one with the same key.
    #[error(transparent)]
    Memory(MemoryError),
    /// The worker's own state fails; nothing is known of the session.
    #[error(transparent)]
    State(#[from] StateError),
}

impl OpenSessionError {
    /// Whether the session is at fault, and not the worker.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::State(_))
    }
}

/// A refreshed session could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// It cannot be written.
    #[error(transparent)]
    Refresh(#[from] RefreshError),
    /// The state directory fails.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Opens a leased session, and remembers that it was.
pub fn open(
    state: &StateDir,
    catalogue: &Catalogue,
    workspace: WorkspaceId,
    leased: &LeasedSession,
    now: UnixMillis,
) -> Result<OpenedSession, OpenSessionError> {
    // Before anything is opened: whose device it is, and who vouches for it.
    let chain = leased.chain.verify(&workspace, &leased.user)?;
    state.check_root(&leased.user, &chain)?;
    // The header is not yet proved; it only says which key to try.
    let sealing_key = leased.sealed.header().map_err(OpenError::from)?.sealing_key;
    let key = state.key(&sealing_key)?.ok_or(OpenSessionError::KeyGone)?;
    let device = &leased.chain.device;
    let expected = Expected {
        workspace,
        account: leased.account,
        transfer: leased.transfer,
        sealing_key,
        device_key: &device.device_key,
        device_sealing_key: &device.sealing_key,
        device_sealing_key_signature: device.sealing_key_signature.as_ref(),
    };
    let opened = session::open(&leased.sealed, &key, &expected)?;
    check_app(&opened.payload.app, &leased.app, catalogue)?;
    // Everything is proved now. One from the future would stand in the way of all
    // that come after it.
    if opened.header.captured_at > now.plus(CLOCK_MARGIN) {
        return Err(OpenSessionError::Future);
    }
    state.pin_root(&leased.user, &chain)?;
    state.remember(&Seen::from(&opened.header))?;
    let mut payload = opened.payload;
    if let Some(jar) = refreshed_jar(state, &opened.header, &key)? {
        payload.jar = jar;
    }
    Ok(OpenedSession {
        header: opened.header,
        payload,
        key,
    })
}

impl OpenedSession {
    /// Keeps this jar in place of the one that there is, if the session's key still
    /// exists; whether it does. The caller has made sure that the same identity is
    /// still signed in.
    pub fn keep(&mut self, state: &StateDir, jar: Jar, nonce: [u8; 12]) -> Result<bool, KeepError> {
        let Header {
            transfer,
            sealing_key,
            ..
        } = &self.header;
        self.payload.jar = jar;
        let encrypted = refresh::encrypt(&self.payload, transfer, sealing_key, &self.key, nonce)?;
        Ok(state.set_session(transfer, sealing_key, &encrypted)?)
    }
}

impl From<RootError> for OpenSessionError {
    fn from(error: RootError) -> Self {
        match error {
            RootError::Unknown { user, fingerprint } => Self::NotApproved { user, fingerprint },
            RootError::State(error) => Self::State(error),
        }
    }
}

impl From<MemoryError> for OpenSessionError {
    fn from(error: MemoryError) -> Self {
        match error {
            MemoryError::State(error) => Self::State(error),
            refused => Self::Memory(refused),
        }
    }
}

/// The worker holds to the app that the person consented to: the one in the seal. But
/// devices write what is in seals, and the worker sits in another network than they
/// do: so it reaches no host and port that the app of that name does not have, as the
/// worker's catalogue knows it or, if it is the workspace's own, as the admin defined it.
fn check_app(sealed: &App, current: &App, catalogue: &Catalogue) -> Result<(), OpenSessionError> {
    sealed.validate()?;
    if sealed.id != current.id {
        return Err(OpenSessionError::OtherApp);
    }
    if let Some(domain) = sealed.domains.iter().find(|domain| is_public_suffix(domain)) {
        return Err(OpenSessionError::PublicSuffix(domain.clone()));
    }
    let known = catalogue.find(&sealed.id).unwrap_or(current);
    let reach = |app| Rules::new(app, Policy::default());
    match reach(sealed).beyond(&reach(known)) {
        Some(what) => Err(OpenSessionError::AppReach(what)),
        None => Ok(()),
    }
}

fn refreshed_jar(state: &StateDir, header: &Header, key: &VaultKey) -> Result<Option<Jar>, StateError> {
    let Some(encrypted) = state.session(&header.transfer, &header.sealing_key)? else {
        return Ok(None);
    };
    match refresh::decrypt(&encrypted, &header.transfer, &header.sealing_key, key) {
        Ok(payload) => Ok(Some(payload.jar.clone())),
        // The sealed jar is still there, and perhaps still good.
        Err(error) => {
            tracing::warn!(transfer = %header.transfer, %error, "using the session as it was transferred");
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::app;

    fn check_app(sealed: &App, current: &App) -> Result<(), OpenSessionError> {
        super::check_app(sealed, current, &Catalogue::load(None).unwrap())
    }

    fn why(sealed: &App, current: &App) -> String {
        check_app(sealed, current).unwrap_err().to_string()
    }

    #[test]
    fn a_seal_reaches_no_more_than_its_app_does_now() {
        let current = app();
        let mut sealed = app();
        // Which rules tell who is signed in may have changed since; hosts may not.
        sealed.identity.clear();
        assert!(check_app(&sealed, &current).is_ok());
        sealed.domains.push("intranet.test".to_owned());
        assert!(why(&sealed, &current).contains("reaches intranet.test"));
        let mut sealed = app();
        sealed.check = "https://app.test:8443/me".to_owned();
        assert!(why(&sealed, &current).contains("reaches port 8443"));
        let mut sealed = app();
        sealed.id = "custom-other".parse().unwrap();
        assert!(why(&sealed, &current).contains("another app"));
    }

    #[test]
    fn what_a_server_says_of_a_supported_app_does_not_matter() {
        let supported = ferry_catalogue::find(&"github".parse().unwrap()).unwrap();
        let mut wider = supported.clone();
        wider.domains.push("bank.example".to_owned());
        assert!(check_app(supported, &wider).is_ok());
        assert!(why(&wider, &wider).contains("bank.example"));
    }

    #[test]
    fn of_the_apps_of_its_folder_the_worker_knows_the_hosts_too() {
        let folder = tempfile::tempdir().unwrap();
        let text = "id = \"new\"\nname = \"New\"\ndomains = [\"new.example\"]\n\
                    sign_in = \"https://new.example/in\"\ncheck = \"https://new.example/me\"\n";
        std::fs::write(folder.path().join("new.toml"), text).unwrap();
        let catalogue = Catalogue::load(Some(folder.path())).unwrap();
        let new = catalogue.find(&"new".parse().unwrap()).unwrap();
        let mut wider = new.clone();
        wider.domains.push("bank.example".to_owned());
        let check = |sealed, current| super::check_app(sealed, current, &catalogue);
        assert!(check(new, &wider).is_ok());
        assert!(matches!(
            check(&wider, &wider),
            Err(OpenSessionError::AppReach(_))
        ));
    }

    #[test]
    fn a_public_suffix_is_nobodys_app() {
        for suffix in ["co.uk", "github.io"] {
            let mut app = app();
            app.domains.push(suffix.to_owned());
            assert!(why(&app, &app).contains("names of their own"), "{suffix}");
        }
        for app in ferry_catalogue::builtin() {
            assert!(check_app(app, app).is_ok(), "{}", app.id);
        }
    }
}
