//! The chat beside the notes, whose sign-in lies in the storage of its pages. They are the
//! same for everybody, and their script shows the token that it finds there.
//!
//! | Kind | Signed in by | As in |
//! |---|---|---|
//! | `token` | a token in local storage; no cookie at all | Discord |
//! | `database` | a token in a database of the browser's (IndexedDB); no cookie | Firebase |
//! | `paired` | tokens in local storage, each good only beside the cookie `d` | Slack |
//!
//! | Route | Does |
//! |---|---|
//! | `GET /chat/{kind}/sign-in` | the form; adds an identity if one is signed in |
//! | `POST /chat/{kind}/sign-in` | JSON `user`, `password`; answers with the token |
//! | `GET /chat/{kind}/client` | the page of signed-in people, or whoever looks at it |
//! | `GET /chat/{kind}/me` | `Authorization: Bearer …`; says who as JSON, or 401 |

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};

use crate::routes::lock;
use crate::users::{self, User};

/// The cookie that tokens of the paired kind need beside them.
const COOKIE: &str = "d";

/// What every answer says: nothing is kept, and no script but ours runs.
const STRICT: [(HeaderName, &str); 2] = [
    (CACHE_CONTROL, "no-store"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
    ),
];

/// How a sign-in is kept.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Token,
    Database,
    Paired,
}

/// Who is signed in, by which token.
pub(crate) struct Chat {
    password: String,
    random: fn() -> [u8; 16],
    tokens: Mutex<HashMap<String, Holder>>,
}

struct Holder {
    user: &'static User,
    /// The cookie's value; none for the kind that needs no cookie.
    cookie: Option<String>,
}

#[derive(Deserialize)]
struct SignIn {
    user: String,
    password: String,
}

#[derive(Serialize)]
struct SignedIn {
    token: String,
    user: &'static str,
}

impl Chat {
    pub(crate) fn new(password: String, random: fn() -> [u8; 16]) -> Self {
        Self {
            password,
            random,
            tokens: Mutex::default(),
        }
    }

    /// Forgets all tokens of a user; says how many there were.
    pub(crate) fn end_everywhere(&self, user: &User) -> usize {
        let mut tokens = lock(&self.tokens);
        let before = tokens.len();
        tokens.retain(|_, holder| holder.user != user);
        before - tokens.len()
    }

    /// 128 random bits in hexadecimal, after a word that says what for.
    fn secret(&self, what: &str) -> String {
        let hex: String = (self.random)().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{what}-{hex}")
    }

    /// Whose request it is.
    fn holder(&self, kind: Kind, headers: &HeaderMap) -> Option<&'static User> {
        let authorization = headers.get(AUTHORIZATION)?.to_str().ok()?;
        let tokens = lock(&self.tokens);
        let holder = tokens.get(authorization.strip_prefix("Bearer ")?)?;
        let is_paired = holder.cookie == cookie(headers) || kind != Kind::Paired;
        (holder.cookie.is_some() == (kind == Kind::Paired) && is_paired).then_some(holder.user)
    }
}

/// The routes.
pub(crate) fn router(chat: Arc<Chat>) -> Router {
    Router::new()
        .route("/chat/{kind}/sign-in", get(page).post(sign_in))
        .route("/chat/{kind}/client", get(page))
        .route("/chat/{kind}/me", get(me))
        .route(
            "/chat.js",
            get(async || {
                (
                    [(CONTENT_TYPE, "text/javascript")],
                    include_str!("../assets/chat.js"),
                )
            }),
        )
        .with_state(chat)
}

async fn page(Path(_): Path<Kind>) -> Response {
    (STRICT, Html(include_str!("../assets/chat.html"))).into_response()
}

async fn sign_in(
    Path(kind): Path<Kind>,
    State(chat): State<Arc<Chat>>,
    headers: HeaderMap,
    Json(ask): Json<SignIn>,
) -> Response {
    let Some(user) = users::find(&ask.user).filter(|_| ask.password == chat.password) else {
        return (StatusCode::FORBIDDEN, STRICT).into_response();
    };
    let token = match kind {
        Kind::Database => web_token(user, &chat.secret("jti")),
        Kind::Token | Kind::Paired => chat.secret("xoxc"),
    };
    let cookie = (kind == Kind::Paired).then(|| cookie(&headers).unwrap_or_else(|| chat.secret("xoxd")));
    let line = cookie
        .as_ref()
        .map(|value| format!("{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=86400"));
    lock(&chat.tokens).insert(token.clone(), Holder { user, cookie });
    let body = Json(SignedIn { token, user: user.id });
    match line {
        Some(line) => (STRICT, [(SET_COOKIE, line)], body).into_response(),
        None => (STRICT, body).into_response(),
    }
}

/// A token that says whose it is (RFC 7519). Nobody checks its signature: the server knows
/// every token that it gave.
fn web_token(user: &User, id: &str) -> String {
    let part = |json: serde_json::Value| Base64UrlUnpadded::encode_string(json.to_string().as_bytes());
    let header = part(serde_json::json!({ "alg": "none" }));
    let claims = part(serde_json::json!({ "user_id": user.id, "jti": id }));
    format!("{header}.{claims}.")
}

async fn me(Path(kind): Path<Kind>, State(chat): State<Arc<Chat>>, headers: HeaderMap) -> Response {
    match chat.holder(kind, &headers) {
        Some(user) => (STRICT, Json(serde_json::json!({ "user": user.id }))).into_response(),
        None => (StatusCode::UNAUTHORIZED, STRICT).into_response(),
    }
}

/// The value of the cookie that goes with the tokens.
fn cookie(headers: &HeaderMap) -> Option<String> {
    let header = headers.get("cookie")?.to_str().ok()?;
    let mut pairs = header.split("; ").filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned())
}

/// The app definition of the kind that knows no cookies, as TOML.
pub(crate) fn token_definition(origin: &str, domain: &str) -> String {
    format!(
        r#"id = "custom-chat"
name = "Harbour Chat"
domains = ["{domain}"]
sign_in = "{origin}/chat/token/sign-in"
check = "{origin}/chat/token/client"
storage = ["{origin}#token"]
storage_optional = ["{origin}#MultiAccountStore"]

[[identity]]
strength = "list"
from = {{ storage = "{origin}#MultiAccountStore" }}
steps = [{{ json = "/_state/users/*/username" }}]
"#
    )
}

/// The app definition of the kind with a database, as TOML.
pub(crate) fn database_definition(origin: &str, domain: &str) -> String {
    let entry = format!("{origin}#indexeddb:firebaseLocalStorageDb/firebaseLocalStorage");
    format!(
        r#"id = "custom-base"
name = "Harbour Base"
domains = ["{domain}"]
sign_in = "{origin}/chat/database/sign-in"
check = "{origin}/chat/database/client"
storage = ["{entry}"]

[[identity]]
strength = "list"
from = {{ storage = "{entry}" }}
steps = [{{ json = "/records/*/1/value/stsTokenManager/accessToken" }}, "jwt-claims", {{ json = "/user_id" }}]
"#
    )
}

/// The app definition of the kind that needs both, as TOML.
pub(crate) fn paired_definition(origin: &str, domain: &str) -> String {
    format!(
        r#"id = "custom-teams"
name = "Harbour Teams"
domains = ["{domain}"]
sign_in = "{origin}/chat/paired/sign-in"
check = "{origin}/chat/paired/client"
storage = ["{origin}#localConfig_v2"]

[signed_in]
all = ["{COOKIE}"]

[[identity]]
strength = "list"
from = {{ storage = "{origin}#localConfig_v2" }}
steps = [{{ json-keys = "/teams" }}]
"#
    )
}
