//! What the worker remembers of the sessions that it opened, so that it does not
//! have to take a server's word for what is new: of each account the newest one, of
//! each one-time key the transfer that it was used for.
//!
//! | File | Content |
//! |---|---|
//! | `accounts/<account>.json` | the newest session opened, and the keys of those before it |
//! | `keys/<sealing key>.used` | for which session the key was used |
//!
//! Both are durable before a session is used. Which of two sessions is newer is told
//! by the time in their headers, which a device signed.

use ferry_protocol::session::Header;
use ferry_protocol::{AccountId, SealingKeyId, TransferId, UnixMillis};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{StateDir, StateError, at, file};

/// A session that was opened: what its header says, once the seal has proved it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The account.
    pub account: AccountId,
    /// The transfer that brought it.
    pub transfer: TransferId,
    /// The one-time key that it is sealed to.
    pub sealing_key: SealingKeyId,
    /// When its cookies were read, by the device's clock.
    pub captured_at: UnixMillis,
}

/// A session is not to be used, by what was opened before.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// Its key was used for another session.
    #[error("its key was used for another transfer before: transfer the session again")]
    KeyUsed,
    /// The account's session that was opened last is newer, or as new.
    #[error("a newer session of this account was opened before: transfer the session again")]
    Superseded,
    /// The state directory fails.
    #[error(transparent)]
    State(#[from] StateError),
}

/// What is kept of an account.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    newest: Seen,
    /// Keys of sessions before it that are not destroyed yet.
    before: Vec<SealingKeyId>,
}

impl From<&Header> for Seen {
    fn from(header: &Header) -> Self {
        Self {
            account: header.account,
            transfer: header.transfer,
            sealing_key: header.sealing_key,
            captured_at: header.captured_at,
        }
    }
}

impl StateDir {
    /// Remembers a session before it is used. Refuses one that is older than what
    /// was opened for its account, or sealed to a key that another one was sealed to.
    pub fn remember(&self, seen: &Seen) -> Result<(), MemoryError> {
        let _lock = self.lock()?;
        let used: Option<Seen> = self.read_json(&used_name(&seen.sealing_key), Dir::Keys)?;
        if used.is_some_and(|used| used != *seen) {
            return Err(MemoryError::KeyUsed);
        }
        let record: Option<Record> = self.read_json(&account_name(&seen.account), Dir::Accounts)?;
        let before = match record {
            Some(record) if record.newest == *seen => return Ok(()),
            Some(record) if seen.captured_at <= record.newest.captured_at => {
                return Err(MemoryError::Superseded);
            }
            Some(mut record) => {
                record.before.push(record.newest.sealing_key);
                record.before
            }
            None => Vec::new(),
        };
        // In this order: killed in between, the same session is remembered again.
        self.write_json(&used_name(&seen.sealing_key), Dir::Keys, seen)?;
        let record = Record {
            newest: *seen,
            before,
        };
        self.write_json(&account_name(&seen.account), Dir::Accounts, &record)?;
        Ok(())
    }

    /// Destroys the keys of the sessions that the account had before this one, which
    /// was found to be good; how many there were. Killed in between, the next call
    /// destroys the rest.
    pub fn destroy_superseded(&self, seen: &Seen) -> Result<u32, StateError> {
        let _lock = self.lock()?;
        let record: Option<Record> = self.read_json(&account_name(&seen.account), Dir::Accounts)?;
        let Some(mut record) = record.filter(|record| record.newest == *seen) else {
            return Ok(0);
        };
        if record.before.is_empty() {
            return Ok(0);
        }
        let mut destroyed = 0;
        for key in std::mem::take(&mut record.before) {
            destroyed += u32::from(self.destroy_key_locked(&key)?);
        }
        self.write_json(&account_name(&seen.account), Dir::Accounts, &record)?;
        Ok(destroyed)
    }

    /// Destroys the keys made before this time that no session was ever opened with;
    /// how many there were.
    pub fn destroy_unused(&self, made_before: UnixMillis) -> Result<u32, StateError> {
        let _lock = self.lock()?;
        let keys = self.keys_dir();
        let mut destroyed = 0;
        for path in file::list(&keys).map_err(at(&keys))? {
            let name = path.file_name().and_then(|name| name.to_str());
            let id = name.and_then(|name| name.strip_suffix(".key")?.parse::<SealingKeyId>().ok());
            if let Some(id) = id.filter(|id| id.created_at() < made_before)
                && !keys.join(used_name(&id)).exists()
            {
                destroyed += u32::from(self.destroy_key_locked(&id)?);
            }
        }
        Ok(destroyed)
    }

    fn read_json<T: DeserializeOwned>(&self, name: &str, dir: Dir) -> Result<Option<T>, StateError> {
        let path = self.dir(dir).join(name);
        let Some(content) = self.read(&path)? else {
            return Ok(None);
        };
        // Not taken for nothing remembered: that would let anything in.
        serde_json::from_slice(&content)
            .map(Some)
            .map_err(|_| StateError::Damaged(path))
    }

    fn write_json(&self, name: &str, dir: Dir, value: &impl Serialize) -> Result<(), StateError> {
        #[expect(clippy::expect_used, reason = "identifiers and numbers always serialise")]
        let json = serde_json::to_vec(value).expect("serialisable");
        self.write(&self.dir(dir), &[(name.to_owned(), &json)])
    }

    fn dir(&self, dir: Dir) -> std::path::PathBuf {
        match dir {
            Dir::Accounts => self.accounts_dir(),
            Dir::Keys => self.keys_dir(),
        }
    }
}

/// Where a file of the memory's is.
#[derive(Clone, Copy)]
enum Dir {
    Accounts,
    Keys,
}

fn account_name(id: &AccountId) -> String {
    format!("{id}.json")
}

/// The name of a key's record of use, beside the key.
pub(super) fn used_name(id: &SealingKeyId) -> String {
    format!("{id}.used")
}

#[cfg(test)]
mod tests {
    use ferry_protocol::session::VaultKey;

    use super::*;
    use crate::fixtures::{NOW, state};

    /// Session `n` of account `account`, captured `n` ms after the others' beginning.
    fn seen(state: &StateDir, account: u8, n: u8) -> Seen {
        let sealing_key = SealingKeyId::new(NOW, [n; 10]);
        let key = VaultKey::generate([n; 32]);
        state.add_keys(&[(sealing_key, key)]).unwrap();
        Seen {
            account: AccountId::new(NOW, [account; 10]),
            transfer: TransferId::new(NOW, [n; 10]),
            sealing_key,
            captured_at: NOW.plus(n.into()),
        }
    }

    fn exists(state: &StateDir, seen: &Seen) -> bool {
        state.key(&seen.sealing_key).unwrap().is_some()
    }

    #[test]
    fn an_older_session_of_an_account_is_refused_also_after_a_restart() {
        let (_dir, state) = state();
        let (old, new) = (seen(&state, 1, 1), seen(&state, 1, 2));
        let others = seen(&state, 2, 0);
        for good in [&old, &old, &new, &new, &others] {
            state.remember(good).unwrap();
        }
        let state = StateDir::open(state.path()).unwrap();
        assert!(matches!(state.remember(&old), Err(MemoryError::Superseded)));
        let mut as_new = seen(&state, 1, 3);
        as_new.captured_at = new.captured_at;
        assert!(matches!(state.remember(&as_new), Err(MemoryError::Superseded)));
        state.remember(&new).unwrap();
    }

    #[test]
    fn a_key_is_used_for_one_transfer() {
        let (_dir, state) = state();
        let first = seen(&state, 1, 1);
        state.remember(&first).unwrap();
        let mut same_account = seen(&state, 1, 2);
        let mut other_account = seen(&state, 2, 3);
        for again in [&mut same_account, &mut other_account] {
            again.sealing_key = first.sealing_key;
            assert!(matches!(state.remember(again), Err(MemoryError::KeyUsed)));
        }
        state.remember(&first).unwrap();
    }

    #[test]
    fn a_good_session_ends_the_keys_of_those_before_it_and_no_others() {
        let (_dir, state) = state();
        let sessions = [1, 2, 3].map(|n| seen(&state, 1, n));
        let others = seen(&state, 2, 4);
        for seen in sessions.iter().chain([&others]) {
            state.remember(seen).unwrap();
        }
        let [first, second, third] = sessions;
        // One that is not the newest ends nothing.
        assert_eq!(state.destroy_superseded(&second).unwrap(), 0);
        assert!(exists(&state, &first));

        assert_eq!(state.destroy_superseded(&third).unwrap(), 2);

        assert!(!exists(&state, &first) && !exists(&state, &second));
        assert!(exists(&state, &third) && exists(&state, &others));
        assert_eq!(state.destroy_superseded(&third).unwrap(), 0);
        assert!(matches!(state.remember(&first), Err(MemoryError::Superseded)));
    }

    #[test]
    fn a_worker_that_was_killed_between_the_two_records_goes_on() {
        let (_dir, state) = state();
        let (old, new) = (seen(&state, 1, 1), seen(&state, 1, 2));
        state.remember(&old).unwrap();
        state
            .write_json(&used_name(&new.sealing_key), Dir::Keys, &new)
            .unwrap();
        state.remember(&new).unwrap();
        assert_eq!(state.destroy_superseded(&new).unwrap(), 1);
    }

    #[test]
    fn a_damaged_memory_lets_nothing_in() {
        let (_dir, state) = state();
        let seen = seen(&state, 1, 1);
        state.remember(&seen).unwrap();
        let path = state.accounts_dir().join(account_name(&seen.account));
        std::fs::write(path, "{").unwrap();
        assert!(matches!(
            state.remember(&seen),
            Err(MemoryError::State(StateError::Damaged(_)))
        ));
    }

    #[test]
    fn old_keys_that_were_never_used_are_destroyed() {
        let (_dir, state) = state();
        let (used, unused) = (seen(&state, 1, 1), seen(&state, 1, 2));
        state.remember(&used).unwrap();
        assert_eq!(state.destroy_unused(NOW).unwrap(), 0, "not before their time");
        assert_eq!(state.destroy_unused(NOW.plus(1)).unwrap(), 1);
        assert!(exists(&state, &used) && !exists(&state, &unused));
        let names = file::list(&state.keys_dir()).unwrap();
        assert_eq!(names.len(), 2, "the used one, and that it is: {names:?}");
        state.destroy_key(&used.sealing_key).unwrap();
        assert!(file::list(&state.keys_dir()).unwrap().is_empty());
    }
}
