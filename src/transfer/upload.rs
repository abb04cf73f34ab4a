//! Getting a sealed session stored: the same bytes under the same identifier,
//! until the server has stored or refused them.

use ferry_bridge::TransferStep;
use ferry_client::{ApiError, Host as _};
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::session::SealedSession;
use ferry_protocol::{AccountId, TransferId};
use futures_util::future::join;

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
            session,
            cookies,
            identity,
            ..
        } = sealed;
        self.step(
            account,
            transfer,
            TransferStep::Uploading {
                cookies,
                bytes: size(&session),
            },
        );
        match self
            .ask(async |client| client.store(account, transfer, &session).await)
            .await
        {
            Ok(stored) => {
                let ended = self.end(account, transfer, TransferStep::Done { cookies, identity });
                let (listed, ended) = join(self.put_account(stored), ended).await;
                listed?;
                ended
            }
            Err(AskError::Api(error)) => match fate(&error) {
                Fate::Waits => {
                    self.platform.browser().wake_in(PATIENCE_MINUTES);
                    Err(TransferError::Waiting(error.failure().message))
                }
                Fate::Refused => self.fail(account, transfer, AskError::Api(error).into()).await,
            },
            Err(AskError::NotSignedIn) => Err(AskError::NotSignedIn.into()),
        }
    }

    async fn fail(
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

/// The size of a sealed session, in bytes.
fn size(sealed: &SealedSession) -> u64 {
    let parts = [&sealed.header, &sealed.enc, &sealed.ciphertext, &sealed.signature];
    parts.iter().map(|part| part.as_ref().len() as u64).sum()
}
