//! Who may use which route: every route of the OpenAPI document, and every kind of
//! caller, each with a proof that works once. A route that is not listed here fails the test.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use ferry_protocol::api::{
    AcceptInvitation, AccountSettings, ApprovalAnswer, Approve, AskApproval, AskForWork, BeginTransfer,
    DeviceState, Devices, Finding, GiveConsent, Invite, KeysDestroyed, Me, NewAccount, Purpose, Report,
    SignIn, SupplyKeys, TakeSession, TransferOffer, VerifyCode, WorkerSignIn,
};
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::vault::VaultIdentity;
use ferry_protocol::{ConsentId, TransferId, UserId};

use crate::client::{Answer, Client, json};
use crate::fixture::{COLLABORATOR, OWNER, PASSWORD, Scene};

/// The kinds of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    /// A key, but no token.
    NoToken,
    /// Signed in, nothing enrolled.
    NotEnrolled,
    /// Enrolled, awaits the code.
    Untrusted,
    /// Enrolled, waits for approval from another device of the person's.
    Pending,
    /// Trusted; no part in the account.
    NoRole,
    /// Trusted; admin of another workspace, and owner of accounts in it.
    Foreign,
    /// Trusted; admin of the workspace, with no part in the account.
    Admin,
    Collaborator,
    Owner,
    Worker,
    /// The owner's other device, which was disabled.
    Disabled,
}

const CALLERS: [Caller; 11] = [
    Caller::NoToken,
    Caller::NotEnrolled,
    Caller::Untrusted,
    Caller::Pending,
    Caller::NoRole,
    Caller::Foreign,
    Caller::Admin,
    Caller::Collaborator,
    Caller::Owner,
    Caller::Worker,
    Caller::Disabled,
];

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Anyone at all.
    Public,
    /// Anyone with a key: signing in.
    KeyHolder,
    /// Any person, on any device that is not disabled.
    Person,
    /// Any person on a trusted device.
    Trusted,
    /// Any person of the workspace, on a trusted device: others have none of their own.
    InWorkspace,
    /// Whoever has a part in the account.
    Member,
    /// An owner of the account.
    Owner,
    /// Whose device it is, on a trusted one.
    Own,
    /// An admin, of whichever workspace: it is about their own.
    Admin,
    /// An admin of the workspace that the person or account belongs to.
    AdminOf,
    /// A worker.
    Worker,
}

/// A route: who may use it, and the status that they get. In an order in which each
/// finds what it needs.
const ROUTES: [(&str, &str, Access, u16); 44] = [
    ("GET", "/v1/health", Access::Public, 204),
    ("GET", "/openapi.json", Access::Public, 200),
    ("POST", "/v1/sign-in", Access::KeyHolder, 200),
    ("GET", "/v1/me", Access::Person, 200),
    ("PUT", "/v1/device", Access::Person, 0),
    ("POST", "/v1/device/code", Access::Person, 0),
    ("POST", "/v1/device/verify", Access::Person, 0),
    // Nobody asks yet: who did would wait for the answer.
    ("GET", "/v1/device/approval", Access::Person, 200),
    ("POST", "/v1/device/approval", Access::Person, 0),
    ("GET", "/v1/devices", Access::Trusted, 200),
    ("POST", "/v1/devices/{device}/approve", Access::Own, 200),
    // It waits no longer.
    ("POST", "/v1/devices/{device}/deny", Access::Own, 409),
    ("GET", "/v1/users/{user}/devices", Access::AdminOf, 200),
    ("POST", "/v1/devices/{device}/disable", Access::Own, 200),
    (
        "POST",
        "/v1/users/{user}/devices/{device}/disable",
        Access::AdminOf,
        200,
    ),
    ("GET", "/v1/users", Access::Admin, 200),
    ("POST", "/v1/users", Access::Admin, 200),
    ("POST", "/v1/invitation/accept", Access::KeyHolder, 422),
    ("GET", "/v1/manage/accounts", Access::Admin, 200),
    ("POST", "/v1/manage/accounts", Access::Admin, 400),
    ("PUT", "/v1/manage/accounts/{account}", Access::AdminOf, 200),
    ("GET", "/v1/manage/apps", Access::Admin, 200),
    ("PUT", "/v1/manage/apps/{app}", Access::Admin, 200),
    ("DELETE", "/v1/manage/apps/{app}", Access::Admin, 200),
    ("GET", "/v1/audit", Access::Trusted, 200),
    ("GET", "/v1/accounts", Access::Trusted, 200),
    ("GET", "/v1/accounts/{account}", Access::Member, 200),
    ("POST", "/v1/accounts/{account}/consents", Access::Owner, 200),
    ("POST", "/v1/worker/sign-in", Access::KeyHolder, 401),
    ("POST", "/v1/worker/sealing-keys", Access::Worker, 200),
    ("POST", "/v1/worker/catalogue", Access::Worker, 200),
    ("GET", "/v1/catalogue", Access::InWorkspace, 200),
    ("POST", "/v1/accounts/{account}/transfers", Access::Owner, 200),
    (
        "PUT",
        "/v1/accounts/{account}/transfers/{transfer}",
        Access::Owner,
        200,
    ),
    ("POST", "/v1/accounts/{account}/session/check", Access::Owner, 200),
    ("POST", "/v1/worker/work", Access::Worker, 200),
    (
        "POST",
        "/v1/worker/accounts/{account}/session",
        Access::Worker,
        200,
    ),
    (
        "POST",
        "/v1/worker/sessions/{transfer}/report",
        Access::Worker,
        409,
    ),
    ("DELETE", "/v1/accounts/{account}/session", Access::Owner, 200),
    ("POST", "/v1/worker/sealing-keys/destroyed", Access::Worker, 200),
    (
        "DELETE",
        "/v1/accounts/{account}/consents/{consent}",
        Access::Owner,
        204,
    ),
    ("POST", "/v1/users/{user}/deprovision", Access::AdminOf, 200),
    ("POST", "/v1/sign-out", Access::Person, 204),
    ("GET", "/v1/no-such-route", Access::Public, 404),
];

/// What a caller must get. `None`: what the route answers to those it is for, with
/// the status of the table, or any that is no refusal if that is 0.
fn refusal(access: Access, caller: Caller) -> Option<(u16, ProblemCode)> {
    use Caller as C;
    use ProblemCode as P;
    let forbidden = Some((403, P::Forbidden));
    let not_found = Some((404, P::NotFound));
    if matches!(access, Access::Public | Access::KeyHolder) {
        return None;
    }
    // Who is refused wherever it is.
    match caller {
        C::NoToken => return Some((401, P::InvalidToken)),
        // The token is gone, and it is no worker's.
        C::Disabled if access == Access::Worker => return Some((401, P::InvalidToken)),
        C::Disabled => return Some((403, P::DeviceDisabled)),
        C::Worker => return forbidden.filter(|_| access != Access::Worker),
        _ => {}
    }
    let is_trusted = !matches!(caller, C::NotEnrolled | C::Untrusted | C::Pending);
    match access {
        Access::Worker => forbidden,
        Access::Public | Access::KeyHolder | Access::Person => None,
        _ if !is_trusted => Some((403, P::DeviceNotTrusted)),
        Access::Trusted => None,
        Access::InWorkspace => not_found.filter(|_| caller == C::Foreign),
        Access::Admin => forbidden.filter(|_| !matches!(caller, C::Admin | C::Foreign)),
        Access::AdminOf => match caller {
            C::Admin => None,
            C::Foreign => not_found,
            _ => forbidden,
        },
        Access::Member => not_found.filter(|_| !matches!(caller, C::Owner | C::Collaborator)),
        Access::Owner => match caller {
            C::Owner => None,
            C::Collaborator => forbidden,
            _ => not_found,
        },
        Access::Own => not_found.filter(|_| caller != C::Owner),
    }
}

/// The callers, each with a client.
struct Cast {
    clients: Vec<(Caller, Client)>,
}

impl Cast {
    async fn assemble(scene: &Scene) -> Self {
        let server = &scene.server;
        let elsewhere = server.workspace("Elsewhere").await;
        server.admin_user(elsewhere, "foreign@example.com").await;
        server.admin_user(scene.workspace, "admin@example.com").await;
        server.account(elsewhere, &["foreign@example.com"], &[]).await;
        for name in ["nobody", "norole", "untrusted", "pending"] {
            server.user(scene.workspace, &format!("{name}@example.com")).await;
        }
        let disabled = server.trusted(crate::fixture::OWNER).await;
        let disable = format!("/v1/devices/{}/disable", disabled.device());
        scene.owner.post_empty(&disable).await.ok::<Devices>();
        let not_enrolled = server.client();
        not_enrolled.sign_in("nobody@example.com", PASSWORD).await;
        let over = |client: &Client| {
            client.over(
                crate::client::Transport::Router(server.router.clone()),
                crate::fixture::BASE,
            )
        };
        // Somebody who could approve it.
        server.trusted("pending@example.com").await;
        let clients = vec![
            (Caller::NoToken, server.client()),
            (Caller::NotEnrolled, not_enrolled),
            (Caller::Untrusted, server.untrusted("untrusted@example.com").await),
            (Caller::Pending, server.untrusted("pending@example.com").await),
            (Caller::NoRole, server.trusted("norole@example.com").await),
            (Caller::Foreign, server.trusted("foreign@example.com").await),
            (Caller::Admin, server.trusted("admin@example.com").await),
            (Caller::Collaborator, server.trusted(COLLABORATOR).await),
            (Caller::Worker, over(&scene.worker.client)),
            (Caller::Disabled, disabled),
            // Last: who is refused must find things as they were.
            (Caller::Owner, over(&scene.owner)),
        ];
        assert_eq!(clients.len(), CALLERS.len());
        Self { clients }
    }
}

/// What the requests are about: made by the owner as the test goes on.
struct Subject {
    transfer: TransferId,
    consent: ConsentId,
    /// The owner's other device, which asks for approval.
    device: Client,
    user: UserId,
    /// Somebody who has no part in anything.
    leaving: UserId,
    me: Me,
    sealed: Vec<u8>,
}

impl Subject {
    fn path(&self, scene: &Scene, route: &str) -> String {
        let user = if route.ends_with("/deprovision") {
            self.leaving
        } else {
            self.user
        };
        route
            .replace("{account}", &scene.account.to_string())
            .replace("{transfer}", &self.transfer.to_string())
            .replace("{consent}", &self.consent.to_string())
            .replace("{device}", &self.device.device().to_string())
            .replace("{user}", &user.to_string())
            .replace("{app}", "custom-matrix")
    }

    fn body(&self, scene: &Scene, caller: &Client, me: Option<Me>, method: &str, route: &str) -> Vec<u8> {
        match (method, route) {
            ("POST", "/v1/sign-in") => json(&SignIn {
                email: COLLABORATOR.to_owned(),
                password: PASSWORD.to_owned(),
            }),
            ("PUT", "/v1/device") => json(&caller.enrolment("another name")),
            ("POST", "/v1/device/verify") => json(&VerifyCode {
                code: "00000000".to_owned(),
            }),
            ("POST", "/v1/device/approval") => json(&AskApproval {
                browser: "Firefox".to_owned(),
            }),
            ("POST", "/v1/devices/{device}/approve") => {
                // As good as the caller can make it.
                let me = me.unwrap_or_else(|| self.me.clone());
                let statement = caller.statement(&me, &self.device);
                let signature = caller.key.sign(&statement.message());
                json(&Approve { statement, signature })
            }
            ("POST", "/v1/users") => json(&Invite {
                email: format!("invited-by-{}@example.com", caller.device()),
                name: "Invited".to_owned(),
                admin: false,
            }),
            ("POST", "/v1/invitation/accept") => json(&AcceptInvitation {
                email: format!("nobody-invited-{}@example.com", caller.device()),
                code: "0000-0000-0000-0000".to_owned(),
                password: PASSWORD.to_owned(),
            }),
            // An app that nobody has: the rest is for a test of its own.
            ("POST", "/v1/manage/accounts") => json(&NewAccount {
                app: "custom-none".parse().unwrap(),
                settings: settings(),
            }),
            ("PUT", "/v1/manage/accounts/{account}") => json(&settings()),
            ("PUT", "/v1/manage/apps/{app}") => json(&crate::manage::app("custom-matrix")),
            ("POST", "/v1/accounts/{account}/consents") => json(&GiveConsent { text_version: 1 }),
            ("POST", "/v1/accounts/{account}/transfers") => json(&BeginTransfer {
                transfer: self.transfer,
            }),
            ("PUT", "/v1/accounts/{account}/transfers/{transfer}") => self.sealed.clone(),
            ("POST", "/v1/worker/sign-in") => json(&WorkerSignIn {
                worker_token: "unknown".to_owned(),
                vault: VaultIdentity {
                    current: scene.worker.vault.public(),
                    successions: Vec::new(),
                },
            }),
            ("POST", "/v1/worker/sealing-keys") => json(&SupplyKeys { keys: Vec::new() }),
            ("POST", "/v1/worker/catalogue") => json(&scene.worker.catalogue(1, "[]")),
            ("POST", "/v1/worker/sealing-keys/destroyed") => json(&KeysDestroyed { keys: Vec::new() }),
            ("POST", "/v1/worker/work") => json(&AskForWork {
                max_sessions: 0,
                only_new: false,
                keys_low: 0,
                wait_ms: 0,
            }),
            ("POST", "/v1/worker/sessions/{transfer}/report") => json(&Report {
                lease: caller.id(ferry_protocol::LeaseId::new),
                finding: Finding::Released,
            }),
            ("POST", "/v1/worker/accounts/{account}/session") => json(&TakeSession {
                purpose: Purpose::Export,
            }),
            _ => Vec::new(),
        }
    }
}

/// The account as it is.
fn settings() -> AccountSettings {
    AccountSettings {
        name: "The account".to_owned(),
        identity: Some("octocat".to_owned()),
        owners: vec![OWNER.to_owned()],
        collaborators: vec![COLLABORATOR.to_owned()],
    }
}

fn check(case: &str, answer: &Answer, expected: Option<(u16, ProblemCode)>, allowed: u16) {
    match expected {
        Some((status, code)) => {
            assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{case}");
        }
        None if allowed == 0 => {
            let refused = [
                StatusCode::UNAUTHORIZED,
                StatusCode::FORBIDDEN,
                StatusCode::NOT_FOUND,
            ];
            assert!(!refused.contains(&answer.status), "{case}: {}", answer.status);
        }
        None => {
            let body = String::from_utf8_lossy(&answer.body);
            assert_eq!(answer.status.as_u16(), allowed, "{case}: {body}");
        }
    }
}

#[tokio::test]
async fn every_route_lets_in_exactly_those_it_is_for() {
    let scene = Scene::set().await;
    let cast = Cast::assemble(&scene).await;
    let transfer = scene.owner.id(TransferId::new);
    let consent = scene.owner.consent(scene.account).await.id;
    let device = scene.server.untrusted(OWNER).await;
    let browser = "Firefox".to_owned();
    let ask = AskApproval { browser };
    let asked = device.post("/v1/device/approval", &ask).await;
    asked.ok::<ApprovalAnswer>();
    let me = scene.owner.me().await;
    let mut subject = Subject {
        transfer,
        consent,
        device,
        user: me.user.id,
        leaving: scene.server.user(scene.workspace, "leaving@example.com").await,
        me,
        sealed: Vec::new(),
    };
    for (method, route, access, allowed) in ROUTES {
        if (method, route) == ("PUT", "/v1/accounts/{account}/transfers/{transfer}") {
            // The owner has begun it one route before.
            let offer: TransferOffer = scene.owner.begin(scene.account, transfer).await.ok();
            let account = scene.owner.account(scene.account).await;
            let header = scene
                .owner
                .header(&account, scene.workspace, transfer, offer.sealing_key.id);
            subject.sealed = json(&scene.owner.seal(&header, b"sealed"));
        }
        for (caller, client) in &cast.clients {
            let path = subject.path(&scene, route);
            let me = client.get("/v1/me").await;
            let me = (me.status == StatusCode::OK).then(|| me.ok());
            let body = subject.body(&scene, client, me, method, route);
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let proof = client.proof(&client.claims(&method, &path, &body));
            let send = || client.send_raw(client.request(&method, &path, body.clone(), &proof));
            let answer = send().await.unwrap();
            if (*caller, route) == (Caller::Pending, "/v1/device/approval") && method == Method::POST {
                let me: Me = client.get("/v1/me").await.ok();
                assert_eq!(me.device.unwrap().state, DeviceState::PendingApproval);
            }
            check(
                &format!("{caller:?} {method} {route}"),
                &answer,
                refusal(access, *caller),
                allowed,
            );
            // Whoever is let in is let in once with each proof.
            if refusal(access, *caller).is_none() && access != Access::Public {
                let code = match route {
                    "/v1/sign-out" => ProblemCode::InvalidToken,
                    _ => ProblemCode::InvalidDpopProof,
                };
                let again = send().await.unwrap();
                assert_eq!(again.code(), code, "{caller:?} {method} {route}, again");
            }
        }
    }
}

/// The routes of the document, as method and path.
fn documented() -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(ferry_server::openapi::document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .keys()
                .map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect()
}

#[test]
fn every_route_is_in_the_matrix_the_document_and_the_protocol() {
    let mut listed: BTreeSet<_> = ROUTES
        .iter()
        .map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    listed.remove(&("GET".to_owned(), "/v1/no-such-route".to_owned()));
    let protocol: BTreeSet<_> = include_str!("../../../../crates/protocol/src/api/mod.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `")?.split_once('`')?.0.split_once(' '))
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    assert_eq!(listed, protocol);
    // The document does not describe itself.
    listed.remove(&("GET".to_owned(), "/openapi.json".to_owned()));
    assert_eq!(listed, documented());
}
