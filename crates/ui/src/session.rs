//! The session in the cloud, in words: the chip, and why it is so.

use ferry_protocol::api::{InvalidReason, RefusedReason, SessionStatus, StoredSession};

use crate::Tone;
use crate::text::Clean;

/// What the status chip says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Stable, for style sheets and tests: `none`, `checking`, `verified`,
    /// `works`, `invalid`, `expired`.
    pub code: &'static str,
    /// How good or bad it is.
    pub tone: Tone,
    /// The words.
    pub text: String,
    /// What it means and what to do about it, in a sentence or two.
    pub meaning: String,
}

/// The status of a session. `app` is what people call the app.
pub fn status(session: &SessionStatus, app: &str) -> Status {
    let app = Clean::name(app).into_string();
    match session {
        SessionStatus::None => Status {
            code: "none",
            tone: Tone::Quiet,
            text: "Not transferred".to_owned(),
            meaning: "There is no session of this account in the cloud.".to_owned(),
        },
        SessionStatus::Transferred(session) => transferred(session, &app),
        SessionStatus::Invalid { reason, .. } => Status {
            code: "invalid",
            tone: Tone::Bad,
            text: format!("Invalid: {}", invalid_short(reason)),
            meaning: invalid_meaning(reason, &app),
        },
        SessionStatus::Expired { .. } => Status {
            code: "expired",
            tone: Tone::Wait,
            text: "Expired".to_owned(),
            meaning: "Nothing used the session for a while, so it was deleted together with its key. \
                      Transfer it again when it is needed."
                .to_owned(),
        },
    }
}

fn transferred(session: &StoredSession, app: &str) -> Status {
    match &session.check {
        None => Status {
            code: "checking",
            tone: Tone::Wait,
            text: "Transferred · checking".to_owned(),
            meaning: format!("The session is stored. The cloud is trying it out at {app}."),
        },
        Some(check) if check.identified => Status {
            code: "verified",
            tone: Tone::Good,
            text: "Transferred · verified".to_owned(),
            meaning: format!("The session works in the cloud, and {app} shows the right person there."),
        },
        Some(_) => Status {
            code: "works",
            tone: Tone::Good,
            text: "Transferred · works".to_owned(),
            meaning: format!("The session works in the cloud. {app} does not show who is signed in."),
        },
    }
}

fn invalid_short(reason: &InvalidReason) -> String {
    match reason {
        InvalidReason::SignedOut => "signed out".to_owned(),
        InvalidReason::AnotherIdentity => "somebody else".to_owned(),
        InvalidReason::SeveralIdentities => "several people".to_owned(),
        InvalidReason::DeviceNotApproved { .. } => "device not approved".to_owned(),
        InvalidReason::SealRejected { .. } => "seal refused".to_owned(),
    }
}

fn invalid_meaning(reason: &InvalidReason, app: &str) -> String {
    match reason {
        InvalidReason::SignedOut => {
            format!("{app} no longer accepts this session. Sign in there again, then transfer again.")
        }
        InvalidReason::AnotherIdentity => format!(
            "In the cloud, {app} shows somebody else than whom this account is for. Sign in there with the right \
             account, then transfer again."
        ),
        InvalidReason::SeveralIdentities => format!(
            "More than one person is signed in at {app} in this session. Sign the others out, then transfer again."
        ),
        InvalidReason::DeviceNotApproved { fingerprint } => format!(
            "The device that shared this session was set up by an e-mailed code alone. Approve it with a device \
             that you trusted before, or have whoever runs the worker accept its fingerprint: {}.",
            Clean::new(fingerprint, 40).as_str()
        ),
        InvalidReason::SealRejected { what } => format!(
            "The cloud refused the sealed session and did not use it: {}. Transfer again.",
            Clean::new(what, 120).as_str().trim_end_matches('.')
        ),
    }
}

/// Why a cookie was not restored.
pub fn refused(reason: RefusedReason) -> &'static str {
    match reason {
        RefusedReason::ForeignDomain => "not a site of this app",
        RefusedReason::PublicSuffix => "set for a domain that many sites share",
        RefusedReason::Expired => "had expired",
        RefusedReason::Browser => "refused by the browser in the cloud",
        RefusedReason::Unreadable => "has characters that your browser hides from extensions",
    }
}

/// What is stored in the cloud, if there is anything to delete.
pub fn stored(session: &SessionStatus) -> Option<&StoredSession> {
    match session {
        SessionStatus::Transferred(session) | SessionStatus::Invalid { session, .. } => Some(session),
        SessionStatus::None | SessionStatus::Expired { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use ferry_protocol::api::{Check, Receipt};
    use ferry_protocol::{TransferId, UnixMillis};

    use super::*;

    fn session(check: Option<bool>) -> StoredSession {
        let now = UnixMillis(1_750_000_000_000);
        StoredSession {
            transfer: TransferId::new(now, [7; 10]),
            transferred_at: now,
            device_name: "laptop".to_owned(),
            transferred_by: "Alice".to_owned(),
            expires_at: now.plus(1),
            check: check.map(|identified| Check {
                at: now,
                identified,
                receipt: Receipt::default(),
            }),
        }
    }

    fn said(status: SessionStatus) -> (&'static str, String) {
        let said = super::status(&status, "Tracker");
        (said.code, said.text)
    }

    #[test]
    fn each_status_has_its_words() {
        let checking = SessionStatus::Transferred(session(None));
        let verified = SessionStatus::Transferred(session(Some(true)));
        let works = SessionStatus::Transferred(session(Some(false)));
        let expired = SessionStatus::Expired { at: UnixMillis(0) };
        assert_eq!(said(SessionStatus::None), ("none", "Not transferred".to_owned()));
        assert_eq!(said(checking), ("checking", "Transferred · checking".to_owned()));
        assert_eq!(said(verified), ("verified", "Transferred · verified".to_owned()));
        assert_eq!(said(works), ("works", "Transferred · works".to_owned()));
        assert_eq!(said(expired), ("expired", "Expired".to_owned()));
    }

    #[test]
    fn invalid_says_why_and_what_to_do() {
        let reasons = [
            (InvalidReason::SignedOut, "Invalid: signed out"),
            (InvalidReason::AnotherIdentity, "Invalid: somebody else"),
            (InvalidReason::SeveralIdentities, "Invalid: several people"),
            (
                InvalidReason::SealRejected {
                    what: "wrong account.".to_owned(),
                },
                "Invalid: seal refused",
            ),
        ];
        for (reason, words) in reasons {
            let status = status(
                &SessionStatus::Invalid {
                    reason,
                    session: session(None),
                },
                "Tracker",
            );
            assert_eq!(status.text, words);
            assert_eq!(status.tone, Tone::Bad);
            assert!(
                status.meaning.to_lowercase().contains("transfer again"),
                "{}",
                status.meaning
            );
            assert!(!status.meaning.contains(".."), "{}", status.meaning);
        }
    }

    #[test]
    fn a_device_that_nobody_approved_is_named_by_its_fingerprint() {
        let fingerprint = "HZ4C-8YEF-1C3J-9VJN-1H5J";
        let status = status(
            &SessionStatus::Invalid {
                reason: InvalidReason::DeviceNotApproved {
                    fingerprint: fingerprint.to_owned(),
                },
                session: session(None),
            },
            "Tracker",
        );
        assert_eq!(status.text, "Invalid: device not approved");
        assert!(status.meaning.contains("Approve it") && status.meaning.contains(fingerprint));
    }

    #[test]
    fn hostile_words_are_cleaned() {
        let what = format!("\u{202E}{}", "x".repeat(500));
        let status = status(
            &SessionStatus::Invalid {
                reason: InvalidReason::SealRejected { what },
                session: session(None),
            },
            "Tracker",
        );
        assert!(status.meaning.chars().count() < 240);
        assert!(!status.meaning.contains('\u{202E}'));
    }

    #[test]
    fn only_what_is_stored_can_be_deleted() {
        assert!(stored(&SessionStatus::None).is_none());
        assert!(stored(&SessionStatus::Expired { at: UnixMillis(0) }).is_none());
        assert!(stored(&SessionStatus::Transferred(session(None))).is_some());
    }
}
