//! Errors as a person is told of them.

use ferry_bridge::{Failure, Remedy};
use ferry_client::ApiError;
use ferry_protocol::problem::ProblemCode;

/// Longest text of the server's that is shown, in characters.
const MAX_DETAIL: usize = 400;

/// An error that can be shown to a person. Its `Display` says what happened, and
/// what to do.
pub trait Explain: std::error::Error {
    /// Stable, in kebab case.
    fn code(&self) -> &'static str;

    /// What a page can offer.
    fn remedy(&self) -> Option<Remedy> {
        None
    }

    /// As pages get it.
    fn failure(&self) -> Failure {
        Failure {
            code: self.code().to_owned(),
            message: self.to_string(),
            remedy: self.remedy(),
        }
    }
}

impl Explain for ApiError {
    fn code(&self) -> &'static str {
        match self {
            Self::Problem(problem) => problem_code(problem.code),
            Self::Network(_) => "server-unreachable",
            Self::Unexpected { .. } => "server-incompatible",
            Self::Key(_) => "device-keys",
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        match self.problem() {
            Some(ProblemCode::InvalidToken | ProblemCode::DeviceDisabled) => Some(Remedy::SignIn),
            Some(ProblemCode::DeviceNotTrusted) => Some(Remedy::SetUpDevice),
            Some(ProblemCode::ConsentRequired) => Some(Remedy::GiveConsent),
            _ => self.is_passing().then_some(Remedy::Retry),
        }
    }

    fn failure(&self) -> Failure {
        let message = match self.problem() {
            Some(ProblemCode::InvalidToken) => {
                "Your sign-in to Ferry has ended. Sign in again to go on.".to_owned()
            }
            Some(ProblemCode::DeviceDisabled) => {
                "This browser was disabled as a trusted device. Sign in and set it up anew.".to_owned()
            }
            Some(ProblemCode::DeviceNotTrusted) => {
                "This browser is not set up as a trusted device. Set it up to go on.".to_owned()
            }
            _ => plain(&self.to_string()),
        };
        Failure {
            code: Explain::code(self).to_owned(),
            message,
            remedy: self.remedy(),
        }
    }
}

/// The server's words as a sentence, without characters that cannot be seen, and not
/// too many.
fn plain(text: &str) -> String {
    let mut sentence: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_DETAIL)
        .collect();
    // The server speaks English: the tables for all other letters would weigh 6 kB.
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if !sentence.ends_with(['.', '!', '?', ' ']) {
        sentence.push('.');
    }
    sentence
}

fn problem_code(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::InvalidRequest => "invalid-request",
        ProblemCode::TooLarge => "too-large",
        ProblemCode::NotFound => "not-found",
        ProblemCode::MethodNotAllowed => "method-not-allowed",
        ProblemCode::UseDpopNonce => "use-dpop-nonce",
        ProblemCode::InvalidDpopProof => "invalid-dpop-proof",
        ProblemCode::InvalidToken => "invalid-token",
        ProblemCode::WrongCredentials => "wrong-credentials",
        ProblemCode::DeviceNotTrusted => "device-not-trusted",
        ProblemCode::DeviceDisabled => "device-disabled",
        ProblemCode::DeviceNameTaken => "device-name-taken",
        ProblemCode::DeviceLimit => "device-limit",
        ProblemCode::NotPending => "not-pending",
        ProblemCode::ApprovalRejected => "approval-rejected",
        ProblemCode::NoTrustedDevice => "no-trusted-device",
        ProblemCode::EmailTaken => "email-taken",
        ProblemCode::LastAdmin => "last-admin",
        ProblemCode::AppInUse => "app-in-use",
        ProblemCode::CodeWrong => "code-wrong",
        ProblemCode::CodeExpired => "code-expired",
        ProblemCode::CodeLimit => "code-limit",
        ProblemCode::Forbidden => "forbidden",
        ProblemCode::ConsentRequired => "consent-required",
        ProblemCode::NoSealingKey => "no-sealing-key",
        ProblemCode::NoVault => "no-vault",
        ProblemCode::SealRejected => "seal-rejected",
        ProblemCode::TransferConflict => "transfer-conflict",
        ProblemCode::VaultIdentityRejected => "vault-identity-rejected",
        ProblemCode::LeaseLost => "lease-lost",
        ProblemCode::TooManyRequests => "too-many-requests",
        ProblemCode::Internal => "internal",
        ProblemCode::Unavailable => "unavailable",
    }
}
