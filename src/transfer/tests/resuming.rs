//! The background is stopped, or the server cannot take it now: stored once, or not
//! at all.

use super::*;

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
            assert_eq!(world.browser.take_alarm(), Some(1.0), "nobody may open a page");
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
fn stopped_in_each_upload_it_is_started_again_for_the_next() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        share_until(&world, &background, Point::Before(Asked::Upload));
        drop(background);
        for _ in 0..3 {
            // The alarm that was set has gone off.
            assert_eq!(world.browser.take_alarm(), Some(1.0));
            world.browser.stop_at(Some(Point::Before(Asked::Upload)));
            assert!(world.start().now_or_never().is_none());
            assert!(world.browser.has_stopped());
            world.browser.stop_at(None);
        }
        world.start().await;
        assert_eq!(world.server().stores.get(), 1);
    });
}

#[test]
fn while_an_upload_takes_longer_than_the_alarm_another_is_set() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.browser.wait_at(Some(Point::Before(Asked::Upload)));
        let mut sharing = Box::pin(background.answer(world.share()));
        assert!((&mut sharing).now_or_never().is_none());
        for _ in 0..2 {
            assert_eq!(world.browser.take_alarm(), Some(1.0));
            // As on the alarm: the upload is joined.
            assert!(background.resume().now_or_never().is_none());
        }
        world.browser.wait_at(None);
        sharing.await;
        assert_eq!(world.server().stores.get(), 1);
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
        // Nothing can be uploaded until then: nobody is woken for it again and again.
        world.browser.take_alarm();
        background.resume().await;
        assert_eq!(world.browser.take_alarm(), None);
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

/// Nothing that could not be kept is uploaded, and nobody is left in the middle.
#[test]
fn what_is_sealed_and_cannot_be_kept_has_failed() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.store.refuse(Some(r#""sealed":{"#));
        let refused = share(&world, &background).await.unwrap_err();
        assert_eq!(refused.code, "storage");
        assert_eq!(failed(&background.state()), Some(&refused));
        background.resume().await;
        assert_eq!(world.server().stores.get(), 0);
        world.store.refuse(None);
        share(&world, &background).await.unwrap();
        assert_eq!(world.server().stores.get(), 1);
    });
}
