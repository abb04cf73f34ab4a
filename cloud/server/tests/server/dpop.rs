//! RFC 9449: one test for each way in which a proof can be wrong.

use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, Request, StatusCode};
use ferry_protocol::api::{Account, BeginTransfer, GiveConsent, Me};
use ferry_protocol::dpop::Claims;
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::{Bytes, TransferId};
use futures_util::future::join_all;

use crate::client::{Client, json};
use crate::fixture::{COLLABORATOR, OWNER, PASSWORD, Scene, Server};

/// Somebody who is signed in and knows the nonce.
async fn somebody() -> (Server, Client) {
    let server = Server::start().await;
    let workspace = server.workspace("Acme").await;
    server.user(workspace, "ada@example.com").await;
    let client = server.client();
    client
        .sign_in("ada@example.com", PASSWORD)
        .await
        .ok::<serde_json::Value>();
    (server, client)
}

/// Asks who is signed in, with claims that were changed.
async fn ask(client: &Client, change: impl FnOnce(&mut Claims)) -> Result<Me, ProblemCode> {
    let mut claims = client.claims(&Method::GET, "/v1/me", b"");
    change(&mut claims);
    let proof = client.proof(&claims);
    send(client, client.request(&Method::GET, "/v1/me", Vec::new(), &proof)).await
}

async fn send(client: &Client, request: Request<Vec<u8>>) -> Result<Me, ProblemCode> {
    let answer = client.send_raw(request).await.unwrap();
    if answer.status == StatusCode::OK {
        Ok(answer.ok())
    } else {
        Err(answer.code())
    }
}

#[tokio::test]
async fn proofs_with_wrong_claims_are_refused() {
    let (_server, client) = somebody().await;
    let now = client.now().as_secs();
    assert!(ask(&client, |_| {}).await.is_ok());
    let invalid = Err(ProblemCode::InvalidDpopProof);
    assert_eq!(
        ask(&client, |claims| claims.htm = "POST".to_owned()).await,
        invalid
    );
    assert_eq!(
        ask(&client, |claims| claims.htm = "get".to_owned()).await,
        invalid
    );
    assert_eq!(
        ask(&client, |claims| claims.htu =
            "http://ferry.test/v1/accounts".to_owned())
        .await,
        invalid
    );
    assert_eq!(
        ask(&client, |claims| claims.htu =
            "http://other.test/v1/me".to_owned())
        .await,
        invalid
    );
    assert_eq!(
        ask(&client, |claims| claims.htu =
            "https://ferry.test/v1/me".to_owned())
        .await,
        invalid
    );
    assert_eq!(ask(&client, |claims| claims.iat = now - 301).await, invalid);
    assert_eq!(ask(&client, |claims| claims.iat = now + 301).await, invalid);
    assert_eq!(ask(&client, |claims| claims.ath = None).await, invalid);
    assert_eq!(
        ask(&client, |claims| claims.ath = Some("another".to_owned())).await,
        invalid
    );
    assert_eq!(
        ask(&client, |claims| claims.bh = Some("another".to_owned())).await,
        invalid
    );
    assert_eq!(ask(&client, |claims| claims.jti = String::new()).await, invalid);
    assert_eq!(ask(&client, |claims| claims.jti = "j".repeat(257)).await, invalid);
    // What differs in form only is taken.
    assert!(
        ask(&client, |claims| claims.htu =
            "HTTP://Ferry.test:80/v1/me?q#f".to_owned())
        .await
        .is_ok()
    );
    assert!(ask(&client, |claims| claims.iat = now - 300).await.is_ok());
}

#[tokio::test]
async fn a_proof_needs_the_servers_nonce() {
    let (server, client) = somebody().await;
    let missing = Err(ProblemCode::UseDpopNonce);
    assert_eq!(ask(&client, |claims| claims.nonce = None).await, missing);
    assert_eq!(
        ask(&client, |claims| claims.nonce = Some("made up".to_owned())).await,
        missing
    );
    let old = client.claims(&Method::GET, "/v1/me", b"").nonce.unwrap();
    server.clock.advance(10 * 60 * 1000);
    let answer = {
        let mut claims = client.claims(&Method::GET, "/v1/me", b"");
        claims.nonce = Some(old);
        let proof = client.proof(&claims);
        client
            .send_raw(client.request(&Method::GET, "/v1/me", Vec::new(), &proof))
            .await
            .unwrap()
    };
    assert_eq!(answer.code(), ProblemCode::UseDpopNonce);
    assert!(
        answer.headers[WWW_AUTHENTICATE]
            .to_str()
            .unwrap()
            .contains("use_dpop_nonce")
    );
    // The new one came with the refusal, and works at once.
    assert!(ask(&client, |_| {}).await.is_ok());
}

#[tokio::test]
async fn the_body_is_part_of_the_proof() {
    let scene = Scene::set().await;
    let (owner, path) = (&scene.owner, scene.path("/consents"));
    let body = json(&GiveConsent { text_version: 1 });
    let other = json(&GiveConsent { text_version: 2 });
    let claims = owner.claims(&Method::POST, &path, &body);
    let proof = owner.proof(&claims);
    let answer = owner
        .send_raw(owner.request(&Method::POST, &path, other, &proof))
        .await
        .unwrap();
    assert_eq!(answer.code(), ProblemCode::InvalidDpopProof);
    let without = Claims {
        bh: None,
        ..owner.claims(&Method::POST, &path, &body)
    };
    let proof = owner.proof(&without);
    let answer = owner
        .send_raw(owner.request(&Method::POST, &path, body, &proof))
        .await
        .unwrap();
    assert_eq!(answer.code(), ProblemCode::InvalidDpopProof);
    assert_eq!(
        owner.account(scene.account).await.consent.unwrap().text_version,
        1
    );
}

#[tokio::test]
async fn there_must_be_one_well_formed_proof() {
    let (_server, client) = somebody().await;
    let good = || {
        let proof = client.proof(&client.claims(&Method::GET, "/v1/me", b""));
        client.request(&Method::GET, "/v1/me", Vec::new(), &proof)
    };
    let mut none = good();
    none.headers_mut().remove("dpop");
    let mut two = good();
    let second = client.proof(&client.claims(&Method::GET, "/v1/me", b""));
    two.headers_mut()
        .append("dpop", HeaderValue::from_str(&second).unwrap());
    let mut text = good();
    text.headers_mut()
        .insert("dpop", HeaderValue::from_static("not a proof"));
    let mut tampered = good();
    let mut proof = tampered.headers()["dpop"].as_bytes().to_vec();
    // A letter of the claims, which are between the dots.
    let dot = proof.iter().position(|byte| *byte == b'.').unwrap();
    proof[dot + 10] = if proof[dot + 10] == b'A' { b'B' } else { b'A' };
    tampered
        .headers_mut()
        .insert("dpop", HeaderValue::from_bytes(&proof).unwrap());
    for request in [none, two, text, tampered] {
        let answer = client.send_raw(request).await.unwrap();
        assert_eq!(answer.code(), ProblemCode::InvalidDpopProof);
        assert!(
            answer.headers[WWW_AUTHENTICATE]
                .to_str()
                .unwrap()
                .contains("invalid_dpop_proof")
        );
    }
}

#[tokio::test]
async fn proofs_of_another_type_or_algorithm_are_refused() {
    let (_server, client) = somebody().await;
    let encode = |value: &serde_json::Value| Bytes(serde_json::to_vec(value).unwrap()).encode();
    let jwk = serde_json::to_value(client.key.public()).unwrap();
    let mut private = jwk.clone();
    private["d"] = serde_json::json!(Bytes(client.key.to_bytes().to_vec()).encode());
    let headers = [
        serde_json::json!({"typ": "jwt", "alg": "ES256", "jwk": jwk}),
        serde_json::json!({"typ": "dpop+jwt", "alg": "none", "jwk": jwk}),
        serde_json::json!({"typ": "dpop+jwt", "alg": "HS256", "jwk": jwk}),
        serde_json::json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": private}),
        serde_json::json!({"typ": "dpop+jwt", "alg": "ES256", "kid": "1"}),
        serde_json::json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk, "crit": ["x"]}),
    ];
    for header in headers {
        let claims = serde_json::to_value(client.claims(&Method::GET, "/v1/me", b"")).unwrap();
        let input = format!("{}.{}", encode(&header), encode(&claims));
        let proof = format!("{input}.{}", client.key.sign(input.as_bytes()).encode());
        let request = client.request(&Method::GET, "/v1/me", Vec::new(), &proof);
        assert_eq!(
            send(&client, request).await,
            Err(ProblemCode::InvalidDpopProof),
            "{header}"
        );
    }
}

#[tokio::test]
async fn a_token_works_with_its_key_only() {
    let (server, client) = somebody().await;
    let thief = server.client();
    *thief.token.lock().unwrap() = client.token.lock().unwrap().clone();
    assert_eq!(thief.get("/v1/me").await.code(), ProblemCode::InvalidToken);
    let request = |authorization: Option<&str>| {
        let proof = client.proof(&client.claims(&Method::GET, "/v1/me", b""));
        let mut request = client.request(&Method::GET, "/v1/me", Vec::new(), &proof);
        request.headers_mut().remove(AUTHORIZATION);
        if let Some(authorization) = authorization {
            request
                .headers_mut()
                .insert(AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
        }
        request
    };
    let token = client.token.lock().unwrap().clone().unwrap();
    let invalid = Err(ProblemCode::InvalidToken);
    assert_eq!(send(&client, request(None)).await, invalid);
    assert_eq!(
        send(&client, request(Some(&format!("Bearer {token}")))).await,
        invalid
    );
    assert_eq!(send(&client, request(Some("DPoP"))).await, invalid);
    assert_eq!(send(&client, request(Some("DPoP unknown"))).await, invalid);
    assert!(
        send(&client, request(Some(&format!("dpop {token}"))))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_token_ends_after_thirty_days_or_at_sign_out() {
    let (server, client) = somebody().await;
    client.post_empty("/v1/sign-out").await.no_content();
    assert_eq!(client.get("/v1/me").await.code(), ProblemCode::InvalidToken);
    client.sign_in("ada@example.com", PASSWORD).await;
    server.clock.advance(30 * 24 * 60 * 60 * 1000 - 1);
    assert_eq!(client.get("/v1/me").await.status, StatusCode::OK);
    server.clock.advance(1);
    assert_eq!(client.get("/v1/me").await.code(), ProblemCode::InvalidToken);
}

#[tokio::test]
async fn a_proof_works_once() {
    let (server, client) = somebody().await;
    let claims = client.claims(&Method::GET, "/v1/me", b"");
    let send = || {
        let proof = client.proof(&claims);
        client.send_raw(client.request(&Method::GET, "/v1/me", Vec::new(), &proof))
    };
    assert_eq!(send().await.unwrap().status, StatusCode::OK);
    assert_eq!(send().await.unwrap().code(), ProblemCode::InvalidDpopProof);
    // Nor does another proof with the same jti.
    let again = |change: fn(&mut Claims)| {
        let mut claims = claims.clone();
        change(&mut claims);
        ask_with(&client, claims)
    };
    assert_eq!(
        again(|claims| claims.iat += 1).await,
        Err(ProblemCode::InvalidDpopProof)
    );
    assert!(again(|claims| claims.jti.push('x')).await.is_ok());
    // Another key may use the same jti.
    let other = server.client();
    other.sign_in("ada@example.com", PASSWORD).await;
    let claims = Claims {
        jti: claims.jti.clone(),
        ..other.claims(&Method::GET, "/v1/me", b"")
    };
    assert!(ask_with(&other, claims).await.is_ok());
}

async fn ask_with(client: &Client, claims: Claims) -> Result<Me, ProblemCode> {
    let proof = client.proof(&claims);
    send(client, client.request(&Method::GET, "/v1/me", Vec::new(), &proof)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_proof_a_hundred_times_at_once_works_once() {
    let (server, client) = somebody().await;
    let proof = client.proof(&client.claims(&Method::GET, "/v1/me", b""));
    let requests = (0..100).map(|_| {
        let client = client.over(
            crate::client::Transport::Router(server.router.clone()),
            crate::fixture::BASE,
        );
        let request = client.request(&Method::GET, "/v1/me", Vec::new(), &proof);
        tokio::spawn(async move { send(&client, request).await })
    });
    let answers = join_all(requests).await;
    let (mut accepted, mut refused) = (0, 0);
    for answer in answers {
        match answer.unwrap() {
            Ok(_) => accepted += 1,
            Err(ProblemCode::InvalidDpopProof) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((accepted, refused), (1, 99));
}

/// Sends the same request, with the same proof, a hundred times at once. Exactly one is let
/// in, and all others are told why they are not.
async fn is_let_in_once(scene: &Scene, method: Method, path: &str, body: Vec<u8>) {
    let proof = scene.owner.proof(&scene.owner.claims(&method, path, &body));
    let requests = (0..100).map(|_| {
        let client = scene.owner.over(
            crate::client::Transport::Router(scene.server.router.clone()),
            crate::fixture::BASE,
        );
        let request = client.request(&method, path, body.clone(), &proof);
        tokio::spawn(async move { client.send_raw(request).await.unwrap() })
    });
    let answers = join_all(requests).await.into_iter().map(Result::unwrap);
    let (taken, refused): (Vec<_>, Vec<_>) = answers.partition(|answer| answer.status == StatusCode::OK);
    assert_eq!((taken.len(), refused.len()), (1, 99));
    for answer in refused {
        assert_eq!(answer.code(), ProblemCode::InvalidDpopProof);
    }
}

/// The proof is marked as used in the transaction that hands out the key.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_for_a_key_a_hundred_times_at_once_is_answered_once() {
    let scene = Scene::set().await;
    let begin = json(&BeginTransfer {
        transfer: scene.owner.id(TransferId::new),
    });
    is_let_in_once(&scene, Method::POST, &scene.path("/transfers"), begin).await;
}

/// An upload's proof is marked as used in the transaction of the upload.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_upload_a_hundred_times_at_once_is_taken_once() {
    let scene = Scene::set().await;
    let (transfer, sealed) = scene.owner.prepare(scene.account, b"sealed").await;
    let path = scene.path(&format!("/transfers/{transfer}"));
    is_let_in_once(&scene, Method::PUT, &path, json(&sealed)).await;
}

/// Refused before it came to a transaction, or in it: a proof is used up all the same.
#[tokio::test]
async fn the_proof_of_a_refused_transfer_is_used_up() {
    let scene = Scene::set().await;
    let (transfer, sealed) = scene.owner.prepare(scene.account, b"sealed").await;
    let untrusted = scene.server.untrusted(OWNER).await;
    let collaborator = scene.server.trusted(COLLABORATOR).await;
    let upload = scene.path(&format!("/transfers/{transfer}"));
    let not_begun = scene.path(&format!("/transfers/{}", scene.owner.id(TransferId::new)));
    let keys = scene.path("/transfers");
    let (good, none) = (json(&sealed), b"{}".to_vec());
    let begin = json(&BeginTransfer {
        transfer: scene.owner.id(TransferId::new),
    });
    for (client, method, path, body, code) in [
        (
            &untrusted,
            Method::POST,
            &keys,
            &begin,
            ProblemCode::DeviceNotTrusted,
        ),
        (
            &scene.owner,
            Method::POST,
            &keys,
            &none,
            ProblemCode::InvalidRequest,
        ),
        (&collaborator, Method::POST, &keys, &begin, ProblemCode::Forbidden),
        (
            &untrusted,
            Method::PUT,
            &upload,
            &good,
            ProblemCode::DeviceNotTrusted,
        ),
        (
            &scene.owner,
            Method::PUT,
            &upload,
            &none,
            ProblemCode::InvalidRequest,
        ),
        (&collaborator, Method::PUT, &upload, &good, ProblemCode::Forbidden),
        (
            &scene.owner,
            Method::PUT,
            &not_begun,
            &good,
            ProblemCode::SealRejected,
        ),
    ] {
        // So that the client knows the nonce.
        client.me().await;
        let proof = client.proof(&client.claims(&method, path, body));
        let send = || client.send_raw(client.request(&method, path, body.clone(), &proof));
        assert_eq!(send().await.unwrap().code(), code);
        assert_eq!(
            send().await.unwrap().code(),
            ProblemCode::InvalidDpopProof,
            "{code:?}"
        );
    }
    assert_eq!(scene.server.number("SELECT COUNT(*) FROM sessions").await, 0);
    scene
        .owner
        .store(scene.account, transfer, &sealed)
        .await
        .ok::<Account>();
}

#[tokio::test]
async fn a_used_proof_stays_used_across_a_restart() {
    let (server, client) = somebody().await;
    let proof = client.proof(&client.claims(&Method::GET, "/v1/me", b""));
    let request = || client.request(&Method::GET, "/v1/me", Vec::new(), &proof);
    assert!(send(&client, request()).await.is_ok());
    let (request, server) = (request(), server.restart().await);
    let client = client.over(
        crate::client::Transport::Router(server.router.clone()),
        crate::fixture::BASE,
    );
    assert_eq!(send(&client, request).await, Err(ProblemCode::InvalidDpopProof));
}

#[tokio::test]
async fn answers_carry_what_they_should() {
    let (_server, client) = somebody().await;
    let mut request = {
        let proof = client.proof(&client.claims(&Method::GET, "/v1/me", b""));
        client.request(&Method::GET, "/v1/me", Vec::new(), &proof)
    };
    request
        .headers_mut()
        .insert("x-request-id", HeaderValue::from_static("my-request_1"));
    request
        .headers_mut()
        .insert("origin", HeaderValue::from_static("https://evil.example"));
    let answer = client.send_raw(request).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["x-request-id"], "my-request_1");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert!(answer.headers.contains_key("dpop-nonce"));
    assert!(
        !answer
            .headers
            .keys()
            .any(|name| name.as_str().starts_with("access-control"))
    );
    // A problem names the request; an id that is no id is replaced.
    let mut request = Request::get("/v1/nothing").body(Vec::new()).unwrap();
    request
        .headers_mut()
        .insert("x-request-id", HeaderValue::from_static("not an id"));
    let answer = client.send_raw(request).await.unwrap();
    let problem = answer.problem();
    assert_eq!(problem.kind, "urn:ferry:problem:not_found");
    assert_eq!(
        problem.request_id.as_deref(),
        answer.headers["x-request-id"].to_str().ok()
    );
    assert_ne!(problem.request_id.as_deref(), Some("not an id"));
    let wrong_method = Request::patch("/v1/me").body(Vec::new()).unwrap();
    assert_eq!(
        client.send_raw(wrong_method).await.unwrap().code(),
        ProblemCode::MethodNotAllowed
    );
}
