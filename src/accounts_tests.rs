use ferry_bridge::{Check, CookieCounts, IdentityFinding, Inspect, Inspection, Refresh, Request, State};
use ferry_catalogue::Source;
use ferry_protocol::api::Role;
use ferry_protocol::problem::ProblemCode;

use crate::testing::{Cookies, World, ask, run};

#[test]
fn an_inspection_tells_what_and_whose_and_takes_nothing() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let inspect = || {
            Request::Inspect(Inspect {
                account: world.account(),
                store: Default::default(),
            })
        };
        let inspection: Inspection = ask(&background, inspect()).await.unwrap();
        assert_eq!(
            inspection.finding,
            Some(IdentityFinding::One {
                identity: "ada".to_owned(),
                counted: true,
            })
        );
        let counts = CookieCounts {
            total: 2,
            session_only: 2,
            http_only: 2,
            host_only: 2,
            partitioned: 0,
        };
        assert_eq!(inspection.cookies, counts);
        world.browser.set_cookies(Cookies::of("ada|bob"));
        let inspection: Inspection = ask(&background, inspect()).await.unwrap();
        let identities = vec!["ada".to_owned(), "bob".to_owned()];
        let several = IdentityFinding::Several {
            identities,
            only: None,
        };
        assert_eq!(inspection.finding, Some(several));
        assert_eq!(world.server().asked_ending("/transfers"), 0);
        assert!(background.state().transfers.is_empty());
    });
}

/// Below the app's domain, it would get the cookies of that.
#[test]
fn nobody_is_looked_for_by_way_of_the_workspaces_own_server() {
    run(async {
        let world = World::default();
        {
            let app = &mut world.server().account.borrow_mut().app;
            app.domains.push("example.com".to_owned());
            app.identity[0].from = Source::Probe("https://ferry.example.com/x".to_owned());
        }
        let background = world.ready().await;
        let request = Request::Inspect(Inspect {
            account: world.account(),
            store: Default::default(),
        });
        let refused = ask::<Inspection, _, _>(&background, request).await.unwrap_err();
        assert_eq!(refused.code, "app-on-server");
        let refused = ask::<State, _, _>(&background, world.share()).await.unwrap_err();
        assert_eq!(refused.code, "app-on-server");
    });
}

#[test]
fn an_inspection_without_permission_names_what_is_missing_and_reads_nothing() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.browser.revoke_everything();
        let request = Request::Inspect(Inspect {
            account: world.account(),
            store: Default::default(),
        });
        let inspection: Inspection = ask(&background, request).await.unwrap();
        assert_eq!(inspection.missing_origins, ["*://*.notes.example/*"]);
        assert_eq!((inspection.finding, inspection.cookies.total), (None, 0));
    });
}

#[test]
fn a_collaborator_inspects_nothing() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().account.borrow_mut().role = Role::Collaborator;
        ask::<State, _, _>(&background, Request::Refresh(Refresh {}))
            .await
            .unwrap();
        let request = Request::Inspect(Inspect {
            account: world.account(),
            store: Default::default(),
        });
        assert_eq!(
            ask::<Inspection, _, _>(&background, request)
                .await
                .unwrap_err()
                .code,
            "forbidden"
        );
    });
}

#[test]
fn what_the_server_refuses_is_said_in_its_words() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().refuse("/session/check", ProblemCode::Forbidden);
        let check = || {
            Request::Check(Check {
                account: world.account(),
            })
        };
        let failure = ask::<State, _, _>(&background, check()).await.unwrap_err();
        assert_eq!(
            (failure.code.as_str(), failure.message.as_str()),
            ("forbidden", "The server says Forbidden.")
        );
        ask::<State, _, _>(&background, check()).await.unwrap();
    });
}

#[test]
fn a_new_nonce_costs_one_more_request_and_no_more() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let asked = world.server().log.borrow().len();
        world.server().renew_nonce();
        let check = Request::Check(Check {
            account: world.account(),
        });
        ask::<State, _, _>(&background, check).await.unwrap();
        assert_eq!(world.server().log.borrow().len(), asked + 1);
    });
}
