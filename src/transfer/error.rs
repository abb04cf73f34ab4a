//! Why a session is not transferred.

use ferry_bridge::{Failure, Remedy};
use ferry_client::KeyError;
use ferry_protocol::session::SealError;

use crate::apps::AppRefusal;
use crate::background::AskError;
use crate::browser::BrowserError;
use crate::consent::ConsentError;
use crate::explain::Explain;
use crate::identity::IdentityError;
use crate::store::StoreError;
use crate::vault::VaultRefusal;

/// Why a session is not transferred.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    /// The server, or the way to it.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Nothing can be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The app's definition is not used.
    #[error(transparent)]
    App(#[from] AppRefusal),
    /// Only owners may.
    #[error("Only an owner of {0} may transfer its session. Ask the workspace's admin for the role.")]
    NotOwner(String),
    /// The browser has not granted the app's domains.
    #[error("Ferry may not read the cookies of {app} yet. Allow it when the browser asks, then share again.")]
    Permission {
        /// The app's name.
        app: String,
        /// What is missing.
        origins: Vec<String>,
    },
    /// The person has not agreed.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// Not exactly the one who is to be signed in.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A copy would die at its next refresh.
    #[error(
        "{host} had this browser bind the sign-in to this device: a copy of it would soon stop working. \
         Nothing left your browser. Firefox does not bind sign-ins: sign in to {app} there, and share from it."
    )]
    Bound {
        /// The app's name.
        app: String,
        /// Who asked for it.
        host: String,
    },
    /// The vault is not the one this device trusts.
    #[error(transparent)]
    Vault(#[from] VaultRefusal),
    /// The browser did not read.
    #[error(
        "The browser did not let Ferry read the cookies ({0}). If they are of a window that was closed, pick \
         another on the transfer page; otherwise restart the browser. Then share again."
    )]
    Browser(#[from] BrowserError),
    /// It could not be sealed.
    #[error("Nothing left your browser: {0}.")]
    Seal(#[from] SealError),
    /// The device keys cannot be used.
    #[error("Nothing left your browser: {0}.")]
    Keys(#[from] KeyError),
    /// The background was stopped before the session was sealed.
    #[error("The browser interrupted the transfer. Nothing left your browser. Share again.")]
    Interrupted,
    /// Signed out, or deleted, while it ran.
    #[error("The transfer was given up, since you signed out or deleted the session meanwhile.")]
    GivenUp,
    /// The server does not answer; what is sealed waits.
    #[error("{0} The sealed session waits in this browser, and is sent as soon as the server answers.")]
    Waiting(String),
    /// It waited too long.
    #[error(
        "The server could not be reached for too long, and the sealed session was thrown away. Share again."
    )]
    Outdated,
}

impl Explain for TransferError {
    fn code(&self) -> &'static str {
        match self {
            Self::Ask(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::App(error) => error.code(),
            Self::NotOwner(_) => "forbidden",
            Self::Permission { .. } => "permission-missing",
            Self::Consent(error) => error.code(),
            Self::Identity(error) => error.code(),
            Self::Bound { .. } => "bound-to-device",
            Self::Vault(error) => error.code(),
            Self::Browser(_) => "browser",
            Self::Seal(SealError::TooLarge) => "too-large",
            Self::Seal(_) => "seal",
            Self::Keys(_) => "device-keys",
            Self::Interrupted => "interrupted",
            Self::GivenUp => "given-up",
            Self::Waiting(_) => "waiting",
            Self::Outdated => "outdated",
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Ask(error) => error.remedy(),
            Self::Consent(error) => error.remedy(),
            Self::Identity(error) => error.remedy(),
            Self::Vault(error) => error.remedy(),
            Self::Permission { origins, .. } => Some(Remedy::GrantPermission {
                origins: origins.clone(),
            }),
            Self::Browser(_) | Self::Interrupted | Self::Waiting(_) | Self::Outdated => Some(Remedy::Retry),
            Self::Store(_)
            | Self::App(_)
            | Self::Bound { .. }
            | Self::NotOwner(_)
            | Self::Seal(_)
            | Self::Keys(_)
            | Self::GivenUp => None,
        }
    }

    fn failure(&self) -> Failure {
        match self {
            Self::Ask(error) => error.failure(),
            _ => Failure {
                code: self.code().to_owned(),
                message: self.to_string(),
                remedy: self.remedy(),
            },
        }
    }
}
