//! What this browser holds against the word of a server: the vaults that it pinned,
//! the one-time keys that it sealed to, and what a person agreed to in it.
//!
//! A server may say anything about each of these, and none of it counts.

use ferry_bridge::CONSENT_TEXT_VERSION;
use ferry_protocol::api::{Account, Consent};
use ferry_protocol::{AccountId, Bytes, ConsentId, SealingKeyId, TransferId, UnixMillis, WorkspaceId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::records::{Owner, Pin};

/// What this browser holds against the word of a server. All but the agreements
/// outlives signing out, since a server can have a person signed out at any time.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trust {
    /// The pinned vaults, one a person.
    vaults: Vec<PinnedVault>,
    /// The keys that were sealed to and have not expired yet.
    used_keys: Vec<UsedKey>,
    /// What the one who is signed in agreed to here.
    agreements: Vec<Agreement>,
}

/// The vault that one person's sessions go to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PinnedVault {
    /// The digest of the [`Owner`]: it tells nobody who used this browser.
    owner: Bytes,
    /// The server's address, as its digest.
    server: Bytes,
    pin: Pin,
}

/// A one-time key, and the only transfer that it is good for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct UsedKey {
    key: SealingKeyId,
    transfer: TransferId,
    expires_at: UnixMillis,
}

/// What a person agreed to in this browser: this text, for this account as it was shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Agreement {
    account: AccountId,
    consent: ConsentId,
    text_version: u32,
    /// Which app, and whose session: [`shown`].
    #[serde(rename = "app")]
    shown: Bytes,
}

impl Trust {
    /// The pin that holds for this person: their own, whatever the server calls the
    /// workspace now; for somebody who is new in this browser, the workspace's.
    pub fn pin(&self, owner: &Owner, workspace: WorkspaceId) -> Option<&Pin> {
        let (person, server) = (digest(owner), digest(&owner.server));
        let own = self.vaults.iter().find(|vault| vault.owner == person);
        let found = own.or_else(|| {
            self.vaults
                .iter()
                .find(|vault| vault.server == server && vault.pin.workspace == workspace)
        });
        found.map(|vault| &vault.pin)
    }

    /// Pins for this person from now on.
    pub fn set_pin(&mut self, owner: &Owner, pin: Pin) {
        let person = digest(owner);
        self.vaults.retain(|vault| vault.owner != person);
        self.vaults.push(PinnedVault {
            owner: person,
            server: digest(&owner.server),
            pin,
        });
    }

    /// Whether something was sealed to this key in another transfer.
    pub fn is_used(&self, key: SealingKeyId, transfer: TransferId) -> bool {
        self.used_keys
            .iter()
            .any(|used| used.key == key && used.transfer != transfer)
    }

    /// Something is sealed to this key. Keys that have expired are refused for that,
    /// and need not be remembered.
    pub fn use_key(
        &mut self,
        key: SealingKeyId,
        transfer: TransferId,
        expires_at: UnixMillis,
        now: UnixMillis,
    ) {
        self.used_keys
            .retain(|used| used.key != key && now <= used.expires_at);
        self.used_keys.push(UsedKey {
            key,
            transfer,
            expires_at,
        });
    }

    /// The person agreed to the transfer of this account's session.
    pub fn agree(&mut self, account: &Account, consent: &Consent) {
        self.agreements.retain(|known| known.account != account.id);
        self.agreements.push(Agreement {
            account: account.id,
            consent: consent.id,
            text_version: consent.text_version,
            shown: shown(account),
        });
    }

    /// Whether this consent was given in this browser, to the text of this version,
    /// for this account as it is described now.
    pub fn has_agreed(&self, account: &Account, consent: &Consent) -> bool {
        let agreed = self.agreements.iter().find(|known| known.account == account.id);
        agreed.is_some_and(|agreed| {
            agreed.consent == consent.id
                && agreed.text_version == CONSENT_TEXT_VERSION
                && consent.text_version == CONSENT_TEXT_VERSION
                && agreed.shown == shown(account)
        })
    }

    /// Somebody signs out: whoever comes next is asked for their own agreement.
    pub fn forget_agreements(&mut self) {
        self.agreements.clear();
    }
}

/// What of an account a consent is to, as a digest: the app's definition, and whose
/// session it is to be. Its name may change.
pub(crate) fn shown(account: &Account) -> Bytes {
    digest(&(&account.app, &account.identity))
}

/// SHA-256 of the value's JSON. Its form is one: members are in the order of the
/// type's fields.
fn digest(value: &impl Serialize) -> Bytes {
    #[expect(clippy::expect_used, reason = "structs of strings always serialise")]
    let text = ferry_json::write_text(value).expect("serialisable");
    Bytes(Sha256::digest(text.as_bytes()).to_vec())
}

#[cfg(test)]
mod tests {
    use ferry_protocol::api::{Role, SessionStatus};

    use super::*;
    use crate::testing::{EMAIL, SERVER, app};

    fn owner(email: &str) -> Owner {
        Owner {
            server: SERVER.parse().unwrap(),
            email: email.to_owned(),
        }
    }

    fn workspace(n: u8) -> WorkspaceId {
        WorkspaceId::new(UnixMillis(1), [n; 10])
    }

    fn pin(n: u8) -> Pin {
        Pin {
            workspace: workspace(n),
            fingerprint: Bytes(vec![n; 32]),
        }
    }

    #[test]
    fn a_pin_holds_for_its_person_everywhere_and_for_others_in_its_workspace() {
        let mut trust = Trust::default();
        let (ada, bob) = (owner(EMAIL), owner("bob@example.com"));
        assert_eq!(trust.pin(&ada, workspace(1)), None);
        trust.set_pin(&ada, pin(1));
        for at in [workspace(1), workspace(2)] {
            assert_eq!(trust.pin(&ada, at), Some(&pin(1)));
        }
        assert_eq!(trust.pin(&bob, workspace(1)), Some(&pin(1)));
        assert_eq!(trust.pin(&bob, workspace(2)), None);
        let elsewhere = Owner {
            server: "https://other.example.com".parse().unwrap(),
            ..ada
        };
        assert_eq!(trust.pin(&elsewhere, workspace(1)), None);
    }

    #[test]
    fn pins_do_not_tell_who_used_this_browser() {
        let mut trust = Trust::default();
        trust.set_pin(&owner(EMAIL), pin(1));
        let text = ferry_json::write_text(&trust).unwrap();
        assert!(!text.contains("ada") && !text.contains("example"), "{text}");
    }

    #[test]
    fn a_key_is_good_for_one_transfer_and_forgotten_when_it_expires() {
        let mut trust = Trust::default();
        let key = |n| SealingKeyId::new(UnixMillis(1), [n; 10]);
        let transfer = |n| TransferId::new(UnixMillis(1), [n; 10]);
        trust.use_key(key(1), transfer(1), UnixMillis(100), UnixMillis(50));
        assert!(!trust.is_used(key(1), transfer(1)));
        assert!(trust.is_used(key(1), transfer(2)));
        assert!(!trust.is_used(key(2), transfer(2)));
        trust.use_key(key(2), transfer(2), UnixMillis(200), UnixMillis(100));
        assert!(trust.is_used(key(1), transfer(2)), "to its last moment");
        trust.use_key(key(3), transfer(3), UnixMillis(300), UnixMillis(101));
        assert!(!trust.is_used(key(1), transfer(2)));
        assert_eq!(trust.used_keys.len(), 2);
    }

    #[test]
    fn an_agreement_holds_for_what_was_shown_and_for_nothing_else() {
        let mut trust = Trust::default();
        let account = |n| Account {
            id: AccountId::new(UnixMillis(1), [n; 10]),
            name: "Ada's notes".to_owned(),
            app: app(),
            identity: Some("ada".to_owned()),
            role: Role::Owner,
            consent: None,
            session: SessionStatus::None,
        };
        let consent = |n, text_version| Consent {
            id: ConsentId::new(UnixMillis(1), [n; 10]),
            text_version,
            granted_at: UnixMillis(1),
        };
        let given = consent(1, CONSENT_TEXT_VERSION);
        trust.agree(&account(1), &given);
        assert!(trust.has_agreed(&account(1), &given));
        let mut renamed = account(1);
        renamed.name = "Notes".to_owned();
        assert!(trust.has_agreed(&renamed, &given));
        assert!(!trust.has_agreed(&account(2), &given));
        assert!(!trust.has_agreed(&account(1), &consent(2, CONSENT_TEXT_VERSION)));
        assert!(!trust.has_agreed(&account(1), &consent(1, CONSENT_TEXT_VERSION + 1)));
        let mut wider = account(1);
        wider.app.domains.push("bank.example".to_owned());
        assert!(!trust.has_agreed(&wider, &given));
        let mut weaker = account(1);
        weaker.app.identity.clear();
        assert!(!trust.has_agreed(&weaker, &given));
        for identity in [None, Some("bob".to_owned())] {
            let of_another = Account {
                identity,
                ..account(1)
            };
            assert!(!trust.has_agreed(&of_another, &given));
        }
        trust.agree(&account(1), &consent(1, CONSENT_TEXT_VERSION - 1));
        assert!(!trust.has_agreed(&account(1), &given), "to an older text");
        trust.agree(&account(1), &given);
        trust.forget_agreements();
        assert!(!trust.has_agreed(&account(1), &given));
    }
}
