//! The page before a transfer: what is taken, from whom, and whether it can be.

use ferry_bridge::{
    CookieCounts, CookieStore, CookieStores, IdentityFinding, Inspection, StorageFound, StoreId, StoreKind,
};
use ferry_protocol::api::{Account, SessionStatus};

use super::*;

pub(crate) fn share_page(n: u8) -> String {
    format!("#/accounts/{}/share", id(n))
}

pub(crate) fn before_transfer() -> Vec<Scene> {
    let new = || ready(vec![github(SessionStatus::None)]);
    let scene = |name, inspection| Scene::new(name, new()).at(share_page(1)).inspection(inspection);
    let mut many_sites = github(SessionStatus::None);
    many_sites.app.domains = (1..=14).map(|n| format!("site-{n}.acme.example")).collect();
    let another = IdentityFinding::Another {
        found: "bob-acme".to_owned(),
        expected: "alice-okafor".to_owned(),
    };
    let mut permission = scene("share-permission", missing(1, "*://*.github.com/*"));
    permission.granted = false;
    let denied = Scene {
        name: "share-permission-denied",
        allows: false,
        ..permission.clone()
    };
    vec![
        permission,
        denied.click("permission-continue"),
        Scene::new("share-looking", new())
            .at(share_page(1))
            .hanging("inspect"),
        scene("share-consent", one(1, "alice-okafor")),
        scene("share-consent-ticked", one(1, "alice-okafor")).click("consent-check"),
        Scene::new("share-many-sites", ready(vec![many_sites]))
            .at(share_page(1))
            .inspection(one(1, "alice-okafor")),
        scene("share-unknown", inspection(1, IdentityFinding::Unknown)),
        scene("share-several", inspection(1, several(false))),
        several_each(inspection(1, several(false))),
        scene("share-another", inspection(1, another)),
        scene("share-signed-out", inspection(1, IdentityFinding::SignedOut)),
        Scene::new("share-again", ready(vec![github(verified())]))
            .at(share_page(1))
            .inspection(one(1, "alice-okafor")),
        Scene::new("share-no-vault", no_vault(vec![github(SessionStatus::None)]))
            .at(share_page(1))
            .inspection(one(1, "alice-okafor")),
        for_web_page(),
        Scene::new("share-collaborator", ready(every()))
            .at(share_page(5))
            .inspection(one(5, "acme")),
    ]
}

/// A web page had it opened, for a custom app that nobody has agreed to.
fn for_web_page() -> Scene {
    let app = app("custom-tracker", "Tracker", &["tracker.acme.example"]);
    let account = account(1, "Tracker admin", app, Some("alice"), SessionStatus::None);
    Scene {
        for_web_page: true,
        ..Scene::new("share-for-web-page", ready(vec![account]))
            .at(share_page(1))
            .inspection(one(1, "alice"))
    }
}

/// The same in an app with a page on which one of them alone is signed out.
fn several_each(mut seen: Inspection) -> Scene {
    if let Some(IdentityFinding::Several { identities, .. }) = &seen.finding {
        let page = |who: &String| Some(format!("https://github.com/logout?user={who}"));
        seen.pages.sign_out_of = identities.iter().map(page).collect();
    }
    Scene::new("share-several-each", ready(vec![github(SessionStatus::None)]))
        .at(share_page(1))
        .inspection(seen)
}

/// Several people, in the order of the app's list.
pub(crate) fn several(only: bool) -> IdentityFinding {
    let alice = || "alice-okafor".to_owned();
    IdentityFinding::Several {
        identities: vec!["acme-bot".to_owned(), alice()],
        only: only.then(alice),
    }
}

/// A chat whose sign-in lies in local storage.
pub(crate) fn discord(session: SessionStatus) -> Account {
    let mut app = app("discord", "Discord", &["discord.com"]);
    app.storage = vec!["https://discord.com#token".to_owned()];
    account(1, "Acme community", app, Some("alice"), session)
}

fn entry(name: &str, found: Option<bool>) -> StorageFound {
    StorageFound {
        entry: format!("https://discord.com#{name}"),
        found,
        optional: name == "MultiAccountStore",
    }
}

/// Each promise that a look can come to.
pub(crate) fn preflights() -> Vec<Scene> {
    let scene = |name, inspection| {
        Scene::new(name, ready(vec![github(SessionStatus::None)]))
            .at(share_page(1))
            .inspection(inspection)
    };
    let in_discord = |name, finding, storage| {
        let cookies = CookieCounts {
            total: 6,
            host_only: 2,
            ..CookieCounts::default()
        };
        Scene::new(name, ready(vec![discord(SessionStatus::None)]))
            .at(share_page(1))
            .inspection(Inspection {
                storage,
                cookies,
                ..inspection(1, finding)
            })
    };
    let alice = |counted| IdentityFinding::One {
        identity: "alice".to_owned(),
        counted,
    };
    let hints = || {
        ["__Secure-1PSIDTS", "__Secure-3PSIDTS", "SIDTS"]
            .map(str::to_owned)
            .to_vec()
    };
    vec![
        scene("share-active", inspection(1, alice(false))),
        scene("share-several-only", inspection(1, several(true))),
        Scene::new("share-several-only-again", ready(vec![github(verified())]))
            .at(share_page(1))
            .inspection(inspection(1, several(true))),
        scene(
            "share-looks-bound",
            Inspection {
                bound_hints: hints(),
                ..one(1, "alice-okafor")
            },
        ),
        scene(
            "share-ends-soon",
            Inspection {
                sign_in_ends: Some(NOW.plus(5 * HOUR)),
                ..one(1, "alice-okafor")
            },
        ),
        scene(
            "share-unknown-ends-soon",
            Inspection {
                bound_hints: hints(),
                sign_in_ends: Some(NOW.plus(20 * MINUTE)),
                ..inspection(1, IdentityFinding::Unknown)
            },
        ),
        scene(
            "share-bound",
            Inspection {
                bound_by: Some("accounts.github.com".to_owned()),
                ..one(1, "alice-okafor")
            },
        ),
        in_discord("share-storage", alice(true), vec![entry("token", Some(true))]),
        Scene::new("share-storage-only", ready(vec![discord(SessionStatus::None)]))
            .at(share_page(1))
            .inspection(Inspection {
                storage: vec![entry("token", Some(true))],
                cookies: CookieCounts::default(),
                ..inspection(1, alice(true))
            }),
        in_discord(
            "share-storage-missing",
            IdentityFinding::SignedOut,
            vec![entry("token", Some(false))],
        ),
        in_discord(
            "share-storage-unread",
            IdentityFinding::Unknown,
            vec![entry("token", None)],
        ),
    ]
}

/// So many containers beside ordinary and private windows.
pub(crate) fn containers(n: usize) -> CookieStores {
    let store = |id: &str, kind, name: Option<&str>| CookieStore {
        id: StoreId(id.to_owned()),
        kind,
        name: name.map(str::to_owned),
    };
    let names = [
        "Personal",
        "Work",
        "Banking",
        "Shopping of everything that there is to buy",
    ];
    let mut stores = vec![store("", StoreKind::Ordinary, None)];
    for n in 0..n {
        let name = match names.get(n) {
            Some(name) => (*name).to_owned(),
            None => format!("Client {n}"),
        };
        let id = format!("firefox-container-{}", n + 1);
        stores.push(store(&id, StoreKind::Container, Some(&name)));
    }
    stores.push(store("firefox-private", StoreKind::Private, None));
    CookieStores {
        stores,
        current: StoreId::default(),
    }
}

/// What is found in a store.
pub(crate) fn look(store: &str, finding: IdentityFinding) -> Inspection {
    Inspection {
        store: StoreId(store.to_owned()),
        ..inspection(1, finding)
    }
}

pub(crate) fn who(identity: &str) -> IdentityFinding {
    IdentityFinding::One {
        identity: identity.to_owned(),
        counted: true,
    }
}

/// Private windows, ordinary ones and containers.
pub(crate) fn several_stores() -> Vec<Scene> {
    let scene = |name, stores, looks| Scene {
        firefox: true,
        ..Scene::new(name, ready(vec![github(SessionStatus::None)]))
            .at(share_page(1))
            .stores(stores, looks)
    };
    let another = IdentityFinding::Another {
        found: "bob-acme".to_owned(),
        expected: "alice-okafor".to_owned(),
    };
    let few = vec![
        look("", who("alice-okafor")),
        look("firefox-container-1", another.clone()),
        look("firefox-container-2", several(false)),
        look("firefox-private", IdentityFinding::SignedOut),
    ];
    let in_work = CookieStores {
        current: StoreId("firefox-container-2".to_owned()),
        ..containers(2)
    };
    let many = (1..=18)
        .map(|n| look(&format!("firefox-container-{n}"), IdentityFinding::SignedOut))
        .chain([look("", another), look("firefox-private", who("alice-okafor"))])
        .collect::<Vec<_>>();
    let first = many[18..19].to_vec();
    let some = [&many[..2], &first[..]].concat();
    vec![
        scene("stores-few", containers(2), few.clone()),
        scene("stores-in-container", in_work, few),
        scene("stores-many", containers(18), first),
        scene("stores-looking", containers(18), some.clone()).click("look-everywhere"),
        scene("stores-cancelled", containers(18), some)
            .click("look-everywhere")
            .click("look-everywhere"),
        scene("stores-looked", containers(18), many).click("look-everywhere"),
    ]
}
