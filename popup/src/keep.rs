//! What outlives the page, in its `localStorage`: the last state, so that the
//! next popup is there at once; what was typed, should the browser close the
//! popup beneath a prompt; where the person was; that the set-up was put off; and the
//! cookie store that an account was shared out of. Never a password or a code.

use ferry_bridge::{State, StoreId};
use ferry_protocol::api::Account;
use ferry_protocol::{AccountId, UnixMillis, UserId};
use gloo_storage::{LocalStorage, Storage};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::route::Route;

/// `main.js` reads this one as well, to choose the skeleton.
const STATE: &str = "ferry.state";
const DRAFT: &str = "ferry.draft";
const PLACE: &str = "ferry.place";
const LATER: &str = "ferry.later";

/// How long a person finds themselves where they were.
const PLACE_LASTS_MS: i64 = 2 * 60 * 1_000;

/// The state last seen, if this build still understands it.
pub fn state() -> Option<State> {
    read(STATE)
}

/// Keeps the state that an event tells of, as it was told: to write it anew would take
/// code for everything in it.
pub fn keep_state(event: &str) {
    let state = event.strip_prefix(r#"{"state":"#);
    if let Some(state) = state.and_then(|rest| rest.strip_suffix('}')) {
        let _ = LocalStorage::raw().set_item(STATE, state);
    }
}

/// What was typed on the sign-in page, but for the password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Workspace address.
    pub server: String,
    /// E-mail address.
    pub email: String,
}

/// What was typed and not sent.
pub fn draft() -> Option<Draft> {
    read(DRAFT)
}

/// Keeps what was typed.
pub fn keep_draft(draft: &Draft) {
    write(DRAFT, draft);
}

/// Forgets what was typed.
pub fn drop_draft() {
    LocalStorage::delete(DRAFT);
}

#[derive(Serialize, Deserialize)]
struct Place {
    hash: String,
    at: UnixMillis,
}

/// Remembers the page: the browser may close it beneath the prompt that is about
/// to open.
pub fn keep_place(route: Route, now: UnixMillis) {
    write(
        PLACE,
        &Place {
            hash: route.hash(),
            at: now,
        },
    );
}

/// The page to go back to, if it was left a moment ago. Only once.
pub fn take_place(now: UnixMillis) -> Option<Route> {
    let place = read::<Place>(PLACE)?;
    LocalStorage::delete(PLACE);
    let age = now.0.saturating_sub(place.at.0);
    (0..PLACE_LASTS_MS)
        .contains(&age)
        .then(|| Route::parse(&place.hash))
}

/// The prompt was answered with the page still there.
pub fn drop_place() {
    LocalStorage::delete(PLACE);
}

/// Who has put the set-up off.
pub fn later() -> Option<UserId> {
    read(LATER)
}

/// Keeps who has put the set-up off; `None`: nobody any more.
pub fn keep_later(user: Option<UserId>) {
    match user {
        Some(user) => write(LATER, &user),
        None => LocalStorage::delete(LATER),
    }
}

const STORE: &str = "ferry.store.";

fn store_key(account: AccountId) -> String {
    format!("{STORE}{account}")
}

/// The cookie store that the account was shared out of last, in this browser.
pub fn store(account: AccountId) -> Option<StoreId> {
    let id = LocalStorage::raw().get_item(&store_key(account)).ok()??;
    Some(StoreId(id))
}

/// Keeps the cookie store that the account is shared out of.
pub fn keep_store(account: AccountId, store: &StoreId) {
    let _ = LocalStorage::raw().set_item(&store_key(account), &store.0);
}

/// Forgets it: the person is asked again.
pub fn drop_store(account: AccountId) {
    let _ = LocalStorage::raw().remove_item(&store_key(account));
}

/// Forgets it of all accounts but these.
pub fn keep_stores_of(accounts: &[Account]) {
    let storage = LocalStorage::raw();
    let is_kept = |key: &str| accounts.iter().any(|account| key == store_key(account.id));
    // From the last one on: those after one that is removed move up.
    for n in (0..storage.length().unwrap_or(0)).rev() {
        if let Ok(Some(key)) = storage.key(n)
            && key.starts_with(STORE)
            && !is_kept(&key)
        {
            let _ = storage.remove_item(&key);
        }
    }
}

/// A full or forbidden storage only makes the next start slower.
fn write<T: Serialize>(key: &str, value: &T) {
    if let Ok(json) = ferry_json::write_text(value) {
        let _ = LocalStorage::raw().set_item(key, &json);
    }
}

/// Read with the reader that messages are read with: one is enough.
fn read<T: DeserializeOwned>(key: &str) -> Option<T> {
    let json = LocalStorage::raw().get_item(key).ok()??;
    ferry_json::read(json.as_bytes()).ok()
}
