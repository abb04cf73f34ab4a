//! Changes that an admin makes over the API, and the operator at the command line:
//! the same rules, over one connection. Who may ask is for the caller to say.

pub mod accounts;
pub mod apps;
pub mod consents;
pub mod users;

use crate::names;

/// A name as it is kept; `None`: it has no visible character, or too many.
pub fn name(text: &str) -> Option<String> {
    let name = names::clean(text);
    (1..=names::MAX_CHARS)
        .contains(&name.chars().count())
        .then_some(name)
}
