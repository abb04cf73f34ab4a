//! Consent: nothing is transferred without the person's recorded agreement to the
//! text that this build shows.

use ferry_bridge::{CONSENT_TEXT_VERSION, Remedy};
use ferry_protocol::api::{Account, Consent};

use crate::explain::Explain;

/// There is no consent to this text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsentError {
    /// None was given, or to an older text only.
    #[error("Agree to the transfer of your session of {0} first.")]
    Missing(String),
    /// The page showed another text than this build has.
    #[error(
        "The text that was agreed to is not of this version of the extension. Close this page, open it anew, and agree again."
    )]
    OtherText,
}

impl Explain for ConsentError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "consent-required",
            Self::OtherText => "consent-outdated",
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        Some(Remedy::GiveConsent)
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

/// The consent that a transfer rests on; `agreed` is the text that the person
/// agreed to just now, if any.
pub fn basis(account: &Account, agreed: Option<u32>) -> Result<Basis, ConsentError> {
    let given = account
        .consent
        .as_ref()
        .filter(|consent| consent.text_version == CONSENT_TEXT_VERSION);
    match (given, agreed) {
        (_, Some(text)) if text != CONSENT_TEXT_VERSION => Err(ConsentError::OtherText),
        (Some(consent), _) => Ok(Basis::Given(consent.clone())),
        (None, Some(text_version)) => Ok(Basis::ToRecord { text_version }),
        (None, None) => Err(ConsentError::Missing(account.name.clone())),
    }
}
