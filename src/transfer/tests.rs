use ferry_bridge::{
    CONSENT_TEXT_VERSION, Delete, Dismiss, Failure, Phase, Refresh, Remedy, Request, Share, SignOut, State,
    TransferStep,
};
use ferry_protocol::api::{Consent, Role, SessionStatus};
use ferry_protocol::problem::ProblemCode;
use futures_util::FutureExt as _;

use crate::store::Table;
use crate::testing::{
    Asked, CANARY, CODE, Cookies, Lie, Point, TestBackground, World, app, ask, run, set_up, sign_in, step,
    verify,
};

async fn share(world: &World, background: &TestBackground) -> Result<State, Failure> {
    ask(background, world.share()).await
}

/// Starts a share, and stops where the browser was told to.
fn share_until(world: &World, background: &TestBackground, point: Point) {
    world.browser.stop_at(Some(point));
    assert!(
        background.answer(world.share()).now_or_never().is_none(),
        "{point:?} is not reached"
    );
    assert!(world.browser.has_stopped(), "{point:?} is not reached");
    world.browser.stop_at(None);
}

fn failed(state: &State) -> Option<&Failure> {
    match step(state) {
        Some(TransferStep::Failed { failure }) => Some(failure),
        _ => None,
    }
}

#[test]
fn one_click_seals_and_stores_what_is_there() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let state = share(&world, &background).await.unwrap();
        let done = TransferStep::Done {
            cookies: 2,
            identity: Some("ada".to_owned()),
        };
        assert_eq!(step(&state), Some(&done));
        let opened = world.server().open().unwrap();
        assert_eq!(opened.payload.jar.cookies.len(), 2);
        assert_eq!(opened.payload.jar.cookies[0].value, format!("{CANARY}-ada"));
        assert_eq!(opened.payload.identity.as_deref(), Some("ada"));
        assert!(opened.payload.app == app());
        assert!(opened.payload.user_agent.contains("Chrome/150"));
        assert_eq!(opened.payload.consent.text_version, CONSENT_TEXT_VERSION);
        assert_eq!(opened.header.captured_at.0, world.browser.now.get());
        // The list says so at once, without asking again.
        let ferry_bridge::Phase::Ready { accounts, .. } = &state.phase else {
            panic!("ready")
        };
        assert!(matches!(accounts[0].session, SessionStatus::Transferred(_)));
    });
}

#[test]
fn cookie_values_and_tokens_are_nowhere_but_in_the_seal() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let events = std::rc::Rc::new(std::cell::RefCell::new(String::new()));
        let seen = events.clone();
        background.watch(move |event| {
            seen.borrow_mut().push_str(event);
            true
        });
        let reply = background.answer(world.share()).await;
        assert!(world.server().open().is_some());
        for (place, text) in [
            ("reply", &reply),
            ("events", &events.borrow()),
            ("disk", &world.store.dump()),
        ] {
            assert!(!text.is_empty() && !text.contains(CANARY), "{place}");
        }
        assert!(!reply.contains("token-") && !events.borrow().contains("token-"));
    });
}

#[test]
fn pages_are_told_of_each_step() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let steps = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let seen = steps.clone();
        background.watch(move |event| {
            let ferry_bridge::Event::State(state) = serde_json::from_str(event).unwrap();
            if let Some(step) = step(&state) {
                let name = match serde_json::to_value(step).unwrap() {
                    serde_json::Value::Object(members) => members.keys().next().unwrap().clone(),
                    name => name.as_str().unwrap().to_owned(),
                };
                if seen.borrow().last() != Some(&name) {
                    seen.borrow_mut().push(name);
                }
            }
            true
        });
        share(&world, &background).await.unwrap();
        assert_eq!(
            *steps.borrow(),
            ["reading", "checking-identity", "sealing", "uploading", "done"]
        );
    });
}

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
fn an_unknown_identity_needs_to_be_confirmed() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world
            .browser
            .set_cookies(Cookies(vec![("session", "x".to_owned())]));
        assert_eq!(
            share(&world, &background).await.unwrap_err().remedy,
            Some(Remedy::ConfirmUnknown)
        );
        let confirmed = Request::Share(Share {
            account: world.account(),
            consent: None,
            accept_unknown: true,
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
fn stopped_before_the_seal_nothing_leaves_and_a_person_is_told() {
    for point in [
        Point::Cookies,
        Point::Before(Asked::Key),
        Point::After(Asked::Key),
    ] {
        run(async {
            let world = World::default();
            let background = world.ready().await;
            share_until(&world, &background, point);
            drop(background);
            let background = world.start().await;
            let state = background.state();
            assert_eq!(failed(&state).unwrap().code, "interrupted", "{point:?}");
            assert_eq!(failed(&state).unwrap().remedy, Some(Remedy::Retry));
            assert_eq!(world.server().stores.get(), 0, "{point:?}");
            // It stays so until it was read, and it can be done again.
            assert!(failed(&world.start().await.state()).is_some());
            share(&world, &background).await.unwrap();
            assert_eq!(world.server().stores.get(), 1, "{point:?}");
        });
    }
}

#[test]
fn stopped_after_the_seal_it_is_stored_exactly_once() {
    run(async {
        for stored_already in [false, true] {
            let world = World::default();
            let background = world.ready().await;
            let point = if stored_already {
                Point::After
            } else {
                Point::Before
            };
            share_until(&world, &background, point(Asked::Upload));
            assert_eq!(world.server().stores.get(), u32::from(stored_already));
            assert!(world.store.dump().contains("ciphertext"));
            drop(background);
            let background = world.start().await;
            assert!(matches!(
                step(&background.state()),
                Some(TransferStep::Done { cookies: 2, .. })
            ));
            assert_eq!(world.server().stores.get(), 1);
            assert!(world.server().open().is_some());
            assert!(
                !world.store.dump().contains("ciphertext"),
                "the sealed bytes are forgotten"
            );
            world.start().await;
            assert_eq!(world.server().stores.get(), 1);
        }
    });
}

#[test]
fn what_the_server_cannot_take_now_waits_and_goes_out_unchanged() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        share_until(&world, &background, Point::Before(Asked::Upload));
        drop(background);
        world.server().offline.set(true);
        let background = world.start().await;
        assert!(matches!(
            step(&background.state()),
            Some(TransferStep::Uploading { .. })
        ));
        assert_eq!(world.browser.take_alarm(), Some(1.0));
        let failure = share(&world, &background).await.unwrap_err();
        assert_eq!(
            (failure.code.as_str(), failure.remedy),
            ("waiting", Some(Remedy::Retry))
        );
        world.server().offline.set(false);
        // As on the alarm.
        background.resume().await;
        assert!(matches!(
            step(&background.state()),
            Some(TransferStep::Done { .. })
        ));
        assert_eq!(world.server().stores.get(), 1);
    });
}

#[test]
fn a_click_uploads_what_waits_and_nothing_else() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        share_until(&world, &background, Point::After(Asked::Upload));
        world.server().offline.set(true);
        drop(background);
        let background = world.start().await;
        world.server().offline.set(false);
        share(&world, &background).await.unwrap();
        assert_eq!(world.server().stores.get(), 1, "the same transfer again");
    });
}

#[test]
fn a_refused_seal_is_given_up() {
    for code in [
        ProblemCode::SealRejected,
        ProblemCode::TransferConflict,
        ProblemCode::Forbidden,
        ProblemCode::TooLarge,
    ] {
        run(async {
            let world = World::default();
            let background = world.ready().await;
            world.server().refuse_uploads(code);
            let failure = share(&world, &background).await.unwrap_err();
            assert_eq!(failed(&background.state()), Some(&failure));
            assert!(!world.store.dump().contains("ciphertext"), "{code:?}");
            world.start().await;
            assert_eq!(world.server().stores.get(), 0, "{code:?}");
        });
    }
}

#[test]
fn a_passing_failure_is_not_a_refusal() {
    for code in [ProblemCode::Unavailable, ProblemCode::InvalidDpopProof] {
        run(async {
            let world = World::default();
            let background = world.ready().await;
            world.server().refuse_uploads(code);
            assert_eq!(
                share(&world, &background).await.unwrap_err().code,
                "waiting",
                "{code:?}"
            );
            background.resume().await;
            assert_eq!(world.server().stores.get(), 1, "{code:?}");
        });
    }
}

#[test]
fn what_waited_too_long_is_thrown_away() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().refuse_uploads(ProblemCode::Unavailable);
        share(&world, &background).await.unwrap_err();
        world.browser.pass(3_600_001);
        background.resume().await;
        assert_eq!(failed(&background.state()).unwrap().code, "outdated");
        assert!(!world.store.dump().contains("ciphertext"));
        assert_eq!(world.server().stores.get(), 0);
    });
}

#[test]
fn a_second_click_joins_the_first() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.browser.wait_at(Some(Point::Cookies));
        let mut first = Box::pin(background.answer(world.share()));
        assert!((&mut first).now_or_never().is_none());
        let mut second = Box::pin(background.answer(world.share()));
        assert!((&mut second).now_or_never().is_none());
        world.browser.wait_at(None);
        let (first, second) = (first.await, second.await);
        assert_eq!(first, second);
        assert_eq!(world.server().asked_ending("/transfers"), 1);
        assert_eq!(world.server().stores.get(), 1);
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
        let agree = |version| {
            Request::Share(Share {
                account: world.account(),
                consent: Some(version),
                accept_unknown: false,
            })
        };
        let outdated = ask::<State, _, _>(&background, agree(CONSENT_TEXT_VERSION + 1))
            .await
            .unwrap_err();
        assert_eq!(outdated.code, "consent-outdated");
        assert_eq!(world.server().asked_ending("/consents"), 0);
        ask::<State, _, _>(&background, agree(CONSENT_TEXT_VERSION))
            .await
            .unwrap();
        let opened = world.server().open().unwrap();
        assert_eq!(Some(opened.header.consent), world.server().consent());
        // The next one rests on the same consent.
        share(&world, &background).await.unwrap();
        ask::<State, _, _>(&background, agree(CONSENT_TEXT_VERSION))
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

fn agree(world: &World) -> Request {
    Request::Share(Share {
        account: world.account(),
        consent: Some(CONSENT_TEXT_VERSION),
        accept_unknown: false,
    })
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
        ask::<State, _, _>(&background, agree(&world)).await.unwrap();
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
        ask::<State, _, _>(&background, agree(&world)).await.unwrap();
        assert_eq!(world.server().open().unwrap().payload.app.domains.len(), 2);
    });
}

#[test]
fn a_server_that_records_another_text_gets_nothing() {
    run(async {
        let world = World::default();
        let background = world.enrolled().await;
        world.server().lie.set(Some(Lie::OtherText));
        assert_eq!(
            ask::<State, _, _>(&background, agree(&world))
                .await
                .unwrap_err()
                .code,
            "consent-not-recorded"
        );
        assert_eq!(world.server().asked_ending("/transfers"), 0);
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
        let failure = ask::<State, _, _>(&background, agree(&world)).await.unwrap_err();
        assert_eq!(failure.code, "sealing-key-reused");
        world.server().lie.set(None);
        share(&world, &background).await.unwrap();
        assert_eq!(world.server().stores.get(), 2);
    });
}

#[test]
fn an_app_that_is_not_custom_has_to_be_one_of_ours() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().account.borrow_mut().app.id = "notes".parse().unwrap();
        ask::<State, _, _>(&background, Request::Refresh(Refresh {}))
            .await
            .unwrap();
        assert_eq!(
            share(&world, &background).await.unwrap_err().code,
            "app-unsupported"
        );
        let mut github = ferry_catalogue::builtin()[0].clone();
        github.domains.push("bank.example".to_owned());
        world.server().account.borrow_mut().app = github;
        ask::<State, _, _>(&background, Request::Refresh(Refresh {}))
            .await
            .unwrap();
        assert_eq!(share(&world, &background).await.unwrap_err().code, "app-differs");
        assert_eq!(world.server().asked_ending("/transfers"), 0);
    });
}

#[test]
fn a_void_token_while_uploading_keeps_the_seal_for_after_the_sign_in() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().refuse_uploads(ProblemCode::InvalidToken);
        share(&world, &background).await.unwrap_err();
        assert!(matches!(
            background.state().phase,
            ferry_bridge::Phase::SignedOut { notice: Some(_), .. }
        ));
        assert_eq!(world.server().stores.get(), 0);
        ask::<State, _, _>(&background, sign_in()).await.unwrap();
        assert_eq!(world.server().stores.get(), 1);
        assert!(matches!(
            step(&background.state()),
            Some(TransferStep::Done { .. })
        ));
    });
}

#[test]
fn signing_out_forgets_what_waits() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().refuse_uploads(ProblemCode::Unavailable);
        share(&world, &background).await.unwrap_err();
        ask::<State, _, _>(&background, Request::SignOut(SignOut {}))
            .await
            .unwrap();
        assert_eq!(world.store.len(Table::Transfers), 0);
        background.resume().await;
        assert_eq!(world.server().stores.get(), 0);
    });
}

#[test]
fn signing_out_in_the_middle_gives_a_transfer_up() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.browser.wait_at(Some(Point::Cookies));
        let mut sharing = Box::pin(background.answer(world.share()));
        assert!((&mut sharing).now_or_never().is_none());
        ask::<State, _, _>(&background, Request::SignOut(SignOut {}))
            .await
            .unwrap();
        world.browser.wait_at(None);
        assert!(sharing.await.contains("failed"));
        assert_eq!(world.server().stores.get(), 0);
        assert_eq!(world.store.len(Table::Transfers), 0);
    });
}

#[test]
fn deleting_takes_back_what_waits_as_well() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        share(&world, &background).await.unwrap();
        world.server().refuse_uploads(ProblemCode::Unavailable);
        share(&world, &background).await.unwrap_err();
        let state: State = ask(
            &background,
            Request::Delete(Delete {
                account: world.account(),
            }),
        )
        .await
        .unwrap();
        assert_eq!(step(&state), None);
        assert!(world.server().open().is_none());
        background.resume().await;
        assert!(world.server().open().is_none());
    });
}

#[test]
fn only_what_has_ended_can_be_dismissed() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let dismiss = || {
            Request::Dismiss(Dismiss {
                account: world.account(),
            })
        };
        world.server().refuse_uploads(ProblemCode::Unavailable);
        share(&world, &background).await.unwrap_err();
        let state: State = ask(&background, dismiss()).await.unwrap();
        assert!(matches!(step(&state), Some(TransferStep::Uploading { .. })));
        background.resume().await;
        let state: State = ask(&background, dismiss()).await.unwrap();
        assert_eq!(step(&state), None);
        assert_eq!(world.store.len(Table::Transfers), 0);
    });
}

#[test]
fn nothing_is_uploaded_that_could_not_be_kept() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.store.fill();
        assert_eq!(share(&world, &background).await.unwrap_err().code, "storage");
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
