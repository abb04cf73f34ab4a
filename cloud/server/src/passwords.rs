//! Passwords: argon2id, a few at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

use crate::random::Random;

/// The shortest password, in characters (NIST SP 800-63B §3.1.1.2 asks for 8 where
/// it is not the only factor: a device must be verified by a code as well).
pub const MIN_CHARS: usize = 8;

/// The longest password, in bytes.
pub const MAX_BYTES: usize = 1024;

/// Memory for one hash in KiB, passes over it, and lanes: what OWASP recommends at
/// the least (Password Storage Cheat Sheet, argon2id).
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Why a password could not be hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("a password has at least {MIN_CHARS} characters")]
    TooShort,
    /// Too long.
    #[error("a password has at most {MAX_BYTES} bytes")]
    TooLong,
    /// The hasher failed.
    #[error("the password could not be hashed")]
    Hasher,
}

/// As many wait to have their passwords verified as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are waiting to be verified")]
pub struct Busy;

/// A place among those whose passwords are verified, or wait for it; until it is
/// dropped.
pub struct Place(OwnedSemaphorePermit);

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Passwords {
    /// So many verified or waiting: who comes then is sent away at once, instead of
    /// waiting ever longer.
    places: Arc<Semaphore>,
    /// So many at once: each takes its time of a core, and 19 MiB.
    turns: Arc<Semaphore>,
    /// How many were to be hashed or verified.
    begun: Arc<AtomicU64>,
    /// Hash of a password that nobody has: verified when there is no such user, so
    /// that the time does not tell.
    nobodys: Arc<str>,
}

impl Passwords {
    /// For so many at once, and so many of them and of those who wait.
    pub fn new(at_once: usize, places: usize, random: &dyn Random) -> Result<Self, PasswordError> {
        let nobodys = hash(&random.token(), random)?;
        Ok(Self {
            places: Arc::new(Semaphore::new(places)),
            turns: Arc::new(Semaphore::new(at_once)),
            begun: Arc::default(),
            nobodys: nobodys.into(),
        })
    }

    /// A place to have a password verified.
    pub fn place(&self) -> Result<Place, Busy> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map(Place).map_err(|_| Busy)
    }

    /// How many passwords were hashed or verified, or wait for it: what guessing costs.
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    /// Hashes a new password, as a PHC string, when it is its turn.
    pub async fn hash(
        &self,
        place: Place,
        password: Zeroizing<String>,
        salt: [u8; 16],
    ) -> Result<String, PasswordError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| PasswordError::Hasher)?;
        let hashed = tokio::task::spawn_blocking(move || {
            let _held = (turn, place.0);
            hash_with_salt(&password, salt)
        });
        hashed.await.map_err(|_| PasswordError::Hasher)?
    }

    /// Whether the password is the one that was hashed. Without a hash the answer is
    /// no, and takes as long.
    pub async fn verify(&self, place: Place, password: Zeroizing<String>, hash: Option<String>) -> bool {
        self.begun.fetch_add(1, Ordering::SeqCst);
        // The semaphore is never closed; and the answer to a failure is no.
        let Ok(turn) = Arc::clone(&self.turns).acquire_owned().await else {
            return false;
        };
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobodys.to_string());
        let verified = tokio::task::spawn_blocking(move || {
            // Kept until it is done, even if the client goes away meanwhile.
            let _held = (turn, place.0);
            argon2().is_ok_and(|argon2| argon2.verify_password(password.as_bytes(), hash.as_str()).is_ok())
        });
        verified.await.unwrap_or(false) && known
    }
}

/// Hashes a new password, as a PHC string.
pub fn hash(password: &str, random: &dyn Random) -> Result<String, PasswordError> {
    hash_with_salt(password, random.bytes())
}

fn hash_with_salt(password: &str, salt: [u8; 16]) -> Result<String, PasswordError> {
    if password.chars().count() < MIN_CHARS {
        return Err(PasswordError::TooShort);
    }
    if password.len() > MAX_BYTES {
        return Err(PasswordError::TooLong);
    }
    let hashed = argon2()?
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|_| PasswordError::Hasher)?;
    Ok(hashed.to_string())
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|_| PasswordError::Hasher)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}
