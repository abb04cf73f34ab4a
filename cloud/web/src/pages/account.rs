//! One account: its session, whom it is for, and what was agreed to.

use ferry_protocol::AccountId;
use ferry_protocol::api::{Account, Role};
use ferry_ui::account::{meaning, only_owners, session_facts, status, title};
use ferry_ui::button::{Button, Look};
use ferry_ui::chip::session_chip;
use ferry_ui::dom::{El, IntoNode, Node, html};
use ferry_ui::icon::{Icon, icon};
use ferry_ui::page::{Trouble, fact, site_list};
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::session;
use ferry_ui::text;

use super::{failed, heading, when};
use crate::app::App;
use crate::route::Route;

/// The page.
pub fn page(id: AccountId) -> El {
    let app = App::here();
    let account = app.account(id);
    app.refresh_account(id);
    let state = Derived::new(move || (app.accounts.with(Option::is_some), account.with(Option::is_some)));
    html::section()
        .test("details")
        .attr("data-account", id.to_string())
        .child(move || match state.get() {
            (_, true) => details(id, account),
            (true, false) => gone().into_node(),
            (false, false) => html::div()
                .class("card ghost")
                .attr("aria-hidden", "true")
                .into_node(),
        })
}

/// The account is not, or no longer, one of the person's.
pub(super) fn gone() -> El {
    html::div().class("empty").child((
        html::span().class("empty-icon").child(icon(Icon::Empty)),
        heading("This account is not here"),
        html::p()
            .class("soft")
            .child("It was removed, or you no longer have access to it."),
        back(),
    ))
}

fn back() -> El {
    let app = App::here();
    Button::new(Look::Plain, "to-accounts", "All accounts")
        .on_click(move |_| app.go(Route::Accounts))
        .view()
}

fn details(id: AccountId, account: Derived<Option<Account>>) -> Node {
    let (page, trouble) = (App::here().page, Var::new(None::<Trouble>));
    (
        title(page, account),
        html::section()
            .class("card block")
            .test("session-transfer")
            .attr("aria-labelledby", "session-title")
            .child((
                html::div().class("block-head").child((
                    html::h2().attr("id", "session-title").child("Session transfer"),
                    session_chip(status(account)),
                )),
                meaning(account),
                session_facts(page, account),
                failed(trouble),
                buttons(id, account, trouble),
            )),
        about(account),
    )
        .into_node()
}

fn buttons(id: AccountId, account: Derived<Option<Account>>, trouble: Var<Option<Trouble>>) -> Node {
    let app = App::here();
    let what = Derived::new(move || {
        account.with(|account| {
            account
                .as_ref()
                .map(|one| (one.role, session::stored(&one.session).is_some()))
        })
    });
    let asking = Var::new(false);
    let checking = Derived::new(move || asking.get() || app.checking.with(|all| all.contains_key(&id)));
    let view = move || {
        let (role, has_session) = what.get()?;
        if role != Role::Owner {
            return Some(only_owners().into_node());
        }
        let label = if has_session {
            "Transfer again"
        } else {
            "Transfer active session"
        };
        let look = if has_session { Look::Plain } else { Look::Primary };
        let transfer = Button::new(look, "transfer", label)
            .icon(Icon::Share)
            .on_click(move |_| app.go(Route::Transfer(id)));
        let more = has_session.then(|| {
            let check = Button::new(Look::Plain, "check", "Check now")
                .busy(checking)
                .on_click(move |_| {
                    trouble.set(None);
                    asking.set(true);
                    let done = move |failed| {
                        asking.set(false);
                        trouble.set(failed);
                    };
                    app.check(id, Box::new(done));
                });
            let delete = Button::new(Look::Danger, "delete", "Delete session")
                .icon(Icon::Trash)
                .on_click(move |_| app.deleting.set(Some(id)));
            (check.view(), delete.view())
        });
        Some(
            html::div()
                .class("actions")
                .child((transfer.view(), more))
                .into_node(),
        )
    };
    view.into_node()
}

/// Whom it is for, which sites it covers, and what was agreed to.
fn about(account: Derived<Option<Account>>) -> El {
    let facts = move || {
        let account = account.get()?;
        let role = match account.role {
            Role::Owner => "Owner",
            Role::Collaborator => "Collaborator",
        };
        let who = match &account.identity {
            Some(identity) => text::name(identity).into_node(),
            None => "Whoever is signed in".into_node(),
        };
        let consent = account
            .consent
            .as_ref()
            .map(|consent| fact("Your consent", ("given ", when(consent.granted_at))));
        Some((
            fact("App", text::name(&account.app.name)),
            fact("Whose session", who),
            fact("Your role", role),
            fact("Sites", site_list(&account.app.domains)),
            consent,
        ))
    };
    html::section()
        .class("card block")
        .attr("aria-labelledby", "about-title")
        .child((
            html::h2().attr("id", "about-title").child("About this account"),
            html::dl().class("facts").test("about").child(facts),
        ))
}
