//! What a look promises, in one clear line: ready, ready but not for long, or not
//! possible, and why.

use ferry_bridge::preflight::{Obstacle, Soon};

use super::*;

/// It can be transferred: for long, as far as anybody can tell, or not.
pub(super) fn ready(soon: Vec<Soon>, unknown: bool) -> El {
    let (code, tone, shown, title) = match (soon.is_empty(), unknown) {
        (true, false) => ("ready", Tone::Good, Icon::Check, "Ready to transfer"),
        (true, true) => (
            "ready",
            Tone::Quiet,
            Icon::Info,
            "Ready, once you have checked who it is",
        ),
        (false, _) => (
            "ends-soon",
            Tone::Wait,
            Icon::Clock,
            "Ready, but likely to expire soon",
        ),
    };
    let details = match soon.is_empty() {
        true => vec![
            html::p()
                .class("small")
                .child("Nothing in it looks bound to this device, as far as Ferry could see."),
        ],
        false => soon.into_iter().map(reason).collect(),
    };
    html::div()
        .class(format!("notice {}", tone.class()))
        .attr("role", "status")
        .attr("data-preflight", code)
        .child((
            icon(shown),
            html::div()
                .class("notice-body")
                .child((html::p().class("notice-title").child(title), details)),
        ))
}

fn reason(reason: Soon) -> El {
    let line = html::p().class("small");
    match reason {
        Soon::LooksBound(cookies) => line.child((
            if cookies.len() == 1 {
                "By its name, this cookie looks bound to this device; a copy may stop working within hours: "
            } else {
                "By their names, these cookies look bound to this device; copies may stop working within hours: "
            },
            html::span().class("mono").child(words::names(&cookies)),
            ".",
        )),
        Soon::RunsOut(at) => line.child(("The sign-in ends ", when(at), ". Sign in anew for longer.")),
    }
}

/// Who was found instead, or what else is in the way, and how to put it right.
pub(super) fn stopped(page: Page, obstacle: &Obstacle) -> Node {
    let bound = matches!(obstacle, Obstacle::Bound(_));
    let tone = if bound { Tone::Bad } else { Tone::Wait };
    let people = match obstacle {
        Obstacle::Several { identities, only } => Some(people(page, identities, only.as_deref())),
        _ => None,
    };
    let app = page.app_name();
    let said = words::stopped(obstacle, &app);
    (
        Notice::new(tone, said.code, &said.message)
            .title(&said.title)
            .view()
            .attr("data-preflight", "stopped"),
        people,
        html::div()
            .class("next")
            .child((way_out(page, obstacle), again(page))),
        html::p().class("soft small centred").child("Nothing was taken."),
    )
        .into_node()
}

/// Several are signed in, and one of them can be transferred alone: the choice.
pub(super) fn several(page: Page, identities: &[String], only: &str) -> Node {
    let obstacle = Obstacle::Several {
        identities: identities.to_vec(),
        only: Some(only.to_owned()),
    };
    let said = words::stopped(&obstacle, &page.app_name());
    (
        Notice::new(Tone::Wait, said.code, &said.message)
            .title(&said.title)
            .view()
            .attr("data-preflight", "choose"),
        people(page, identities, Some(only)),
        html::div()
            .class("actions")
            .child((way_out(page, &obstacle), again(page))),
    )
        .into_node()
}

/// Everybody who is signed in, and who of them is active, where that is known; each with the
/// way out, where the app has one of their own.
fn people(page: Page, identities: &[String], active: Option<&str>) -> El {
    let pages = app_pages(page).unwrap_or_default();
    let sign_out = |n: usize, who: &String| {
        let url = pages.sign_out_of.get(n)?.clone()?;
        let button = Button::new(Look::Quiet, "sign-out-of", "Sign out").on_click(move |_| open_url(&url));
        let label = format!("Sign out {}", Clean::name(who).as_str());
        Some(button.view().attr("aria-label", label))
    };
    let person = |(n, who): (usize, &String)| {
        let active =
            (active == Some(who.as_str())).then(|| html::span().class("soft small").child("active now"));
        html::li()
            .test("person")
            .child((icon(Icon::Person), text::name(who), active, sign_out(n, who)))
    };
    html::ul()
        .class("card people")
        .attr("aria-label", "Signed in")
        .child(identities.iter().enumerate().map(person).collect::<Vec<_>>())
}

/// The app's pages, as the background found them in the definition that it accepted.
/// What shows them is built anew when they are others: in another cookie store, the same
/// people may be signed in, and no page signs one of them out there.
fn app_pages(page: Page) -> Option<AppPages> {
    page.inspection.with(|seen| Some(seen.as_ref()?.pages.clone()))
}

/// Where to go to put it right.
fn way_out(page: Page, obstacle: &Obstacle) -> Option<El> {
    let app = page.app_name();
    let AppPages {
        sign_in,
        check,
        sign_out,
        sign_out_of,
    } = app_pages(page)?;
    let (hook, words, url) = match obstacle {
        // No step helps in this browser.
        Obstacle::Bound(_) => return None,
        Obstacle::SignedOut { .. } => ("open-sign-in", format!("Sign in to {app}"), sign_in),
        Obstacle::Unread(_) => ("open-sign-in", format!("Open {app}"), check),
        Obstacle::Another { .. } | Obstacle::Several { .. } => match sign_out {
            Some(url) => ("open-sign-out", format!("Sign out of {app}"), url),
            None => ("open-sign-in", format!("Go to {app}"), sign_in),
        },
    };
    // Where there is something else to do, that is the one thing to do: to transfer one of
    // several alone, or to sign out the others, each by the button beside the name.
    let look = match obstacle {
        Obstacle::Several { only: Some(_), .. } => Look::Plain,
        Obstacle::Several { .. } if sign_out_of.iter().any(Option::is_some) => Look::Plain,
        _ => Look::Primary,
    };
    let button = Button::new(look, hook, words).icon(Icon::Open);
    Some(button.on_click(move |_| open_url(&url)).view())
}

fn again(page: Page) -> El {
    Button::new(Look::Plain, "look-again", "Look again")
        .icon(Icon::Refresh)
        .busy(page.looking)
        .on_click(move |_| page.look())
        .view()
}
