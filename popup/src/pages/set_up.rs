//! Making this browser a trusted device: a name, then an e-mailed code, or
//! asking a trusted device.

use ferry_bridge::{AskApproval, Failure, Phase, SendCode, SetUpDevice, VerifyCode};
use ferry_protocol::UnixMillis;
use ferry_protocol::api::CodeSent;
use ferry_ui::Tone;
use ferry_ui::button::{Button, Look};
use ferry_ui::dom::{El, Handle, IntoNode, Node, html};
use ferry_ui::field::Field;
use ferry_ui::icon::{Icon, icon};
use ferry_ui::notice::Notice;
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::{text, time};
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlInputElement};

use super::heading;
use crate::ferry::Ferry;
use crate::words;

/// Longest name that the server takes, in characters.
const LONGEST_NAME: usize = 100;

/// The page that asks for a name.
pub fn page() -> El {
    let ferry = Ferry::here();
    let suggested = ferry.pick(|phase| match phase {
        Phase::SetUp { suggested_name, .. } => Some(suggested_name.clone()),
        _ => None,
    });
    let name = Var::new(suggested.get_untracked().unwrap_or_default());
    let error = Var::new(None::<String>);
    let failure = Var::new(None::<Failure>);
    let busy = Var::new(false);
    let input = Handle::new();
    input.focus_first();
    let submit = move || {
        let chosen = name.get_untracked().trim().to_owned();
        if chosen.is_empty() {
            error.set(Some(
                "Give this browser a name, so that you know it again.".to_owned(),
            ));
            return;
        }
        error.set(None);
        failure.set(None);
        busy.set(true);
        ferry.ask_state(SetUpDevice { name: chosen }, move |failed| {
            busy.set(false);
            failure.set(failed);
        });
    };
    html::section().class("narrow").test("set-up").child((
        html::div().class("welcome").child((
            html::span().class("welcome-icon").child(icon(Icon::Shield)),
            heading("Set up this browser"),
            html::p().class("soft").child(
                "Ferry only works with browsers that you have confirmed, so nobody can use your accounts with your \
                 password alone.",
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
                Field::new("device-name", "Name of this browser", name)
                    .hint("You will see it wherever it was used.")
                    .longest(LONGEST_NAME)
                    .error(error)
                    .handle(&input)
                    .view(),
                trouble(failure),
                Button::new(Look::Primary, "device-start", "Start").submits().busy(busy).view(),
                html::p().class("soft small aside").child((
                    icon(Icon::Mail),
                    html::span().child("Next, you get a code by e-mail to prove that it is you."),
                )),
            )),
        leave(),
    ))
}

/// The page that asks for the code. Looks the same when the popup was closed in
/// between: everything it needs is in the state.
pub fn code_page() -> El {
    let ferry = Ferry::here();
    let sent = ferry.pick(|phase| match phase {
        Phase::SetUp { code, .. } => code.clone(),
        _ => None,
    });
    let typed = Var::new(String::new());
    let error = Var::new(None::<String>);
    let failure = Var::new(None::<Failure>);
    let [verifying, sending, sent_again, asking] = [(); 4].map(|()| Var::new(false));
    let input = Handle::new();
    input.focus_first();
    let field = input.clone();
    let submit = move || {
        let Some(code) = words::code(&typed.get_untracked()) else {
            error.set(Some(format!(
                "The code has {} letters and digits.",
                words::CODE_LENGTH
            )));
            field.focus();
            return;
        };
        error.set(None);
        failure.set(None);
        sent_again.set(false);
        verifying.set(true);
        let field = field.clone();
        ferry.ask_state(VerifyCode { code }, move |failed| {
            verifying.set(false);
            if failed.is_some()
                && let Some(input) = field.get()
            {
                input.unchecked_into::<HtmlInputElement>().select();
            }
            failure.set(failed);
        });
    };
    let send = move || {
        failure.set(None);
        error.set(None);
        sending.set(true);
        ferry.ask_state(SendCode {}, move |failed| {
            sending.set(false);
            sent_again.set(failed.is_none());
            failure.set(failed);
        });
    };
    let ask = move || {
        failure.set(None);
        error.set(None);
        asking.set(true);
        ferry.ask_state(AskApproval {}, move |failed| {
            asking.set(false);
            failure.set(failed);
        });
    };
    let expired = Derived::new(move || {
        sent.get()
            .is_some_and(|sent| time::left(ferry.now.get(), sent.expires_at).is_none())
    });
    let new_code = move || {
        sent_again.get().then(|| {
            Notice::new(
                Tone::Good,
                "code-sent",
                "A new code is on its way. The one before no longer works.",
            )
            .view()
        })
    };
    html::section().class("narrow").test("code").child((
        html::div().class("welcome").child((
            html::span().class("welcome-icon").child(icon(Icon::Mail)),
            heading("Enter the code"),
            html::p().class("soft").child((
                "We sent it to ",
                move || sent.get().map(|sent| text::name(&sent.to)),
                ".",
            )),
        )),
        html::form()
            .class("form")
            .attr("novalidate", true)
            .on("submit", move |event: Event| {
                event.prevent_default();
                if !verifying.get_untracked() {
                    submit();
                }
            })
            .child((
                Field::new("code-input", "Code from the e-mail", typed)
                    .class("input code")
                    .placeholder("XXXX-XXXX")
                    .autocomplete("one-time-code")
                    // Room for what else is pasted with it.
                    .longest(40)
                    .error(error)
                    .handle(&input)
                    .view(),
                expiry(ferry.now, sent, expired),
                new_code,
                trouble(failure),
                move || {
                    // What helps now stands out.
                    let looks = if expired.get() {
                        (Look::Plain, Look::Primary)
                    } else {
                        (Look::Primary, Look::Quiet)
                    };
                    let submit = Button::new(looks.0, "code-submit", "Confirm this browser");
                    let resend = Button::new(looks.1, "code-resend", "Send a new code").icon(Icon::Refresh);
                    (
                        submit.submits().busy(verifying).view(),
                        resend.busy(sending).on_click(move |_| send()).view(),
                    )
                },
                Button::new(Look::Quiet, "ask-approval", "Ask a trusted device instead")
                    .icon(Icon::Shield)
                    .busy(asking)
                    .on_click(move |_| ask())
                    .view(),
                html::p()
                    .class("soft small centred")
                    .child("You can close this window to look at your mail; it will be as you left it."),
            )),
        leave(),
    ))
}

fn expiry(now: Var<UnixMillis>, sent: Derived<Option<CodeSent>>, expired: Derived<bool>) -> El {
    let words =
        Derived::new(
            move || match sent.get().and_then(|sent| time::left(now.get(), sent.expires_at)) {
                Some(left) => format!("Works for {left}."),
                None => "This code has expired. Send a new one.".to_owned(),
            },
        );
    html::p()
        .class(move || {
            if expired.get() {
                "field-error centred"
            } else {
                "soft small centred"
            }
        })
        .test("code-expiry")
        .child(move || words.get())
}

pub(super) fn trouble(failure: Var<Option<Failure>>) -> Node {
    let notice = move || {
        failure
            .get()
            .map(|failure| Notice::new(Tone::Bad, &failure.code, &failure.message).view())
    };
    notice.into_node()
}

/// The way out: the wrong person, or the wrong workspace.
pub(super) fn leave() -> El {
    let ferry = Ferry::here();
    let profile = ferry.profile();
    html::div().class("leave soft small").child((
        html::span().class("one-line").child(("Signed in as ", move || {
            profile.with(|profile| profile.as_ref().map(|profile| text::name(&profile.user.email)))
        })),
        Button::new(Look::Quiet, "set-up-sign-out", "Not you?")
            .on_click(move |_| ferry.sign_out())
            .view(),
    ))
}
