//! The pages, and the small things that several of them have.

pub mod accounts;
pub mod details;
pub mod devices;
pub mod outcome;
pub mod set_up;
pub mod share;
pub mod sign_in;

use ferry_protocol::UnixMillis;
use ferry_protocol::api::Account;
use ferry_ui::dialog::Confirm;
use ferry_ui::dom::{El, IntoNode, Node};
pub use ferry_ui::page::{fact, fingerprint, site_list};
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::text;
use leptos::prelude::*;

use crate::ferry::Ferry;
use crate::route::Route;

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

/// The page's heading.
pub fn heading<M>(words: impl IntoNode<M>) -> El {
    Ferry::here().page.heading(words)
}

/// A point in time in words, with the exact time as a tooltip.
pub fn when(at: UnixMillis) -> El {
    Ferry::here().page.when(at)
}
