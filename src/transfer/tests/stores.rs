//! Out of which cookie store, and what lies in local storage.

use ferry_bridge::{
    Agreed, CookieStores, IdentityFinding, Inspect, Inspection, ListStores, StorageFound, StoreId,
};
use ferry_catalogue::{IdentityRule, Source, Step, Strength};

use super::*;

const TOKEN: &str = "https://notes.example#token";
const USERS: &str = "https://notes.example#users";

/// A world whose app keeps its sign-in in local storage alone.
async fn signed_in_by_storage() -> (World, TestBackground) {
    let world = World::default();
    {
        let app = &mut world.server().account.borrow_mut().app;
        app.signed_in = Default::default();
        app.storage = vec![TOKEN.to_owned()];
        app.storage_optional = vec![USERS.to_owned()];
        app.identity = vec![IdentityRule {
            strength: Strength::List,
            from: Source::Storage(USERS.to_owned()),
            steps: vec![Step::Json("/*".to_owned())],
        }];
    }
    world.browser.set_cookies(Cookies::default());
    let background = world.ready().await;
    (world, background)
}

#[test]
fn cookies_that_a_page_opened_for_its_storage_rotates_are_read_afterwards() {
    run(async {
        let (world, background) = signed_in_by_storage().await;
        world.browser.set_storage("", TOKEN, "t0ken");
        world.browser.set_storage("", USERS, r#"["ada"]"#);
        world
            .browser
            .set_cookies(Cookies(vec![("session", "stale".to_owned())]));
        let rotated = Cookies(vec![("session", "rotated".to_owned())]);
        world.browser.rotate_when_opened(rotated);
        share(&world, &background).await.unwrap();
        let jar = world.server().open().unwrap().payload.jar;
        assert_eq!(jar.cookies[0].value, "rotated");
    });
}

async fn inspect(world: &World, background: &TestBackground, store: &str) -> Inspection {
    let inspect = Request::Inspect(Inspect {
        account: world.account(),
        store: StoreId(store.to_owned()),
    });
    ask(background, inspect).await.unwrap()
}

fn one(identity: &str) -> Option<IdentityFinding> {
    Some(IdentityFinding::One {
        identity: identity.to_owned(),
        counted: true,
    })
}

#[test]
fn a_sign_in_in_local_storage_is_found_and_sealed() {
    run(async {
        let (world, background) = signed_in_by_storage().await;
        world.browser.set_storage("", TOKEN, "t0k\"en");
        world.browser.set_storage("", USERS, r#"["ada"]"#);
        world
            .browser
            .set_storage("", "https://notes.example#draft", "not asked for");
        let inspection = inspect(&world, &background, "").await;
        assert_eq!(inspection.finding, one("ada"));
        let there = |entry: &str, optional: bool| StorageFound {
            entry: entry.to_owned(),
            found: Some(true),
            optional,
        };
        assert_eq!(inspection.storage, [there(TOKEN, false), there(USERS, true)]);

        let state = share(&world, &background).await.unwrap();
        let done = TransferStep::Done {
            cookies: 0,
            entries: 2,
            identity: Some("ada".to_owned()),
        };
        assert_eq!(step(&state), Some(&done));
        let payload = world.server().open().unwrap().payload;
        assert_eq!(payload.identity.as_deref(), Some("ada"));
        assert_eq!(payload.jar.storage.len(), 2);
        assert_eq!(payload.jar.entry(TOKEN), Some("t0k\"en"));
        assert_eq!(payload.jar.entry(USERS), Some(r#"["ada"]"#));
    });
}

#[test]
fn what_is_missing_in_local_storage_is_said_and_nothing_is_sealed() {
    run(async {
        let (world, background) = signed_in_by_storage().await;
        world.browser.set_storage("", USERS, r#"["ada"]"#);
        let inspection = inspect(&world, &background, "").await;
        assert_eq!(inspection.finding, Some(IdentityFinding::SignedOut));
        assert_eq!(inspection.storage[0].found, Some(false));
        let failure = share(&world, &background).await.unwrap_err();
        assert_eq!(failure.code, "signed-out");

        world.browser.set_storage("", TOKEN, "t");
        world.browser.set_storage("", USERS, r#"["ada","bob"]"#);
        let failure = share(&world, &background).await.unwrap_err();
        assert_eq!(failure.code, "several-identities");

        world.browser.close_storage();
        let look = Request::Inspect(Inspect {
            account: world.account(),
            store: StoreId::default(),
        });
        let failure = ask::<Inspection, _, _>(&background, look).await.unwrap_err();
        assert_eq!(failure.code, "app-unreachable");
        let failure = share(&world, &background).await.unwrap_err();
        assert_eq!(failure.code, "app-unreachable");
        assert_eq!(world.server().stores.get(), 0);
    });
}

#[test]
fn each_store_is_read_on_its_own_and_none_is_merged() {
    run(async {
        let world = World::default();
        world.browser.add_container("Work", Cookies::of("bob"));
        world.browser.add_container("Home", Cookies::default());
        let background = world.ready().await;
        let listed: CookieStores = ask(&background, Request::ListStores(ListStores {}))
            .await
            .unwrap();
        let names: Vec<_> = listed.stores.iter().map(|store| store.name.as_deref()).collect();
        assert_eq!(names, [None, Some("Work"), Some("Home")]);

        assert_eq!(inspect(&world, &background, "").await.finding, one("ada"));
        let another = IdentityFinding::Another {
            found: "bob".to_owned(),
            expected: "ada".to_owned(),
        };
        assert_eq!(inspect(&world, &background, "Work").await.finding, Some(another));
        let nobody = Some(IdentityFinding::SignedOut);
        assert_eq!(inspect(&world, &background, "Home").await.finding, nobody);

        let out_of = |store: &str, consent: Option<Agreed>| {
            Request::Share(Share {
                account: world.account(),
                consent,
                accept_unknown: false,
                store: StoreId(store.to_owned()),
                only: None,
                named: None,
            })
        };
        let refused = ask::<State, _, _>(&background, out_of("Work", None))
            .await
            .unwrap_err();
        assert_eq!(refused.code, "another-identity");
        world.server().account.borrow_mut().identity = Some("bob".to_owned());
        ask::<State, _, _>(&background, Request::Refresh(ferry_bridge::Refresh {}))
            .await
            .unwrap();
        let agreed = agreed(&background.state());
        ask::<State, _, _>(&background, out_of("Work", Some(agreed)))
            .await
            .unwrap();
        let payload = world.server().open().unwrap().payload;
        assert_eq!(payload.identity.as_deref(), Some("bob"));
        let values: Vec<_> = payload
            .jar
            .cookies
            .iter()
            .map(|cookie| cookie.value.as_str())
            .collect();
        assert!(values.iter().all(|value| !value.contains("ada")), "merged");
        assert_eq!(values.len(), 2);
    });
}

#[test]
fn a_store_that_is_gone_is_said() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let inspect = Request::Inspect(Inspect {
            account: world.account(),
            store: StoreId("closed".to_owned()),
        });
        let refused = ask::<Inspection, _, _>(&background, inspect).await.unwrap_err();
        assert_eq!(refused.code, "browser");
        assert!(
            refused.message.contains("no such cookie store"),
            "{}",
            refused.message
        );
    });
}

/// The definition that was accepted leads there; its page opens in ordinary windows.
#[test]
fn each_of_several_is_led_to_a_sign_out_of_their_own_in_ordinary_windows() {
    run(async {
        let world = World::default();
        world.server().account.borrow_mut().app.sign_out_of =
            Some("https://notes.example/out?user={identity}".to_owned());
        world.browser.set_cookies(Cookies::of("ada|bob&x"));
        world.browser.add_container("Work", Cookies::of("ada|bob"));
        let background = world.ready().await;
        let listed: CookieStores = ask(&background, Request::ListStores(ListStores {}))
            .await
            .unwrap();
        let mut found = Vec::new();
        for store in &listed.stores {
            let seen = inspect(&world, &background, &store.id.0).await;
            assert_eq!(seen.pages.check, crate::testing::app().check);
            found.push(seen.pages.sign_out_of);
        }
        let page = |user: &str| Some(format!("https://notes.example/out?user={user}"));
        assert_eq!(found, [vec![page("ada"), page("bob%26x")], vec![]]);
    });
}

/// Who it is shows in a cookie; that a part of the sign-in is missing must not go by.
#[test]
fn an_entry_that_cannot_be_read_is_not_left_out_silently() {
    run(async {
        let world = World::default();
        world.server().account.borrow_mut().app.storage_optional = vec![TOKEN.to_owned()];
        let background = world.ready().await;
        world.browser.close_storage();
        let failure = share(&world, &background).await.unwrap_err();
        assert_eq!(failure.code, "app-unreachable");
        assert_eq!(world.server().stores.get(), 0);
    });
}
