//! The person's devices: approve, deny, disable.

use ferry_bridge::{ApproveDevice, Ask, DenyDevice, DisableDevice, Failure, ListDevices};
use ferry_protocol::UnixMillis;
use ferry_protocol::api::{ApprovalRequest, DeviceKind, DeviceState, Devices, ListedDevice};
use ferry_ui::Tone;
use ferry_ui::button::{Button, Look, icon_button};
use ferry_ui::dialog::Confirm;
use ferry_ui::dom::{El, IntoNode, Node, html};
use ferry_ui::icon::{Icon, icon};
use ferry_ui::notice::Notice;
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::text;
use leptos::task::spawn_local;

use super::{device_fingerprint, fact, heading, when};
use crate::background::ask;
use crate::ferry::Ferry;

/// What this page knows.
#[derive(Clone, Copy)]
struct Page {
    ferry: Ferry,
    list: Var<Option<Devices>>,
    failure: Var<Option<Failure>>,
    busy: Var<bool>,
    /// The device that is about to be disabled.
    disabling: Var<Option<ListedDevice>>,
}

impl Page {
    /// Asks, and shows the list that comes back; `done` is what a screen reader says.
    fn ask(self, request: impl Ask<Response = Devices> + 'static, done: Option<String>) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        spawn_local(async move {
            let answer = ask(request).await;
            self.busy.set(false);
            match answer {
                Ok(list) => {
                    self.list.set(Some(list));
                    if let Some(done) = done {
                        self.ferry.say(done);
                    }
                }
                Err(error) => self.failure.set(Some(error.into_failure())),
            }
        });
    }
}

/// The page.
pub fn page() -> El {
    let page = Page {
        ferry: Ferry::here(),
        list: Var::new(None),
        failure: Var::new(None),
        busy: Var::new(false),
        disabling: Var::new(None),
    };
    page.ask(ListDevices {}, None);
    let failure = move || {
        page.failure
            .get()
            .map(|failure| Notice::new(Tone::Bad, &failure.code, &failure.message).view())
    };
    let count = Derived::new(move || {
        page.list.with(|list| {
            list.as_ref().map(|list| {
                let trusted = list
                    .devices
                    .iter()
                    .filter(|device| device.state == DeviceState::Trusted);
                format!("{} of {} in use", trusted.count(), list.most)
            })
        })
    });
    let list = move || match page.list.get() {
        Some(list) => groups(page, list),
        None => loading(page),
    };
    html::section().test("devices").child((
        html::div().class("page-head").child((
            heading("Trusted devices"),
            html::span()
                .class("soft small one-line")
                .child(move || count.get()),
            icon_button(
                "refresh-devices",
                Icon::Refresh,
                "Refresh",
                page.busy,
                move |_| page.ask(ListDevices {}, None),
            ),
        )),
        failure,
        list,
        disable_dialog(page),
    ))
}

fn loading(page: Page) -> Node {
    let ghost = move || {
        page.failure.with(Option::is_none).then(|| {
            html::div()
                .class("cards")
                .attr("aria-hidden", "true")
                .child(html::div().class("card ghost"))
        })
    };
    ghost.into_node()
}

/// Those that wait for an answer, those in use, and those that are disabled.
fn groups(page: Page, list: Devices) -> Node {
    let own_trust = list
        .devices
        .iter()
        .find(|device| device.this_device)
        .and_then(|own| own.trusted_at);
    // What a device approved that was disabled since, may be approved by another one.
    let names: Vec<_> = list
        .devices
        .iter()
        .filter(|device| device.state != DeviceState::Disabled)
        .map(|device| (device.id, text::Clean::name(&device.name).into_string()))
        .collect();
    let (asking, rest): (Vec<_>, Vec<_>) = list
        .devices
        .into_iter()
        .partition(|device| device.request.is_some());
    let (disabled, in_use): (Vec<_>, Vec<_>) = rest
        .into_iter()
        .partition(|device| device.state == DeviceState::Disabled);
    let asking = asking.into_iter().filter_map(|device| {
        let request = device.request.clone()?;
        Some(asks(page, device, &request))
    });
    let in_use = in_use.into_iter().map(|device| {
        let approver = names.iter().find(|(id, _)| Some(*id) == device.approved_by);
        used(page, device, own_trust, approver.map(|(_, name)| name.as_str()))
    });
    let past = (!disabled.is_empty()).then(|| {
        let rows = disabled.iter().map(past);
        html::details().class("past").test("disabled-devices").child((
            html::summary().child(text::count(
                disabled.len() as u64,
                "disabled device",
                "disabled devices",
            )),
            html::ul().child(rows.collect::<Vec<_>>()),
        ))
    });
    (
        html::div().class("cards").child(asking.collect::<Vec<_>>()),
        html::ul().class("cards").child(in_use.collect::<Vec<_>>()),
        past,
    )
        .into_node()
}

/// A device that asks for approval.
fn asks(page: Page, device: ListedDevice, request: &ApprovalRequest) -> El {
    let name = text::Clean::name(&device.name).into_string();
    let deny = DenyDevice { device: device.id };
    let (denied, approved) = (format!("{name} was denied."), format!("{name} is trusted now."));
    let from = if request.ip.is_empty() {
        "an unknown address"
    } else {
        &request.ip
    };
    let approve = approve_button(page, &device, approved);
    html::section()
        .class("card block device asking")
        .test("asking-device")
        .attr("aria-label", format!("{name} asks to be trusted"))
        .child((
            title(&device, None),
            html::p().child((
                html::strong().child("Asks to be trusted. "),
                "Approve it only if you are setting it up yourself, and it shows this very fingerprint:",
            )),
            device_fingerprint(&device.keys.fingerprint().to_string()),
            html::dl().class("facts").child((
                fact("Browser", text::name(&request.browser)),
                fact("From", text::name(from)),
                fact("Asked", when(request.asked_at)),
            )),
            html::div().class("actions").child((
                approve,
                Button::new(Look::Plain, "deny-device", "Deny")
                    .disabled(page.busy)
                    .on_click(move |_| page.ask(deny.clone(), Some(denied.clone())))
                    .view(),
            )),
        ))
}

fn approve_button(page: Page, device: &ListedDevice, approved: String) -> El {
    // All of it from the keys, as the fingerprint is: the server may call them anything.
    let approve = ApproveDevice {
        device: device.keys.id(),
        sealing_key: device.keys.sealing_key.thumbprint().into(),
    };
    Button::new(Look::Primary, "approve-device", "Approve")
        .icon(Icon::Check)
        .busy(page.busy)
        .on_click(move |_| page.ask(approve.clone(), Some(approved.clone())))
        .view()
}

/// A device that is trusted, or on its way there. One that came later than this one by a code alone may be vouched
/// for: until then the cloud opens no session of it.
fn used(page: Page, device: ListedDevice, own_trust: Option<UnixMillis>, approver: Option<&str>) -> El {
    let is_trusted = device.state == DeviceState::Trusted;
    let is_later = is_trusted && device.trusted_at > own_trust && own_trust.is_some();
    let line = if !is_trusted {
        Some("Not set up yet".to_owned())
    } else {
        approver.map(|name| format!("Approved by {name}"))
    };
    let line = line.map(|line| {
        html::p()
            .class("soft small one-line")
            .test("standing")
            .child(line)
    });
    let vouch = (approver.is_none() && !device.this_device && is_later).then(|| {
        let name = text::Clean::name(&device.name).into_string();
        html::details().class("past vouch").test("vouch").child((
            html::summary().child("No device in use has approved it yet"),
            html::p().class("soft small").child(
                "The cloud opens sessions from it only when a device that you trusted before has approved it. Open Ferry’s \
                 menu there, then Trusted devices, and compare the fingerprint of that browser. It must be this one:",
            ),
            device_fingerprint(&device.keys.fingerprint().to_string()),
            approve_button(page, &device, format!("You approved {name}.")),
        ))
    });
    let own = device.this_device.then(|| {
        html::details().class("past").test("own-fingerprint").child((
            html::summary().child("Fingerprint of this browser"),
            device_fingerprint(&device.keys.fingerprint().to_string()),
        ))
    });
    let chip = device.this_device.then(|| {
        html::span()
            .class(format!("chip {}", Tone::Good.class()))
            .test("this-device")
            .child((
                icon(Icon::Check),
                html::span().class("chip-text").child("This browser"),
            ))
    });
    let asked = device.clone();
    let disable = (!device.this_device).then(|| {
        let label = format!("Disable {}", text::Clean::name(&device.name).as_str());
        icon_button("disable-device", Icon::Trash, label, page.busy, move |_| {
            page.disabling.set(Some(asked.clone()))
        })
    });
    let used = device
        .last_seen_at
        .map(|at| html::p().class("soft small").child(("Last used ", when(at))));
    let hook = if is_trusted {
        "trusted-device"
    } else {
        "unset-device"
    };
    html::li().class("card block device").test(hook).child((
        html::div()
            .class("device-head")
            .child((title(&device, chip), disable)),
        line,
        used,
        vouch,
        own,
    ))
}

fn title(device: &ListedDevice, chip: Option<El>) -> El {
    let kind = match device.kind {
        DeviceKind::Extension => "Extension",
        DeviceKind::Web => "Web app",
    };
    html::div().class("device-title").child((
        html::h2().class("one-line").child(text::name(&device.name)),
        html::span().class("soft small").child(kind),
        chip,
    ))
}

fn past(device: &ListedDevice) -> El {
    let since = device
        .disabled_at
        .map(|at| html::span().class("soft small").child((" disabled ", when(at))));
    html::li()
        .test("disabled-device")
        .child((text::name(&device.name), since))
}

fn disable_dialog(page: Page) -> El {
    let open = Derived::new(move || page.disabling.with(Option::is_some));
    // The words stay while the dialog closes.
    let shown = Var::new(None::<ListedDevice>);
    leptos::prelude::Effect::new(move |_| {
        if let Some(device) = page.disabling.get() {
            shown.set(Some(device));
        }
    });
    let name = move || shown.get().map(|device| text::name(&device.name));
    let confirm = Confirm {
        title: ("Disable ", name, "?").into_node(),
        message: "Its access ends at once, for good. To use Ferry there again, it is set up anew. Sessions that it \
                  transferred stay in the cloud."
            .into_node(),
        yes: "Disable it",
        hook: "disable-confirm",
    };
    let disable = move || {
        if let Some(device) = shown.get_untracked() {
            let said = format!("{} is disabled.", text::Clean::name(&device.name).as_str());
            page.ask(DisableDevice { device: device.id }, Some(said));
        }
    };
    confirm.view(open, disable, move || page.disabling.set(None))
}
