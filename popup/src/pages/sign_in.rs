//! Signing in to a workspace.

use ferry_bridge::{Failure, Phase, ServerAddress, SignIn};
use ferry_ui::Tone;
use ferry_ui::button::{Button, Look};
use ferry_ui::dom::{El, Handle, IntoNode, html};
use ferry_ui::field::Field;
use ferry_ui::icon::{Icon, icon, mark};
use ferry_ui::notice::Notice;
use ferry_ui::reactive::Var;
use ferry_webext::permissions;
use leptos::task::spawn_local;
use web_sys::Event;

use super::heading;
use crate::ferry::{Ferry, open_tab};
use crate::keep::{self, Draft};
use crate::route::Route;
use crate::words;

/// The page.
pub fn page() -> El {
    let ferry = Ferry::here();
    let notice = ferry.pick(|phase| match phase {
        Phase::SignedOut { notice, .. } => notice.clone(),
        _ => None,
    });
    html::section().class("narrow").test("sign-in").child((
        html::div().class("welcome").child((
            html::span().class("welcome-mark").child(mark()),
            heading("Sign in to Ferry"),
            html::p()
                .class("soft")
                .child("Moves your signed-in sessions to your own cloud, sealed so that only your vault can open them."),
        )),
        move || notice.get().map(|failure| Notice::new(Tone::Wait, &failure.code, &failure.message).view()),
        if ferry.prompts { form().into_node() } else { elsewhere().into_node() },
    ))
}

/// Firefox: the browser's prompt would open beneath the popup.
fn elsewhere() -> El {
    html::div().class("form").child((
        Button::new(Look::Primary, "sign-in-tab", "Sign in")
            .icon(Icon::Open)
            .on_click(|_| open_tab(Route::Accounts))
            .view(),
        html::p()
            .class("soft small centred")
            .child("Opens in a tab, where your browser can ask you whether Ferry may reach your workspace."),
    ))
}

#[derive(Clone, Copy)]
struct Form {
    server: Var<String>,
    email: Var<String>,
    password: Var<String>,
    server_error: Var<Option<String>>,
    email_error: Var<Option<String>>,
    password_error: Var<Option<String>>,
    failure: Var<Option<Failure>>,
    busy: Var<bool>,
}

impl Form {
    /// With what was typed before, or what was used last.
    fn new(ferry: Ferry) -> Self {
        let last = ferry.pick(|phase| match phase {
            Phase::SignedOut { server, email, .. } => Some((
                server.clone().unwrap_or_default(),
                email.clone().unwrap_or_default(),
            )),
            _ => None,
        });
        let (server, email) = last.get_untracked().unwrap_or_default();
        let draft = keep::draft().unwrap_or(Draft { server, email });
        Self {
            server: Var::new(draft.server),
            email: Var::new(draft.email),
            password: Var::new(String::new()),
            server_error: Var::new(None),
            email_error: Var::new(None),
            password_error: Var::new(None),
            failure: Var::new(None),
            busy: Var::new(false),
        }
    }

    /// Says what is missing, and gives the address if nothing is.
    fn checked(self) -> Option<ServerAddress> {
        let address = self
            .server
            .with_untracked(|server| server.parse::<ServerAddress>());
        self.server_error
            .set(address.as_ref().err().map(ToString::to_string));
        let has_email = self.email.with_untracked(|email| email.trim().contains('@'));
        self.email_error
            .set((!has_email).then(|| "Enter your e-mail address, such as alice@example.com.".to_owned()));
        let has_password = self.password.with_untracked(|password| !password.is_empty());
        self.password_error
            .set((!has_password).then(|| "Enter your password.".to_owned()));
        address.ok().filter(|_| has_email && has_password)
    }

    /// Asks for permission to reach the server, then signs in. Has to be called
    /// within the handler of the click.
    fn submit(self, ferry: Ferry) {
        if self.busy.get_untracked() {
            return;
        }
        let Some(server) = self.checked() else { return };
        // First of all, before anything is awaited: the browser wants to see the click.
        let prompt = permissions::request(&[server.origin_pattern()]);
        let email = self.email.get_untracked().trim().to_owned();
        keep::keep_draft(&Draft {
            server: server.to_string(),
            email: email.clone(),
        });
        self.failure.set(None);
        self.busy.set(true);
        spawn_local(async move {
            if !prompt.await.unwrap_or(false) {
                self.failure.set(Some(words::server_not_allowed()));
                self.busy.set(false);
                return;
            }
            let password = self.password.get_untracked();
            let request = SignIn {
                server: server.to_string(),
                email,
                password,
            };
            ferry.ask_state(request, move |failure| {
                self.busy.set(false);
                if failure.is_none() {
                    keep::drop_draft();
                }
                self.failure.set(failure);
            });
        });
    }
}

fn form() -> El {
    let ferry = Ferry::here();
    let form = Form::new(ferry);
    let [server, email, password] = [Handle::new(), Handle::new(), Handle::new()];
    let empty = |value: Var<String>| value.with_untracked(String::is_empty);
    match (empty(form.server), empty(form.email)) {
        (true, _) => &server,
        (false, true) => &email,
        (false, false) => &password,
    }
    .focus_first();
    let failed = move || {
        form.failure
            .get()
            .map(|failure| Notice::new(Tone::Bad, &failure.code, &failure.message).view())
    };
    html::form()
        .class("form")
        .attr("novalidate", true)
        .on("submit", {
            let fields = [
                (form.server_error, server.clone()),
                (form.email_error, email.clone()),
                (form.password_error, password.clone()),
            ];
            move |event: Event| {
                event.prevent_default();
                form.submit(ferry);
                focus_wrong(&fields);
            }
        })
        .child((
            Field::new("sign-in-server", "Workspace address", form.server)
                .placeholder("https://ferry.example.com")
                .autocomplete("url")
                .input_mode("url")
                .error(form.server_error)
                .handle(&server)
                .view(),
            Field::new("sign-in-email", "E-mail", form.email)
                .kind("email")
                .autocomplete("username")
                .input_mode("email")
                .error(form.email_error)
                .handle(&email)
                .view(),
            Field::new("sign-in-password", "Password", form.password)
                .kind("password")
                .autocomplete("current-password")
                .longest(1_024)
                .error(form.password_error)
                .handle(&password)
                .view(),
            failed,
            Button::new(Look::Primary, "sign-in-submit", "Sign in").submits().busy(form.busy).view(),
            html::p().class("soft small aside").child((
                icon(Icon::Shield),
                html::span()
                    .child("Your browser asks once whether Ferry may reach this address. Ferry talks to no other server."),
            )),
        ))
}

/// Focuses the first field that is wrong.
fn focus_wrong(fields: &[(Var<Option<String>>, Handle)]) {
    let wrong = fields
        .iter()
        .find(|(error, _)| error.with_untracked(Option::is_some));
    if let Some((_, input)) = wrong {
        input.focus();
    }
}
