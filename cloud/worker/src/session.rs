//! One leased session from opening to report.

use ferry_protocol::WorkspaceId;
use ferry_protocol::api::{Finding, InvalidReason, LeasedSession, Receipt};
use ferry_protocol::jar::Jar;
use ferry_protocol::session::OpenError;

use crate::ambient;
use crate::browser::Browser;
use crate::catalogue::Catalogue;
use crate::check::{self, CheckError};
use crate::egress::Policy;
use crate::open::{self, OpenSessionError, OpenedSession};
use crate::state_dir::{Hold, Seen, StateDir};

/// Checks a leased session, and keeps the cookies that the visit rotated.
pub async fn check(
    state: &StateDir,
    catalogue: &Catalogue,
    workspace: WorkspaceId,
    browser: &Browser,
    policy: &Policy,
    leased: &LeasedSession,
) -> Result<Finding, CheckError> {
    let _hold = match hold(state, leased) {
        Ok(Some(hold)) => hold,
        Ok(None) => {
            return Ok(Finding::Unreachable {
                what: "the session is open for automation".to_owned(),
            });
        }
        Err(error) => return Ok(not_opened(leased, &error)),
    };
    let mut session = match open::open(state, catalogue, workspace, leased, ambient::now()) {
        Ok(session) => session,
        Err(error) => return Ok(not_opened(leased, &error)),
    };
    let identity = leased.account_identity.as_deref();
    let checked = check::check(browser, policy, &session.payload, identity).await?;
    if matches!(checked.finding, Finding::Verified { .. }) {
        destroy_superseded(state, &session);
    }
    if let Some(jar) = checked.jar
        && jar != session.payload.jar
    {
        keep(state, &mut session, jar);
    }
    Ok(checked.finding)
}

/// Holds a session against other processes of this state directory. `None`: one of
/// them has it.
pub fn hold(state: &StateDir, leased: &LeasedSession) -> Result<Option<Hold>, OpenSessionError> {
    // The header is not yet proved; it only says what to hold.
    let header = leased.sealed.header().map_err(OpenError::from)?;
    Ok(state.try_hold(&header.sealing_key)?)
}

fn not_opened(leased: &LeasedSession, error: &OpenSessionError) -> Finding {
    let transfer = leased.transfer;
    if error.is_final() {
        tracing::warn!(%transfer, %error, "seal rejected");
        let reason = match error {
            OpenSessionError::NotApproved { fingerprint, .. } => InvalidReason::DeviceNotApproved {
                fingerprint: fingerprint.to_string(),
            },
            other => InvalidReason::SealRejected {
                what: other.to_string(),
            },
        };
        Finding::Invalid {
            reason,
            receipt: Receipt::default(),
        }
    } else {
        tracing::error!(%transfer, %error, "cannot open a session");
        Finding::Unreachable {
            what: "the worker's state directory fails".to_owned(),
        }
    }
}

/// Destroys the keys of the sessions that a good one took the place of. The server
/// will say so too, if it is honest and was not restored from a backup.
fn destroy_superseded(state: &StateDir, session: &OpenedSession) {
    let transfer = session.header.transfer;
    match state.destroy_superseded(&Seen::from(&session.header)) {
        Ok(0) => {}
        Ok(destroyed) => tracing::info!(%transfer, destroyed, "keys of earlier sessions destroyed"),
        Err(error) => tracing::error!(%transfer, %error, "keys of earlier sessions cannot be destroyed yet"),
    }
}

/// Keeps rotated cookies. If that fails the session was alive all the same, and is
/// as alive as before where the app did not rotate them for good.
pub fn keep(state: &StateDir, session: &mut OpenedSession, jar: Jar) {
    let transfer = session.header.transfer;
    match session.keep(state, jar, ambient::random()) {
        Ok(true) => tracing::info!(%transfer, "rotated cookies kept"),
        Ok(false) => tracing::info!(%transfer, "the session was deleted meanwhile; nothing kept"),
        Err(error) => tracing::error!(%transfer, %error, "rotated cookies cannot be kept"),
    }
}
