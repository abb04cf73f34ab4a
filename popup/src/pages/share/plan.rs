//! What is taken, from whom, to where, and how to undo it.

use super::*;

/// The plan, one row a question.
pub(super) fn plan(page: Page) -> El {
    let row = |shown: Icon, label: &'static str, value: Node| {
        let label = html::dt().child((icon(shown), label));
        html::div()
            .class("plan-row")
            .child((label, html::dd().child(value)))
    };
    html::dl().class("card plan").test("plan").child((
        row(Icon::Key, "What is taken", taken(page)),
        row(Icon::Person, "From whom", from_whom(page)),
        row(Icon::Lock, "Where it goes", destination(page)),
        row(Icon::Undo, "How to undo it", undo(page).into_node()),
    ))
}

fn taken(page: Page) -> Node {
    let domains = Derived::new(move || {
        page.account.with(|account| {
            account
                .as_ref()
                .map_or_else(Vec::new, |account| account.app.domains.clone())
        })
    });
    let count = move || domains.with(|domains| text::count(domains.len() as u64, "site:", "sites:"));
    let sites = move || site_list(&domains.get());
    let counts = Derived::new(move || {
        page.inspection.with(|seen| {
            seen.as_ref()
                .filter(|seen| seen.missing_origins.is_empty())
                .map(|seen| seen.cookies)
        })
    });
    let view = move || match counts.get() {
        Some(counts) => (
            html::p().child((
                html::strong()
                    .test("cookie-count")
                    .child(words::cookies(counts.total)),
                " of ",
                count,
            )),
            sites,
            html::p()
                .class("soft small")
                .child(words::kinds(&counts).join(", ")),
            html::p()
                .class("soft small")
                .child("No password, no history, no other site."),
        )
            .into_node(),
        None => (
            html::p().child(("The cookies of ", count)),
            sites,
            html::p()
                .class("soft small")
                .child("No password, no history, no other site."),
        )
            .into_node(),
    };
    view.into_node()
}

fn from_whom(page: Page) -> Node {
    let view = move || {
        let finding = page
            .inspection
            .with(|seen| seen.as_ref().and_then(|seen| seen.finding.clone()));
        match finding {
            Some(IdentityFinding::One { identity, .. }) => (
                html::p().child((
                    html::strong().test("identity").child(text::name(&identity)),
                    " only",
                )),
                html::p()
                    .class("soft small")
                    .child("Nobody else is signed in at this app."),
            )
                .into_node(),
            Some(IdentityFinding::Unknown) => html::p()
                .child("Somebody: the app does not show who is signed in.")
                .into_node(),
            _ => html::p().child(expected(page)).into_node(),
        }
    };
    view.into_node()
}

/// Before it was looked.
fn expected(page: Page) -> Node {
    let identity = move || page.account.get().and_then(|account| account.identity);
    let view = move || match identity() {
        Some(identity) => (text::name(&identity), ", if signed in alone").into_node(),
        None => "Whoever is signed in there, if it is one person".into_node(),
    };
    view.into_node()
}

fn destination(page: Page) -> Node {
    let profile = page.ferry.profile();
    let vault = page.ferry.pick(|phase| match phase {
        Phase::Ready {
            vault_fingerprint, ..
        } => vault_fingerprint.clone(),
        _ => None,
    });
    (
        html::p().child((
            move || {
                profile
                    .get()
                    .map(|profile| html::strong().child(text::name(&profile.workspace.name)))
            },
            " at ",
            move || profile.get().map(|profile| text::name(&profile.server)),
        )),
        html::p()
            .class("soft small")
            .child("Sealed on this device. Only the vault with this fingerprint can open it. Your admin sees the same with “ferry-worker identity”:"),
        move || match vault.get() {
            Some(vault) => fingerprint(&vault).into_node(),
            None => html::p()
                .class("small")
                .child("There is no vault yet.")
                .into_node(),
        },
    )
        .into_node()
}

fn undo(page: Page) -> El {
    let app = move || {
        page.account
            .with(|account| account.as_ref().map(|account| text::name(&account.app.name)))
    };
    html::p().child((
        "Delete it here, any time: the session and its key are destroyed. Signing out at ",
        app,
        " everywhere ends it as well.",
    ))
}
