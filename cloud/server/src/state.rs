//! What every handler has at hand.

use std::sync::Arc;

use ferry_protocol::UnixMillis;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::code::CodeKey;
use crate::config::Config;
use crate::mail::Mailer;
use crate::nonce::Nonces;
use crate::passwords::{PasswordError, Passwords};
use crate::random::Random;
use crate::secrets::Secrets;
use crate::seen::Seen;
use crate::stamp::Stamp;
use crate::storage::Storage;
use crate::waiting::Waiting;
use crate::web::Files;

/// Passwords verified at once.
const PASSWORDS_AT_ONCE: usize = 2;

/// Those, and those that wait: a second or so of work.
const PASSWORD_PLACES: usize = 64;

/// What the server is made of.
pub struct Parts {
    /// How it runs.
    pub config: Config,
    /// What it keeps.
    pub storage: Storage,
    /// Its own keys.
    pub secrets: Secrets,
    /// Its mail.
    pub mailer: Mailer,
    /// Its time.
    pub clock: Arc<dyn Clock>,
    /// Its randomness.
    pub random: Arc<dyn Random>,
    /// The web app.
    pub web: Arc<dyn Files>,
}

/// What every handler has at hand. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

struct Inner {
    parts: Parts,
    nonces: Nonces,
    code_key: CodeKey,
    passwords: Passwords,
    seen: Seen,
    work: watch::Sender<u64>,
    waiting: Waiting,
    stopping: watch::Sender<bool>,
}

impl AppState {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Result<Self, PasswordError> {
        Ok(Self(Arc::new(Inner {
            nonces: Nonces::new(parts.secrets.dpop_nonce.clone()),
            code_key: CodeKey::new(parts.secrets.email_code.clone()),
            passwords: Passwords::new(PASSWORDS_AT_ONCE, PASSWORD_PLACES, &*parts.random)?,
            parts,
            seen: Seen::default(),
            work: watch::Sender::new(0),
            waiting: Waiting::default(),
            stopping: watch::Sender::new(false),
        })))
    }

    /// How the server runs.
    pub fn config(&self) -> &Config {
        &self.0.parts.config
    }

    /// What it keeps.
    pub fn storage(&self) -> &Storage {
        &self.0.parts.storage
    }

    /// Its mail.
    pub fn mailer(&self) -> &Mailer {
        &self.0.parts.mailer
    }

    /// The web app.
    pub fn web(&self) -> &dyn Files {
        &*self.0.parts.web
    }

    /// Its nonces.
    pub fn nonces(&self) -> &Nonces {
        &self.0.nonces
    }

    /// Its key for e-mailed codes.
    pub fn code_key(&self) -> &CodeKey {
        &self.0.code_key
    }

    /// Its password hasher.
    pub fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// The time now.
    pub fn now(&self) -> UnixMillis {
        self.0.parts.clock.now()
    }

    /// The moment of a change that begins now.
    pub fn stamp(&self) -> Stamp {
        Stamp {
            now: self.now(),
            random: Arc::clone(&self.0.parts.random),
        }
    }

    /// When devices were last used.
    pub fn seen(&self) -> &Seen {
        &self.0.seen
    }

    /// Who waits for approval.
    pub fn waiting(&self) -> &Waiting {
        &self.0.waiting
    }

    /// Something may be there to do for a worker.
    pub fn wake_workers(&self) {
        self.0.work.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Tells when something may be there to do for a worker.
    pub(crate) fn work(&self) -> watch::Receiver<u64> {
        self.0.work.subscribe()
    }

    /// Ends what waits for something to happen: the server shuts down.
    pub fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    /// Tells when the server shuts down.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stopping.subscribe()
    }
}
