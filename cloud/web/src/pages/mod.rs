//! The pages.

pub mod account;
pub mod accounts;
pub mod activity;
pub mod admin;
pub mod apps;
pub mod invitation;
pub mod manage_accounts;
pub mod people;
pub mod set_up;
pub mod sign_in;
pub mod transfer;

use std::rc::Rc;

use ferry_protocol::UnixMillis;
use ferry_protocol::api::Account;
use ferry_ui::Tone;
use ferry_ui::devices::{self, Whose};
use ferry_ui::dialog::Confirm;
use ferry_ui::dom::{El, IntoNode, Node};
use ferry_ui::notice::Notice;
use ferry_ui::page::Trouble;
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::text;
use leptos::prelude::*;

use crate::app::App;
use crate::route::Route;

/// The pages of those who are signed in, on a trusted device.
pub fn ready() -> Node {
    let app = App::here();
    admin::Saved::provide();
    let route = Derived::new(move || app.route.get());
    let page = move || match route.get() {
        Route::Account(id) => account::page(id).into_node(),
        Route::Transfer(id) => transfer::page(id).into_node(),
        Route::Devices => own_devices().into_node(),
        Route::Activity => activity::page().into_node(),
        Route::Manage(page) => admin::page(page),
        _ => accounts::page().into_node(),
    };
    (page, delete_dialog()).into_node()
}

fn own_devices() -> El {
    let app = App::here();
    let ask = Rc::new(move |act, answer| app.devices(act, answer));
    devices::page(app.page, Whose::Own, "My trusted devices", ask)
}

/// One dialog for every *Delete session* button.
fn delete_dialog() -> Node {
    let app = App::here();
    let open = Derived::new(move || app.deleting.with(Option::is_some));
    // The last one asked about: the words stay while the dialog closes.
    let account = Var::new(None::<Account>);
    let trouble = Var::new(None::<Trouble>);
    Effect::new(move |_| {
        if let Some(asked) = app.deleting.get().and_then(|id| app.account(id).get()) {
            account.set(Some(asked));
        }
    });
    let name = move || account.get().map(|account| text::name(&account.name));
    let confirm = Confirm {
        title: ("Delete the session of ", name, "?").into_node(),
        message: "The session in the cloud and the key that opens it are destroyed, for good. Automation loses access \
                  at once. You stay signed in in your browser."
            .into_node(),
        yes: "Yes, delete session",
        hook: "delete-confirm",
    };
    let delete = move || {
        if let Some(account) = account.get_untracked() {
            trouble.set(None);
            app.delete_session(&account, Box::new(move |failed| trouble.set(failed)));
        }
    };
    (
        confirm.view(open, delete, move || app.deleting.set(None)),
        failed(trouble),
    )
        .into_node()
}

/// What went wrong, if something did.
pub fn failed(trouble: Var<Option<Trouble>>) -> Node {
    let view = move || {
        trouble
            .get()
            .map(|trouble| Notice::new(Tone::Bad, &trouble.code, &trouble.message).view())
    };
    view.into_node()
}

/// A page's heading.
pub fn heading<M>(words: impl IntoNode<M>) -> El {
    App::here().page.heading(words)
}

/// A point in the past in words. The server's clock may be ahead of this one's.
pub fn since(at: UnixMillis) -> El {
    let page = App::here().page;
    page.when(at.min(page.now.get_untracked()))
}

/// A point in time in words.
pub fn when(at: UnixMillis) -> El {
    App::here().page.when(at)
}
