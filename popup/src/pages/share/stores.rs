//! Out of which cookie store: ordinary windows, private ones, a container. Shown where
//! there are several; each is a set of identities of its own, and they are never merged.

use ferry_bridge::{CookieStore, StoreKind};
use ferry_ui::dom::keyed;
use ferry_webext::BrowserKind;

use super::*;

/// The stores to choose from, and who is signed in in each, as far as it was looked.
pub(super) fn stores(page: Page) -> El {
    let looks = page.looks;
    let stores = page.ferry.stores;
    let ids = move || {
        stores.with(|stores| {
            let stores = stores.iter().flat_map(|stores| &stores.stores);
            stores.map(|store| store.id.0.clone()).collect::<Vec<_>>()
        })
    };
    let row = move |id: String| {
        let id = StoreId(id);
        let store = stores.with_untracked(|stores| {
            let mut stores = stores.iter().flat_map(|stores| &stores.stores);
            stores.find(|store| store.id == id).cloned()
        });
        row(page, store)
    };
    // One button: whoever pressed it keeps the focus.
    let go = Button::new(Look::Quiet, "look-everywhere", move || {
        match looks.with(|looks| looks.everywhere) {
            true => "Cancel",
            false => "Look in all",
        }
    });
    let go = go.on_click(move |_| match looks.with_untracked(|looks| looks.everywhere) {
        true => page.change(Looks::stop),
        false => page.look_everywhere(),
    });
    let progress = move || {
        let all = stores.with_untracked(how_many);
        looks.with(|looks| match looks.everywhere {
            true => format!("Looking in {} of {all}…", looks.progress(all)),
            false => format!("{all} places, each by itself"),
        })
    };
    html::fieldset().class("card stores").test("stores").child((
        html::legend().class("sr-only").child("Where you are signed in"),
        html::div().class("stores-head").child((
            html::p()
                .class("label")
                .attr("aria-hidden", "true")
                .child("Where you are signed in"),
            html::p()
                .class("soft small")
                .test("stores-progress")
                .child(progress),
            go.view(),
        )),
        html::div().class("stores-list").child(keyed(ids, row)),
    ))
}

fn row(page: Page, store: Option<CookieStore>) -> Option<El> {
    let store = store?;
    let (looks, id) = (page.looks, store.id.clone());
    let words = {
        let id = id.clone();
        move || looks.with(|looks| looks.words(&id, words::who))
    };
    let is_picked = looks.with_untracked(|looks| looks.picked.as_ref() == Some(&id));
    let input = format!("store-{}", id.0);
    let label = html::label().class("store").attr("for", input.clone());
    let label = label.attr("data-store", id.0.clone()).child((
        html::input()
            .attr("type", "radio")
            .attr("id", input)
            .attr("name", "store")
            .attr("checked", is_picked)
            .on("change", move |_: web_sys::Event| page.pick(id.clone())),
        html::span().class("store-name one-line").child(called(&store)),
        html::span()
            .class("store-who soft small")
            .child(html::bdi().child(words)),
    ));
    Some(label.test("store"))
}

/// What people call it.
fn called(store: &CookieStore) -> Node {
    match (store.kind, &store.name) {
        (StoreKind::Ordinary, _) => "Ordinary windows".into_node(),
        (StoreKind::Private, _) => match BrowserKind::here() {
            BrowserKind::Chrome => "Incognito windows",
            BrowserKind::Firefox => "Private windows",
        }
        .into_node(),
        (StoreKind::Container, Some(name)) => text::name(name).into_node(),
        (StoreKind::Container, None) => "A container without a name".into_node(),
    }
}
