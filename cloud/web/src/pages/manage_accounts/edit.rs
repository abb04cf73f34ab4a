//! Adding an account, and changing one.

use ferry_catalogue::MAX_IDENTITY_CHARS;
use ferry_protocol::AccountId;
use ferry_protocol::api::{AccountSettings, ManagedAccount, NewAccount};
use ferry_ui::Tone;
use ferry_ui::dom::{El, Handle, IntoNode, Node, html, keyed};
use ferry_ui::field::Field;
use ferry_ui::icon::{Icon, icon};
use ferry_ui::notice::Notice;
use ferry_ui::page::Trouble;
use ferry_ui::person::tile;
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::text::{self, Clean};
use leptos::prelude::event_target_value;
use leptos::task::spawn_local;
use web_sys::Event;

use super::super::admin::{Saved, back, ends, fetch, ghosts, missing};
use super::super::{failed, heading};
use super::Known;
use super::draft::{self, Access, Faults, Person};
use crate::app::App;
use crate::route::{Manage, Route};

/// From so many people on, there is a field to find one.
const MANY: usize = 8;

const LIST: Route = Route::Manage(Manage::Accounts);

/// The page; `id` is there for an account that is changed.
pub fn page(id: Option<AccountId>) -> El {
    let (known, trouble) = fetch(App::here(), async |client| Known::fetch(client).await);
    let title = if id.is_some() {
        "Change account"
    } else {
        "Add an account"
    };
    let form = move || {
        let Some(known) = known.get() else {
            // One heading a page: it takes the focus.
            return match trouble.with(Option::is_none) {
                true => ghosts().into_node(),
                false => heading(title).into_node(),
            };
        };
        let account = id.map(|id| known.accounts.iter().find(|account| account.id == id).cloned());
        match account {
            Some(None) => missing(
                "This account is not here",
                "It is not one of the workspace’s.",
                ("All accounts", LIST),
            )
            .into_node(),
            Some(Some(account)) => {
                (heading(title), Form::new(&known, Some(account)).view(&known)).into_node()
            }
            None => (heading(title), Form::new(&known, None).view(&known)).into_node(),
        }
    };
    html::section()
        .test("account-form")
        .child((back("Manage accounts", LIST), failed(trouble), form))
}

#[derive(Clone)]
struct Form {
    /// The one that is changed.
    account: Option<ManagedAccount>,
    app: Var<String>,
    name: Var<String>,
    identity: Var<String>,
    people: Var<Vec<Person>>,
    app_error: Var<Option<String>>,
    name_error: Var<Option<String>>,
    people_error: Var<Option<String>>,
    trouble: Var<Option<Trouble>>,
    busy: Var<bool>,
    app_input: Handle,
    name_input: Handle,
    people_list: Handle,
}

impl Form {
    fn new(known: &Known, account: Option<ManagedAccount>) -> Self {
        let settings = account.as_ref().map(|account| &account.settings);
        let name = settings.map(|settings| settings.name.clone());
        let identity = settings.and_then(|settings| settings.identity.clone());
        Self {
            app: Var::new(String::new()),
            name: Var::new(name.unwrap_or_default()),
            identity: Var::new(identity.unwrap_or_default()),
            people: Var::new(draft::people(&known.people, account.as_ref())),
            app_error: Var::new(None),
            name_error: Var::new(None),
            people_error: Var::new(None),
            trouble: Var::new(None),
            busy: Var::new(false),
            app_input: Handle::new(),
            name_input: Handle::new(),
            people_list: Handle::new(),
            account,
        }
    }

    fn view(self, known: &Known) -> El {
        let app = match &self.account {
            Some(account) => self.fixed_app(known, account),
            None => self.app_choice(known).into_node(),
        };
        let (app_state, saved) = (App::here(), Saved::here());
        let form = self.clone();
        html::form()
            .class("card block form")
            .attr("novalidate", true)
            .on("submit", move |event: Event| {
                event.prevent_default();
                if !form.busy.get_untracked() {
                    form.submit(app_state, saved);
                }
            })
            .child((
                app,
                Field::new("account-name", "Name", self.name)
                    .longest(100)
                    .placeholder("Marketing")
                    .hint("What people call it.")
                    .error(self.name_error)
                    .handle(&self.name_input)
                    .view(),
                Field::new("account-identity", "Whose session (optional)", self.identity)
                    .longest(MAX_IDENTITY_CHARS)
                    .hint(
                        "The user name, e-mail address or number that the app itself shows for whoever is signed in, \
                         written as the app writes it. Only that person’s session is taken. Empty: anybody’s.",
                    )
                    .view(),
                self.access(),
                self.consequences(),
                failed(self.trouble),
                ends(
                    "save-account",
                    if self.account.is_some() { "Save" } else { "Add the account" },
                    self.busy,
                    LIST,
                ),
            ))
    }

    fn fixed_app(&self, known: &Known, account: &ManagedAccount) -> Node {
        let name = known.app_name(account);
        html::div()
            .class("account-fixed")
            .test("account-app")
            .child((
                tile(&name, account.app.as_str()),
                html::div().child((
                    html::p().child(html::strong().child(text::name(&name))),
                    html::p()
                        .class("soft small")
                        .child("The app of an account stays what it is."),
                )),
            ))
            .into_node()
    }

    fn app_choice(&self, known: &Known) -> El {
        let options = |apps: &[ferry_catalogue::App]| {
            let mut apps: Vec<_> = apps.iter().collect();
            apps.sort_by_cached_key(|app| app.name.to_ascii_lowercase());
            let option = |app: &ferry_catalogue::App| {
                html::option()
                    .attr("value", app.id.to_string())
                    .child(Clean::name(&app.name).into_string())
            };
            apps.into_iter().map(option).collect::<Vec<_>>()
        };
        let group = |label: &'static str, apps: &[ferry_catalogue::App]| {
            (!apps.is_empty()).then(|| El::new("optgroup").attr("label", label).child(options(apps)))
        };
        Field::new("account-app", "App", self.app)
            .choice((
                html::option().attr("value", "").child("Choose an app"),
                group("This workspace’s own", &known.apps.custom),
                group("Supported by Ferry", &known.apps.supported),
            ))
            .error(self.app_error)
            .handle(&self.app_input)
            .view()
    }

    /// Everybody, each with what they may do.
    fn access(&self) -> El {
        let people = self.people;
        let wanted = Var::new(String::new());
        let is_many = people.with_untracked(Vec::len) >= MANY;
        let shown = move || {
            let wanted = wanted.get().trim().to_ascii_lowercase();
            let matches = |one: &&Person| {
                let text = format!("{} {}", one.name, one.email).to_ascii_lowercase();
                wanted.is_empty() || text.contains(&wanted)
            };
            // Untracked: rows come and go by what is looked for alone.
            people.with_untracked(|people| {
                let shown = people.iter().filter(matches);
                shown.map(|one| one.email.clone()).collect::<Vec<_>>()
            })
        };
        let find = is_many.then(|| {
            html::div().class("find").child((
                icon(Icon::Search),
                html::input()
                    .attr("type", "search")
                    .class("input")
                    .test("find-person")
                    .attr("aria-label", "Find a person")
                    .attr("placeholder", "Find a person")
                    .bind_text(wanted),
            ))
        });
        let summary = Derived::new(move || {
            let [owners, others] = people.with(|people| draft::counts(people)).map(|n| n as u64);
            let owners = text::count(owners, "owner", "owners");
            let others = text::count(others, "collaborator", "collaborators");
            format!("{owners}, {others}")
        });
        let wrong = self.people_error;
        html::fieldset()
            .class("access")
            .attr("tabindex", "-1")
            .attr("aria-describedby", "access-error access-hint")
            .handle(&self.people_list)
            .child((
                html::legend().class("label").child("Who has access"),
                html::p()
                    .class("field-hint")
                    .attr("id", "access-hint")
                    .child("Owners transfer and delete its session; collaborators see how it is."),
                find,
                html::ul()
                    .class("access-list")
                    .child(keyed(shown, move |email| person(people, &email))),
                html::p()
                    .class("small soft")
                    .attr("role", "status")
                    .test("access-summary")
                    .child(move || summary.get()),
                html::p()
                    .class("field-error")
                    .attr("id", "access-error")
                    .child(move || wrong.get()),
            ))
    }

    /// What saving will end.
    fn consequences(&self) -> Node {
        let people = self.people;
        let losing = Derived::new(move || people.with(|people| draft::losing(people)));
        let view = move || {
            let names = losing.get();
            (!names.is_empty()).then(|| {
                let names: Vec<_> = names.iter().map(|name| Clean::name(name).into_string()).collect();
                let words = format!(
                    "Once saved, the consent of {} has ended, and if the session in the cloud is theirs, it is deleted.",
                    text::list(&names)
                );
                Notice::new(Tone::Wait, "owner-removed", &words)
                    .title("You are removing an owner.")
                    .view()
            })
        };
        view.into_node()
    }

    fn submit(&self, app: App, saved: Saved) {
        let filled = self.name.with_untracked(|name| {
            self.identity.with_untracked(|identity| {
                self.people
                    .with_untracked(|people| draft::settings(name, identity, people))
            })
        });
        let faults = filled.as_ref().err().copied().unwrap_or_default();
        let app_id = self.app.with_untracked(|id| id.parse().ok());
        let lacks_app = self.account.is_none() && app_id.is_none();
        self.say(faults, lacks_app);
        let (Ok(settings), false) = (filled, lacks_app) else {
            return;
        };
        self.busy.set(true);
        self.trouble.set(None);
        let (form, account) = (self.clone(), self.account.as_ref().map(|account| account.id));
        spawn_local(async move {
            let name = Clean::name(&settings.name).into_string();
            let answer = app.ask(async |client| match (account, app_id) {
                (Some(id), _) => client.change_account(id, &settings).await.map(drop),
                (None, Some(app)) => add(client, app, settings).await,
                // Not sent without one.
                (None, None) => Ok(()),
            });
            let answer = answer.await;
            form.busy.set(false);
            match answer {
                Ok(()) => {
                    let done = if account.is_some() { "saved" } else { "added" };
                    saved.tell(app, format!("{name} is {done}."));
                    app.refresh();
                    app.go(LIST);
                }
                Err(error) => form.trouble.set(Some(error.trouble())),
            }
        });
    }

    /// Says what is missing at its field, and leads to the first.
    fn say(&self, faults: Faults, lacks_app: bool) {
        self.app_error
            .set(lacks_app.then(|| "Choose the app that it is an account of.".to_owned()));
        self.name_error.set(faults.name.map(str::to_owned));
        self.people_error.set(faults.people.map(str::to_owned));
        if lacks_app {
            self.app_input.focus();
        } else if faults.name.is_some() {
            self.name_input.focus();
        } else if faults.people.is_some() {
            self.people_list.focus();
        }
    }
}

async fn add(
    client: &crate::app::WebClient,
    app: ferry_catalogue::AppId,
    settings: AccountSettings,
) -> Result<(), ferry_client::ApiError> {
    client.add_account(&NewAccount { app, settings }).await.map(drop)
}

fn person(people: Var<Vec<Person>>, email: &str) -> El {
    let found = people.with_untracked(|people| people.iter().find(|one| one.email == email).cloned());
    let row = found.map(|person| {
        let option = |(access, name, words): (Access, &'static str, &'static str)| {
            html::option()
                .attr("value", name)
                .attr("selected", access == person.access)
                .child(words)
        };
        let email = person.email.clone();
        let choose = move |event: Event| {
            let access = Access::named(&event_target_value(&event));
            people.update(|people| {
                if let Some(one) = people.iter_mut().find(|one| one.email == email) {
                    one.access = access;
                }
            });
        };
        (
            html::div().class("access-who").child((
                html::p().class("one-line").child(text::name(&person.name)),
                html::p()
                    .class("soft small one-line")
                    .child(text::name(&person.email)),
            )),
            html::select()
                .class("input")
                .test("person-access")
                .attr("data-email", person.email.clone())
                .attr(
                    "aria-label",
                    format!("Access of {}", Clean::name(&person.name).as_str()),
                )
                .on("change", choose)
                .child(Access::ALL.into_iter().map(option).collect::<Vec<_>>()),
        )
    });
    html::li().class("access-row").test("access-row").child(row)
}
