//! The web app, which the server serves from its own origin.
//!
//! | Where | What |
//! |---|---|
//! | [`route`], [`wizard`] | pure: which page, what it says, what comes next |
//! | [`app`] | the state that the pages share |
//! | [`enrol`], [`accounts`] | what they can do: signing in, devices, sessions |
//! | [`keep`] | what outlives the page |
//! | [`extension`] | the way to the browser extension, which alone reads cookies |
//! | [`shell`], [`pages`] | what is shown |
//!
//! Each browser's web app is a device with keys of its own, as each extension is:
//! `ferry-client` holds them. The web app transfers nothing: it asks the extension,
//! and the click that starts a transfer is in a page of the extension's.

pub mod accounts;
pub mod app;
pub mod enrol;
pub mod extension;
pub mod keep;
pub mod pages;
pub mod route;
pub mod shell;
pub mod wizard;

use leptos::prelude::*;
use wasm_bindgen::prelude::*;

use crate::app::App;

/// Takes the place of the static skeleton of `index.html`.
#[wasm_bindgen(start)]
pub fn start() {
    let Some(place) = document().get_element_by_id("ferry") else {
        // Not the web app's page: the tests mount what they need by themselves.
        return;
    };
    place.set_text_content(None);
    leptos::mount::mount_to_renderer(&place, || {
        let app = App::start();
        provide_context(app);
        shell::shell()
    })
    // The page lives as long as its window.
    .forget();
}
