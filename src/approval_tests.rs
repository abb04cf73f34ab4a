use ferry_bridge::{Phase, Request, SendCode, SignOut, State};
use ferry_client::Keyring as _;
use ferry_protocol::api::ApprovalState as Decision;
use ferry_protocol::problem::ProblemCode;

use super::*;
use crate::testing::{TestBackground, World, ask, run, set_up, sign_in};

/// A browser that was named, and whose person chose to have it approved.
async fn asking(world: &World) -> TestBackground {
    let background = world.start().await;
    for request in [
        sign_in(),
        set_up(),
        Request::AskApproval(ferry_bridge::AskApproval {}),
    ] {
        ask::<State, _, _>(&background, request).await.unwrap();
    }
    background
}

fn shown(background: &TestBackground) -> Option<Approval> {
    match background.state().phase {
        Phase::SetUp { approval, .. } => approval,
        _ => None,
    }
}

fn is_ready(background: &TestBackground) -> bool {
    matches!(background.state().phase, Phase::Ready { ref accounts, .. } if accounts.len() == 1)
}

#[test]
fn it_shows_the_fingerprint_of_its_own_keys_until_it_is_approved() {
    run(async {
        let world = World::default();
        let background = asking(&world).await;
        let device = world.keyring.load().await.unwrap().unwrap();
        let own = Fingerprint::new(&device.id(), device.sealing_key());
        let asked = shown(&background).unwrap();
        assert_eq!(asked.fingerprint, own.to_string());
        assert_eq!(asked.state, ApprovalState::Pending);
        background.await_approval().await;
        assert_eq!(shown(&background), Some(asked));

        world.server().decide(Decision::Approved);
        background.await_approval().await;
        assert!(is_ready(&background));
    });
}

#[test]
fn a_stopped_worker_waits_again_when_it_starts() {
    run(async {
        let world = World::default();
        let before = asking(&world).await;
        world.server().decide(Decision::Approved);
        let background = world.start().await;
        assert_eq!(shown(&background), shown(&before));
        background.await_approval().await;
        assert!(is_ready(&background));
    });
}

#[test]
fn a_no_and_no_answer_are_told_apart_and_can_be_asked_again() {
    for (decision, told) in [
        (Decision::Denied, ApprovalState::Denied),
        (Decision::NotAsked, ApprovalState::Lapsed),
    ] {
        run(async {
            let world = World::default();
            let background = asking(&world).await;
            world.server().decide(decision);
            background.await_approval().await;
            assert_eq!(shown(&background).unwrap().state, told);
            // It is over: nobody asks the server any more.
            let asked = world.server().asked("GET /v1/device/approval");
            background.await_approval().await;
            assert_eq!(world.server().asked("GET /v1/device/approval"), asked);

            background.ask_approval().await.unwrap();
            assert_eq!(shown(&background).unwrap().state, ApprovalState::Pending);
        });
    }
}

#[test]
fn a_code_takes_the_place_of_the_request() {
    run(async {
        let world = World::default();
        let background = asking(&world).await;
        let state: State = ask(&background, Request::SendCode(SendCode {})).await.unwrap();
        assert!(matches!(
            state.phase,
            Phase::SetUp {
                code: Some(_),
                approval: None,
                ..
            }
        ));
    });
}

#[test]
fn without_a_trusted_device_the_code_stays() {
    run(async {
        let world = World::default();
        let background = world.start().await;
        for request in [sign_in(), set_up()] {
            ask::<State, _, _>(&background, request).await.unwrap();
        }
        let before = background.state();
        world
            .server()
            .refuse("/v1/device/approval", ProblemCode::NoTrustedDevice);
        let refused = ask::<State, _, _>(&background, Request::AskApproval(ferry_bridge::AskApproval {}));
        assert_eq!(refused.await.unwrap_err().code, "no-trusted-device");
        assert_eq!(background.state(), before);
    });
}

#[test]
fn a_server_that_does_not_wait_is_not_asked_without_end() {
    run(async {
        let world = World::default();
        let background = asking(&world).await;
        background.await_approval().await;
        assert_eq!(world.server().asked("GET /v1/device/approval"), 1);
        assert_eq!(world.browser.take_alarm(), Some(PATIENCE_MINUTES));
        // The same when it cannot be reached.
        world.server().offline.set(true);
        background.await_approval().await;
        assert_eq!(world.browser.take_alarm(), Some(PATIENCE_MINUTES));
    });
}

#[test]
fn signing_out_ends_the_wait() {
    run(async {
        let world = World::default();
        let background = asking(&world).await;
        ask::<State, _, _>(&background, Request::SignOut(SignOut {}))
            .await
            .unwrap();
        let asked = world.server().asked("GET /v1/device/approval");
        background.await_approval().await;
        assert_eq!(world.server().asked("GET /v1/device/approval"), asked);
        assert_eq!(world.browser.take_alarm(), None);
    });
}
