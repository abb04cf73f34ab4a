//! The boxes and the button, and what is shown when it is done.

use super::*;

/// What has to be ticked, and whose session it is.
pub(super) struct Asked {
    /// The consent text has to be agreed to.
    pub consent: bool,
    /// That nobody can tell who is signed in has to be confirmed.
    pub unknown: bool,
    /// The one of several whose session is transferred alone.
    pub only: Option<String>,
}

/// The boxes and the button.
pub(super) fn review(page: Page, asked: Asked) -> Node {
    let Page {
        ferry,
        account,
        agreed,
        confirmed,
        settled,
        ..
    } = page;
    let Asked {
        consent,
        unknown,
        only,
    } = asked;
    let app = page.app_name();
    let name = account.with_untracked(|account| {
        account
            .as_ref()
            .map_or_else(String::new, |account| Clean::name(&account.name).into_string())
    });
    let risk = unknown.then(|| {
        let message = format!(
            "{app} does not show who is signed in. If it is somebody else, automation acts as them, with access to \
             everything they can see. Open {app} and look before you go on."
        );
        Notice::new(Tone::Wait, "unknown-identity", &message).title("Ferry cannot tell whose session this is").view()
    });
    let unknown_box = unknown.then(|| {
        checkbox(
            "unknown-confirm",
            format!("I looked: it is the account {name}"),
            confirmed,
        )
    });
    let consent_box =
        consent.then(|| checkbox("consent-check", "I agree to transfer my active session", agreed));
    let is_ticked = Derived::new(move || (!consent || agreed.get()) && (!unknown || confirmed.get()));
    let is_ready = Derived::new(move || is_ticked.get() && settled.get());
    // Always a line: without one, the button would move under the hand that ticks.
    let hint = Derived::new(move || match is_ticked.get() {
        true => "Nothing is sent before you click.",
        false if consent && unknown => "Tick both boxes to go on.",
        false => "Tick the box to go on.",
    });
    let chosen = only.clone();
    let (hook, words) = match only {
        Some(only) => (
            "transfer-only",
            format!("Transfer only {}", Clean::new(&only, 32).as_str()),
        ),
        None => ("consent-continue", "Transfer session".to_owned()),
    };
    let go = Button::new(Look::Primary, hook, words)
        .icon(Icon::Share)
        .disabled(Derived::new(move || !is_ready.get()))
        .on_click(move |_| {
            if let Some(account) = account.get_untracked() {
                page.change(Looks::stop);
                let choice = Choice {
                    agreed: consent,
                    accept_unknown: unknown,
                    store: page.looks.with_untracked(|looks| looks.picked.clone()),
                    only: chosen.clone(),
                    named: page.named(),
                };
                ferry.transfer_now(&account, choice);
            }
        });
    let decision = html::div().class("next decision").child((
        unknown_box,
        consent_box,
        go.view(),
        html::p().class("soft small centred").child(move || hint.get()),
    ));
    (risk, decision).into_node()
}

/// Done: who, how much, and what happens next.
pub(super) fn done(page: Page) -> El {
    let Page {
        ferry, id, account, ..
    } = page;
    let transfer = ferry.transfer(id);
    let line = Derived::new(move || transfer.with(|step| step.as_ref().and_then(words::success)));
    Effect::new(move |_| {
        if let Some(line) = line.get() {
            ferry.say(line);
        }
    });
    let details = move || {
        line.get().map(|line| {
            line.split_once(". ")
                .map_or_else(String::new, |(_, rest)| rest.to_owned())
        })
    };
    let status = status(account);
    html::div()
        .class("finished")
        .test("transfer-status")
        .attr("data-step", "done")
        .child((
            html::span().class("finished-icon").child(icon(Icon::Check)),
            heading("Session transferred."),
            html::p().child(details),
            session_chip(status),
            html::p()
                .class("soft small")
                .child(move || status.with(|status| status.meaning.clone())),
            Button::new(Look::Primary, "done", "Done")
                .on_click(move |_| {
                    ferry.dismiss(id);
                    ferry.go(Route::Accounts);
                })
                .view(),
            Button::new(Look::Quiet, "to-details", "See details")
                .on_click(move |_| {
                    ferry.dismiss(id);
                    ferry.go(Route::Details(id));
                })
                .view(),
        ))
}
