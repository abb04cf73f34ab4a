//! Why a session may not be transferred, by who is signed in.

use ferry_bridge::Remedy;

use crate::explain::Explain;

/// Why a session may not be transferred, by who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Nobody is signed in.
    #[error("Nobody is signed in to {app} in this browser. Sign in there{as_whom}, then share again.")]
    SignedOut {
        /// The app's name.
        app: String,
        /// ` as ada`, or nothing.
        as_whom: String,
        /// Where to sign in.
        sign_in: String,
    },
    /// Nobody can tell who is signed in, and it was not confirmed.
    #[error(
        "{app} does not show who is signed in. Whoever it is: automation will act as that person. \
         Make sure that it is the right one, then confirm."
    )]
    Unknown {
        /// The app's name.
        app: String,
    },
    /// Nobody can tell, since the app was not reached.
    #[error(
        "{app} could not be reached to find out who is signed in. Check the connection, then share again."
    )]
    Unreached {
        /// The app's name.
        app: String,
    },
    /// More than one.
    #[error(
        "More than one identity is signed in to {app}: {names}. {}ign out from the others, then share again.",
        match .alone { Some(who) => format!("Transfer only {who}, or s"), None => "S".to_owned() }
    )]
    Several {
        /// The app's name.
        app: String,
        /// All that can be named.
        names: String,
        /// Where to sign out.
        sign_out: Option<String>,
        /// The one whose session can be transferred alone.
        alone: Option<String>,
    },
    /// Not the one whom the person was shown; or the account is anybody's, and they were
    /// shown nobody.
    #[error("{found} is signed in to {app} now. Look whether that is right, then share.")]
    NotShown {
        /// The app's name.
        app: String,
        /// Who is signed in.
        found: String,
    },
    /// What the account takes for an identity cannot be one.
    #[error(
        "This account names nobody who can be signed in to {app}. Ask the workspace's admin whose session it takes."
    )]
    Nobodys {
        /// The app's name.
        app: String,
    },
    /// Not the account's.
    #[error(
        "The account signed in to {app} is {found}; it has to be {expected}. \
         Sign out there, sign in as {expected}, then share again."
    )]
    Another {
        /// The app's name.
        app: String,
        /// Who is signed in.
        found: String,
        /// Whose account it is.
        expected: String,
        /// Where to sign out, or else where to sign in.
        page: Remedy,
    },
}

impl Explain for IdentityError {
    fn code(&self) -> &'static str {
        match self {
            Self::SignedOut { .. } => "signed-out",
            Self::Unknown { .. } => "unknown-identity",
            Self::Unreached { .. } => "app-unreachable",
            Self::Several { .. } => "several-identities",
            Self::NotShown { .. } => "identity-not-shown",
            Self::Nobodys { .. } | Self::Another { .. } => "another-identity",
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::SignedOut { sign_in, .. } => Some(Remedy::OpenSignIn { url: sign_in.clone() }),
            Self::Unknown { .. } | Self::NotShown { .. } => Some(Remedy::Decide),
            Self::Unreached { .. } => Some(Remedy::Retry),
            // The page on which that is chosen.
            Self::Several { alone: Some(_), .. } => Some(Remedy::Decide),
            Self::Several { sign_out, .. } => sign_out.clone().map(|url| Remedy::OpenSignOut { url }),
            Self::Nobodys { .. } => None,
            Self::Another { page, .. } => Some(page.clone()),
        }
    }
}
