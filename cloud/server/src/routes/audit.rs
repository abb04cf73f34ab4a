//! The audit trail, a page at a time: all of it for admins; for everybody else what
//! they did, and what concerns the accounts that they own, and their devices.

use axum::Json;
use axum::extract::{RawQuery, State};
use ferry_protocol::api::AuditPage;
use ferry_protocol::problem::{Problem, ProblemCode};
use uuid::Uuid;

use super::answers::NotLetIn;
use crate::auth::body::NoBody;
use crate::auth::roles::TrustedPerson;
use crate::problem::Rejection;
use crate::state::AppState;
use crate::storage::audit::{self, Reader};

/// Events in one page.
const PAGE: u32 = 50;

/// The newest events, or those before one.
#[utoipa::path(
    get, path = "/v1/audit", tag = "audit",
    params(("before" = Option<String>, Query, description = "An event: only those before it")),
    responses(
        (status = 200, body = AuditPage),
        (status = 400, body = Problem), NotLetIn,
    )
)]
pub async fn page(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    caller: TrustedPerson<NoBody>,
) -> Result<Json<AuditPage>, Rejection> {
    let before = match query.as_deref() {
        None | Some("") => None,
        Some(query) => {
            let id = query
                .strip_prefix("before=")
                .and_then(|id| id.parse::<Uuid>().ok());
            Some(id.ok_or_else(|| {
                Rejection::new(
                    ProblemCode::InvalidRequest,
                    "Ask for ?before= and the id of an event.",
                )
            })?)
        }
    };
    let reader = Reader {
        workspace: caller.person.workspace.id,
        user: caller.person.user.id,
        all: caller.person.admin,
    };
    let mut connection = state.storage().read().await?;
    let mut events = audit::page(&mut connection, reader, before, PAGE + 1).await?;
    let most = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = events.len() > most;
    events.truncate(most);
    Ok(Json(AuditPage { events, more }))
}
