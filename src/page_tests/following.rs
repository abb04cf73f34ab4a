//! Following a transfer.

use super::*;

fn follow_it(world: &World, background: &TestBackground) -> Heard {
    let heard = Heard::default();
    let port = format!("ferry-follow:{}", world.account());
    let tells = Rc::clone(&heard);
    let tell = move |event: Option<&str>| {
        tells.borrow_mut().push(event.map(str::to_owned));
        true
    };
    assert!(background.connect(from(&web_app()).unwrap(), &port, tell));
    heard
}

fn steps(world: &World, heard: &Heard) -> Vec<String> {
    let before = format!(r#"{{"progress":{{"account":"{}","step":"#, world.account());
    let step = |event: &Option<String>| match event {
        Some(event) => event
            .strip_prefix(&before)
            .unwrap()
            .trim_end_matches("}}")
            .to_owned(),
        None => "end".to_owned(),
    };
    heard.borrow().iter().map(step).collect()
}

#[test]
fn who_follows_hears_the_steps_without_names() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let heard = follow_it(&world, &background);
        ask::<State, _, _>(&background, world.share()).await.unwrap();
        let steps = steps(&world, &heard);
        let mut distinct = steps.clone();
        distinct.dedup();
        assert_eq!(
            distinct,
            [
                r#""none""#,
                r#""reading""#,
                r#""checking""#,
                r#""sealing""#,
                r#""uploading""#,
                r#""done""#
            ]
        );
        assert!(!format!("{heard:?}").contains("ada"));
    });
}

#[test]
fn a_failure_is_a_code_and_always_the_same_sentence() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let heard = follow_it(&world, &background);
        world.browser.set_cookies(Cookies::of("eve"));
        let failed = ask::<State, _, _>(&background, world.share()).await;
        assert!(failed.unwrap_err().message.contains("eve"), "the person is told");
        let last = heard.borrow().last().cloned().flatten().unwrap();
        assert!(last.contains(r#""code":"another-identity""#), "{last}");
        assert!(last.contains(r#""remedy":null"#), "{last}");
        let all = format!("{heard:?}");
        assert!(
            !all.contains("eve") && !all.contains("ada") && !all.contains("notes.example"),
            "{all}"
        );
    });
}

#[test]
fn following_ends_with_the_session_and_holds_so_many() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let heard = follow_it(&world, &background);
        ask::<State, _, _>(&background, Request::SignOut(SignOut {}))
            .await
            .unwrap();
        assert_eq!(steps(&world, &heard).last().map(String::as_str), Some("end"));
        let told = heard.borrow().len();
        for request in [sign_in(), set_up(), verify(CODE)] {
            ask::<State, _, _>(&background, request).await.unwrap();
        }
        assert_eq!(heard.borrow().len(), told, "the next one starts anew");

        let connect =
            |listens: bool, port: &str| background.connect(from(&web_app()).unwrap(), port, move |_| listens);
        let port = format!("ferry-follow:{}", world.account());
        for _ in 0..MOST_WATCHERS {
            assert!(connect(true, &port));
        }
        assert!(!connect(true, &port), "no more of them");
        for port in ["ferry", "ferry-follow:", "ferry-follow:*", "x"] {
            assert!(!connect(true, port), "{port}");
        }
    });
}

#[test]
fn those_who_are_gone_make_room() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let port = format!("ferry-follow:{}", world.account());
        for _ in 0..1_000 {
            // Listens once, and is gone then.
            let once = std::cell::Cell::new(true);
            let tell = move |_: Option<&str>| once.replace(false);
            assert!(background.connect(from(&web_app()).unwrap(), &port, tell));
        }
    });
}
