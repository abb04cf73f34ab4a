//! Notices: what happened, and what to do about it.

use crate::Tone;
use crate::dom::{El, IntoNode, Node, html};
use crate::icon::{Icon, icon};
use crate::text::Clean;

/// A notice. Bad news interrupts a screen reader, other news waits.
#[must_use = "call `view` to place it"]
pub struct Notice {
    tone: Tone,
    code: String,
    title: Option<String>,
    message: String,
    actions: Option<Node>,
}

impl Notice {
    /// A notice. `code` is stable, for tests (`data-code`); the message may come
    /// from outside.
    pub fn new(tone: Tone, code: &str, message: &str) -> Self {
        Self {
            tone,
            code: Clean::new(code, 64).into_string(),
            title: None,
            message: full_sentence(Clean::sentence(message).into_string()),
            actions: None,
        }
    }

    /// A few words above the message.
    pub fn title(mut self, title: &str) -> Self {
        self.title = Some(Clean::sentence(title).into_string());
        self
    }

    /// Buttons below the message.
    pub fn actions<M>(mut self, actions: impl IntoNode<M>) -> Self {
        self.actions = Some(actions.into_node());
        self
    }

    /// The element.
    pub fn view(self) -> El {
        let shown = match self.tone {
            Tone::Good => Icon::Check,
            Tone::Wait | Tone::Bad => Icon::Warning,
            Tone::Quiet => Icon::Info,
        };
        html::div()
            .class(format!("notice {}", self.tone.class()))
            .attr("role", if self.tone == Tone::Bad { "alert" } else { "status" })
            .test("notice")
            .attr("data-code", self.code)
            .child((
                icon(shown),
                html::div().class("notice-body").child((
                    self.title
                        .map(|title| html::p().class("notice-title").child(title)),
                    html::p().child(self.message),
                    self.actions
                        .map(|actions| html::div().class("actions").child(actions)),
                )),
            ))
    }
}

/// Errors are written to stand in the middle of others; here they stand alone.
fn full_sentence(mut words: String) -> String {
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if words.ends_with(|last: char| last.is_ascii_alphanumeric()) {
        words.push('.');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stands_alone() {
        for (error, shown) in [
            (
                "the code is wrong: 4 tries are left",
                "The code is wrong: 4 tries are left.",
            ),
            ("Try again.", "Try again."),
            ("really?", "Really?"),
            ("«ça»", "«ça»"),
            ("éa", "éa."),
            ("", ""),
        ] {
            assert_eq!(full_sentence(error.to_owned()), shown);
        }
    }
}
