//! What the popup says, from what it was told. Pure.

use ferry_bridge::preflight::Obstacle;
use ferry_bridge::{CookieCounts, Failure, IdentityFinding, Remedy, TransferStep};
use ferry_ui::steps::{Progress, Step};
use ferry_ui::text::{Clean, count, entry, list, sign_in_entries, size};

/// The kinds of cookies, most telling first; kinds of which there are none are
/// left out.
pub fn kinds(cookies: &CookieCounts) -> Vec<String> {
    let kinds = [
        (cookies.http_only, "hidden from scripts"),
        (cookies.host_only, "for one host only"),
        (cookies.session_only, "gone when the browser closes"),
        (cookies.partitioned, "kept per site"),
    ];
    kinds
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, kind)| format!("{n} {kind}"))
        .collect()
}

/// `23 cookies`.
pub fn cookies(n: u32) -> String {
    count(n.into(), "cookie", "cookies")
}

/// What a session is of: `23 cookies`, `1 sign-in entry`, or both; what there is none of
/// is not named.
pub fn contents(n: u32, entries: u32) -> String {
    match (n, entries) {
        (0, 0) => "the sign-in".to_owned(),
        (0, _) => sign_in_entries(entries.into()),
        (_, 0) => cookies(n),
        _ => format!("{} and {}", cookies(n), sign_in_entries(entries.into())),
    }
}

/// Nothing can be sealed yet, and who can change that.
pub const NO_VAULT: &str = "This workspace cannot receive sessions yet: ask your admin to start its worker.";

/// At most so many names are listed in a sentence.
const LISTED: usize = 8;

/// `a, b and c`, cleaned, and how many more.
pub fn names(all: &[String]) -> String {
    let mut names = all.iter().take(LISTED);
    let mut shown = Vec::new();
    for name in &mut names {
        shown.push(Clean::name(name).into_string());
    }
    if all.len() > LISTED {
        shown.push(format!("{} more", all.len() - LISTED));
    }
    list(&shown)
}

/// Who was found, in a few words.
pub fn who(finding: &IdentityFinding) -> String {
    match finding {
        IdentityFinding::SignedOut => "Nobody".to_owned(),
        IdentityFinding::Unknown => "Somebody".to_owned(),
        IdentityFinding::One { identity, .. } => Clean::name(identity).into_string(),
        IdentityFinding::Several { identities, .. } => names(identities),
        IdentityFinding::Another { found, .. } => format!("{}, somebody else", Clean::name(found).as_str()),
    }
}

/// Why a session cannot be transferred as it is.
#[derive(Debug)]
pub struct Stopped {
    /// Stable, for tests.
    pub code: &'static str,
    /// What it is, in a line.
    pub title: String,
    /// What to do.
    pub message: String,
}

/// Why not, and what to do about it. `app` is what people call the app.
pub fn stopped(obstacle: &Obstacle, app: &str) -> Stopped {
    let clean = |who: &str| Clean::name(who).into_string();
    let entries = |all: &[String]| {
        let all = all.iter().take(LISTED).map(|one| entry(one));
        list(&all.collect::<Vec<_>>())
    };
    let app = clean(app);
    let (code, why, message) = match obstacle {
        Obstacle::SignedOut { missing } => {
            let missing = match missing.is_empty() {
                true => String::new(),
                false => format!(
                    "What keeps you signed in there is missing: {}. ",
                    entries(missing)
                ),
            };
            (
                "signed-out",
                format!("nobody is signed in to {app}"),
                format!("{missing}Sign in there in this browser, then come back."),
            )
        }
        Obstacle::Bound(host) => {
            return Stopped {
                code: "bound-to-device",
                title: format!("Cannot be transferred: {app} ties the session to this device"),
                message: format!(
                    "When you signed in, {} had this browser make a key that cannot leave this device, and keeps asking \
                     for it: a copy would be signed out within an hour or so. Firefox has no such keys: sign in and \
                     share there.",
                    clean(host)
                ),
            };
        }
        Obstacle::Unread(unread) => (
            "storage-unread",
            "a part of the sign-in could not be read".to_owned(),
            format!(
                "{app} keeps it in local storage, where Ferry could not look: {}. Open {app} in a tab, wait until it \
                is there, then look again.",
                entries(unread)
            ),
        ),
        Obstacle::Another { found, expected } => {
            let (found, expected) = (clean(found), clean(expected));
            (
                "another-identity",
                format!("{found} is signed in, not {expected}"),
                format!(
                    "This account takes the session of {expected}. Sign {found} out and sign in with the right one, \
                    then look again."
                ),
            )
        }
        Obstacle::Several { identities, only } => {
            let (code, several) = (
                "several-identities",
                format!("{} people are signed in to {app}", identities.len()),
            );
            if let Some(only) = only {
                let only = clean(only);
                return Stopped {
                    code,
                    title: format!("{several}: transfer only {only}?"),
                    message: "A session has to belong to one person: what belongs to the others stays here. Or sign \
                              them out, then look again."
                        .to_owned(),
                };
            }
            (
                code,
                several,
                "A session has to belong to one person, or automation could act as somebody else. Sign the others \
                out, then look again."
                    .to_owned(),
            )
        }
    };
    Stopped {
        code,
        title: format!("Cannot be transferred yet: {why}"),
        message,
    }
}

/// What is under way, in one line.
pub fn progress(step: &TransferStep) -> Option<String> {
    match step {
        TransferStep::Reading => Some("Reading the sign-in…".to_owned()),
        TransferStep::CheckingIdentity { .. } => Some("Checking who is signed in…".to_owned()),
        TransferStep::Sealing { cookies, entries, .. } => Some(format!(
            "Sealing {} on this device…",
            contents(*cookies, *entries)
        )),
        TransferStep::Uploading { bytes, .. } => Some(format!("Uploading {}, sealed…", size(*bytes))),
        TransferStep::Done { .. } | TransferStep::Failed { .. } => None,
    }
}

/// What has been done; nothing while it is not.
pub fn success(step: &TransferStep) -> Option<String> {
    let TransferStep::Done {
        cookies,
        entries,
        identity,
    } = step
    else {
        return None;
    };
    let contents = contents(*cookies, *entries);
    Some(match identity {
        Some(identity) => format!(
            "Session transferred. Signed in as {}, {contents}, sealed on this device.",
            Clean::name(identity).as_str()
        ),
        None => format!("Session transferred. Sealed on this device: {contents}."),
    })
}

/// The four steps of a transfer that runs or is done.
pub fn steps(step: &TransferStep) -> Vec<Step> {
    let (at, read, who, sealed) = match step {
        TransferStep::Reading => (0, (0, 0), None, None),
        TransferStep::CheckingIdentity { cookies } => (1, (*cookies, 0), None, None),
        TransferStep::Sealing {
            cookies,
            entries,
            identity,
        } => (2, (*cookies, *entries), identity.as_deref(), None),
        TransferStep::Uploading {
            cookies,
            entries,
            bytes,
        } => (3, (*cookies, *entries), None, Some(*bytes)),
        TransferStep::Done {
            cookies,
            entries,
            identity,
        } => (4, (*cookies, *entries), identity.as_deref(), None),
        TransferStep::Failed { .. } => return Vec::new(),
    };
    let parts = [
        ("reading", format!("Reading {}", contents(read.0, read.1)), None),
        (
            "checking-identity",
            "Checking identity".to_owned(),
            who.map(|who| Clean::name(who).into_string()),
        ),
        ("sealing", "Sealing on this device".to_owned(), None),
        ("uploading", "Uploading".to_owned(), sealed.map(size)),
    ];
    let progress = |n: usize| match n.cmp(&at) {
        std::cmp::Ordering::Less => Progress::Done,
        std::cmp::Ordering::Equal => Progress::Now,
        std::cmp::Ordering::Greater => Progress::Ahead,
    };
    let step = |(n, (code, label, result))| Step {
        code,
        label,
        result,
        progress: progress(n),
    };
    parts.into_iter().enumerate().map(step).collect()
}

/// The step's name, for tests: `reading` … `done`, `failed`.
pub fn step_code(step: &TransferStep) -> &'static str {
    match step {
        TransferStep::Reading => "reading",
        TransferStep::CheckingIdentity { .. } => "checking-identity",
        TransferStep::Sealing { .. } => "sealing",
        TransferStep::Uploading { .. } => "uploading",
        TransferStep::Done { .. } => "done",
        TransferStep::Failed { .. } => "failed",
    }
}

/// The words of the button that a remedy becomes.
pub fn remedy(remedy: &Remedy, app: &str) -> String {
    let app = Clean::new(app, 32).into_string();
    match remedy {
        Remedy::Retry => "Try again".to_owned(),
        Remedy::OpenSignIn { .. } => format!("Sign in to {app}"),
        Remedy::OpenSignOut { .. } => format!("Sign out of {app}"),
        Remedy::GrantPermission { .. } => "Allow access".to_owned(),
        Remedy::Decide => "Look and decide".to_owned(),
        Remedy::GiveConsent => "Read and agree".to_owned(),
        Remedy::SignIn => "Sign in to Ferry again".to_owned(),
        Remedy::SetUpDevice => "Set up this browser again".to_owned(),
    }
}

/// The browser's permission was refused, or its prompt was closed.
pub fn not_allowed(app: &str) -> Failure {
    let app = Clean::name(app).into_string();
    Failure {
        code: "permission-denied".to_owned(),
        message: format!(
            "The browser did not let Ferry read the cookies of {app}, so nothing was taken. Try again, and choose \
             Allow when the browser asks."
        ),
        remedy: Some(Remedy::Retry),
    }
}

/// The browser's permission to reach the server was refused.
pub fn server_not_allowed() -> Failure {
    Failure {
        code: "permission-denied".to_owned(),
        message: "The browser did not let Ferry reach your workspace, so nobody was signed in. Try again, and choose \
                  Allow when the browser asks."
            .to_owned(),
        remedy: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_names_who_and_how_many() {
        let done = |cookies, entries, identity: Option<&str>| {
            success(&TransferStep::Done {
                cookies,
                entries,
                identity: identity.map(str::to_owned),
            })
            .unwrap()
        };
        assert_eq!(
            done(23, 0, Some("alice")),
            "Session transferred. Signed in as alice, 23 cookies, sealed on this device."
        );
        assert_eq!(
            done(1, 2, None),
            "Session transferred. Sealed on this device: 1 cookie and 2 sign-in entries."
        );
        assert_eq!(success(&TransferStep::Reading), None);
    }

    #[test]
    fn what_there_is_none_of_is_not_named() {
        assert_eq!(contents(23, 0), "23 cookies");
        assert_eq!(contents(0, 1), "1 sign-in entry");
        assert_eq!(contents(6, 2), "6 cookies and 2 sign-in entries");
        assert_eq!(contents(0, 0), "the sign-in");
        let uploading = TransferStep::Uploading {
            cookies: 0,
            entries: 1,
            bytes: 700,
        };
        assert_eq!(steps(&uploading)[0].label, "Reading 1 sign-in entry");
        let checking = TransferStep::CheckingIdentity { cookies: 0 };
        assert_eq!(steps(&checking)[0].label, "Reading the sign-in");
    }

    #[test]
    fn only_kinds_that_occur_are_named() {
        let counts = CookieCounts {
            total: 5,
            http_only: 3,
            partitioned: 1,
            ..Default::default()
        };
        assert_eq!(kinds(&counts), ["3 hidden from scripts", "1 kept per site"]);
        assert!(kinds(&CookieCounts::default()).is_empty());
    }

    #[test]
    fn every_obstacle_says_what_it_is_and_what_to_do() {
        let text = |text: &str| text.to_owned();
        let entry = vec![text("https://discord.com#token")];
        let several = |only: Option<&str>| Obstacle::Several {
            identities: vec![text("alice"), text("bob")],
            only: only.map(text),
        };
        let all = [
            (
                Obstacle::SignedOut {
                    missing: entry.clone(),
                },
                "yet: nobody is signed in to Chat",
                "token at discord.com",
            ),
            (Obstacle::Unread(entry), "yet: a part", "token at discord.com"),
            (
                Obstacle::Bound(text("chat.example")),
                "ties the session",
                "chat.example",
            ),
            (
                Obstacle::Another {
                    found: text("bob"),
                    expected: text("alice"),
                },
                "yet: bob is signed in, not alice",
                "Sign bob out",
            ),
            (several(None), "yet: 2 people", "Sign the others out"),
            (
                several(Some("alice")),
                "to Chat: transfer only alice?",
                "others stays here",
            ),
        ];
        for (obstacle, title, message) in all {
            let said = stopped(&obstacle, "Chat");
            let can_be = matches!(obstacle, Obstacle::Several { only: Some(_), .. });
            assert_eq!(!said.title.contains("Cannot be transferred"), can_be, "{said:?}");
            assert!(said.title.contains(title), "{said:?}");
            assert!(said.message.contains(message), "{said:?}");
            assert!(
                said.message.chars().count() < ferry_ui::text::SENTENCE,
                "{said:?}"
            );
        }
    }

    #[test]
    fn long_lists_of_people_are_cut_and_say_so() {
        let people = |n: usize| (1..=n).map(|n| format!("p{n}")).collect::<Vec<_>>();
        assert_eq!(names(&people(2)), "p1 and p2");
        assert_eq!(names(&people(8)), "p1, p2, p3, p4, p5, p6, p7 and p8");
        assert_eq!(names(&people(30)), "p1, p2, p3, p4, p5, p6, p7, p8 and 22 more");
    }

    #[test]
    fn one_step_is_under_way_at_a_time() {
        let running = [
            TransferStep::Reading,
            TransferStep::CheckingIdentity { cookies: 23 },
            TransferStep::Sealing {
                cookies: 23,
                entries: 0,
                identity: Some("alice".to_owned()),
            },
            TransferStep::Uploading {
                cookies: 23,
                entries: 0,
                bytes: 26_000,
            },
        ];
        for (n, step) in running.iter().enumerate() {
            let steps = steps(step);
            let now = steps
                .iter()
                .filter(|step| step.progress == Progress::Now)
                .collect::<Vec<_>>();
            assert_eq!(now.len(), 1);
            assert_eq!(now[0].code, step_code(step));
            assert_eq!(
                steps
                    .iter()
                    .filter(|step| step.progress == Progress::Done)
                    .count(),
                n
            );
            assert!(progress(step).is_some_and(|line| line.ends_with('…')));
        }
        let done = steps(&TransferStep::Done {
            cookies: 23,
            entries: 0,
            identity: None,
        });
        assert!(done.iter().all(|step| step.progress == Progress::Done));
    }

    #[test]
    fn every_remedy_has_a_button_with_words_of_its_own() {
        let url = || "https://example.com/".to_owned();
        let all = [
            Remedy::Retry,
            Remedy::OpenSignIn { url: url() },
            Remedy::OpenSignOut { url: url() },
            Remedy::GrantPermission { origins: Vec::new() },
            Remedy::Decide,
            Remedy::GiveConsent,
            Remedy::SignIn,
            Remedy::SetUpDevice,
        ];
        let words = all
            .iter()
            .map(|one| remedy(one, "Tracker"))
            .collect::<std::collections::BTreeSet<_>>();
        assert_eq!(words.len(), all.len());
        assert!(words.contains("Sign out of Tracker"));
    }
}
