//! A person's devices: approve, deny, disable.

use std::rc::Rc;

use ferry_protocol::api::{ApprovalRequest, DeviceKind, DeviceState, Devices, ListedDevice};
use ferry_protocol::{Bytes, DeviceId, UnixMillis};

use crate::Tone;
use crate::button::{Button, Look, icon_button};
use crate::dialog::Confirm;
use crate::dom::{El, IntoNode, Node, html};
use crate::icon::{Icon, icon};
use crate::notice::Notice;
use crate::page::{Page, Trouble, device_fingerprint, fact};
use crate::reactive::{Derived, Var};
use crate::text;

/// What a person asks for on this page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// The list.
    List,
    /// To approve a device: its keys are signed with this one's.
    Approve {
        /// Which.
        device: DeviceId,
        /// RFC 7638 thumbprint of its sealing key, 32 bytes.
        sealing_key: Bytes,
    },
    /// To deny one that asks for approval.
    Deny(DeviceId),
    /// To disable one, for good.
    Disable(DeviceId),
}

/// Hears what came of it: the devices then.
pub type Answer = Box<dyn FnOnce(Result<Devices, Trouble>)>;

/// Does what is asked for.
pub type Ask = Rc<dyn Fn(Act, Answer)>;

/// Whose devices these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The person's own: they approve and deny as well.
    Own,
    /// Somebody else's, whom an admin looks after: they can be disabled.
    Others,
}

/// What this page knows.
#[derive(Clone)]
struct List {
    page: Page,
    whose: Whose,
    ask: Ask,
    list: Var<Option<Devices>>,
    failure: Var<Option<Trouble>>,
    busy: Var<bool>,
    /// The device that is about to be disabled.
    disabling: Var<Option<ListedDevice>>,
}

impl List {
    /// Asks, and shows the list that comes back; `done` is what a screen reader says.
    fn ask(&self, act: Act, done: Option<String>) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        let (page, list, failure, busy) = (self.page, self.list, self.failure, self.busy);
        let answer = move |answer: Result<Devices, Trouble>| {
            busy.set(false);
            match answer {
                Ok(devices) => {
                    list.set(Some(devices));
                    if let Some(done) = done {
                        page.say(done);
                    }
                }
                Err(trouble) => failure.set(Some(trouble)),
            }
        };
        (self.ask)(act, Box::new(answer));
    }
}

/// The page; `title` is its heading.
pub fn page<M>(page: Page, whose: Whose, title: impl IntoNode<M>, ask: Ask) -> El {
    let list = List {
        page,
        whose,
        ask,
        list: Var::new(None),
        failure: Var::new(None),
        busy: Var::new(false),
        disabling: Var::new(None),
    };
    list.ask(Act::List, None);
    let (devices, failure, busy) = (list.list, list.failure, list.busy);
    let failed = move || {
        failure
            .get()
            .map(|failure| Notice::new(Tone::Bad, &failure.code, &failure.message).view())
    };
    let count = Derived::new(move || {
        devices.with(|list| {
            list.as_ref().map(|list| {
                let trusted = list
                    .devices
                    .iter()
                    .filter(|device| device.state == DeviceState::Trusted);
                format!("{} of {} in use", trusted.count(), list.most)
            })
        })
    });
    let dialog = disable_dialog(&list);
    let refresh = list.clone();
    let shown = move || match devices.get() {
        Some(devices) => groups(&list, devices),
        None => loading(failure),
    };
    html::section().test("devices").child((
        html::div().class("page-head").child((
            page.heading(title),
            html::span()
                .class("soft small one-line")
                .child(move || count.get()),
            icon_button("refresh-devices", Icon::Refresh, "Refresh", busy, move |_| {
                refresh.ask(Act::List, None)
            }),
        )),
        failed,
        shown,
        dialog,
    ))
}

fn loading(failure: Var<Option<Trouble>>) -> Node {
    let ghost = move || {
        failure.with(Option::is_none).then(|| {
            html::div()
                .class("cards")
                .attr("aria-hidden", "true")
                .child(html::div().class("card ghost"))
        })
    };
    ghost.into_node()
}

/// Those that wait for an answer, those in use, and those that are disabled.
fn groups(list: &List, devices: Devices) -> Node {
    let is_empty = devices.devices.is_empty();
    let own_trust = devices
        .devices
        .iter()
        .find(|device| device.this_device)
        .and_then(|own| own.trusted_at);
    // What a device approved that was disabled since, may be approved by another one.
    let names: Vec<_> = devices
        .devices
        .iter()
        .filter(|device| device.state != DeviceState::Disabled)
        .map(|device| (device.id, text::Clean::name(&device.name).into_string()))
        .collect();
    let (asking, rest): (Vec<_>, Vec<_>) = devices
        .devices
        .into_iter()
        .partition(|device| device.request.is_some());
    let (disabled, in_use): (Vec<_>, Vec<_>) = rest
        .into_iter()
        .partition(|device| device.state == DeviceState::Disabled);
    let asking = asking.into_iter().filter_map(|device| {
        let request = device.request.clone()?;
        Some(asks(list, device, &request))
    });
    let in_use = in_use.into_iter().map(|device| {
        let approver = names.iter().find(|(id, _)| Some(*id) == device.approved_by);
        used(list, device, own_trust, approver.map(|(_, name)| name.as_str()))
    });
    let past = (!disabled.is_empty()).then(|| {
        let rows = disabled.iter().map(|device| past(list.page, device));
        html::details().class("past").test("disabled-devices").child((
            html::summary().child(text::count(
                disabled.len() as u64,
                "disabled device",
                "disabled devices",
            )),
            html::ul().child(rows.collect::<Vec<_>>()),
        ))
    });
    let none = is_empty.then(|| {
        html::p()
            .class("soft")
            .test("no-devices")
            .child("No device has been set up yet.")
    });
    (
        none,
        html::div().class("cards").child(asking.collect::<Vec<_>>()),
        html::ul().class("cards").child(in_use.collect::<Vec<_>>()),
        past,
    )
        .into_node()
}

/// A device that asks for approval.
fn asks(list: &List, device: ListedDevice, request: &ApprovalRequest) -> El {
    let name = text::Clean::name(&device.name).into_string();
    let (deny, asker) = (Act::Deny(device.id), list.clone());
    let (denied, approved) = (format!("{name} was denied."), format!("{name} is trusted now."));
    if list.whose == Whose::Others {
        let words = "Asks its owner’s trusted devices to be trusted.";
        return html::section()
            .class("card block device")
            .test("asking-device")
            .child((title(&device, None), html::p().class("soft small").child(words)));
    }
    let from = if request.ip.is_empty() {
        "an unknown address"
    } else {
        &request.ip
    };
    let approve = approve_button(list, &device, approved);
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
                fact("Asked", list.page.when(request.asked_at)),
            )),
            html::div().class("actions").child((
                approve,
                Button::new(Look::Plain, "deny-device", "Deny")
                    .disabled(list.busy)
                    .on_click(move |_| asker.ask(deny.clone(), Some(denied.clone())))
                    .view(),
            )),
        ))
}

fn approve_button(list: &List, device: &ListedDevice, approved: String) -> El {
    // All of it from the keys, as the fingerprint is: the server may call them anything.
    let approve = Act::Approve {
        device: device.keys.id(),
        sealing_key: device.keys.sealing_key.thumbprint().into(),
    };
    let asker = list.clone();
    Button::new(Look::Primary, "approve-device", "Approve")
        .icon(Icon::Check)
        .busy(list.busy)
        .on_click(move |_| asker.ask(approve.clone(), Some(approved.clone())))
        .view()
}

/// A device that is trusted, or on its way there. One that came later than this one by a
/// code alone may be vouched for: until then the cloud opens no session of it.
fn used(list: &List, device: ListedDevice, own_trust: Option<UnixMillis>, approver: Option<&str>) -> El {
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
    let is_own = list.whose == Whose::Own;
    let vouch = (is_own && approver.is_none() && !device.this_device && is_later).then(|| {
        let name = text::Clean::name(&device.name).into_string();
        html::details().class("past vouch").test("vouch").child((
            html::summary().child("No device in use has approved it yet"),
            html::p().class("soft small").child(
                "The cloud opens sessions from it only when a device that you trusted before has approved it. Open \
                 Trusted devices in Ferry there, and compare the fingerprint of that browser. It must be this one:",
            ),
            device_fingerprint(&device.keys.fingerprint().to_string()),
            approve_button(list, &device, format!("You approved {name}.")),
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
    let (asked, disabling) = (device.clone(), list.disabling);
    let disable = (!device.this_device).then(|| {
        let label = format!("Disable {}", text::Clean::name(&device.name).as_str());
        icon_button("disable-device", Icon::Trash, label, list.busy, move |_| {
            disabling.set(Some(asked.clone()))
        })
    });
    let used = device.last_seen_at.map(|at| {
        html::p()
            .class("soft small")
            .child(("Last used ", list.page.when(at)))
    });
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

fn past(page: Page, device: &ListedDevice) -> El {
    let since = device.disabled_at.map(|at| {
        html::span()
            .class("soft small")
            .child((" disabled ", page.when(at)))
    });
    html::li()
        .test("disabled-device")
        .child((text::name(&device.name), since))
}

fn disable_dialog(list: &List) -> El {
    let disabling = list.disabling;
    let open = Derived::new(move || disabling.with(Option::is_some));
    // The words stay while the dialog closes.
    let shown = Var::new(None::<ListedDevice>);
    leptos::prelude::Effect::new(move |_| {
        if let Some(device) = disabling.get() {
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
    let asker = list.clone();
    let disable = move || {
        if let Some(device) = shown.get_untracked() {
            let said = format!("{} is disabled.", text::Clean::name(&device.name).as_str());
            asker.ask(Act::Disable(device.id), Some(said));
        }
    };
    confirm.view(open, disable, move || disabling.set(None))
}
