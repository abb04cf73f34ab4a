//! Answers that many routes have in common, for the OpenAPI document.

use ferry_protocol::problem::Problem;

/// Whoever asks is not let in.
#[derive(utoipa::IntoResponses)]
pub enum NotLetIn {
    /// Not signed in, or the proof is not good.
    #[response(status = 401)]
    Unauthorised(Problem),
    /// Not with this device, or not by this person.
    #[response(status = 403)]
    Forbidden(Problem),
}

/// The same; or there is no such thing, or it is not theirs.
#[derive(utoipa::IntoResponses)]
pub enum NotTheirs {
    /// Not signed in, or the proof is not good.
    #[response(status = 401)]
    Unauthorised(Problem),
    /// Not with this device, or not by this person.
    #[response(status = 403)]
    Forbidden(Problem),
    /// There is no such thing, or it is not theirs.
    #[response(status = 404)]
    NotFound(Problem),
}
