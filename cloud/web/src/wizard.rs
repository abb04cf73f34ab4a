//! What the wizard shows, from what is known. Pure.

use ferry_bridge::page::{Finding, PageStep};
use ferry_protocol::api::{Account, Me};
use ferry_ui::Tone;
use ferry_ui::text::{Clean, count};

use crate::extension::Extension;

/// The pages of the wizard, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// What is transferred and why, and the box to tick.
    Consent,
    /// Who else is signed in.
    Others,
    /// The transfer, which is confirmed in a page of the extension's.
    Transfer,
    /// It is stored.
    Success,
}

impl Stage {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Consent, Self::Others, Self::Transfer, Self::Success];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Consent => "What is transferred",
            Self::Others => "Log out from other accounts",
            Self::Transfer => "Transfer session",
            Self::Success => "Done",
        }
    }
}

/// Whether the extension can be asked, and what to do if not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Not known yet.
    Unknown,
    /// It can.
    Ready,
    /// There is none in this browser, or it is signed in elsewhere.
    Missing,
    /// Nobody is signed in to it.
    SignedOut,
    /// Another person is.
    SomebodyElse,
    /// It is not a trusted device yet.
    NotTrusted,
}

impl Readiness {
    /// Of the extension, for the person who is signed in here.
    pub fn of(extension: &Extension, me: &Me) -> Self {
        let hello = match extension {
            Extension::Unknown => return Self::Unknown,
            Extension::Missing => return Self::Missing,
            Extension::Here(hello) => hello,
        };
        match &hello.signed_in {
            None => Self::SignedOut,
            Some(who) if who.user != me.user.id || who.workspace != me.workspace.id => Self::SomebodyElse,
            Some(who) if !who.trusted => Self::NotTrusted,
            Some(_) => Self::Ready,
        }
    }

    /// A code, what is wrong and what to do, in two sentences.
    pub fn advice(self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Self::Unknown | Self::Ready => None,
            Self::Missing => Some((
                "extension-missing",
                "The Ferry extension does not answer in this browser.",
                "Sessions are read by the extension alone, on a computer. Install it if it is not there, open it from \
                 the toolbar, sign in to the address of this page, then look again. On a phone, go on at a computer.",
            )),
            Self::SignedOut => Some((
                "extension-signed-out",
                "Nobody is signed in to the Ferry extension.",
                "Open it from the browser’s toolbar and sign in to this workspace, then look again.",
            )),
            Self::SomebodyElse => Some((
                "extension-somebody-else",
                "Somebody else is signed in to the Ferry extension.",
                "Open it from the browser’s toolbar, sign out there, sign in as yourself, then look again.",
            )),
            Self::NotTrusted => Some((
                "extension-not-trusted",
                "The Ferry extension in this browser is not set up yet.",
                "Open it from the browser’s toolbar and finish setting it up as a trusted device, then look again.",
            )),
        }
    }
}

/// What the extension found at the app, for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// Stable, for tests.
    pub code: &'static str,
    /// How good or bad it is.
    pub tone: Tone,
    /// In a few words.
    pub title: String,
    /// And what to do.
    pub message: String,
    /// Whether the wizard goes on from here.
    pub goes_on: bool,
    /// Whether signing in, or out, is what helps.
    pub helps: Option<Helps>,
}

/// Which page of the app's helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Helps {
    /// Where one signs in.
    SignIn,
    /// Where one signs out.
    SignOut,
}

/// What a finding means for this account.
pub fn advice(finding: Finding, account: &Account) -> Advice {
    let app = Clean::name(&account.app.name).into_string();
    let who = account
        .identity
        .as_deref()
        .map(|who| Clean::name(who).into_string());
    let of = |code, tone, title, message, goes_on, helps| Advice {
        code,
        tone,
        title,
        message,
        goes_on,
        helps,
    };
    match finding {
        Finding::Ready => of(
            "ready",
            Tone::Good,
            match who {
                Some(who) => format!("{who} is signed in at {app}."),
                None => format!("One person is signed in at {app}."),
            },
            "Nobody else was found, so nobody has to be logged out.".to_owned(),
            true,
            None,
        ),
        Finding::NeedsPermission => of(
            "needs-permission",
            Tone::Quiet,
            format!("Ferry has not been allowed to look at {app} yet."),
            "Its own tab asks you for that in the next step, looks who is signed in, and goes on only if \
             it is one person, the right one."
                .to_owned(),
            true,
            None,
        ),
        Finding::Unknown => of(
            "unknown",
            Tone::Wait,
            format!("{app} does not show who is signed in."),
            "Make sure yourself that it is the right person and nobody else. Ferry’s own tab asks you to confirm it."
                .to_owned(),
            true,
            None,
        ),
        Finding::SignedOut => of(
            "signed-out",
            Tone::Wait,
            format!("Nobody is signed in at {app} in this browser’s ordinary windows."),
            "Sign in there, come back here, and look again. If you are signed in in a private window or a container, \
             share from Ferry’s popup in the toolbar: there you pick which."
                .to_owned(),
            false,
            Some(Helps::SignIn),
        ),
        Finding::Another => of(
            "another",
            Tone::Wait,
            format!("Somebody else is signed in at {app}."),
            match who {
                Some(who) => format!("Log out there, sign in as {who}, come back here, and look again."),
                None => "Log out there, sign in with the right account, come back here, and look again.".to_owned(),
            },
            false,
            Some(Helps::SignOut),
        ),
        Finding::Several { count: n } => of(
            "several",
            Tone::Wait,
            format!("{} are signed in at {app}.", count(n.into(), "person", "people")),
            "Log the others out there, so that nobody else’s session is taken along. Then \
             come back here, and look again. Ferry’s popup in the toolbar names them; where the app allows it, it can \
             also transfer one of them alone."
                .to_owned(),
            false,
            Some(Helps::SignOut),
        ),
    }
}

/// How a transfer goes, in one line; nothing while none runs.
pub fn progress(step: &PageStep) -> Option<&'static str> {
    match step {
        PageStep::Reading => Some("Reading the sign-in…"),
        PageStep::Checking => Some("Checking who is signed in…"),
        PageStep::Sealing => Some("Sealing on this device…"),
        PageStep::Uploading => Some("Uploading…"),
        PageStep::None | PageStep::Done | PageStep::Failed { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use ferry_bridge::page::{Hello, SignedIn};
    use ferry_protocol::api::{Role, SessionStatus, User, Workspace};
    use ferry_protocol::{AccountId, UnixMillis, UserId, WorkspaceId};

    use super::*;

    fn me() -> Me {
        Me {
            user: User {
                id: UserId::new(UnixMillis(1), [1; 10]),
                email: "alice@example.com".to_owned(),
                name: "Alice".to_owned(),
            },
            workspace: Workspace {
                id: WorkspaceId::new(UnixMillis(1), [2; 10]),
                name: "Acme".to_owned(),
            },
            admin: false,
            device: None,
            vault: None,
        }
    }

    fn here(user: UserId, trusted: bool) -> Extension {
        Extension::Here(Hello {
            version: "0.1.0".to_owned(),
            signed_in: Some(SignedIn {
                user,
                workspace: me().workspace.id,
                trusted,
            }),
        })
    }

    fn account() -> Account {
        let app = ferry_catalogue::App::from_json(
            r#"{"id": "custom-tracker", "name": "Tracker", "domains": ["tracker.example"],
                "sign_in": "https://tracker.example/login", "check": "https://tracker.example/home"}"#,
        );
        Account {
            id: AccountId::new(UnixMillis(1), [5; 10]),
            name: "Ops".to_owned(),
            identity: Some("alice".to_owned()),
            app: app.expect("an app"),
            role: Role::Owner,
            consent: None,
            session: SessionStatus::None,
        }
    }

    #[test]
    fn only_the_same_persons_trusted_extension_is_ready() {
        let me = me();
        let other = UserId::new(UnixMillis(1), [9; 10]);
        let nobody = Extension::Here(Hello {
            version: "0.1.0".to_owned(),
            signed_in: None,
        });
        for (extension, readiness) in [
            (Extension::Unknown, Readiness::Unknown),
            (Extension::Missing, Readiness::Missing),
            (nobody, Readiness::SignedOut),
            (here(other, true), Readiness::SomebodyElse),
            (here(me.user.id, false), Readiness::NotTrusted),
            (here(me.user.id, true), Readiness::Ready),
        ] {
            assert_eq!(Readiness::of(&extension, &me), readiness, "{extension:?}");
            let must_act = !matches!(readiness, Readiness::Unknown | Readiness::Ready);
            assert_eq!(readiness.advice().is_some(), must_act, "{readiness:?}");
        }
    }

    #[test]
    fn the_wizard_stops_where_the_wrong_person_would_be_taken() {
        let account = account();
        for (finding, goes_on) in [
            (Finding::Ready, true),
            (Finding::NeedsPermission, true),
            (Finding::Unknown, true),
            (Finding::SignedOut, false),
            (Finding::Another, false),
            (Finding::Several { count: 2 }, false),
        ] {
            let advice = advice(finding, &account);
            assert_eq!(advice.goes_on, goes_on, "{advice:?}");
            assert_eq!(advice.helps.is_some(), !goes_on, "{advice:?}");
            assert!(advice.title.contains("Tracker"), "{advice:?}");
        }
    }
}
