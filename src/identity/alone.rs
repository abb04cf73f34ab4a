//! "Transfer only this one": the active identity's session, without what in its cookies
//! belongs to others. What is the others' the catalogue tells; here it is taken out.

use ferry_catalogue::{App, CookieView, Edit, Verdict};
use ferry_protocol::jar::Jar;
use zeroize::Zeroize as _;

use crate::capture;

/// How the active identity's session is had alone.
pub struct Alone {
    /// Whose it is.
    pub identity: String,
    edits: Vec<Edit>,
}

/// How the active identity's session is had alone; `None` if nobody can tell for certain
/// what belongs to whom, or if it is not whose it must be. `judge` tells whose cookies
/// are.
pub(super) fn find(app: &App, jar: &Jar, judge: impl FnOnce(&[CookieView<'_>]) -> Verdict) -> Option<Alone> {
    // What of the others' lies in storage, no rule tells.
    if !app.storage_keys().is_empty() {
        return None;
    }
    let views = capture::views(jar);
    let edits = app.without_others(&views)?;
    let edited: Vec<_> = views
        .iter()
        .enumerate()
        .filter_map(|(index, view)| match edit_of(&edits, index) {
            None => Some(*view),
            Some(Edit { value, .. }) => value.as_ref().map(|value| CookieView { value, ..*view }),
        })
        .collect();
    match judge(&edited) {
        Verdict::One { identity, .. } => Some(Alone { identity, edits }),
        _ => None,
    }
}

impl Alone {
    /// Takes out what belongs to others; gives how many cookies are gone, and out of how
    /// many a part was cut.
    pub fn take_out_others(self, jar: &mut Jar) -> (u32, u32) {
        let (mut gone, mut cut) = (0, 0);
        let mut edits = self.edits.into_iter().peekable();
        let mut index = 0;
        jar.cookies.retain_mut(|cookie| {
            let edit = edits.next_if(|edit| edit.index == index);
            index += 1;
            match edit {
                None => true,
                Some(Edit { value: None, .. }) => {
                    gone += 1;
                    false
                }
                Some(Edit {
                    value: Some(mut value),
                    ..
                }) => {
                    cut += 1;
                    cookie.value.zeroize();
                    cookie.value = std::mem::take(&mut *value);
                    true
                }
            }
        });
        (gone, cut)
    }
}

fn edit_of(edits: &[Edit], index: usize) -> Option<&Edit> {
    edits.iter().find(|edit| edit.index == index)
}
