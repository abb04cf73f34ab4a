//! How enums with a tag are read: all members that any variant has, then the one
//! that the tag names. Derived, they would be read into a generic value first,
//! and from there: ten times the code in the extension's WebAssembly.

use serde::Deserialize;

use super::{Check, InvalidReason, SessionStatus, StoredSession};
use crate::{TransferId, UnixMillis};

/// A member that the tag calls for is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("missing member {0:?}")]
pub(super) struct Missing(&'static str);

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    None,
    Transferred,
    Invalid,
    Expired,
}

/// All members of a [`SessionStatus`].
#[derive(Deserialize)]
pub(super) struct Status {
    state: State,
    #[serde(default)]
    reason: Option<InvalidReason>,
    #[serde(default)]
    at: Option<UnixMillis>,
    #[serde(default)]
    transfer: Option<TransferId>,
    #[serde(default)]
    transferred_at: Option<UnixMillis>,
    #[serde(default)]
    device_name: Option<String>,
    #[serde(default)]
    transferred_by: Option<String>,
    #[serde(default)]
    expires_at: Option<UnixMillis>,
    #[serde(default)]
    check: Option<Check>,
}

impl TryFrom<Status> for SessionStatus {
    type Error = Missing;

    fn try_from(mut form: Status) -> Result<Self, Missing> {
        Ok(match form.state {
            State::None => Self::None,
            State::Transferred => Self::Transferred(form.session()?),
            State::Invalid => Self::Invalid {
                reason: form.reason.take().ok_or(Missing("reason"))?,
                session: form.session()?,
            },
            State::Expired => Self::Expired {
                at: form.at.ok_or(Missing("at"))?,
            },
        })
    }
}

impl Status {
    fn session(self) -> Result<StoredSession, Missing> {
        Ok(StoredSession {
            transfer: self.transfer.ok_or(Missing("transfer"))?,
            transferred_at: self.transferred_at.ok_or(Missing("transferred_at"))?,
            device_name: self.device_name.ok_or(Missing("device_name"))?,
            transferred_by: self.transferred_by.ok_or(Missing("transferred_by"))?,
            expires_at: self.expires_at.ok_or(Missing("expires_at"))?,
            check: self.check,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Why {
    SignedOut,
    AnotherIdentity,
    SeveralIdentities,
    DeviceNotApproved,
    SealRejected,
}

/// All members of an [`InvalidReason`].
#[derive(Deserialize)]
pub(super) struct Reason {
    why: Why,
    #[serde(default)]
    what: Option<String>,
    #[serde(default)]
    fingerprint: Option<String>,
}

impl TryFrom<Reason> for InvalidReason {
    type Error = Missing;

    fn try_from(form: Reason) -> Result<Self, Missing> {
        Ok(match form.why {
            Why::SignedOut => Self::SignedOut,
            Why::AnotherIdentity => Self::AnotherIdentity,
            Why::SeveralIdentities => Self::SeveralIdentities,
            Why::DeviceNotApproved => Self::DeviceNotApproved {
                fingerprint: form.fingerprint.ok_or(Missing("fingerprint"))?,
            },
            Why::SealRejected => Self::SealRejected {
                what: form.what.ok_or(Missing("what"))?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Receipt, RefusedCookie, RefusedEntry, RefusedReason, StorageReceipt};

    fn session() -> StoredSession {
        StoredSession {
            transfer: TransferId::new(UnixMillis(1), [1; 10]),
            transferred_at: UnixMillis(2),
            device_name: "laptop".to_owned(),
            transferred_by: "Ada".to_owned(),
            expires_at: UnixMillis(3),
            check: Some(Check {
                at: UnixMillis(4),
                identified: true,
                receipt: Receipt {
                    sealed: 2,
                    restored: 1,
                    shortened: 1,
                    refused: vec![RefusedCookie {
                        name: "n".to_owned(),
                        domain: "d.example".to_owned(),
                        reason: RefusedReason::Expired,
                    }],
                    read: 3,
                    cut: 1,
                    storage: StorageReceipt {
                        sealed: 1,
                        restored: 0,
                        refused: vec![RefusedEntry {
                            entry: "https://d.example#token".to_owned(),
                            reason: RefusedReason::Browser,
                        }],
                    },
                },
            }),
        }
    }

    #[test]
    fn every_variant_is_read_as_it_is_written() {
        let invalid = |reason| SessionStatus::Invalid {
            reason,
            session: session(),
        };
        for status in [
            SessionStatus::None,
            SessionStatus::Transferred(session()),
            SessionStatus::Transferred(StoredSession {
                check: None,
                ..session()
            }),
            invalid(InvalidReason::SignedOut),
            invalid(InvalidReason::AnotherIdentity),
            invalid(InvalidReason::SeveralIdentities),
            invalid(InvalidReason::SealRejected {
                what: "signature".to_owned(),
            }),
            invalid(InvalidReason::DeviceNotApproved {
                fingerprint: "7K3M".to_owned(),
            }),
            SessionStatus::Expired { at: UnixMillis(5) },
        ] {
            let json = serde_json::to_value(&status).unwrap();
            assert_eq!(serde_json::from_value::<SessionStatus>(json).unwrap(), status);
        }
    }

    #[test]
    fn each_member_that_the_tag_calls_for_is_needed() {
        let statuses = [
            SessionStatus::Transferred(session()),
            SessionStatus::Invalid {
                reason: InvalidReason::AnotherIdentity,
                session: session(),
            },
            SessionStatus::Expired { at: UnixMillis(5) },
        ];
        for status in statuses {
            let whole = serde_json::to_value(&status).unwrap();
            for name in whole.as_object().unwrap().keys().filter(|name| *name != "check") {
                let mut less = whole.clone();
                less.as_object_mut().unwrap().remove(name);
                assert!(serde_json::from_value::<SessionStatus>(less).is_err(), "{name}");
            }
        }
        assert!(serde_json::from_str::<InvalidReason>(r#"{"why":"seal_rejected"}"#).is_err());
    }
}
