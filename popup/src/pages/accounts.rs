//! The list of accounts.

use ferry_bridge::Phase;
use ferry_protocol::AccountId;
use ferry_protocol::api::{Account, Role};
use ferry_ui::Tone;
use ferry_ui::account::status;
use ferry_ui::button::{Button, Look, icon_button};
use ferry_ui::chip::session_chip;
use ferry_ui::dom::{El, Handle, IntoNode, Node, html, keyed};
use ferry_ui::icon::{Icon, icon};
use ferry_ui::notice::Notice;
use ferry_ui::person::tile;
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::session;
use ferry_ui::text::{self, Clean};
use ferry_ui::time;
use leptos::prelude::Effect;

use super::{heading, outcome};
use crate::ferry::{Doing, Ferry};
use crate::route::Route;

/// From so many accounts on, there is a field to find one.
const MANY: usize = 8;

/// The page.
pub fn page() -> El {
    let ferry = Ferry::here();
    let accounts = ferry.pick(|phase| match phase {
        Phase::Ready { accounts, .. } => Some(accounts.clone()),
        _ => None,
    });
    let wanted = Var::new(String::new());
    let is_many =
        Derived::new(move || accounts.with(|all| all.as_ref().is_some_and(|all| all.len() >= MANY)));
    let shown = Derived::new(move || {
        let wanted = lower(wanted.get().trim());
        let matches = |account: &&Account| {
            wanted.is_empty()
                || lower(&format!("{} {}", account.name, text::account_line(account))).contains(&wanted)
        };
        accounts.with(|all| {
            all.iter()
                .flatten()
                .filter(matches)
                .map(|account| account.id)
                .collect::<Vec<_>>()
        })
    });
    let is_empty = Derived::new(move || accounts.with(|all| all.as_ref().is_some_and(Vec::is_empty)));
    let cards = keyed(move || shown.get(), card);
    html::section().test("accounts").child((
        html::div().class("page-head").child((
            heading("Accounts"),
            fetched(),
            icon_button(
                "refresh",
                Icon::Refresh,
                "Refresh",
                ferry.is_refreshing(),
                move |_| ferry.refresh(),
            ),
        )),
        stale(),
        move || is_many.get().then(|| find(wanted)),
        html::ul().class("cards").child(cards),
        move || is_empty.get().then(empty),
        move || {
            (is_many.get() && shown.with(Vec::is_empty)).then(|| {
                html::p()
                    .class("soft centred")
                    .attr("role", "status")
                    .child("No account has this name.")
            })
        },
    ))
}

/// In lower case, as the browser has it: it knows all letters anyway.
fn lower(text: &str) -> String {
    js_sys::JsString::from(text).to_locale_lower_case(None).into()
}

fn find(wanted: Var<String>) -> El {
    html::div().class("find").child((
        icon(Icon::Search),
        html::input()
            .attr("type", "search")
            .class("input")
            .test("find")
            .attr("aria-label", "Find an account")
            .attr("placeholder", "Find an account")
            .attr("maxlength", "80")
            .bind_text(wanted),
    ))
}

fn fetched() -> El {
    let ferry = Ferry::here();
    let at = ferry.pick(|phase| match phase {
        Phase::Ready { fetched_at, .. } => Some(*fetched_at),
        _ => None,
    });
    let words = Derived::new(move || {
        // The page's clock ticks now and then, and lags behind the background's.
        at.get()
            .map(|at| format!("Updated {}", time::relative(ferry.now.get().max(at), at)))
    });
    html::span()
        .class("soft small one-line")
        .child(move || words.get())
}

/// The list is old, and why.
fn stale() -> Node {
    let ferry = Ferry::here();
    let stale = ferry.pick(|phase| match phase {
        Phase::Ready { stale, .. } => stale.clone(),
        _ => None,
    });
    let view = move || {
        stale.get().map(|failure| {
            let again = Button::new(Look::Plain, "retry", "Try again")
                .busy(ferry.is_refreshing())
                .on_click(move |_| ferry.refresh());
            Notice::new(Tone::Wait, &failure.code, &failure.message)
                .title("This list may be out of date")
                .actions(again.view())
                .view()
        })
    };
    view.into_node()
}

fn empty() -> El {
    html::div().class("empty").test("empty").child((
        html::span().class("empty-icon").child(icon(Icon::Empty)),
        html::h2().child("No accounts yet"),
        html::p()
            .class("soft")
            .child("An admin of your workspace adds the accounts whose sessions you can transfer. They show up here."),
    ))
}

/// One account: what it is, how its session is, and what can be done.
fn card(id: AccountId) -> El {
    let account = Ferry::here().account(id);
    html::li()
        .class("card account")
        .test("account-card")
        .attr("data-account", id.to_string())
        .child(move || {
            // Built anew when its words change; the buttons, which can have the
            // focus, are not part of it.
            account
                .with(|account| account.as_ref().map(|account| account.name.clone()))
                .map(|name| {
                    (
                        html::div()
                            .class("account-row")
                            .child((summary(account, &name), actions(account))),
                        outcome::compact(account),
                    )
                })
        })
}

fn summary(account: Derived<Option<Account>>, name: &str) -> Node {
    let line = Derived::new(move || account.with(|account| account.as_ref().map(text::account_line)));
    let key = account.with_untracked(|account| {
        account
            .as_ref()
            .map(|account| (account.id, account.app.id.to_string()))
    });
    let (app_name, hash, app_id) = match (key, line.get_untracked()) {
        (Some((id, app)), Some(line)) => (line, Route::Details(id).hash(), app),
        _ => (String::new(), Route::Accounts.hash(), String::new()),
    };
    let shown = Clean::name(name).into_string();
    (
        tile(&app_name, &app_id),
        html::div().class("account-text").child((
            html::h2().class("one-line").child(
                html::a()
                    .class("account-link")
                    .attr("href", hash)
                    .test("details-open")
                    .attr("title", shown)
                    .child(text::name(name)),
            ),
            html::p()
                .class("soft small one-line")
                .child(html::bdi().child(move || line.get())),
            session_chip(status(account)),
        )),
    )
        .into_node()
}

/// The *Share* and *Delete* icons; none for those who only look.
pub(super) fn actions(account: Derived<Option<Account>>) -> Node {
    let ferry = Ferry::here();
    let is_owner = Derived::new(move || {
        account.with(|account| account.as_ref().is_some_and(|one| one.role == Role::Owner))
    });
    let has_session = Derived::new(move || {
        account.with(|account| {
            account
                .as_ref()
                .is_some_and(|one| session::stored(&one.session).is_some())
        })
    });
    let view = move || {
        let account_now = account.get_untracked().filter(|_| is_owner.get())?;
        let id = account_now.id;
        let name = Clean::name(&account_now.name).into_string();
        let share = {
            let name = name.clone();
            move || match has_session.get() {
                true => format!("Transfer the session of {name} again"),
                false => format!("Share: transfer the session of {name}"),
            }
        };
        let is_deleting =
            Derived::new(move || ferry.doing.with(|doing| doing.get(&id) == Some(&Doing::Deleting)));
        let share_handle = Handle::new();
        let share_button = icon_button("share", Icon::Share, share, ferry.is_sharing(id), move |_| {
            if let Some(account) = account.get_untracked() {
                ferry.share_clicked(&account);
            }
        })
        .handle(&share_handle);
        // The button that had the focus is gone with the session.
        Effect::new(move |_| {
            if ferry.deleted.get() == Some(id) {
                ferry.deleted.set(None);
                share_handle.focus();
            }
        });
        let delete_button = move || {
            has_session.get().then(|| {
                let label = format!("Delete the session of {name}");
                icon_button("delete", Icon::Trash, label, is_deleting, move |_| {
                    ferry.deleting.set(Some(id))
                })
            })
        };
        Some(
            html::div()
                .class("account-actions")
                .child((share_button, delete_button)),
        )
    };
    view.into_node()
}
