//! Opening a leased session: is it what it says, and may it be used?
//!
//! The seal itself is `ferry_protocol`'s; here is what only the worker knows: which
//! keys exist, and what a supported app may reach.

use ferry_catalogue::App;
use ferry_protocol::WorkspaceId;
use ferry_protocol::api::LeasedSession;
use ferry_protocol::jar::Jar;
use ferry_protocol::session::{self, Expected, Header, OpenError, Payload, VaultKey};

use crate::domains::{AppDomains, Belongs};
use crate::refresh::{self, RefreshError};
use crate::state_dir::{StateDir, StateError};

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
    /// The seal does not open, or is another's.
    #[error(transparent)]
    Seal(#[from] OpenError),
    /// The app's definition cannot be used.
    #[error("the app's definition in the seal is not valid: {0}")]
    App(#[from] ferry_catalogue::AppError),
    /// The definition claims more than the supported app of that name has.
    #[error("the app's definition in the seal claims {0}, which is not the app's")]
    AppReach(String),
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

/// Opens a leased session.
pub fn open(
    state: &StateDir,
    workspace: WorkspaceId,
    leased: &LeasedSession,
) -> Result<OpenedSession, OpenSessionError> {
    // The header is not yet proved; it only says which key to try.
    let sealing_key = leased.sealed.header().map_err(OpenError::from)?.sealing_key;
    let key = state.key(&sealing_key)?.ok_or(OpenSessionError::KeyGone)?;
    let expected = Expected {
        workspace,
        account: leased.account,
        transfer: leased.transfer,
        sealing_key,
        device_key: &leased.device_key,
        device_sealing_key: &leased.device_sealing_key,
        device_sealing_key_signature: leased.device_sealing_key_signature.as_ref(),
    };
    let opened = session::open(&leased.sealed, &key, &expected)?;
    check_app(&opened.payload.app)?;
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

/// The worker holds to the app that the person consented to: the one in the seal.
/// But a supported app's name must not lend itself to other domains.
fn check_app(app: &App) -> Result<(), OpenSessionError> {
    app.validate()?;
    let Some(supported) = ferry_catalogue::find(&app.id) else {
        return Ok(());
    };
    let domains = AppDomains::new(supported);
    match app
        .domains
        .iter()
        .find(|domain| domains.belongs(domain) != Belongs::Yes)
    {
        Some(foreign) => Err(OpenSessionError::AppReach(foreign.clone())),
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
