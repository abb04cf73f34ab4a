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
use crate::stamp::Stamp;
use crate::storage::secrets::SecretName;
use crate::storage::{Erase, Storage, StorageError, secrets};

/// Passwords hashed or verified at once.
const PASSWORDS_AT_ONCE: usize = 2;

/// What the server is made of.
pub struct Parts {
    /// How it runs.
    pub config: Config,
    /// What it keeps.
    pub storage: Storage,
    /// Its mail.
    pub mailer: Mailer,
    /// Its time.
    pub clock: Arc<dyn Clock>,
    /// Its randomness.
    pub random: Arc<dyn Random>,
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The password hasher failed.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// What every handler has at hand. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

struct Inner {
    parts: Parts,
    nonces: Nonces,
    code_key: CodeKey,
    passwords: Passwords,
    work: watch::Sender<u64>,
    stopping: watch::Sender<bool>,
}

impl AppState {
    /// Puts the parts together, and makes the server's own keys if this is its first
    /// start.
    pub async fn new(parts: Parts) -> Result<Self, StateError> {
        let stamp = Stamp {
            now: parts.clock.now(),
            random: Arc::clone(&parts.random),
        };
        let (nonce_key, code_key) = parts
            .storage
            .write(Erase::Nothing, move |connection| {
                Box::pin(async move {
                    let nonce = secrets::get_or_make(connection, &stamp, SecretName::DpopNonce).await?;
                    let code = secrets::get_or_make(connection, &stamp, SecretName::EmailCode).await?;
                    Ok::<_, StorageError>((nonce, code))
                })
            })
            .await?;
        Ok(Self(Arc::new(Inner {
            nonces: Nonces::new(nonce_key),
            code_key: CodeKey::new(code_key),
            passwords: Passwords::new(PASSWORDS_AT_ONCE, &*parts.random)?,
            parts,
            work: watch::Sender::new(0),
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
