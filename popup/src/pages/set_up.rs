//! Making this browser a trusted device: the pages that popup and web app share,
//! asking the background; or none of it yet.

use std::rc::Rc;

use ferry_bridge::{ApprovalState, Ask, AskApproval, Phase, SendCode, SetUpDevice, State, VerifyCode};
use ferry_ui::dom::{El, IntoNode, Node};
use ferry_ui::page::Done;
use ferry_ui::reactive::Derived;
use ferry_ui::set_up::{self, Outcome, SetUp, Waiting};

use crate::ferry::{Ferry, Stage, trouble};

/// The page of the stage that the set-up has come to. All that it needs is in the
/// state: it looks the same when the popup was closed in between.
pub fn page(stage: Stage) -> Node {
    let ferry = Ferry::here();
    let set_up = ways(ferry);
    match stage {
        Stage::Code => code(ferry, &set_up).into_node(),
        Stage::Approval => approval(ferry, &set_up).into_node(),
        Stage::Later => set_up::later_page(&set_up, move || ferry.set_up_now()).into_node(),
        _ => name(ferry, &set_up).into_node(),
    }
}

fn ways(ferry: Ferry) -> SetUp {
    let profile = ferry.profile();
    SetUp {
        page: ferry.page,
        start: Rc::new(move |name, done| tell(ferry, SetUpDevice { name }, done)),
        send_code: Rc::new(move |done| tell(ferry, SendCode {}, done)),
        verify: Rc::new(move |code, done| tell(ferry, VerifyCode { code }, done)),
        ask_approval: Rc::new(move |done| tell(ferry, AskApproval {}, done)),
        later: Rc::new(move || ferry.set_up_later()),
        leave: Rc::new(move || ferry.sign_out()),
        who: Derived::new(move || {
            profile.with(|profile| profile.as_ref().map(|profile| profile.user.email.clone()))
        }),
    }
}

fn tell(ferry: Ferry, ask: impl Ask<Response = State> + 'static, done: Done) {
    ferry.ask_state(ask, move |failed| done(failed.as_ref().map(trouble)));
}

fn name(ferry: Ferry, set_up: &SetUp) -> El {
    let suggested = ferry.pick(|phase| match phase {
        Phase::SetUp { suggested_name, .. } => Some(suggested_name.clone()),
        _ => None,
    });
    set_up::name_page(set_up, suggested.get_untracked().unwrap_or_default())
}

fn code(ferry: Ferry, set_up: &SetUp) -> El {
    let sent = ferry.pick(|phase| match phase {
        Phase::SetUp { code, .. } => code.clone(),
        _ => None,
    });
    set_up::code_page(set_up, sent)
}

fn approval(ferry: Ferry, set_up: &SetUp) -> El {
    let waiting = ferry.pick(|phase| match phase {
        Phase::SetUp { approval, .. } => approval.as_ref().map(|approval| Waiting {
            fingerprint: approval.fingerprint.clone(),
            outcome: match approval.state {
                ApprovalState::Pending => Outcome::Pending,
                ApprovalState::Denied => Outcome::Denied,
                ApprovalState::Lapsed => Outcome::Lapsed,
            },
            until: approval.until,
        }),
        _ => None,
    });
    set_up::approval_page(set_up, waiting)
}
