//! What the audit trail tells, in sentences. Pure.

use ferry_protocol::UnixMillis;
use ferry_protocol::api::{Action, ActorKind, AuditEvent};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// A piece of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Our own words.
    Words(&'static str),
    /// Who did it.
    Who,
    /// The account it was done to.
    Account,
    /// The device it was done with, or to.
    Device,
    /// The person it was done to, whom the detail names by their identifier.
    Person,
    /// The detail, as the server wrote it.
    Detail,
}

/// What was done, as a sentence with places for names; nothing for an action that a
/// newer server writes.
pub fn sentence(action: &str) -> Option<Vec<Part>> {
    Some(parts(template(action.parse().ok()?)))
}

/// Every action has words: whoever adds one finds that this does not compile.
fn template(action: Action) -> &'static str {
    match action {
        Action::WorkspaceAdded => "{who} added the workspace {detail}",
        Action::UserAdded => "{who} added {person}",
        Action::UserInvited => "{who} invited {person}",
        Action::InvitationAccepted => "{who} accepted the invitation",
        Action::UserDeprovisioned => "{who} deprovisioned {person}: all of their access has ended",
        Action::AppAdded => "{who} added or changed the app {detail}",
        Action::AppRemoved => "{who} removed the app {detail}",
        Action::AccountChanged => "{who} changed the account {account}",
        Action::AccountAdded => "{who} added the account {account}",
        Action::WorkerTokenAdded => "{who} made a token for the worker {detail}",
        Action::SignedIn => "{who} signed in",
        Action::SignedOut => "{who} signed out",
        Action::DeviceEnrolled => "{who} began to set up {device}",
        Action::DeviceForgotten => {
            "{who} set up another device in place of {device}, which was never trusted"
        }
        Action::DeviceRenamed => "{who} renamed a device to {detail}",
        Action::CodeSent => "{who} had a code e-mailed to set up {device}",
        Action::CodeNotSent => "{who} asked for a code to set up {device}, but it could not be e-mailed",
        Action::CodeExhausted => "{who} entered wrong codes for {device} until it was used up",
        Action::DeviceTrusted => "{who} verified {device} with a code: it is trusted now",
        Action::ApprovalAsked => "{who} asked a trusted device to approve {device}",
        Action::DeviceApproved => "{who} approved {device} from another device: it is trusted now",
        Action::ApprovalDenied => "{who} denied {device}",
        Action::DeviceDisabled => "{who} disabled {device} for good",
        Action::ConsentGiven => "{who} agreed to transfer the session of {account}",
        Action::ConsentRevoked => "{who} took back the consent to transfer the session of {account}",
        Action::TransferBegun => "{who} began to transfer the session of {account}",
        Action::SessionTransferred => "{who} transferred the session of {account}",
        Action::SessionReplaced => "{who} replaced the session of {account}: the one before is deleted",
        Action::SessionDeleted => "{who} deleted the session of {account}",
        Action::SessionExpired => "The session of {account} was deleted, because nothing used it",
        Action::CheckAsked => "{who} had the session of {account} checked",
        Action::SessionVerified => "{who} checked the session of {account}: it works",
        Action::SessionInvalid => "{who} found that the session of {account} works no more: {detail}",
        Action::SessionExported => "{who} handed the session of {account} to automation",
        Action::SessionOpened => "{who} opened the session of {account} in a browser for automation",
        Action::WorkerSignedIn => "{who} signed in",
        Action::CatalogueDelivered => "{who} delivered the list of supported apps: {detail}",
        Action::VaultChanged => "{who} set the vault’s identity, or handed it over: {detail}",
        Action::KeysDestroyed => "{who} destroyed keys that nothing needs any more: {detail}",
    }
}

fn parts(template: &'static str) -> Vec<Part> {
    let mut parts = Vec::new();
    for piece in template.split_inclusive('}') {
        let (words, place) = piece.split_once('{').unwrap_or((piece, ""));
        if !words.is_empty() {
            parts.push(Part::Words(words));
        }
        parts.extend(match place {
            "who}" => Some(Part::Who),
            "account}" => Some(Part::Account),
            "device}" => Some(Part::Device),
            "person}" => Some(Part::Person),
            "detail}" => Some(Part::Detail),
            _ => None,
        });
    }
    parts
}

/// Who did it.
pub fn who(event: &AuditEvent) -> String {
    match (event.actor, event.actor_name.as_deref()) {
        (ActorKind::User, Some(name)) => name.to_owned(),
        (ActorKind::User, None) => "Somebody".to_owned(),
        (ActorKind::Worker, Some(name)) => format!("The worker {name}"),
        (ActorKind::Worker, None) => "A worker".to_owned(),
        (ActorKind::Server, _) => "The server".to_owned(),
        (ActorKind::Operator, _) => "The operator".to_owned(),
    }
}

/// Whom the detail names: `user 01930000-…`.
pub fn person(event: &AuditEvent) -> Option<&str> {
    event.detail.as_deref()?.strip_prefix("user ")
}

/// What the line below the sentence says of the detail, where that says something to
/// people and is not in the sentence: the people of an account.
pub fn more(event: &AuditEvent) -> Option<&str> {
    let is_told = match event.action.parse() {
        Ok(Action::AccountChanged) => true,
        Ok(_) => false,
        Err(_) => true,
    };
    event.detail.as_deref().filter(|_| is_told)
}

/// The device it was done with; not the one that the sentence is about.
pub fn with_device(event: &AuditEvent) -> Option<&str> {
    let names_it = event.action == Action::DeviceRenamed.as_str()
        || sentence(&event.action).is_some_and(|parts| parts.contains(&Part::Device));
    let name = event.device_name.as_deref()?;
    (event.actor == ActorKind::User && !names_it).then_some(name)
}

/// The day, counted from 1970, where the clock is so many minutes behind UTC (as
/// `Date.getTimezoneOffset` says).
pub fn day(at: UnixMillis, behind: i64) -> i64 {
    at.0.saturating_sub(behind.saturating_mul(MINUTE)).div_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(action: &str) -> AuditEvent {
        AuditEvent {
            id: "1".to_owned(),
            at: UnixMillis(0),
            actor: ActorKind::User,
            actor_name: Some("Alice".to_owned()),
            action: action.to_owned(),
            device: None,
            device_name: Some("laptop".to_owned()),
            account: None,
            account_name: Some("Ours".to_owned()),
            transfer: None,
            detail: Some("user 5".to_owned()),
        }
    }

    fn told(event: &AuditEvent) -> String {
        let told = sentence(&event.action).expect("words");
        let told = told.into_iter().map(|part| match part {
            Part::Words(words) => words.to_owned(),
            Part::Who => who(event),
            Part::Account => event.account_name.clone().unwrap_or_default(),
            Part::Device => event.device_name.clone().unwrap_or_default(),
            Part::Person => person(event).unwrap_or_default().to_owned(),
            Part::Detail => event.detail.clone().unwrap_or_default(),
        });
        told.collect()
    }

    #[test]
    fn each_action_has_a_sentence_that_says_who() {
        let mut all = Vec::new();
        for action in Action::ALL {
            let parts = sentence(action.as_str()).expect("words");
            let has_braces = |part: &Part| matches!(part, Part::Words(words) if words.contains(['{', '}']));
            assert!(!parts.iter().any(has_braces), "{action}: {parts:?}");
            // Names like "The server" begin a sentence.
            let is_by_someone = *action != Action::SessionExpired;
            assert_eq!(
                parts.iter().position(|part| *part == Part::Who),
                is_by_someone.then_some(0)
            );
            let name = action.as_str();
            let kinds = ["account.", "consent.", "session.", "transfer."];
            let is_of_account = kinds.iter().any(|kind| name.starts_with(kind));
            assert_eq!(parts.contains(&Part::Account), is_of_account, "{action}");
            let told = told(&event(name));
            if *action != Action::WorkerSignedIn {
                assert!(!all.contains(&told), "{told}");
            }
            all.push(told);
        }
    }

    #[test]
    fn names_stand_where_they_belong() {
        for (action, words) in [
            ("session.transferred", "Alice transferred the session of Ours"),
            ("device.disabled", "Alice disabled laptop for good"),
            ("user.invited", "Alice invited 5"),
            ("user.signed_in", "Alice signed in"),
        ] {
            assert_eq!(told(&event(action)), words);
        }
    }

    #[test]
    fn an_action_of_a_newer_server_has_no_words() {
        assert_eq!(sentence("session.eaten"), None);
        assert_eq!(more(&event("session.eaten")), Some("user 5"));
    }

    #[test]
    fn a_device_is_named_once() {
        assert_eq!(with_device(&event("user.signed_in")), Some("laptop"));
        assert_eq!(with_device(&event("device.disabled")), None);
        let by_worker = AuditEvent {
            actor: ActorKind::Worker,
            ..event("worker.signed_in")
        };
        assert_eq!(with_device(&by_worker), None);
    }

    #[test]
    fn those_without_a_name_are_called_what_they_are() {
        let actor = |actor, name: Option<&str>| {
            who(&AuditEvent {
                actor,
                actor_name: name.map(str::to_owned),
                ..event("x")
            })
        };
        assert_eq!(actor(ActorKind::User, None), "Somebody");
        assert_eq!(actor(ActorKind::Worker, Some("w1")), "The worker w1");
        assert_eq!(actor(ActorKind::Worker, None), "A worker");
        assert_eq!(actor(ActorKind::Server, None), "The server");
        assert_eq!(actor(ActorKind::Operator, None), "The operator");
    }

    #[test]
    fn days_end_at_midnight_where_the_person_is() {
        let at = |hour: i64| UnixMillis(20_000 * DAY + hour * 60 * MINUTE);
        assert_eq!(day(at(23), 0), 20_000);
        // Two hours ahead of UTC.
        assert_eq!(day(at(23), -120), 20_001);
        // Five hours behind.
        assert_eq!(day(at(4), 300), 19_999);
        assert_eq!(day(UnixMillis(-1), 0), -1);
    }
}
