//! The person's devices: listing, approving, denying and disabling them.
//!
//! To approve is to sign the other device's keys with this one's. The page computes
//! its fingerprint from the keys that the server shows, and the person compares it:
//! a server that swaps them shows another one. What is signed is what was compared.

use ferry_bridge::{ApproveDevice, Failure};
use ferry_client::{Device as _, DeviceChange, Host as _, KeyError};
use ferry_protocol::api::Approve;
use ferry_protocol::trust::Statement;

use crate::background::{AskError, Background};
use crate::browser::Platform;
use crate::explain::Explain;

/// Why nothing was done with a device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DevicesError {
    /// The server, or the way to it.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// This device's keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

impl Explain for DevicesError {
    fn code(&self) -> &'static str {
        match self {
            Self::Ask(error) => error.code(),
            Self::Keys(_) => "device-keys",
        }
    }

    fn failure(&self) -> Failure {
        match self {
            Self::Ask(error) => error.failure(),
            Self::Keys(_) => Failure {
                code: self.code().to_owned(),
                message: self.to_string(),
                remedy: None,
            },
        }
    }
}

impl<P: Platform> Background<P> {
    /// The person's devices, after a change of one of them if that is asked:
    /// [`Devices`](ferry_protocol::api::Devices) as JSON.
    pub async fn devices(&self, change: Option<DeviceChange>) -> Result<String, AskError> {
        self.ask(async |client| client.devices(change.as_ref()).await)
            .await
    }

    /// Approves a device: signs the keys that the person compared, and no others.
    pub async fn approve_device(&self, ask: ApproveDevice) -> Result<String, DevicesError> {
        let own = self.client()?.device().clone();
        let statement = {
            let memory = self.memory();
            let session = memory.enrolment.session.as_ref();
            let me = &session.ok_or(AskError::NotSignedIn)?.me;
            Statement {
                workspace: me.workspace.id,
                user: me.user.id,
                device: ask.device,
                sealing_key: ask.sealing_key,
                approver: own.id(),
                at: self.platform.browser().now(),
            }
        };
        let signature = own.sign(&statement.message()).await?;
        let approve = Approve { statement, signature };
        Ok(self.devices(Some(DeviceChange::Approve(approve))).await?)
    }
}

#[cfg(test)]
#[path = "devices_tests.rs"]
mod tests;
