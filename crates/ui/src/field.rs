//! A labelled field of a form, with its hint and what is wrong with it.

use leptos::prelude::event_target_value;
use web_sys::Event;

use crate::dom::{El, Handle, IntoNode, Node, html};
use crate::reactive::Var;

/// What takes the value.
enum Control {
    Line,
    Lines(u32),
    Choice(Node),
}

/// A field: of one line, unless it is told otherwise.
#[must_use = "call `view` to place it"]
pub struct Field {
    id: &'static str,
    label: &'static str,
    kind: &'static str,
    control: Control,
    value: Var<String>,
    hint: Option<&'static str>,
    error: Option<Var<Option<String>>>,
    placeholder: &'static str,
    autocomplete: &'static str,
    input_mode: Option<&'static str>,
    longest: usize,
    class: &'static str,
    handle: Handle,
}

impl Field {
    /// A field for text. `id` is its `id` and its `data-testid`.
    pub fn new(id: &'static str, label: &'static str, value: Var<String>) -> Self {
        Self {
            id,
            label,
            kind: "text",
            control: Control::Line,
            value,
            hint: None,
            error: None,
            placeholder: "",
            autocomplete: "off",
            input_mode: None,
            longest: 200,
            class: "input",
            handle: Handle::new(),
        }
    }

    /// The `type` of the input.
    pub fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// Takes several lines; so many are seen at once.
    pub fn lines(mut self, lines: u32) -> Self {
        self.control = Control::Lines(lines);
        self
    }

    /// Takes one of these `<option>`s.
    pub fn choice<M>(mut self, options: impl IntoNode<M>) -> Self {
        self.control = Control::Choice(options.into_node());
        self
    }

    /// A sentence below it that helps to fill it in.
    pub fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// What is wrong with the value, if anything is.
    pub fn error(mut self, error: Var<Option<String>>) -> Self {
        self.error = Some(error);
        self
    }

    /// An example, shown while it is empty.
    pub fn placeholder(mut self, placeholder: &'static str) -> Self {
        self.placeholder = placeholder;
        self
    }

    /// What the browser may fill in (HTML autofill token).
    pub fn autocomplete(mut self, autocomplete: &'static str) -> Self {
        self.autocomplete = autocomplete;
        self
    }

    /// Which keyboard a phone shows.
    pub fn input_mode(mut self, input_mode: &'static str) -> Self {
        self.input_mode = Some(input_mode);
        self
    }

    /// The most characters it takes.
    pub fn longest(mut self, longest: usize) -> Self {
        self.longest = longest;
        self
    }

    /// Another class for the input.
    pub fn class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }

    /// Reaches the input from outside, to focus it.
    pub fn handle(mut self, handle: &Handle) -> Self {
        self.handle = handle.clone();
        self
    }

    /// The label, the input, hint and error.
    pub fn view(self) -> El {
        let Self {
            id,
            value,
            error,
            hint,
            ..
        } = self;
        let hint_id = format!("{id}-hint");
        let error_id = format!("{id}-error");
        let wrong = move || error.and_then(Var::get);
        let described = {
            let (hint_id, error_id) = (hint_id.clone(), error_id.clone());
            move || match (wrong(), hint) {
                (Some(_), _) => Some(error_id.clone()),
                (None, Some(_)) => Some(hint_id.clone()),
                (None, None) => None,
            }
        };
        let below = move || match wrong() {
            Some(wrong) => Some(
                html::p()
                    .class("field-error")
                    .attr("id", error_id.clone())
                    .child(wrong),
            ),
            None => hint.map(|hint| {
                html::p()
                    .class("field-hint")
                    .attr("id", hint_id.clone())
                    .child(hint)
            }),
        };
        let control = match self.control {
            Control::Line => html::input().attr("type", self.kind),
            Control::Lines(lines) => html::textarea().attr("rows", lines.to_string()),
            // Not every program that chooses for a person tells of input.
            Control::Choice(options) => html::select().child(options).on("change", move |event: Event| {
                value.set(event_target_value(&event))
            }),
        };
        html::div().class("field").child((
            html::label().attr("for", id).class("label").child(self.label),
            control
                .attr("id", id)
                .test(id)
                .class(self.class)
                .attr("placeholder", self.placeholder)
                .attr("autocomplete", self.autocomplete)
                .attr("inputmode", self.input_mode)
                .attr("autocapitalize", "none")
                .attr("spellcheck", "false")
                .attr("maxlength", self.longest.to_string())
                .attr("aria-invalid", move || wrong().is_some().then_some("true"))
                .attr("aria-describedby", described)
                .handle(&self.handle)
                .bind_text(value),
            below,
        ))
    }
}

/// A box to tick. `id` is its `id` and its `data-testid`.
pub fn checkbox<M>(id: &'static str, label: impl IntoNode<M>, checked: Var<bool>) -> El {
    html::label().class("check").attr("for", id).child((
        html::input()
            .attr("id", id)
            .test(id)
            .attr("type", "checkbox")
            .bind_ticked(checked),
        html::span().child(label),
    ))
}
