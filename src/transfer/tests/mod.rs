//! Transfers on fakes of the browser and the server.

mod alone;
mod consents;
mod identities;
mod keys;
mod real;
mod resuming;
mod stores;

use ferry_bridge::{
    CONSENT_TEXT_VERSION, Delete, Dismiss, Failure, Phase, Refresh, Remedy, Request, Share, SignOut, State,
    TransferStep,
};
use ferry_protocol::api::{Consent, Role, SessionStatus};
use ferry_protocol::problem::ProblemCode;
use futures_util::FutureExt as _;

use crate::store::Table;
use crate::testing::{
    Asked, CANARY, CODE, Cookies, Lie, Point, TestBackground, World, agreed, app, ask, run, set_up, sign_in,
    step, verify,
};

fn agree(world: &World, background: &TestBackground) -> Request {
    Request::Share(Share {
        account: world.account(),
        consent: Some(agreed(&background.state())),
        accept_unknown: false,
        store: Default::default(),
        only: None,
        named: None,
    })
}

/// The same click on a page that shows something else.
fn with(share: Request, change: impl FnOnce(&mut Share)) -> Request {
    let Request::Share(mut share) = share else {
        panic!("a share")
    };
    change(&mut share);
    Request::Share(share)
}

/// The same click on a page that names somebody.
fn naming(share: Request, who: &str) -> Request {
    with(share, |share| share.named = Some(who.to_owned()))
}

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
            entries: 0,
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
