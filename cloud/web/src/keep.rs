//! What outlives the page, in its `localStorage`: who is signed in and their access
//! token, which is good for nothing without this browser's device key. Never a
//! password or a code.

use ferry_protocol::UnixMillis;
use ferry_protocol::api::CodeSent;
use gloo_storage::{LocalStorage, Storage};
use serde::{Deserialize, Serialize};

const SESSION: &str = "ferry.web.session";
const OWNER: &str = "ferry.web.owner";

/// Somebody is signed in. Secret: no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Session {
    /// The access token.
    pub token: String,
    /// When it ends.
    pub expires_at: UnixMillis,
    /// Setting this browser up was put off.
    pub later: bool,
    /// The code that was sent last, if one is waited for.
    pub code: Option<CodeSent>,
    /// Trusted devices were asked to approve this one, until then.
    pub approval_until: Option<UnixMillis>,
}

/// Who is signed in, if somebody is.
pub fn session() -> Option<Session> {
    read(SESSION)
}

/// Keeps who is signed in.
pub fn keep_session(session: &Session) {
    write(SESSION, session);
}

/// Nobody is signed in any more.
pub fn drop_session() {
    LocalStorage::delete(SESSION);
}

/// E-mail address of the person whom this browser's device keys belong to.
pub fn owner() -> Option<String> {
    read(OWNER)
}

/// From now on the device keys belong to this person.
pub fn keep_owner(email: &str) {
    write(OWNER, &email);
}

/// A full or forbidden storage only makes people sign in again.
fn write<T: Serialize>(key: &str, value: &T) {
    if let Ok(json) = ferry_json::write_text(value) {
        let _ = LocalStorage::raw().set_item(key, &json);
    }
}

fn read<T: serde::de::DeserializeOwned>(key: &str) -> Option<T> {
    let json = LocalStorage::raw().get_item(key).ok()??;
    ferry_json::read(json.as_bytes()).ok()
}
