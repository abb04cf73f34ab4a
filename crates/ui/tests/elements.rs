//! Elements in a real browser: what is live changes, and nothing else does.

#![cfg(target_family = "wasm")]
#![expect(clippy::unwrap_used, reason = "tests")]

use ferry_ui::dom::{IntoNode, Node, html, keyed};
use ferry_ui::field::Field;
use ferry_ui::reactive::{Derived, Var};
use leptos::mount::mount_to_renderer;
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement, HtmlInputElement};

wasm_bindgen_test_configure!(run_in_browser);

/// Mounts for as long as the page lives, in a place of its own.
fn mount(view: impl FnOnce() -> Node + 'static) -> Element {
    let place = document().create_element("div").unwrap();
    document().body().unwrap().append_child(&place).unwrap();
    mount_to_renderer(&place, view).forget();
    place
}

/// Lets the effects run.
async fn settle() {
    for _ in 0..5 {
        gloo_timers::future::TimeoutFuture::new(0).await;
    }
}

fn find(place: &Element, selector: &str) -> HtmlElement {
    place.query_selector(selector).unwrap().unwrap().unchecked_into()
}

fn texts(place: &Element, selector: &str) -> Vec<String> {
    let found = place.query_selector_all(selector).unwrap();
    (0..found.length())
        .map(|n| found.item(n).unwrap().text_content().unwrap())
        .collect()
}

#[wasm_bindgen_test]
async fn text_changes_in_place() {
    let words = Var::new("one".to_owned());
    let place = mount(move || html::p().child(("say ", move || words.get())).into_node());
    let node = find(&place, "p").child_nodes().item(1).unwrap();
    words.set("two <b>".to_owned());
    settle().await;
    assert_eq!(find(&place, "p").text_content().unwrap(), "say two <b>");
    assert_eq!(node.text_content().unwrap(), "two <b>", "the same text node");
    assert!(place.query_selector("b").unwrap().is_none());
}

#[wasm_bindgen_test]
async fn attributes_come_and_go() {
    let busy = Var::new(false);
    let place = mount(move || {
        html::button()
            .attr("aria-busy", move || busy.get().then_some("true"))
            .into_node()
    });
    assert!(!find(&place, "button").has_attribute("aria-busy"));
    busy.set(true);
    settle().await;
    assert_eq!(
        find(&place, "button").get_attribute("aria-busy").as_deref(),
        Some("true")
    );
    busy.set(false);
    settle().await;
    assert!(!find(&place, "button").has_attribute("aria-busy"));
}

#[wasm_bindgen_test]
async fn what_is_live_is_replaced_where_it_was() {
    let shown = Var::new(true);
    let place = mount(move || {
        let middle = move || shown.get().then(|| html::li().child("middle"));
        html::ul()
            .child((html::li().child("first"), middle, html::li().child("last")))
            .into_node()
    });
    assert_eq!(texts(&place, "li"), ["first", "middle", "last"]);
    shown.set(false);
    settle().await;
    assert_eq!(texts(&place, "li"), ["first", "last"]);
    shown.set(true);
    settle().await;
    assert_eq!(texts(&place, "li"), ["first", "middle", "last"]);
}

#[wasm_bindgen_test]
async fn listed_items_keep_their_elements() {
    let keys = Var::new(vec![1, 2, 3]);
    let place = mount(move || {
        let items = keyed(
            move || keys.get(),
            |key| {
                html::li()
                    .attr("id", format!("item-{key}"))
                    .child(key.to_string())
            },
        );
        html::ul().child(items).into_node()
    });
    let [one, three] = ["#item-1", "#item-3"].map(|id| find(&place, id));
    keys.set(vec![4, 3, 1, 5]);
    settle().await;
    assert_eq!(texts(&place, "li"), ["4", "3", "1", "5"]);
    assert!(find(&place, "#item-1") == one && find(&place, "#item-3") == three);
    keys.set(Vec::new());
    settle().await;
    assert!(texts(&place, "li").is_empty());
    keys.set(vec![7]);
    settle().await;
    assert_eq!(texts(&place, "li"), ["7"]);
}

#[wasm_bindgen_test]
async fn items_stay_live_when_the_list_changes() {
    let (keys, word) = (Var::new(vec![1, 2]), Var::new("a".to_owned()));
    let place = mount(move || {
        let items = keyed(
            move || keys.get(),
            move |key| {
                let shown = Derived::new(move || format!("{key}{}", word.get()));
                html::li().child(move || shown.get())
            },
        );
        html::ul().child(items).into_node()
    });
    keys.set(vec![2, 1, 3]);
    settle().await;
    word.set("b".to_owned());
    settle().await;
    assert_eq!(texts(&place, "li"), ["2b", "1b", "3b"]);
}

#[wasm_bindgen_test]
async fn inputs_and_variables_follow_each_other() {
    let text = Var::new("x".to_owned());
    let place = mount(move || html::input().bind_text(text).into_node());
    let input = find(&place, "input").unchecked_into::<HtmlInputElement>();
    assert_eq!(input.value(), "x");
    input.set_value("typed");
    input
        .dispatch_event(&web_sys::Event::new("input").unwrap())
        .unwrap();
    assert_eq!(text.get_untracked(), "typed");
    text.set("set".to_owned());
    settle().await;
    assert_eq!(input.value(), "set");
}

#[wasm_bindgen_test]
async fn fields_of_every_kind_follow_their_variables() {
    let [line, lines, choice] = ["a", "b\nc", "two"].map(|text| Var::new(text.to_owned()));
    let place = mount(move || {
        let options = ["one", "two"].map(|value| html::option().attr("value", value).child(value));
        (
            Field::new("line", "Line", line).view(),
            Field::new("lines", "Lines", lines).lines(3).view(),
            Field::new("choice", "Choice", choice)
                .choice(Vec::from(options))
                .view(),
        )
            .into_node()
    });
    let fields = [("input", line), ("textarea", lines), ("select", choice)];
    for (tag, variable) in fields {
        let field = find(&place, tag).unchecked_into::<HtmlInputElement>();
        assert_eq!(field.value(), variable.get_untracked(), "{tag}");
        let label = format!("label[for='{}']", field.id());
        assert!(place.query_selector(&label).unwrap().is_some(), "{tag}");
        field.set_value("one");
        field
            .dispatch_event(&web_sys::Event::new("input").unwrap())
            .unwrap();
        assert_eq!(variable.get_untracked(), "one", "{tag}");
    }
    let select = find(&place, "select").unchecked_into::<HtmlInputElement>();
    select.set_value("two");
    select
        .dispatch_event(&web_sys::Event::new("change").unwrap())
        .unwrap();
    assert_eq!(choice.get_untracked(), "two", "told of the change alone");
}

#[wasm_bindgen_test]
async fn what_stays_the_same_runs_nothing() {
    let (number, runs) = (Var::new(1), Var::new(0));
    mount(move || {
        let is_odd = Derived::new(move || number.get() % 2 == 1);
        let words = move || {
            runs.set(runs.get_untracked() + 1);
            is_odd.get().to_string()
        };
        html::p().child(words).into_node()
    });
    number.set(3);
    number.set(3);
    settle().await;
    assert_eq!(runs.get_untracked(), 1);
    number.set(4);
    settle().await;
    assert_eq!(runs.get_untracked(), 2);
}
