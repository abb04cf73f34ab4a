//! The board beside the notes, which keeps the sign-ins of everybody in one cookie, as
//! GitHub does: who has another's token is that person.
//!
//! | Cookie | Holds |
//! |---|---|
//! | `board_session` | the active person's token |
//! | `board_user` | the active person's name |
//! | `board_sessions` | everybody's, percent-encoded: `alice:token\|bob:token` |
//!
//! | Route | Does |
//! |---|---|
//! | `GET /board/sign-in` | the form |
//! | `POST /board/sign-in` | signs one more person in, who is the active one then |
//! | `GET /board` | the page of signed-in people, or leads to the form |
//! | `GET /board/me` | who is active and who is signed in, as JSON, or 401 |

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Json, Router};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::cookies::find;
use crate::routes::{lead, lock, page};
use crate::users::{self, User};

const SESSION: &str = "board_session";
const USER: &str = "board_user";
const SESSIONS: &str = "board_sessions";

/// Who is signed in, by which token.
pub(crate) struct Board {
    password: String,
    random: fn() -> [u8; 16],
    tokens: Mutex<HashMap<String, &'static User>>,
}

#[derive(Deserialize)]
struct SignIn {
    user: String,
    password: String,
}

impl Board {
    pub(crate) fn new(password: String, random: fn() -> [u8; 16]) -> Self {
        Self {
            password,
            random,
            tokens: Mutex::default(),
        }
    }

    /// The active person.
    fn active(&self, headers: &HeaderMap) -> Option<&'static User> {
        let token = find(headers, SESSION)?;
        lock(&self.tokens).get(&token).copied()
    }

    /// Everybody whose token is in the list, each with it.
    fn all(&self, headers: &HeaderMap) -> Vec<(&'static User, String)> {
        let list = find(headers, SESSIONS).unwrap_or_default();
        let list = percent_encoding::percent_decode_str(&list).decode_utf8_lossy();
        let tokens = lock(&self.tokens);
        let entries = list.split('|').filter_map(|entry| entry.split_once(':'));
        let known = entries.filter_map(|(id, token)| {
            let user = *tokens.get(token)?;
            (user.id == id).then(|| (user, token.to_owned()))
        });
        known.collect()
    }
}

/// The routes.
pub(crate) fn router(board: Arc<Board>) -> Router {
    Router::new()
        .route("/board", get(front))
        .route("/board/me", get(me))
        .route("/board/sign-in", get(form).post(sign_in))
        .with_state(board)
}

async fn form() -> Response {
    page(include_str!("../assets/board-sign-in.html").to_owned())
}

async fn sign_in(State(board): State<Arc<Board>>, headers: HeaderMap, Form(ask): Form<SignIn>) -> Response {
    let Some(user) = users::find(&ask.user).filter(|_| ask.password == board.password) else {
        return StatusCode::FORBIDDEN.into_response();
    };
    let mut all = board.all(&headers);
    all.retain(|(other, _)| *other != user);
    let token: String = (board.random)()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    lock(&board.tokens).insert(token.clone(), user);
    all.insert(0, (user, token.clone()));
    let entries: Vec<_> = all
        .iter()
        .map(|(user, token)| format!("{}:{token}", user.id))
        .collect();
    let list = entries.join("|");
    let list = utf8_percent_encode(&list, NON_ALPHANUMERIC);
    let secure = "Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=86400";
    let lines = [
        format!("{SESSION}={token}; {secure}"),
        format!("{USER}={}; {secure}", user.id),
        format!("{SESSIONS}={list}; {secure}"),
    ];
    lead("/board", lines)
}

async fn front(State(board): State<Arc<Board>>, headers: HeaderMap) -> Response {
    match board.active(&headers) {
        Some(user) => page(format!(
            "<!doctype html><title>Board</title><p>Signed in as <strong id=who>{}</strong></p>",
            user.id
        )),
        None => Redirect::to("/board/sign-in").into_response(),
    }
}

async fn me(State(board): State<Arc<Board>>, headers: HeaderMap) -> Response {
    let Some(active) = board.active(&headers) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let all: Vec<_> = board.all(&headers).into_iter().map(|(user, _)| user.id).collect();
    Json(serde_json::json!({ "active": active.id, "all": all })).into_response()
}

/// The app definition, as TOML.
pub(crate) fn definition(origin: &str, domain: &str) -> String {
    format!(
        r#"id = "custom-board"
name = "Harbour Board"
domains = ["{domain}"]
sign_in = "{origin}/board/sign-in"
check = "{origin}/board"

[signed_in]
all = ["{SESSION}"]

[[identity]]
strength = "active"
from = {{ cookie = "{USER}" }}

# alice%3A9f…%7Cbob%3A41…
[[identity]]
strength = "list"
from = {{ cookie = "{SESSIONS}" }}
steps = ["percent-decode", {{ split = "|" }}, {{ before = ":" }}]

[[others]]
cookie = "{SESSIONS}"
own = {{ split = ["|"], after = ":", is = ["{SESSION}"] }}
"#
    )
}
