//! What is in the page, and what keeps it up to date.

use std::borrow::Cow;

use leptos::prelude::*;
use leptos::tachys::view::{Mountable, Render};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Comment, Element, Event, Text};

use super::keyed::KeyedState;
use super::{Kind, Node, page};

/// A node that is, or was, in the page.
pub struct NodeState(Placed);

enum Placed {
    Text(Text, Cow<'static, str>),
    /// What is kept is only there to be dropped with the element.
    Element {
        node: Element,
        _kept: Kept,
    },
    /// The comment marks the place of the list's end.
    List(Vec<NodeState>, Comment),
    Live(Running<NodeState>),
    Keyed(Running<KeyedState>),
}

/// What an element keeps for as long as it lives.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) children: Vec<NodeState>,
    pub(super) effects: Vec<RenderEffect<()>>,
    pub(super) listeners: Vec<Listener>,
}

/// Listens to an event; dropping it ends that.
pub(super) struct Listener {
    element: Element,
    name: &'static str,
    call: Closure<dyn FnMut(Event)>,
}

impl Listener {
    pub(super) fn new(element: &Element, name: &'static str, call: Box<dyn FnMut(Event)>) -> Self {
        let call = Closure::wrap(call);
        // Fails for no element.
        let _ = element.add_event_listener_with_callback(name, call.as_ref().unchecked_ref());
        Self {
            element: element.clone(),
            name,
            call,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self
            .element
            .remove_event_listener_with_callback(self.name, self.call.as_ref().unchecked_ref());
    }
}

/// An effect and what it keeps in the page.
struct Running<T: Mountable + 'static>(RenderEffect<T>);

impl<T: Mountable + 'static> Drop for Running<T> {
    fn drop(&mut self) {
        // The effect's task is let go a moment later; what it keeps has to go now.
        drop(self.0.take_value());
    }
}

impl NodeState {
    pub(super) fn element(element: Element, kept: Kept) -> Self {
        Self(Placed::Element {
            node: element,
            _kept: kept,
        })
    }

    fn inner(&self) -> &dyn Mountable {
        match &self.0 {
            Placed::Live(running) => &running.0,
            Placed::Keyed(running) => &running.0,
            _ => unreachable!("only what runs has something inside"),
        }
    }
}

impl Node {
    /// Puts it together.
    pub(super) fn build(self) -> NodeState {
        let placed = match self.0 {
            Kind::Text(text) => Placed::Text(page::text(&text), text),
            Kind::Element(element) => return element.build(),
            Kind::List(nodes) => {
                Placed::List(nodes.into_iter().map(Self::build).collect(), page::placeholder())
            }
            Kind::Live(make) => Placed::Live(Running(RenderEffect::new(move |before: Option<NodeState>| {
                let node = make();
                match before {
                    None => node.build(),
                    Some(mut state) => {
                        node.rebuild(&mut state);
                        state
                    }
                }
            }))),
            Kind::Keyed(make) => {
                Placed::Keyed(Running(RenderEffect::new(move |before: Option<KeyedState>| {
                    let items = make();
                    match before {
                        None => KeyedState::build(items),
                        Some(mut state) => {
                            state.rebuild(items);
                            state
                        }
                    }
                })))
            }
        };
        NodeState(placed)
    }
}

impl Render for Node {
    type State = NodeState;

    fn build(self) -> NodeState {
        Self::build(self)
    }

    /// Text is changed in place, an empty list stays one; everything else is
    /// replaced.
    fn rebuild(self, state: &mut NodeState) {
        match (&self.0, &mut state.0) {
            (Kind::Text(new), Placed::Text(node, old)) => {
                if new != old {
                    node.set_data(new);
                    *old = new.clone();
                }
            }
            (Kind::List(new), Placed::List(old, _)) if new.is_empty() && old.is_empty() => {}
            _ => {
                let mut new = self.build();
                state.insert_before_this(&mut new);
                state.unmount();
                *state = new;
            }
        }
    }
}

impl Mountable for NodeState {
    fn unmount(&mut self) {
        match &mut self.0 {
            Placed::Text(node, _) => node.remove(),
            Placed::Element { node, .. } => node.remove(),
            Placed::List(nodes, end) => {
                nodes.iter_mut().for_each(Mountable::unmount);
                end.remove();
            }
            Placed::Live(running) => running.0.unmount(),
            Placed::Keyed(running) => running.0.unmount(),
        }
    }

    fn mount(&mut self, parent: &Element, marker: Option<&web_sys::Node>) {
        match &mut self.0 {
            Placed::Text(node, _) => page::insert(parent, node, marker),
            Placed::Element { node, .. } => page::insert(parent, node, marker),
            Placed::List(nodes, end) => {
                nodes.iter_mut().for_each(|node| node.mount(parent, marker));
                page::insert(parent, end, marker);
            }
            Placed::Live(running) => running.0.mount(parent, marker),
            Placed::Keyed(running) => running.0.mount(parent, marker),
        }
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        match &self.0 {
            Placed::Text(node, _) => insert_before(node, child),
            Placed::Element { node, .. } => insert_before(node, child),
            Placed::List(nodes, end) => match nodes.first() {
                Some(first) => first.insert_before_this(child),
                None => insert_before(end, child),
            },
            Placed::Live(_) | Placed::Keyed(_) => self.inner().insert_before_this(child),
        }
    }

    fn elements(&self) -> Vec<Element> {
        match &self.0 {
            Placed::Text(..) => Vec::new(),
            Placed::Element { node, .. } => vec![node.clone()],
            Placed::List(nodes, _) => nodes.iter().flat_map(Mountable::elements).collect(),
            Placed::Live(_) | Placed::Keyed(_) => self.inner().elements(),
        }
    }
}

pub(super) fn insert_before(node: &web_sys::Node, child: &mut dyn Mountable) -> bool {
    match node.parent_element() {
        Some(parent) => {
            child.mount(&parent, Some(node));
            true
        }
        None => false,
    }
}
