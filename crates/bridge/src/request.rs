//! What a page asks of the background.

use ferry_protocol::api::Devices;
use ferry_protocol::{AccountId, Bytes, DeviceId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{CookieStores, Inspection, State, StoreId};

/// A request and the type of its answer.
pub trait Ask: Into<Request> {
    /// What comes back.
    type Response: Serialize + DeserializeOwned;
}

/// Anything that a page asks.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// See [`GetState`].
    GetState(GetState),
    /// See [`SignIn`].
    SignIn(SignIn),
    /// See [`SetUpDevice`].
    SetUpDevice(SetUpDevice),
    /// See [`SendCode`].
    SendCode(SendCode),
    /// See [`VerifyCode`].
    VerifyCode(VerifyCode),
    /// See [`AskApproval`].
    AskApproval(AskApproval),
    /// See [`ListDevices`].
    ListDevices(ListDevices),
    /// See [`ApproveDevice`].
    ApproveDevice(ApproveDevice),
    /// See [`DenyDevice`].
    DenyDevice(DenyDevice),
    /// See [`DisableDevice`].
    DisableDevice(DisableDevice),
    /// See [`SignOut`].
    SignOut(SignOut),
    /// See [`Refresh`].
    Refresh(Refresh),
    /// See [`ListStores`].
    ListStores(ListStores),
    /// See [`Inspect`].
    Inspect(Inspect),
    /// See [`ExpectPermission`].
    ExpectPermission(ExpectPermission),
    /// See [`Share`].
    Share(Share),
    /// See [`Delete`].
    Delete(Delete),
    /// See [`Check`].
    Check(Check),
    /// See [`Dismiss`].
    Dismiss(Dismiss),
}

macro_rules! asks {
    ($($name:ident => $response:ty),* $(,)?) => {$(
        impl From<$name> for Request {
            fn from(ask: $name) -> Self {
                Self::$name(ask)
            }
        }

        impl Ask for $name {
            type Response = $response;
        }
    )*};
}

asks! {
    GetState => State,
    SignIn => State,
    SetUpDevice => State,
    SendCode => State,
    VerifyCode => State,
    AskApproval => State,
    ListDevices => Devices,
    ApproveDevice => Devices,
    DenyDevice => Devices,
    DisableDevice => Devices,
    SignOut => State,
    Refresh => State,
    ListStores => CookieStores,
    Inspect => Inspection,
    ExpectPermission => (),
    Share => State,
    Delete => State,
    Check => State,
    Dismiss => State,
}

/// The state as the background last knew it; asks no server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GetState {}

/// Signs in. The page has asked for permission to reach the server before.
#[derive(Clone, Serialize, Deserialize)]
pub struct SignIn {
    /// Base address of the workspace's server.
    pub server: String,
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
}

/// Enrols this browser as a device and has a code sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetUpDevice {
    /// What the person calls it.
    pub name: String,
}

/// Has another code sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendCode {}

/// Sends the e-mailed code.
#[derive(Clone, Serialize, Deserialize)]
pub struct VerifyCode {
    /// As typed.
    pub code: String,
}

/// Asks the person's trusted devices to approve this one, in the place of a code.
/// Events tell of the answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AskApproval {}

/// The person's devices, as the server lists them: the page computes the fingerprints
/// from the keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListDevices {}

/// Approves a device: signs its keys with this device's. The click, by a person who
/// has compared the fingerprint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApproveDevice {
    /// Which.
    pub device: DeviceId,
    /// RFC 7638 thumbprint of its sealing key, 32 bytes: with the device's identifier
    /// what the fingerprint is made of, and what is signed.
    pub sealing_key: Bytes,
}

/// Denies a device that asks for approval.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DenyDevice {
    /// Which.
    pub device: DeviceId,
}

/// Disables a device, for good; confirmed by the person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DisableDevice {
    /// Which.
    pub device: DeviceId,
}

/// Signs out and forgets the device keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignOut {}

/// The state, fetched anew from the server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refresh {}

/// The cookie stores that can be looked at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListStores {}

/// What a transfer would take, and from whom. Takes nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inspect {
    /// Of which account.
    pub account: AccountId,
    /// Out of which cookie store.
    pub store: StoreId,
}

/// The page is about to ask the browser for this account's app's domains. If the
/// browser closes the page while its prompt is open, the background goes on with
/// the transfer when the permission is granted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExpectPermission {
    /// What was clicked; `None` when nothing is to follow: the person said no, or
    /// was promised to see first what would be taken.
    pub share: Option<Share>,
}

/// Transfers the session: the click. Answers when the transfer has ended; events
/// tell how it goes. A second one for an account whose transfer runs joins it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Of which account.
    pub account: AccountId,
    /// What was agreed to just now; `None` when consent was given before.
    pub consent: Option<Agreed>,
    /// The person confirmed that nobody can tell who is signed in.
    pub accept_unknown: bool,
    /// Out of which cookie store.
    pub store: StoreId,
    /// Several are signed in, and the person chose to transfer this one alone: what
    /// belongs to the others is taken out before anything is sealed. It has to be the
    /// active one still.
    pub only: Option<String>,
    /// Who the page showed to be signed in when it was clicked: it has to be them still.
    /// `None`: it showed nobody, which is refused where somebody is found and the account
    /// names none.
    pub named: Option<String>,
}

/// What a person agreed to, as the page showed it. The account may be described
/// otherwise meanwhile: consent is to what was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// Version of the consent text.
    pub text_version: u32,
    /// The account's of [`crate::Phase::Ready::shown`].
    pub shown: Bytes,
}

/// Deletes the session from the cloud; confirmed by the person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delete {
    /// Of which account.
    pub account: AccountId,
}

/// Has the worker check the session now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Check {
    /// Of which account.
    pub account: AccountId,
}

/// The person has read how the last transfer ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dismiss {
    /// Of which account.
    pub account: AccountId,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply<T> {
    /// As asked.
    Ok(T),
    /// Not done; nothing has changed.
    Failed(Failure),
}

/// What the background tells pages without being asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The state has changed. Sent on connecting as well.
    State(Box<State>),
}

/// Why something was not done, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable, for programs and tests, such as `signed-out`.
    pub code: String,
    /// What happened and what to do, in a sentence or two.
    pub message: String,
    /// What the page can offer.
    pub remedy: Option<Remedy>,
}

/// What a page can offer after a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// Try the same again.
    Retry,
    /// Open the app's sign-in page.
    OpenSignIn {
        /// Its address.
        url: String,
    },
    /// Open the app's sign-out page.
    OpenSignOut {
        /// Its address.
        url: String,
    },
    /// Ask the browser for these origins.
    GrantPermission {
        /// Match patterns.
        origins: Vec<String>,
    },
    /// Show what would be taken and where it goes, with the risk of what nobody can
    /// tell, or with the one of several who can be chosen, and let the person decide.
    Decide,
    /// Show the consent text, and let the person agree.
    GiveConsent,
    /// Sign in to Ferry again.
    SignIn,
    /// Set up this device again.
    SetUpDevice,
}
