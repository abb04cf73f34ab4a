//! How a transfer goes and how it ended: on the card, in the details, and on the
//! transfer page.

use ferry_bridge::{Failure, TransferStep};
use ferry_protocol::AccountId;
use ferry_protocol::api::Account;
use ferry_ui::Tone;
use ferry_ui::button::{Button, Look, icon_button};
use ferry_ui::dom::{El, IntoNode, Node, html};
use ferry_ui::icon::{Icon, spinner};
use ferry_ui::notice::Notice;
use ferry_ui::reactive::Derived;
use ferry_ui::steps::steps;
use leptos::prelude::*;

use crate::ferry::{Doing, Ferry};
use crate::words;

/// What is shown of it.
#[derive(Clone, PartialEq)]
enum Shown {
    Nothing,
    Running { line: String, code: &'static str },
    Done(String),
    Failed(Failure),
}

fn shown(account: Derived<Option<Account>>) -> Derived<Shown> {
    let ferry = Ferry::here();
    Derived::new(move || {
        let Some(id) = account.with(|account| account.as_ref().map(|account| account.id)) else {
            return Shown::Nothing;
        };
        let step = ferry.transfer(id).get();
        if let Some(failure) = ferry.trouble(id).get() {
            return Shown::Failed(failure);
        }
        match step {
            Some(step) => match (words::progress(&step), words::success(&step)) {
                (Some(line), _) => Shown::Running {
                    line,
                    code: words::step_code(&step),
                },
                (None, Some(line)) => Shown::Done(line),
                (None, None) => Shown::Nothing,
            },
            None if ferry.doing.with(|doing| doing.get(&id) == Some(&Doing::Sharing)) => Shown::Running {
                line: "Starting…".to_owned(),
                code: "starting",
            },
            None => Shown::Nothing,
        }
    })
}

/// In little room: one line while it runs, a notice when it has ended.
pub(super) fn compact(account: Derived<Option<Account>>) -> Node {
    let ferry = Ferry::here();
    let shown = shown(account);
    // Announced by the page: the line below comes and goes with its live region.
    Effect::new(move |_| match shown.get() {
        Shown::Running { line, .. } => ferry.say(line),
        Shown::Done(line) => ferry.say(line),
        Shown::Nothing | Shown::Failed(_) => {}
    });
    let view = move || match shown.get() {
        Shown::Nothing => None,
        Shown::Running { line, code } => Some(
            html::div()
                .class("outcome running small")
                .test("transfer-status")
                .attr("data-step", code)
                .child((spinner(), html::span().child(line)))
                .into_node(),
        ),
        Shown::Done(line) => {
            let (title, rest) = line
                .split_once(". ")
                .map_or((line.as_str(), ""), |(title, rest)| (title, rest));
            let notice = Notice::new(Tone::Good, "transferred", rest).title(&format!("{title}."));
            Some(ended("done", account, notice.view().into_node()).into_node())
        }
        Shown::Failed(failure) => {
            Some(ended("failed", account, failed(account, &failure).into_node()).into_node())
        }
    };
    view.into_node()
}

fn ended(code: &'static str, account: Derived<Option<Account>>, notice: Node) -> El {
    let ferry = Ferry::here();
    let close = icon_button("dismiss", Icon::Close, "Dismiss", false, move |_| {
        if let Some(account) = account.get_untracked() {
            ferry.dismiss(account.id);
        }
    });
    html::div()
        .class("outcome ended")
        .test("transfer-status")
        .attr("data-step", code)
        .child((notice, close))
}

/// What went wrong, with the button that helps.
pub(super) fn failed(account: Derived<Option<Account>>, failure: &Failure) -> El {
    let ferry = Ferry::here();
    let notice = Notice::new(Tone::Bad, &failure.code, &failure.message);
    let app = account.with_untracked(|account| account.as_ref().map(|account| account.app.name.clone()));
    match (failure.remedy.clone(), app) {
        (Some(remedy), Some(app)) => {
            let words = words::remedy(&remedy, &app);
            let button = Button::new(Look::Plain, "remedy", words).on_click(move |_| {
                if let Some(account) = account.get_untracked() {
                    ferry.remedy(&remedy, &account);
                }
            });
            notice.actions(button.view()).view()
        }
        _ => notice.view(),
    }
}

/// With all the room there is: step by step.
pub(super) fn running(id: AccountId) -> El {
    let ferry = Ferry::here();
    let transfer = ferry.transfer(id);
    let line = Derived::new(move || transfer.with(|step| step.as_ref().and_then(words::progress)));
    Effect::new(move |_| {
        if let Some(line) = line.get() {
            ferry.say(line);
        }
    });
    let all = Derived::new(move || {
        transfer.with(|step| words::steps(step.as_ref().unwrap_or(&TransferStep::Reading)))
    });
    html::div()
        .class("card running-steps")
        .test("transfer-status")
        .attr("data-step", move || {
            transfer.with(|step| step.as_ref().map_or("starting", words::step_code))
        })
        .child(steps(all))
}
