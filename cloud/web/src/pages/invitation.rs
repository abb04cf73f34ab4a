//! Accepting an invitation: the code that came by e-mail, and a password.

use ferry_protocol::api::AcceptInvitation;
use ferry_ui::Tone;
use ferry_ui::button::{Button, Look};
use ferry_ui::dom::{El, Handle, IntoNode, html};
use ferry_ui::field::Field;
use ferry_ui::icon::{Icon, icon};
use ferry_ui::notice::Notice;
use ferry_ui::page::Trouble;
use ferry_ui::reactive::Var;
use web_sys::Event;

use super::{failed, heading};
use crate::app::App;
use crate::route::Route;

/// The least that the server takes, in characters.
const SHORTEST_PASSWORD: usize = 8;

#[derive(Clone, Copy)]
struct Form {
    email: Var<String>,
    code: Var<String>,
    password: Var<String>,
    again: Var<String>,
    /// What is wrong with each of them.
    errors: [Var<Option<String>>; 4],
    trouble: Var<Option<Trouble>>,
    busy: Var<bool>,
    accepted: Var<bool>,
}

impl Form {
    fn new() -> Self {
        let [email, code, password, again] = [(); 4].map(|()| Var::new(String::new()));
        Self {
            email,
            code,
            password,
            again,
            errors: [(); 4].map(|()| Var::new(None)),
            trouble: Var::new(None),
            busy: Var::new(false),
            accepted: Var::new(false),
        }
    }

    /// Says what is missing; whether nothing is.
    fn is_complete(self) -> bool {
        let password = self.password.get_untracked();
        let wrong = [
            (!self.email.get_untracked().contains('@'))
                .then_some("Enter the address that the invitation went to."),
            self.code
                .get_untracked()
                .trim()
                .is_empty()
                .then_some("Enter the code in the e-mail."),
            (password.chars().count() < SHORTEST_PASSWORD).then_some("Choose at least 8 characters."),
            (password != self.again.get_untracked()).then_some("The two passwords are not the same."),
        ];
        for (error, wrong) in self.errors.into_iter().zip(wrong) {
            error.set(wrong.map(str::to_owned));
        }
        wrong.iter().all(Option::is_none)
    }

    fn submit(self, app: App) {
        if self.busy.get_untracked() || !self.is_complete() {
            return;
        }
        let accept = AcceptInvitation {
            email: self.email.get_untracked().trim().to_owned(),
            code: self.code.get_untracked().trim().to_owned(),
            password: self.password.get_untracked(),
        };
        self.trouble.set(None);
        self.busy.set(true);
        let done = move |trouble: Option<Trouble>| {
            self.busy.set(false);
            if trouble.is_none() {
                app.email.set(self.email.get_untracked().trim().to_owned());
                self.accepted.set(true);
            }
            self.trouble.set(trouble);
        };
        app.accept_invitation(accept, Box::new(done));
    }
}

/// The page.
pub fn page() -> El {
    let app = App::here();
    let form = Form::new();
    let body = move || {
        if form.accepted.get() {
            accepted(app).into_node()
        } else {
            fields(app, form).into_node()
        }
    };
    html::section().class("narrow").test("invitation").child((
        html::div().class("welcome").child((
            html::span().class("welcome-icon").child(icon(Icon::Mail)),
            heading("Accept your invitation"),
            html::p()
                .class("soft")
                .child("The code is in the e-mail. Then choose the password that you sign in with."),
        )),
        body,
    ))
}

fn fields(app: App, form: Form) -> El {
    let first = Handle::new();
    first.focus_first();
    let [email, code, password, again] = form.errors;
    html::form()
        .class("form")
        .attr("novalidate", true)
        .on("submit", move |event: Event| {
            event.prevent_default();
            form.submit(app);
        })
        .child((
            Field::new("invitation-email", "E-mail address", form.email)
                .kind("email")
                .autocomplete("username")
                .error(email)
                .handle(&first)
                .view(),
            Field::new("invitation-code", "Code from the e-mail", form.code)
                .placeholder("XXXX-XXXX-XXXX-XXXX")
                .autocomplete("one-time-code")
                .error(code)
                .view(),
            Field::new("invitation-password", "Password", form.password)
                .kind("password")
                .autocomplete("new-password")
                .hint("At least 8 characters.")
                .error(password)
                .view(),
            Field::new("invitation-again", "The same password again", form.again)
                .kind("password")
                .autocomplete("new-password")
                .error(again)
                .view(),
            failed(form.trouble),
            Button::new(Look::Primary, "invitation-submit", "Accept")
                .submits()
                .busy(form.busy)
                .view(),
            Button::new(Look::Quiet, "to-sign-in", "I have a password already")
                .on_click(move |_| app.go(Route::Accounts))
                .view(),
        ))
}

fn accepted(app: App) -> El {
    html::div().class("form").child((
        Notice::new(
            Tone::Good,
            "invitation-accepted",
            "Sign in with your new password.",
        )
        .title("Welcome.")
        .view(),
        Button::new(Look::Primary, "to-sign-in", "Sign in")
            .on_click(move |_| app.go(Route::Accounts))
            .view(),
    ))
}
