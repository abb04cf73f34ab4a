//! What a person agreed to, and what counts as that.

use super::*;

#[test]
fn nothing_is_asked_of_the_server_without_permission_role_or_consent() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let refused = async |code: &str| {
            let failure = share(&world, &background).await.unwrap_err();
            assert_eq!(failure.code, code);
            assert_eq!(world.server().asked_ending("/transfers"), 0, "{code}");
            failure.remedy
        };
        world.browser.revoke_everything();
        let origins = vec!["*://*.notes.example/*".to_owned()];
        assert_eq!(
            refused("permission-missing").await,
            Some(Remedy::GrantPermission { origins })
        );
        world.browser.grant_everything();
        world
            .server()
            .consent_to(world.account(), CONSENT_TEXT_VERSION - 1);
        ask::<State, _, _>(&background, Request::Refresh(Refresh {}))
            .await
            .unwrap();
        assert_eq!(refused("consent-required").await, Some(Remedy::GiveConsent));
        world.server().account.borrow_mut().role = Role::Collaborator;
        ask::<State, _, _>(&background, Request::Refresh(Refresh {}))
            .await
            .unwrap();
        assert_eq!(refused("forbidden").await, None);
    });
}

#[test]
fn consent_is_recorded_once_and_sealed_in() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().revoke_consent();
        ask::<State, _, _>(&background, Request::Refresh(Refresh {}))
            .await
            .unwrap();
        let mut outdated = agree(&world, &background);
        if let Request::Share(Share {
            consent: Some(agreed),
            ..
        }) = &mut outdated
        {
            agreed.text_version += 1;
        }
        let outdated = ask::<State, _, _>(&background, outdated).await.unwrap_err();
        assert_eq!(outdated.code, "consent-outdated");
        assert_eq!(world.server().asked_ending("/consents"), 0);
        ask::<State, _, _>(&background, agree(&world, &background))
            .await
            .unwrap();
        let opened = world.server().open().unwrap();
        assert_eq!(Some(opened.header.consent), world.server().consent());
        // The next one rests on the same consent.
        share(&world, &background).await.unwrap();
        ask::<State, _, _>(&background, agree(&world, &background))
            .await
            .unwrap();
        assert_eq!(world.server().asked_ending("/consents"), 1);
    });
}

/// The consent that the pages are shown.
fn shown_consent(background: &TestBackground) -> Option<Consent> {
    match background.state().phase {
        Phase::Ready { accounts, .. } => accounts[0].consent.clone(),
        _ => panic!("ready"),
    }
}

#[test]
fn a_consent_that_was_not_given_in_this_browser_does_not_count() {
    run(async {
        let world = World::default();
        world.server().consent_to(world.account(), CONSENT_TEXT_VERSION);
        let background = world.enrolled().await;
        assert_eq!(shown_consent(&background), None, "the page asks");
        let failure = share(&world, &background).await.unwrap_err();
        assert_eq!(
            (failure.code.as_str(), failure.remedy),
            ("consent-required", Some(Remedy::GiveConsent))
        );
        assert_eq!(world.server().asked_ending("/transfers"), 0);
        ask::<State, _, _>(&background, agree(&world, &background))
            .await
            .unwrap();
        assert_eq!(
            shown_consent(&background).map(|consent| consent.id),
            world.server().consent()
        );
        // It is remembered on disk, until the person signs out.
        let background = world.start().await;
        share(&world, &background).await.unwrap();
        assert_eq!(world.server().stores.get(), 2);
        for request in [Request::SignOut(SignOut {}), sign_in(), set_up(), verify(CODE)] {
            ask::<State, _, _>(&background, request).await.unwrap();
        }
        assert_eq!(
            share(&world, &background).await.unwrap_err().code,
            "consent-required"
        );
    });
}

#[test]
fn an_app_that_is_defined_anew_is_agreed_to_anew() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        share(&world, &background).await.unwrap();
        let more = "more.example".to_owned();
        world.server().account.borrow_mut().app.domains.push(more);
        ask::<State, _, _>(&background, Request::Refresh(Refresh {}))
            .await
            .unwrap();
        assert_eq!(shown_consent(&background), None, "the page asks");
        assert_eq!(
            share(&world, &background).await.unwrap_err().code,
            "consent-required"
        );
        assert_eq!(world.server().stores.get(), 1);
        ask::<State, _, _>(&background, agree(&world, &background))
            .await
            .unwrap();
        assert_eq!(world.server().open().unwrap().payload.app.domains.len(), 2);
    });
}

/// The server alone says whose an account is; who agreed for one person agreed for nobody else.
#[test]
fn an_account_that_is_somebody_elses_is_agreed_to_anew() {
    for other in [None, Some("bob")] {
        run(async {
            let world = World::default();
            let background = world.ready().await;
            share(&world, &background).await.unwrap();
            let shown = agree(&world, &background);
            world.server().account.borrow_mut().identity = other.map(str::to_owned);
            world.browser.set_cookies(Cookies::of("bob"));
            ask::<State, _, _>(&background, Request::Refresh(Refresh {}))
                .await
                .unwrap();
            assert_eq!(shown_consent(&background), None, "the page asks");
            let refused = share(&world, &background).await.unwrap_err();
            assert_eq!(refused.code, "consent-required");
            let refused = ask::<State, _, _>(&background, shown).await.unwrap_err();
            assert_eq!(refused.code, "consent-outdated");
            assert_eq!(world.server().stores.get(), 1);
            let shown = naming(agree(&world, &background), "bob");
            ask::<State, _, _>(&background, shown).await.unwrap();
            let sealed = world.server().open().unwrap().payload.identity;
            assert_eq!(sealed.as_deref(), Some("bob"));
        });
    }
}

/// The page is behind: it was not told of the definition that there is now.
#[test]
fn what_was_agreed_to_is_the_app_as_it_was_shown() {
    run(async {
        let world = World::default();
        let background = world.enrolled().await;
        let shown = agree(&world, &background);
        world.server().account.borrow_mut().app.identity.clear();
        ask::<State, _, _>(&background, Request::Refresh(Refresh {}))
            .await
            .unwrap();
        let refuse = async |shown: Request| {
            let refused = ask::<State, _, _>(&background, shown).await.unwrap_err();
            assert_eq!(
                (refused.code.as_str(), refused.remedy),
                ("consent-outdated", Some(Remedy::GiveConsent))
            );
        };
        refuse(shown.clone()).await;
        assert_eq!(world.server().asked_ending("/consents"), 0);
        assert_eq!(world.server().asked_ending("/transfers"), 0);
        // Not even where the new one was agreed to by another page.
        world
            .browser
            .set_cookies(Cookies(vec![("session", "x".to_owned())]));
        let mut confirmed = agree(&world, &background);
        if let Request::Share(share) = &mut confirmed {
            share.accept_unknown = true;
        }
        ask::<State, _, _>(&background, confirmed).await.unwrap();
        refuse(shown).await;
        assert_eq!(world.server().stores.get(), 1);
    });
}

#[test]
fn a_server_that_records_another_text_gets_nothing() {
    run(async {
        let world = World::default();
        let background = world.enrolled().await;
        world.server().lie.set(Some(Lie::OtherText));
        assert_eq!(
            ask::<State, _, _>(&background, agree(&world, &background))
                .await
                .unwrap_err()
                .code,
            "consent-not-recorded"
        );
        assert_eq!(world.server().asked_ending("/transfers"), 0);
    });
}
