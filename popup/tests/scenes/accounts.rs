//! Accounts in every state.

use ferry_bridge::{AppPages, CookieCounts, IdentityFinding, Inspection};
use ferry_catalogue::App;
use ferry_protocol::api::{
    Account, Check, Consent, InvalidReason, Receipt, RefusedCookie, RefusedEntry, RefusedReason, Role,
    SessionStatus, StorageReceipt, StoredSession,
};
use ferry_protocol::{AccountId, ConsentId, TransferId};

use super::{DAY, MINUTE, NOW};

pub(crate) fn id(n: u8) -> AccountId {
    AccountId::new(NOW, [n; 10])
}

pub(crate) fn app(id: &str, name: &str, domains: &[&str]) -> App {
    App {
        id: id.parse().unwrap(),
        name: name.to_owned(),
        domains: domains.iter().map(ToString::to_string).collect(),
        sign_in: format!("https://{}/login", domains[0]),
        sign_out: Some(format!("https://{}/logout", domains[0])),
        sign_out_of: None,
        check: format!("https://{}/", domains[0]),
        signed_in: Default::default(),
        storage: Vec::new(),
        storage_optional: Vec::new(),
        bound: Vec::new(),
        identity: Vec::new(),
        others: Vec::new(),
    }
}

pub(crate) fn account(
    n: u8,
    name: &str,
    app: App,
    identity: Option<&str>,
    session: SessionStatus,
) -> Account {
    let has_session = !matches!(session, SessionStatus::None);
    Account {
        id: id(n),
        name: name.to_owned(),
        identity: identity.map(str::to_owned),
        app,
        role: Role::Owner,
        consent: has_session.then(|| Consent {
            id: ConsentId::new(NOW, [n; 10]),
            text_version: 1,
            granted_at: NOW.plus(-12 * DAY),
        }),
        session,
    }
}

pub(crate) fn stored(check: Option<Check>) -> StoredSession {
    StoredSession {
        transfer: TransferId::new(NOW, [9; 10]),
        transferred_at: NOW.plus(-3 * MINUTE),
        device_name: "Alice’s device - Linux/Chrome".to_owned(),
        transferred_by: "Alice Okafor".to_owned(),
        expires_at: NOW.plus(30 * DAY - 3 * MINUTE),
        check,
    }
}

pub(crate) fn check(identified: bool) -> Check {
    Check {
        at: NOW.plus(-2 * MINUTE),
        identified,
        receipt: Receipt {
            read: 23,
            cut: 0,
            storage: Default::default(),
            sealed: 23,
            restored: 23,
            shortened: 0,
            refused: Vec::new(),
        },
    }
}

pub(crate) fn check_with_refusals() -> Check {
    let refused = |name: &str, domain: &str, reason| RefusedCookie {
        name: name.to_owned(),
        domain: domain.to_owned(),
        reason,
    };
    Check {
        receipt: Receipt {
            read: 23,
            cut: 0,
            storage: Default::default(),
            sealed: 23,
            restored: 21,
            shortened: 3,
            refused: vec![
                refused("_gh_experiment", "github.com", RefusedReason::Expired),
                refused("__Secure-next-auth", "api.github.com", RefusedReason::Browser),
            ],
        },
        ..check(true)
    }
}

/// What became of a session of one of three people.
pub(crate) fn left_out() -> Receipt {
    Receipt {
        read: 27,
        cut: 1,
        ..check(true).receipt
    }
}

/// What became of a sign-in that lies in local storage.
pub(crate) fn storage_refused() -> Receipt {
    Receipt {
        storage: StorageReceipt {
            sealed: 2,
            restored: 1,
            refused: vec![RefusedEntry {
                entry: "https://app.github.com#localConfig_v2".to_owned(),
                reason: RefusedReason::Browser,
            }],
        },
        ..check_with_refusals().receipt
    }
}

/// What became of a sign-in that lies in local storage alone.
pub(crate) fn storage_alone() -> Receipt {
    Receipt {
        storage: StorageReceipt {
            sealed: 1,
            restored: 1,
            refused: Vec::new(),
        },
        ..Receipt::default()
    }
}

pub(crate) fn github(session: SessionStatus) -> Account {
    let mut app = app("github", "GitHub", &["github.com"]);
    app.signed_in.all = vec!["user_session".to_owned()];
    account(1, "Acme engineering", app, Some("alice-okafor"), session)
}

pub(crate) fn verified() -> SessionStatus {
    SessionStatus::Transferred(stored(Some(check(true))))
}

pub(crate) fn invalid(reason: InvalidReason) -> SessionStatus {
    SessionStatus::Invalid {
        reason,
        session: stored(Some(check(false))),
    }
}

/// One account in each state.
pub(crate) fn every() -> Vec<Account> {
    let mut instagram = account(
        5,
        "Acme on Instagram",
        app("instagram", "Instagram", &["instagram.com"]),
        None,
        verified(),
    );
    instagram.role = Role::Collaborator;
    vec![
        github(verified()),
        account(
            2,
            "Company page",
            app("linkedin", "LinkedIn", &["linkedin.com"]),
            None,
            SessionStatus::None,
        ),
        account(
            3,
            "Handbook",
            app("notion", "Notion", &["notion.so", "notion.com"]),
            Some("alice@acme.example"),
            SessionStatus::Transferred(stored(None)),
        ),
        account(
            4,
            "Acme on X",
            app("x", "X", &["x.com", "twitter.com"]),
            Some("@acme"),
            invalid(InvalidReason::SignedOut),
        ),
        instagram,
        account(
            6,
            "Tracker admin",
            app("custom-tracker", "Tracker", &["tracker.acme.example"]),
            Some("alice"),
            SessionStatus::Expired {
                at: NOW.plus(-2 * DAY),
            },
        ),
    ]
}

pub(crate) fn inspection(n: u8, finding: IdentityFinding) -> Inspection {
    Inspection {
        account: id(n),
        store: Default::default(),
        missing_origins: Vec::new(),
        cookies: CookieCounts {
            total: 23,
            session_only: 4,
            http_only: 11,
            host_only: 9,
            partitioned: 2,
        },
        storage: Vec::new(),
        finding: Some(finding),
        pages: AppPages {
            sign_in: "https://github.com/login".to_owned(),
            check: "https://github.com/".to_owned(),
            sign_out: Some("https://github.com/logout".to_owned()),
            sign_out_of: Vec::new(),
        },
        bound_by: None,
        bound_hints: Vec::new(),
        sign_in_ends: None,
    }
}

pub(crate) fn one(n: u8, identity: &str) -> Inspection {
    inspection(
        n,
        IdentityFinding::One {
            identity: identity.to_owned(),
            counted: true,
        },
    )
}

pub(crate) fn missing(n: u8, origin: &str) -> Inspection {
    Inspection {
        account: id(n),
        store: Default::default(),
        missing_origins: vec![origin.to_owned()],
        cookies: CookieCounts::default(),
        storage: Vec::new(),
        finding: None,
        pages: AppPages::default(),
        bound_by: None,
        bound_hints: Vec::new(),
        sign_in_ends: None,
    }
}
