//! What every page has: the bar on top, the menu, and the place where screen
//! readers hear what happens.

use ferry_bridge::Failure;
use ferry_ui::Tone;
use ferry_ui::button::{Button, Look, icon_button};
use ferry_ui::dialog::Confirm;
use ferry_ui::dom::{El, Handle, IntoNode, Node, html};
use ferry_ui::icon::{Icon, icon, mark};
use ferry_ui::notice::Notice;
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::text;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::ferry::{Ferry, Stage, open_tab};
use crate::pages;
use crate::route::Route;

/// The whole of the page.
pub fn shell() -> Node {
    let ferry = Ferry::here();
    let stage = ferry.stage();
    let signing_out = Var::new(false);
    let page = move || match stage.get() {
        Stage::Loading => ferry_ui::page::loading().into_node(),
        Stage::SignedOut => pages::sign_in::page().into_node(),
        stage @ (Stage::SetUp | Stage::Later | Stage::Code | Stage::Approval) => pages::set_up::page(stage),
        Stage::Ready => pages::ready().into_node(),
    };
    let sign_out = Confirm {
        title: "Sign out of Ferry?".into_node(),
        message: "This browser forgets its keys: to use Ferry here again, you set it up again with a code by e-mail. \
                  Sessions in the cloud stay there, and you stay signed in to your apps."
            .into_node(),
        yes: "Sign out",
        hook: "sign-out-confirm",
    };
    (
        bar(stage, signing_out),
        html::main()
            .class("page")
            .child((move || ferry.failure.get().map(general_failure), page)),
        html::p()
            .class("sr-only")
            .attr("role", "status")
            .test("said")
            .child(move || ferry.page.said.get()),
        sign_out.view(
            Derived::new(move || signing_out.get()),
            move || ferry.sign_out(),
            move || signing_out.set(false),
        ),
    )
        .into_node()
}

fn general_failure(failure: Failure) -> El {
    let ferry = Ferry::here();
    let again = Button::new(Look::Plain, "retry", "Try again")
        .busy(ferry.is_refreshing())
        .on_click(move |_| ferry.refresh());
    Notice::new(Tone::Bad, &failure.code, &failure.message)
        .actions(again.view())
        .view()
}

fn bar(stage: Derived<Stage>, signing_out: Var<bool>) -> El {
    let ferry = Ferry::here();
    let profile = ferry.profile();
    let deeper = Derived::new(move || stage.get() == Stage::Ready && ferry.route.get() != Route::Accounts);
    let first = move || {
        if deeper.get() {
            icon_button("back", Icon::Back, "Back to all accounts", false, move |_| {
                ferry.go(Route::Accounts)
            })
            .into_node()
        } else {
            mark().into_node()
        }
    };
    let workspace = move || {
        profile.with(|profile| {
            profile.as_ref().map(|profile| {
                html::span()
                    .class("bar-workspace one-line")
                    .child(text::name(&profile.workspace.name))
            })
        })
    };
    html::header().class("bar").child((
        first,
        html::span().class("bar-name").child("Ferry"),
        workspace,
        move || profile.with(Option::is_some).then(|| menu(signing_out)),
    ))
}

/// The menu: who and where, and signing out. The browser's own popover closes it
/// on Escape and on a click beside it.
fn menu(signing_out: Var<bool>) -> Node {
    let ferry = Ferry::here();
    let panel = Handle::new();
    let shown = panel.clone();
    let close = move || {
        if let Some(panel) = shown.get() {
            // Fails only when it is closed already.
            let _ = panel.unchecked_into::<HtmlElement>().hide_popover();
        }
    };
    let stage = ferry.stage();
    let close_first = close.clone();
    let devices = move || {
        let close = close_first.clone();
        (stage.get() == Stage::Ready).then(|| {
            Button::new(Look::Quiet, "open-devices", "Trusted devices")
                .icon(Icon::Shield)
                .on_click(move |_| {
                    close();
                    ferry.go(Route::Devices);
                })
                .view()
        })
    };
    let open_in_tab = (!ferry.in_tab).then(|| {
        Button::new(Look::Quiet, "open-tab", "Open in a tab")
            .icon(Icon::Open)
            .on_click(move |_| open_tab(ferry.route.get_untracked()))
            .view()
    });
    (
        html::button()
            .attr("type", "button")
            .class("icon-button bar-menu")
            .attr("popovertarget", "menu")
            .test("menu")
            .attr("title", "Menu")
            .attr("aria-label", "Menu")
            .child(icon(Icon::Menu)),
        html::div()
            .attr("id", "menu")
            .class("menu")
            .attr("popover", "auto")
            .test("menu-panel")
            .attr("role", "dialog")
            .attr("aria-label", "You and this browser")
            .handle(&panel)
            .child((
                facts(),
                html::div().class("menu-actions").child((
                    devices,
                    open_in_tab,
                    Button::new(Look::Quiet, "sign-out", "Sign out of Ferry")
                        .icon(Icon::SignOut)
                        .on_click(move |_| {
                            close();
                            signing_out.set(true);
                        })
                        .view(),
                )),
            )),
    )
        .into_node()
}

fn facts() -> Node {
    let ferry = Ferry::here();
    let profile = ferry.profile();
    let device = ferry.pick(|phase| match phase {
        ferry_bridge::Phase::Ready { device_name, .. } => Some(device_name.clone()),
        _ => None,
    });
    let vault = ferry.pick(|phase| match phase {
        ferry_bridge::Phase::Ready {
            vault_fingerprint, ..
        } => vault_fingerprint.clone(),
        _ => None,
    });
    let who = move || {
        profile.get().map(|profile| {
            html::div().class("menu-who").child((
                html::p()
                    .class("menu-name one-line")
                    .child(text::name(&profile.user.name)),
                html::p()
                    .class("soft small one-line")
                    .child(text::name(&profile.user.email)),
            ))
        })
    };
    let place = move || {
        profile.get().map(|profile| {
            (
                pages::fact("Workspace", text::name(&profile.workspace.name)),
                pages::fact("Server", text::server(&profile.server)),
            )
        })
    };
    (
        who,
        html::dl().class("facts").child((
            place,
            move || {
                device
                    .get()
                    .map(|device| pages::fact("This browser", text::name(&device)))
            },
            move || {
                vault
                    .get()
                    .map(|vault| pages::fact("Vault fingerprint", pages::fingerprint(&vault)))
            },
        )),
    )
        .into_node()
}
