//! The apps that accounts may be in, for admins: the workspace's own, and those that
//! Ferry supports.

pub mod draft;
pub mod edit;
mod rule;

use ferry_catalogue::{App as Definition, AppId};
use ferry_protocol::api::Apps;
use ferry_protocol::problem::ProblemCode;
use ferry_ui::Tone;
use ferry_ui::button::icon_button;
use ferry_ui::dialog::Confirm;
use ferry_ui::dom::{El, IntoNode, Node, html};
use ferry_ui::icon::{Icon, icon};
use ferry_ui::notice::Notice;
use ferry_ui::page::site_list;
use ferry_ui::person::tile;
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::text::{self, Clean};
use leptos::prelude::Effect;
use leptos::task::spawn_local;

use super::admin::{Saved, fetch, ghosts, problem, to};
use super::{failed, heading};
use crate::app::App;
use crate::route::{Manage, Route};

/// What this page knows.
#[derive(Clone, Copy)]
struct List {
    app: App,
    apps: Var<Option<Apps>>,
    trouble: Var<Option<ferry_ui::page::Trouble>>,
    saved: Saved,
    /// The app that is about to be removed.
    removing: Var<Option<Definition>>,
    /// The one that could not be, because accounts are in it.
    in_use: Var<Option<String>>,
}

/// The page.
pub fn page() -> El {
    let app = App::here();
    let (apps, trouble) = fetch(app, async |client| client.apps().await);
    let list = List {
        app,
        apps,
        trouble,
        saved: Saved::here(),
        removing: Var::new(None),
        in_use: Var::new(None),
    };
    let is_loading = Derived::new(move || apps.with(Option::is_none) && trouble.with(Option::is_none));
    let shown = move || apps.get().map(|apps| list.groups(apps));
    let new = html::a()
        .class("button primary")
        .attr("href", Route::Manage(Manage::NewApp).hash())
        .test("new-app")
        .child("Add an app");
    html::section().test("apps").child((
        html::div().class("page-head").child((heading("Apps"), new)),
        list.saved.view(),
        failed(trouble),
        list.used(),
        move || is_loading.get().then(ghosts),
        shown,
        list.dialog(),
    ))
}

impl List {
    fn groups(self, apps: Apps) -> Node {
        let own = if apps.custom.is_empty() {
            html::p()
                .class("soft")
                .test("no-own-apps")
                .child("None yet. Add the apps that your company runs itself, or that Ferry does not know.")
                .into_node()
        } else {
            let cards = apps.custom.into_iter().map(|app| self.own(app));
            html::ul()
                .class("cards")
                .child(cards.collect::<Vec<_>>())
                .into_node()
        };
        let supported = apps.supported.iter().map(supported).collect::<Vec<_>>();
        (
            html::section()
                .class("apps-group")
                .test("own-apps")
                .child((html::h2().child("This workspace’s own"), own)),
            html::section().class("apps-group").test("supported-apps").child((
                html::h2().child("Supported by Ferry"),
                html::ul().class("cards supported").child(supported),
            )),
        )
            .into_node()
    }

    fn own(self, app: Definition) -> El {
        let name = Clean::name(&app.name).into_string();
        let route = Route::Manage(Manage::App(app.id.clone()));
        let asked = app.clone();
        let remove = icon_button(
            "remove-app",
            Icon::Trash,
            format!("Remove {name}"),
            false,
            move |_| self.removing.set(Some(asked.clone())),
        );
        html::li()
            .class("card account")
            .test("own-app")
            .attr("data-app", app.id.to_string())
            .child(
                html::div().class("account-row").child((
                    tile(&app.name, app.id.as_str()),
                    html::div().class("account-text").child((
                        html::h2().class("one-line").child(
                            html::a()
                                .class("account-link")
                                .attr("href", route.hash())
                                .test("edit-app")
                                .child(text::name(&app.name)),
                        ),
                        html::p()
                            .class("soft small one-line mono")
                            .child(app.id.to_string()),
                        html::p().class("soft small").child(text::list(
                            &app.domains
                                .iter()
                                .map(|one| Clean::name(one).into_string())
                                .collect::<Vec<_>>(),
                        )),
                        tells(&app),
                    )),
                    html::div().class("account-actions").child(remove),
                )),
            )
    }

    /// Why an app stays.
    fn used(self) -> Node {
        let view = move || {
            let name = self.in_use.get()?;
            let words = format!(
                "Accounts are in {name}, and an account’s app stays what it is. You can change the app, but not remove it."
            );
            Some(
                Notice::new(Tone::Bad, "app-in-use", &words)
                    .title("Not removed.")
                    .actions(to(
                        "see-accounts",
                        "See the accounts",
                        Route::Manage(Manage::Accounts),
                    ))
                    .view(),
            )
        };
        view.into_node()
    }

    fn remove(self, id: AppId, name: String) {
        self.trouble.set(None);
        self.in_use.set(None);
        self.saved.forget();
        spawn_local(async move {
            match self.app.ask(async |client| client.remove_app(&id).await).await {
                Ok(apps) => {
                    self.apps.set(Some(apps));
                    self.saved.tell(self.app, format!("{name} is removed."));
                }
                Err(error) if problem(&error) == Some(ProblemCode::AppInUse) => self.in_use.set(Some(name)),
                Err(error) => self.trouble.set(Some(error.trouble())),
            }
        });
    }

    fn dialog(self) -> El {
        let open = Derived::new(move || self.removing.with(Option::is_some));
        // The words stay while the dialog closes.
        let shown = Var::new(None::<Definition>);
        Effect::new(move |_| {
            if let Some(app) = self.removing.get() {
                shown.set(Some(app));
            }
        });
        let name = move || shown.get().map(|app| text::name(&app.name));
        let confirm = Confirm {
            title: ("Remove ", name, "?").into_node(),
            message: "Its definition is deleted for the whole workspace. An app that accounts are in is not removed."
                .into_node(),
            yes: "Remove it",
            hook: "remove-app-confirm",
        };
        let remove = move || {
            if let Some(app) = shown.get_untracked() {
                self.remove(app.id, Clean::name(&app.name).into_string());
            }
        };
        confirm.view(open, remove, move || self.removing.set(None))
    }
}

fn supported(app: &Definition) -> El {
    html::li()
        .class("card app")
        .test("supported-app")
        .child(html::div().class("account-row").child((
            tile(&app.name, app.id.as_str()),
            html::div().class("account-text").child((
                html::h2().class("one-line").child(text::name(&app.name)),
                html::div().class("soft small").child(site_list(&app.domains)),
                tells(app),
            )),
        )))
}

/// Whether it shows who is signed in: otherwise each transfer asks.
fn tells(app: &Definition) -> El {
    let (shown, words) = if app.identity.is_empty() {
        (Icon::Warning, "Does not show who is signed in")
    } else {
        (Icon::Check, "Shows who is signed in")
    };
    html::p()
        .class("soft small aside")
        .child((icon(shown), html::span().child(words)))
}
