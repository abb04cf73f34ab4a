//! Elements for Leptos' reactive system, all of one type.
//!
//! `leptos::html` gives every element a type of its own, made of its attributes and
//! children; the popup's pages came to 13,000 functions and 367 kB of gzipped
//! WebAssembly that way, and `view!` hands static markup to `innerHTML`, which the
//! extension stores object to. Here there is one [`El`] and one [`Node`], both built
//! with `createElement` and text nodes alone. They are ordinary Leptos views
//! ([`Render`]): `leptos::mount::mount_to_renderer` mounts them.
//!
//! Whatever is passed as a closure is live: it runs again when a signal that it read
//! has changed, and what it gave before is replaced. Text is changed in place.
//!
//! ```ignore
//! html::button().class("plain").attr("disabled", move || busy.get()).on_click(save).child("Save")
//! ```

mod keyed;
mod page;
mod state;
mod value;

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use leptos::prelude::*;
use leptos::tachys::view::Mountable;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, MouseEvent};

pub use keyed::keyed;
pub use state::NodeState;
pub use value::{IntoValue, Value};

use crate::reactive::Var;
use keyed::Item;
use state::Listener;

/// Anything that can be shown.
pub struct Node(Kind);

enum Kind {
    Text(Cow<'static, str>),
    Element(El),
    List(Vec<Node>),
    Live(Box<dyn Fn() -> Node>),
    Keyed(Box<dyn Fn() -> Vec<Item>>),
}

/// What is left to do once the element is there.
type Setup = Box<dyn FnOnce(&Element, &mut state::Kept)>;

/// An element that is being put together. Boxed: it is handed on with each call.
#[must_use = "an element is shown as the child of another"]
pub struct El(Box<Parts>);

struct Parts {
    namespace: Option<&'static str>,
    tag: &'static str,
    attributes: Vec<(&'static str, Value)>,
    children: Vec<Node>,
    setup: Vec<Setup>,
}

impl El {
    /// An element of HTML.
    pub fn new(tag: &'static str) -> Self {
        Self::of(None, tag)
    }

    /// An element of SVG.
    pub fn svg(tag: &'static str) -> Self {
        Self::of(Some("http://www.w3.org/2000/svg"), tag)
    }

    // The methods that take anything only convert it, and leave the rest to those
    // below, which are compiled once.

    #[inline(never)]
    fn of(namespace: Option<&'static str>, tag: &'static str) -> Self {
        let (attributes, children, setup) = (Vec::new(), Vec::new(), Vec::new());
        Self(Box::new(Parts {
            namespace,
            tag,
            attributes,
            children,
            setup,
        }))
    }

    #[inline(never)]
    fn with_attribute(mut self, name: &'static str, value: Value) -> Self {
        self.0.attributes.push((name, value));
        self
    }

    #[inline(never)]
    fn with_child(mut self, child: Node) -> Self {
        self.0.children.push(child);
        self
    }

    #[inline(never)]
    fn with_setup(mut self, setup: Setup) -> Self {
        self.0.setup.push(setup);
        self
    }

    #[inline(never)]
    fn with_listener(self, name: &'static str, call: Box<dyn FnMut(Event)>) -> Self {
        self.with_setup(Box::new(move |element, kept| {
            kept.listeners.push(Listener::new(element, name, call))
        }))
    }

    /// Sets an attribute: text, `Some` text, or whether it is there; or a closure
    /// that gives one of these.
    pub fn attr<M>(self, name: &'static str, value: impl IntoValue<M>) -> Self {
        self.with_attribute(name, value.into_value())
    }

    /// Sets `class`.
    pub fn class<M>(self, value: impl IntoValue<M>) -> Self {
        self.attr("class", value)
    }

    /// Sets `data-testid`, by which tests find it.
    pub fn test(self, hook: &'static str) -> Self {
        self.attr("data-testid", hook)
    }

    /// Adds a child, or a tuple of them.
    pub fn child<M>(self, child: impl IntoNode<M>) -> Self {
        self.with_child(child.into_node())
    }

    /// Calls on an event.
    pub fn on<E: JsCast>(self, name: &'static str, mut call: impl FnMut(E) + 'static) -> Self {
        self.with_listener(name, Box::new(move |event| call(event.unchecked_into())))
    }

    /// Calls when it is clicked, by mouse, finger or keyboard.
    pub fn on_click(self, call: impl FnMut(MouseEvent) + 'static) -> Self {
        self.on("click", call)
    }

    /// Ties the text of an input, a text area or a choice to a signal, both ways.
    pub fn bind_text(self, text: Var<String>) -> Self {
        let shown = self.with_setup(Box::new(move |element, kept| {
            // All of them have a `value` alike.
            let input = element.clone().unchecked_into::<HtmlInputElement>();
            kept.effects.push(RenderEffect::new(move |_| {
                // Setting what is there already would move the caret.
                text.with(|text| (input.value() != *text).then(|| input.set_value(text)));
            }));
        }));
        shown.on("input", move |event: Event| text.set(event_target_value(&event)))
    }

    /// Ties a box to tick to a signal, both ways.
    pub fn bind_ticked(self, ticked: Var<bool>) -> Self {
        let shown = self.with_setup(Box::new(move |element, kept| {
            let input = element.clone().unchecked_into::<HtmlInputElement>();
            kept.effects
                .push(RenderEffect::new(move |_| input.set_checked(ticked.get())));
        }));
        shown.on("change", move |event: Event| {
            ticked.set(event_target_checked(&event))
        })
    }

    /// Lets others reach the element.
    pub fn handle(self, handle: &Handle) -> Self {
        let handle = handle.clone();
        self.with_setup(Box::new(move |element, _| handle.0.set(Some(element.clone()))))
    }

    fn build(self) -> NodeState {
        let Parts {
            namespace,
            tag,
            attributes,
            children,
            setup,
        } = *self.0;
        let element = page::element(tag, namespace);
        let mut kept = state::Kept::default();
        for (name, value) in attributes {
            value.apply(&element, name, &mut kept.effects);
        }
        for child in children {
            let mut child = child.build();
            child.mount(&element, None);
            kept.children.push(child);
        }
        for setup in setup {
            setup(&element, &mut kept);
        }
        NodeState::element(element, kept)
    }
}

/// Reaches an element from outside, once it is there.
#[derive(Clone, Default)]
pub struct Handle(Rc<Cell<Option<Element>>>);

impl Handle {
    /// Reaches nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The element.
    pub fn get(&self) -> Option<Element> {
        let element = self.0.take();
        self.0.set(element.clone());
        element
    }

    /// Focuses it.
    pub fn focus(&self) {
        if let Some(element) = self.get() {
            // Fails only for what cannot have the focus.
            let _ = element.unchecked_into::<HtmlElement>().focus();
        }
    }

    /// Focuses it as soon as it is in the page.
    pub fn focus_first(&self) {
        let handle = self.clone();
        // Effects run when the page has been put together.
        Effect::new(move |_| handle.focus());
    }
}

/// What can become a [`Node`]. `M` tells values from closures, and is inferred.
pub trait IntoNode<M = ()> {
    /// Makes the node.
    fn into_node(self) -> Node;
}

impl IntoNode for Node {
    fn into_node(self) -> Node {
        self
    }
}

impl IntoNode for El {
    fn into_node(self) -> Node {
        Node(Kind::Element(self))
    }
}

impl IntoNode for &'static str {
    fn into_node(self) -> Node {
        Node(Kind::Text(self.into()))
    }
}

impl IntoNode for String {
    fn into_node(self) -> Node {
        Node(Kind::Text(self.into()))
    }
}

impl IntoNode for () {
    fn into_node(self) -> Node {
        Node(Kind::List(Vec::new()))
    }
}

impl<T: IntoNode<M>, M> IntoNode<(M,)> for Option<T> {
    fn into_node(self) -> Node {
        self.map_or_else(|| ().into_node(), T::into_node)
    }
}

impl<T: IntoNode<M>, M> IntoNode<(M,)> for Vec<T> {
    fn into_node(self) -> Node {
        Node(Kind::List(self.into_iter().map(T::into_node).collect()))
    }
}

/// Marks closures.
pub enum Live {}

impl<F, T, M> IntoNode<(Live, M)> for F
where
    F: Fn() -> T + 'static,
    T: IntoNode<M>,
{
    fn into_node(self) -> Node {
        Node(Kind::Live(Box::new(move || self().into_node())))
    }
}

macro_rules! tuples {
    ($(($($part:ident $mark:ident),+))+) => {$(
        impl<$($part: IntoNode<$mark>, $mark),+> IntoNode<($($mark,)+ ((),))> for ($($part,)+) {
            fn into_node(self) -> Node {
                #[expect(non_snake_case, reason = "the names of the types serve for the values too")]
                let ($($part,)+) = self;
                Node(Kind::List(vec![$($part.into_node()),+]))
            }
        }
    )+};
}

tuples! {
    (A MA, B MB)
    (A MA, B MB, C MC)
    (A MA, B MB, C MC, D MD)
    (A MA, B MB, C MC, D MD, E ME)
    (A MA, B MB, C MC, D MD, E ME, F MF)
    (A MA, B MB, C MC, D MD, E ME, F MF, G MG)
    (A MA, B MB, C MC, D MD, E ME, F MF, G MG, H MH)
}

/// The elements of HTML that Ferry uses.
pub mod html {
    use super::El;

    macro_rules! tags {
        ($($tag:ident)*) => {$(
            #[doc = concat!("`<", stringify!($tag), ">`")]
            pub fn $tag() -> El {
                El::new(stringify!($tag))
            }
        )*};
    }

    tags! {
        a bdi button dd details dialog div dl dt fieldset form h1 h2 h3 header input label legend li main nav ol
        option p section select span strong
        summary textarea time ul
    }
}
