//! Adding an app, and changing one of the workspace's own.

use ferry_catalogue::{App as Definition, AppId};
use ferry_protocol::api::Apps;
use ferry_ui::button::{Button, Look};
use ferry_ui::dom::{El, IntoNode, Node, html, keyed};
use ferry_ui::field::Field;
use ferry_ui::page::Trouble;
use ferry_ui::reactive::Var;
use ferry_ui::text::Clean;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement};

use super::super::admin::{Saved, back, ends, fetch, ghosts, missing};
use super::super::{failed, heading};
use super::draft::{self, Draft, Fault, Kept, Place, Rule};
use super::rule;
use crate::app::App;
use crate::route::{Manage, Route};

const LIST: Route = Route::Manage(Manage::Apps);

/// The longest address of a page, in bytes, as `ferry_catalogue` has it.
const LONGEST_PAGE: usize = 2048;
/// The longest list, in characters: the whole definition is not longer.
const LONGEST_LIST: usize = 64 << 10;

/// The page; `id` is there for an app that is changed.
pub fn page(id: Option<AppId>) -> El {
    let (apps, trouble) = fetch(App::here(), async |client| client.apps().await);
    let title = if id.is_some() { "Change app" } else { "Add an app" };
    let form = move || {
        let Some(apps) = apps.get() else {
            // One heading a page: it takes the focus.
            return match trouble.with(Option::is_none) {
                true => ghosts().into_node(),
                false => heading(title).into_node(),
            };
        };
        let found = id.as_ref().map(|id| apps.custom.iter().find(|app| app.id == *id));
        match found {
            Some(None) => missing(
                "This app is not here",
                "Only the workspace’s own apps can be changed.",
                ("All apps", LIST),
            )
            .into_node(),
            Some(Some(app)) => (heading(title), Form::new(Some(app), &apps).view()).into_node(),
            None => (heading(title), Form::new(None, &apps).view()).into_node(),
        }
    };
    html::section()
        .test("app-form")
        .child((back("Apps", LIST), failed(trouble), form))
}

/// One of the fields that are always there: what is typed, and what is wrong with it.
#[derive(Clone, Copy)]
struct Typed {
    text: Var<String>,
    error: Var<Option<String>>,
}

impl Typed {
    fn new(text: String) -> Self {
        Self {
            text: Var::new(text),
            error: Var::new(None),
        }
    }

    fn get(self) -> String {
        self.text.get_untracked()
    }

    fn field(self, place: Place, label: &'static str) -> Field {
        Field::new(field_id(place), label, self.text).error(self.error)
    }
}

/// The form.
#[derive(Clone, Copy)]
pub(super) struct Form {
    is_new: bool,
    name: Typed,
    id: Typed,
    domains: Typed,
    sign_in: Typed,
    sign_out: Typed,
    sign_out_of: Typed,
    check: Typed,
    all: Typed,
    any: Typed,
    /// What this form does not change.
    kept: Var<Kept>,
    /// The rules, as they are typed.
    pub(super) rules: Var<Vec<Rule>>,
    /// The next key for a rule or a step.
    next: Var<u32>,
    /// The rule or step that was added last: it gets the focus.
    pub(super) added: Var<Option<u32>>,
    /// What is wrong.
    pub(super) fault: Var<Option<Fault>>,
    /// Identifiers that the workspace's own apps have.
    taken: Var<Vec<AppId>>,
    trouble: Var<Option<Trouble>>,
    busy: Var<bool>,
}

impl Form {
    fn new(app: Option<&Definition>, apps: &Apps) -> Self {
        let draft = app.map(Draft::of).unwrap_or_default();
        let next = draft.free_key();
        Self {
            is_new: app.is_none(),
            name: Typed::new(draft.name),
            id: Typed::new(draft.id),
            domains: Typed::new(draft.domains),
            sign_in: Typed::new(draft.sign_in),
            sign_out: Typed::new(draft.sign_out),
            sign_out_of: Typed::new(draft.sign_out_of),
            check: Typed::new(draft.check),
            all: Typed::new(draft.all),
            any: Typed::new(draft.any),
            kept: Var::new(draft.kept),
            rules: Var::new(draft.rules),
            next: Var::new(next),
            added: Var::new(None),
            fault: Var::new(None),
            taken: Var::new(apps.custom.iter().map(|app| app.id.clone()).collect()),
            trouble: Var::new(None),
            busy: Var::new(false),
        }
    }

    fn draft(self) -> Draft {
        Draft {
            name: self.name.get(),
            id: self.id.get(),
            domains: self.domains.get(),
            sign_in: self.sign_in.get(),
            sign_out: self.sign_out.get(),
            sign_out_of: self.sign_out_of.get(),
            check: self.check.get(),
            all: self.all.get(),
            any: self.any.get(),
            kept: self.kept.get_untracked(),
            rules: self.rules.get_untracked(),
        }
    }

    /// A key for another rule or step.
    pub(super) fn key(self) -> u32 {
        let key = self.next.get_untracked();
        self.next.set(key.saturating_add(1));
        self.added.set(Some(key));
        key
    }

    fn view(self) -> El {
        if self.is_new {
            self.suggest_id();
        }
        let (app, saved) = (App::here(), Saved::here());
        let words = if self.is_new { "Add the app" } else { "Save" };
        html::form()
            .class("form app-form")
            .attr("novalidate", true)
            .on("submit", move |event: Event| {
                event.prevent_default();
                if !self.busy.get_untracked() {
                    self.submit(app, saved);
                }
            })
            .child((
                self.basics(),
                self.cookies(),
                self.identity(),
                failed(self.trouble),
                ends("save-app", words, self.busy, LIST),
            ))
    }

    /// The identifier follows the name until somebody types another.
    fn suggest_id(self) {
        let (name, id) = (self.name.text, self.id.text);
        Effect::new(move |before: Option<String>| {
            let suggested = draft::suggested_id(&name.get());
            let is_untouched = id.with_untracked(|id| id.is_empty() || Some(id) == before.as_ref());
            if is_untouched {
                id.set(suggested.clone());
            }
            suggested
        });
    }

    fn basics(self) -> El {
        let id = self
            .id
            .field(Place::Id, "Identifier")
            .class("input mono")
            .longest(64);
        let id = if self.is_new {
            id.hint("Stays what it is. Starts with custom-, then a–z, 0–9 and “-”.")
                .view()
                .into_node()
        } else {
            let fixed = Clean::name(&self.id.get()).into_string();
            html::p()
                .class("soft small")
                .test("app-id-fixed")
                .child((
                    "Identifier: ",
                    html::span().class("mono").child(fixed),
                    ". What you change counts from the next transfer on.",
                ))
                .into_node()
        };
        html::fieldset().class("card block").child((
            html::legend().class("sr-only").child("The app"),
            html::h2().attr("aria-hidden", "true").child("The app"),
            self.name.field(Place::Name, "Name").longest(80).view(),
            id,
            self.domains
                .field(Place::Domains, "Domains, one per line")
                .lines(2)
                .class("input mono")
                .longest(LONGEST_LIST)
                .hint("Such as example.com. Cookies of these and of everything below them are transferred; nothing else is.")
                .view(),
            self.page(
                self.sign_in,
                Place::SignIn,
                "Sign-in page",
                "Where people sign in. On one of the domains, and starts with https://.",
            ),
            (
                self.page(
                    self.sign_out,
                    Place::SignOut,
                    "Sign-out page (optional)",
                    "Where people sign out.",
                ),
                self.page(
                    self.sign_out_of,
                    Place::SignOutOf,
                    "Page to sign one of several people out (optional)",
                    "If the app has one, on its only domain itself. Write {identity} where its address names who, such as https://example.com/out?user={identity}.",
                ),
            ),
            self.page(
                self.check,
                Place::Check,
                "Check page",
                "A page that only a signed-in person sees, such as their profile. The cloud visits it to see whether a session works.",
            ),
        ))
    }

    fn page(self, typed: Typed, place: Place, label: &'static str, hint: &'static str) -> El {
        typed
            .field(place, label)
            .kind("url")
            .longest(LONGEST_PAGE)
            .hint(hint)
            .view()
    }

    fn cookies(self) -> El {
        let list = |typed: Typed, place, label, hint| {
            typed
                .field(place, label)
                .lines(2)
                .class("input mono")
                .longest(LONGEST_LIST)
                .hint(hint)
                .view()
        };
        html::fieldset().class("card block").child((
            html::legend()
                .class("sr-only")
                .child("Cookies that show somebody is signed in"),
            html::h2()
                .attr("aria-hidden", "true")
                .child("Cookies that show somebody is signed in"),
            html::p().class("soft small").child(
                "Names of cookies, one per line; or name=value where the value tells. If you name none, the check page decides.",
            ),
            list(
                self.all,
                Place::All,
                "Cookies that must all be there (optional)",
                "Such as sessionid.",
            ),
            list(
                self.any,
                Place::Any,
                "Cookies of which one must be there (optional)",
                "For apps that use one or the other.",
            ),
        ))
    }

    fn identity(self) -> El {
        let keys = move || {
            self.rules
                .with(|rules| rules.iter().map(|rule| rule.key).collect::<Vec<_>>())
        };
        let none = move || {
            self.rules.with(Vec::is_empty).then(|| {
                html::p().class("soft small").test("no-rules").child(
                    "Without a rule nobody can tell who is signed in: each transfer asks for a confirmation, and the \
                     cloud cannot prove whose session it has.",
                )
            })
        };
        let add = Button::new(Look::Plain, "add-rule", "Add a rule").on_click(move |_| {
            let key = self.key();
            self.rules.update(|rules| rules.push(Rule::new(key)));
        });
        html::section()
            .class("card block")
            .attr("id", field_id(Place::Rules))
            .attr("tabindex", "-1")
            .attr("aria-labelledby", "app-rules-title")
            .child((
                html::h2()
                    .attr("id", "app-rules-title")
                    .child("Who is signed in"),
                html::p().class("soft small").child(
                    "Where the app shows who is signed in: each rule says where to look, and how to get from the text \
                     found there to a user name, an e-mail address or a number.",
                ),
                none,
                keyed(keys, move |key| rule::view(self, key)),
                self.fault_at(Place::Rules),
                html::div()
                    .class("actions")
                    .child(add.view().attr("id", "add-rule")),
            ))
    }

    /// What is wrong there, if something is.
    pub(super) fn fault_at(self, place: Place) -> Node {
        let view = move || {
            let fault = self.fault.get().filter(|fault| fault.place == place)?;
            Some(
                html::p()
                    .class("field-error")
                    .attr("id", format!("{}-error", place_id(place)))
                    .child(Clean::sentence(&fault.message).into_string()),
            )
        };
        view.into_node()
    }

    /// Shows a fault at its field, and leads there.
    fn show(self, fault: Option<Fault>) {
        let fields = [
            (Place::Name, self.name),
            (Place::Id, self.id),
            (Place::Domains, self.domains),
            (Place::SignIn, self.sign_in),
            (Place::SignOut, self.sign_out),
            (Place::SignOutOf, self.sign_out_of),
            (Place::Check, self.check),
            (Place::All, self.all),
            (Place::Any, self.any),
        ];
        for (place, typed) in fields {
            let here = fault.as_ref().filter(|fault| fault.place == place);
            typed
                .error
                .set(here.map(|fault| Clean::sentence(&fault.message).into_string()));
        }
        if let Some(fault) = &fault {
            focus(&place_id(fault.place));
        }
        self.fault.set(fault);
    }

    fn checked(self) -> Result<Definition, Fault> {
        let app = self.draft().app()?;
        let is_taken = self.taken.with_untracked(|taken| taken.contains(&app.id));
        if self.is_new && is_taken {
            return Err(Fault {
                place: Place::Id,
                message:
                    "The workspace has an app of this identifier already: change that one, or choose another."
                        .to_owned(),
            });
        }
        Ok(app)
    }

    fn submit(self, app: App, saved: Saved) {
        let checked = self.checked();
        self.show(checked.as_ref().err().cloned());
        let Ok(definition) = checked else { return };
        self.busy.set(true);
        self.trouble.set(None);
        spawn_local(async move {
            let answer = app.ask(async |client| client.put_app(&definition).await).await;
            self.busy.set(false);
            match answer {
                Ok(_) => {
                    let name = Clean::name(&definition.name).into_string();
                    let done = if self.is_new { "added" } else { "saved" };
                    saved.tell(app, format!("{name} is {done}."));
                    // Accounts show what their app is called.
                    app.refresh();
                    app.go(LIST);
                }
                Err(error) => self.trouble.set(Some(error.trouble())),
            }
        });
    }
}

/// The `id` of the element there; also of those that are there once.
pub(super) fn place_id(place: Place) -> String {
    match place {
        Place::RuleFrom(key) => format!("rule-{key}-value"),
        Place::RuleSteps(key) => format!("rule-{key}-steps"),
        Place::Step(key) => format!("step-{key}"),
        fixed => field_id(fixed).to_owned(),
    }
}

fn field_id(place: Place) -> &'static str {
    match place {
        Place::Name => "app-name",
        Place::Id => "app-id",
        Place::Domains => "app-domains",
        Place::SignIn => "app-sign-in",
        Place::SignOut => "app-sign-out",
        Place::SignOutOf => "app-sign-out-of",
        Place::Check => "app-check",
        Place::All => "app-all",
        Place::Any => "app-any",
        Place::Rules | Place::RuleFrom(_) | Place::RuleSteps(_) | Place::Step(_) => "app-rules",
    }
}

/// Focuses what has this `id`, if it is there.
pub(super) fn focus(id: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        // Fails only for what cannot have the focus.
        let _ = element.unchecked_into::<HtmlElement>().focus();
    }
}
