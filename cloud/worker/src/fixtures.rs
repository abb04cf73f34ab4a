//! One app, one cookie, one payload, one state directory, for unit tests.

use ferry_catalogue::App;
use ferry_protocol::jar::{Cookie, Jar, SameSite};
use ferry_protocol::session::{ConsentRecord, Payload};
use ferry_protocol::{ConsentId, UnixMillis};

use crate::state_dir::StateDir;

/// When the tests take place.
pub(crate) const NOW: UnixMillis = UnixMillis(1_763_600_000_000);

/// A state directory with nothing in it; gone with the folder.
pub(crate) fn state() -> (tempfile::TempDir, StateDir) {
    let folder = tempfile::tempdir().unwrap();
    let state = StateDir::open(&folder.path().join("state")).unwrap();
    (folder, state)
}

/// An app at `app.test` that shows its user on its check page.
pub(crate) fn app() -> App {
    serde_json::from_value(serde_json::json!({
        "id": "custom-app",
        "name": "App",
        "domains": ["app.test"],
        "sign_in": "https://app.test/sign-in",
        "check": "https://app.test/me",
        "signed_in": { "all": ["sid"] },
        "identity": [{
            "strength": "active",
            "from": { "page": "https://app.test/me" },
            "steps": [{ "after": "<b>" }, { "before": "</b>" }],
        }],
    }))
    .unwrap()
}

/// A host-only, HttpOnly session cookie.
pub(crate) fn cookie(name: &str, value: &str) -> Cookie {
    Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        domain: "app.test".to_owned(),
        host_only: true,
        path: "/".to_owned(),
        secure: true,
        http_only: true,
        same_site: SameSite::Unspecified,
        expires: None,
        partition: None,
    }
}

/// A session of `alice` at [`app`].
pub(crate) fn payload() -> Payload {
    Payload {
        jar: Jar {
            cookies: vec![cookie("sid", "v")],
            storage: Vec::new(),
        },
        left_out: 0,
        cut: 0,
        app: app(),
        identity: Some("alice".to_owned()),
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0".to_owned(),
        consent: ConsentRecord {
            id: ConsentId::new(NOW, [7; 10]),
            text_version: 1,
            granted_at: NOW,
        },
    }
}
