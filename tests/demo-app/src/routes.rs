//! What the app answers to whom.
//!
//! | Route | For | Does |
//! |---|---|---|
//! | `GET /` | everyone | leads to the notes, or to sign-in |
//! | `GET, POST /sign-in` | everyone | form `user`, `password`; adds an identity if one is signed in |
//! | `GET, POST /notes` | signed in | shows the active identity's notes; form `text` adds one |
//! | `GET /account` | signed in | shows who is signed in; rotates |
//! | `GET /profile` | signed in, the partitioned cookie aside | says who; does not rotate |
//! | `GET /whoami` | everyone | the same as JSON, 401 with the reason; does not rotate |
//! | `POST /switch` | signed in | form `user`: makes another identity the active one |
//! | `GET /sign-out?user=…` | signed in | asks whether to sign this identity out |
//! | `GET /out?user=…` | everyone, on any host | leads to the page above, on the app's host |
//! | `POST /sign-out` | signed in | form `user`: signs this identity out; without it, all |

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Form, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::chat::Chat;
use crate::sessions::{Jar, Refusal, Sessions, Visitor};
use crate::users::{self, Notes, User};
use crate::{cookies, pages};

/// Everything that the app knows.
pub(crate) struct App {
    /// Where the app is: its cookies are for this host.
    pub(crate) origin: String,
    /// The domain of the list of accounts.
    pub(crate) domain: String,
    /// Everyone's password.
    pub(crate) password: String,
    /// Who is signed in.
    pub(crate) sessions: Mutex<Sessions>,
    /// What they wrote.
    pub(crate) notes: Mutex<Notes>,
    /// The chat beside the notes.
    pub(crate) chat: Arc<Chat>,
}

/// The lock, also after a panic elsewhere: no change is ever left half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All routes but those for tests.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/sign-in", get(sign_in_page).post(sign_in))
        .route("/notes", get(notes).post(add_note))
        .route("/account", get(account))
        .route("/profile", get(profile))
        .route("/whoami", get(whoami))
        .route("/switch", post(switch))
        .route("/out", get(out))
        .route("/sign-out", get(sign_out_page).post(sign_out))
        .route(
            "/style.css",
            get(async || asset("text/css", include_str!("../assets/style.css"))),
        )
        .route(
            "/icon.svg",
            get(async || asset("image/svg+xml", include_str!("../assets/icon.svg"))),
        )
        .with_state(app)
}

fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, kind)], text)
}

/// What every page and answer says: nothing is kept, nothing foreign is loaded.
const STRICT: [(HeaderName, &str); 2] = [
    (CACHE_CONTROL, "no-store"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
    ),
];

pub(crate) fn page(html: String) -> Response {
    (STRICT, Html(html)).into_response()
}

/// Leads to another page, with these cookies.
pub(crate) fn lead(to: &str, lines: impl IntoIterator<Item = String>) -> Response {
    // The lines are made of hexadecimal, percent-encoding and fixed text.
    let values = lines
        .into_iter()
        .filter_map(|line| HeaderValue::try_from(line).ok());
    let lines: Vec<_> = values.map(|value| (SET_COOKIE, value)).collect();
    (STRICT, AppendHeaders(lines), Redirect::to(to)).into_response()
}

fn user_agent(headers: &HeaderMap) -> &str {
    headers
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

impl App {
    /// Who asks, with every cookie there.
    fn visitor(&self, headers: &HeaderMap) -> Result<Visitor, Refusal> {
        let jar = cookies::read(headers)?;
        jar.partitioned
            .as_ref()
            .ok_or(Refusal::Missing(cookies::PARTITIONED))?;
        lock(&self.sessions).check(&jar, user_agent(headers))
    }

    /// Who asks, the partitioned cookie aside: browsers leave it out when
    /// something other than a page of this site asks, such as an extension.
    fn known(&self, headers: &HeaderMap) -> Result<Visitor, Refusal> {
        let jar = cookies::read(headers)?;
        lock(&self.sessions).check(&jar, user_agent(headers))
    }

    fn lead_with(&self, to: &str, jar: &Jar) -> Response {
        lead(to, cookies::set(jar, &self.domain))
    }
}

/// Where those go who are not signed in; the reason goes along, unless they
/// simply have no session.
fn refuse(refusal: Refusal) -> Response {
    match refusal {
        Refusal::Missing(cookies::SESSION) => lead("/sign-in", []),
        other => lead(&format!("/sign-in?because={}", other.code()), []),
    }
}

async fn home(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match app.visitor(&headers) {
        Ok(_) => lead("/notes", []),
        Err(refusal) => refuse(refusal),
    }
}

#[derive(Deserialize)]
struct Because {
    because: Option<String>,
}

async fn sign_in_page(
    State(app): State<Arc<App>>,
    Query(Because { because }): Query<Because>,
    headers: HeaderMap,
) -> Response {
    let visitor = app.visitor(&headers).ok();
    let message = because
        .filter(|_| visitor.is_none())
        .map(|_| "Your session has ended. Please sign in again.");
    page(pages::sign_in(visitor.as_ref(), &app.password, message))
}

#[derive(Deserialize)]
struct Credentials {
    user: String,
    password: String,
}

async fn sign_in(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Form(given): Form<Credentials>,
) -> Response {
    let visitor = app.visitor(&headers).ok();
    match users::find(given.user.trim()).filter(|_| given.password == app.password) {
        Some(user) => {
            let jar = lock(&app.sessions).sign_in(visitor.as_ref(), user, user_agent(&headers));
            app.lead_with("/notes", &jar)
        }
        None => {
            let message = "This name and password do not go together. Try again.";
            let html = pages::sign_in(visitor.as_ref(), &app.password, Some(message));
            (StatusCode::UNAUTHORIZED, page(html)).into_response()
        }
    }
}

async fn notes(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match app.visitor(&headers) {
        Ok(visitor) => page(pages::notes(&visitor, lock(&app.notes).of(visitor.active))),
        Err(refusal) => refuse(refusal),
    }
}

#[derive(Deserialize)]
struct NewNote {
    text: String,
}

async fn add_note(State(app): State<Arc<App>>, headers: HeaderMap, Form(note): Form<NewNote>) -> Response {
    match app.visitor(&headers) {
        Ok(visitor) => {
            lock(&app.notes).add(visitor.active, &note.text);
            lead("/notes", [])
        }
        Err(refusal) => refuse(refusal),
    }
}

async fn account(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match app.visitor(&headers) {
        Ok(mut visitor) => {
            let line = cookies::rotate(&lock(&app.sessions).visit(&mut visitor));
            (
                AppendHeaders([(SET_COOKIE, line)]),
                page(pages::account(&visitor)),
            )
                .into_response()
        }
        Err(refusal) => refuse(refusal),
    }
}

async fn profile(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match app.known(&headers) {
        Ok(visitor) => page(pages::profile(&visitor)),
        Err(refusal) => refuse(refusal),
    }
}

/// The answer of `/whoami`.
#[derive(Serialize)]
#[serde(untagged)]
enum WhoAmI {
    SignedIn {
        signed_in: bool,
        active: &'static str,
        name: &'static str,
        email: &'static str,
        identities: Vec<&'static str>,
        visits: u64,
    },
    Refused {
        signed_in: bool,
        reason: &'static str,
        cookie: Option<&'static str>,
    },
}

async fn whoami(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let (status, answer) = match app.visitor(&headers) {
        Ok(Visitor {
            active,
            identities,
            visits,
            ..
        }) => (
            StatusCode::OK,
            WhoAmI::SignedIn {
                signed_in: true,
                active: active.id,
                name: active.name,
                email: active.email,
                identities: identities.iter().map(|user| user.id).collect(),
                visits,
            },
        ),
        Err(refusal) => (
            StatusCode::UNAUTHORIZED,
            WhoAmI::Refused {
                signed_in: false,
                reason: refusal.code(),
                cookie: refusal.cookie(),
            },
        ),
    };
    (status, STRICT, Json(answer)).into_response()
}

#[derive(Deserialize)]
struct Chosen {
    user: Option<String>,
}

impl Chosen {
    fn find(&self) -> Option<&'static User> {
        self.user.as_deref().and_then(users::find)
    }
}

async fn switch(State(app): State<Arc<App>>, headers: HeaderMap, Form(chosen): Form<Chosen>) -> Response {
    let visitor = match app.visitor(&headers) {
        Ok(visitor) => visitor,
        Err(refusal) => return refuse(refusal),
    };
    match chosen
        .find()
        .and_then(|user| lock(&app.sessions).switch(&visitor, user))
    {
        Some(jar) => app.lead_with("/notes", &jar),
        None => (StatusCode::NOT_FOUND, "not signed in").into_response(),
    }
}

/// The domain's own address for it, where the cookies are not.
async fn out(State(app): State<Arc<App>>, Query(chosen): Query<Chosen>) -> Response {
    match chosen.find() {
        Some(user) => lead(&format!("{}/sign-out?user={}", app.origin, user.id), []),
        None => (StatusCode::NOT_FOUND, "no such person").into_response(),
    }
}

/// Asks first: an address changes nothing by itself.
async fn sign_out_page(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(chosen): Query<Chosen>,
) -> Response {
    let visitor = match app.visitor(&headers) {
        Ok(visitor) => visitor,
        Err(refusal) => return refuse(refusal),
    };
    match chosen.find().filter(|user| visitor.identities.contains(user)) {
        Some(user) => page(pages::sign_out(&visitor, user)),
        None => lead("/account", []),
    }
}

async fn sign_out(State(app): State<Arc<App>>, headers: HeaderMap, Form(chosen): Form<Chosen>) -> Response {
    let left = app
        .visitor(&headers)
        .ok()
        .and_then(|visitor| match (chosen.find(), &chosen.user) {
            (Some(user), _) => lock(&app.sessions).sign_out(&visitor, user),
            (None, Some(_)) => None,
            (None, None) => {
                lock(&app.sessions).end(&visitor);
                None
            }
        });
    match left {
        Some(jar) => app.lead_with("/account", &jar),
        None => lead("/sign-in", cookies::clear(&app.domain)),
    }
}
