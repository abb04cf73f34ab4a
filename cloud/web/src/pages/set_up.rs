//! Making this browser a trusted device: the pages that popup and web app share,
//! asking the server.

use std::rc::Rc;

use ferry_ui::button::{Button, Look};
use ferry_ui::dom::{El, IntoNode, Node, html};
use ferry_ui::icon::{Icon, icon};
use ferry_ui::reactive::Derived;
use ferry_ui::set_up::{self, SetUp};

use super::heading;
use crate::app::{App, Stage};
use crate::enrol::suggested_name;

/// The page of the stage that the set-up has come to.
pub fn page(stage: Stage) -> Node {
    let app = App::here();
    let ways = SetUp {
        page: app.page,
        start: Rc::new(move |name, done| app.set_up(name, done)),
        send_code: Rc::new(move |done| app.send_code(done)),
        verify: Rc::new(move |code, done| app.verify(code, done)),
        ask_approval: Rc::new(move |done| app.ask_approval(done)),
        later: Some(Rc::new(move || app.remind_later())),
        leave: Rc::new(move || app.sign_out()),
        who: Derived::new(move || app.me.with(|me| me.as_ref().map(|me| me.user.email.clone()))),
    };
    match stage {
        Stage::Code => set_up::code_page(&ways, Derived::new(move || app.code.get())).into_node(),
        Stage::Approval => set_up::approval_page(&ways, Derived::new(move || app.approval.get())).into_node(),
        _ => {
            let name = app.me.with_untracked(|me| me.as_ref().map(suggested_name));
            set_up::name_page(&ways, name.unwrap_or_default()).into_node()
        }
    }
}

/// What there is to see for who puts it off: that nothing is shown, and why.
pub fn later() -> El {
    let app = App::here();
    html::section().test("later").child((
        html::div().class("notice tone-wait").test("device-banner").attr("role", "status").child((
            icon(Icon::Shield),
            html::div().class("notice-body").child((
                html::p().class("notice-title").child("Set up this browser to see your accounts"),
                html::p().child(
                    "Ferry shows and opens accounts only on devices that you have confirmed. Until then nothing is \
                     reachable from here.",
                ),
                html::div().class("actions").child(
                    Button::new(Look::Primary, "device-set-up", "Set up this browser")
                        .on_click(move |_| app.set_up_now())
                        .view(),
                ),
            )),
        )),
        html::div().class("empty").child((
            html::span().class("empty-icon").child(icon(Icon::Lock)),
            heading("Accounts"),
            html::p().class("soft").child("Your accounts show up here once this browser is a trusted device."),
        )),
    ))
}
