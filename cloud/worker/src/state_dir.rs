//! The worker's private state: the only place where the vault's private keys are.
//!
//! | File | Content |
//! |---|---|
//! | `identity.key` and others | the vault identity: see the module `identity` |
//! | `worker.key` | the key that signs the worker's requests (ES256), 32 bytes |
//! | `worker.token` | the worker token, as it was given at the first run |
//! | `access-token.json` | the access token in use |
//! | `keys/<sealing key>.key` | the private half of a one-time sealing key, 32 bytes |
//! | `sessions/<transfer>.jar` | a refreshed session, encrypted: see [`crate::refresh`] |
//! | `keys/<sealing key>.used`, `accounts/<account>.json` | what was opened: see the module `memory` |
//! | `people/<user>.json` | the devices at which trust in a person's devices begins: see the module `roots` |
//! | `profiles/` | browser profiles, where there is no memory-backed place for them |
//!
//! Directories are 0700, files 0600. Several processes may use one state
//! directory: writing and destroying happen under a lock on the file `lock`.
//! What is destroyed is overwritten first; that reaches the bytes on file systems
//! that write in place, and what it does not reach (snapshots, copy-on-write,
//! worn-out flash) is said in docs/security.md.

mod file;
mod identity;
mod memory;
mod roots;

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ferry_protocol::session::VaultKey;
use ferry_protocol::signature::SigningKey;
use ferry_protocol::{SealingKeyId, TransferId, UnixMillis, WorkspaceId};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub use identity::IdentityHold;
pub use memory::{MemoryError, Seen};
pub use roots::RootError;

/// A worker's state directory.
#[derive(Clone, Debug)]
pub struct StateDir {
    root: Arc<PathBuf>,
}

/// The state directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The operating system refused.
    #[error("cannot use {path}: {source}")]
    Io {
        /// Which file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may look into it.
    #[error("{0} is open to other users of this machine; run `chmod 700` on it, then start again")]
    NotPrivate(PathBuf),
    /// A key file does not hold a key.
    #[error("{0} does not hold a key; restore it from where it came from, or remove it")]
    NotAKey(PathBuf),
    /// A record is not of the form that it was written in.
    #[error(
        "{0} is damaged; restore it, or remove it if every session of that account, or every device of that \
         person, may be accepted again"
    )]
    Damaged(PathBuf),
    /// The random number is not a key. Happens once in 2³² times.
    #[error("the random number drawn is not a key; try again")]
    UnusableRandom,
}

/// A session that no other process works on, until this is dropped.
#[derive(Debug)]
pub struct Hold {
    /// Locked. `None`: the key is gone, and with it all that there was to hold.
    _key: Option<File>,
}

/// An access token, with whom it is good for. No `Debug`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Access {
    /// The token.
    pub token: String,
    /// When it ends.
    #[zeroize(skip)]
    pub expires_at: UnixMillis,
    /// The workspace that the worker serves.
    #[zeroize(skip)]
    pub workspace: WorkspaceId,
    /// The server that gave it; it is shown to no other.
    pub server: String,
}

impl StateDir {
    /// Opens a state directory, and makes it if there is none.
    pub fn open(root: &Path) -> Result<Self, StateError> {
        let state = Self {
            root: Arc::new(root.to_owned()),
        };
        let dirs = [
            root.to_owned(),
            state.keys_dir(),
            state.sessions_dir(),
            state.accounts_dir(),
            state.people_dir(),
        ];
        for dir in &dirs {
            file::make_private_dir(dir).map_err(at(dir))?;
        }
        if !file::is_private_dir(root).map_err(at(root))? {
            return Err(StateError::NotPrivate(root.to_owned()));
        }
        let _lock = state.lock()?;
        for dir in &dirs {
            file::destroy_unfinished(dir).map_err(at(dir))?;
        }
        identity::destroy_last(&state).map_err(at(root))?;
        Ok(state)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The key that signs the worker's requests; made of `random` if there is none yet.
    pub fn worker_key(&self, random: [u8; 32]) -> Result<SigningKey, StateError> {
        self.signing_key("worker.key", random)
    }

    /// The worker token, if it was kept.
    pub fn worker_token(&self) -> Result<Option<Zeroizing<String>>, StateError> {
        let content = self.read(&self.root.join("worker.token"))?;
        Ok(content
            .and_then(|bytes| String::from_utf8(bytes.to_vec()).ok())
            .map(Zeroizing::new))
    }

    /// Keeps the worker token.
    pub fn set_worker_token(&self, token: &str) -> Result<(), StateError> {
        let _lock = self.lock()?;
        self.write(&self.root, &[("worker.token".to_owned(), token.as_bytes())])
    }

    /// The access token in use, if there is one.
    pub fn access(&self) -> Result<Option<Access>, StateError> {
        let content = self.read(&self.root.join("access-token.json"))?;
        // A damaged file costs nothing but signing in again.
        Ok(content.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    /// Keeps the access token in use, for this and for other processes.
    pub fn set_access(&self, access: &Access) -> Result<(), StateError> {
        #[expect(clippy::expect_used, reason = "strings and numbers always serialise")]
        let json = Zeroizing::new(serde_json::to_vec(access).expect("serialisable"));
        let _lock = self.lock()?;
        self.write(&self.root, &[("access-token.json".to_owned(), &json)])
    }

    /// Keeps the private halves of one-time keys. They are durable when this returns.
    pub fn add_keys(&self, keys: &[(SealingKeyId, VaultKey)]) -> Result<(), StateError> {
        let contents: Vec<_> = keys
            .iter()
            .map(|(id, key)| (key_name(id), key.to_bytes()))
            .collect();
        let files: Vec<_> = contents
            .iter()
            .map(|(name, key)| (name.clone(), key.as_slice()))
            .collect();
        let _lock = self.lock()?;
        self.write(&self.keys_dir(), &files)
    }

    /// The private half of a one-time key; `None` once it is destroyed.
    pub fn key(&self, id: &SealingKeyId) -> Result<Option<VaultKey>, StateError> {
        let path = self.keys_dir().join(key_name(id));
        let Some(bytes) = self.read(&path)? else {
            return Ok(None);
        };
        // Zeroes: its destruction was interrupted. The key is no more.
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        VaultKey::from_bytes(&bytes)
            .map(Some)
            .map_err(|_| StateError::NotAKey(path))
    }

    /// Destroys the private half of a one-time key, and with it every session
    /// refreshed under it; whether there was one. Once this returns, nothing that
    /// was sealed to the key can be opened again.
    pub fn destroy_key(&self, id: &SealingKeyId) -> Result<bool, StateError> {
        let _lock = self.lock()?;
        self.destroy_key_locked(id)
    }

    fn destroy_key_locked(&self, id: &SealingKeyId) -> Result<bool, StateError> {
        let path = self.keys_dir().join(key_name(id));
        let destroyed = file::destroy(&path).map_err(at(&path))?;
        let sessions = self.sessions_dir();
        for path in file::list(&sessions).map_err(at(&sessions))? {
            let content = self.read(&path)?;
            if content.is_some_and(|content| content.starts_with(id.as_bytes())) {
                file::destroy(&path).map_err(at(&path))?;
            }
        }
        // Last: until the key is gone, it says that the key was used.
        let used = self.keys_dir().join(memory::used_name(id));
        file::destroy(&used).map_err(at(&used))?;
        Ok(destroyed)
    }

    /// Holds the session that was sealed to a key, so that no two browsers rotate its
    /// cookies at once. `None`: somebody else holds it. Destroying the key waits for
    /// nobody.
    pub fn try_hold(&self, id: &SealingKeyId) -> Result<Option<Hold>, StateError> {
        let path = self.keys_dir().join(key_name(id));
        let key = match File::open(&path) {
            Ok(key) => key,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(Hold { _key: None })),
            Err(error) => return Err(at(&path)(error)),
        };
        match key.try_lock() {
            Ok(()) => Ok(Some(Hold { _key: Some(key) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(at(&path)(error)),
        }
    }

    /// A refreshed session, encrypted, if one was kept under this key.
    pub fn session(
        &self,
        transfer: &TransferId,
        key: &SealingKeyId,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StateError> {
        let content = self.read(&self.sessions_dir().join(session_name(transfer)))?;
        Ok(content.and_then(|content| {
            content
                .strip_prefix(key.as_bytes())
                .map(|rest| Zeroizing::new(rest.to_vec()))
        }))
    }

    /// Keeps a refreshed session, encrypted under this one-time key; whether it was
    /// kept. It is not, once the key is destroyed.
    pub fn set_session(
        &self,
        transfer: &TransferId,
        key: &SealingKeyId,
        encrypted: &[u8],
    ) -> Result<bool, StateError> {
        let content = [key.as_bytes().as_slice(), encrypted].concat();
        // Under the same lock as destroying: it cannot come in between.
        let _lock = self.lock()?;
        if self.key(key)?.is_none() {
            return Ok(false);
        }
        self.write(&self.sessions_dir(), &[(session_name(transfer), &content)])?;
        Ok(true)
    }

    fn signing_key(&self, name: &str, random: [u8; 32]) -> Result<SigningKey, StateError> {
        let path = self.root.join(name);
        // Two processes that start at once shall get the same key.
        let _lock = self.lock()?;
        if let Some(bytes) = self.read(&path)? {
            return SigningKey::from_bytes(&bytes).map_err(|_| StateError::NotAKey(path));
        }
        let key = SigningKey::generate(random).map_err(|_| StateError::UnusableRandom)?;
        self.write(&self.root, &[(name.to_owned(), key.to_bytes().as_slice())])?;
        Ok(key)
    }

    /// Holds other processes, and other threads of this one, off until it is dropped.
    fn lock(&self) -> Result<File, StateError> {
        let path = self.root.join("lock");
        let open = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let file = open.map_err(at(&path))?;
        file.lock().map_err(at(&path))?;
        Ok(file)
    }

    fn read(&self, path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, StateError> {
        file::read(path).map_err(at(path))
    }

    fn write(&self, dir: &Path, files: &[(String, &[u8])]) -> Result<(), StateError> {
        file::write_all(dir, files).map_err(at(dir))
    }

    fn keys_dir(&self) -> PathBuf {
        self.root.join("keys")
    }

    fn sessions_dir(&self) -> PathBuf {
        self.root.join("sessions")
    }

    fn people_dir(&self) -> PathBuf {
        self.root.join("people")
    }

    fn accounts_dir(&self) -> PathBuf {
        self.root.join("accounts")
    }
}

fn key_name(id: &SealingKeyId) -> String {
    format!("{id}.key")
}

fn session_name(id: &TransferId) -> String {
    format!("{id}.jar")
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> StateError {
    let path = path.to_owned();
    move |source| StateError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::fixtures::{NOW, state};

    fn key_id(n: u8) -> SealingKeyId {
        SealingKeyId::new(NOW, [n; 10])
    }

    fn transfer(n: u8) -> TransferId {
        TransferId::new(NOW, [n; 10])
    }

    fn vault_key(n: u8) -> VaultKey {
        VaultKey::generate([n; 32])
    }

    /// Whether these bytes are in any file below the directory.
    fn contains(dir: &Path, marker: &[u8]) -> bool {
        fs::read_dir(dir).unwrap().any(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                contains(&path, marker)
            } else {
                fs::read(&path)
                    .unwrap()
                    .windows(marker.len())
                    .any(|window| window == marker)
            }
        })
    }

    #[test]
    fn keys_are_made_once_and_kept() {
        let (_dir, state) = state();
        let identity = state.identity([1; 32]).unwrap();
        let again = StateDir::open(state.path()).unwrap().identity([2; 32]).unwrap();
        assert!(identity.public() == again.public());
        assert!(state.worker_key([3; 32]).unwrap().public() != identity.public());
    }

    #[test]
    fn destroying_a_key_leaves_no_byte_of_it_or_of_its_sessions() {
        let (dir, state) = state();
        state
            .add_keys(&[(key_id(1), vault_key(1)), (key_id(2), vault_key(2))])
            .unwrap();
        let marker = vault_key(1).to_bytes();
        assert!(
            state
                .set_session(&transfer(1), &key_id(1), b"MARKER-OF-1")
                .unwrap()
        );
        assert!(
            state
                .set_session(&transfer(2), &key_id(2), b"MARKER-OF-2")
                .unwrap()
        );
        assert!(contains(dir.path(), marker.as_slice()));
        assert!(contains(dir.path(), b"MARKER-OF-1"));

        assert!(state.destroy_key(&key_id(1)).unwrap());

        assert!(!contains(dir.path(), marker.as_slice()));
        assert!(!contains(dir.path(), b"MARKER-OF-1"));
        assert!(state.key(&key_id(1)).unwrap().is_none());
        assert!(state.session(&transfer(1), &key_id(1)).unwrap().is_none());
        // The other one is as it was.
        assert!(state.key(&key_id(2)).unwrap().is_some());
        assert_eq!(
            state
                .session(&transfer(2), &key_id(2))
                .unwrap()
                .unwrap()
                .as_slice(),
            b"MARKER-OF-2"
        );
        // Told twice, it is gone all the same.
        assert!(!state.destroy_key(&key_id(1)).unwrap());
    }

    #[test]
    fn a_session_is_not_kept_after_its_key_was_destroyed() {
        let (_dir, state) = state();
        state.add_keys(&[(key_id(1), vault_key(1))]).unwrap();
        state.destroy_key(&key_id(1)).unwrap();
        assert!(!state.set_session(&transfer(1), &key_id(1), b"late").unwrap());
        assert!(state.session(&transfer(1), &key_id(1)).unwrap().is_none());
    }

    #[test]
    fn a_session_is_held_by_one_at_a_time_and_destroyed_all_the_same() {
        let (_dir, state) = state();
        state.add_keys(&[(key_id(1), vault_key(1))]).unwrap();
        let hold = state.try_hold(&key_id(1)).unwrap();
        assert!(hold.is_some());
        assert!(state.try_hold(&key_id(1)).unwrap().is_none());
        drop(hold);
        let _hold = state.try_hold(&key_id(1)).unwrap().unwrap();
        assert!(state.destroy_key(&key_id(1)).unwrap());
        assert!(
            state.try_hold(&key_id(1)).unwrap().is_some(),
            "nothing is left to hold"
        );
    }

    #[test]
    fn a_key_whose_destruction_was_interrupted_is_no_key() {
        let (_dir, state) = state();
        fs::write(state.path().join("keys").join(key_name(&key_id(1))), [0; 32]).unwrap();
        assert!(state.key(&key_id(1)).unwrap().is_none());
    }

    #[test]
    fn everything_is_closed_to_others() {
        let (_dir, state) = state();
        state.identity([1; 32]).unwrap();
        state.add_keys(&[(key_id(1), vault_key(1))]).unwrap();
        state.set_worker_token("token").unwrap();
        for (path, mode) in [
            ("", 0o700),
            ("keys", 0o700),
            ("identity.key", 0o600),
            ("worker.token", 0o600),
        ] {
            let metadata = fs::metadata(state.path().join(path)).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o777, mode, "{path}");
        }
        fs::set_permissions(state.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(
            StateDir::open(state.path()),
            Err(StateError::NotPrivate(_))
        ));
    }

    #[test]
    fn the_access_token_survives_and_a_damaged_one_is_none() {
        let (_dir, state) = state();
        let access = Access {
            token: "t".to_owned(),
            expires_at: NOW,
            workspace: WorkspaceId::new(NOW, [1; 10]),
            server: "http://127.0.0.1:1/".to_owned(),
        };
        state.set_access(&access).unwrap();
        assert!(state.access().unwrap() == Some(access));
        fs::write(state.path().join("access-token.json"), "{").unwrap();
        assert!(state.access().unwrap().is_none());
    }
}
