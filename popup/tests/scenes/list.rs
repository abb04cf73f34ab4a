//! The scenes.

use ferry_bridge::{Phase, Remedy, TransferStep};
use ferry_protocol::api::{ApprovalRequest, Check, InvalidReason, SessionStatus};

use super::*;

/// Every scene, in the order of a first encounter.
pub(crate) fn all() -> Vec<Scene> {
    [
        first_steps(),
        devices_pages(),
        lists(),
        details_pages(),
        before_transfer(),
        preflights(),
        several_stores(),
        transfers(),
        troubles(),
    ]
    .concat()
}

fn details(n: u8) -> String {
    format!("#/accounts/{}", id(n))
}

fn first_steps() -> Vec<Scene> {
    let session_ended = failure(
        "session-ended",
        "Your sign-in has ended. Sign in again; this browser stays set up.",
        Some(Remedy::SignIn),
    );
    let wrong = failure(
        "wrong_credentials",
        "E-mail or password is wrong. Check both and try again.",
        None,
    );
    let nobody_to_ask = failure(
        "no-trusted-device",
        "No other device of yours is trusted: have a code sent by e-mail instead.",
        None,
    );
    let code_wrong = failure("code_wrong", "This code is not right. Four tries are left.", None);
    let known = Phase::SignedOut {
        server: Some("https://ferry.acme.example".to_owned()),
        email: Some("alice@acme.example".to_owned()),
        notice: Some(session_ended),
    };
    let device_name_taken = failure(
        "device_name_taken",
        "Another of your devices has this name. Choose a different one.",
        None,
    );
    let mut silent = Scene::new("loading", ready(Vec::new()));
    silent.silent = true;
    let mut firefox = Scene::new("sign-in-firefox", signed_out(None));
    firefox.firefox = true;
    vec![
        silent,
        Scene::new("sign-in", signed_out(None)),
        Scene::new("sign-in-again", known),
        Scene::new("sign-in-incomplete", signed_out(None))
            .typing("sign-in-server", "http://ferry.acme.example")
            .typing("sign-in-email", "alice")
            .click("sign-in-submit"),
        Scene::new("sign-in-wrong", signed_out(None))
            .failing("sign-in", wrong)
            .typing("sign-in-server", "ferry.acme.example")
            .typing("sign-in-email", "alice@acme.example")
            .typing("sign-in-password", "not this one")
            .click("sign-in-submit"),
        Scene::new("sign-in-busy", signed_out(None))
            .hanging("sign-in")
            .typing("sign-in-server", "ferry.acme.example")
            .typing("sign-in-email", "alice@acme.example")
            .typing("sign-in-password", "correct horse")
            .click("sign-in-submit"),
        firefox,
        Scene::new("set-up", set_up(None)),
        Scene::new("set-up-later", set_up(None)).click("device-later"),
        Scene::new("set-up-name-taken", set_up(None))
            .failing("set-up-device", device_name_taken)
            .click("device-start"),
        Scene::new("code", set_up(Some(code_sent(NOW.plus(5 * MINUTE))))),
        Scene::new("code-wrong", set_up(Some(code_sent(NOW.plus(3 * MINUTE)))))
            .failing("verify-code", code_wrong)
            .typing("code-input", "abcd-2345")
            .click("code-submit"),
        Scene::new("code-short", set_up(Some(code_sent(NOW.plus(3 * MINUTE)))))
            .typing("code-input", "abcd")
            .click("code-submit"),
        Scene::new("code-expired", set_up(Some(code_sent(NOW.plus(-1))))),
        Scene::new("code-resent", set_up(Some(code_sent(NOW.plus(5 * MINUTE))))).click("code-resend"),
        Scene::new(
            "approval-impossible",
            set_up(Some(code_sent(NOW.plus(5 * MINUTE)))),
        )
        .failing("ask-approval", nobody_to_ask)
        .click("ask-approval"),
        Scene::new(
            "approval",
            approving(ApprovalState::Pending, NOW.plus(14 * MINUTE)),
        ),
        Scene::new("approval-denied", approving(ApprovalState::Denied, NOW)),
        Scene::new("approval-lapsed", approving(ApprovalState::Lapsed, NOW)),
    ]
}

fn devices_pages() -> Vec<Scene> {
    let page = |name| Scene::new(name, ready(Vec::new())).at("#/devices".to_owned());
    let own = ListedDevice {
        this_device: true,
        approved_by: None,
        ..device(1, "Alice’s device - Linux/Chrome")
    };
    let by_code = ListedDevice {
        approved_by: None,
        ..device(4, "Alice’s device - Windows/Firefox")
    };
    let asking = ListedDevice {
        state: DeviceState::PendingApproval,
        trusted_at: None,
        last_seen_at: None,
        approved_by: None,
        request: Some(ApprovalRequest {
            browser: "Firefox on Linux".to_owned(),
            ip: "198.51.100.17".to_owned(),
            asked_at: NOW.plus(-2 * MINUTE),
            expires_at: NOW.plus(13 * MINUTE),
        }),
        ..device(
            5,
            "Alice’s new laptop with a name that is longer than there is room for",
        )
    };
    let disabled = ListedDevice {
        state: DeviceState::Disabled,
        disabled_at: Some(NOW.plus(-3 * DAY)),
        ..device(2, "Alice’s lost phone")
    };
    let begun = ListedDevice {
        state: DeviceState::AwaitingCode,
        trusted_at: None,
        last_seen_at: None,
        approved_by: None,
        ..device(6, "Alice’s device - Linux/Chrome 2")
    };
    let all = vec![
        asking,
        own.clone(),
        device(3, "Alice’s device - macOS/Safari"),
        by_code,
        begun,
        disabled,
    ];
    let changed = failure(
        "approval-rejected",
        "The approval does not fit: the device has other keys now than those that were compared. Do not approve it \
         unless you know why; if you do not, tell your admin.",
        None,
    );
    let unreachable = failure(
        "server-unreachable",
        "The server could not be reached. Check the connection and the server's address, then try again.",
        Some(Remedy::Retry),
    );
    vec![
        page("devices-one").devices(vec![own]),
        page("devices").devices(all.clone()),
        page("devices-keys-changed")
            .devices(all.clone())
            .failing("approve-device", changed)
            .click("approve-device"),
        page("devices-disable").devices(all).click("disable-device"),
        page("devices-offline").failing("list-devices", unreachable),
        page("devices-loading").hanging("list-devices"),
    ]
}

fn lists() -> Vec<Scene> {
    let offline = failure(
        "offline",
        "The server of your workspace cannot be reached.",
        Some(Remedy::Retry),
    );
    let stale = match ready(every()) {
        Phase::Ready {
            profile,
            device_name,
            vault_fingerprint,
            accounts,
            shown,
            ..
        } => Phase::Ready {
            profile,
            device_name,
            vault_fingerprint,
            accounts,
            shown,
            fetched_at: NOW.plus(-47 * MINUTE),
            stale: Some(offline),
        },
        other => other,
    };
    let many = (0..12)
        .map(|n| {
            let mut account = every()[usize::from(n % 6)].clone();
            account.id = id(100 + n);
            account.name = format!("{} {}", account.name, n + 1);
            account
        })
        .collect();
    vec![
        Scene::new("accounts", ready(every())),
        Scene::new("accounts-empty", ready(Vec::new())),
        Scene::new("accounts-stale", stale),
        Scene::new("accounts-many", ready(many)),
        Scene::new(
            "accounts-not-found",
            ready(
                (0..9)
                    .map(|n| {
                        let mut account = every()[0].clone();
                        account.id = id(100 + n);
                        account
                    })
                    .collect(),
            ),
        )
        .typing("find", "nothing like this"),
        Scene::new("accounts-hostile", ready(hostile())),
        Scene::new("menu", ready(every())).click("menu"),
        Scene::new("sign-out-dialog", ready(every()))
            .click("menu")
            .click("sign-out"),
        Scene::new("delete-dialog", ready(every())).click("delete"),
        Scene::new("deleting", ready(every()))
            .hanging("delete")
            .click("delete")
            .click("delete-confirm"),
    ]
}

/// Names that try to break out of their place.
pub(crate) fn hostile() -> Vec<ferry_protocol::api::Account> {
    let mut account = github(invalid(InvalidReason::SealRejected {
        what: "\u{202E}<script>alert(1)</script>\u{2066} and a name that goes on and on and on".to_owned(),
    }));
    account.name = format!(
        "<img src=x onerror=alert(1)> \u{202E}{}",
        "Very long name ".repeat(12)
    );
    account.app.name = "\u{0000}<b>App</b>\u{200B}\u{202E}".repeat(6);
    account.identity = Some("a\u{0301}\n\t\u{2067}שלום".to_owned());
    vec![account]
}

fn details_pages() -> Vec<Scene> {
    let with = |session| ready(vec![github(session)]);
    let refusals = SessionStatus::Transferred(stored(Some(check_with_refusals())));
    let with_receipt = |name, receipt| {
        let check = Check {
            receipt,
            ..check(true)
        };
        let session = SessionStatus::Transferred(stored(Some(check)));
        Scene::new(name, with(session)).at(details(1))
    };
    let bob = InvalidReason::AnotherIdentity;
    let seal = SessionStatus::Invalid {
        reason: InvalidReason::SealRejected {
            what: "it belongs to another account".to_owned(),
        },
        session: stored(Some(Check {
            receipt: Default::default(),
            ..check(false)
        })),
    };
    let mut no_permission = Scene::new("details-none", with(SessionStatus::None)).at(details(1));
    no_permission.granted = false;
    vec![
        no_permission,
        Scene::new("details-checking", with(SessionStatus::Transferred(stored(None)))).at(details(1)),
        Scene::new("details-verified", with(verified())).at(details(1)),
        Scene::new(
            "details-works",
            with(SessionStatus::Transferred(stored(Some(check(false))))),
        )
        .at(details(1)),
        Scene::new("details-refused", with(refusals)).at(details(1)),
        Scene::new("details-invalid", with(invalid(InvalidReason::SignedOut))).at(details(1)),
        Scene::new("details-invalid-another", with(invalid(bob))).at(details(1)),
        Scene::new(
            "details-invalid-several",
            with(invalid(InvalidReason::SeveralIdentities)),
        )
        .at(details(1)),
        Scene::new("details-invalid-seal", with(seal)).at(details(1)),
        Scene::new(
            "details-expired",
            with(SessionStatus::Expired { at: NOW.plus(-DAY) }),
        )
        .at(details(1)),
        Scene::new("details-collaborator", ready(every())).at(details(5)),
        Scene::new("details-check-now", with(verified()))
            .at(details(1))
            .click("check"),
        with_receipt("details-receipt-only-one", left_out()),
        with_receipt("details-receipt-storage", storage_refused()),
        with_receipt("details-receipt-storage-only", storage_alone()),
        Scene::new("details-gone", ready(every())).at(details(77)),
    ]
}

fn transfers() -> Vec<Scene> {
    let identity = || Some("alice-okafor".to_owned());
    let steps = [
        ("reading", TransferStep::Reading),
        ("checking", TransferStep::CheckingIdentity { cookies: 23 }),
        (
            "sealing",
            TransferStep::Sealing {
                cookies: 23,
                entries: 0,
                identity: identity(),
            },
        ),
        (
            "uploading",
            TransferStep::Uploading {
                cookies: 23,
                entries: 0,
                bytes: 26_112,
            },
        ),
    ];
    let names = [
        "transfer-reading",
        "transfer-checking",
        "transfer-sealing",
        "transfer-uploading",
    ];
    let running = steps.iter().zip(names).map(|((_, step), name)| {
        Scene::new(name, ready(vec![github(SessionStatus::None)]))
            .at(share_page(1))
            .transfer(id(1), step.clone())
    });
    let done = TransferStep::Done {
        cookies: 23,
        entries: 0,
        identity: identity(),
    };
    let of_storage = TransferStep::Uploading {
        cookies: 0,
        entries: 1,
        bytes: 812,
    };
    let done_of_storage = TransferStep::Done {
        cookies: 6,
        entries: 1,
        identity: Some("alice".to_owned()),
    };
    let mut scenes = running.collect::<Vec<_>>();
    scenes.extend([
        Scene::new("transfer-of-storage", ready(vec![discord(SessionStatus::None)]))
            .at(share_page(1))
            .transfer(id(1), of_storage),
        Scene::new("transferred-of-storage", ready(vec![discord(verified())]))
            .at(share_page(1))
            .transfer(id(1), done_of_storage),
        Scene::new("transfer-on-card", ready(every())).transfer(id(1), steps[2].1.clone()),
        Scene::new(
            "transferred",
            ready(vec![github(SessionStatus::Transferred(stored(None)))]),
        )
        .at(share_page(1))
        .transfer(id(1), done.clone()),
        Scene::new("transferred-verified", ready(vec![github(verified())]))
            .at(share_page(1))
            .transfer(id(1), done.clone()),
        Scene::new("transferred-on-card", ready(every())).transfer(id(1), done.clone()),
        Scene::new(
            "transferred-in-details",
            ready(vec![github(SessionStatus::Transferred(stored(None)))]),
        )
        .at(details(1))
        .transfer(id(1), done),
    ]);
    scenes
}

fn troubles() -> Vec<Scene> {
    let url = || "https://github.com/login".to_owned();
    let failures = [
        (
            "failed-signed-out",
            failure(
                "signed-out",
                "Nobody is signed in at GitHub, so there was nothing to transfer. Sign in there, then share again.",
                Some(Remedy::OpenSignIn { url: url() }),
            ),
        ),
        (
            "failed-several",
            failure(
                "several-identities",
                "More than one identity is signed in to GitHub: alice-okafor, acme-bot. Sign out from the others, then \
                 share again.",
                Some(Remedy::OpenSignOut { url: url() }),
            ),
        ),
        (
            "failed-several-only",
            failure(
                "several-identities",
                "More than one identity is signed in to GitHub: alice-okafor, acme-bot. Transfer only alice-okafor, or \
                 sign out from the others, then share again.",
                Some(Remedy::Decide),
            ),
        ),
        (
            "failed-offline",
            failure(
                "offline",
                "The server of your workspace cannot be reached. The sealed session waits here and is sent when it can be.",
                Some(Remedy::Retry),
            ),
        ),
        (
            "failed-unknown",
            failure(
                "unknown-identity",
                "GitHub does not show who is signed in.",
                Some(Remedy::Decide),
            ),
        ),
        (
            "failed-permission",
            failure(
                "permission-missing",
                "The browser no longer lets Ferry read the cookies of GitHub.",
                Some(Remedy::GrantPermission {
                    origins: vec!["*://*.github.com/*".to_owned()],
                }),
            ),
        ),
        (
            "failed-vault",
            failure(
                "vault-changed",
                "The vault is not the one that this browser trusts, so nothing was sealed. Ask your admin what has changed.",
                None,
            ),
        ),
    ];
    let mut scenes = failures
        .iter()
        .map(|(name, failure)| {
            let failed = TransferStep::Failed {
                failure: failure.clone(),
            };
            Scene::new(name, ready(every())).transfer(id(1), failed)
        })
        .collect::<Vec<_>>();
    let failed = TransferStep::Failed {
        failure: failures[6].1.clone(),
    };
    scenes.push(
        Scene::new("failed-on-page", ready(vec![github(verified())]))
            .at(share_page(1))
            .inspection(one(1, "alice-okafor"))
            .transfer(id(1), failed),
    );
    scenes
}
