//! Of each person, the devices at which trust begins: whatever these approve is
//! believed, and no other device that was set up by an e-mailed code alone. So a
//! server that makes devices up, or somebody with the person's mailbox, gets no
//! session opened.
//!
//! The first one that is seen is pinned (trust on first use); the operator accepts
//! others. `people/<user>.json` holds their fingerprints, the pinned one first.

use ferry_protocol::UserId;
use ferry_protocol::device::Fingerprint;
use ferry_protocol::trust::VerifiedChain;
use serde::{Deserialize, Serialize};

use super::{StateDir, StateError, at, file};

/// A device is not to be believed.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// Another device is pinned, and it does not vouch for this one.
    #[error("no device that is known vouches for this one")]
    Unknown {
        /// Whose it is said to be.
        user: UserId,
        /// The device at the end of those that vouch.
        fingerprint: Fingerprint,
    },
    /// The state directory fails.
    #[error(transparent)]
    State(#[from] StateError),
}

/// What is kept of a person.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    /// Fingerprints.
    roots: Vec<String>,
}

impl StateDir {
    /// Whether a device that is known vouches for the chain's. Of somebody of whom
    /// none is known, any may be pinned.
    pub fn check_root(&self, user: &UserId, chain: &VerifiedChain) -> Result<(), RootError> {
        let roots = self.roots(user)?;
        let known = roots.is_empty() || chain.any(|_, fingerprint| roots.contains(fingerprint));
        if known {
            Ok(())
        } else {
            let (_, fingerprint) = chain.root();
            Err(RootError::Unknown {
                user: *user,
                fingerprint,
            })
        }
    }

    /// The same, and pins the root of somebody of whom none is known. For a session
    /// that was opened: what does not open pins nothing.
    pub fn pin_root(&self, user: &UserId, chain: &VerifiedChain) -> Result<(), RootError> {
        let _lock = self.lock()?;
        self.check_root(user, chain)?;
        if self.roots(user)?.is_empty() {
            let (_, fingerprint) = chain.root();
            self.keep_roots(user, &[fingerprint])?;
            tracing::info!(%user, %fingerprint, "the first device of a person was pinned");
        }
        Ok(())
    }

    /// Believes this device, and what it approves. Whether it was not believed before.
    pub fn accept_root(&self, user: &UserId, fingerprint: Fingerprint) -> Result<bool, StateError> {
        let _lock = self.lock()?;
        let mut roots = self.roots(user)?;
        if roots.contains(&fingerprint) {
            return Ok(false);
        }
        roots.push(fingerprint);
        self.keep_roots(user, &roots)?;
        Ok(true)
    }

    /// The devices at which trust in this person's begins.
    pub fn roots(&self, user: &UserId) -> Result<Vec<Fingerprint>, StateError> {
        let path = self.people_dir().join(name(user));
        let Some(content) = self.read(&path)? else {
            return Ok(Vec::new());
        };
        // Not taken for nobody known: that would let anybody in.
        let damaged = || StateError::Damaged(path.clone());
        let record: Record = serde_json::from_slice(&content).map_err(|_| damaged())?;
        if record.roots.is_empty() {
            return Err(damaged());
        }
        let parse = |text: &String| text.parse().map_err(|_| damaged());
        record.roots.iter().map(parse).collect()
    }

    /// The people of whom a device is known.
    pub fn people(&self) -> Result<Vec<UserId>, StateError> {
        let dir = self.people_dir();
        let mut people: Vec<UserId> = file::list(&dir)
            .map_err(at(&dir))?
            .iter()
            .filter_map(|path| path.file_name()?.to_str()?.strip_suffix(".json")?.parse().ok())
            .collect();
        people.sort_unstable();
        Ok(people)
    }

    fn keep_roots(&self, user: &UserId, roots: &[Fingerprint]) -> Result<(), StateError> {
        let record = Record {
            roots: roots.iter().map(ToString::to_string).collect(),
        };
        #[expect(clippy::expect_used, reason = "texts always serialise")]
        let json = serde_json::to_vec(&record).expect("serialisable");
        self.write(&self.people_dir(), &[(name(user), &json)])
    }
}

fn name(user: &UserId) -> String {
    format!("{user}.json")
}

#[cfg(test)]
mod tests {
    use ferry_protocol::WorkspaceId;
    use ferry_protocol::device::sealing_key_message;
    use ferry_protocol::signature::SigningKey;
    use ferry_protocol::trust::{Approval, DeviceKeys, Statement, TrustChain};

    use super::*;
    use crate::fixtures::{NOW, state};

    fn user(seed: u8) -> UserId {
        UserId::new(NOW, [seed; 10])
    }

    fn keys(seed: u8) -> (SigningKey, DeviceKeys) {
        let key = SigningKey::generate([seed; 32]).unwrap();
        let device_key = key.public();
        let sealing_key = SigningKey::generate([seed + 100; 32]).unwrap().public();
        let sealing_key_signature = key.sign(&sealing_key_message(&device_key.device_id(), &sealing_key));
        let keys = DeviceKeys {
            device_key,
            sealing_key,
            sealing_key_signature,
        };
        (key, keys)
    }

    /// The devices of these seeds, each approved by the next.
    fn chain(user: UserId, seeds: &[u8]) -> VerifiedChain {
        let workspace = WorkspaceId::new(NOW, [1; 10]);
        let approval = |pair: &[u8]| {
            let ((_, below), (by_key, by)) = (keys(pair[0]), keys(pair[1]));
            let statement = Statement::new((workspace, user), below.id(), &below.sealing_key, by.id(), NOW);
            Approval {
                signature: by_key.sign(&statement.message()),
                statement,
                by,
            }
        };
        let chain = TrustChain {
            device: keys(seeds[0]).1,
            approvals: seeds.windows(2).map(approval).collect(),
        };
        chain.verify(&workspace, &user).unwrap()
    }

    fn is_known(state: &StateDir, user: UserId, seeds: &[u8]) -> bool {
        match state.check_root(&user, &chain(user, seeds)) {
            Ok(()) => true,
            Err(RootError::Unknown { fingerprint, .. }) => {
                assert_eq!(fingerprint, keys(*seeds.last().unwrap()).1.fingerprint());
                false
            }
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn the_first_root_of_each_person_is_pinned_also_after_a_restart() {
        let (_dir, state) = state();
        let (ada, bob) = (user(1), user(2));
        assert!(is_known(&state, ada, &[9]), "anybody, as long as none is pinned");
        state.pin_root(&ada, &chain(ada, &[2, 1])).unwrap();
        state.pin_root(&bob, &chain(bob, &[9])).unwrap();
        let state = StateDir::open(state.path()).unwrap();
        for (seeds, expected) in [
            (&[1][..], true),
            (&[2, 1], true),
            (&[3, 2, 1], true),
            (&[2], false),
            (&[9], false),
            (&[2, 9], false),
            // The pinned one still vouches when somebody else vouches for it.
            (&[2, 1, 9], true),
        ] {
            assert_eq!(is_known(&state, ada, seeds), expected, "{seeds:?}");
            assert_eq!(state.pin_root(&ada, &chain(ada, seeds)).is_ok(), expected);
        }
        assert_eq!(state.roots(&ada).unwrap(), [keys(1).1.fingerprint()]);
        assert_eq!(state.people().unwrap(), [ada, bob]);
    }

    #[test]
    fn the_operator_accepts_others() {
        let (_dir, state) = state();
        let ada = user(1);
        // Before any was seen: then nobody else is pinned.
        assert!(state.accept_root(&ada, keys(5).1.fingerprint()).unwrap());
        assert!(!is_known(&state, ada, &[1]));
        assert!(is_known(&state, ada, &[6, 5]));
        assert!(state.accept_root(&ada, keys(1).1.fingerprint()).unwrap());
        assert!(!state.accept_root(&ada, keys(1).1.fingerprint()).unwrap());
        assert!(is_known(&state, ada, &[1]) && is_known(&state, ada, &[5]));
    }

    #[test]
    fn a_damaged_record_lets_nobody_in() {
        let (_dir, state) = state();
        let ada = user(1);
        state.pin_root(&ada, &chain(ada, &[1])).unwrap();
        for bad in ["{", "{}", r#"{"roots":[]}"#, r#"{"roots":["x"]}"#] {
            std::fs::write(state.people_dir().join(name(&ada)), bad).unwrap();
            assert!(matches!(
                state.pin_root(&ada, &chain(ada, &[1])),
                Err(RootError::State(StateError::Damaged(_)))
            ));
        }
    }
}
