//! From errors to problem documents (RFC 9457).
//!
//! Each handler's error enum is turned into a [`Rejection`] by one exhaustive match
//! beside it, which picks the code; the sentence of the error becomes the detail.
//! What is the server's own fault is logged, and told to nobody. Here is the one
//! match from code to status and title. The body is written by
//! [`crate::middleware`], which knows the request's id.

use std::fmt::Display;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ferry_protocol::problem::{Problem, ProblemCode};

use crate::storage::StorageError;

/// A request that was not carried out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Which problem.
    pub code: ProblemCode,
    /// What to do about it, for people.
    pub detail: String,
    /// Seconds after which the same may succeed, where that is known.
    pub retry_after_s: Option<u32>,
}

impl Rejection {
    /// With a detail that says what to do. It is shown to whoever sent the request.
    pub fn new(code: ProblemCode, detail: impl Display) -> Self {
        Self {
            code,
            detail: detail.to_string(),
            retry_after_s: None,
        }
    }

    /// With the seconds after which the same may succeed.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The server's own fault: what it was goes to the log only.
    pub fn internal(error: impl Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(
            ProblemCode::Internal,
            "The server failed. Try again; if it goes on, tell your admin.",
        )
    }

    /// The server cannot answer now: what it was goes to the log only.
    pub fn unavailable(error: impl Display) -> Self {
        tracing::warn!(%error, "a request could not be carried out now");
        Self::new(
            ProblemCode::Unavailable,
            "The server cannot do this now. Try again in a moment.",
        )
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        describe(self.code).0
    }

    /// The document.
    pub fn problem(&self, request_id: Option<String>) -> Problem {
        let (status, title) = describe(self.code);
        Problem {
            kind: format!("urn:ferry:problem:{}", code_text(self.code)),
            status: status.as_u16(),
            code: self.code,
            title: title.to_owned(),
            detail: self.detail.clone(),
            request_id,
        }
    }
}

/// The code as it is written in JSON.
pub(crate) fn code_text(code: ProblemCode) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(text)) => text,
        // A unit variant is a string: this is not reached.
        _ => String::new(),
    }
}

fn describe(code: ProblemCode) -> (StatusCode, &'static str) {
    use ProblemCode as P;
    match code {
        P::InvalidRequest => (StatusCode::BAD_REQUEST, "The request is malformed"),
        P::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The request is too large"),
        P::NotFound => (StatusCode::NOT_FOUND, "Not found"),
        P::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "Not with this method"),
        P::UseDpopNonce => (StatusCode::UNAUTHORIZED, "The proof needs the server's nonce"),
        P::InvalidDpopProof => (StatusCode::UNAUTHORIZED, "The proof is not good"),
        P::InvalidToken => (StatusCode::UNAUTHORIZED, "Not signed in"),
        P::WrongCredentials => (StatusCode::UNAUTHORIZED, "Wrong e-mail address or password"),
        P::DeviceNotTrusted => (StatusCode::FORBIDDEN, "This device is not set up"),
        P::DeviceDisabled => (StatusCode::FORBIDDEN, "This device was disabled"),
        P::DeviceNameTaken => (StatusCode::CONFLICT, "The name is taken"),
        P::DeviceLimit => (StatusCode::CONFLICT, "Too many trusted devices"),
        P::NotPending => (StatusCode::CONFLICT, "The device does not ask"),
        P::ApprovalRejected => (StatusCode::UNPROCESSABLE_ENTITY, "The approval does not fit"),
        P::NoTrustedDevice => (StatusCode::CONFLICT, "No trusted device to ask"),
        P::EmailTaken => (StatusCode::CONFLICT, "The e-mail address is taken"),
        P::LastAdmin => (StatusCode::CONFLICT, "The last admin"),
        P::AppInUse => (StatusCode::CONFLICT, "The app is in use"),
        P::CodeWrong => (StatusCode::UNPROCESSABLE_ENTITY, "Wrong code"),
        P::CodeExpired => (StatusCode::UNPROCESSABLE_ENTITY, "The code is no longer good"),
        P::CodeLimit => (StatusCode::TOO_MANY_REQUESTS, "Too many codes"),
        P::Forbidden => (StatusCode::FORBIDDEN, "Not allowed"),
        P::ConsentRequired => (StatusCode::FORBIDDEN, "Consent is needed"),
        P::NoSealingKey => (StatusCode::SERVICE_UNAVAILABLE, "No sealing key"),
        P::NoVault => (StatusCode::SERVICE_UNAVAILABLE, "No vault"),
        P::SealRejected => (StatusCode::UNPROCESSABLE_ENTITY, "The seal does not fit"),
        P::TransferConflict => (StatusCode::CONFLICT, "The transfer is over"),
        P::VaultIdentityRejected => (StatusCode::CONFLICT, "Another vault identity"),
        P::LeaseLost => (StatusCode::CONFLICT, "The lease is over"),
        P::TooManyRequests => (StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
        P::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "The server failed"),
        P::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Not now"),
    }
}

impl IntoResponse for Rejection {
    /// Without a body: the middleware writes it.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StorageError> for Rejection {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Database(sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)
            | StorageError::NotCommitted(_)
            | StorageError::Stopped => Self::unavailable(error),
            StorageError::Database(_)
            | StorageError::File(_)
            | StorageError::OpenToOthers(_)
            | StorageError::Migration(_)
            | StorageError::Corrupt { .. } => Self::internal(error),
        }
    }
}
