//! Signals that share their code whatever they hold.
//!
//! Leptos compiles its signals and memos anew for each type that they hold, some
//! 5 kB of WebAssembly each. [`Var`] and [`Derived`] are the same signals and memos
//! over one type that can hold anything. Like Leptos' own, they are handles: cheap
//! to copy, and gone with the page that made them.

use std::any::Any;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::{Memo, RwSignal, Set, With, WithUntracked};

/// A value of any type, and how to compare it with another of that type.
#[derive(Clone)]
struct Erased {
    value: Arc<dyn Any + Send + Sync>,
    is_same: fn(&dyn Any, &dyn Any) -> bool,
}

impl PartialEq for Erased {
    fn eq(&self, other: &Self) -> bool {
        (self.is_same)(&*self.value, &*other.value)
    }
}

impl Erased {
    fn new<T: PartialEq + Send + Sync + 'static>(value: T) -> Self {
        let is_same =
            |one: &dyn Any, other: &dyn Any| match (one.downcast_ref::<T>(), other.downcast_ref::<T>()) {
                (Some(one), Some(other)) => one == other,
                _ => false,
            };
        Self {
            value: Arc::new(value),
            is_same,
        }
    }

    fn get<T: 'static>(&self) -> &T {
        match self.value.downcast_ref() {
            Some(value) => value,
            None => another_type(),
        }
    }
}

/// Said once, not for each type.
#[cold]
#[inline(never)]
fn another_type() -> ! {
    unreachable!("a handle of a type holds that type")
}

macro_rules! handle {
    ($name:ident, $inner:ident) => {
        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {}

        impl<T: Clone + PartialEq + Send + Sync + 'static> $name<T> {
            /// The value; whoever asks runs again when it changes.
            pub fn get(self) -> T {
                self.with(T::clone)
            }

            /// Looks at the value; whoever asks runs again when it changes.
            pub fn with<R>(self, look: impl FnOnce(&T) -> R) -> R {
                look(self.0.with(Erased::clone).get())
            }

            /// The value, as it is now.
            pub fn get_untracked(self) -> T {
                self.with_untracked(T::clone)
            }

            /// Looks at the value, as it is now.
            pub fn with_untracked<R>(self, look: impl FnOnce(&T) -> R) -> R {
                look(self.0.with_untracked(Erased::clone).get())
            }
        }
    };
}

/// A value that can be changed.
pub struct Var<T>(RwSignal<Erased>, PhantomData<fn() -> T>);

handle!(Var, RwSignal);

impl<T: Clone + PartialEq + Send + Sync + 'static> Var<T> {
    /// With this value at first.
    pub fn new(value: T) -> Self {
        Self(RwSignal::new(Erased::new(value)), PhantomData)
    }

    /// Changes it. Nothing runs again when it is the same as before, and nothing is
    /// changed when the page that it belonged to is gone: an answer that comes late
    /// finds nobody to tell.
    pub fn set(self, value: T) {
        let value = Erased::new(value);
        if self.0.try_with_untracked(|before| *before != value) == Some(true) {
            self.0.set(value);
        }
    }

    /// Changes it in place; nothing when the page that it belonged to is gone.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        if self.0.try_with_untracked(|_| ()).is_none() {
            return;
        }
        let mut value = self.get_untracked();
        change(&mut value);
        self.set(value);
    }
}

/// A value that follows from others. Whoever read it runs again only when it is
/// another than before.
pub struct Derived<T>(Memo<Erased>, PhantomData<fn() -> T>);

handle!(Derived, Memo);

impl<T: Clone + PartialEq + Send + Sync + 'static> Derived<T> {
    /// What `derive` gives.
    pub fn new(derive: impl Fn() -> T + Send + Sync + 'static) -> Self {
        let derive: Box<dyn Fn() -> Erased + Send + Sync> = Box::new(move || Erased::new(derive()));
        Self(erased_memo(derive), PhantomData)
    }
}

/// Compiled once.
fn erased_memo(derive: Box<dyn Fn() -> Erased + Send + Sync>) -> Memo<Erased> {
    Memo::new(move |_| derive())
}

/// Whether something is so: fixed, or as a [`Var`] or [`Derived`] says.
#[derive(Clone)]
pub struct Flag(Rc<dyn Fn() -> bool>);

impl Flag {
    /// Whether it is so.
    pub fn get(&self) -> bool {
        self.0()
    }
}

impl From<bool> for Flag {
    fn from(flag: bool) -> Self {
        Self(Rc::new(move || flag))
    }
}

impl From<Var<bool>> for Flag {
    fn from(flag: Var<bool>) -> Self {
        Self(Rc::new(move || flag.get()))
    }
}

impl From<Derived<bool>> for Flag {
    fn from(flag: Derived<bool>) -> Self {
        Self(Rc::new(move || flag.get()))
    }
}
