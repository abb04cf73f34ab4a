//! The vault identity, and how it hands over to the next.
//!
//! | File | Content |
//! |---|---|
//! | `identity.key` | the identity in use (ES256), 32 bytes |
//! | `identity-next.key` | the next one, until the server has taken it |
//! | `successions.json` | how the one in use came to be, see [`VaultIdentity`] |

use std::fs::{self, File, TryLockError};
use std::io;

use ferry_protocol::signature::SigningKey;
use ferry_protocol::vault::{Succession, VaultIdentity};

use super::{StateDir, StateError, at, file};

const CURRENT: &str = "identity.key";
const NEXT: &str = "identity-next.key";
const SUCCESSIONS: &str = "successions.json";

/// Held while the identity is used, or while it is changed; given back when dropped.
#[derive(Debug)]
pub struct IdentityHold {
    _file: File,
}

impl StateDir {
    /// The vault identity; made of `random` if there is none yet.
    pub fn identity(&self, random: [u8; 32]) -> Result<SigningKey, StateError> {
        self.signing_key(CURRENT, random)
    }

    /// The same as others know it, with those before it.
    pub fn vault(&self, random: [u8; 32]) -> Result<VaultIdentity, StateError> {
        Ok(VaultIdentity {
            current: self.identity(random)?.public(),
            successions: self.successions()?,
        })
    }

    /// The identity that is to be the next; made of `random` if there is none yet. One
    /// that an interrupted renewal left is the same again: the server may have it.
    pub fn next_identity(&self, random: [u8; 32]) -> Result<SigningKey, StateError> {
        self.signing_key(NEXT, random)
    }

    /// Puts the next identity in the place of the one in use, which ends. Killed in
    /// between, the same call again completes it.
    pub fn succeed(&self, vault: &VaultIdentity) -> Result<(), StateError> {
        let _lock = self.lock()?;
        #[expect(clippy::expect_used, reason = "keys and signatures always serialise")]
        let json = serde_json::to_vec(&vault.successions).expect("serialisable");
        self.write(self.path(), &[(SUCCESSIONS.to_owned(), &json)])?;
        let (current, next) = (self.path().join(CURRENT), self.path().join(NEXT));
        // Under another name first, so that at no time there is no identity.
        let last = self.path().join("identity-last.key");
        fs::hard_link(&current, &last).map_err(at(&last))?;
        fs::rename(&next, &current).map_err(at(&next))?;
        file::destroy(&last).map_err(at(&last))?;
        Ok(())
    }

    /// Holds the identity as it is, as long as keys are signed by it.
    pub fn use_identity(&self) -> Result<IdentityHold, StateError> {
        let (file, path) = self.identity_lock()?;
        file.lock_shared().map_err(at(&path))?;
        Ok(IdentityHold { _file: file })
    }

    /// Holds the identity to change it; `None`: a worker uses it.
    pub fn try_change_identity(&self) -> Result<Option<IdentityHold>, StateError> {
        let (file, path) = self.identity_lock()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(IdentityHold { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(at(&path)(error)),
        }
    }

    fn identity_lock(&self) -> Result<(File, std::path::PathBuf), StateError> {
        let path = self.path().join("identity.lock");
        let open = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        Ok((open.map_err(at(&path))?, path))
    }

    fn successions(&self) -> Result<Vec<Succession>, StateError> {
        let path = self.path().join(SUCCESSIONS);
        match self.read(&path)? {
            Some(json) => serde_json::from_slice(&json).map_err(|_| StateError::Damaged(path)),
            None => Ok(Vec::new()),
        }
    }
}

/// Destroys what a [`StateDir::succeed`] that was killed left of the identity before.
pub(super) fn destroy_last(state: &StateDir) -> io::Result<()> {
    let (current, last) = (state.path().join(CURRENT), state.path().join("identity-last.key"));
    let Some(content) = file::read(&last)? else {
        return Ok(());
    };
    if file::read(&current)?.is_some_and(|current| current == content) {
        // The identity in use, by another name.
        fs::remove_file(&last)
    } else {
        file::destroy(&last).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use ferry_protocol::{Bytes, WorkspaceId};

    use super::*;
    use crate::fixtures::{NOW, state};

    fn handed_over(state: &StateDir) -> VaultIdentity {
        let workspace = WorkspaceId::new(NOW, [1; 10]);
        let (old, next) = (
            state.identity([1; 32]).unwrap(),
            state.next_identity([2; 32]).unwrap(),
        );
        let signature: Bytes = old.sign(&Succession::message(&workspace, &next.public()));
        let succession = Succession {
            from: old.public(),
            to: next.public(),
            signature,
        };
        VaultIdentity {
            current: next.public(),
            successions: vec![succession],
        }
    }

    #[test]
    fn the_next_identity_takes_the_place_of_the_one_in_use() {
        let (_folder, state) = state();
        let old = state.identity([1; 32]).unwrap();
        let vault = handed_over(&state);
        assert!(state.identity([3; 32]).unwrap().public() == old.public());
        state.succeed(&vault).unwrap();
        let state = StateDir::open(state.path()).unwrap();
        assert_eq!(state.vault([3; 32]).unwrap(), vault);
        let marker = old.to_bytes();
        for path in file::list(state.path()).unwrap() {
            let content = fs::read(&path).unwrap_or_default();
            assert!(content != marker.as_slice(), "{}", path.display());
        }
    }

    #[test]
    fn killed_while_it_took_its_place_there_is_still_an_identity() {
        let (_folder, state) = state();
        let vault = handed_over(&state);
        let (current, last) = (state.path().join(CURRENT), state.path().join("identity-last.key"));
        // Before the name changed hands.
        fs::hard_link(&current, &last).unwrap();
        let state = StateDir::open(state.path()).unwrap();
        assert!(!last.exists());
        assert!(state.identity([3; 32]).unwrap().public() == vault.successions[0].from);
        // And after.
        fs::hard_link(&current, &last).unwrap();
        fs::rename(state.path().join(NEXT), &current).unwrap();
        let state = StateDir::open(state.path()).unwrap();
        assert!(!last.exists());
        assert!(state.identity([3; 32]).unwrap().public() == vault.current);
    }

    #[test]
    fn it_does_not_change_while_a_worker_uses_it() {
        let (_folder, state) = state();
        let uses = (state.use_identity().unwrap(), state.use_identity().unwrap());
        assert!(state.try_change_identity().unwrap().is_none());
        drop(uses);
        assert!(state.try_change_identity().unwrap().is_some());
    }
}
