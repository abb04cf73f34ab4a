//! A question that has to be answered before anything else.

use std::cell::Cell;
use std::rc::Rc;

use leptos::prelude::Effect;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlDialogElement};

use crate::button::{Button, Look};
use crate::dom::{El, Handle, Node, html};
use crate::reactive::Derived;

/// Asks before something is destroyed.
#[must_use = "call `view` to place it"]
pub struct Confirm {
    /// The question.
    pub title: Node,
    /// What will happen, and what will not.
    pub message: Node,
    /// The words of the button that does it.
    pub yes: &'static str,
    /// `data-testid` of that button.
    pub hook: &'static str,
}

impl Confirm {
    /// The dialog; open while `open` is true. The browser's own `<dialog>` keeps
    /// the focus inside, closes on Escape and gives the focus back. `closed` is
    /// called when the person has answered, after `confirmed` if it was yes.
    pub fn view(
        self,
        open: Derived<bool>,
        confirmed: impl Fn() + 'static,
        closed: impl Fn() + Copy + 'static,
    ) -> El {
        let handle = Handle::new();
        // How many times this program closed it and has not been told so. Being told
        // comes later, when it may be open again.
        let untold = Rc::new(Cell::new(0_u32));
        Effect::new({
            let (handle, untold) = (handle.clone(), Rc::clone(&untold));
            move |_| {
                let open = open.get();
                let Some(dialog) = handle.get() else { return };
                let dialog = dialog.unchecked_into::<HtmlDialogElement>();
                match (open, dialog.open()) {
                    // Fails only for an element that is not in the page.
                    (true, false) => drop(dialog.show_modal()),
                    (false, true) => {
                        untold.set(untold.get() + 1);
                        dialog.close();
                    }
                    _ => {}
                }
            }
        });
        let (title_id, message_id) = (format!("{}-title", self.hook), format!("{}-message", self.hook));
        let answer = move |_| {
            confirmed();
            closed();
        };
        html::dialog()
            .class("dialog")
            .attr("role", "alertdialog")
            .test("dialog")
            .attr("aria-labelledby", title_id.clone())
            .attr("aria-describedby", message_id.clone())
            .handle(&handle)
            .on("close", move |_: Event| match untold.get() {
                0 => closed(),
                ours => untold.set(ours - 1),
            })
            .child((
                html::h2().attr("id", title_id).child(self.title),
                html::p().attr("id", message_id).child(self.message),
                html::div().class("actions end").child((
                    // The harmless answer comes first, and so has the focus.
                    Button::new(Look::Plain, "dialog-cancel", "Cancel")
                        .on_click(move |_| closed())
                        .view(),
                    Button::new(Look::Danger, self.hook, self.yes)
                        .on_click(answer)
                        .view(),
                )),
            ))
    }
}
