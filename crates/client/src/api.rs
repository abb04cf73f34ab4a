//! The requests of the server's API, each with its proof (RFC 9449).

mod call;
mod error;
mod manage;

use std::rc::Rc;

use ferry_protocol::api::{
    AcceptInvitation, Account, Accounts, ApprovalAnswer, Approve, AskApproval, BeginTransfer, CodeSent,
    Consent, Devices, EnrolDevice, GiveConsent, Me, SignIn, SignedIn, TransferOffer, VerifyCode,
};
use ferry_protocol::{AccountId, DeviceId, TransferId, UnixMillis};
use zeroize::Zeroizing;

pub use call::Client;
pub use error::ApiError;

use crate::{Device, Host, Method};
use call::Call;

/// Limit for most requests, in milliseconds.
const TIMEOUT_MS: u32 = 20_000;
/// Limit for answers that the server waits with, in milliseconds.
const WAIT_TIMEOUT_MS: u32 = 40_000;
/// Limit for uploads of up to 4 MiB, in milliseconds.
const UPLOAD_TIMEOUT_MS: u32 = 120_000;

/// What a person does with a device of theirs.
pub enum DeviceChange {
    /// Approves the one that the statement names.
    Approve(Approve),
    /// Denies it.
    Deny(DeviceId),
    /// Disables it, for good.
    Disable(DeviceId),
}

impl<H: Host, D: Device> Client<H, D> {
    /// A client of the server at `base` (without a slash at the end), for this
    /// device; `token` is the access token of an earlier [`Self::sign_in`].
    pub fn new(host: Rc<H>, base: String, device: Rc<D>, token: Option<Zeroizing<String>>) -> Self {
        Self::with_token(host, base, device, token)
    }

    /// `POST /v1/sign-in`. From then on this client is signed in.
    pub async fn sign_in(&self, credentials: &SignIn) -> Result<SignedIn, ApiError> {
        let call = Call {
            anonymous: true,
            ..Call::new(Method::Post, "/v1/sign-in".to_owned())
        };
        let signed_in: SignedIn = self.call(call.body(credentials)).await?;
        self.set_token(Some(Zeroizing::new(signed_in.access_token.clone())));
        Ok(signed_in)
    }

    /// `POST /v1/sign-out`.
    pub async fn sign_out(&self) -> Result<(), ApiError> {
        self.call_for_nothing(Call::new(Method::Post, "/v1/sign-out".to_owned()))
            .await?;
        self.set_token(None);
        Ok(())
    }

    /// `GET /v1/me`.
    pub async fn me(&self) -> Result<Me, ApiError> {
        self.call(Call::new(Method::Get, "/v1/me".to_owned())).await
    }

    /// `PUT /v1/device`.
    pub async fn enrol(&self, device: &EnrolDevice) -> Result<Me, ApiError> {
        self.call(Call::new(Method::Put, "/v1/device".to_owned()).body(device))
            .await
    }

    /// `POST /v1/device/code`.
    pub async fn send_code(&self) -> Result<CodeSent, ApiError> {
        self.call(Call::new(Method::Post, "/v1/device/code".to_owned()))
            .await
    }

    /// `POST /v1/device/verify`.
    pub async fn verify_code(&self, code: &VerifyCode) -> Result<Me, ApiError> {
        self.call(Call::new(Method::Post, "/v1/device/verify".to_owned()).body(code))
            .await
    }

    /// `POST /v1/device/approval`.
    pub async fn ask_approval(&self, ask: &AskApproval) -> Result<ApprovalAnswer, ApiError> {
        self.call(Call::new(Method::Post, "/v1/device/approval".to_owned()).body(ask))
            .await
    }

    /// `GET /v1/device/approval`: while that is pending, the server answers when
    /// somebody decides, or after 25 seconds.
    pub async fn approval(&self) -> Result<ApprovalAnswer, ApiError> {
        self.call(Call {
            timeout_ms: WAIT_TIMEOUT_MS,
            ..Call::new(Method::Get, "/v1/device/approval".to_owned())
        })
        .await
    }

    /// `GET /v1/devices`, or a change of one of them; the devices then:
    /// [`Devices`] as JSON, which is for pages to read.
    pub async fn devices(&self, change: Option<&DeviceChange>) -> Result<String, ApiError> {
        self.call_for_json(devices_call(change)).await
    }

    /// As [`Self::devices`], read.
    pub async fn list_devices(&self, change: Option<&DeviceChange>) -> Result<Devices, ApiError> {
        self.call(devices_call(change)).await
    }

    /// `POST /v1/invitation/accept`.
    pub async fn accept_invitation(&self, accept: &AcceptInvitation) -> Result<(), ApiError> {
        let call = Call {
            anonymous: true,
            ..Call::new(Method::Post, "/v1/invitation/accept".to_owned())
        };
        self.call_for_nothing(call.body(accept)).await
    }

    /// `GET /v1/accounts`.
    pub async fn accounts(&self) -> Result<Vec<Account>, ApiError> {
        let answer: Accounts = self
            .call(Call::new(Method::Get, "/v1/accounts".to_owned()))
            .await?;
        Ok(answer.accounts)
    }

    /// As [`Self::accounts`]; and if the server has a newer catalogue than this one,
    /// `GET /v1/catalogue`: a
    /// [`SignedCatalogue`](ferry_protocol::catalogue::SignedCatalogue) as JSON, unless
    /// that cannot be fetched.
    pub async fn accounts_and_catalogue(
        &self,
        known: Option<UnixMillis>,
    ) -> Result<(Vec<Account>, Option<String>), ApiError> {
        let answer: Accounts = self
            .call(Call::new(Method::Get, "/v1/accounts".to_owned()))
            .await?;
        let catalogue = if answer.catalogue > known {
            let call = Call::new(Method::Get, "/v1/catalogue".to_owned());
            self.call_for_json(call).await.ok()
        } else {
            None
        };
        Ok((answer.accounts, catalogue))
    }

    /// `GET /v1/accounts/{account}`.
    pub async fn account(&self, account: AccountId) -> Result<Account, ApiError> {
        self.call(Call::new(Method::Get, format!("/v1/accounts/{account}")))
            .await
    }

    /// `POST /v1/accounts/{account}/consents`.
    pub async fn give_consent(&self, account: AccountId, text_version: u32) -> Result<Consent, ApiError> {
        let call = Call::new(Method::Post, format!("/v1/accounts/{account}/consents"));
        self.call(call.body(&GiveConsent { text_version })).await
    }

    /// `POST /v1/accounts/{account}/transfers`. Asking again for the same
    /// transfer gives the same key.
    pub async fn begin_transfer(
        &self,
        account: AccountId,
        transfer: TransferId,
    ) -> Result<TransferOffer, ApiError> {
        let call = Call::new(Method::Post, format!("/v1/accounts/{account}/transfers"));
        self.call(call.body(&BeginTransfer { transfer })).await
    }

    /// `PUT /v1/accounts/{account}/transfers/{transfer}`; `sealed` is a
    /// [`SealedSession`](ferry_protocol::session::SealedSession) as JSON. Sending the
    /// same bytes again is answered as the first time.
    pub async fn store(
        &self,
        account: AccountId,
        transfer: TransferId,
        sealed: String,
    ) -> Result<Account, ApiError> {
        let call = Call::new(
            Method::Put,
            format!("/v1/accounts/{account}/transfers/{transfer}"),
        );
        self.call(Call {
            timeout_ms: UPLOAD_TIMEOUT_MS,
            body: Some(Rc::new(Zeroizing::new(sealed.into_bytes()))),
            ..call
        })
        .await
    }

    /// `DELETE /v1/accounts/{account}/session`.
    pub async fn delete_session(&self, account: AccountId) -> Result<Account, ApiError> {
        self.call(Call::new(
            Method::Delete,
            format!("/v1/accounts/{account}/session"),
        ))
        .await
    }

    /// `POST /v1/accounts/{account}/session/check`.
    pub async fn check_session(&self, account: AccountId) -> Result<Account, ApiError> {
        self.call(Call::new(
            Method::Post,
            format!("/v1/accounts/{account}/session/check"),
        ))
        .await
    }
}

fn devices_call(change: Option<&DeviceChange>) -> Call {
    let post = |device, what| Call::new(Method::Post, format!("/v1/devices/{device}/{what}"));
    match change {
        None => Call::new(Method::Get, "/v1/devices".to_owned()),
        Some(DeviceChange::Approve(approve)) => post(approve.statement.device, "approve").body(approve),
        Some(DeviceChange::Deny(device)) => post(*device, "deny"),
        Some(DeviceChange::Disable(device)) => post(*device, "disable"),
    }
}

#[cfg(test)]
mod tests;
