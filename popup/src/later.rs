//! *Remind me later*: whether the set-up of this browser was put off. Pure.
//!
//! Until it is done there is no access to accounts, which the server sees to. What was
//! put off is the page that asks for it.

use ferry_bridge::Phase;
use ferry_protocol::UserId;

/// Whether the set-up is put off: this person chose that, and nothing of it was begun.
pub fn is_later(phase: &Phase, chosen: Option<UserId>) -> bool {
    match phase {
        Phase::SetUp {
            profile,
            code: None,
            approval: None,
            ..
        } => chosen == Some(profile.user.id),
        _ => false,
    }
}

/// Whether the choice still holds: until the set-up is done, or the person signs out.
pub fn holds(phase: &Phase, chosen: UserId) -> bool {
    matches!(phase, Phase::SetUp { profile, .. } if profile.user.id == chosen)
}

#[cfg(test)]
mod tests {
    use ferry_bridge::{Approval, ApprovalState, Profile};
    use ferry_protocol::api::{CodeSent, User, Workspace};
    use ferry_protocol::{UnixMillis, WorkspaceId};

    use super::*;

    const NOW: UnixMillis = UnixMillis(1);

    fn person(n: u8) -> UserId {
        UserId::new(NOW, [n; 10])
    }

    fn profile() -> Profile {
        Profile {
            server: "https://ferry.example.com".to_owned(),
            user: User {
                id: person(1),
                email: "ada@example.com".to_owned(),
                name: "Ada".to_owned(),
            },
            workspace: Workspace {
                id: WorkspaceId::new(NOW, [2; 10]),
                name: "Acme".to_owned(),
            },
        }
    }

    fn set_up(code: Option<CodeSent>, approval: Option<Approval>) -> Phase {
        Phase::SetUp {
            profile: profile(),
            suggested_name: String::new(),
            code,
            approval,
        }
    }

    fn code() -> CodeSent {
        CodeSent {
            to: "a•••@example.com".to_owned(),
            expires_at: NOW,
        }
    }

    fn approval() -> Approval {
        Approval {
            fingerprint: String::new(),
            state: ApprovalState::Pending,
            until: NOW,
        }
    }

    fn ready() -> Phase {
        Phase::Ready {
            profile: profile(),
            device_name: String::new(),
            vault_fingerprint: None,
            accounts: Vec::new(),
            shown: Vec::new(),
            fetched_at: NOW,
            stale: None,
        }
    }

    fn signed_out() -> Phase {
        Phase::SignedOut {
            server: None,
            email: None,
            notice: None,
        }
    }

    #[test]
    fn only_what_was_not_begun_is_put_off() {
        assert!(is_later(&set_up(None, None), Some(person(1))));
        for phase in [
            set_up(Some(code()), None),
            set_up(None, Some(approval())),
            ready(),
            signed_out(),
        ] {
            assert!(!is_later(&phase, Some(person(1))), "{phase:?}");
        }
    }

    #[test]
    fn only_who_chose_it_has_put_it_off() {
        assert!(!is_later(&set_up(None, None), None));
        assert!(!is_later(&set_up(None, None), Some(person(2))));
    }

    #[test]
    fn the_choice_holds_until_the_set_up_is_done_or_the_person_signs_out() {
        for phase in [
            set_up(None, None),
            set_up(Some(code()), None),
            set_up(None, Some(approval())),
        ] {
            assert!(holds(&phase, person(1)), "{phase:?}");
            assert!(!holds(&phase, person(2)), "{phase:?}");
        }
        for phase in [ready(), signed_out()] {
            assert!(!holds(&phase, person(1)), "{phase:?}");
        }
    }
}
