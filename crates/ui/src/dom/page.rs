//! The calls that make nodes and place them. None of them fails with what Ferry
//! passes; where the browser's API says it could, the document itself would have to
//! be gone, and with it the page.

use leptos::prelude::document;
use web_sys::{Comment, Element, Text};

pub(super) fn element(tag: &str, namespace: Option<&str>) -> Element {
    let made = match namespace {
        Some(_) => document().create_element_ns(namespace, tag),
        None => document().create_element(tag),
    };
    // A tag that is no name is the only error, and tags are fixed.
    made.unwrap_or_else(|error| wasm_bindgen::throw_val(error))
}

pub(super) fn text(text: &str) -> Text {
    document().create_text_node(text)
}

pub(super) fn placeholder() -> Comment {
    document().create_comment("")
}

/// Inserts before the marker, or at the end.
pub(super) fn insert(parent: &Element, node: &web_sys::Node, marker: Option<&web_sys::Node>) {
    let _ = parent.insert_before(node, marker);
}
