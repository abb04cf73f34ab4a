//! Making this browser a trusted device: a name, then an e-mailed code, or
//! asking a trusted device.

mod approval;
mod code;

use std::rc::Rc;

use ferry_protocol::UnixMillis;
use ferry_protocol::api::CodeSent;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlInputElement};

pub use approval::{Outcome, Waiting, approval_page};

use crate::Tone;
use crate::button::{Button, Look};
use crate::dom::{El, Handle, IntoNode, Node, html};
use crate::field::Field;
use crate::icon::{Icon, icon};
use crate::notice::Notice;
use crate::page::{Done, Page, Trouble};
use crate::reactive::{Derived, Var};
use crate::{text, time};

/// Asks for something that needs no more words.
pub type Ask = Rc<dyn Fn(Done)>;
/// Asks for something, with what was typed.
pub type AskWith = Rc<dyn Fn(String, Done)>;

/// What a person can do here.
#[derive(Clone)]
pub struct SetUp {
    /// Where it is shown.
    pub page: Page,
    /// Enrols this browser under a name.
    pub start: AskWith,
    /// Has a code sent.
    pub send_code: Ask,
    /// Sends the code that came.
    pub verify: AskWith,
    /// Asks the trusted devices.
    pub ask_approval: Ask,
    /// Does it another time.
    pub later: Rc<dyn Fn()>,
    /// Signs out: the wrong person.
    pub leave: Rc<dyn Fn()>,
    /// E-mail address of who is signed in.
    pub who: Derived<Option<String>>,
}

impl SetUp {
    /// The way out: the wrong person, or the wrong workspace.
    fn leave(&self) -> El {
        let (who, leave) = (self.who, Rc::clone(&self.leave));
        html::div().class("leave soft small").child((
            html::span()
                .class("one-line")
                .child(("Signed in as ", move || who.get().map(|who| text::name(&who)))),
            Button::new(Look::Quiet, "set-up-sign-out", "Not you?")
                .on_click(move |_| leave())
                .view(),
        ))
    }
}

/// Something under way, and how the one before ended.
#[derive(Clone, Copy)]
struct Asking {
    busy: Var<bool>,
    trouble: Var<Option<Trouble>>,
}

impl Asking {
    fn new(trouble: Var<Option<Trouble>>) -> Self {
        let busy = Var::new(false);
        Self { busy, trouble }
    }

    /// From now on it is under way; what is given hears how it ended.
    fn start(self, then: impl FnOnce(bool) + 'static) -> Done {
        self.trouble.set(None);
        self.busy.set(true);
        Box::new(move |trouble| {
            self.busy.set(false);
            let is_done = trouble.is_none();
            self.trouble.set(trouble);
            then(is_done);
        })
    }
}

/// Longest name that the server takes, in characters.
const LONGEST_NAME: usize = 100;

/// The page that asks for a name.
pub fn name_page(set_up: &SetUp, suggested: String) -> El {
    let name = Var::new(suggested);
    let error = Var::new(None::<String>);
    let failure = Var::new(None::<Trouble>);
    let asking = Asking::new(failure);
    let start = Rc::clone(&set_up.start);
    let later = Rc::clone(&set_up.later);
    let later = Button::new(Look::Quiet, "device-later", "Remind me later").on_click(move |_| later());
    let input = Handle::new();
    input.focus_first();
    let submit = move || {
        let chosen = name.get_untracked().trim().to_owned();
        if chosen.is_empty() {
            error.set(Some(
                "Give this browser a name, so that you recognise it later.".to_owned(),
            ));
            return;
        }
        error.set(None);
        start(chosen, asking.start(|_| {}));
    };
    html::section().class("narrow").test("set-up").child((
        html::div().class("welcome").child((
            html::span().class("welcome-icon").child(icon(Icon::Shield)),
            set_up.page.heading("Set up this browser"),
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
                if !asking.busy.get_untracked() {
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
                Button::new(Look::Primary, "device-start", "Start").submits().busy(asking.busy).view(),
                later.view(),
                html::p().class("soft small aside").child((
                    icon(Icon::Mail),
                    html::span().child("Next, you prove that it is you: by a code that comes by e-mail, or with a device that you trust."),
                )),
            )),
        set_up.leave(),
    ))
}

/// What there is for who puts it off: no account is shown, and why. `go_on` goes on
/// with the set-up.
pub fn later_page(set_up: &SetUp, go_on: impl Fn() + 'static) -> El {
    let now = Button::new(Look::Primary, "set-up-now", "Set up").on_click(move |_| go_on());
    let words = "Accounts are shown and can be used only in browsers that you have confirmed.";
    html::section().test("later").child((
        html::div()
            .class("page-head")
            .child(set_up.page.heading("Accounts")),
        Notice::new(Tone::Wait, "set-up-later", words)
            .title("Set up this browser to see your accounts")
            .actions(now.view())
            .view(),
        set_up.leave(),
    ))
}

/// The page that asks for the code. Looks the same when the popup was closed in
/// between: everything it needs is in the state.
pub fn code_page(set_up: &SetUp, sent: Derived<Option<CodeSent>>) -> El {
    let now = set_up.page.now;
    let typed = Var::new(String::new());
    let error = Var::new(None::<String>);
    let failure = Var::new(None::<Trouble>);
    let [verifying, sending, asking] = [(); 3].map(|()| Asking::new(failure));
    let sent_again = Var::new(false);
    let input = Handle::new();
    input.focus_first();
    let field = input.clone();
    let verify = Rc::clone(&set_up.verify);
    let submit = move || {
        let Some(code) = code::parse(&typed.get_untracked()) else {
            error.set(Some(format!("The code has {} letters and digits.", code::LENGTH)));
            field.focus();
            return;
        };
        error.set(None);
        sent_again.set(false);
        let field = field.clone();
        let done = verifying.start(move |is_done| {
            if !is_done && let Some(input) = field.get() {
                input.unchecked_into::<HtmlInputElement>().select();
            }
        });
        verify(code, done);
    };
    let send_code = Rc::clone(&set_up.send_code);
    let send: Rc<dyn Fn()> = Rc::new(move || {
        error.set(None);
        send_code(sending.start(move |is_done| sent_again.set(is_done)));
    });
    let ask_approval = Rc::clone(&set_up.ask_approval);
    let ask = move || {
        error.set(None);
        ask_approval(asking.start(|_| {}));
    };
    let expired = Derived::new(move || {
        sent.get()
            .is_some_and(|sent| time::left(now.get(), sent.expires_at).is_none())
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
            set_up.page.heading("Enter the code"),
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
                if !verifying.busy.get_untracked() {
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
                expiry(now, sent, expired),
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
                    let send = Rc::clone(&send);
                    let resend = Button::new(looks.1, "code-resend", "Send a new code").icon(Icon::Refresh);
                    (
                        submit.submits().busy(verifying.busy).view(),
                        resend.busy(sending.busy).on_click(move |_| send()).view(),
                    )
                },
                Button::new(Look::Quiet, "ask-approval", "Ask a trusted device instead")
                    .icon(Icon::Shield)
                    .busy(asking.busy)
                    .on_click(move |_| ask())
                    .view(),
                html::p()
                    .class("soft small centred")
                    .child("You can close this window to look at your mail; it will be as you left it."),
            )),
        set_up.leave(),
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

fn trouble(failure: Var<Option<Trouble>>) -> Node {
    let notice = move || {
        failure
            .get()
            .map(|failure| Notice::new(Tone::Bad, &failure.code, &failure.message).view())
    };
    notice.into_node()
}
