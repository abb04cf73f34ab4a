//! What admins do over the API with accounts and apps, and the audit trail.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use ferry_catalogue::App;
use ferry_protocol::api::{
    Account, AccountSettings, Apps, AuditEvent, AuditPage, Finding, ManagedAccount, ManagedAccounts, Me,
    NewAccount, Receipt, Report, Role,
};
use ferry_protocol::problem::ProblemCode;

use crate::client::Client;
use crate::fixture::{APP, COLLABORATOR, OWNER, Scene};

const ADMIN: &str = "admin@example.com";

/// An app of a workspace's own.
pub(crate) fn app(id: &str) -> App {
    let app = serde_json::json!({
        "id": id,
        "name": "Intranet",
        "domains": ["intranet.example"],
        "sign_in": "https://intranet.example/sign-in",
        "check": "https://intranet.example/me",
    });
    serde_json::from_value(app).unwrap()
}

pub(crate) fn settings(name: &str, owners: &[&str], collaborators: &[&str]) -> AccountSettings {
    let texts = |emails: &[&str]| emails.iter().map(|email| (*email).to_owned()).collect();
    AccountSettings {
        name: name.to_owned(),
        identity: None,
        owners: texts(owners),
        collaborators: texts(collaborators),
    }
}

fn new(app: &str, settings: AccountSettings) -> NewAccount {
    let app = app.parse().unwrap();
    NewAccount { app, settings }
}

pub(crate) async fn admin(scene: &Scene) -> Client {
    scene.server.admin_user(scene.workspace, ADMIN).await;
    scene.server.trusted(ADMIN).await
}

#[tokio::test]
async fn an_admin_adds_an_account_and_changes_it() {
    let scene = Scene::set().await;
    let admin = admin(&scene).await;
    let add = new(APP, settings("  Second\u{202E} ", &[OWNER], &[]));
    let all: ManagedAccounts = admin.post("/v1/manage/accounts", &add).await.ok();
    let ManagedAccount {
        id,
        app,
        settings: kept,
    } = all.accounts.last().unwrap();
    assert_eq!((app.as_str(), kept), (APP, &settings("Second", &[OWNER], &[])));
    assert_eq!(scene.owner.account(*id).await.role, Role::Owner);
    let collaborator = scene.server.trusted(COLLABORATOR).await;
    let path = format!("/v1/accounts/{id}");
    assert_eq!(collaborator.get(&path).await.code(), ProblemCode::NotFound);

    let change = AccountSettings {
        identity: Some("octocat".to_owned()),
        ..settings("Renamed", &[COLLABORATOR], &[OWNER])
    };
    let manage = format!("/v1/manage/accounts/{id}");
    let all: ManagedAccounts = admin.put(&manage, &change).await.ok();
    assert_eq!(all.accounts.last().unwrap().settings, change);
    let seen: Account = collaborator.get(&path).await.ok();
    assert_eq!(
        (seen.role, seen.name.as_str(), seen.identity.as_deref()),
        (Role::Owner, "Renamed", Some("octocat"))
    );
    assert_eq!(scene.owner.account(*id).await.role, Role::Collaborator);
}

#[tokio::test]
async fn whoever_loses_an_account_can_store_nothing_any_more() {
    let scene = Scene::set().await;
    let admin = admin(&scene).await;
    let (transfer, sealed) = scene.owner.prepare(scene.account, b"sealed").await;
    let manage = format!("/v1/manage/accounts/{}", scene.account);
    let change = settings("The account", &[COLLABORATOR], &[]);
    admin.put(&manage, &change).await.ok::<ManagedAccounts>();
    let answer = scene.owner.store(scene.account, transfer, &sealed).await;
    assert_eq!(answer.code(), ProblemCode::NotFound);
}

#[tokio::test]
async fn what_somebody_transferred_goes_when_they_own_the_account_no_more() {
    let scene = Scene::set().await;
    let admin = admin(&scene).await;
    scene.owner.transfer(scene.account, b"sealed").await;
    let manage = format!("/v1/manage/accounts/{}", scene.account);
    let seals = "SELECT COUNT(*) FROM seals";
    let in_force = "SELECT COUNT(*) FROM consents WHERE revoked_at IS NULL";
    // Another owner beside them changes nothing.
    let both = settings("The account", &[OWNER, COLLABORATOR], &[]);
    admin.put(&manage, &both).await.ok::<ManagedAccounts>();
    assert_eq!(scene.server.number(seals).await, 1);

    let change = settings("The account", &[COLLABORATOR], &[OWNER]);
    admin.put(&manage, &change).await.ok::<ManagedAccounts>();
    assert_eq!(scene.server.number(seals).await, 0);
    assert_eq!(scene.server.number(in_force).await, 0);
    let destroyed = "SELECT COUNT(*) FROM sealing_keys WHERE state = 'destroy_pending'";
    assert_eq!(scene.server.number(destroyed).await, 1);
    let actions: Vec<String> = trail(&admin)
        .await
        .into_iter()
        .map(|event| event.action)
        .collect();
    assert!(
        actions.iter().any(|action| action == "session.deleted"),
        "{actions:?}"
    );
}

#[tokio::test]
async fn a_changed_identity_has_the_session_checked_again() {
    let scene = Scene::set().await;
    let admin = admin(&scene).await;
    scene.owner.transfer(scene.account, b"sealed").await;
    let leased = scene.worker.lease().await;
    let verified = Report {
        lease: leased.lease,
        finding: Finding::Verified {
            identified: true,
            receipt: Receipt::default(),
        },
    };
    scene.worker.report(leased.transfer, &verified).await;
    assert!(scene.worker.work().await.sessions.is_empty());
    let change = AccountSettings {
        identity: Some("hubot".to_owned()),
        ..settings("The account", &[OWNER], &[])
    };
    let manage = format!("/v1/manage/accounts/{}", scene.account);
    admin.put(&manage, &change).await.ok::<ManagedAccounts>();
    let leased = scene.worker.lease().await;
    assert_eq!(leased.account_identity.as_deref(), Some("hubot"));
}

#[tokio::test]
async fn accounts_that_cannot_be_are_refused_with_what_is_wrong() {
    let scene = Scene::set().await;
    let admin = admin(&scene).await;
    let elsewhere = scene.server.workspace("Elsewhere").await;
    scene.server.user(elsewhere, "eve@example.com").await;
    let identity = |text: &str| AccountSettings {
        identity: Some(text.to_owned()),
        ..settings("A", &[OWNER], &[])
    };
    for (bad, words) in [
        (new(APP, settings(" ", &[OWNER], &[])), "name"),
        (new(APP, settings("A", &[], &[OWNER])), "owner"),
        (
            new(APP, settings("A", &["nobody@example.com"], &[])),
            "nobody@example.com",
        ),
        (
            new(APP, settings("A", &["eve@example.com"], &[])),
            "eve@example.com",
        ),
        (new(APP, settings("A", &[OWNER], &["OWNER@example.com "])), "once"),
        (new("custom-none", settings("A", &[OWNER], &[])), "custom-none"),
        (new(APP, identity("")), "identity"),
        (new(APP, identity(&"x".repeat(257))), "identity"),
        (new(APP, identity(" \u{200b}")), "identity"),
        (
            new(APP, identity(&format!("ada{}", "\u{200b}".repeat(254)))),
            "identity",
        ),
    ] {
        let problem = admin.post("/v1/manage/accounts", &bad).await.problem();
        assert_eq!(problem.code, ProblemCode::InvalidRequest, "{words}");
        assert!(problem.detail.contains(words), "{}", problem.detail);
    }
    let all: ManagedAccounts = admin.get("/v1/manage/accounts").await.ok();
    assert_eq!(all.accounts.len(), 1, "nothing of it was added");
}

#[tokio::test]
async fn an_admin_adds_replaces_and_removes_apps() {
    let scene = Scene::set().await;
    let admin = admin(&scene).await;
    let path = "/v1/manage/apps/custom-intranet";
    let intranet = app("custom-intranet");
    let all: Apps = admin.put(path, &intranet).await.ok();
    assert_eq!(all.custom, std::slice::from_ref(&intranet));
    assert_eq!(all.supported.len(), ferry_catalogue::builtin().len());
    let wider = App {
        domains: vec!["intranet.example".to_owned(), "files.example".to_owned()],
        ..intranet
    };
    let all: Apps = admin.put(path, &wider).await.ok();
    assert_eq!(all.custom, [wider]);

    // In use, it stays.
    let add = new("custom-intranet", settings("A", &[OWNER], &[]));
    admin
        .post("/v1/manage/accounts", &add)
        .await
        .ok::<ManagedAccounts>();
    for used in [path, "/v1/manage/apps/github"] {
        assert_eq!(admin.delete(used).await.code(), ProblemCode::AppInUse);
    }
    let other = "/v1/manage/apps/custom-other";
    admin.put(other, &app("custom-other")).await.ok::<Apps>();
    let all: Apps = admin.delete(other).await.ok();
    assert_eq!(all.custom.len(), 1);
    for nobodys in [other, "/v1/manage/apps/reddit", "/v1/manage/apps/x"] {
        assert_eq!(admin.delete(nobodys).await.code(), ProblemCode::NotFound);
    }

    // The same rules as at the command line.
    let foreign = App {
        check: "https://elsewhere.example/me".to_owned(),
        ..app("custom-other")
    };
    let among_githubs = App {
        domains: vec!["intranet.example".to_owned(), "api.github.com".to_owned()],
        ..app("custom-other")
    };
    for (path, bad) in [
        (other, foreign),
        (other, among_githubs),
        (other, app("custom-intranet")),
        ("/v1/manage/apps/intranet", app("intranet")),
        ("/v1/manage/apps/github", app("github")),
    ] {
        assert_eq!(
            admin.put(path, &bad).await.code(),
            ProblemCode::InvalidRequest,
            "{path}"
        );
    }
}

/// The whole trail as this client sees it, page by page.
async fn trail(client: &Client) -> Vec<AuditEvent> {
    let mut all: Vec<AuditEvent> = Vec::new();
    loop {
        let before = all.last().map(|event| format!("?before={}", event.id));
        let page: AuditPage = client
            .get_query("/v1/audit", &before.unwrap_or_default())
            .await
            .ok();
        assert!(page.events.len() <= 50);
        all.extend(page.events);
        if !page.more {
            return all;
        }
    }
}

#[tokio::test]
async fn the_trail_is_read_by_the_page_and_by_whom_it_concerns() {
    let scene = Scene::set().await;
    let (server, owner) = (&scene.server, &scene.owner);
    let admin = admin(&scene).await;
    let elsewhere = server.workspace("Elsewhere").await;
    server.admin_user(elsewhere, "eve@example.com").await;
    let eve = server.trusted("eve@example.com").await;
    for _ in 0..60 {
        owner.enrol("Laptop").await.ok::<Me>();
        server.clock.advance(1);
    }
    let seen = trail(&admin).await;
    let recorded = "SELECT COUNT(*) FROM audit_events JOIN workspaces ON workspaces.id = workspace_id
         WHERE workspaces.name = 'Acme'";
    assert_eq!(server.number(recorded).await, i64::try_from(seen.len()).unwrap());
    assert!(seen.len() > 60);
    let ids: BTreeSet<_> = seen.iter().map(|event| &event.id).collect();
    assert_eq!(ids.len(), seen.len(), "each once");
    assert!(seen.is_sorted_by(|a, b| a.at >= b.at));
    let find = |action: &str| seen.iter().find(|event| event.action == action).unwrap();
    let renamed = find("device.renamed");
    assert_eq!(
        (renamed.actor_name.as_deref(), renamed.device_name.as_deref()),
        (Some("owner"), Some("Laptop"))
    );
    assert_eq!(find("consent.given").account_name.as_deref(), Some("The account"));

    // The collaborator: what they did; not what owners did, nor the owner's device.
    let collaborator = server.trusted(COLLABORATOR).await;
    let seen = trail(&collaborator).await;
    let has = |action: &str| seen.iter().any(|event| event.action == action);
    assert!(has("user.signed_in") && !has("consent.given"));
    assert!(!has("device.renamed") && !has("user.added"));
    assert!(trail(&eve).await.iter().all(|event| event.account.is_none()));
    for bad in ["?before=x", "?after=1"] {
        let answer = admin.get_query("/v1/audit", bad).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
}
