//! The people of a workspace: invited, and deprovisioned.

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use ferry_protocol::UserId;
use ferry_protocol::api::{AcceptInvitation, Invite, ListedUser, Me, UserState, Users};
use ferry_protocol::problem::ProblemCode;
use ferry_server::retention;
use futures_util::future::join_all;

use crate::client::{Answer, Client};
use crate::fixture::{BASE, OWNER, PASSWORD, Scene, Server};

const ADMIN: &str = "admin@example.com";
const BOB: &str = "bob@example.com";
const DAY: i64 = 24 * 60 * 60 * 1000;

/// To other addresses, of the one workspace that invited, when it did last.
const NINETY_SIX_MORE: &str = "INSERT INTO invitations_sent (id, workspace_id, email_hash, sent_at)
     WITH RECURSIVE places (place) AS (SELECT 1 UNION ALL SELECT place + 1 FROM places WHERE place < 96)
     SELECT 'row ' || place, workspace_id, X'00', sent_at
     FROM places JOIN (SELECT workspace_id, MAX(sent_at) AS sent_at FROM invitations_sent)";

async fn server_with_admin() -> (Server, Client) {
    let server = Server::start().await;
    let workspace = server.workspace("Acme").await;
    server.admin_user(workspace, ADMIN).await;
    let admin = server.trusted(ADMIN).await;
    (server, admin)
}

fn invite(email: &str) -> Invite {
    Invite {
        email: email.to_owned(),
        name: "Bob".to_owned(),
        admin: false,
    }
}

/// The code in an invitation: the line that has nothing else.
fn code_in(mail: &str) -> String {
    let is_code = |line: &&str| line.len() == 19 && line.split('-').all(|group| group.len() == 4);
    let code = mail.lines().map(str::trim).find(is_code);
    code.expect("a code").to_owned()
}

async fn accept(client: &Client, email: &str, code: &str, password: &str) -> Answer {
    let body = AcceptInvitation {
        email: email.to_owned(),
        code: code.to_owned(),
        password: password.to_owned(),
    };
    client.post("/v1/invitation/accept", &body).await
}

async fn users(client: &Client) -> Vec<ListedUser> {
    client.get("/v1/users").await.ok::<Users>().users
}

async fn deprovision(client: &Client, user: UserId) -> Answer {
    client.post_empty(&format!("/v1/users/{user}/deprovision")).await
}

#[tokio::test]
async fn a_person_who_is_invited_sets_their_own_password() {
    let (server, admin) = server_with_admin().await;
    let all: Users = admin.post("/v1/users", &invite(" Bob@example.com ")).await.ok();
    let bob = &all.users[1];
    assert_eq!(
        (bob.user.email.as_str(), bob.state),
        ("Bob@example.com", UserState::Invited)
    );
    let mail = server.mail();
    assert!(mail.contains("To: Bob@example.com"), "{mail}");
    assert!(mail.contains("Acme") && mail.contains(BASE), "{mail}");
    let code = code_in(&mail);
    // Where to go, and what to type there: no link has the code in it.
    let links: Vec<_> = mail
        .split_whitespace()
        .filter(|word| word.contains("://"))
        .collect();
    assert_eq!(links, [format!("{BASE}/#/invitation")]);
    let client = server.client();
    assert_eq!(
        client.sign_in(BOB, PASSWORD).await.code(),
        ProblemCode::WrongCredentials
    );
    assert_eq!(
        accept(&client, BOB, &code, "short").await.code(),
        ProblemCode::InvalidRequest
    );
    for (email, wrong) in [
        (BOB, "0000-0000-0000-0000"),
        (BOB, "x"),
        (ADMIN, &code),
        ("no@example.com", &code),
    ] {
        let before = server.state.passwords().begun();
        let answer = accept(&client, email, wrong, PASSWORD).await;
        assert_eq!(
            (answer.code(), answer.status),
            (ProblemCode::CodeWrong, StatusCode::UNPROCESSABLE_ENTITY)
        );
        // As much work for everybody.
        assert_eq!(server.state.passwords().begun() - before, 1);
    }
    let typed = code.to_lowercase().replace('-', " ");
    let answer = accept(&client, BOB, &typed, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    client.sign_in(BOB, PASSWORD).await.ok::<serde_json::Value>();
    assert_eq!(users(&admin).await[1].state, UserState::Active);
    // Once.
    assert_eq!(
        accept(&client, BOB, &code, "another password").await.code(),
        ProblemCode::CodeWrong
    );
    assert_eq!(
        admin.post("/v1/users", &invite(BOB)).await.code(),
        ProblemCode::EmailTaken
    );
}

#[tokio::test]
async fn an_invitation_lasts_a_week_and_a_newer_one_voids_it() {
    let (server, admin) = server_with_admin().await;
    let client = server.client();
    let wrong = |answer: Answer| assert_eq!(answer.code(), ProblemCode::CodeWrong);
    admin.post("/v1/users", &invite(BOB)).await.ok::<Users>();
    let older = code_in(&server.mail());
    let all: Users = admin.post("/v1/users", &invite(BOB)).await.ok();
    assert_eq!(all.users.len(), 2, "the same person");
    let newer = code_in(&server.mail());
    wrong(accept(&client, BOB, &older, PASSWORD).await);
    server.clock.advance(7 * DAY);
    wrong(accept(&client, BOB, &newer, PASSWORD).await);
    admin.post("/v1/users", &invite(BOB)).await.ok::<Users>();
    let last = code_in(&server.mail());
    // Reading the mail took a millisecond.
    server.clock.advance(7 * DAY - 2);
    let answer = accept(&client, BOB, &last, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn who_guesses_invitations_is_limited_and_the_code_is_kept_nowhere() {
    let (server, admin) = server_with_admin().await;
    admin.post("/v1/users", &invite(BOB)).await.ok::<Users>();
    let code = code_in(&server.mail());
    let client = server.client();
    for _ in 0..10 {
        let answer = accept(&client, BOB, "0000-0000-0000-0000", PASSWORD).await;
        assert_eq!(answer.code(), ProblemCode::CodeWrong);
    }
    let refused = accept(&client, BOB, &code, PASSWORD).await;
    assert_eq!(refused.code(), ProblemCode::TooManyRequests);
    assert_eq!(refused.headers["retry-after"], "900");
    for file in ["ferry.db", "ferry.db-wal"] {
        let bytes = std::fs::read(server.folder.path().join(file)).unwrap();
        for text in [&code, &code.replace('-', "")] {
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "{file}");
        }
    }
}

#[tokio::test]
async fn invitations_that_cannot_be_are_refused() {
    let (server, admin) = server_with_admin().await;
    let elsewhere = server.workspace("Elsewhere").await;
    server.user(elsewhere, "eve@example.com").await;
    let nameless = Invite {
        name: " ".to_owned(),
        ..invite(BOB)
    };
    for (bad, code) in [
        (invite("no address"), ProblemCode::InvalidRequest),
        (nameless, ProblemCode::InvalidRequest),
        (invite(ADMIN), ProblemCode::EmailTaken),
        (invite("eve@example.com"), ProblemCode::EmailTaken),
    ] {
        assert_eq!(admin.post("/v1/users", &bad).await.code(), code);
    }
    assert_eq!(users(&admin).await.len(), 1);
}

#[tokio::test]
async fn an_invitation_of_one_workspace_does_not_keep_another_from_inviting() {
    let (server, admin) = server_with_admin().await;
    let elsewhere = server.workspace("Elsewhere").await;
    server.admin_user(elsewhere, "eve@example.com").await;
    let eve = server.trusted("eve@example.com").await;
    admin.post("/v1/users", &invite(BOB)).await.ok::<Users>();
    let first = code_in(&server.mail());
    eve.post("/v1/users", &invite(BOB)).await.ok::<Users>();
    let second = code_in(&server.mail());
    // Each workspace sees its own.
    for client in [&admin, &eve] {
        assert_eq!(users(client).await[1].state, UserState::Invited);
    }
    let bob = server.client();
    assert_eq!(
        bob.sign_in(BOB, PASSWORD).await.code(),
        ProblemCode::WrongCredentials
    );
    let answer = accept(&bob, BOB, &second, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    bob.sign_in(BOB, PASSWORD).await.ok::<serde_json::Value>();
    assert_eq!(bob.me().await.workspace.id, elsewhere);
    // The address is his now, where he signs in: the other one cannot be accepted.
    let late = accept(&bob, BOB, &first, "another password").await;
    assert_eq!(late.code(), ProblemCode::EmailTaken);
    assert_eq!(
        admin.post("/v1/users", &invite(BOB)).await.code(),
        ProblemCode::EmailTaken
    );
    bob.sign_in(BOB, PASSWORD).await.ok::<serde_json::Value>();
    assert_eq!(users(&admin).await[1].state, UserState::Invited);
    let invited = users(&admin).await[1].user.id;
    deprovision(&admin, invited).await.ok::<Users>();
    bob.sign_in(BOB, PASSWORD).await.ok::<serde_json::Value>();
}

#[tokio::test]
async fn inviting_is_limited_by_address_and_by_workspace() {
    let (server, admin) = server_with_admin().await;
    let refused = async |email: &str| {
        let answer = admin.post("/v1/users", &invite(email)).await;
        assert_eq!(answer.code(), ProblemCode::TooManyRequests);
        answer.headers["retry-after"].to_str().unwrap().to_owned()
    };
    for _ in 0..3 {
        admin.post("/v1/users", &invite(BOB)).await.ok::<Users>();
    }
    let code = code_in(&server.mail());
    assert_eq!(refused(" Bob@example.com").await, "900");
    // What was refused changed nothing: the newest is good.
    let answer = accept(&server.client(), BOB, &code, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    admin
        .post("/v1/users", &invite("carol@example.com"))
        .await
        .ok::<Users>();
    // Ninety-six more within the hour.
    server.execute(NINETY_SIX_MORE).await;
    let another = "dan@example.com";
    assert_eq!(refused(another).await, "3600");
    server.clock.advance(60 * 60 * 1000);
    admin.post("/v1/users", &invite(another)).await.ok::<Users>();
    server.clock.advance(DAY);
    retention::sweep(&server.state).await.unwrap();
    assert_eq!(server.number("SELECT COUNT(*) FROM invitations_sent").await, 0);
}

#[tokio::test]
async fn who_asks_whether_addresses_are_taken_is_limited_as_who_invites() {
    let (server, admin) = server_with_admin().await;
    let elsewhere = server.workspace("Elsewhere").await;
    for email in ["eve@example.com", "fay@example.com", "gus@example.com"] {
        server.user(elsewhere, email).await;
    }
    let answer = async |email: &str| admin.post("/v1/users", &invite(email)).await.code();
    for _ in 0..3 {
        assert_eq!(answer("eve@example.com").await, ProblemCode::EmailTaken);
    }
    assert_eq!(answer("eve@example.com").await, ProblemCode::TooManyRequests);
    // Ninety-six more within the hour: one is left, whatever its address.
    server.execute(NINETY_SIX_MORE).await;
    assert_eq!(answer("fay@example.com").await, ProblemCode::EmailTaken);
    assert_eq!(answer("gus@example.com").await, ProblemCode::TooManyRequests);
    server.clock.advance(60 * 60 * 1000);
    assert_eq!(answer("gus@example.com").await, ProblemCode::EmailTaken);
    // Whoever was invited and deprovisioned keeps the address in the workspace.
    let all: Users = admin.post("/v1/users", &invite(BOB)).await.ok();
    deprovision(&admin, all.users[1].user.id).await.ok::<Users>();
    for _ in 0..2 {
        assert_eq!(answer(BOB).await, ProblemCode::EmailTaken);
    }
    assert_eq!(answer(BOB).await, ProblemCode::TooManyRequests);
    // Nobody was added, and nothing but the one invitation was sent.
    assert_eq!(users(&admin).await.len(), 2);
    let outbox = server.folder.path().join("outbox");
    let invitations = std::fs::read_dir(outbox).unwrap().filter(|mail| {
        let mail = std::fs::read_to_string(mail.as_ref().unwrap().path()).unwrap();
        mail.contains("/#/invitation")
    });
    assert_eq!(invitations.count(), 1);
}

#[tokio::test]
async fn deprovisioning_ends_all_access_of_a_person() {
    let scene = Scene::set().await;
    let (server, owner) = (&scene.server, &scene.owner);
    server.admin_user(scene.workspace, ADMIN).await;
    let admin = server.trusted(ADMIN).await;
    let user = owner.me().await.user.id;
    owner.transfer(scene.account, b"stored").await;
    let (transfer, sealed) = owner.prepare(scene.account, b"sealed").await;
    // A device that is not even enrolled has a token as well.
    let bare = server.client();
    bare.sign_in(OWNER, PASSWORD).await;

    let all: Users = deprovision(&admin, user).await.ok();
    let listed = all.users.iter().find(|listed| listed.user.id == user).unwrap();
    assert_eq!(
        (listed.state, listed.trusted_devices),
        (UserState::Deprovisioned, 0)
    );

    let answer = owner.store(scene.account, transfer, &sealed).await;
    assert_eq!(answer.code(), ProblemCode::DeviceDisabled);
    assert_eq!(bare.get("/v1/me").await.code(), ProblemCode::InvalidToken);
    for client in [owner, &server.client()] {
        assert_eq!(
            client.sign_in(OWNER, PASSWORD).await.code(),
            ProblemCode::WrongCredentials
        );
    }
    let left = "SELECT COUNT(*) FROM access_tokens JOIN users ON users.id = user_id
         WHERE email LIKE 'owner%'";
    assert_eq!(server.number(left).await, 0);
    let keys = "SELECT COUNT(*) FROM sealing_keys WHERE state = 'reserved'";
    assert_eq!(server.number(keys).await, 0);
    // The session is the account's, and stays.
    assert_eq!(scene.worker.lease().await.account, scene.account);
    // Again, it is no error, and nothing is written.
    let events = server.trail().await.len();
    deprovision(&admin, user).await.ok::<Users>();
    assert_eq!(server.trail().await.len(), events);
}

#[tokio::test]
async fn somebody_stays_who_administers_the_workspace() {
    let (server, admin) = server_with_admin().await;
    let me = admin.me().await.user.id;
    assert_eq!(deprovision(&admin, me).await.code(), ProblemCode::LastAdmin);
    // An invited admin does not count, one who can sign in does.
    let second = Invite {
        admin: true,
        ..invite(BOB)
    };
    admin.post("/v1/users", &second).await.ok::<Users>();
    let code = code_in(&server.mail());
    assert_eq!(deprovision(&admin, me).await.code(), ProblemCode::LastAdmin);
    let bob = server.client();
    accept(&bob, BOB, &code, PASSWORD).await;
    bob.sign_in(BOB, PASSWORD).await.ok::<serde_json::Value>();
    bob.enrol("Bob's").await.ok::<Me>();
    bob.send_code().await;
    bob.verify(&server.mailed_code()).await.ok::<Me>();
    deprovision(&bob, me).await.ok::<Users>();
    assert_eq!(admin.get("/v1/users").await.code(), ProblemCode::DeviceDisabled);
    let bobs = bob.me().await.user.id;
    assert_eq!(deprovision(&bob, bobs).await.code(), ProblemCode::LastAdmin);
}

/// Holds the threads that hash passwords until the sender is dropped: both of them.
async fn hold_passwords() -> std::sync::mpsc::Sender<()> {
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    for _ in 0..2 {
        let (started, is_held) = tokio::sync::oneshot::channel();
        let held = Arc::clone(&held);
        tokio::task::spawn_blocking(move || {
            started.send(()).unwrap();
            // An error: it was dropped, which is the end as well.
            let _ = held.lock().unwrap().recv();
        });
        is_held.await.unwrap();
    }
    hold
}

#[test]
fn of_many_sign_ins_at_once_none_outlives_the_deprovisioning() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (server, admin) = server_with_admin().await;
        let workspace = admin.me().await.workspace.id;
        let user = server.user(workspace, BOB).await;
        let before = server.state.passwords().begun();
        let hold = hold_passwords().await;
        let signing_in: Vec<_> = (0..8)
            .map(|_| {
                let client = server.client();
                tokio::spawn(async move { client.sign_in(BOB, PASSWORD).await.code() })
            })
            .collect();
        // Each has found the person, and waits for the password to be verified.
        while server.state.passwords().begun() < before + 8 {
            tokio::task::yield_now().await;
        }
        deprovision(&admin, user).await.ok::<Users>();
        drop(hold);
        for answer in join_all(signing_in).await {
            assert_eq!(answer.unwrap(), ProblemCode::WrongCredentials);
        }
        let left = "SELECT COUNT(*) FROM access_tokens JOIN users ON users.id = user_id
             WHERE email LIKE 'bob%'";
        assert_eq!(server.number(left).await, 0);
    });
}
