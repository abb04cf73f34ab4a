//! One-time keys, and a server that does not tell the truth about them.

use super::*;

#[test]
fn a_lying_server_gets_no_sealed_byte() {
    for (lie, code) in [
        (Lie::SwappedKey, "sealing-key-forged"),
        (Lie::OwnVault, "vault-changed"),
        (Lie::ForgedSuccession, "vault-changed"),
        (Lie::OtherWorkspace, "sealing-key-forged"),
        (Lie::ExpiredKey, "sealing-key-expired"),
    ] {
        run(async {
            let world = World::default();
            let background = world.ready().await;
            world.server().lie.set(Some(lie));
            let failure = share(&world, &background).await.unwrap_err();
            assert_eq!(failure.code, code, "{lie:?}");
            assert!(
                failure.message.starts_with("Nothing left your browser"),
                "{}",
                failure.message
            );
            assert!(
                !world
                    .server()
                    .log
                    .borrow()
                    .iter()
                    .any(|asked| asked.starts_with("PUT /v1/accounts"))
            );
            // Nor at any later time.
            world.server().lie.set(None);
            world.start().await;
            assert_eq!(world.server().stores.get(), 0, "{lie:?}");
        });
    }
}

#[test]
fn a_vault_that_handed_over_is_followed() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().hand_over();
        share(&world, &background).await.unwrap();
        world.server().hand_over();
        share(&world, &background).await.unwrap();
        assert_eq!(world.server().stores.get(), 2);
    });
}

#[test]
fn a_key_that_was_not_used_is_asked_for_again() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.browser.set_cookies(Cookies::of("bob"));
        for _ in 0..3 {
            share(&world, &background).await.unwrap_err();
        }
        world.browser.set_cookies(Cookies::of("ada"));
        share(&world, &background).await.unwrap();
        assert_eq!(world.server().offered(), 1);
        // A used one is not.
        share(&world, &background).await.unwrap();
        assert_eq!(world.server().offered(), 2);
    });
}

#[test]
fn a_key_that_was_sealed_to_before_is_refused() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        share(&world, &background).await.unwrap();
        world.server().lie.set(Some(Lie::ReplayedKey));
        let refused = async |background: &TestBackground| {
            let failure = share(&world, background).await.unwrap_err();
            assert_eq!(
                (failure.code.as_str(), failure.remedy),
                ("sealing-key-reused", Some(Remedy::Retry))
            );
            assert_eq!(world.server().stores.get(), 1);
        };
        refused(&background).await;
        // Neither a new worker forgets it, nor a person who signs out and in again.
        let background = world.start().await;
        refused(&background).await;
        for request in [Request::SignOut(SignOut {}), sign_in(), set_up(), verify(CODE)] {
            ask::<State, _, _>(&background, request).await.unwrap();
        }
        let failure = ask::<State, _, _>(&background, agree(&world, &background))
            .await
            .unwrap_err();
        assert_eq!(failure.code, "sealing-key-reused");
        world.server().lie.set(None);
        share(&world, &background).await.unwrap();
        assert_eq!(world.server().stores.get(), 2);
    });
}
