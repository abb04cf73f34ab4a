//! One account: its session, what may be read, and where it goes.

use ferry_bridge::Phase;
use ferry_protocol::AccountId;
use ferry_protocol::api::{Account, Role};
use ferry_ui::account::{meaning, only_owners, session_facts, status, title};
use ferry_ui::button::{Button, Look};
use ferry_ui::chip::session_chip;
use ferry_ui::dom::{El, IntoNode, Node, html};
use ferry_ui::icon::{Icon, icon};
use ferry_ui::reactive::Derived;
use ferry_ui::session;
use ferry_ui::text;

use super::accounts::actions;
use super::{fact, fingerprint, heading, outcome, site_list, when};
use crate::ferry::{Doing, Ferry};
use crate::route::Route;
use crate::words;

/// The page.
pub fn page(id: AccountId) -> El {
    let account = Ferry::here().account(id);
    let is_there = Derived::new(move || account.with(Option::is_some));
    html::section()
        .test("details")
        .attr("data-account", id.to_string())
        .child(move || {
            if is_there.get() {
                details(account).into_node()
            } else {
                gone().into_node()
            }
        })
}

/// The account is not, or no longer, one of the person's.
pub(super) fn gone() -> El {
    let ferry = Ferry::here();
    html::div().class("empty").child((
        html::span().class("empty-icon").child(icon(Icon::Empty)),
        heading("This account is not here"),
        html::p()
            .class("soft")
            .child("It was removed, or you no longer have access to it."),
        Button::new(Look::Plain, "to-accounts", "All accounts")
            .on_click(move |_| ferry.go(Route::Accounts))
            .view(),
    ))
}

fn details(account: Derived<Option<Account>>) -> Node {
    let ferry = Ferry::here();
    (
        title(ferry.page, account),
        html::section()
            .class("card block")
            .attr("aria-labelledby", "session-title")
            .child((
                html::div().class("block-head").child((
                    html::h2().attr("id", "session-title").child("Transfer session"),
                    session_chip(status(account)),
                    actions(account),
                )),
                meaning(account),
                outcome::compact(account),
                session_facts(ferry.page, account),
                buttons(account),
            )),
        sites(account),
        destination(),
    )
        .into_node()
}

/// The same as the icons, in words, and the check.
fn buttons(account: Derived<Option<Account>>) -> Node {
    let ferry = Ferry::here();
    let what = Derived::new(move || {
        account.with(|account| {
            account
                .as_ref()
                .map(|one| (one.id, one.role, session::stored(&one.session).is_some()))
        })
    });
    let view = move || {
        let (id, role, has_session) = what.get()?;
        if role != Role::Owner {
            return Some(only_owners().into_node());
        }
        let label = if has_session {
            "Transfer again"
        } else {
            "Transfer session"
        };
        let share = Button::new(
            if has_session { Look::Plain } else { Look::Primary },
            "share-again",
            label.to_owned(),
        )
        .busy(ferry.is_sharing(id))
        .on_click(move |_| {
            if let Some(account) = account.get_untracked() {
                ferry.share_clicked(&account);
            }
        });
        let is_checking = Derived::new(move || {
            ferry
                .doing
                .with(|doing| matches!(doing.get(&id), Some(Doing::Checking { .. })))
        });
        let check = has_session.then(|| {
            Button::new(Look::Plain, "check", "Check now")
                .busy(is_checking)
                .on_click(move |_| {
                    if let Some(account) = account.get_untracked() {
                        ferry.check(&account);
                    }
                })
        });
        // Once it was said where the session is, the other buttons take it from there.
        let elsewhere = move || {
            (has_session && ferry.has_choice()).then(|| {
                Button::new(Look::Quiet, "share-elsewhere", "From another window or container")
                    .on_click(move |_| ferry.go(Route::Share(id)))
                    .view()
            })
        };
        Some(
            html::div()
                .class("actions")
                .child((share.view(), check.map(Button::view), elsewhere))
                .into_node(),
        )
    };
    view.into_node()
}

/// What Ferry may read, and what was agreed to.
fn sites(account: Derived<Option<Account>>) -> El {
    let ferry = Ferry::here();
    let facts = move || {
        let account = account.get()?;
        let granted = ferry.granted.with(|granted| granted.get(&account.id).copied());
        let permission = match granted {
            Some(true) => "Allowed in this browser",
            Some(false) => "Not given; asked for when you share",
            None => "…",
        };
        let consent = account
            .consent
            .as_ref()
            .map(|consent| fact("Your consent", ("given ", when(consent.granted_at))));
        Some((
            fact("Sites", site_list(&account.app.domains)),
            fact("Permission", permission),
            consent,
        ))
    };
    html::section()
        .class("card block")
        .attr("aria-labelledby", "sites-title")
        .child((
            html::h2().attr("id", "sites-title").child("What Ferry may read"),
            html::dl().class("facts").test("sites").child(facts),
        ))
}

/// Where a session goes.
fn destination() -> El {
    let ferry = Ferry::here();
    let profile = ferry.profile();
    let vault = ferry.pick(|phase| match phase {
        Phase::Ready {
            vault_fingerprint, ..
        } => Some(vault_fingerprint.clone()),
        _ => None,
    });
    let facts = move || {
        let profile = profile.get()?;
        let vault = match vault.get().flatten() {
            Some(vault) => fingerprint(&vault).into_node(),
            None => words::NO_VAULT.into_node(),
        };
        Some((
            fact("Workspace", text::name(&profile.workspace.name)),
            fact("Server", text::server(&profile.server)),
            fact("Vault", vault),
        ))
    };
    html::section().class("card block").attr("aria-labelledby", "destination-title").child((
        html::h2().attr("id", "destination-title").child("Where it goes"),
        html::dl().class("facts").child(facts),
        html::p()
            .class("soft small")
            .child("Sessions are sealed on this device. Only the vault with this fingerprint opens them; the server cannot."),
    ))
}
