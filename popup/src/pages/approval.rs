//! Waiting for a trusted device to approve this one.

use ferry_bridge::{Approval, ApprovalState, AskApproval, Failure, Phase, SendCode};
use ferry_ui::Tone;
use ferry_ui::button::{Button, Look};
use ferry_ui::dom::{El, IntoNode, Node, html};
use ferry_ui::icon::{Icon, icon, spinner};
use ferry_ui::notice::Notice;
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::time;

use super::set_up::{leave, trouble};
use super::{device_fingerprint, heading};
use crate::ferry::Ferry;

/// The page. It changes by itself when somebody decides.
pub fn page() -> El {
    let ferry = Ferry::here();
    let approval = ferry.pick(|phase| match phase {
        Phase::SetUp { approval, .. } => approval.clone(),
        _ => None,
    });
    let failure = Var::new(None::<Failure>);
    let [asking, sending] = [(); 2].map(|()| Var::new(false));
    let state = Derived::new(move || approval.get().map(|approval| approval.state));
    let ask = move || {
        failure.set(None);
        asking.set(true);
        ferry.ask_state(AskApproval {}, move |failed| {
            asking.set(false);
            failure.set(failed);
        });
    };
    let send = move || {
        failure.set(None);
        sending.set(true);
        ferry.ask_state(SendCode {}, move |failed| {
            sending.set(false);
            failure.set(failed);
        });
    };
    let part = move || {
        match state.get() {
        Some(ApprovalState::Pending) => pending(approval),
        Some(ApprovalState::Denied) => Notice::new(
            Tone::Bad,
            "approval-denied",
            "Somebody answered no on one of your trusted devices. If that was not you, tell your workspace's admin.",
        )
        .title("This browser was not approved.")
        .view()
        .into_node(),
        Some(ApprovalState::Lapsed) => Notice::new(
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
        state
            .with(|state| *state == Some(ApprovalState::Lapsed))
            .then(|| {
                Button::new(Look::Primary, "ask-approval", "Ask again")
                    .busy(asking)
                    .on_click(move |_| ask())
                    .view()
            })
    };
    html::section().class("narrow").test("approval").child((
        html::div().class("welcome").child((
            html::span().class("welcome-icon").child(icon(Icon::Shield)),
            heading("Approve this browser"),
            html::p().class("soft").child(
                "On a browser that you trust already, open Ferry’s menu, then Trusted devices, and compare this \
                 fingerprint.",
            ),
        )),
        html::div().class("form").child((
            part,
            trouble(failure),
            again,
            Button::new(Look::Quiet, "code-instead", "I don’t have access to a trusted device")
                .busy(sending)
                .on_click(move |_| send())
                .view(),
            html::p()
                .class("soft small centred")
                .child("Then you get a code by e-mail. You can close this window; it will be as you left it."),
        )),
        leave(),
    ))
}

fn pending(approval: Derived<Option<Approval>>) -> Node {
    let ferry = Ferry::here();
    let fingerprint = move || {
        approval
            .get()
            .map(|approval| device_fingerprint(&approval.fingerprint))
    };
    let left = Derived::new(move || {
        approval.with(|approval| {
            let until = approval.as_ref()?.until;
            Some(match time::left(ferry.now.get(), until) {
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
