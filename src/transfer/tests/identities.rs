//! Who is signed in decides whether anything is transferred.

use super::*;

#[test]
fn only_exactly_one_right_identity_goes_through() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let sessions = |who: &str| Cookies::of(who);
        for (cookies, code) in [
            (Cookies::default(), "signed-out"),
            (Cookies(vec![("who", "ada".to_owned())]), "signed-out"),
            (Cookies(vec![("session", "x".to_owned())]), "unknown-identity"),
            (sessions("ada|bob"), "several-identities"),
            (sessions("bob"), "another-identity"),
        ] {
            world.browser.set_cookies(cookies);
            let failure = share(&world, &background).await.unwrap_err();
            assert_eq!(failure.code, code);
            assert!(failure.remedy.is_some(), "{code}");
        }
        assert_eq!(world.server().stores.get(), 0);
    });
}

#[test]
fn refusals_say_who_was_found_and_where_to_go() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.browser.set_cookies(Cookies::of("bob"));
        let failure = share(&world, &background).await.unwrap_err();
        assert!(
            failure.message.contains("bob") && failure.message.contains("ada"),
            "{}",
            failure.message
        );
        let sign_out = Remedy::OpenSignOut {
            url: "https://notes.example/logout".to_owned(),
        };
        assert_eq!(failure.remedy, Some(sign_out.clone()));
        world.browser.set_cookies(Cookies::of("ada|bob|eve"));
        let failure = share(&world, &background).await.unwrap_err();
        assert!(failure.message.contains("ada, bob, eve"), "{}", failure.message);
        assert_eq!(failure.remedy, Some(sign_out));
        world.browser.set_cookies(Cookies::default());
        let failure = share(&world, &background).await.unwrap_err();
        assert!(failure.message.contains("as ada"), "{}", failure.message);
        assert_eq!(
            failure.remedy,
            Some(Remedy::OpenSignIn {
                url: "https://notes.example/login".to_owned()
            })
        );
    });
}

#[test]
fn what_cannot_be_an_identity_is_nobodys() {
    run(async {
        let world = World::default();
        world.server().account.borrow_mut().identity = Some(" ".to_owned());
        let background = world.ready().await;
        for share in [world.share(), naming(world.share(), "ada")] {
            let refused = ask::<State, _, _>(&background, share).await.unwrap_err();
            assert_eq!(refused.code, "another-identity");
            assert!(refused.message.contains("names nobody"), "{}", refused.message);
        }
        assert_eq!(world.server().stores.get(), 0);
    });
}

#[test]
fn an_unknown_identity_needs_to_be_confirmed() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world
            .browser
            .set_cookies(Cookies(vec![("session", "x".to_owned())]));
        assert_eq!(
            share(&world, &background).await.unwrap_err().remedy,
            Some(Remedy::Decide)
        );
        let confirmed = Request::Share(Share {
            account: world.account(),
            consent: None,
            accept_unknown: true,
            store: Default::default(),
            only: None,
            named: None,
        });
        ask::<State, _, _>(&background, confirmed.clone()).await.unwrap();
        assert_eq!(world.server().open().unwrap().payload.identity, None);
        // The confirmation does not cover what is known to be wrong.
        world.browser.set_cookies(Cookies::of("bob"));
        assert_eq!(
            ask::<State, _, _>(&background, confirmed).await.unwrap_err().code,
            "another-identity"
        );
    });
}

/// Somebody else signed in between the look and the click, for an account of anybody's.
#[test]
fn it_is_the_one_who_was_shown_or_nobody() {
    run(async {
        let world = World::default();
        world.server().account.borrow_mut().identity = None;
        let background = world.ready().await;
        world.browser.set_cookies(Cookies::of("bob"));
        let refused = ask::<State, _, _>(&background, naming(world.share(), "ada"))
            .await
            .unwrap_err();
        assert_eq!(refused.code, "identity-not-shown");
        assert!(refused.message.contains("bob"), "{}", refused.message);
        assert_eq!(world.server().stores.get(), 0);
        ask::<State, _, _>(&background, naming(world.share(), "bob"))
            .await
            .unwrap();
        let sealed = world.server().open().unwrap().payload.identity;
        assert_eq!(sealed.as_deref(), Some("bob"));
    });
}

/// Who confirmed that nobody can tell has not confirmed somebody.
#[test]
fn an_account_of_anybodys_needs_somebody_to_be_shown() {
    run(async {
        let world = World::default();
        world.server().account.borrow_mut().identity = None;
        let background = world.ready().await;
        for accept_unknown in [false, true] {
            let click = with(world.share(), |share| share.accept_unknown = accept_unknown);
            let refused = ask::<State, _, _>(&background, click).await.unwrap_err();
            assert_eq!(refused.code, "identity-not-shown");
            assert!(refused.message.contains("ada"), "{}", refused.message);
            assert_eq!(refused.remedy, Some(Remedy::Decide));
        }
        assert_eq!(world.server().stores.get(), 0);
    });
}

#[test]
fn cookies_that_a_probe_rotates_are_read_afterwards() {
    run(async {
        let world = World::default();
        {
            let mut account = world.server().account.borrow_mut();
            account.app.identity[0].from =
                ferry_catalogue::Source::Page("https://notes.example/me".to_owned());
        }
        let background = world.ready().await;
        let rotated = Cookies(vec![("session", "rotated".to_owned())]);
        world
            .browser
            .set_page("https://notes.example/me", 200, "ada", Some(rotated));
        share(&world, &background).await.unwrap();
        let opened = world.server().open().unwrap();
        assert_eq!(opened.payload.jar.cookies[0].value, "rotated");
        // A page that cannot be reached is no reason to ask for a confirmation.
        world.browser.forget_pages();
        assert_eq!(
            share(&world, &background).await.unwrap_err().code,
            "app-unreachable"
        );
        // One that refuses the session says that nobody is signed in.
        world.browser.set_page("https://notes.example/me", 302, "", None);
        assert_eq!(share(&world, &background).await.unwrap_err().code, "signed-out");
    });
}
