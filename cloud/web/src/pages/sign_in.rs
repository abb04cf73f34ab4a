//! Signing in.

use ferry_ui::button::{Button, Look};
use ferry_ui::dom::{El, Handle, html};
use ferry_ui::field::Field;
use ferry_ui::icon::mark;
use ferry_ui::page::Trouble;
use ferry_ui::reactive::Var;
use web_sys::Event;

use super::{failed, heading};
use crate::app::App;
use crate::route::Route;

/// The page.
pub fn page() -> El {
    let app = App::here();
    let email = Var::new(app.email.get_untracked());
    let password = Var::new(String::new());
    let [email_error, password_error] = [(); 2].map(|()| Var::new(None::<String>));
    let trouble = Var::new(None::<Trouble>);
    let busy = Var::new(false);
    let [email_input, password_input] = [Handle::new(), Handle::new()];
    if email.with_untracked(String::is_empty) {
        email_input.focus_first();
    } else {
        password_input.focus_first();
    }
    let submit = move || {
        let has_email = email.with_untracked(|email| email.trim().contains('@'));
        email_error
            .set((!has_email).then(|| "Enter your e-mail address, such as alice@example.com.".to_owned()));
        let has_password = password.with_untracked(|password| !password.is_empty());
        password_error.set((!has_password).then(|| "Enter your password.".to_owned()));
        if !has_email || !has_password {
            return;
        }
        trouble.set(None);
        busy.set(true);
        let done = move |failure| {
            busy.set(false);
            trouble.set(failure);
        };
        app.sign_in(email.get_untracked(), password.get_untracked(), Box::new(done));
    };
    html::section().class("narrow").test("sign-in").child((
        html::div().class("welcome").child((
            html::span().class("welcome-mark").child(mark()),
            heading("Sign in to Ferry"),
            html::p().class("soft").child(
                "Your accounts’ sessions in your own cloud, sealed so that only your vault can open them.",
            ),
        )),
        html::form()
            .class("form")
            .attr("novalidate", true)
            .on("submit", move |event: Event| {
                event.prevent_default();
                if !busy.get_untracked() {
                    submit();
                }
            })
            .child((
                Field::new("sign-in-email", "E-mail address", email)
                    .kind("email")
                    .autocomplete("username")
                    .error(email_error)
                    .handle(&email_input)
                    .view(),
                Field::new("sign-in-password", "Password", password)
                    .kind("password")
                    .autocomplete("current-password")
                    .error(password_error)
                    .handle(&password_input)
                    .view(),
                failed(trouble),
                Button::new(Look::Primary, "sign-in-submit", "Sign in")
                    .submits()
                    .busy(busy)
                    .view(),
                Button::new(Look::Quiet, "to-invitation", "I was invited")
                    .on_click(move |_| app.go(Route::Invitation))
                    .view(),
            )),
    ))
}
