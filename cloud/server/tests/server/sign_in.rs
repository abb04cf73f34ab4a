//! Signing in.

use ferry_protocol::api::{DeviceState, SignedIn};
use ferry_protocol::problem::{Problem, ProblemCode};

use crate::client::Client;
use crate::fixture::{PASSWORD, PROXY, Server};

async fn server_with_ada() -> Server {
    let server = Server::start().await;
    let workspace = server.workspace("Acme").await;
    server.user(workspace, "Ada@example.com").await;
    server
}

#[tokio::test]
async fn a_person_signs_in_with_e_mail_and_password() {
    let server = server_with_ada().await;
    let client = server.client();
    let signed_in: SignedIn = client.sign_in(" ADA@Example.com ", PASSWORD).await.ok();
    assert_eq!(signed_in.access_token.len(), 43);
    assert_eq!(signed_in.me.user.email, "Ada@example.com");
    assert_eq!(signed_in.me.workspace.name, "Acme");
    assert_eq!(signed_in.me.device, None);
    assert_eq!(client.me().await, signed_in.me);
    // Only the hash of the token is kept.
    let kept = std::fs::read(server.database()).unwrap();
    assert!(!contains(&kept, signed_in.access_token.as_bytes()));
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn an_unknown_person_and_a_wrong_password_look_the_same() {
    let server = server_with_ada().await;
    let client = server.client();
    let strip = |problem: Problem| Problem {
        request_id: None,
        ..problem
    };
    // The answer, and the passwords that were hashed for it: what takes the time.
    let try_with = async |email: &str, password: &str| {
        let before = server.state.passwords().begun();
        let answer = client.sign_in(email, password).await;
        (strip(answer.problem()), server.state.passwords().begun() - before)
    };
    let (wrong, work) = try_with("ada@example.com", "wrong password").await;
    assert_eq!(work, 1);
    assert_eq!(try_with("bob@example.com", PASSWORD).await, (wrong.clone(), work));
    assert_eq!(wrong.code, ProblemCode::WrongCredentials);
}

#[tokio::test]
async fn tries_are_limited_and_a_restart_does_not_reset_them() {
    let server = server_with_ada().await;
    let client = server.client();
    for _ in 0..9 {
        assert_eq!(
            client.sign_in("ada@example.com", "wrong").await.code(),
            ProblemCode::WrongCredentials
        );
    }
    // A success clears them.
    client.sign_in("ada@example.com", PASSWORD).await.ok::<SignedIn>();
    for _ in 0..10 {
        assert_eq!(
            client.sign_in("ada@example.com", "wrong").await.code(),
            ProblemCode::WrongCredentials
        );
    }
    assert_eq!(
        client.sign_in("ada@example.com", PASSWORD).await.code(),
        ProblemCode::TooManyRequests
    );
    let server = server.restart().await;
    let client = server.client();
    assert_eq!(
        client.sign_in("Ada@example.com", PASSWORD).await.code(),
        ProblemCode::TooManyRequests
    );
    // Nobody else is held up, and the limit passes.
    assert_eq!(
        client.sign_in("bob@example.com", "wrong").await.code(),
        ProblemCode::WrongCredentials
    );
    server.clock.advance(15 * 60 * 1000);
    client.sign_in("ada@example.com", PASSWORD).await.ok::<SignedIn>();
}

/// Wrong tries until there were too many.
async fn use_up(client: &Client) {
    for _ in 0..10 {
        assert_eq!(
            client.sign_in("ada@example.com", "wrong").await.code(),
            ProblemCode::WrongCredentials
        );
    }
    assert_eq!(
        client.sign_in("ada@example.com", PASSWORD).await.code(),
        ProblemCode::TooManyRequests
    );
}

#[tokio::test]
async fn tries_are_limited_by_the_address_behind_a_trusted_proxy() {
    let server = server_with_ada().await;
    use_up(&server.client_from(PROXY, "203.0.113.1")).await;
    let client = server.client_from(PROXY, "203.0.113.2");
    client.sign_in("ada@example.com", PASSWORD).await.ok::<SignedIn>();
    // What anybody else says about where they come from is not believed.
    use_up(&server.client_from("198.51.100.7", "203.0.113.3")).await;
    let client = server.client_from("198.51.100.7", "203.0.113.4");
    assert_eq!(
        client.sign_in("ada@example.com", PASSWORD).await.code(),
        ProblemCode::TooManyRequests
    );
}

#[tokio::test]
async fn nobody_else_locks_out_a_trusted_device() {
    let server = server_with_ada().await;
    let trusted = server.trusted("ada@example.com").await;
    let untrusted = server.untrusted("ada@example.com").await;
    use_up(&server.client()).await;
    assert_eq!(
        untrusted.sign_in("ada@example.com", PASSWORD).await.code(),
        ProblemCode::TooManyRequests
    );
    trusted
        .sign_in("ada@example.com", PASSWORD)
        .await
        .ok::<SignedIn>();
    // Its own tries are limited as well, and lock out nobody else.
    use_up(&trusted).await;
    server.clock.advance(15 * 60 * 1000);
    use_up(&trusted).await;
    untrusted
        .sign_in("ada@example.com", PASSWORD)
        .await
        .ok::<SignedIn>();
    // It is trusted for its own person only.
    server.clock.advance(15 * 60 * 1000);
    let workspace = server.workspace("Elsewhere").await;
    server.user(workspace, "bob@example.com").await;
    let bob = server.trusted("bob@example.com").await;
    use_up(&server.client()).await;
    assert_eq!(
        bob.sign_in("ada@example.com", PASSWORD).await.code(),
        ProblemCode::TooManyRequests
    );
}

#[tokio::test]
async fn who_finds_no_place_to_have_a_password_verified_is_sent_away() {
    let server = server_with_ada().await;
    let client = server.client();
    let passwords = server.state.passwords();
    let places: Vec<_> = std::iter::from_fn(|| passwords.place().ok()).collect();
    assert!(!places.is_empty());
    // More often than anybody may try: these were no tries.
    for _ in 0..11 {
        let answer = client.sign_in("ada@example.com", PASSWORD).await;
        assert_eq!(answer.headers["retry-after"], "1");
        let problem = answer.problem();
        assert_eq!((problem.status, problem.code), (503, ProblemCode::Unavailable));
        assert!(problem.detail.contains("try again"), "{}", problem.detail);
    }
    drop(places);
    client.sign_in("ada@example.com", PASSWORD).await.ok::<SignedIn>();
}

#[tokio::test]
async fn a_disabled_device_cannot_sign_in_and_another_can() {
    let server = server_with_ada().await;
    let client = server.trusted("ada@example.com").await;
    server
        .execute("UPDATE devices SET state = 'disabled', disabled_at = 1")
        .await;
    assert_eq!(client.get("/v1/me").await.code(), ProblemCode::DeviceDisabled);
    assert_eq!(
        client.sign_in("ada@example.com", PASSWORD).await.code(),
        ProblemCode::DeviceDisabled
    );
    let other = server.trusted("ada@example.com").await;
    assert_eq!(other.me().await.device.unwrap().state, DeviceState::Trusted);
}

#[tokio::test]
async fn malformed_bodies_are_refused_without_repeating_them() {
    let server = server_with_ada().await;
    let client = server.client();
    for body in [
        &b""[..],
        b"secret",
        br#"{"email":"secret"}"#,
        br#"{"email":"secret","password":"secret","more":1}"#,
        br#"{"email":"secret","password":1}"#,
    ] {
        let answer = client
            .send(axum::http::Method::POST, "/v1/sign-in", body.to_vec())
            .await;
        let problem = answer.problem();
        assert_eq!(problem.code, ProblemCode::InvalidRequest);
        assert!(!problem.detail.contains("secret"), "{}", problem.detail);
    }
    let huge = vec![b' '; 64 * 1024 + 1];
    let answer = client.send(axum::http::Method::POST, "/v1/sign-in", huge).await;
    assert_eq!(answer.code(), ProblemCode::TooLarge);
}
