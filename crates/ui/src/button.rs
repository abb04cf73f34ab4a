//! Buttons: with words, or with an icon and a label for those who do not see it.

use leptos::prelude::untrack;
use web_sys::MouseEvent;

use crate::dom::{El, IntoNode, IntoValue, Node, html};
use crate::icon::{Icon, icon, spinner};
use crate::reactive::Flag;

/// What a button looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The one thing to do on this page.
    Primary,
    /// Another thing to do.
    Plain,
    /// Looks like a link.
    Quiet,
    /// Destroys something.
    Danger,
}

impl Look {
    fn class(self) -> &'static str {
        match self {
            Self::Primary => "button primary",
            Self::Plain => "button plain",
            Self::Quiet => "button quiet",
            Self::Danger => "button danger",
        }
    }
}

/// A button with words.
#[must_use = "call `view` to place it"]
pub struct Button {
    look: Look,
    label: Node,
    icon: Option<Icon>,
    hook: &'static str,
    submits: bool,
    busy: Flag,
    disabled: Flag,
    click: Option<Box<dyn FnMut(MouseEvent)>>,
}

impl Button {
    /// A button. `hook` is its `data-testid`.
    pub fn new<M>(look: Look, hook: &'static str, label: impl IntoNode<M>) -> Self {
        Self {
            look,
            label: label.into_node(),
            icon: None,
            hook,
            submits: false,
            busy: false.into(),
            disabled: false.into(),
            click: None,
        }
    }

    /// With an icon before the words.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Submits the form around it.
    pub fn submits(mut self) -> Self {
        self.submits = true;
        self
    }

    /// While true, it turns, and clicks do nothing. It keeps the focus.
    pub fn busy(mut self, busy: impl Into<Flag>) -> Self {
        self.busy = busy.into();
        self
    }

    /// While true, it cannot be used.
    pub fn disabled(mut self, disabled: impl Into<Flag>) -> Self {
        self.disabled = disabled.into();
        self
    }

    /// What it does.
    pub fn on_click(mut self, click: impl FnMut(MouseEvent) + 'static) -> Self {
        self.click = Some(Box::new(click));
        self
    }

    /// The element.
    pub fn view(self) -> El {
        let kind = if self.submits { "submit" } else { "button" };
        let disabled = self.disabled;
        pressable(self.hook, self.busy, self.icon, self.click)
            .attr("type", kind)
            .class(self.look.class())
            .attr("disabled", move || disabled.get())
            .child(html::span().child(self.label))
    }
}

/// A round button with an icon alone. `label` is read out and shown as a tooltip;
/// `hook` is its `data-testid`.
pub fn icon_button<M>(
    hook: &'static str,
    shown: Icon,
    label: impl IntoValue<M>,
    busy: impl Into<Flag>,
    click: impl FnMut(MouseEvent) + 'static,
) -> El {
    let label = label.into_value();
    pressable(hook, busy.into(), Some(shown), Some(Box::new(click)))
        .attr("type", "button")
        .class("icon-button")
        .attr("title", label.clone())
        .attr("aria-label", label)
}

/// What all buttons have: while busy, they turn, and clicks do nothing.
fn pressable(
    hook: &'static str,
    busy: Flag,
    still: Option<Icon>,
    mut click: Option<Box<dyn FnMut(MouseEvent)>>,
) -> El {
    let [is_busy, is_shown_busy] = [busy.clone(), busy.clone()];
    html::button()
        .attr("aria-busy", move || is_busy.get().then_some("true"))
        .test(hook)
        .on_click(move |event| {
            if untrack(|| busy.get()) {
                event.prevent_default();
            } else if let Some(click) = &mut click {
                click(event);
            }
        })
        .child(move || {
            if is_shown_busy.get() {
                Some(spinner())
            } else {
                still.map(icon)
            }
        })
}
