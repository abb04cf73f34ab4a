//! Every state that the popup can be in, as the preview and the tests show it.
//!
//! `preview/scenes.json` is made from these by
//! `cargo test -p ferry-popup --test scenes_file -- --ignored`.

mod accounts;
mod list;
mod share;

use ferry_bridge::{
    Approval, ApprovalState, CookieStores, Failure, Inspection, Phase, Profile, Remedy, State, Transfer,
    TransferStep,
};
use ferry_protocol::api::{
    Account, CodeSent, DeviceKind, DeviceState, Devices, ListedDevice, User, Workspace,
};
use ferry_protocol::device::sealing_key_message;
use ferry_protocol::signature::SigningKey;
use ferry_protocol::trust::DeviceKeys;
use ferry_protocol::{AccountId, Bytes, UnixMillis, UserId, WorkspaceId};
use serde::Serialize;

pub(crate) use accounts::*;
pub(crate) use list::all;
pub(crate) use share::*;

/// The time in every scene: 2026-05-12T09:30:00Z.
pub(crate) const NOW: UnixMillis = UnixMillis(1_778_578_200_000);
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

pub(crate) const FINGERPRINT: &str = "3F9A 07C2 D41E 88B5 60FA 1B73 C9E4 25D8";

/// A state of the popup, and how to get there.
#[derive(Clone, Serialize)]
pub(crate) struct Scene {
    pub name: &'static str,
    /// The page, as the address's `#…`.
    pub hash: String,
    /// What the background says.
    pub state: State,
    /// Nothing was kept, and the background does not answer.
    pub silent: bool,
    /// What it answers to *Inspect*.
    pub inspection: Option<Inspection>,
    /// The cookie stores, where there are several.
    pub stores: Option<CookieStores>,
    /// What it answers to *Inspect* for each of them; one without an answer hangs.
    pub looks: Vec<Inspection>,
    /// The person's devices.
    pub devices: Option<Devices>,
    /// Requests that fail, by their name.
    pub failing: Vec<(&'static str, Failure)>,
    /// Requests that are never answered.
    pub hanging: Vec<&'static str>,
    /// Whether the browser has granted the apps' domains.
    pub granted: bool,
    /// What the person answers when the browser asks.
    pub(crate) allows: bool,
    /// In Firefox.
    pub firefox: bool,
    /// A web page had it opened.
    pub for_web_page: bool,
    pub now: UnixMillis,
    /// What the person does then.
    pub acts: Vec<Act>,
}

/// Something that a person does.
#[derive(Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Act {
    /// Clicks the first element with this `data-testid`.
    Click(&'static str),
    /// Types into the element with this `data-testid`.
    Type(&'static str, &'static str),
}

impl Scene {
    pub(crate) fn new(name: &'static str, phase: Phase) -> Self {
        Self {
            name,
            hash: "#/".to_owned(),
            state: State {
                phase,
                transfers: Vec::new(),
            },
            silent: false,
            inspection: None,
            stores: None,
            looks: Vec::new(),
            devices: None,
            failing: Vec::new(),
            hanging: Vec::new(),
            granted: true,
            allows: true,
            firefox: false,
            for_web_page: false,
            now: NOW,
            acts: Vec::new(),
        }
    }

    pub(crate) fn at(mut self, hash: String) -> Self {
        self.hash = hash;
        self
    }

    pub(crate) fn transfer(mut self, account: AccountId, step: TransferStep) -> Self {
        self.state.transfers.push(Transfer {
            account,
            started: NOW,
            step,
        });
        self
    }

    pub(crate) fn inspection(mut self, inspection: Inspection) -> Self {
        self.inspection = Some(inspection);
        self
    }

    pub(crate) fn stores(mut self, stores: CookieStores, looks: Vec<Inspection>) -> Self {
        (self.stores, self.looks) = (Some(stores), looks);
        self
    }

    pub(crate) fn devices(mut self, devices: Vec<ListedDevice>) -> Self {
        self.devices = Some(Devices { devices, most: 20 });
        self
    }

    pub(crate) fn failing(mut self, ask: &'static str, failure: Failure) -> Self {
        self.failing.push((ask, failure));
        self
    }

    pub(crate) fn hanging(mut self, ask: &'static str) -> Self {
        self.hanging.push(ask);
        self
    }

    pub(crate) fn click(mut self, hook: &'static str) -> Self {
        self.acts.push(Act::Click(hook));
        self
    }

    pub(crate) fn typing(mut self, hook: &'static str, text: &'static str) -> Self {
        self.acts.push(Act::Type(hook, text));
        self
    }
}

pub(crate) fn failure(code: &str, message: &str, remedy: Option<Remedy>) -> Failure {
    Failure {
        code: code.to_owned(),
        message: message.to_owned(),
        remedy,
    }
}

pub(crate) fn profile() -> Profile {
    Profile {
        server: "https://ferry.acme.example".to_owned(),
        user: User {
            id: UserId::new(NOW, [1; 10]),
            email: "alice@acme.example".to_owned(),
            name: "Alice Okafor".to_owned(),
        },
        workspace: Workspace {
            id: WorkspaceId::new(NOW, [2; 10]),
            name: "Acme".to_owned(),
        },
    }
}

pub(crate) fn signed_out(notice: Option<Failure>) -> Phase {
    Phase::SignedOut {
        server: None,
        email: None,
        notice,
    }
}

pub(crate) fn set_up(code: Option<CodeSent>) -> Phase {
    Phase::SetUp {
        profile: profile(),
        suggested_name: "Alice’s device - Linux/Chrome".to_owned(),
        code,
        approval: None,
    }
}

pub(crate) fn approving(state: ApprovalState, until: UnixMillis) -> Phase {
    Phase::SetUp {
        profile: profile(),
        suggested_name: "Alice’s device - Linux/Chrome".to_owned(),
        code: None,
        approval: Some(Approval {
            fingerprint: "7K3M-0QX9-A1BC-YT5W-88ZH".to_owned(),
            state,
            until,
        }),
    }
}

fn keys(n: u8) -> DeviceKeys {
    let key = |n| SigningKey::generate([n; 32]).unwrap();
    let (device, sealing_key) = (key(n), key(n + 100).public());
    let message = sealing_key_message(&device.public().device_id(), &sealing_key);
    DeviceKeys {
        device_key: device.public(),
        sealing_key,
        sealing_key_signature: device.sign(&message),
    }
}

/// A trusted device, the n-th that there was.
pub(crate) fn device(n: u8, name: &str) -> ListedDevice {
    ListedDevice {
        id: keys(n).id(),
        name: name.to_owned(),
        kind: DeviceKind::Extension,
        state: DeviceState::Trusted,
        this_device: false,
        enrolled_at: NOW.plus(-30 * DAY),
        trusted_at: Some(NOW.plus(-30 * DAY + i64::from(n) * HOUR)),
        disabled_at: None,
        last_seen_at: Some(NOW.plus(-i64::from(n) * HOUR)),
        approved_by: Some(keys(1).id()),
        request: None,
        keys: keys(n),
    }
}

pub(crate) fn code_sent(expires_at: UnixMillis) -> CodeSent {
    CodeSent {
        to: "a•••@acme.example".to_owned(),
        expires_at,
    }
}

pub(crate) fn ready(accounts: Vec<Account>) -> Phase {
    with_vault(accounts, Some(FINGERPRINT))
}

/// Before the worker has signed in for the first time.
pub(crate) fn no_vault(accounts: Vec<Account>) -> Phase {
    with_vault(accounts, None)
}

fn with_vault(accounts: Vec<Account>, fingerprint: Option<&str>) -> Phase {
    Phase::Ready {
        profile: profile(),
        device_name: "Alice’s device - Linux/Chrome".to_owned(),
        vault_fingerprint: fingerprint.map(str::to_owned),
        shown: (1..).map(|n| Bytes(vec![n; 32])).take(accounts.len()).collect(),
        accounts,
        fetched_at: NOW.plus(-20_000),
        stale: None,
    }
}
