//! Progress by step.

use crate::dom::{El, IntoNode, html};
use crate::icon::{Icon, icon, spinner};
use crate::reactive::Derived;

/// How far one step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Has not begun.
    Ahead,
    /// Under way.
    Now,
    /// Done.
    Done,
    /// Did not go well; nothing after it happens.
    Failed,
}

impl Progress {
    fn code(self) -> &'static str {
        match self {
            Self::Ahead => "ahead",
            Self::Now => "now",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// For those who do not see the icon.
    fn spoken(self) -> &'static str {
        match self {
            Self::Ahead => "not yet: ",
            Self::Now => "now: ",
            Self::Done => "done: ",
            Self::Failed => "failed: ",
        }
    }
}

/// One step, as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Stable, for tests (`data-step`).
    pub code: &'static str,
    /// What it does.
    pub label: String,
    /// What came of it.
    pub result: Option<String>,
    /// How far it is.
    pub progress: Progress,
}

/// The steps, in order. What changes is read out by the page, not by this list.
pub fn steps(steps: Derived<Vec<Step>>) -> El {
    html::ol()
        .class("steps")
        .child(move || steps.get().into_iter().map(step).collect::<Vec<_>>())
}

fn step(step: Step) -> El {
    let symbol = match step.progress {
        Progress::Ahead => html::span()
            .class("step-dot")
            .attr("aria-hidden", "true")
            .into_node(),
        Progress::Now => spinner().into_node(),
        Progress::Done => icon(Icon::Check).into_node(),
        Progress::Failed => icon(Icon::Close).into_node(),
    };
    html::li()
        .class(format!("step step-{}", step.progress.code()))
        .test("transfer-step")
        .attr("data-step", step.code)
        .attr("data-progress", step.progress.code())
        .attr("aria-current", (step.progress == Progress::Now).then_some("step"))
        .child((
            symbol,
            html::span().class("step-label").child((
                html::span().class("sr-only").child(step.progress.spoken()),
                step.label,
            )),
            step.result
                .map(|result| html::span().class("step-result").child(result)),
        ))
}
