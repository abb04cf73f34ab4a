//! Signing in and out, setting this browser up, and the person's devices.

use std::rc::Rc;

use ferry_client::device_name;
use ferry_client::keys::DeviceKeys;
use ferry_client::{
    ApiError, BrowserHost, BrowserKeyring, Client, Device, DeviceChange, Host as _, Keyring as _,
};
use ferry_protocol::UnixMillis;
use ferry_protocol::api::{
    AcceptInvitation, ApprovalState, Approve, AskApproval, DeviceKind, DeviceState, Devices, EnrolDevice, Me,
    SignIn, SignedIn, VerifyCode,
};
use ferry_protocol::device::{Fingerprint, sealing_key_message};
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::trust::Statement;
use ferry_ui::devices::{Act, Answer};
use ferry_ui::page::{Done, Trouble};
use ferry_ui::set_up::{Outcome, Waiting};
use leptos::prelude::window;
use leptos::task::spawn_local;
use zeroize::Zeroizing;

use crate::app::{App, AskError, WebClient};
use crate::keep;

/// After a failure, it is asked again so much later, in milliseconds; and a server
/// that says *pending* sooner than this did not wait.
const PAUSE_MS: u32 = 2_000;

/// The server's base address: that which this page came from.
fn base() -> String {
    window().location().origin().unwrap_or_default()
}

fn user_agent() -> String {
    window().navigator().user_agent().unwrap_or_default()
}

/// A name to suggest for this browser.
pub fn suggested_name(me: &Me) -> String {
    match &me.device {
        Some(device) => device.name.clone(),
        // The extension of this browser is a device of its own, and has the shorter name.
        None => format!("{} web app", device_name::suggest(&me.user.name, &user_agent())),
    }
}

/// The session has ended, as people are told.
pub fn ended() -> Trouble {
    Trouble {
        code: "signed-out".to_owned(),
        message: "Your sign-in to Ferry has ended. Sign in again to go on.".to_owned(),
    }
}

fn knock(keys: DeviceKeys, token: Option<String>) -> Rc<WebClient> {
    let token = token.map(Zeroizing::new);
    Rc::new(Client::new(Rc::new(BrowserHost), base(), Rc::new(keys), token))
}

/// Signs in with the device keys that belong to this person: those that are kept, or new
/// ones for another person, or for a device that was disabled. Keys are given up only for
/// somebody who could sign in.
async fn arrive(credentials: &SignIn, email: &str) -> Result<(Rc<WebClient>, SignedIn), ApiError> {
    let first = sign_in_with_kept_keys(credentials).await;
    let is_disabled = match &first {
        Ok((_, signed_in)) => {
            let device = signed_in.me.device.as_ref();
            device.is_some_and(|device| device.state == DeviceState::Disabled)
        }
        Err(error) => error.problem() == Some(ProblemCode::DeviceDisabled),
    };
    let is_of_another = first.is_ok() && keep::owner().is_some_and(|owner| owner != email);
    if !is_disabled && !is_of_another {
        return first;
    }
    BrowserKeyring.forget().await?;
    sign_in_with_kept_keys(credentials).await
}

async fn sign_in_with_kept_keys(credentials: &SignIn) -> Result<(Rc<WebClient>, SignedIn), ApiError> {
    let client = knock(BrowserKeyring.load_or_create().await?, None);
    let signed_in = client.sign_in(credentials).await?;
    Ok((client, signed_in))
}

impl App {
    /// Takes up the session that was kept, if there is one. As long as the server
    /// cannot be asked, nobody knows whether it is still good, and it is kept.
    pub fn restore(self) {
        self.notice.set(None);
        spawn_local(async move {
            let restored = self.try_restore().await;
            let is_unknown = matches!(&restored, Err(AskError::Api(error)) if error.is_passing());
            if let Err(error) = restored
                && self.notice.with_untracked(Option::is_none)
            {
                self.notice.set(Some(error.trouble()));
            }
            self.loading.set(is_unknown && keep::session().is_some());
        });
    }

    async fn try_restore(self) -> Result<(), AskError> {
        let Some(session) = keep::session() else {
            return Ok(());
        };
        let keys = BrowserKeyring.load().await?;
        let Some(keys) = keys.filter(|_| BrowserHost.now() < session.expires_at) else {
            self.end_session(Some(ended()));
            return Ok(());
        };
        self.set_client(Some(knock(keys, Some(session.token.clone()))), &session.token);
        self.later.set(session.later);
        let me = self.ask(async |client| client.me().await).await?;
        self.code
            .set(session.code.filter(|code| BrowserHost.now() < code.expires_at));
        if let Some(until) = session.approval_until {
            self.wait_for_approval(until);
        }
        self.now_is(me);
        Ok(())
    }

    /// What the server says of who is signed in, and what follows.
    fn now_is(self, me: Me) {
        let is_trusted = me
            .device
            .as_ref()
            .is_some_and(|device| device.state == DeviceState::Trusted);
        self.me.set(Some(me));
        if is_trusted {
            self.code.set(None);
            self.approval.set(None);
            self.keep(|session| {
                session.later = false;
                session.code = None;
                session.approval_until = None;
            });
            self.refresh();
        }
    }

    fn keep(self, change: impl FnOnce(&mut keep::Session)) {
        if let Some(mut session) = keep::session()
            && self.is_own(&session)
        {
            change(&mut session);
            keep::keep_session(&session);
        }
    }

    /// Signs in.
    pub fn sign_in(self, email: String, password: String, done: Done) {
        spawn_local(async move {
            let credentials = SignIn {
                email: email.trim().to_owned(),
                password,
            };
            done(
                self.try_sign_in(&credentials)
                    .await
                    .err()
                    .map(|error| error.trouble()),
            );
        });
    }

    async fn try_sign_in(self, credentials: &SignIn) -> Result<(), AskError> {
        let email = credentials.email.to_ascii_lowercase();
        let (client, signed_in) = arrive(credentials, &email).await?;
        keep::keep_owner(&email);
        self.set_client(Some(client), &signed_in.access_token);
        keep::keep_session(&keep::Session {
            token: signed_in.access_token,
            expires_at: signed_in.expires_at,
            later: false,
            code: None,
            approval_until: None,
        });
        self.notice.set(None);
        self.later.set(false);
        self.now_is(signed_in.me);
        Ok(())
    }

    /// Signs out. This browser stays a trusted device of the person's: it can sign in
    /// again with the password.
    pub fn sign_out(self) {
        spawn_local(async move {
            // What the server does not hear of ends by itself.
            let _ = self.ask(async |client| client.sign_out().await).await;
            self.end_session(None);
        });
    }

    /// Accepts an invitation: sets the password.
    pub fn accept_invitation(self, accept: AcceptInvitation, done: Done) {
        spawn_local(async move {
            let accepted = async {
                let client = knock(BrowserKeyring.load_or_create().await?, None);
                client.accept_invitation(&accept).await
            };
            done(
                accepted
                    .await
                    .err()
                    .map(|error: ApiError| AskError::from(error).trouble()),
            );
        });
    }

    /// Puts the set-up off.
    pub fn remind_later(self) {
        self.later.set(true);
        self.keep(|session| session.later = true);
    }

    /// Goes on with the set-up.
    pub fn set_up_now(self) {
        self.later.set(false);
        self.keep(|session| session.later = false);
    }

    /// Enrols this browser under a name, and has a code sent or asks the trusted
    /// devices: whichever the person has.
    pub fn set_up(self, name: String, done: Done) {
        spawn_local(async move { done(self.try_set_up(name).await.err().map(|error| error.trouble())) });
    }

    async fn try_set_up(self, name: String) -> Result<(), AskError> {
        let client = self.client().ok_or(AskError::NotSignedIn)?;
        let device = Rc::clone(client.device());
        let message = sealing_key_message(&device.id(), device.sealing_key());
        let enrol = EnrolDevice {
            name,
            kind: DeviceKind::Web,
            sealing_key: *device.sealing_key(),
            sealing_key_signature: Device::sign(&*device, &message).await?,
        };
        let me = self.ask(async |client| client.enrol(&enrol).await).await?;
        self.me.set(Some(me));
        match self.try_ask_approval().await {
            // Nobody could answer: the first device is verified by a code.
            Err(AskError::Api(error)) if error.problem() == Some(ProblemCode::NoTrustedDevice) => {
                self.try_send_code().await
            }
            asked => asked,
        }
    }

    /// Has a code sent.
    pub fn send_code(self, done: Done) {
        spawn_local(async move { done(self.try_send_code().await.err().map(|error| error.trouble())) });
    }

    async fn try_send_code(self) -> Result<(), AskError> {
        let sent = self.ask(async |client| client.send_code().await).await?;
        self.approval.set(None);
        self.keep(|session| {
            session.approval_until = None;
            session.code = Some(sent.clone());
        });
        self.code.set(Some(sent));
        Ok(())
    }

    /// Sends the code that came.
    pub fn verify(self, code: String, done: Done) {
        spawn_local(async move {
            let verify = VerifyCode { code };
            let verified = self.ask(async |client| client.verify_code(&verify).await).await;
            done(match verified {
                Ok(me) => {
                    self.now_is(me);
                    None
                }
                Err(error) => Some(error.trouble()),
            });
        });
    }

    /// Asks the trusted devices.
    pub fn ask_approval(self, done: Done) {
        spawn_local(async move { done(self.try_ask_approval().await.err().map(|error| error.trouble())) });
    }

    async fn try_ask_approval(self) -> Result<(), AskError> {
        let browser = device_name::browser_on_system(&user_agent());
        let ask = AskApproval { browser };
        let answer = self.ask(async |client| client.ask_approval(&ask).await).await?;
        let until = answer.until.unwrap_or(UnixMillis(0));
        self.keep(|session| {
            session.approval_until = Some(until);
            session.code = None;
        });
        self.code.set(None);
        self.wait_for_approval(until);
        Ok(())
    }

    /// Shows that it is waited, and waits: the server answers when somebody decides.
    fn wait_for_approval(self, until: UnixMillis) {
        let Some(client) = self.client() else { return };
        let device = Rc::clone(client.device());
        self.approval.set(Some(Waiting {
            fingerprint: Fingerprint::new(&device.id(), device.sealing_key()).to_string(),
            outcome: Outcome::Pending,
            until,
        }));
        spawn_local(async move {
            while self.is_waiting(&client) {
                let asked_at = BrowserHost.now();
                let answer = client.approval().await;
                if !self.is_waiting(&client) {
                    return;
                }
                match answer.map(|answer| answer.state) {
                    Ok(ApprovalState::Approved) => match self.ask(async |client| client.me().await).await {
                        Ok(me) => return self.now_is(me),
                        Err(error) => self.notice.set(Some(error.trouble())),
                    },
                    Ok(ApprovalState::Denied) => self.approval_is(Outcome::Denied),
                    Ok(ApprovalState::NotAsked) => self.approval_is(Outcome::Lapsed),
                    Ok(ApprovalState::Pending) if BrowserHost.now().0 - asked_at.0 > i64::from(PAUSE_MS) => {
                        continue;
                    }
                    Ok(ApprovalState::Pending) => {}
                    Err(error) => {
                        if error.problem().is_some() {
                            // It says so of whoever is signed in: the next request shows it.
                            let _ = self.ask(async |client| client.me().await).await;
                        }
                    }
                }
                gloo_timers::future::TimeoutFuture::new(PAUSE_MS).await;
            }
        });
    }

    fn is_waiting(self, client: &Rc<WebClient>) -> bool {
        let is_pending = self.approval.with_untracked(|approval| {
            approval
                .as_ref()
                .is_some_and(|one| one.outcome == Outcome::Pending)
        });
        is_pending && self.client().is_some_and(|now| Rc::ptr_eq(&now, client))
    }

    fn approval_is(self, outcome: Outcome) {
        self.approval.update(|approval| {
            if let Some(approval) = approval {
                approval.outcome = outcome;
            }
        });
    }

    /// Does with the person's devices what a page asks for.
    pub fn devices(self, act: Act, answer: Answer) {
        spawn_local(async move {
            answer(self.try_devices(act).await.map_err(|error| error.trouble()));
        });
    }

    async fn try_devices(self, act: Act) -> Result<Devices, AskError> {
        let change = match act {
            Act::List => None,
            Act::Deny(device) => Some(DeviceChange::Deny(device)),
            Act::Disable(device) => Some(DeviceChange::Disable(device)),
            Act::Approve { device, sealing_key } => {
                let client = self.client().ok_or(AskError::NotSignedIn)?;
                let own = Rc::clone(client.device());
                let (user, workspace) = self
                    .me
                    .with_untracked(|me| me.as_ref().map(|me| (me.user.id, me.workspace.id)))
                    .ok_or(AskError::NotSignedIn)?;
                let statement = Statement {
                    workspace,
                    user,
                    device,
                    sealing_key,
                    approver: own.id(),
                    at: BrowserHost.now(),
                };
                let signature = Device::sign(&*own, &statement.message()).await?;
                Some(DeviceChange::Approve(Approve { statement, signature }))
            }
        };
        self.ask(async |client| client.list_devices(change.as_ref()).await)
            .await
    }
}

/// For a page that shows what went wrong.
impl From<AskError> for Trouble {
    fn from(error: AskError) -> Self {
        error.trouble()
    }
}
