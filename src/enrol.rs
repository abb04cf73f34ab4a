//! Signing in and out, and setting this browser up as a trusted device.

use std::rc::Rc;

use ferry_bridge::{Failure, ServerAddress, ServerAddressError, SetUpDevice, SignIn, VerifyCode};
use ferry_client::{ApiError, Device, KeyError, Keyring};
use ferry_protocol::api::{self, DeviceKind, DeviceState, EnrolDevice, Me, SignedIn};
use ferry_protocol::device::sealing_key_message;
use ferry_protocol::problem::ProblemCode;

use crate::background::{AskError, Background, PlatformClient};
use crate::browser::Platform;
use crate::explain::Explain;
use crate::records::{ACCOUNTS, AccessToken, AccountList, Enrolment, Owner, Session};
use crate::store::{Store, StoreError, Table};
use crate::trust::Trust;

/// Longest device name, in characters.
const MAX_DEVICE_NAME: usize = 100;

/// Why nobody was signed in, or the device was not set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrolError {
    /// The address makes no sense.
    #[error(transparent)]
    Address(#[from] ServerAddressError),
    /// E-mail or password were left empty.
    #[error("Enter your e-mail address and your password.")]
    Incomplete,
    /// The name is empty or too long.
    #[error("Give this device a name of 1 to 100 characters.")]
    Name,
    /// There are no device keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The server, or the way to it.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Nothing can be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ApiError> for EnrolError {
    fn from(error: ApiError) -> Self {
        Self::Ask(error.into())
    }
}

impl Explain for EnrolError {
    fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "server-address",
            Self::Incomplete => "incomplete",
            Self::Name => "device-name",
            Self::Keys(_) => "device-keys",
            Self::Ask(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn failure(&self) -> Failure {
        match self {
            Self::Ask(error) => error.failure(),
            _ => Failure {
                code: self.code().to_owned(),
                message: self.to_string(),
                remedy: None,
            },
        }
    }
}

/// A client, and what it was told on signing in.
struct Arrival<P: Platform> {
    client: Rc<PlatformClient<P>>,
    signed_in: SignedIn,
}

impl<P: Platform> Background<P> {
    /// Signs in. What was kept of another person, or of another server, is
    /// forgotten once the new one is in.
    pub async fn sign_in(self: &Rc<Self>, ask: SignIn) -> Result<(), EnrolError> {
        let server: ServerAddress = ask.server.parse()?;
        let email = ask.email.trim().to_owned();
        if email.is_empty() || ask.password.is_empty() {
            return Err(EnrolError::Incomplete);
        }
        let owner = Owner {
            server: server.clone(),
            email: email.to_ascii_lowercase(),
        };
        let credentials = api::SignIn {
            email: email.clone(),
            password: ask.password,
        };
        let arrival = self.arrive(&owner, &credentials).await?;
        let session = Session {
            token: AccessToken(arrival.signed_in.access_token),
            expires_at: arrival.signed_in.expires_at,
            me: arrival.signed_in.me,
            code: None,
            approval: None,
        };
        {
            let mut memory = self.memory.borrow_mut();
            memory.client = Some(arrival.client);
            memory.stale = None;
        }
        self.update_enrolment(|enrolment| {
            enrolment.server = Some(server);
            enrolment.email = Some(email);
            enrolment.owner = Some(owner);
            enrolment.session = Some(session);
            enrolment.notice = None;
        })
        .await?;
        self.now_trusted().await?;
        Ok(())
    }

    /// Signs in with the device keys that belong to this person: those that are
    /// kept, or new ones for another person, or for a device that was disabled.
    async fn arrive(&self, owner: &Owner, credentials: &api::SignIn) -> Result<Arrival<P>, EnrolError> {
        let kept_for = self.memory().enrolment.owner.clone();
        let first = self.knock(owner, credentials).await;
        let disabled = match &first {
            Ok(arrival) => is_disabled(&arrival.signed_in.me),
            Err(EnrolError::Ask(AskError::Api(error))) => {
                error.problem() == Some(ProblemCode::DeviceDisabled)
            }
            Err(_) => false,
        };
        let of_another = first.is_ok() && kept_for.is_some_and(|kept| kept != *owner);
        if of_another {
            self.forget_everything().await?;
        } else if disabled {
            self.platform.keyring().forget().await?;
        } else {
            return first;
        }
        self.knock(owner, credentials).await
    }

    async fn knock(&self, owner: &Owner, credentials: &api::SignIn) -> Result<Arrival<P>, EnrolError> {
        let device = Rc::new(self.platform.keyring().load_or_create().await?);
        let client = self.client_for(&owner.server, device, None);
        let signed_in = client.sign_in(credentials).await?;
        Ok(Arrival { client, signed_in })
    }

    /// Enrols this browser, and has a code sent.
    pub async fn set_up_device(self: &Rc<Self>, ask: SetUpDevice) -> Result<(), EnrolError> {
        let name = ask.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > MAX_DEVICE_NAME {
            return Err(EnrolError::Name);
        }
        let me = self
            .ask(async |client| {
                let device = client.device();
                let sealing_key = *device.sealing_key();
                let message = sealing_key_message(&device.id(), &sealing_key);
                let enrol = EnrolDevice {
                    name,
                    kind: DeviceKind::Extension,
                    sealing_key,
                    sealing_key_signature: device.sign(&message).await?,
                };
                client.enrol(&enrol).await
            })
            .await?;
        self.update_session(|session| session.me = me).await?;
        if self.is_trusted() {
            return Ok(self.now_trusted().await?);
        }
        self.send_code().await
    }

    /// Has another code sent.
    pub async fn send_code(&self) -> Result<(), EnrolError> {
        let code = self.ask(async |client| client.send_code().await).await?;
        // The request to other devices stays, but is not what the person waits for.
        Ok(self
            .update_session(|session| {
                session.code = Some(code);
                session.approval = None;
            })
            .await?)
    }

    /// Sends the e-mailed code. If it is right, this browser is a trusted device.
    pub async fn verify_code(self: &Rc<Self>, ask: VerifyCode) -> Result<(), EnrolError> {
        let code = api::VerifyCode {
            code: ask.code.trim().to_owned(),
        };
        let me = self.ask(async |client| client.verify_code(&code).await).await?;
        Ok(self.verified(me).await?)
    }

    /// This device is a trusted one from now on, if the server says so.
    pub(crate) async fn verified(self: &Rc<Self>, me: Me) -> Result<(), StoreError> {
        self.update_session(|session| {
            session.me = me;
            session.code = None;
            session.approval = None;
        })
        .await?;
        self.now_trusted().await
    }

    /// Signs out, and forgets the device keys, the agreements, a click that waits for
    /// its permission, and everything cached. Server and e-mail address stay, for the
    /// next time, and so does the pin of the vault: a server that could have it
    /// forgotten could put a vault of its own in the place of the pinned one.
    pub async fn sign_out(&self) -> Result<(), EnrolError> {
        let client = self.memory.borrow_mut().client.take();
        if let Some(client) = client {
            // The server may be gone for good; this browser forgets all the same,
            // and without the key the token is of no use to anybody.
            let _ = client.sign_out().await;
        }
        self.forget_everything().await
    }

    async fn forget_everything(&self) -> Result<(), EnrolError> {
        self.platform.keyring().forget().await?;
        self.forget_transfers().await?;
        self.forget_accounts().await?;
        self.forget_click().await;
        self.update_trust(Trust::forget_agreements).await?;
        self.update_enrolment(|enrolment| {
            *enrolment = Enrolment {
                server: enrolment.server.take(),
                email: enrolment.email.take(),
                ..Enrolment::default()
            };
        })
        .await?;
        Ok(())
    }

    async fn forget_accounts(&self) -> Result<(), StoreError> {
        {
            let mut memory = self.memory.borrow_mut();
            memory.accounts = AccountList::default();
            memory.stale = None;
        }
        self.platform.store().remove(Table::Records, ACCOUNTS).await
    }

    /// What follows once this device is trusted: the pin, the accounts, and
    /// transfers that waited for the person to sign in again.
    async fn now_trusted(self: &Rc<Self>) -> Result<(), StoreError> {
        if self.is_trusted() {
            self.pin_vault().await?;
            self.fetch_accounts().await?;
            self.follow_catalogue().await?;
            self.resume().await;
        }
        Ok(())
    }

    /// Changes the session, if there is one still.
    pub(crate) async fn update_session(&self, change: impl FnOnce(&mut Session)) -> Result<(), StoreError> {
        self.update_enrolment(|enrolment| {
            if let Some(session) = &mut enrolment.session {
                change(session);
            }
        })
        .await
    }

    /// The server ended the session: the person has to sign in again. The device
    /// keys stay, and with them the trust.
    pub(crate) async fn end_session(&self, notice: Failure) {
        self.memory.borrow_mut().client = None;
        let forgotten = self.forget_accounts().await;
        let ended = self
            .update_enrolment(|enrolment| {
                enrolment.session = None;
                enrolment.notice = Some(notice);
            })
            .await;
        // If this was not kept, the next start finds the same out anew.
        let _ = forgotten.and(ended);
    }

    /// The device was disabled, or its keys are gone: it can only be set up anew,
    /// with new keys. The pin stays: the vault is the same.
    pub(crate) async fn end_enrolment(&self, notice: Failure) {
        // As above: what could not be forgotten is refused by the server.
        let keys = self.platform.keyring().forget().await;
        let transfers = self.forget_transfers().await;
        let _ = (keys, transfers);
        self.end_session(notice).await;
    }

    /// The server says that this device is not set up.
    pub(crate) async fn distrust(&self) {
        // If this was not kept, the next start finds the same out anew.
        let _ = self.update_session(|session| session.me.device = None).await;
    }
}

fn is_disabled(me: &Me) -> bool {
    me.device
        .as_ref()
        .is_some_and(|device| device.state == DeviceState::Disabled)
}

#[cfg(test)]
#[path = "enrol_tests.rs"]
mod tests;
