//! What every page has: the bar on top, the way to the other pages, and the place
//! where screen readers hear what happens.

use ferry_protocol::vault::fingerprint_text;
use ferry_ui::Tone;
use ferry_ui::button::{Button, Look};
use ferry_ui::dom::{El, Handle, IntoNode, Node, html};
use ferry_ui::icon::{Icon, icon, mark};
use ferry_ui::notice::Notice;
use ferry_ui::page::{Trouble, fact, fingerprint};
use ferry_ui::reactive::Derived;
use ferry_ui::text;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::app::{App, Stage};
use crate::pages;
use crate::route::{Manage, Route};

/// The whole of the page.
pub fn shell() -> Node {
    let app = App::here();
    let stage = app.stage();
    let invited = Derived::new(move || app.route.with(|route| *route == Route::Invitation));
    let page = move || match stage.get() {
        Stage::Loading => ferry_ui::page::loading().into_node(),
        Stage::SignedOut if invited.get() => pages::invitation::page().into_node(),
        Stage::SignedOut => pages::sign_in::page().into_node(),
        stage @ (Stage::SetUp | Stage::Later | Stage::Code | Stage::Approval) => pages::set_up::page(stage),
        Stage::Ready => pages::ready(),
    };
    (
        bar(stage),
        move || (stage.get() == Stage::Ready).then(ways),
        html::main().class("page").child((
            move || app.notice.get().map(|trouble| notice(stage, &trouble)),
            page,
        )),
        html::p()
            .class("sr-only")
            .attr("role", "status")
            .test("said")
            .child(move || app.page.said.get()),
    )
        .into_node()
}

fn notice(stage: Derived<Stage>, trouble: &Trouble) -> El {
    let app = App::here();
    let now = stage.get_untracked();
    let is_ready = now == Stage::Ready;
    let again = (is_ready || now == Stage::Loading).then(|| {
        Button::new(Look::Plain, "retry", "Try again")
            .on_click(move |_| if is_ready { app.refresh() } else { app.restore() })
            .view()
    });
    Notice::new(
        if is_ready { Tone::Bad } else { Tone::Wait },
        &trouble.code,
        &trouble.message,
    )
    .actions(again)
    .view()
}

fn bar(stage: Derived<Stage>) -> El {
    let app = App::here();
    let workspace = move || {
        app.me.with(|me| {
            me.as_ref().map(|me| {
                html::span()
                    .class("bar-workspace one-line")
                    .child(text::name(&me.workspace.name))
            })
        })
    };
    let is_in = Derived::new(move || !matches!(stage.get(), Stage::Loading | Stage::SignedOut));
    html::header().class("bar").child((
        html::a()
            .class("bar-home")
            .attr("href", "#/")
            .attr("aria-label", "Ferry: all accounts")
            .child((mark(), html::span().class("bar-name").child("Ferry"))),
        workspace,
        move || is_in.get().then(menu),
    ))
}

/// The pages there are. Admins have more of them.
fn ways() -> El {
    let app = App::here();
    let admin = app.is_admin();
    let own = [
        ("nav-accounts", "Accounts", Route::Accounts),
        ("nav-activity", "Activity", Route::Activity),
        ("nav-devices", "My trusted devices", Route::Devices),
    ];
    let manage = [
        ("nav-people", "People", Route::Manage(Manage::People)),
        (
            "nav-manage-accounts",
            "Manage accounts",
            Route::Manage(Manage::Accounts),
        ),
        ("nav-apps", "Apps", Route::Manage(Manage::Apps)),
    ];
    html::nav().class("ways").attr("aria-label", "Pages").child((
        html::ul().child(own.into_iter().map(way).collect::<Vec<_>>()),
        move || {
            admin.get().then(|| {
                html::ul()
                    .class("ways-admin")
                    .child(manage.clone().into_iter().map(way).collect::<Vec<_>>())
            })
        },
    ))
}

fn way((hook, words, route): (&'static str, &'static str, Route)) -> El {
    let app = App::here();
    let href = route.hash();
    let here = move || app.route.with(|now| now.is_part_of(&route)).then_some("page");
    html::li().child(
        html::a()
            .attr("href", href)
            .attr("aria-current", here)
            .test(hook)
            .child(words),
    )
}

/// The menu: who and where, and signing out. The browser's own popover closes it on
/// Escape and on a click beside it.
fn menu() -> Node {
    let app = App::here();
    let panel = Handle::new();
    let shown = panel.clone();
    let close = move || {
        if let Some(panel) = shown.get() {
            // Fails only when it is closed already.
            let _ = panel.unchecked_into::<HtmlElement>().hide_popover();
        }
    };
    (
        html::button()
            .attr("type", "button")
            .class("icon-button bar-menu")
            .attr("popovertarget", "menu")
            .test("menu")
            .attr("title", "My profile")
            .attr("aria-label", "My profile")
            .child(icon(Icon::Person)),
        html::div()
            .attr("id", "menu")
            .class("menu")
            .attr("popover", "auto")
            .test("menu-panel")
            .attr("role", "dialog")
            .attr("aria-label", "My profile")
            .handle(&panel)
            .child((
                facts(),
                html::div().class("menu-actions").child(
                    Button::new(Look::Quiet, "sign-out", "Sign out")
                        .icon(Icon::SignOut)
                        .on_click(move |_| {
                            close();
                            app.sign_out();
                        })
                        .view(),
                ),
            )),
    )
        .into_node()
}

fn facts() -> Node {
    let app = App::here();
    let view = move || {
        let me = app.me.get()?;
        let device = me
            .device
            .map(|device| fact("This browser", text::name(&device.name)));
        let vault = me.vault.map(|vault| {
            fact(
                "Vault fingerprint",
                fingerprint(&fingerprint_text(&vault.fingerprint())),
            )
        });
        Some((
            html::div().class("menu-who").child((
                html::p()
                    .class("menu-name one-line")
                    .child(text::name(&me.user.name)),
                html::p()
                    .class("soft small one-line")
                    .child(text::name(&me.user.email)),
            )),
            html::dl().class("facts").child((
                fact("Workspace", text::name(&me.workspace.name)),
                device,
                vault,
            )),
        ))
    };
    view.into_node()
}
