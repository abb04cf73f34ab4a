//! Waiting for a trusted device to approve this one.

use std::rc::Rc;

use ferry_protocol::UnixMillis;

use super::{Asking, SetUp, trouble};
use crate::Tone;
use crate::button::{Button, Look};
use crate::dom::{El, IntoNode, Node, html};
use crate::icon::{Icon, icon, spinner};
use crate::notice::Notice;
use crate::page::{Page, Trouble, device_fingerprint};
use crate::reactive::{Derived, Var};
use crate::time;

/// A request to the person's trusted devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What both devices show.
    pub fingerprint: String,
    /// What became of it.
    pub outcome: Outcome,
    /// When it ends.
    pub until: UnixMillis,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody answered yet.
    Pending,
    /// Somebody said no.
    Denied,
    /// Nobody answered in time.
    Lapsed,
}

/// The page. It changes by itself when somebody decides.
pub fn approval_page(set_up: &SetUp, approval: Derived<Option<Waiting>>) -> El {
    let page = set_up.page;
    let failure = Var::new(None::<Trouble>);
    let [asking, sending] = [(); 2].map(|()| Asking::new(failure));
    let state = Derived::new(move || approval.get().map(|approval| approval.outcome));
    let (ask_approval, send_code) = (Rc::clone(&set_up.ask_approval), Rc::clone(&set_up.send_code));
    let part = move || {
        match state.get() {
        Some(Outcome::Pending) => pending(page, approval),
        Some(Outcome::Denied) => Notice::new(
            Tone::Bad,
            "approval-denied",
            "Somebody answered no on one of your trusted devices. If that was not you, tell your workspace's admin.",
        )
        .title("This browser was not approved.")
        .view()
        .into_node(),
        Some(Outcome::Lapsed) => Notice::new(
            Tone::Wait,
            "approval-lapsed",
            "Nobody answered within 15 minutes. Ask again when you have a trusted device at hand.",
        )
        .title("No answer.")
        .view()
        .into_node(),
        None => ().into_node(),
    }
    };
    let again = move || {
        let ask = Rc::clone(&ask_approval);
        state.with(|state| *state == Some(Outcome::Lapsed)).then(|| {
            Button::new(Look::Primary, "ask-approval", "Ask again")
                .busy(asking.busy)
                .on_click(move |_| ask(asking.start(|_| {})))
                .view()
        })
    };
    // There is a fingerprint to compare only while it is asked.
    let lead = move || {
        state.with(|state| *state == Some(Outcome::Pending)).then(|| {
            html::p().class("soft").child(
                "On a device that you trust already, open Trusted devices in Ferry (in the extension’s menu, or in the \
                 web app), and compare this fingerprint.",
            )
        })
    };
    html::section().class("narrow").test("approval").child((
        html::div().class("welcome").child((
            html::span().class("welcome-icon").child(icon(Icon::Shield)),
            page.heading("Approve this browser"),
            lead,
        )),
        html::div().class("form").child((
            part,
            trouble(failure),
            again,
            Button::new(
                Look::Quiet,
                "code-instead",
                "I don’t have access to a trusted device",
            )
            .busy(sending.busy)
            .on_click(move |_| send_code(sending.start(|_| {})))
            .view(),
            html::p().class("soft small centred").child(
                "Then you get a code by e-mail. You can close this window; it will be as you left it.",
            ),
        )),
        set_up.leave(),
    ))
}

fn pending(page: Page, approval: Derived<Option<Waiting>>) -> Node {
    let fingerprint = move || {
        approval
            .get()
            .map(|approval| device_fingerprint(&approval.fingerprint))
    };
    let left = Derived::new(move || {
        approval.with(|approval| {
            let until = approval.as_ref()?.until;
            Some(match time::left(page.now.get(), until) {
                Some(left) => format!("Waiting for your answer there, {left} at most."),
                None => "Waiting for your answer there.".to_owned(),
            })
        })
    });
    html::div()
        .class("card block approval-wait")
        .child((
            html::p().class("soft small").child("Fingerprint of this browser"),
            fingerprint,
            html::p()
                .class("soft small waiting")
                .attr("role", "status")
                .child((spinner(), html::span().child(move || left.get()))),
        ))
        .into_node()
}
