//! Consent: nothing is transferred without the person's recorded agreement to the
//! text that this build shows, for the app and the identity as they were shown.
//!
//! The server records consents, but cannot make one: only what was agreed to in this
//! very browser counts. So a person is asked once more on each of their devices, and
//! whenever a custom app is defined anew, with more domains, say, or the account is
//! somebody else's.

use ferry_bridge::{Agreed, CONSENT_TEXT_VERSION, Remedy};
use ferry_protocol::api::{Account, Consent};

use crate::explain::Explain;
use crate::trust::{Trust, shown};

/// There is no consent to this text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsentError {
    /// None was given in this browser, or for another text, app definition or identity.
    #[error("Agree to the transfer of your session of {0} first.")]
    Missing(String),
    /// The page showed another text than this build has.
    #[error(
        "The text that was agreed to is not of this version of the extension. Close this page, open it anew, and agree again."
    )]
    OtherText,
    /// The page showed another definition of the app than there is now, or another identity.
    #[error(
        "How this account of {0} is described has changed since you were asked. Nothing was read. Look again, then agree to it as it is now."
    )]
    OtherAccount(String),
    /// What the server recorded is not what the person agreed to.
    #[error(
        "The server recorded a consent to another text than was shown. Nothing was sent. Tell the workspace's admin."
    )]
    NotRecorded,
}

impl Explain for ConsentError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "consent-required",
            Self::OtherText | Self::OtherAccount(_) => "consent-outdated",
            Self::NotRecorded => "consent-not-recorded",
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Missing(_) | Self::OtherText | Self::OtherAccount(_) => Some(Remedy::GiveConsent),
            Self::NotRecorded => None,
        }
    }
}

/// Where the consent for a transfer comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// It was given before.
    Given(Consent),
    /// The person has just agreed: it is to be recorded.
    ToRecord {
        /// To which text.
        text_version: u32,
    },
}

/// The consent that the server names, if it was given in this browser, for the account
/// as it is described now.
pub fn given<'a>(account: &'a Account, trust: &Trust) -> Option<&'a Consent> {
    account
        .consent
        .as_ref()
        .filter(|consent| trust.has_agreed(account, consent))
}

/// The consent that a transfer rests on; `agreed` is what the person agreed to just
/// now, if anything.
pub fn basis(account: &Account, trust: &Trust, agreed: Option<&Agreed>) -> Result<Basis, ConsentError> {
    match (given(account, trust), agreed) {
        (_, Some(agreed)) if agreed.text_version != CONSENT_TEXT_VERSION => Err(ConsentError::OtherText),
        (_, Some(agreed)) if agreed.shown != shown(account) => {
            Err(ConsentError::OtherAccount(account.app.name.clone()))
        }
        (Some(consent), _) => Ok(Basis::Given(consent.clone())),
        (None, Some(&Agreed { text_version, .. })) => Ok(Basis::ToRecord { text_version }),
        (None, None) => Err(ConsentError::Missing(account.name.clone())),
    }
}
