//! What of a delivered catalogue counts, and what a lying server gets by it.

use ferry_bridge::{Inspect, Inspection, Refresh, Request, State};
use ferry_catalogue::App;
use ferry_protocol::UnixMillis;
use ferry_protocol::catalogue::SignedCatalogue;
use ferry_protocol::signature::SigningKey;

use crate::testing::{TestBackground, World, ask, run};

/// An app that no extension knows, on the domain of the fake browser's cookies.
fn new_app() -> App {
    App {
        id: "new".parse().unwrap(),
        name: "New".to_owned(),
        ..crate::testing::app()
    }
}

/// The same, one host wider.
fn wider() -> App {
    let mut app = new_app();
    app.domains.push("bank.example".to_owned());
    app
}

/// The server describes the account's app so, and the accounts are fetched.
async fn lists(world: &World, background: &TestBackground, app: App) {
    world.server().account.borrow_mut().app = app;
    let before = world.server().asked("GET /v1/accounts");
    let _: State = ask(background, Request::Refresh(Refresh {})).await.unwrap();
    assert_eq!(world.server().asked("GET /v1/accounts"), before + 1);
}

/// Why the account's app is not used, or nothing.
async fn refusal(world: &World, background: &TestBackground) -> Option<String> {
    let account = world.account();
    let inspected = ask::<Inspection, _, _>(
        background,
        Request::Inspect(Inspect {
            account,
            store: Default::default(),
        }),
    )
    .await;
    inspected.err().map(|failure| failure.code)
}

/// How often the catalogue was fetched.
fn fetched(world: &World) -> usize {
    world.server().asked("GET /v1/catalogue")
}

fn refused(code: &str) -> Option<String> {
    Some(code.to_owned())
}

#[test]
fn a_new_app_needs_no_new_extension() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        lists(&world, &background, new_app()).await;
        assert_eq!(refusal(&world, &background).await, refused("app-unsupported"));
        assert_eq!(fetched(&world), 0, "none was named");

        world.server().deliver(1, &[new_app()]);
        lists(&world, &background, new_app()).await;
        assert_eq!(refusal(&world, &background).await, None);
        lists(&world, &background, new_app()).await;
        assert_eq!(fetched(&world), 1, "once for each version");
        // It is kept.
        let background = world.start().await;
        assert_eq!(refusal(&world, &background).await, None);

        world.server().deliver(2, &[wider()]);
        lists(&world, &background, wider()).await;
        assert_eq!(refusal(&world, &background).await, None);
        assert_eq!(fetched(&world), 2);
        lists(&world, &background, new_app()).await;
        assert_eq!(refusal(&world, &background).await, refused("app-differs"));
    });
}

#[test]
fn a_device_that_comes_to_be_trusted_has_it_at_once() {
    run(async {
        let world = World::default();
        world.server().deliver(1, &[new_app()]);
        world.server().account.borrow_mut().app = new_app();
        let background = world.enrolled().await;
        assert_eq!(refusal(&world, &background).await, None);
    });
}

#[test]
fn another_definition_than_the_vault_signed_is_refused() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().deliver(1, &[new_app()]);
        lists(&world, &background, wider()).await;
        assert_eq!(refusal(&world, &background).await, refused("app-differs"));
        // In the words of the catalogue, under the signature of the one before.
        let honest = world.server().catalogue.borrow().clone().unwrap();
        let lie = SignedCatalogue {
            apps: serde_json::to_string(&[wider()]).unwrap(),
            version: UnixMillis(2),
            ..honest
        };
        *world.server().catalogue.borrow_mut() = Some(lie);
        world.server().offered.set(Some(UnixMillis(2)));
        lists(&world, &background, wider()).await;
        assert_eq!(refusal(&world, &background).await, refused("app-differs"));
        assert_eq!(fetched(&world), 2);
    });
}

#[test]
fn a_catalogue_that_the_pinned_vault_did_not_sign_is_none() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let own = SigningKey::generate([77; 32]).unwrap();
        world.server().deliver_by(&own, 1, &[new_app()]);
        lists(&world, &background, new_app()).await;
        assert_eq!(refusal(&world, &background).await, refused("app-unsupported"));
        // Not either as that of another vault that the server comes with.
        world.server().replace_vault();
        world.server().deliver(2, &[new_app()]);
        lists(&world, &background, new_app()).await;
        assert_eq!(refusal(&world, &background).await, refused("app-unsupported"));
        // Nor as another workspace's.
        let world = World::default();
        let background = world.ready().await;
        world.server().rename_workspace();
        world.server().deliver(1, &[new_app()]);
        lists(&world, &background, new_app()).await;
        assert_eq!(refusal(&world, &background).await, refused("app-unsupported"));
        assert_eq!(fetched(&world), 1);
    });
}

#[test]
fn a_vault_that_handed_over_goes_on_delivering() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().deliver(1, &[new_app()]);
        lists(&world, &background, new_app()).await;
        world.server().hand_over();
        world.server().deliver(2, &[wider()]);
        lists(&world, &background, wider()).await;
        assert_eq!(refusal(&world, &background).await, None);
    });
}

#[test]
fn there_is_no_way_back_to_an_older_one() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().deliver(2, &[new_app()]);
        lists(&world, &background, new_app()).await;
        // All of these were signed by the vault, some time or other.
        let elder = async |background: &TestBackground| {
            lists(&world, background, wider()).await;
            assert_eq!(refusal(&world, background).await, refused("app-differs"));
        };
        for version in [1, 2] {
            world.server().deliver(version, &[wider()]);
            elder(&background).await;
            elder(&world.start().await).await;
        }
        assert_eq!(fetched(&world), 1);
        // The server names a newer one, and hands out the old one.
        world.server().offered.set(Some(UnixMillis(9)));
        elder(&background).await;
        assert_eq!(fetched(&world), 2);
        // Or it knows nothing of any.
        world.server().offered.set(None);
        *world.server().catalogue.borrow_mut() = None;
        elder(&background).await;
        lists(&world, &background, new_app()).await;
        assert_eq!(refusal(&world, &background).await, None);
    });
}

#[test]
fn what_cannot_be_read_or_used_changes_nothing_and_is_fetched_once() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().deliver(1, &[new_app()]);
        lists(&world, &background, new_app()).await;
        let mut broad = new_app();
        broad.domains = vec!["com".to_owned()];
        world.server().deliver(2, &[broad]);
        for _ in 0..2 {
            lists(&world, &background, new_app()).await;
            assert_eq!(refusal(&world, &background).await, None);
        }
        assert_eq!(fetched(&world), 2);
        world.server().deliver(3, &[wider()]);
        lists(&world, &background, wider()).await;
        assert_eq!(refusal(&world, &background).await, None);
    });
}

#[test]
fn a_custom_app_keeps_away_from_the_delivered_ones() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        assert_eq!(refusal(&world, &background).await, None, "a custom app");
        world.server().deliver(1, &[new_app()]);
        lists(&world, &background, crate::testing::app()).await;
        assert_eq!(
            refusal(&world, &background).await,
            refused("app-covers-supported")
        );
    });
}
