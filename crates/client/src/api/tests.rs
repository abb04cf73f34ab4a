//! One client on a network that answers as it is told. That proofs are right, the
//! extension's tests show on a server that checks them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use ferry_catalogue::AppId;
use ferry_protocol::api::{AccountSettings, ActorKind, Invite, NewAccount, UserState};
use ferry_protocol::dpop::Proof;
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::signature::SigningKey;
use ferry_protocol::{Bytes, DeviceId, PublicJwk, UnixMillis, UserId};

use super::*;
use crate::keys::SealDh;
use crate::{HttpRequest, HttpResponse, KeyError, NetworkError};

/// Runs what never waits.
fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

/// Answers in turn; keeps what was asked.
#[derive(Default)]
struct Network {
    answers: RefCell<VecDeque<Result<HttpResponse, NetworkError>>>,
    asked: RefCell<Vec<HttpRequest>>,
    drawn: RefCell<u8>,
}

impl Host for Network {
    fn now(&self) -> UnixMillis {
        UnixMillis(1_800_000_000_999)
    }

    fn random(&self, bytes: &mut [u8]) {
        *self.drawn.borrow_mut() += 1;
        bytes.fill(*self.drawn.borrow());
    }

    async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, NetworkError> {
        self.asked.borrow_mut().push(request);
        self.answers.borrow_mut().pop_front().expect("an answer")
    }
}

struct Key(SigningKey, PublicJwk);

impl Device for Key {
    fn id(&self) -> DeviceId {
        self.1.device_id()
    }

    fn key(&self) -> &PublicJwk {
        &self.1
    }

    fn sealing_key(&self) -> &PublicJwk {
        &self.1
    }

    async fn sign(&self, message: &[u8]) -> Result<Bytes, KeyError> {
        Ok(self.0.sign(message))
    }

    async fn seal_dh(&self, _: &PublicJwk) -> Result<SealDh, KeyError> {
        unreachable!("clients seal nothing")
    }
}

fn answer(status: u16, body: &str, nonce: Option<&str>) -> Result<HttpResponse, NetworkError> {
    let body = Zeroizing::new(body.as_bytes().to_vec());
    Ok(HttpResponse {
        status,
        nonce: nonce.map(str::to_owned),
        body,
    })
}

fn problem(status: u16, code: &str) -> Result<HttpResponse, NetworkError> {
    let body = format!(r#"{{"type":"x","status":{status},"code":"{code}","title":"t","detail":"d"}}"#);
    answer(status, &body, None)
}

/// A signed-in client that gets these answers, and its network.
fn client(answers: Vec<Result<HttpResponse, NetworkError>>) -> (Client<Network, Key>, Rc<Network>) {
    let network = Rc::new(Network {
        answers: RefCell::new(answers.into()),
        ..Network::default()
    });
    let key = SigningKey::generate([7; 32]).unwrap();
    let public = key.public();
    let token = Zeroizing::new("secret".to_owned());
    let base = "https://ferry.example/base".to_owned();
    (
        Client::new(Rc::clone(&network), base, Rc::new(Key(key, public)), Some(token)),
        network,
    )
}

#[test]
fn a_nonce_is_used_until_there_is_a_newer_one() {
    let (client, network) = client(vec![
        answer(200, r#"{"accounts":[]}"#, Some("one")),
        answer(200, r#"{"accounts":[]}"#, None),
        answer(200, r#"{"accounts":[]}"#, Some("two")),
        answer(200, r#"{"accounts":[]}"#, None),
    ]);
    for _ in 0..4 {
        run(client.accounts()).unwrap();
    }
    let proofs = network
        .asked
        .borrow()
        .iter()
        .map(|asked| Proof::parse(&asked.proof).unwrap().claims)
        .collect::<Vec<_>>();
    let nonces: Vec<_> = proofs.iter().map(|claims| claims.nonce.as_deref()).collect();
    assert_eq!(nonces, [None, Some("one"), Some("one"), Some("two")]);
    assert_eq!(proofs[0].htu, "https://ferry.example/base/v1/accounts");
    assert_eq!(proofs[0].iat, 1_800_000_000);
    assert_eq!(proofs[0].bh, None, "reading changes nothing");
    assert!((1..4).all(|i| proofs[i].jti != proofs[i - 1].jti));
}

#[test]
fn a_refused_nonce_is_tried_again_once() {
    let refused = || {
        let Ok(mut refused) = problem(401, "use_dpop_nonce") else {
            unreachable!()
        };
        refused.nonce = Some("fresh".to_owned());
        Ok(refused)
    };
    let (good, network) = client(vec![refused(), answer(204, "", None)]);
    run(good.sign_out()).unwrap();
    let asked = network.asked.borrow();
    let proof = Proof::parse(&asked[1].proof).unwrap();
    assert_eq!(proof.claims.nonce.as_deref(), Some("fresh"));
    assert!(proof.claims.bh.is_some(), "also without a body");

    let (bad, network) = client(vec![refused(), refused()]);
    assert_eq!(
        run(bad.sign_out()).unwrap_err().problem(),
        Some(ProblemCode::UseDpopNonce)
    );
    assert_eq!(network.asked.borrow().len(), 2);
}

#[test]
fn nothing_else_is_tried_again() {
    let failures = [
        Err(NetworkError::Unreachable),
        Err(NetworkError::Timeout),
        problem(503, "unavailable"),
        problem(401, "invalid_token"),
        answer(502, "<html>", None),
    ];
    for failure in failures {
        let (client, network) = client(vec![failure]);
        run(client.me()).unwrap_err();
        assert_eq!(network.asked.borrow().len(), 1);
    }
}

#[test]
fn answers_of_another_form_are_told_apart_from_problems() {
    for (status, body) in [
        (200, "<html>sign in to the hotel's network</html>"),
        (200, r#"{"accounts":[{}]}"#),
        (404, "not found"),
        (502, ""),
        // A problem whose status is another than the answer's.
        (
            500,
            r#"{"type":"x","status":403,"code":"forbidden","title":"t","detail":"d"}"#,
        ),
        (
            400,
            r#"{"type":"x","status":400,"code":"unheard_of","title":"t","detail":"d"}"#,
        ),
    ] {
        let (client, _) = client(vec![answer(status, body, None)]);
        assert_eq!(
            run(client.accounts()),
            Err(ApiError::Unexpected { status }),
            "{status} {body}"
        );
    }
}

#[test]
fn signing_in_sends_no_token_and_brings_one() {
    let signed_in = r#"{"access_token":"new","expires_at":1,"me":{"user":{"id":"01930000-0000-7000-8000-000000000000",
        "email":"a@b","name":"A"},"workspace":{"id":"01930000-0000-7000-8000-000000000000","name":"W"},
        "device":null,"vault":null}}"#;
    let (client, network) = client(vec![answer(200, signed_in, None), answer(204, "", None)]);
    let credentials = SignIn {
        email: "a@b".to_owned(),
        password: "p".to_owned(),
    };
    run(client.sign_in(&credentials)).unwrap();
    run(client.sign_out()).unwrap();
    let asked = network.asked.borrow();
    assert!(asked[0].authorization.is_none());
    assert_eq!(Proof::parse(&asked[0].proof).unwrap().claims.ath, None);
    assert_eq!(asked[1].authorization.as_ref().unwrap().as_str(), "DPoP new");
    assert!(Proof::parse(&asked[1].proof).unwrap().claims.ath.is_some());
}

#[test]
fn what_may_pass_is_told_apart_from_what_will_not() {
    let fails = |failure| run(client(vec![failure]).0.me()).unwrap_err().is_passing();
    for passing in [
        Err(NetworkError::Unreachable),
        problem(500, "internal"),
        problem(429, "too_many_requests"),
        answer(502, "", None),
    ] {
        assert!(fails(passing));
    }
    for lasting in [
        problem(403, "forbidden"),
        problem(409, "transfer_conflict"),
        answer(404, "", None),
    ] {
        assert!(!fails(lasting));
    }
}

const ID: &str = "01930000-0000-7000-8000-000000000000";

/// Method, path and body of what was asked last.
fn last(network: &Network) -> (&'static str, String, String) {
    let asked = network.asked.borrow();
    let last = asked.last().unwrap();
    let path = last.url.strip_prefix("https://ferry.example/base").unwrap();
    let body = last.body.as_ref().map(|body| body.to_vec()).unwrap_or_default();
    (
        last.method.as_str(),
        path.to_owned(),
        String::from_utf8(body).unwrap(),
    )
}

#[test]
fn people_are_listed_invited_and_deprovisioned() {
    let people = format!(
        r#"{{"users":[{{"user":{{"id":"{ID}","email":"b@c","name":"Bob"}},"admin":true,"state":"invited",
            "added_at":5,"trusted_devices":2}}]}}"#
    );
    let (client, network) = client((0..3).map(|_| answer(200, &people, None)).collect());
    let listed = run(client.users()).unwrap();
    assert_eq!(
        (listed[0].state, listed[0].trusted_devices),
        (UserState::Invited, 2)
    );
    assert_eq!(last(&network), ("GET", "/v1/users".to_owned(), String::new()));

    let invite = Invite {
        email: "b@c".to_owned(),
        name: "Bob".to_owned(),
        admin: true,
    };
    assert_eq!(run(client.invite(&invite)).unwrap(), listed);
    let body = r#"{"email":"b@c","name":"Bob","admin":true}"#;
    assert_eq!(last(&network), ("POST", "/v1/users".to_owned(), body.to_owned()));

    assert_eq!(run(client.deprovision(ID.parse().unwrap())).unwrap(), listed);
    assert_eq!(
        last(&network),
        ("POST", format!("/v1/users/{ID}/deprovision"), String::new())
    );
}

#[test]
fn devices_of_others_are_listed_and_disabled() {
    let devices = r#"{"devices":[],"most":20}"#;
    let (client, network) = client(vec![answer(200, devices, None), answer(200, devices, None)]);
    let (user, device): (UserId, _) = (ID.parse().unwrap(), client.device().id());
    assert_eq!(run(client.devices_of(user)).unwrap().most, 20);
    assert_eq!(
        last(&network),
        ("GET", format!("/v1/users/{ID}/devices"), String::new())
    );
    run(client.disable_device_of(user, device)).unwrap();
    let path = format!("/v1/users/{ID}/devices/{device}/disable");
    assert_eq!(last(&network), ("POST", path, String::new()));
}

#[test]
fn accounts_are_listed_added_and_changed() {
    let settings = AccountSettings {
        name: "Ours".to_owned(),
        identity: None,
        owners: vec!["b@c".to_owned()],
        collaborators: Vec::new(),
    };
    let json = r#"{"name":"Ours","identity":null,"owners":["b@c"],"collaborators":[]}"#;
    let accounts = format!(r#"{{"accounts":[{{"id":"{ID}","app":"x","settings":{json}}}]}}"#);
    let (client, network) = client((0..3).map(|_| answer(200, &accounts, None)).collect());
    let listed = run(client.managed_accounts()).unwrap();
    assert_eq!(listed[0].settings, settings);
    assert_eq!(
        last(&network),
        ("GET", "/v1/manage/accounts".to_owned(), String::new())
    );

    let new = NewAccount {
        app: listed[0].app.clone(),
        settings: settings.clone(),
    };
    run(client.add_account(&new)).unwrap();
    let body = format!(r#"{{"app":"x","settings":{json}}}"#);
    assert_eq!(last(&network), ("POST", "/v1/manage/accounts".to_owned(), body));

    run(client.change_account(listed[0].id, &settings)).unwrap();
    assert_eq!(
        last(&network),
        ("PUT", format!("/v1/manage/accounts/{ID}"), json.to_owned())
    );
}

#[test]
fn apps_are_listed_put_and_removed() {
    let app = r#"{"id":"custom-a","name":"A","domains":["a.test"],"sign_in":"https://a.test/in","check":"https://a.test/"}"#;
    let apps = format!(r#"{{"custom":[{app}],"supported":[]}}"#);
    let (client, network) = client((0..3).map(|_| answer(200, &apps, None)).collect());
    let listed = run(client.apps()).unwrap();
    assert_eq!(
        last(&network),
        ("GET", "/v1/manage/apps".to_owned(), String::new())
    );
    run(client.put_app(&listed.custom[0])).unwrap();
    assert_eq!(
        last(&network),
        ("PUT", "/v1/manage/apps/custom-a".to_owned(), app.to_owned())
    );
    let id: AppId = "custom-a".parse().unwrap();
    assert_eq!(run(client.remove_app(&id)).unwrap(), listed);
    assert_eq!(
        last(&network),
        ("DELETE", "/v1/manage/apps/custom-a".to_owned(), String::new())
    );
}

#[test]
fn the_trail_is_read_page_by_page() {
    let page = format!(
        r#"{{"events":[{{"id":"{ID}","at":5,"actor":"server","actor_name":null,"action":"session.expired",
            "device":null,"device_name":null,"account":null,"account_name":null,"transfer":null,"detail":null}}],
            "more":true}}"#
    );
    let (client, network) = client(vec![answer(200, &page, None), answer(200, &page, None)]);
    let newest = run(client.audit(None)).unwrap();
    assert_eq!((newest.events[0].actor, newest.more), (ActorKind::Server, true));
    assert_eq!(last(&network), ("GET", "/v1/audit".to_owned(), String::new()));
    run(client.audit(Some(&newest.events[0].id))).unwrap();
    assert_eq!(
        last(&network),
        ("GET", format!("/v1/audit?before={ID}"), String::new())
    );
    let asked = network.asked.borrow();
    let proof = Proof::parse(&asked[1].proof).unwrap();
    assert_eq!(
        proof.claims.htu, "https://ferry.example/base/v1/audit",
        "no query: RFC 9449 §4.2"
    );
}
