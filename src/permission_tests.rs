use ferry_bridge::{ExpectPermission, Failure, Refresh, Request, Share, SignOut, State, TransferStep};

use crate::testing::{CODE, Cookies, TestBackground, World, agreed, ask, run, set_up, sign_in, step, verify};

const ORIGIN: &str = "*://*.notes.example/*";

fn clicked(world: &World) -> Share {
    Share {
        account: world.account(),
        consent: None,
        accept_unknown: false,
        store: Default::default(),
        only: None,
        named: None,
    }
}

async fn expecting(world: &World) -> TestBackground {
    let background = world.ready().await;
    world.browser.revoke_everything();
    let expect = Request::ExpectPermission(ExpectPermission {
        share: Some(clicked(world)),
    });
    ask::<(), _, _>(&background, expect).await.unwrap();
    background
}

#[test]
fn a_granted_permission_takes_the_click_up() {
    run(async {
        let world = World::default();
        let background = expecting(&world).await;
        world.browser.grant("*://*.other.example/*");
        background.permissions_added().await;
        assert_eq!(world.server().stores.get(), 0, "another permission");
        world.browser.grant(ORIGIN);
        background.permissions_added().await;
        assert_eq!(world.server().stores.get(), 1);
        assert!(matches!(
            step(&background.state()),
            Some(TransferStep::Done { .. })
        ));
        background.permissions_added().await;
        assert_eq!(world.server().stores.get(), 1, "once");
    });
}

#[test]
fn a_click_that_was_denied_is_not_carried_out_later() {
    run(async {
        let world = World::default();
        let background = expecting(&world).await;
        let denied = Request::ExpectPermission(ExpectPermission { share: None });
        ask::<(), _, _>(&background, denied).await.unwrap();
        world.browser.grant(ORIGIN);
        background.permissions_added().await;
        assert_eq!(world.server().asked_ending("/transfers"), 0);
        assert!(background.state().transfers.is_empty());
    });
}

#[test]
fn who_signs_out_takes_the_click_along() {
    run(async {
        let world = World::default();
        let background = expecting(&world).await;
        for request in [Request::SignOut(SignOut {}), sign_in(), set_up(), verify(CODE)] {
            ask::<State, _, _>(&background, request).await.unwrap();
        }
        world.browser.grant(ORIGIN);
        background.permissions_added().await;
        assert!(background.state().transfers.is_empty());
        assert_eq!(world.server().stores.get(), 0);
    });
}

/// Why the transfer has failed.
fn failed(background: &TestBackground) -> Failure {
    match step(&background.state()) {
        Some(TransferStep::Failed { failure }) => failure.clone(),
        other => panic!("{other:?}"),
    }
}

/// A server defines the app anew while the browser's prompt is open: nobody agreed to that.
#[test]
fn a_click_counts_for_the_app_as_it_was_shown() {
    run(async {
        let world = World::default();
        let background = world.enrolled().await;
        world.browser.revoke_everything();
        let share = Share {
            consent: Some(agreed(&background.state())),
            accept_unknown: true,
            ..clicked(&world)
        };
        let expect = Request::ExpectPermission(ExpectPermission { share: Some(share) });
        ask::<(), _, _>(&background, expect).await.unwrap();
        world.server().account.borrow_mut().app.identity.clear();
        ask::<State, _, _>(&background, Request::Refresh(Refresh {}))
            .await
            .unwrap();
        world.browser.grant(ORIGIN);
        background.permissions_added().await;
        assert_eq!(failed(&background).code, "consent-outdated");
        assert_eq!(world.server().stores.get(), 0);
        assert_eq!(world.server().asked_ending("/consents"), 0);
    });
}

#[test]
fn the_click_survives_the_worker_but_not_two_minutes() {
    run(async {
        for (later, stores) in [(119_999, 1), (120_000, 0)] {
            let world = World::default();
            expecting(&world).await;
            world.browser.pass(later);
            world.browser.grant(ORIGIN);
            world.start().await.permissions_added().await;
            assert_eq!(world.server().stores.get(), stores, "{later} ms");
        }
    });
}

/// What is remembered in the browser outlives the worker, which then has to forget it.
#[test]
fn a_click_from_before_the_worker_was_stopped_is_forgotten_with_the_next() {
    run(async {
        let world = World::default();
        expecting(&world).await;
        let background = world.start().await;
        world.browser.grant(ORIGIN);
        ask::<State, _, _>(&background, world.share()).await.unwrap();
        background.permissions_added().await;
        assert_eq!(world.server().stores.get(), 1);
    });
}

#[test]
fn a_page_that_stayed_open_does_not_transfer_twice() {
    run(async {
        // The browser's event first, then the page's message, and the other way round.
        for event_first in [true, false] {
            let world = World::default();
            let background = expecting(&world).await;
            world.browser.grant(ORIGIN);
            if event_first {
                background.permissions_added().await;
            }
            ask::<State, _, _>(&background, world.share()).await.unwrap();
            background.permissions_added().await;
            assert_eq!(world.server().stores.get(), 1, "event first: {event_first}");
            // A later click is one of its own.
            ask::<State, _, _>(&background, world.share()).await.unwrap();
            assert_eq!(world.server().stores.get(), 2);
        }
    });
}

#[test]
fn the_rules_hold_without_a_page_as_well() {
    run(async {
        let world = World::default();
        let background = expecting(&world).await;
        world.browser.set_cookies(Cookies::of("bob"));
        world.browser.grant(ORIGIN);
        background.permissions_added().await;
        assert_eq!(failed(&background).code, "another-identity");
        assert_eq!(world.server().stores.get(), 0);
    });
}

#[test]
fn a_permission_alone_uploads_nothing() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        background.permissions_added().await;
        assert_eq!(world.server().asked_ending("/transfers"), 0);
        assert!(background.state().transfers.is_empty());
    });
}
