//! Getting a sealed session stored: the same bytes under the same identifier,
//! until the server has stored or refused them.

use ferry_bridge::TransferStep;
use ferry_client::{ApiError, Host as _};
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::{AccountId, TransferId};

use super::TransferError;
use crate::background::{AskError, Background};
use crate::browser::{Browser as _, Platform};
use crate::explain::Explain as _;
use crate::records::Sealed;

/// How long until the next try, in minutes.
const PATIENCE_MINUTES: f64 = 1.0;

/// What an answer means for a sealed session.
enum Fate {
    /// It may be stored later.
    Waits,
    /// It will never be.
    Refused,
}

impl<P: Platform> Background<P> {
    /// Has the browser start the background again, should it stop it before the upload has
    /// ended: nobody may open a page that would. Not where nobody is signed in: whoever signs
    /// in resumes what waits.
    pub(super) fn come_back(&self) {
        if self.client().is_ok() {
            self.platform.browser().wake_in(PATIENCE_MINUTES);
        }
    }

    /// Uploads what is sealed.
    pub(super) async fn upload(
        &self,
        account: AccountId,
        transfer: TransferId,
        sealed: Sealed,
    ) -> Result<(), TransferError> {
        if self.memory().enrolment.owner.as_ref() != Some(&sealed.owner) {
            return Err(AskError::NotSignedIn.into());
        }
        if self.platform.browser().now() > sealed.expires_at {
            return self.fail(account, transfer, TransferError::Outdated).await;
        }
        let Sealed {
            body,
            cookies,
            entries,
            identity,
            ..
        } = sealed;
        self.step(
            account,
            transfer,
            TransferStep::Uploading {
                cookies,
                entries,
                bytes: body.len() as u64,
            },
        );
        match self
            .ask(async |client| client.store(account, transfer, body).await)
            .await
        {
            Ok(stored) => {
                let done = TransferStep::Done {
                    cookies,
                    entries,
                    identity,
                };
                self.end_stored(stored, transfer, done).await
            }
            Err(AskError::Api(error)) => match fate(&error) {
                Fate::Waits => {
                    self.come_back();
                    Err(TransferError::Waiting(error.failure().message))
                }
                Fate::Refused => self.fail(account, transfer, AskError::Api(error).into()).await,
            },
            Err(AskError::NotSignedIn) => Err(AskError::NotSignedIn.into()),
        }
    }

    /// Ends a transfer that is not stored.
    pub(super) async fn fail(
        &self,
        account: AccountId,
        transfer: TransferId,
        error: TransferError,
    ) -> Result<(), TransferError> {
        self.end(
            account,
            transfer,
            TransferStep::Failed {
                failure: error.failure(),
            },
        )
        .await?;
        Err(error)
    }
}

/// Whether another try can succeed. An answer that is not the API's own is no
/// refusal: something between here and the server gave it.
fn fate(error: &ApiError) -> Fate {
    match error {
        ApiError::Network(_) | ApiError::Unexpected { .. } | ApiError::Key(_) => Fate::Waits,
        ApiError::Problem(problem) => match problem.code {
            // The person signs in again with the same keys, and it goes on.
            ProblemCode::InvalidToken
            // Clock and nonce can be set right.
            | ProblemCode::InvalidDpopProof
            | ProblemCode::UseDpopNonce => Fate::Waits,
            _ if error.is_passing() => Fate::Waits,
            _ => Fate::Refused,
        },
    }
}
