//! Values of attributes.

use std::borrow::Cow;
use std::rc::Rc;

use leptos::prelude::RenderEffect;
use web_sys::Element;

use super::Live;

/// The value of an attribute; without text, the attribute is not there.
#[derive(Clone)]
pub enum Value {
    /// Never changes.
    Fixed(Option<Cow<'static, str>>),
    /// Runs again when a signal that it read has changed.
    Live(Rc<dyn Fn() -> Option<Cow<'static, str>>>),
}

impl Value {
    pub(super) fn apply(self, element: &Element, name: &'static str, effects: &mut Vec<RenderEffect<()>>) {
        match self {
            Self::Fixed(value) => set(element, name, value.as_deref()),
            Self::Live(value) => {
                let element = element.clone();
                effects.push(RenderEffect::new(move |_| {
                    set(&element, name, value().as_deref())
                }));
            }
        }
    }
}

fn set(element: &Element, name: &str, value: Option<&str>) {
    match value {
        // What stays the same is not set again: style sheets and screen readers
        // would take it for a change.
        Some(value) if element.get_attribute(name).as_deref() != Some(value) => {
            // Fails only for what is no name, and ours are.
            let _ = element.set_attribute(name, value);
        }
        Some(_) => {}
        None => {
            let _ = element.remove_attribute(name);
        }
    }
}

/// What can become the value of an attribute. `M` tells values from closures.
pub trait IntoValue<M = ()> {
    /// Makes the value.
    fn into_value(self) -> Value;
}

/// What a fixed value, or one turn of a closure, amounts to.
pub trait IntoText {
    /// The text, or nothing for an attribute that is not there.
    fn into_text(self) -> Option<Cow<'static, str>>;
}

impl IntoText for &'static str {
    fn into_text(self) -> Option<Cow<'static, str>> {
        Some(self.into())
    }
}

impl IntoText for String {
    fn into_text(self) -> Option<Cow<'static, str>> {
        Some(self.into())
    }
}

impl IntoText for bool {
    fn into_text(self) -> Option<Cow<'static, str>> {
        self.then_some(Cow::Borrowed(""))
    }
}

impl<T: IntoText> IntoText for Option<T> {
    fn into_text(self) -> Option<Cow<'static, str>> {
        self.and_then(T::into_text)
    }
}

impl IntoValue<Value> for Value {
    fn into_value(self) -> Value {
        self
    }
}

impl<T: IntoText> IntoValue for T {
    fn into_value(self) -> Value {
        Value::Fixed(self.into_text())
    }
}

impl<F, T> IntoValue<Live> for F
where
    F: Fn() -> T + 'static,
    T: IntoText,
{
    fn into_value(self) -> Value {
        Value::Live(Rc::new(move || self().into_text()))
    }
}
