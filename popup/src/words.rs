//! What the popup says, from what it was told. Pure.

use ferry_bridge::{CookieCounts, Failure, Remedy, TransferStep};
use ferry_ui::steps::{Progress, Step};
use ferry_ui::text::{Clean, count, size};

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

/// What is under way, in one line.
pub fn progress(step: &TransferStep) -> Option<String> {
    match step {
        TransferStep::Reading => Some("Reading cookies…".to_owned()),
        TransferStep::CheckingIdentity { .. } => Some("Checking who is signed in…".to_owned()),
        TransferStep::Sealing { cookies: n, .. } => Some(format!("Sealing {} on this device…", cookies(*n))),
        TransferStep::Uploading { bytes, .. } => Some(format!("Uploading {}, sealed…", size(*bytes))),
        TransferStep::Done { .. } | TransferStep::Failed { .. } => None,
    }
}

/// What has been done.
pub fn success(n: u32, identity: Option<&str>) -> String {
    let cookies = cookies(n);
    match identity {
        Some(identity) => format!(
            "Session transferred. Signed in as {}, {cookies}, sealed on this device.",
            Clean::name(identity).as_str()
        ),
        None => format!("Session transferred. {cookies}, sealed on this device."),
    }
}

/// The four steps of a transfer that runs or is done.
pub fn steps(step: &TransferStep) -> Vec<Step> {
    let (at, read, who, sealed) = match step {
        TransferStep::Reading => (0, None, None, None),
        TransferStep::CheckingIdentity { cookies } => (1, Some(*cookies), None, None),
        TransferStep::Sealing { cookies, identity } => (2, Some(*cookies), identity.as_deref(), None),
        TransferStep::Uploading { cookies, bytes } => (3, Some(*cookies), None, Some(*bytes)),
        TransferStep::Done { cookies, identity } => (4, Some(*cookies), identity.as_deref(), None),
        TransferStep::Failed { .. } => return Vec::new(),
    };
    let parts = [
        (
            "reading",
            read.map_or_else(
                || "Reading cookies".to_owned(),
                |n| format!("Reading {}", cookies(n)),
            ),
            None,
        ),
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
        Remedy::OpenSignIn { .. } => format!("Sign in at {app}"),
        Remedy::OpenSignOut { .. } => format!("Sign out at {app}"),
        Remedy::GrantPermission { .. } => "Allow access".to_owned(),
        Remedy::ConfirmUnknown => "Look and confirm".to_owned(),
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
        assert_eq!(
            success(23, Some("alice")),
            "Session transferred. Signed in as alice, 23 cookies, sealed on this device."
        );
        assert_eq!(
            success(1, None),
            "Session transferred. 1 cookie, sealed on this device."
        );
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
    fn one_step_is_under_way_at_a_time() {
        let running = [
            TransferStep::Reading,
            TransferStep::CheckingIdentity { cookies: 23 },
            TransferStep::Sealing {
                cookies: 23,
                identity: Some("alice".to_owned()),
            },
            TransferStep::Uploading {
                cookies: 23,
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
            Remedy::ConfirmUnknown,
            Remedy::GiveConsent,
            Remedy::SignIn,
            Remedy::SetUpDevice,
        ];
        let words = all
            .iter()
            .map(|one| remedy(one, "Tracker"))
            .collect::<std::collections::BTreeSet<_>>();
        assert_eq!(words.len(), all.len());
        assert!(words.contains("Sign out at Tracker"));
    }
}
