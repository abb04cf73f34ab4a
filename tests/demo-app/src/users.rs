//! The people of the demo, and their notes.

use std::collections::HashMap;

/// Someone who can sign in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct User {
    /// Name to sign in with; the identity that the app shows.
    pub(crate) id: &'static str,
    /// Name for people.
    pub(crate) name: &'static str,
    /// E-mail address.
    pub(crate) email: &'static str,
}

/// Everyone who can sign in.
pub(crate) const USERS: [User; 3] = [
    User {
        id: "alice",
        name: "Alice Anker",
        email: "alice@demo.test",
    },
    User {
        id: "bob",
        name: "Bob Bower",
        email: "bob@demo.test",
    },
    User {
        id: "carol",
        name: "Carol Cleat",
        email: "carol@demo.test",
    },
];

/// The user of this name.
pub(crate) fn find(id: &str) -> Option<&'static User> {
    USERS.iter().find(|user| user.id == id)
}

/// How many notes a person keeps; the oldest go first.
const MAX_NOTES: usize = 50;
/// The longest note, in characters.
const MAX_NOTE: usize = 500;

/// What everyone wrote, newest first.
pub(crate) struct Notes(HashMap<&'static str, Vec<String>>);

impl Default for Notes {
    fn default() -> Self {
        let notes = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Self(HashMap::from([
            (
                "alice",
                notes(&[
                    "Renew the mooring before the first of the month.",
                    "Ask Bob for the tide tables of the north quay.",
                    "Invoice 1042 is paid, file the receipt.",
                ]),
            ),
            (
                "bob",
                notes(&[
                    "Tide tables: printed, on the shelf by the door.",
                    "Order two fenders.",
                ]),
            ),
            ("carol", notes(&["Paint the buoys in spring."])),
        ]))
    }
}

impl Notes {
    /// A person's notes, newest first.
    pub(crate) fn of(&self, user: &User) -> &[String] {
        self.0.get(user.id).map_or(&[], Vec::as_slice)
    }

    /// Keeps a note, cut to its longest length; a blank one is none.
    pub(crate) fn add(&mut self, user: &User, text: &str) {
        let text: String = text.trim().chars().take(MAX_NOTE).collect();
        if !text.is_empty() {
            let notes = self.0.entry(user.id).or_default();
            notes.insert(0, text);
            notes.truncate(MAX_NOTES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_kept_newest_first_and_in_bounds() {
        let mut notes = Notes::default();
        let carol = find("carol").unwrap();
        notes.add(carol, "  \n ");
        assert_eq!(notes.of(carol).len(), 1);
        notes.add(carol, &format!(" {} ", "x".repeat(MAX_NOTE + 1)));
        assert_eq!(notes.of(carol)[0].len(), MAX_NOTE);
        (0..MAX_NOTES).for_each(|n| notes.add(carol, &n.to_string()));
        assert_eq!(notes.of(carol).len(), MAX_NOTES);
        assert_eq!(notes.of(carol)[0], (MAX_NOTES - 1).to_string());
    }
}
