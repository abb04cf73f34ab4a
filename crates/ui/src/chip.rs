//! The status chip: an icon, words, and a colour that only underlines them.

use crate::dom::{El, IntoNode, Node, html};
use crate::icon::{Icon, icon, spinner};
use crate::reactive::Derived;
use crate::session::Status;

/// The chip for a session's status.
pub fn session_chip(status: Derived<Status>) -> El {
    html::span()
        .class(move || format!("chip {}", status.with(|status| status.tone.class())))
        .test("session-state")
        .attr("data-state", move || status.with(|status| status.code))
        .attr("title", move || status.with(|status| status.meaning.clone()))
        .child((
            move || status.with(|status| symbol(status.code)),
            html::span()
                .class("chip-text")
                .child(move || status.with(|status| status.text.clone())),
        ))
}

/// Each status has a shape of its own.
fn symbol(code: &str) -> Node {
    match code {
        "checking" => spinner().into_node(),
        "verified" | "works" => icon(Icon::Check).into_node(),
        "invalid" => icon(Icon::Warning).into_node(),
        "expired" => icon(Icon::Clock).into_node(),
        _ => html::span()
            .class("chip-dot")
            .attr("aria-hidden", "true")
            .into_node(),
    }
}
