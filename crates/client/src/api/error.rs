//! Why a request was not done.

use ferry_protocol::problem::{Problem, ProblemCode};

use crate::{KeyError, NetworkError};

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The server says why.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// There was no answer. A request that changes something may have been done
    /// all the same.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The answer is not of the API's form.
    #[error(
        "The answer (status {status}) is not that of a Ferry server of this version. \
         Check the server's address, and that server and extension are up to date."
    )]
    Unexpected {
        /// HTTP status.
        status: u16,
    },
    /// The proof could not be signed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl ApiError {
    /// The server's problem code, if it gave one.
    pub fn problem(&self) -> Option<ProblemCode> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            Self::Network(_) | Self::Unexpected { .. } | Self::Key(_) => None,
        }
    }

    /// Whether the same request may succeed later, unchanged.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Network(_) => true,
            Self::Problem(problem) => problem.status >= 500 || problem.code == ProblemCode::TooManyRequests,
            Self::Unexpected { status } => *status >= 500 || *status == 429,
            Self::Key(_) => false,
        }
    }
}
