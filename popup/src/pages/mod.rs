//! The pages, and the small things that several of them have.

pub mod accounts;
pub mod approval;
pub mod details;
pub mod devices;
pub mod outcome;
pub mod set_up;
pub mod share;
pub mod sign_in;

use ferry_protocol::UnixMillis;
use ferry_protocol::api::Account;
use ferry_ui::dialog::Confirm;
use ferry_ui::dom::{El, Handle, IntoNode, Node, html};
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::text::{self, Clean};
use ferry_ui::time;
use leptos::prelude::*;

use crate::ferry::Ferry;
use crate::route::Route;

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

/// The pages of those who are signed in, on a trusted device.
pub fn ready() -> Node {
    let ferry = Ferry::here();
    let route = Derived::new(move || ferry.route.get());
    let page = move || match route.get() {
        Route::Accounts => accounts::page().into_node(),
        Route::Devices => devices::page().into_node(),
        Route::Details(id) => details::page(id).into_node(),
        Route::Share(id) => share::page(id).into_node(),
    };
    (page, delete_dialog()).into_node()
}

/// One dialog for every *Delete* button.
fn delete_dialog() -> El {
    let ferry = Ferry::here();
    let open = Derived::new(move || ferry.deleting.with(Option::is_some));
    // The last one asked about: the words stay while the dialog closes.
    let account = Var::new(None::<Account>);
    Effect::new(move |_| {
        if let Some(asked) = ferry.deleting.get().and_then(|id| ferry.account(id).get()) {
            account.set(Some(asked));
        }
    });
    let name = move || account.get().map(|account| text::name(&account.name));
    let confirm = Confirm {
        title: ("Delete the session of ", name, "?").into_node(),
        message: "The session in the cloud and the key that opens it are destroyed, for good. Automation loses access \
                  at once. You stay signed in here, in your browser."
            .into_node(),
        yes: "Yes, delete session",
        hook: "delete-confirm",
    };
    let delete = move || {
        if let Some(account) = account.get_untracked() {
            ferry.delete(&account);
        }
    };
    confirm.view(open, delete, move || ferry.deleting.set(None))
}

/// The page's heading. From the second page on it takes the focus, so that
/// keyboard and screen reader start where the page does.
pub fn heading<M>(words: impl IntoNode<M>) -> El {
    let ferry = Ferry::here();
    let handle = Handle::new();
    Effect::new({
        let handle = handle.clone();
        move |_| {
            if ferry.moved.get_untracked() {
                handle.focus();
            }
            ferry.moved.set(true);
        }
    });
    html::h1().attr("tabindex", "-1").handle(&handle).child(words)
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

/// A point in time in words, with the exact time as a tooltip.
pub fn when(at: UnixMillis) -> El {
    let ferry = Ferry::here();
    let date = js_sys::Date::new(&(at.0 as f64).into());
    let exact = String::from(date.to_locale_string("default", &wasm_bindgen::JsValue::UNDEFINED));
    let machine = date.to_iso_string_checked();
    let words = Derived::new(move || time::relative(ferry.now.get(), at));
    html::time()
        .attr("datetime", machine)
        .attr("title", exact)
        .child(move || words.get())
}

/// `Date.prototype.toISOString` throws for times that no calendar has.
trait IsoString {
    fn to_iso_string_checked(&self) -> Option<String>;
}

impl IsoString for js_sys::Date {
    fn to_iso_string_checked(&self) -> Option<String> {
        self.get_time()
            .is_finite()
            .then(|| String::from(self.to_iso_string()))
    }
}
