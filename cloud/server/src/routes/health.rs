//! Whether the server is there.

use axum::http::StatusCode;

/// Whether the server is there. Says nothing about it.
#[utoipa::path(get, path = "/v1/health", tag = "server", responses((status = 204, description = "It is.")))]
pub async fn health() -> StatusCode {
    StatusCode::NO_CONTENT
}
