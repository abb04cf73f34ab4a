//! What the pages for admins have in common.

use ferry_protocol::api::ListedUser;
use ferry_ui::Tone;
use ferry_ui::button::{Button, Look};
use ferry_ui::dom::{El, IntoNode, Node, html};
use ferry_ui::icon::{Icon, icon};
use ferry_ui::notice::Notice;
use ferry_ui::page::Trouble;
use ferry_ui::reactive::Var;
use ferry_ui::text::Clean;
use leptos::prelude::*;
use leptos::task::{spawn_local, tick};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{apps, heading, manage_accounts, people};
use crate::app::{App, AskError, WebClient};
use crate::route::{Manage, Route};

/// What was done last: it is told on the page that one comes back to.
#[derive(Clone, Copy)]
pub struct Saved(Var<Option<String>>);

impl Saved {
    /// For all pages below.
    pub fn provide() {
        provide_context(Self(Var::new(None)));
    }

    /// The one of this page.
    pub(super) fn here() -> Self {
        expect_context()
    }

    /// Tells it.
    pub(super) fn tell(self, app: App, words: String) {
        app.page.say(words.clone());
        self.0.set(Some(words));
        spawn_local(async {
            tick().await;
            focus_heading_instead_of_nothing();
        });
    }

    pub(super) fn forget(self) {
        self.0.set(None);
    }

    /// A good notice, until the page is left.
    pub(super) fn view(self) -> Node {
        on_cleanup(move || self.forget());
        let view = move || {
            // Not announced: the page says it already.
            let words = self.0.get()?;
            Some(
                Notice::new(Tone::Good, "saved", &words)
                    .view()
                    .attr("role", "presentation"),
            )
        };
        view.into_node()
    }
}

/// What had the focus may be gone by what was done: then one goes on where the page
/// begins.
fn focus_heading_instead_of_nothing() {
    let is_lost = document()
        .active_element()
        .is_none_or(|element| element.tag_name() == "BODY");
    if is_lost && let Ok(Some(heading)) = document().query_selector("main h1") {
        // Fails only for what cannot have the focus.
        let _ = heading.unchecked_into::<HtmlElement>().focus();
    }
}

/// A page for admins; whoever is none is told so.
pub fn page(page: Manage) -> Node {
    if !App::here().is_admin().get() {
        return only_admins().into_node();
    }
    match page {
        Manage::People => people::page().into_node(),
        Manage::DevicesOf(user) => people::devices(user).into_node(),
        Manage::Accounts => manage_accounts::page().into_node(),
        Manage::NewAccount => manage_accounts::edit::page(None).into_node(),
        Manage::Account(id) => manage_accounts::edit::page(Some(id)).into_node(),
        Manage::Apps => apps::page().into_node(),
        Manage::NewApp => apps::edit::page(None).into_node(),
        Manage::App(id) => apps::edit::page(Some(id)).into_node(),
    }
}

fn only_admins() -> El {
    html::section()
        .test("only-admins")
        .child(html::div().class("empty").child((
            html::span().class("empty-icon").child(icon(Icon::Lock)),
            heading("Only admins can see this page"),
            html::p().class("soft").child(
                "People, accounts and apps of a workspace are looked after by its admins. Ask one of them.",
            ),
            to("to-accounts", "All accounts", Route::Accounts),
        )))
}

/// What is asked for is not there.
pub(super) fn missing(title: &'static str, words: &'static str, list: (&'static str, Route)) -> El {
    html::div().class("empty").test("missing").child((
        html::span().class("empty-icon").child(icon(Icon::Empty)),
        heading(title),
        html::p().class("soft").child(words),
        to("to-list", list.0, list.1),
    ))
}

/// A link that looks like a button.
pub(super) fn to(hook: &'static str, words: &'static str, route: Route) -> El {
    html::a()
        .class("button plain")
        .attr("href", route.hash())
        .test(hook)
        .child(words)
}

/// The link that leads back to the list.
pub(super) fn back(words: &'static str, route: Route) -> El {
    html::a()
        .class("back")
        .attr("href", route.hash())
        .test("back")
        .child((icon(Icon::Back), html::span().child(words)))
}

/// Where something will be.
pub(super) fn ghosts() -> El {
    let ghost = || html::div().class("card ghost");
    html::div()
        .class("cards")
        .attr("aria-hidden", "true")
        .child((ghost(), ghost()))
}

/// Fetches what a page shows; `None` until it came, and what went wrong instead.
pub(super) fn fetch<T: Clone + PartialEq + Send + Sync + 'static>(
    app: App,
    ask: impl AsyncFnOnce(&WebClient) -> Result<T, ferry_client::ApiError> + 'static,
) -> (Var<Option<T>>, Var<Option<Trouble>>) {
    let (found, trouble) = (Var::new(None), Var::new(None));
    spawn_local(async move {
        match app.ask(ask).await {
            Ok(answer) => found.set(Some(answer)),
            Err(error) => trouble.set(Some(error.trouble())),
        }
    });
    (found, trouble)
}

/// The server's code, if it gave one.
pub(super) fn problem(error: &AskError) -> Option<ferry_protocol::problem::ProblemCode> {
    match error {
        AskError::Api(error) => error.problem(),
        AskError::NotSignedIn | AskError::Keys(_) => None,
    }
}

/// What the server says, as a sentence.
pub(super) fn sentence(text: &str) -> String {
    let mut words = Clean::sentence(text).into_string();
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if !words.ends_with(['.', '!', '?', '…']) {
        words.push('.');
    }
    words
}

/// Something small and round that says what somebody or something is.
pub(super) fn chip(tone: Tone, hook: &'static str, words: &'static str) -> El {
    html::span()
        .class(format!("chip word {}", tone.class()))
        .test(hook)
        .child(html::span().class("chip-text").child(words))
}

/// What submits a form, and what leaves it.
pub(super) fn ends(hook: &'static str, words: &'static str, busy: Var<bool>, list: Route) -> El {
    let app = App::here();
    html::div().class("actions form-ends").child((
        Button::new(Look::Primary, hook, words)
            .submits()
            .busy(busy)
            .view(),
        Button::new(Look::Quiet, "cancel", "Cancel")
            .on_click(move |_| app.go(list.clone()))
            .view(),
    ))
}

/// By name, as people look for them.
pub(super) fn by_name(mut people: Vec<ListedUser>) -> Vec<ListedUser> {
    people.sort_by_cached_key(|one| one.user.name.to_ascii_lowercase());
    people
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_is_a_sentence() {
        assert_eq!(sentence("somebody has it"), "Somebody has it.");
        assert_eq!(sentence("Wait!"), "Wait!");
        assert_eq!(sentence("é"), "é.");
    }
}
