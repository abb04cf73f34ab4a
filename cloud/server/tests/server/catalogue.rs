//! The catalogue of supported apps: what of it is taken, and what the server makes of it.

use ferry_catalogue::{App, MAX_CATALOGUE};
use ferry_protocol::api::{
    Account, Accounts, Apps, CatalogueHeld, ManagedAccounts, NewAccount, WorkerSignedIn,
};
use ferry_protocol::catalogue::SignedCatalogue;
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::signature::SigningKey;
use ferry_protocol::vault::{Succession, VaultIdentity};
use ferry_protocol::{AccountId, UnixMillis};

use crate::client::worker::sign_in_worker;
use crate::fixture::{OWNER, Scene};
use crate::manage::{admin, app, settings};

/// The catalogue of these apps.
fn json(apps: &[&App]) -> String {
    serde_json::to_string(apps).unwrap()
}

/// A supported app that no binary knows.
fn new_app() -> App {
    App {
        domains: vec!["new.example".to_owned()],
        sign_in: "https://new.example/in".to_owned(),
        check: "https://new.example/me".to_owned(),
        ..app("new")
    }
}

/// GitHub, as no binary knows it.
fn changed_github() -> App {
    let github = ferry_catalogue::find(&"github".parse().unwrap()).unwrap();
    App {
        check: "https://github.com/settings/security".to_owned(),
        ..github.clone()
    }
}

async fn fetched(scene: &Scene) -> SignedCatalogue {
    scene.owner.get("/v1/catalogue").await.ok()
}

async fn listed(scene: &Scene) -> Accounts {
    scene.owner.get("/v1/accounts").await.ok()
}

#[tokio::test]
async fn what_the_worker_signed_is_delivered_as_it_is_and_gone_by() {
    let scene = Scene::set().await;
    assert_eq!(
        scene.owner.get("/v1/catalogue").await.code(),
        ProblemCode::NotFound
    );
    assert_eq!(listed(&scene).await.catalogue, None);
    let (github, new) = (changed_github(), new_app());
    // White space, and the order of the apps, are the worker's.
    let text = format!(" {} ", json(&[&new, &github]));
    let signed = scene.worker.catalogue(5, &text);
    let held: CatalogueHeld = scene.worker.deliver(&signed).await.ok();
    let expected = CatalogueHeld {
        version: UnixMillis(5),
        same: true,
    };
    assert_eq!(held, expected);
    assert_eq!(fetched(&scene).await, signed);
    assert_eq!(listed(&scene).await.catalogue, Some(UnixMillis(5)));

    // Accounts of supported apps have the delivered definition.
    let account = |accounts: &Accounts| accounts.accounts[0].app.clone();
    assert_eq!(account(&listed(&scene).await), github);
    let one: Account = scene
        .owner
        .get(&format!("/v1/accounts/{}", scene.account))
        .await
        .ok();
    assert_eq!(one.app, github);
    let admin = admin(&scene).await;
    let apps: Apps = admin.get("/v1/manage/apps").await.ok();
    assert!(apps.custom.is_empty());
    assert_eq!(apps.supported.len(), ferry_catalogue::builtin().len() + 1);
    assert!(apps.supported.is_sorted_by_key(|app| &app.id));
    assert!(apps.supported.contains(&github) && apps.supported.contains(&new));
    // And there can be accounts of new ones, and sessions of these for the worker.
    let add = NewAccount {
        app: new.id.clone(),
        settings: settings("New", &[OWNER], &[]),
    };
    admin
        .post("/v1/manage/accounts", &add)
        .await
        .ok::<ManagedAccounts>();
    assert!(
        listed(&scene)
            .await
            .accounts
            .iter()
            .any(|account| account.app == new)
    );

    // Nobody adds, changes or removes them but the vault.
    for app in ["github", "new"] {
        let path = format!("/v1/manage/apps/{app}");
        assert!(!admin.delete(&path).await.status.is_success(), "{app}");
        assert_eq!(admin.put(&path, &new).await.code(), ProblemCode::InvalidRequest);
    }
    let custom = app("custom-intranet");
    let apps: Apps = admin.put("/v1/manage/apps/custom-intranet", &custom).await.ok();
    assert_eq!(apps.custom, std::slice::from_ref(&custom));
    assert!(apps.supported.contains(&new) && !apps.supported.contains(&custom));

    // The next one takes its place, and leaves custom apps alone.
    scene
        .worker
        .deliver(&scene.worker.catalogue(6, &json(&[&new])))
        .await
        .ok::<CatalogueHeld>();
    let apps: Apps = admin.get("/v1/manage/apps").await.ok();
    assert_eq!(apps.custom, [custom]);
    assert!(apps.supported.contains(&new) && !apps.supported.contains(&github));
    let builtin = ferry_catalogue::find(&github.id);
    let accounts = listed(&scene).await;
    let of = |id: AccountId| {
        accounts
            .accounts
            .iter()
            .find(|account| account.id == id)
            .map(|it| &it.app)
    };
    assert_eq!(of(scene.account), builtin);

    // One without an app that accounts are in leaves them what they were.
    scene
        .worker
        .deliver(&scene.worker.catalogue(7, "[]"))
        .await
        .ok::<CatalogueHeld>();
    let accounts = listed(&scene).await.accounts;
    assert!(accounts.iter().any(|account| account.app == new));
}

#[tokio::test]
async fn an_older_one_or_the_same_again_changes_nothing() {
    let scene = Scene::set().await;
    let first = scene.worker.catalogue(5, &json(&[&new_app()]));
    scene.worker.deliver(&first).await.ok::<CatalogueHeld>();
    let cases = [
        (5, json(&[]), false),
        (4, json(&[]), false),
        (4, first.apps.clone(), true),
        (6, first.apps.clone(), true),
    ];
    for (version, apps, same) in cases {
        let held: CatalogueHeld = scene
            .worker
            .deliver(&scene.worker.catalogue(version, &apps))
            .await
            .ok();
        let version = UnixMillis(5);
        assert_eq!(held, CatalogueHeld { version, same });
        assert_eq!(fetched(&scene).await, first);
    }
    let next = scene.worker.catalogue(6, &json(&[]));
    scene.worker.deliver(&next).await.ok::<CatalogueHeld>();
    assert_eq!(fetched(&scene).await, next);
}

#[tokio::test]
async fn what_is_not_the_vaults_or_no_catalogue_is_refused() {
    let scene = Scene::set().await;
    let good = scene.worker.catalogue(5, &json(&[&new_app()]));
    let other_key = SigningKey::generate([9; 32]).unwrap();
    let elsewhere = scene.server.workspace("Elsewhere").await;
    let message = SignedCatalogue::message(&elsewhere, good.version, &good.apps);
    let broad = App {
        domains: vec!["com".to_owned()],
        ..new_app()
    };
    let bad = [
        SignedCatalogue {
            signature: other_key.sign(&good.signed_message()),
            ..good.clone()
        },
        SignedCatalogue {
            version: UnixMillis(6),
            ..good.clone()
        },
        SignedCatalogue {
            workspace: elsewhere,
            signature: scene.worker.vault.sign(&message),
            ..good.clone()
        },
        scene.worker.catalogue(5, "{}"),
        scene.worker.catalogue(5, &json(&[&broad])),
        scene.worker.catalogue(5, &json(&[&app("custom-intranet")])),
        scene
            .worker
            .catalogue(5, &format!("[{}]", " ".repeat(MAX_CATALOGUE))),
    ];
    for bad in bad {
        assert_eq!(
            scene.worker.deliver(&bad).await.code(),
            ProblemCode::InvalidRequest
        );
    }
    let huge = scene.worker.catalogue(5, &"x".repeat(3 * MAX_CATALOGUE));
    assert_eq!(scene.worker.deliver(&huge).await.code(), ProblemCode::TooLarge);
    assert_eq!(
        scene.owner.get("/v1/catalogue").await.code(),
        ProblemCode::NotFound
    );
    // As large as it may be.
    let large = scene
        .worker
        .catalogue(5, &format!("[{}]", " ".repeat(MAX_CATALOGUE - 2)));
    scene.worker.deliver(&large).await.ok::<CatalogueHeld>();
}

#[tokio::test]
async fn a_new_vault_identity_signs_the_same_apps_anew() {
    let scene = Scene::set().await;
    let apps = json(&[&new_app()]);
    let old = scene.worker.catalogue(5, &apps);
    scene.worker.deliver(&old).await.ok::<CatalogueHeld>();
    let next = SigningKey::generate([7; 32]).unwrap();
    let succession = Succession {
        from: scene.worker.vault.public(),
        to: next.public(),
        signature: scene
            .worker
            .vault
            .sign(&Succession::message(&scene.workspace, &next.public())),
    };
    let vault = VaultIdentity {
        current: next.public(),
        successions: vec![succession],
    };
    let token = scene.server.worker_token(scene.workspace).await;
    let client = scene.server.client();
    let signed_in: WorkerSignedIn = sign_in_worker(&client, &token, vault).await.ok();
    *client.token.lock().unwrap() = Some(signed_in.access_token);
    let sign = |version| {
        let version = UnixMillis(version);
        let message = SignedCatalogue::message(&scene.workspace, version, &apps);
        SignedCatalogue {
            version,
            signature: next.sign(&message),
            ..old.clone()
        }
    };
    let held: CatalogueHeld = client.post("/v1/worker/catalogue", &sign(5)).await.ok();
    assert_eq!((held.version, held.same), (UnixMillis(5), false));
    let held: CatalogueHeld = client.post("/v1/worker/catalogue", &sign(6)).await.ok();
    assert_eq!((held.version, held.same), (UnixMillis(6), true));
    assert_eq!(fetched(&scene).await, sign(6));
}
