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
    let entries = Derived::new(move || {
        let found = page.inspection.with(|seen| {
            let seen = seen.as_ref().filter(|seen| seen.missing_origins.is_empty())?;
            let found = seen.storage.iter().filter(|entry| entry.found == Some(true));
            Some(found.map(|entry| entry.entry.clone()).collect::<Vec<_>>())
        });
        // Before the look: what the app's definition names.
        found.unwrap_or_else(|| {
            page.account.with(|account| {
                let entries = account.as_ref().map(|account| account.app.storage_keys());
                entries.into_iter().flatten().map(str::to_owned).collect()
            })
        })
    });
    let cookies = move || match counts.get() {
        Some(counts) => html::strong()
            .test("cookie-count")
            .child(match counts.total {
                0 => "No cookies".to_owned(),
                n => words::cookies(n),
            })
            .into_node(),
        None => "The cookies".into_node(),
    };
    let kinds = move || {
        let kinds = words::kinds(&counts.get()?).join(", ");
        (!kinds.is_empty()).then(|| html::p().class("soft small").child(kinds))
    };
    // What is taken stands first: with some apps that is no cookie at all.
    let only_stored = Derived::new(move || {
        counts.get().is_some_and(|counts| counts.total == 0) && entries.with(|all| !all.is_empty())
    });
    let stored = move |alone: bool| {
        move || match only_stored.get() == alone {
            true => entries.with(|entries| stored(page, entries, alone)),
            false => None,
        }
    };
    (
        stored(true),
        html::p().child((cookies, " of ", count)),
        sites,
        kinds,
        stored(false),
        html::p()
            .class("soft small")
            .child("No password, no history, no other site."),
    )
        .into_node()
}

/// What is taken out of local storage, in people's words. `alone`: it is all that is taken.
fn stored(page: Page, entries: &[String], alone: bool) -> Option<El> {
    if entries.is_empty() {
        return None;
    }
    let head = text::sign_in_entries(entries.len() as u64);
    let rows = entries.iter().map(|entry| {
        let name = text::entry(entry);
        html::li().child(html::bdi().child(name))
    });
    let why = match alone {
        true => " keeps what signs you in there. Nothing else in it is read.",
        false => " keeps what signs you in there, beside its cookies. Nothing else in it is read.",
    };
    Some(html::div().class("stored").test("storage-logins").child((
        html::p().child((html::strong().child(head), " in local storage:")),
        html::ul().class("sites").child(rows.collect::<Vec<_>>()),
        html::p().class("soft small").child((page.app_name(), why)),
    )))
}

fn from_whom(page: Page) -> Node {
    let view = move || {
        let finding = page
            .inspection
            .with(|seen| seen.as_ref().and_then(|seen| seen.finding.clone()));
        let app = page.app_name();
        let (who, alone, how) = match finding {
            Some(IdentityFinding::One {
                identity,
                counted: true,
            }) => (
                identity,
                " only",
                format!("{app} lists everybody who is signed in: there is nobody else."),
            ),
            Some(IdentityFinding::One {
                identity,
                counted: false,
            }) => (
                identity,
                "",
                format!(
                    "{app} names who is active. Others may be signed in unseen, and would be taken along."
                ),
            ),
            Some(IdentityFinding::Several { only: Some(only), .. }) => (
                only,
                " only",
                "What belongs to the others is taken out before anything leaves this browser.".to_owned(),
            ),
            Some(IdentityFinding::Unknown) => {
                return html::p()
                    .child("Somebody: the app does not show who is signed in.")
                    .into_node();
            }
            _ => return html::p().child(expected(page)).into_node(),
        };
        (
            html::p().child((html::strong().test("identity").child(text::name(&who)), alone)),
            html::p().class("soft small").test("how-known").child(how),
        )
            .into_node()
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
            move || profile.get().map(|profile| text::server(&profile.server)),
        )),
        move || match vault.get() {
            Some(vault) => (
                html::p()
                    .class("soft small")
                    .child("Sealed on this device. Only the vault with this fingerprint can open it. Your admin sees the same with “ferry-worker identity”:"),
                fingerprint(&vault),
            )
                .into_node(),
            None => html::p()
                .class("small")
                .child(words::NO_VAULT)
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
