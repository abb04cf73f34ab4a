//! Lists whose items keep their elements, and with them the focus, when others
//! come, go or change places.

use leptos::prelude::*;
use leptos::tachys::view::Mountable;
use web_sys::{Comment, Element};

use super::state::insert_before;
use super::{IntoNode, Kind, Node, NodeState, page};

/// An item: its key, and how to put it together if it is new.
pub(super) struct Item {
    key: String,
    make: Box<dyn FnOnce() -> Node>,
}

/// A list with an item for each of `keys`; `item` is called once for each key.
pub fn keyed<K, T, M>(keys: impl Fn() -> Vec<K> + 'static, item: impl Fn(K) -> T + Clone + 'static) -> Node
where
    K: ToString + 'static,
    T: IntoNode<M>,
{
    Node(Kind::Keyed(Box::new(move || {
        let items = keys().into_iter().map(|key| {
            let (text, item) = (key.to_string(), item.clone());
            Item {
                key: text,
                make: Box::new(move || item(key).into_node()),
            }
        });
        items.collect()
    })))
}

/// The items in the page, in order.
pub(super) struct KeyedState {
    items: Vec<Shown>,
    end: Comment,
    /// Of the items' signals and effects; the effect that lists them starts its own
    /// anew with each turn, so they cannot hang on that.
    owner: Owner,
}

struct Shown {
    key: String,
    node: NodeState,
    owner: Owner,
}

impl Shown {
    fn build(item: Item, parent: &Owner) -> Self {
        let owner = parent.child();
        let node = owner.with(|| (item.make)().build());
        Self {
            key: item.key,
            node,
            owner,
        }
    }

    fn remove(mut self) {
        self.node.unmount();
        drop(self.node);
        self.owner.cleanup();
    }
}

impl KeyedState {
    pub(super) fn build(items: Vec<Item>) -> Self {
        let here = Owner::current();
        // The parent of the effect's own owner lives as long as the effect.
        let owner = here
            .as_ref()
            .and_then(Owner::parent)
            .or(here)
            .unwrap_or_default()
            .child();
        let items = items.into_iter().map(|item| Shown::build(item, &owner)).collect();
        Self {
            items,
            end: page::placeholder(),
            owner,
        }
    }

    pub(super) fn rebuild(&mut self, items: Vec<Item>) {
        let mut before = std::mem::take(&mut self.items);
        let mut kept = Vec::with_capacity(before.len());
        for shown in before.drain(..) {
            if items.iter().any(|item| item.key == shown.key) {
                kept.push(shown);
            } else {
                shown.remove();
            }
        }
        for (place, item) in items.into_iter().enumerate() {
            let found = kept
                .iter()
                .skip(place)
                .position(|shown| shown.key == item.key)
                .map(|n| n + place);
            match found {
                // Where it has to be: not touched, and the focus stays.
                Some(at) if at == place => {}
                Some(at) => {
                    let mut shown = kept.remove(at);
                    self.insert(&mut shown.node, kept.get(place));
                    kept.insert(place, shown);
                }
                None => {
                    let mut shown = Shown::build(item, &self.owner);
                    self.insert(&mut shown.node, kept.get(place));
                    kept.insert(place, shown);
                }
            }
        }
        self.items = kept;
    }

    fn insert(&self, node: &mut NodeState, next: Option<&Shown>) {
        match next {
            Some(next) => next.node.insert_before_this(node),
            None => insert_before(&self.end, node),
        };
    }
}

impl Mountable for KeyedState {
    fn unmount(&mut self) {
        self.items.iter_mut().for_each(|shown| shown.node.unmount());
        self.end.remove();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&web_sys::Node>) {
        self.items
            .iter_mut()
            .for_each(|shown| shown.node.mount(parent, marker));
        page::insert(parent, &self.end, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        match self.items.first() {
            Some(first) => first.node.insert_before_this(child),
            None => insert_before(&self.end, child),
        }
    }

    fn elements(&self) -> Vec<Element> {
        self.items
            .iter()
            .flat_map(|shown| shown.node.elements())
            .collect()
    }
}

impl Drop for KeyedState {
    fn drop(&mut self) {
        self.items.clear();
        self.owner.cleanup();
    }
}
