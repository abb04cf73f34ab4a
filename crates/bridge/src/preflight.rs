//! What a look promises of a transfer: ready, ready but not for long, or not possible and
//! why. Pure. The words are the pages'.

use ferry_protocol::UnixMillis;

use crate::{IdentityFinding, Inspection, StorageFound};

/// A sign-in that ends within so many milliseconds ends soon: a day.
const SOON_MS: i64 = 24 * 60 * 60 * 1_000;

/// What a look promises of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preflight {
    /// Nothing speaks against it.
    Ready,
    /// It can be transferred, and is likely to work for a short time only.
    EndsSoon(Vec<Soon>),
    /// It cannot be transferred as it is.
    Stopped(Obstacle),
}

/// Why a session is likely to end soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Soon {
    /// By the names of these cookies it looks bound to this device.
    LooksBound(Vec<String>),
    /// The sign-in runs out then.
    RunsOut(UnixMillis),
}

/// Why a session cannot be transferred as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Nobody is signed in.
    SignedOut {
        /// The entries of local storage that are missing for it.
        missing: Vec<String>,
    },
    /// This host had the browser bind the session to the device (DBSC).
    Bound(String),
    /// These entries of local storage could not be looked at.
    Unread(Vec<String>),
    /// Somebody else than the account's is signed in.
    Another {
        /// Who is signed in.
        found: String,
        /// Whose account it is.
        expected: String,
    },
    /// More than one person is signed in.
    Several {
        /// All of them.
        identities: Vec<String>,
        /// The one whose session alone can be transferred.
        only: Option<String>,
    },
}

/// What this look promises; `None` where the browser did not let Ferry look.
pub fn preflight(seen: &Inspection, now: UnixMillis) -> Option<Preflight> {
    let finding = seen.finding.as_ref()?;
    Some(match obstacle(seen, finding) {
        Some(obstacle) => Preflight::Stopped(obstacle),
        None => {
            let reasons = ends_soon(seen, now);
            match reasons.is_empty() {
                true => Preflight::Ready,
                false => Preflight::EndsSoon(reasons),
            }
        }
    })
}

/// Why the session is likely to end soon, whoever it is transferred for.
pub fn ends_soon(seen: &Inspection, now: UnixMillis) -> Vec<Soon> {
    let mut reasons = Vec::new();
    if !seen.bound_hints.is_empty() {
        reasons.push(Soon::LooksBound(seen.bound_hints.clone()));
    }
    if let Some(at) = seen.sign_in_ends
        && at.0.saturating_sub(now.0) <= SOON_MS
    {
        reasons.push(Soon::RunsOut(at));
    }
    reasons
}

/// What stands in the way, the one first that no other step would help against.
fn obstacle(seen: &Inspection, finding: &IdentityFinding) -> Option<Obstacle> {
    let entries = |is_such: fn(&StorageFound) -> bool| -> Vec<String> {
        let such = seen.storage.iter().filter(|entry| is_such(entry));
        such.map(|entry| entry.entry.clone()).collect()
    };
    let unread = entries(|entry| entry.found.is_none());
    if matches!(finding, IdentityFinding::SignedOut) && unread.is_empty() {
        // What is missing where somebody is signed in nevertheless is not needed for it.
        let missing = entries(|entry| entry.found == Some(false) && !entry.optional);
        return Some(Obstacle::SignedOut { missing });
    }
    if let Some(host) = &seen.bound_by {
        return Some(Obstacle::Bound(host.clone()));
    }
    if !unread.is_empty() {
        return Some(Obstacle::Unread(unread));
    }
    match finding {
        // Dealt with above.
        IdentityFinding::SignedOut | IdentityFinding::One { .. } | IdentityFinding::Unknown => None,
        IdentityFinding::Several { identities, only, .. } => Some(Obstacle::Several {
            identities: identities.clone(),
            only: only.clone(),
        }),
        IdentityFinding::Another { found, expected } => Some(Obstacle::Another {
            found: found.clone(),
            expected: expected.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use ferry_protocol::AccountId;

    use super::*;
    use crate::{AppPages, CookieCounts, StoreId};

    const NOW: UnixMillis = UnixMillis(1_778_578_200_000);

    fn seen(finding: IdentityFinding) -> Inspection {
        Inspection {
            account: AccountId::new(NOW, [1; 10]),
            store: StoreId::default(),
            missing_origins: Vec::new(),
            cookies: CookieCounts::default(),
            storage: Vec::new(),
            finding: Some(finding),
            pages: AppPages::default(),
            bound_by: None,
            bound_hints: Vec::new(),
            sign_in_ends: None,
        }
    }

    fn alice() -> IdentityFinding {
        IdentityFinding::One {
            identity: "alice".to_owned(),
            counted: true,
        }
    }

    fn several() -> IdentityFinding {
        IdentityFinding::Several {
            identities: vec!["alice".to_owned(), "bob".to_owned()],
            only: Some("alice".to_owned()),
        }
    }

    fn entry(found: Option<bool>) -> StorageFound {
        StorageFound {
            entry: "https://app.example#token".to_owned(),
            found,
            optional: false,
        }
    }

    fn code(seen: &Inspection) -> &'static str {
        match preflight(seen, NOW) {
            None => "not looked",
            Some(Preflight::Ready) => "ready",
            Some(Preflight::EndsSoon(_)) => "soon",
            Some(Preflight::Stopped(obstacle)) => match obstacle {
                Obstacle::SignedOut { .. } => "signed out",
                Obstacle::Bound(_) => "bound",
                Obstacle::Unread(_) => "unread",
                Obstacle::Another { .. } => "another",
                Obstacle::Several { .. } => "several",
            },
        }
    }

    #[test]
    fn each_finding_has_its_verdict() {
        let another = IdentityFinding::Another {
            found: "bob".to_owned(),
            expected: "alice".to_owned(),
        };
        for (finding, verdict) in [
            (alice(), "ready"),
            (IdentityFinding::Unknown, "ready"),
            (IdentityFinding::SignedOut, "signed out"),
            (several(), "several"),
            (another, "another"),
        ] {
            assert_eq!(code(&seen(finding)), verdict);
        }
        let not_looked = Inspection {
            finding: None,
            bound_by: Some("example".to_owned()),
            ..seen(alice())
        };
        assert_eq!(code(&not_looked), "not looked");
    }

    #[test]
    fn what_is_bound_to_the_device_stops_and_what_looks_so_warns() {
        let hints = vec!["__Secure-1PSIDTS".to_owned()];
        let mut one = seen(alice());
        one.bound_hints = hints.clone();
        let soon = Preflight::EndsSoon(vec![Soon::LooksBound(hints)]);
        assert_eq!(preflight(&one, NOW), Some(soon));
        for finding in [alice(), several(), IdentityFinding::Unknown] {
            let mut bound = seen(finding);
            bound.bound_by = Some("accounts.example".to_owned());
            assert_eq!(code(&bound), "bound");
        }
        // There is nothing to transfer in any case.
        let mut nobody = seen(IdentityFinding::SignedOut);
        nobody.bound_by = Some("accounts.example".to_owned());
        assert_eq!(code(&nobody), "signed out");
    }

    #[test]
    fn a_sign_in_ends_soon_from_a_day_before_its_end() {
        let ends = |ahead: i64| Inspection {
            sign_in_ends: Some(NOW.plus(ahead)),
            ..seen(alice())
        };
        for (ahead, verdict) in [
            (SOON_MS + 1, "ready"),
            (SOON_MS, "soon"),
            (1, "soon"),
            (-1, "soon"),
        ] {
            assert_eq!(code(&ends(ahead)), verdict, "{ahead}");
        }
        let furthest = Inspection {
            sign_in_ends: Some(UnixMillis(i64::MAX)),
            ..seen(alice())
        };
        assert_eq!(preflight(&furthest, UnixMillis(i64::MIN)), Some(Preflight::Ready));
    }

    #[test]
    fn both_reasons_are_named() {
        let mut one = seen(alice());
        one.bound_hints = vec!["SIDTS".to_owned()];
        one.sign_in_ends = Some(NOW.plus(5));
        let both = vec![
            Soon::LooksBound(vec!["SIDTS".to_owned()]),
            Soon::RunsOut(NOW.plus(5)),
        ];
        assert_eq!(preflight(&one, NOW), Some(Preflight::EndsSoon(both)));
    }

    #[test]
    fn an_entry_of_storage_that_nobody_could_look_at_stops() {
        for finding in [alice(), IdentityFinding::Unknown, IdentityFinding::SignedOut] {
            let mut unread = seen(finding);
            unread.storage = vec![entry(Some(true)), entry(None)];
            assert_eq!(code(&unread), "unread");
        }
    }

    #[test]
    fn an_entry_that_is_missing_is_named_where_nobody_is_signed_in() {
        let mut missing = seen(IdentityFinding::SignedOut);
        missing.storage = vec![entry(Some(false))];
        let named = Obstacle::SignedOut {
            missing: vec!["https://app.example#token".to_owned()],
        };
        assert_eq!(preflight(&missing, NOW), Some(Preflight::Stopped(named)));
        // The rules found somebody without it.
        let mut not_needed = seen(alice());
        not_needed.storage = vec![entry(Some(false))];
        assert_eq!(code(&not_needed), "ready");
    }
}
