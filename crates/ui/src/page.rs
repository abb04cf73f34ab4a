//! What every page has: a heading that takes the focus, points in time, and the
//! small rows that several pages are made of.

use ferry_protocol::UnixMillis;
use leptos::prelude::*;

use crate::dom::{El, Handle, IntoNode, html};
use crate::reactive::{Derived, Var};
use crate::text::Clean;
use crate::time;

/// What a page is shown in. A handle: cheap to copy.
#[derive(Clone, Copy)]
pub struct Page {
    /// Now, to the second.
    pub now: Var<UnixMillis>,
    /// A page was shown before: from the second on, its heading gets the focus.
    pub moved: Var<bool>,
    /// What screen readers say next.
    pub said: Var<String>,
}

/// Something that was not done, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Stable, for tests.
    pub code: String,
    /// What happened and what to do, in a sentence or two.
    pub message: String,
}

/// Hears how something ended that a page asked for.
pub type Done = Box<dyn FnOnce(Option<Trouble>)>;

impl Page {
    /// At this time.
    pub fn new(now: UnixMillis) -> Self {
        Self {
            now: Var::new(now),
            moved: Var::new(false),
            said: Var::new(String::new()),
        }
    }

    /// The page's heading. From the second page on it takes the focus, so that
    /// keyboard and screen reader start where the page does.
    pub fn heading<M>(self, words: impl IntoNode<M>) -> El {
        let handle = Handle::new();
        self.focus_heading(handle.clone());
        html::h1().attr("tabindex", "-1").handle(&handle).child(words)
    }

    fn focus_heading(self, handle: Handle) {
        Effect::new(move |_| {
            if self.moved.get_untracked() {
                handle.focus();
            }
            self.moved.set(true);
        });
    }

    /// A point in time in words, with the exact time as a tooltip.
    pub fn when(self, at: UnixMillis) -> El {
        let date = js_sys::Date::new(&(at.0 as f64).into());
        let exact = String::from(date.to_locale_string("default", &wasm_bindgen::JsValue::UNDEFINED));
        // `toISOString` throws for times that no calendar has.
        let machine = date
            .get_time()
            .is_finite()
            .then(|| String::from(date.to_iso_string()));
        let words = Derived::new(move || time::relative(self.now.get(), at));
        html::time()
            .attr("datetime", machine)
            .attr("title", exact)
            .child(move || words.get())
    }

    /// Has a screen reader say it, when it has finished what it says.
    pub fn say(self, text: String) {
        self.said.set(text);
    }
}

/// Longest name of a host, in characters (RFC 1035 §2.3.4).
const HOST: usize = 253;
/// A list of more hosts than this scrolls.
const SITES: usize = 8;

/// The hosts whose cookies are taken: all of them, each on a line of its own, and
/// none of them cut. It is what a person agrees to.
pub fn site_list(domains: &[String]) -> El {
    let host = |domain: &String| html::bdi().child(Clean::new(domain, HOST).into_string());
    let rows = domains.iter().map(|domain| html::li().child(host(domain)));
    let list = html::ul().test("sites-list").child(rows.collect::<Vec<_>>());
    if domains.len() > SITES {
        // Who scrolls by keyboard needs to get there.
        list.class("sites long")
            .attr("tabindex", "0")
            .attr("aria-label", "Sites")
    } else {
        list.class("sites")
    }
}

/// A row of a list of facts.
pub fn fact<M>(label: &'static str, value: impl IntoNode<M>) -> El {
    html::div()
        .class("fact")
        .child((html::dt().child(label), html::dd().child(value)))
}

/// A vault's fingerprint.
pub fn fingerprint(text: &str) -> El {
    groups(text).class("fingerprint mono").test("vault-fingerprint")
}

/// A device's fingerprint.
pub fn device_fingerprint(text: &str) -> El {
    groups(text)
        .class("fingerprint device mono")
        .test("device-fingerprint")
}

/// Groups of four, none of them torn apart.
fn groups(text: &str) -> El {
    let clean = Clean::new(text, 64).into_string();
    let groups = clean
        .split([' ', '-'])
        .map(|group| html::span().child(group.to_owned()));
    html::span().child(groups.collect::<Vec<_>>())
}

/// The same as the skeleton in `index.html`: stays until something is known.
pub fn loading() -> El {
    let ghost = || html::li().class("card ghost");
    html::section()
        .attr("aria-label", "Loading")
        .attr("aria-busy", "true")
        .child((
            html::div().class("page-head").child(html::h1().child("Accounts")),
            html::ul()
                .class("cards")
                .attr("aria-hidden", "true")
                .child((ghost(), ghost(), ghost())),
        ))
}
