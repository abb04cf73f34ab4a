//! Leptos components, words and styles shared by popup and web app.
//!
//! | Where | What |
//! |---|---|
//! | [`text`], [`time`], [`session`] | pure: what a page says, from what it was told |
//! | [`dom`], [`reactive`] | what elements and signals are made of |
//! | [`icon`], [`button`], [`field`], [`chip`], [`notice`], [`steps`], [`dialog`], [`person`] | how it looks |
//! | [`page`], [`account`], [`receipt`] | what several pages have |
//! | [`set_up`], [`devices`] | pages that popup and web app share |
//! | `styles/` | the colours, sizes and classes that the components use |
//!
//! What a page *does* is left to popup and web app, which pass it in as functions: no
//! component here sends a message or knows where it is shown.
//!
//! Components are functions and small builders over [`dom`], not `view!` templates;
//! why is said there. Every word that comes from outside becomes a text node, by
//! way of [`text::Clean`].

pub mod account;
pub mod button;
pub mod chip;
pub mod devices;
pub mod dialog;
pub mod dom;
pub mod field;
pub mod icon;
pub mod notice;
pub mod page;
pub mod person;
pub mod reactive;
pub mod receipt;
pub mod session;
pub mod set_up;
pub mod steps;
pub mod text;
pub mod time;

/// How good or bad a piece of news is. Never shown by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Neither.
    Quiet,
    /// Done, works.
    Good,
    /// Under way, or to be looked at.
    Wait,
    /// Failed, does not work.
    Bad,
}

impl Tone {
    /// The class that colours it.
    pub fn class(self) -> &'static str {
        match self {
            Self::Quiet => "tone-quiet",
            Self::Good => "tone-good",
            Self::Wait => "tone-wait",
            Self::Bad => "tone-bad",
        }
    }
}
