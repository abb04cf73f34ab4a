//! The accounts of the workspace, for its admins.

pub mod draft;
pub mod edit;

use ferry_protocol::api::{Apps, ListedUser, ManagedAccount};
use ferry_ui::Tone;
use ferry_ui::dom::{El, IntoNode, Node, html};
use ferry_ui::icon::{Icon, icon};
use ferry_ui::person::tile;
use ferry_ui::reactive::Derived;
use ferry_ui::text::{self, Clean};

use super::admin::{Saved, chip, fetch, ghosts};
use super::{failed, heading};
use crate::app::{App, WebClient};
use crate::route::{Manage, Route};

/// What the pages of accounts need.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    accounts: Vec<ManagedAccount>,
    apps: Apps,
    people: Vec<ListedUser>,
}

impl Known {
    async fn fetch(client: &WebClient) -> Result<Self, ferry_client::ApiError> {
        let (accounts, apps, people) =
            futures_util::try_join!(client.managed_accounts(), client.apps(), client.users())?;
        Ok(Self {
            accounts,
            apps,
            people,
        })
    }

    /// What the app of an account is called.
    fn app_name(&self, account: &ManagedAccount) -> String {
        let mut apps = self.apps.custom.iter().chain(&self.apps.supported);
        let found = apps.find(|app| app.id == account.app);
        found.map_or_else(|| account.app.to_string(), |app| app.name.clone())
    }

    /// What those with these e-mail addresses are called.
    fn names(&self, emails: &[String]) -> Vec<String> {
        let name = |email: &String| {
            let found = self.people.iter().find(|one| one.user.email == *email);
            let name = found.map_or(email, |one| &one.user.name);
            Clean::name(name).into_string()
        };
        emails.iter().map(name).collect()
    }
}

/// The page.
pub fn page() -> El {
    let app = App::here();
    let (known, trouble) = fetch(app, async |client| Known::fetch(client).await);
    let is_loading = Derived::new(move || known.with(Option::is_none) && trouble.with(Option::is_none));
    let list = move || known.get().map(|known| rows(&known));
    let new = html::a()
        .class("button primary")
        .attr("href", Route::Manage(Manage::NewAccount).hash())
        .test("new-account")
        .child("Add an account");
    html::section().test("manage-accounts").child((
        html::div()
            .class("page-head")
            .child((heading("Manage accounts"), new)),
        Saved::here().view(),
        failed(trouble),
        move || is_loading.get().then(ghosts),
        list,
    ))
}

fn rows(known: &Known) -> Node {
    if known.accounts.is_empty() {
        return html::div()
            .class("empty")
            .test("no-accounts")
            .child((
                html::span().class("empty-icon").child(icon(Icon::Empty)),
                html::h2().child("No accounts yet"),
                html::p().class("soft").child(
                    "An account is an app and whose session of it is transferred. Its owners see it on their page.",
                ),
            ))
            .into_node();
    }
    let rows = known.accounts.iter().map(|account| row(known, account));
    html::ul()
        .class("cards")
        .child(rows.collect::<Vec<_>>())
        .into_node()
}

fn row(known: &Known, account: &ManagedAccount) -> El {
    let settings = &account.settings;
    let app_name = known.app_name(account);
    let who = match &settings.identity {
        Some(identity) => Clean::name(identity).into_string(),
        None => "anybody’s session".to_owned(),
    };
    let owners = if settings.owners.is_empty() {
        chip(Tone::Bad, "no-owner", "Nobody owns it: make somebody an owner").into_node()
    } else {
        let looks = match settings.collaborators.len() {
            0 => String::new(),
            n => format!("; {}", text::count(n as u64, "collaborator", "collaborators")),
        };
        let owners = known.names(&settings.owners);
        html::p()
            .class("small")
            .test("account-owners")
            .child(format!("Owned by {}{looks}", text::list(&owners)))
            .into_node()
    };
    html::li()
        .class("card account")
        .test("managed-account")
        .attr("data-account", account.id.to_string())
        .child(
            html::div().class("account-row").child((
                tile(&app_name, account.app.as_str()),
                html::div().class("account-text").child((
                    html::h2().class("one-line").child(
                        html::a()
                            .class("account-link")
                            .attr("href", Route::Manage(Manage::Account(account.id)).hash())
                            .test("edit-account")
                            .child(text::name(&settings.name)),
                    ),
                    html::p()
                        .class("soft small one-line")
                        .child(html::bdi().child(format!("{} · {who}", Clean::name(&app_name).as_str()))),
                    owners,
                )),
            )),
        )
}
