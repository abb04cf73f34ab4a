//! Making this browser a trusted device: the pages that popup and web app share,
//! asking the server.

use std::rc::Rc;

use ferry_ui::dom::{IntoNode, Node};
use ferry_ui::reactive::Derived;
use ferry_ui::set_up::{self, SetUp};

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
        later: Rc::new(move || app.remind_later()),
        leave: Rc::new(move || app.sign_out()),
        who: Derived::new(move || app.me.with(|me| me.as_ref().map(|me| me.user.email.clone()))),
    };
    match stage {
        Stage::Later => set_up::later_page(&ways, move || app.set_up_now()).into_node(),
        Stage::Code => set_up::code_page(&ways, Derived::new(move || app.code.get())).into_node(),
        Stage::Approval => set_up::approval_page(&ways, Derived::new(move || app.approval.get())).into_node(),
        _ => {
            let name = app.me.with_untracked(|me| me.as_ref().map(suggested_name));
            set_up::name_page(&ways, name.unwrap_or_default()).into_node()
        }
    }
}
