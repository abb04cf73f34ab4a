//! The extension's popup, which is also its page in a full tab.
//!
//! | Where | What |
//! |---|---|
//! | [`route`], [`words`], [`share`], [`look`], [`later`] | pure: which page, what it says, what comes next |
//! | [`ferry`] | the state that the pages share, and what they can do |
//! | [`background`], [`keep`] | messages to the background, and what outlives the page |
//! | [`shell`], [`pages`] | what is shown |
//!
//! The popup decides nothing about a transfer: it asks the background, which does
//! the work and tells how it goes. What the popup adds is the click, which only a
//! person can make, and the browser's permission, which only a click may ask for.
//!
//! The marks for tests (`data-testid`) are listed in `popup/README.md`.

pub mod background;
pub mod ferry;
pub mod keep;
pub mod later;
pub mod look;
pub mod pages;
pub mod route;
pub mod share;
pub mod shell;
pub mod words;

use leptos::prelude::*;
use wasm_bindgen::prelude::*;

use crate::ferry::Ferry;

/// Takes the place of the static skeleton of `index.html`.
#[wasm_bindgen(start)]
pub fn start() {
    let Some(place) = document().get_element_by_id("ferry") else {
        // Not the popup's page: the tests mount what they need by themselves.
        return;
    };
    place.set_text_content(None);
    leptos::mount::mount_to_renderer(&place, || {
        let ferry = Ferry::start();
        provide_context(ferry);
        shell::shell()
    })
    // The page lives as long as its window.
    .forget();
}
