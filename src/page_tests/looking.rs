//! Looking at who is signed in.

use super::*;

#[test]
fn a_look_names_nobody_and_takes_nothing() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let asked = world.server().log.borrow().len();
        for (cookies, finding) in [
            (Cookies::of("ada"), r#""ready""#),
            (Cookies::of("eve"), r#""another""#),
            (Cookies::of("ada|eve|mallory"), r#"{"several":{"count":3}}"#),
            (Cookies::default(), r#""signed-out""#),
            (Cookies(vec![("session", CANARY.to_owned())]), r#""unknown""#),
        ] {
            world.browser.set_cookies(cookies);
            let reply = page(&background, &look(world.account())).await;
            assert_eq!(reply, Some(format!(r#"{{"ok":{finding}}}"#)));
            world.browser.pass(LOOK_PAUSE_MS);
        }
        world.browser.revoke_everything();
        let reply = page(&background, &look(world.account())).await;
        assert_eq!(reply.as_deref(), Some(r#"{"ok":"needs-permission"}"#));
        assert_untouched(&world, &background, asked);
    });
}

#[test]
fn a_look_that_fails_says_a_code_and_no_name() {
    run(async {
        let world = World::default();
        world.server().account.borrow_mut().role = Role::Collaborator;
        let background = world.ready().await;
        let reply = page(&background, &look(world.account())).await.unwrap();
        assert_eq!(
            reply,
            r#"{"failed":{"code":"forbidden","message":"Open Ferry's own page: it says why, and what to do.","remedy":null}}"#
        );
        world.browser.pass(LOOK_PAUSE_MS);
        let unknown = AccountId::new(UnixMillis(2), [9; 10]);
        let asked = world.server().log.borrow().len();
        let reply = page(&background, &look(unknown)).await.unwrap();
        assert_eq!(reply, r#"{"ok":"needs-permission"}"#);
        assert_eq!(
            world.server().log.borrow().len(),
            asked,
            "the server was asked for it"
        );
    });
}

#[test]
fn a_page_looks_one_look_at_a_time_and_not_too_often() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let too_many = |reply: Option<String>| reply.unwrap().contains(r#""code":"too-many-requests""#);
        let message = look(world.account());
        world.browser.wait_at(Some(Point::Cookies));
        let mut first = Box::pin(page(&background, &message));
        assert!((&mut first).now_or_never().is_none());
        world.browser.pass(LOOK_PAUSE_MS);
        for _ in 0..1_000 {
            assert!(too_many(page(&background, &message).await));
        }
        world.browser.wait_at(None);
        assert_eq!(first.await.as_deref(), Some(r#"{"ok":"ready"}"#));
        assert!(too_many(page(&background, &message).await));
        world.browser.pass(LOOK_PAUSE_MS - 1);
        assert!(too_many(page(&background, &message).await));
        world.browser.pass(1);
        assert!(!too_many(page(&background, &message).await));
    });
}

#[test]
fn who_signs_out_during_a_look_tells_no_more() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let message = look(world.account());
        world.browser.wait_at(Some(Point::Cookies));
        let mut looking = Box::pin(page(&background, &message));
        assert!((&mut looking).now_or_never().is_none());
        ask::<State, _, _>(&background, Request::SignOut(SignOut {}))
            .await
            .unwrap();
        world.browser.wait_at(None);
        assert_eq!(looking.await, None);
    });
}

/// A server that lies could spell out cookies with rules of its choosing.
#[test]
fn a_custom_app_is_looked_at_only_as_the_person_agreed_to_it() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let reply = page(&background, &look(world.account())).await;
        assert_eq!(reply.as_deref(), Some(r#"{"ok":"ready"}"#));

        world.server().account.borrow_mut().app.sign_out = None;
        ask::<State, _, _>(&background, Request::Refresh(Refresh {}))
            .await
            .unwrap();
        world.browser.pass(LOOK_PAUSE_MS);
        // Whoever reads a cookie now does not come back.
        world.browser.wait_at(Some(Point::Cookies));
        let reply = page(&background, &look(world.account())).await;
        assert_eq!(reply.as_deref(), Some(r#"{"ok":"needs-permission"}"#));
    });
}

#[test]
fn a_custom_app_that_nobody_agreed_to_is_not_looked_at() {
    run(async {
        let world = World::default();
        let background = world.enrolled().await;
        world.browser.wait_at(Some(Point::Cookies));
        let reply = page(&background, &look(world.account())).await;
        assert_eq!(reply.as_deref(), Some(r#"{"ok":"needs-permission"}"#));
    });
}

/// A tab may have to be opened for it: that takes a click in the extension's own page.
#[test]
fn no_local_storage_is_looked_into_at_a_pages_asking() {
    run(async {
        let world = World::default();
        let entry = "https://notes.example#token";
        world.server().account.borrow_mut().app.storage = vec![entry.to_owned()];
        world.browser.set_storage("", entry, CANARY);
        let background = world.ready().await;
        let reply = page(&background, &look(world.account())).await;
        assert_eq!(reply.as_deref(), Some(r#"{"ok":"unknown"}"#));
        assert_eq!(world.browser.storage_reads(), 0);
    });
}
