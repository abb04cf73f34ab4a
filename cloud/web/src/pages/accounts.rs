//! The accounts.

use ferry_protocol::AccountId;
use ferry_protocol::api::Account;
use ferry_ui::account::status;
use ferry_ui::button::icon_button;
use ferry_ui::chip::session_chip;
use ferry_ui::dom::{El, IntoNode, Node, html, keyed};
use ferry_ui::icon::{Icon, icon};
use ferry_ui::person::tile;
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::text::{self, account_line};

use super::heading;
use crate::app::App;
use crate::route::Route;

/// From so many accounts on, there is a field to find one.
const MANY: usize = 8;

/// The page.
pub fn page() -> El {
    let app = App::here();
    let wanted = Var::new(String::new());
    let is_many = Derived::new(move || {
        app.accounts
            .with(|all| all.as_ref().is_some_and(|all| all.len() >= MANY))
    });
    let shown = Derived::new(move || {
        let wanted = lower(wanted.get().trim());
        let matches = |account: &&Account| {
            wanted.is_empty()
                || lower(&format!("{} {}", account.name, account_line(account))).contains(&wanted)
        };
        app.accounts.with(|all| {
            let all = all.iter().flatten().filter(matches);
            all.map(|account| account.id).collect::<Vec<_>>()
        })
    });
    let is_loaded = Derived::new(move || app.accounts.with(Option::is_some));
    let is_empty = Derived::new(move || app.accounts.with(|all| all.as_ref().is_some_and(Vec::is_empty)));
    html::section().test("accounts").child((
        html::div().class("page-head").child((
            heading("Accounts"),
            icon_button("refresh", Icon::Refresh, "Refresh", false, move |_| app.refresh()),
        )),
        move || is_many.get().then(|| find(wanted)),
        move || (!is_loaded.get()).then(ghosts),
        html::ul().class("cards").child(keyed(move || shown.get(), card)),
        move || is_empty.get().then(empty),
        move || {
            (is_many.get() && shown.with(Vec::is_empty)).then(|| {
                html::p()
                    .class("soft centred")
                    .attr("role", "status")
                    .child("No account matches.")
            })
        },
    ))
}

/// In lower case, as the browser has it: it knows all letters anyway.
fn lower(text: &str) -> String {
    js_sys::JsString::from(text).to_locale_lower_case(None).into()
}

fn ghosts() -> El {
    let ghost = || html::li().class("card ghost");
    html::ul()
        .class("cards")
        .attr("aria-hidden", "true")
        .child((ghost(), ghost()))
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

fn empty() -> El {
    html::div().class("empty").test("empty").child((
        html::span().class("empty-icon").child(icon(Icon::Empty)),
        html::h2().child("No accounts yet"),
        html::p()
            .class("soft")
            .child("An admin of your workspace adds the accounts whose sessions you can transfer. They show up here."),
    ))
}

/// One account: what it is, and how its session is. The whole card leads to it.
fn card(id: AccountId) -> El {
    let account = App::here().account(id);
    html::li()
        .class("card account")
        .test("account-card")
        .attr("data-account", id.to_string())
        .child(move || {
            account
                .with(|account| {
                    account.as_ref().map(|account| {
                        (
                            account.name.clone(),
                            account_line(account),
                            account.app.id.to_string(),
                        )
                    })
                })
                .map(|(name, line, key)| row(account, id, &name, line, &key))
        })
}

fn row(account: Derived<Option<Account>>, id: AccountId, name: &str, line: String, key: &str) -> Node {
    html::div()
        .class("account-row")
        .child((
            tile(&line, key),
            html::div().class("account-text").child((
                html::h2().class("one-line").child(
                    html::a()
                        .class("account-link")
                        .attr("href", Route::Account(id).hash())
                        .test("details-open")
                        .child(text::name(name)),
                ),
                html::p()
                    .class("soft small one-line")
                    .child(html::bdi().child(line)),
                session_chip(status(account)),
            )),
        ))
        .into_node()
}
