//! A page under test: mounted on a scene, looked at and worked as a person does.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

use ferry_bridge::Inspection;
use ferry_popup::ferry::Ferry;
use ferry_popup::keep;
use ferry_popup::route::Route;
use ferry_popup::shell::shell;
use gloo_timers::future::TimeoutFuture;
use leptos::mount::mount_to_renderer;
use leptos::prelude::{document, provide_context, window};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, HtmlElement, HtmlInputElement};

use crate::scenes::Scene;

/// Looks this often before it gives up on something to come.
const PATIENCE: u32 = 300;

pub(crate) struct Page {
    root: Element,
    pub(crate) ferry: Ferry,
    /// Unmounts the page when the test ends.
    mounted: Option<Box<dyn Any>>,
}

impl Page {
    /// Mounts the scene, and does what the scene's person does.
    pub(crate) async fn show(scene: Scene) -> Self {
        let state = (!scene.silent).then(|| scene.state.clone());
        let (route, for_web_page, now) = (Route::parse(&scene.hash), scene.for_web_page, scene.now);
        let page = Self::mount(&scene, &[], move || {
            let mut ferry = Ferry::new(state, route, for_web_page, now);
            ferry.for_web_page = for_web_page;
            ferry.follow_address();
            ferry
        })
        .await;
        page.ferry.look_up_permissions();
        page.settle().await;
        page
    }

    /// Mounts the scene as the page itself does, when these events were the last that an
    /// earlier page heard.
    pub(crate) async fn start(scene: &Scene, heard: &[&str]) -> Self {
        Self::mount(scene, heard, Ferry::start).await
    }

    async fn mount(scene: &Scene, heard: &[&str], make: impl FnOnce() -> Ferry + 'static) -> Self {
        let json = serde_json::to_string(&scene).unwrap();
        set_global("ferryScene", &js_sys::JSON::parse(&json).unwrap());
        let script = document().create_element("script").unwrap();
        script.set_text_content(Some(include_str!("../../preview/chrome.js")));
        document().head().unwrap().append_child(&script).unwrap();
        script.remove();

        window().location().set_hash(&scene.hash).unwrap();
        let root = document().create_element("div").unwrap();
        document().body().unwrap().append_child(&root).unwrap();
        let made = Rc::new(Cell::new(None));
        // What the scene keeps is of before; what it hears is told after.
        heard.iter().for_each(|event| keep::keep_state(event));
        let mounted = mount_to_renderer(&root, {
            let made = Rc::clone(&made);
            move || {
                let ferry = make();
                made.set(Some(ferry));
                provide_context(ferry);
                shell()
            }
        });
        let ferry = made.get().unwrap();
        let page = Self {
            root,
            ferry,
            mounted: Some(Box::new(mounted)),
        };
        page.settle().await;
        page
    }

    /// Lets everything happen that was set off.
    pub(crate) async fn settle(&self) {
        for _ in 0..5 {
            TimeoutFuture::new(0).await;
        }
    }

    pub(crate) async fn until(&self, selector: &str) {
        self.wait(selector, || self.count(selector) > 0).await;
    }

    pub(crate) async fn until_gone(&self, selector: &str) {
        self.wait(selector, || self.count(selector) == 0).await;
    }

    pub(crate) async fn until_asked(&self, ask: &str) {
        self.wait(ask, || self.asked(ask).is_some()).await;
    }

    pub(crate) async fn until_text(&self, selector: &str, text: &str) {
        let what = format!("{text} in {selector}");
        self.wait(&what, || self.count(selector) > 0 && self.text(selector) == text)
            .await;
    }

    async fn wait(&self, what: &str, is_there: impl Fn() -> bool) {
        for _ in 0..PATIENCE {
            if is_there() {
                return;
            }
            TimeoutFuture::new(5).await;
        }
        panic!("{what} did not come; there is {}", self.root.inner_html());
    }

    pub(crate) fn all(&self, selector: &str) -> Vec<Element> {
        let found = self.root.query_selector_all(selector).unwrap();
        (0..found.length())
            .map(|n| found.item(n).unwrap().unchecked_into())
            .collect()
    }

    pub(crate) fn count(&self, selector: &str) -> usize {
        self.all(selector).len()
    }

    pub(crate) fn text(&self, selector: &str) -> String {
        self.first(selector).text_content().unwrap_or_default()
    }

    fn first(&self, selector: &str) -> Element {
        self.root
            .query_selector(selector)
            .unwrap()
            .unwrap_or_else(|| panic!("there is no {selector}"))
    }

    fn marked(&self, hook: &str) -> HtmlElement {
        self.first(&format!("[data-testid={hook}]")).unchecked_into()
    }

    pub(crate) fn click(&self, hook: &str) {
        self.marked(hook).click();
    }

    pub(crate) fn focus(&self, hook: &str) {
        self.marked(hook).focus().unwrap();
    }

    pub(crate) fn fill(&self, hook: &str, text: &str) {
        let input = self.marked(hook).unchecked_into::<HtmlInputElement>();
        input.set_value(text);
        input.dispatch_event(&Event::new("input").unwrap()).unwrap();
    }

    pub(crate) fn value(&self, hook: &str) -> String {
        self.marked(hook).unchecked_into::<HtmlInputElement>().value()
    }

    /// Mark of the element that has the focus.
    pub(crate) fn focused(&self) -> String {
        document()
            .active_element()
            .and_then(|element| element.get_attribute("data-testid"))
            .unwrap_or_default()
    }

    pub(crate) fn focused_tag(&self) -> String {
        document()
            .active_element()
            .map(|element| element.tag_name())
            .unwrap_or_default()
    }

    /// `id` of the element that has the focus.
    pub(crate) fn focused_id(&self) -> String {
        document()
            .active_element()
            .map(|element| element.id())
            .unwrap_or_default()
    }

    /// Chooses what has this `id`, as a person does.
    pub(crate) fn pick(&self, id: &str) {
        let choice = self
            .first(&format!("[id='{id}']"))
            .unchecked_into::<HtmlElement>();
        choice.focus().unwrap();
        choice.click();
    }

    /// The person comes back to this window.
    pub(crate) fn focus_window(&self) {
        window().dispatch_event(&Event::new("focus").unwrap()).unwrap();
    }

    /// From now on this is found.
    pub(crate) fn now_found(&self, inspection: &Inspection) {
        let scene = js_sys::Reflect::get(&js_sys::global(), &"ferryScene".into()).unwrap();
        let json = serde_json::to_string(inspection).unwrap();
        let found = js_sys::JSON::parse(&json).unwrap();
        js_sys::Reflect::set(&scene, &"inspection".into(), &found).unwrap();
    }

    /// What the background, or the browser, was asked last under this name, as JSON.
    pub(crate) fn asked(&self, name: &str) -> Option<String> {
        let last = self.all_asked(name).pop()?;
        Some(String::from(js_sys::JSON::stringify(&last).unwrap()))
    }

    /// How often it was asked.
    pub(crate) fn count_asked(&self, name: &str) -> usize {
        self.all_asked(name).len()
    }

    fn all_asked(&self, name: &str) -> Vec<JsValue> {
        let asked = js_sys::Reflect::get(&js_sys::global(), &"ferryAsked".into()).unwrap();
        let asked = js_sys::Array::from(&asked).iter().collect::<Vec<_>>();
        asked
            .iter()
            .map(|one| js_sys::Reflect::get(one, &name.into()).unwrap())
            .filter(|value| !value.is_undefined())
            .collect()
    }

    /// Puts something into `localStorage`.
    pub(crate) fn keep(&self, key: &str, value: &str) {
        let storage = window().local_storage().unwrap().unwrap();
        storage.set_item(key, value).unwrap();
    }

    /// Everything in `localStorage`.
    pub(crate) fn kept(&self) -> String {
        let storage = window().local_storage().unwrap().unwrap();
        String::from(js_sys::JSON::stringify(&storage).unwrap())
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        drop(self.mounted.take());
        self.root.remove();
    }
}

fn set_global(name: &str, value: &JsValue) {
    js_sys::Reflect::set(&js_sys::global(), &name.into(), value).unwrap();
}
