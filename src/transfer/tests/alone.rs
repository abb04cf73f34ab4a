//! Several are signed in, and one of them alone is transferred; or none, since the
//! session is bound to the device.

use ferry_bridge::{IdentityFinding, Inspect, Inspection};
use ferry_catalogue::{IdentityRule, OtherAccounts, OwnEntry, Source, Strength};

use super::*;

/// The test app, with a list of everybody's tokens: `name:token`, with `|` between.
fn with_list(world: &World) {
    let app = &mut world.server().account.borrow_mut().app;
    app.identity = vec![IdentityRule {
        strength: Strength::List,
        from: Source::Cookie("list".to_owned()),
        steps: vec![
            ferry_catalogue::Step::Split("|".to_owned()),
            ferry_catalogue::Step::Before(":".to_owned()),
        ],
    }];
    app.others = vec![OtherAccounts {
        cookie: "list".to_owned(),
        own: Some(OwnEntry {
            split: vec!["|".to_owned()],
            after: ":".to_owned(),
            is: vec!["session".to_owned()],
        }),
    }];
}

fn cookies(list: &str) -> Cookies {
    Cookies(vec![("session", "t-ada".to_owned()), ("list", list.to_owned())])
}

fn only_active(world: &World) -> Request {
    Request::Share(Share {
        account: world.account(),
        consent: None,
        accept_unknown: false,
        store: Default::default(),
        only: Some("ada".to_owned()),
        named: None,
    })
}

async fn inspect(world: &World, background: &TestBackground) -> Inspection {
    let inspect = Request::Inspect(Inspect {
        account: world.account(),
        store: Default::default(),
    });
    ask(background, inspect).await.unwrap()
}

#[test]
fn the_others_tokens_are_not_in_the_sealed_jar() {
    run(async {
        let world = World::default();
        with_list(&world);
        let background = world.ready().await;
        world.browser.set_cookies(cookies("ada:t-ada|bob:t-bob"));
        let Some(IdentityFinding::Several { identities, only, .. }) =
            inspect(&world, &background).await.finding
        else {
            panic!("not several");
        };
        assert_eq!((identities.len(), only.as_deref()), (2, Some("ada")));

        // Not unless it was chosen.
        let refused = share(&world, &background).await.unwrap_err();
        assert_eq!(refused.code, "several-identities");
        assert_eq!(refused.remedy, Some(Remedy::Decide), "to the page to choose on");
        assert!(
            refused.message.contains("Transfer only ada, or sign out"),
            "{}",
            refused.message
        );
        assert_eq!(world.server().stores.get(), 0);

        ask::<State, _, _>(&background, only_active(&world))
            .await
            .unwrap();
        let payload = world.server().open().unwrap().payload;
        assert_eq!(payload.identity.as_deref(), Some("ada"));
        let values: Vec<_> = payload
            .jar
            .cookies
            .iter()
            .map(|cookie| cookie.value.as_str())
            .collect();
        assert_eq!(values, ["t-ada", "ada:t-ada"]);
        assert_eq!((payload.left_out, payload.cut), (0, 1));
    });
}

#[test]
fn a_cookie_of_others_alone_is_left_out_and_counted() {
    run(async {
        let world = World::default();
        with_list(&world);
        let app = {
            let app = &mut world.server().account.borrow_mut().app;
            // Only a supported app may say so.
            app.id = "notes".parse().unwrap();
            app.others[0].own = None;
            app.identity[0].strength = Strength::Others;
            app.identity.push(IdentityRule {
                strength: Strength::Active,
                from: Source::Cookie("who".to_owned()),
                steps: Vec::new(),
            });
            app.clone()
        };
        world.server().deliver(1, &[app]);
        let background = world.ready().await;
        let mut jar = cookies("bob:t-bob");
        jar.0.push(("who", "ada".to_owned()));
        world.browser.set_cookies(jar);
        ask::<State, _, _>(&background, only_active(&world))
            .await
            .unwrap();
        let payload = world.server().open().unwrap().payload;
        assert_eq!(payload.jar.cookies.len(), 2);
        assert_eq!((payload.left_out, payload.cut), (1, 0));
        assert!(
            payload
                .jar
                .cookies
                .iter()
                .all(|cookie| !cookie.value.contains("bob"))
        );
    });
}

#[test]
fn nobody_is_told_apart_by_guessing() {
    run(async {
        let world = World::default();
        with_list(&world);
        let background = world.ready().await;
        for list in [
            // Nobody's entry is the active one's; two are; and it is not the account's.
            "eve:t-eve|bob:t-bob",
            "ada:t-ada|bob:t-ada",
            "bob:t-ada|eve:t-eve",
        ] {
            world.browser.set_cookies(cookies(list));
            let Some(IdentityFinding::Several { only, .. }) = inspect(&world, &background).await.finding
            else {
                panic!("{list}: not several");
            };
            assert_eq!(only, None, "{list}");
            let refused = ask::<State, _, _>(&background, only_active(&world))
                .await
                .unwrap_err();
            assert_eq!(refused.code, "several-identities", "{list}");
        }
        assert_eq!(world.server().stores.get(), 0);
    });
}

#[test]
fn what_is_bound_to_the_device_is_said_and_not_sealed() {
    run(async {
        let world = World::default();
        world.server().account.borrow_mut().app.bound = vec!["who".to_owned(), "absent".to_owned()];
        let background = world.ready().await;
        world.browser.bind("elsewhere.example");
        let inspection = inspect(&world, &background).await;
        assert_eq!(
            (inspection.bound_by, inspection.bound_hints),
            (None, vec!["who".to_owned()])
        );
        world.browser.bind("login.notes.example");
        let inspection = inspect(&world, &background).await;
        assert_eq!(inspection.bound_by.as_deref(), Some("login.notes.example"));
        let refused = share(&world, &background).await.unwrap_err();
        assert_eq!(refused.code, "bound-to-device");
        assert!(
            refused.message.contains("login.notes.example"),
            "{}",
            refused.message
        );
        assert_eq!(world.server().stores.get(), 0);
    });
}

/// Looking into local storage may take a tab of the app's, in which it runs.
#[test]
fn what_is_bound_while_it_is_read_is_not_sealed() {
    run(async {
        let world = World::default();
        let entry = "https://notes.example#token";
        world.server().account.borrow_mut().app.storage = vec![entry.to_owned()];
        world.browser.set_storage("", entry, "t0ken");
        let background = world.ready().await;
        world.browser.wait_at(Some(Point::Storage));
        let mut sharing = Box::pin(share(&world, &background));
        assert!((&mut sharing).now_or_never().is_none(), "it is being read");
        world.browser.bind("login.notes.example");
        world.browser.wait_at(None);
        assert_eq!(sharing.await.unwrap_err().code, "bound-to-device");
        assert_eq!(world.server().stores.get(), 0);
    });
}

/// Between the look and the click, the person became another in the app.
#[test]
fn it_is_the_one_who_was_named_or_nobody() {
    run(async {
        let world = World::default();
        with_list(&world);
        world.server().account.borrow_mut().identity = None;
        let background = world.ready().await;
        for (list, code) in [
            ("eve:t-ada|ada:t-x", "identity-not-shown"),
            ("eve:t-ada", "identity-not-shown"),
        ] {
            world.browser.set_cookies(cookies(list));
            let refused = ask::<State, _, _>(&background, only_active(&world))
                .await
                .unwrap_err();
            assert_eq!(refused.code, code, "{list}");
        }
        assert_eq!(world.server().stores.get(), 0);
    });
}

/// No rule tells whose is what in local storage: nobody is taken out of it.
#[test]
fn of_an_app_that_signs_in_by_storage_as_well_nobody_goes_alone() {
    run(async {
        let world = World::default();
        with_list(&world);
        let entry = "https://notes.example#tokens";
        world.server().account.borrow_mut().app.storage = vec![entry.to_owned()];
        world.browser.set_storage("", entry, "t-ada t-bob");
        let background = world.ready().await;
        world.browser.set_cookies(cookies("ada:t-ada|bob:t-bob"));
        let refused = ask::<State, _, _>(&background, only_active(&world))
            .await
            .unwrap_err();
        assert_eq!(refused.code, "several-identities");
        assert_eq!(world.server().stores.get(), 0);
    });
}
