//! The vault identity that is pinned: when, and what does not shed it.

use super::*;

/// A click on *Share* by somebody who has not consented before in this browser.
fn first_share(world: &World, background: &TestBackground) -> Request {
    Request::Share(ferry_bridge::Share {
        account: world.account(),
        consent: Some(agreed(&background.state())),
        accept_unknown: false,
        store: Default::default(),
        only: None,
        named: None,
    })
}

#[test]
fn the_pin_outlives_sessions_and_the_server_cannot_shed_it() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let fingerprint = |phase: Phase| match phase {
            Phase::Ready {
                vault_fingerprint, ..
            } => vault_fingerprint.unwrap(),
            _ => panic!("ready"),
        };
        let pinned = fingerprint(background.state().phase);
        world.server().replace_vault();
        assert_eq!(fingerprint(done(&background, refresh()).await), pinned);
        world.server().revoke_tokens();
        done(&background, refresh()).await;
        assert_eq!(fingerprint(done(&background, sign_in()).await), pinned);
        world.server().rename_workspace();
        assert_eq!(fingerprint(done(&background, refresh()).await), pinned);
        assert_eq!(refused(&background, world.share()).await.code, "vault-changed");
        assert_eq!(world.server().stores.get(), 0);
    });
}

#[test]
fn the_pin_outlives_signing_out() {
    for (who, renames) in [
        ("ada@example.com", false),
        ("ada@example.com", true),
        ("bob@example.com", false),
    ] {
        run(async {
            let world = World::default();
            let background = world.ready().await;
            let fingerprint = || match background.state().phase {
                Phase::Ready {
                    vault_fingerprint, ..
                } => vault_fingerprint.unwrap(),
                _ => panic!("ready"),
            };
            let pinned = fingerprint();
            done(&background, Request::SignOut(SignOut {})).await;
            world.server().replace_vault();
            if renames {
                world.server().rename_workspace();
            }
            for request in [sign_in_as(who, PASSWORD), set_up(), verify(CODE)] {
                done(&background, request).await;
            }
            assert_eq!(fingerprint(), pinned, "{who}");
            let share = first_share(&world, &background);
            assert_eq!(refused(&background, share).await.code, "vault-changed", "{who}");
            assert_eq!(world.server().stores.get(), 0);
        });
    }
}

#[test]
fn a_vault_is_shown_before_something_is_sealed_to_it() {
    run(async {
        let world = World::default();
        world.server().has_vault.set(false);
        let background = world.ready().await;
        let failure = refused(&background, world.share()).await;
        assert_eq!(
            (failure.code.as_str(), failure.remedy),
            ("vault-first-seen", Some(Remedy::Decide))
        );
        assert_eq!(world.server().stores.get(), 0);
        assert!(matches!(
            background.state().phase,
            Phase::Ready {
                vault_fingerprint: Some(_),
                ..
            }
        ));
        done(&background, world.share()).await;
        assert_eq!(world.server().stores.get(), 1);
    });
}

#[test]
fn a_successor_is_followed_across_signing_out() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        done(&background, Request::SignOut(SignOut {})).await;
        world.server().hand_over();
        for request in [sign_in(), set_up(), verify(CODE)] {
            done(&background, request).await;
        }
        let share = first_share(&world, &background);
        done(&background, share).await;
        assert_eq!(world.server().stores.get(), 1);
    });
}

#[test]
fn a_vault_that_comes_later_is_pinned_then() {
    run(async {
        let world = World::default();
        world.server().has_vault.set(false);
        let background = world.ready().await;
        assert!(matches!(
            background.state().phase,
            Phase::Ready {
                vault_fingerprint: None,
                ..
            }
        ));
        world.server().has_vault.set(true);
        assert!(matches!(
            done(&background, refresh()).await,
            Phase::Ready {
                vault_fingerprint: Some(_),
                ..
            }
        ));
    });
}
