use ferry_bridge::{Failure, Phase, Refresh, Remedy, Request, SendCode, SignIn, SignOut, State};
use ferry_protocol::api::DeviceState;
use ferry_protocol::problem::ProblemCode;

use crate::testing::{
    CODE, PASSWORD, TestBackground, World, agreed, ask, run, set_up, sign_in, sign_in_as, verify,
};

#[path = "enrol_tests/pin.rs"]
mod pin;

async fn done(background: &TestBackground, request: Request) -> Phase {
    ask::<State, _, _>(background, request).await.unwrap().phase
}

async fn refused(background: &TestBackground, request: Request) -> Failure {
    ask::<State, _, _>(background, request).await.unwrap_err()
}

fn refresh() -> Request {
    Request::Refresh(Refresh {})
}

#[test]
fn from_nothing_to_ready() {
    run(async {
        let world = World::default();
        let background = world.start().await;
        assert!(matches!(
            background.state().phase,
            Phase::SignedOut {
                server: None,
                email: None,
                notice: None
            }
        ));
        let Phase::SetUp {
            suggested_name,
            code: None,
            approval: None,
            profile,
        } = done(&background, sign_in()).await
        else {
            panic!("to be set up")
        };
        assert_eq!(suggested_name, "Ada's device - Linux/Chrome");
        assert_eq!(profile.server, "https://ferry.example.com");
        assert!(matches!(
            done(&background, set_up()).await,
            Phase::SetUp { code: Some(_), .. }
        ));
        let Phase::Ready {
            device_name,
            vault_fingerprint,
            accounts,
            ..
        } = done(&background, verify(CODE)).await
        else {
            panic!("ready")
        };
        assert_eq!(device_name, "Ada's laptop");
        assert_eq!(accounts.len(), 1);
        let fingerprint = vault_fingerprint.unwrap();
        assert_eq!((fingerprint.len(), fingerprint.as_bytes()[4]), (39, b' '));
    });
}

#[test]
fn a_stopped_worker_comes_back_to_where_it_was() {
    run(async {
        let world = World::default();
        let background = world.start().await;
        done(&background, sign_in()).await;
        assert!(matches!(
            world.start().await.state().phase,
            Phase::SetUp { code: None, .. }
        ));
        done(&background, set_up()).await;
        let background = world.start().await;
        assert!(matches!(
            background.state().phase,
            Phase::SetUp { code: Some(_), .. }
        ));
        // The code is entered in the new worker, with the same keys and token.
        assert!(matches!(
            done(&background, verify(CODE)).await,
            Phase::Ready { .. }
        ));
        let Phase::Ready {
            accounts,
            vault_fingerprint,
            ..
        } = world.start().await.state().phase
        else {
            panic!("ready")
        };
        assert_eq!((accounts.len(), vault_fingerprint.is_some()), (1, true));
        assert_eq!(world.keyring.made(), 1);
    });
}

#[test]
fn a_code_is_not_shown_as_on_its_way_when_its_time_is_over() {
    run(async {
        let world = World::default();
        let background = world.start().await;
        done(&background, sign_in()).await;
        done(&background, set_up()).await;
        world.browser.pass(300_000);
        assert!(matches!(
            background.state().phase,
            Phase::SetUp { code: None, .. }
        ));
        assert!(matches!(
            done(&background, Request::SendCode(SendCode {})).await,
            Phase::SetUp { code: Some(_), .. }
        ));
    });
}

#[test]
fn bad_input_is_refused_before_anything_is_sent() {
    run(async {
        let world = World::default();
        let background = world.start().await;
        let at = |server: &str| {
            Request::SignIn(SignIn {
                server: server.to_owned(),
                email: "a@b".to_owned(),
                password: "x".to_owned(),
            })
        };
        for server in [
            "",
            "http://ferry.example.com",
            "http://ferry.test",
            "ftp://ferry.example.com",
        ] {
            assert_eq!(
                refused(&background, at(server)).await.code,
                "server-address",
                "{server:?}"
            );
        }
        assert_eq!(
            refused(&background, sign_in_as(" ", PASSWORD)).await.code,
            "incomplete"
        );
        assert_eq!(
            refused(&background, sign_in_as("ada@example.com", "")).await.code,
            "incomplete"
        );
        assert!(world.server().log.borrow().is_empty());
        done(&background, sign_in()).await;
        for name in [" ".to_owned(), "x".repeat(101)] {
            let request = Request::SetUpDevice(ferry_bridge::SetUpDevice { name });
            assert_eq!(refused(&background, request).await.code, "device-name");
        }
        assert_eq!(world.server().asked("PUT /v1/device"), 0);
    });
}

#[test]
fn wrong_credentials_and_codes_change_nothing() {
    run(async {
        let world = World::default();
        let background = world.start().await;
        assert_eq!(
            refused(&background, sign_in_as("ada@example.com", "guess"))
                .await
                .code,
            "wrong-credentials"
        );
        assert!(matches!(background.state().phase, Phase::SignedOut { .. }));
        done(&background, sign_in()).await;
        done(&background, set_up()).await;
        assert_eq!(refused(&background, verify("WRONG123")).await.code, "code-wrong");
        assert!(matches!(
            background.state().phase,
            Phase::SetUp { code: Some(_), .. }
        ));
        // Somebody else's typing error costs this device nothing.
        done(&background, verify(CODE)).await;
        refused(&background, sign_in_as("bob@example.com", "guess")).await;
        assert!(matches!(background.state().phase, Phase::Ready { .. }));
    });
}

#[test]
fn without_a_session_everything_says_to_sign_in() {
    run(async {
        let world = World::default();
        let background = world.start().await;
        for request in [set_up(), verify(CODE), world.share()] {
            let failure = refused(&background, request).await;
            assert_eq!(
                (failure.code.as_str(), failure.remedy),
                ("not-signed-in", Some(Remedy::SignIn))
            );
        }
        assert!(world.server().log.borrow().is_empty());
    });
}

#[test]
fn a_void_token_signs_out_and_the_trust_stays() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().revoke_tokens();
        let Phase::SignedOut {
            server,
            email,
            notice,
        } = done(&background, refresh()).await
        else {
            panic!("signed out")
        };
        assert_eq!(server.as_deref(), Some("https://ferry.example.com"));
        assert_eq!(email.as_deref(), Some("ada@example.com"));
        assert_eq!(notice.unwrap().code, "invalid-token");
        assert!(!world.store.dump().contains("token-"));
        assert!(matches!(done(&background, sign_in()).await, Phase::Ready { .. }));
        assert_eq!(world.keyring.made(), 1);
    });
}

#[test]
fn a_disabled_device_is_set_up_anew_with_new_keys() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().set_devices(DeviceState::Disabled);
        world.server().refuse("/v1/accounts", ProblemCode::DeviceDisabled);
        let Phase::SignedOut { notice, .. } = done(&background, refresh()).await else {
            panic!("signed out")
        };
        assert_eq!(notice.unwrap().code, "device-disabled");
        assert!(matches!(done(&background, sign_in()).await, Phase::SetUp { .. }));
        assert_eq!(world.keyring.made(), 2);
    });
}

#[test]
fn a_device_disabled_while_signed_out_gets_new_keys_at_the_next_sign_in() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().revoke_tokens();
        done(&background, refresh()).await;
        world.server().set_devices(DeviceState::Disabled);
        assert!(matches!(done(&background, sign_in()).await, Phase::SetUp { .. }));
        assert_eq!(world.keyring.made(), 2);
    });
}

#[test]
fn signing_out_forgets_all_but_where_and_who() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let Phase::SignedOut {
            server: Some(_),
            email: Some(_),
            notice: None,
        } = done(&background, Request::SignOut(SignOut {})).await
        else {
            panic!("signed out")
        };
        assert_eq!(world.server().asked("POST /v1/sign-out"), 1);
        let disk = world.store.dump();
        for gone in ["token-", "Ada's notes", "Analytical", "text_version"] {
            assert!(!disk.contains(gone), "{gone} in {disk}");
        }
        assert!(matches!(done(&background, sign_in()).await, Phase::SetUp { .. }));
        assert_eq!(world.keyring.made(), 2);
    });
}

#[test]
fn signing_out_does_not_need_the_server() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().offline.set(true);
        assert!(matches!(
            done(&background, Request::SignOut(SignOut {})).await,
            Phase::SignedOut { .. }
        ));
        assert!(!world.store.dump().contains("token-"));
    });
}

#[test]
fn another_person_gets_keys_of_their_own() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let phase = done(&background, sign_in_as("Bob@example.com", PASSWORD)).await;
        assert!(matches!(phase, Phase::SetUp { .. }));
        assert_eq!(world.keyring.made(), 2);
        assert!(!world.store.dump().contains("Ada's notes"));
    });
}

#[test]
fn lost_keys_are_noticed_at_the_start() {
    run(async {
        let world = World::default();
        world.ready().await;
        world.keyring.lose();
        let Phase::SignedOut { notice, .. } = world.start().await.state().phase else {
            panic!("signed out")
        };
        assert_eq!(notice.unwrap().code, "device-keys-lost");
    });
}

#[test]
fn an_unreachable_server_leaves_the_list_as_it_was_and_says_so() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().offline.set(true);
        let Phase::Ready { accounts, stale, .. } = done(&background, refresh()).await else {
            panic!("ready")
        };
        assert_eq!(
            (accounts.len(), stale.unwrap().code.as_str()),
            (1, "server-unreachable")
        );
        world.server().offline.set(false);
        assert!(matches!(
            done(&background, refresh()).await,
            Phase::Ready { stale: None, .. }
        ));
    });
}

#[test]
fn a_device_that_is_trusted_no_more_is_set_up_again() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world
            .server()
            .refuse("/v1/accounts", ProblemCode::DeviceNotTrusted);
        world.server().set_devices(DeviceState::AwaitingCode);
        assert!(matches!(done(&background, refresh()).await, Phase::SetUp { .. }));
    });
}

#[test]
fn pages_are_told_only_of_what_is_new() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let count = std::rc::Rc::new(std::cell::Cell::new(0));
        let counted = count.clone();
        background.watch(move |_| {
            counted.set(counted.get() + 1);
            counted.get() < 3
        });
        assert_eq!(count.get(), 1, "on connecting");
        done(&background, refresh()).await;
        let after_refresh = count.get();
        done(&background, Request::GetState(ferry_bridge::GetState {})).await;
        assert_eq!(count.get(), after_refresh);
        done(&background, Request::SignOut(SignOut {})).await;
        done(&background, sign_in()).await;
        assert!(count.get() <= 3, "a page that is gone is told nothing");
    });
}
