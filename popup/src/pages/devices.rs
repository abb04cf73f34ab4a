//! The person's devices: the page that popup and web app share, asking the background.

use std::rc::Rc;

use ferry_bridge::{ApproveDevice, DenyDevice, DisableDevice, ListDevices};
use ferry_ui::devices::{self, Act, Ask, Whose};
use ferry_ui::dom::El;
use leptos::task::spawn_local;

use crate::background::{AskError, ask};
use crate::ferry::{Ferry, trouble};

/// The page.
pub fn page() -> El {
    let act: Ask = Rc::new(|act, answer| {
        spawn_local(async move {
            let devices = match act {
                Act::List => ask(ListDevices {}).await,
                Act::Approve { device, sealing_key } => ask(ApproveDevice { device, sealing_key }).await,
                Act::Deny(device) => ask(DenyDevice { device }).await,
                Act::Disable(device) => ask(DisableDevice { device }).await,
            };
            answer(devices.map_err(|error: AskError| trouble(&error.into_failure())));
        });
    });
    devices::page(Ferry::here().page, Whose::Own, "Trusted devices", act)
}
