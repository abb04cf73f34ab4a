//! The form that invites somebody.

use ferry_protocol::api::Invite;
use ferry_protocol::problem::ProblemCode;
use ferry_ui::button::{Button, Look};
use ferry_ui::dom::{El, Handle, html};
use ferry_ui::field::{Field, checkbox};
use ferry_ui::page::Trouble;
use ferry_ui::reactive::Var;
use ferry_ui::text::Clean;
use leptos::task::spawn_local;
use web_sys::Event;

use super::super::admin::{by_name, problem, sentence};
use super::{People, failed};

/// The longest that the server takes, in characters (`docs/protocol.md`).
const LONGEST_NAME: usize = 100;
/// The longest e-mail address, in bytes (RFC 5321 §4.5.3.1.3).
const LONGEST_EMAIL: usize = 254;

/// What is told when an invitation was sent.
pub(super) fn sent(email: &str) -> String {
    let email = Clean::name(email).into_string();
    format!("Invitation sent to {email}. The code in it lets them choose a password.")
}

/// What is wrong with name and address, as far as can be told here.
fn faults(name: &str, email: &str) -> [Option<&'static str>; 2] {
    let name = Clean::new(name, usize::MAX).into_string();
    let of_name = match name.chars().count() {
        0 => Some("Enter their name."),
        1..=LONGEST_NAME => None,
        _ => Some("Use at most 100 characters."),
    };
    let has_form = email
        .trim()
        .split_once('@')
        .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'));
    let of_email = (!has_form
        || email.contains(char::is_whitespace) && email.trim().contains(char::is_whitespace))
    .then_some("Enter an e-mail address, such as alice@example.com.");
    [of_name, of_email]
}

/// The form. `opener` gets the focus back when it is done.
pub(super) fn form(people: People, opener: Handle) -> El {
    let [name, email] = [(); 2].map(|()| Var::new(String::new()));
    let [name_error, email_error] = [(); 2].map(|()| Var::new(None::<String>));
    let admin = Var::new(false);
    let busy = Var::new(false);
    let trouble = Var::new(None::<Trouble>);
    let [name_input, email_input] = [Handle::new(), Handle::new()];
    name_input.focus_first();
    let close = {
        let opener = opener.clone();
        move || {
            people.inviting.set(false);
            opener.focus();
        }
    };
    let submit = {
        let (name_input, email_input) = (name_input.clone(), email_input.clone());
        let close = close.clone();
        move || {
            let faults = name.with_untracked(|name| email.with_untracked(|email| faults(name, email)));
            name_error.set(faults[0].map(str::to_owned));
            email_error.set(faults[1].map(str::to_owned));
            if faults[0].is_some() {
                return name_input.focus();
            } else if faults[1].is_some() {
                return email_input.focus();
            }
            let invite = Invite {
                email: email.get_untracked().trim().to_owned(),
                name: name.get_untracked().trim().to_owned(),
                admin: admin.get_untracked(),
            };
            busy.set(true);
            trouble.set(None);
            people.saved.forget();
            let (close, email_input) = (close.clone(), email_input.clone());
            spawn_local(async move {
                let answer = people.app.ask(async |client| client.invite(&invite).await).await;
                busy.set(false);
                match answer {
                    Ok(all) => {
                        people.all.set(Some(by_name(all)));
                        people.saved.tell(people.app, sent(&invite.email));
                        close();
                    }
                    // The name is in order, so it is the address.
                    Err(error)
                        if matches!(
                            problem(&error),
                            Some(ProblemCode::EmailTaken | ProblemCode::InvalidRequest)
                        ) =>
                    {
                        email_error.set(Some(sentence(&error.to_string())));
                        email_input.focus();
                    }
                    Err(error) => trouble.set(Some(error.trouble())),
                }
            });
        }
    };
    html::form()
        .class("card block form")
        .test("invite-form")
        .attr("novalidate", true)
        .attr("aria-label", "Invite somebody")
        .on("submit", move |event: Event| {
            event.prevent_default();
            if !busy.get_untracked() {
                submit();
            }
        })
        .child((
            Field::new("invite-name", "Name", name)
                .longest(LONGEST_NAME)
                .error(name_error)
                .handle(&name_input)
                .view(),
            Field::new("invite-email", "E-mail address", email)
                .kind("email")
                .longest(LONGEST_EMAIL)
                .hint("The invitation goes there, and they sign in with it.")
                .error(email_error)
                .handle(&email_input)
                .view(),
            checkbox(
                "invite-admin",
                "Admin: looks after people, accounts and apps, and sees all activity",
                admin,
            ),
            failed(trouble),
            html::div().class("actions").child((
                Button::new(Look::Primary, "invite-submit", "Send the invitation")
                    .submits()
                    .busy(busy)
                    .view(),
                Button::new(Look::Quiet, "invite-cancel", "Cancel")
                    .on_click(move |_| close())
                    .view(),
            )),
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_at_its_field() {
        assert_eq!(faults("Alice", "alice@example.com"), [None, None]);
        assert_eq!(faults(" Alice ", " alice@example.com "), [None, None]);
        let [name, email] = faults(" \u{200B} ", "alice");
        assert!(name.is_some() && email.is_some());
        for email in ["", "@", "a@", "@b", "a b@c", "a@b@c"] {
            assert!(faults("Alice", email)[1].is_some(), "{email}");
        }
        assert!(faults(&"a".repeat(100), "a@b")[0].is_none());
        assert!(faults(&"a".repeat(101), "a@b")[0].is_some());
    }
}
