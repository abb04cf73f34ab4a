//! Entries of the storage: there, not there, or out of sight.

use super::*;

fn entry(key: &str) -> String {
    format!("https://app.example.com#{key}")
}

/// With the session's own cookie, and these entries of the storage.
fn outcome_stored(app: &App, storage: &[(&str, Option<&str>)]) -> Outcome {
    let storage: Vec<_> = storage
        .iter()
        .map(|&(entry, value)| StorageView { entry, value })
        .collect();
    let cookie = CookieView {
        name: "s",
        value: "1",
        domain: "example.com",
    };
    app.outcome(&Evidence {
        cookies: &[cookie],
        pages: &[],
        storage: &storage,
    })
}

#[test]
fn an_entry_is_there_not_there_or_out_of_sight() {
    for strength in [Strength::List, Strength::Active] {
        let app = app(&[(strength, Source::Storage(entry("who")))]);
        let who = entry("who");
        let told = |value| outcome_stored(&app, &[(&who, value)]);
        assert_eq!(told(Some("x")), one("x", strength));
        assert_eq!(told(Some("x|y")), several(&["x", "y"]));
        assert_eq!(told(None), Outcome::Unknown);
        let elsewhere = "https://example.com#who";
        assert_eq!(outcome_stored(&app, &[(elsewhere, Some("x"))]), Outcome::Unknown);
    }
    // One that counts and is out of sight leaves a doubt; one that is not there does not.
    let beside = app(&[
        (Strength::Active, Source::Storage(entry("active"))),
        (Strength::List, Source::Storage(entry("all"))),
    ]);
    let (active, all) = (entry("active"), entry("all"));
    let found = |all| outcome_stored(&beside, &[(&active, Some("x")), all]);
    assert_eq!(found((&all, None)), one("x", Strength::Active));
    assert_eq!(found((&active, None)), Outcome::Unknown);
    assert_eq!(found((&all, Some("x|y"))), several(&["x", "y"]));
}

#[test]
fn a_sign_in_may_need_an_entry() {
    let mut app = app(&[(Strength::Active, Source::Storage(entry("who")))]);
    app.storage = vec![entry("login")];
    let (login, who) = (entry("login"), entry("who"));
    let found = |login: &[(&str, Option<&str>)]| {
        let storage = [&[(who.as_str(), Some("x"))], login].concat();
        outcome_stored(&app, &storage)
    };
    assert_eq!(found(&[(&login, Some("token"))]), one("x", Strength::Active));
    assert_eq!(found(&[(&login, None)]), Outcome::SignedOut);
    assert_eq!(found(&[(&login, Some(""))]), Outcome::SignedOut);
    assert_eq!(found(&[]), Outcome::Unknown);
}

#[test]
fn an_entry_alone_may_sign_in() {
    let mut app = app(&[(Strength::List, Source::Storage(entry("who")))]);
    app.signed_in = SignedIn::default();
    assert_eq!(app.probes(), [CHECK]);
    app.storage = vec![entry("who"), entry("login")];
    assert_eq!(app.probes(), Vec::<&str>::new());
    assert_eq!(app.storage_keys(), [entry("who"), entry("login")]);
    let (who, login) = (entry("who"), entry("login"));
    let storage = [
        StorageView {
            entry: &who,
            value: Some("x"),
        },
        StorageView {
            entry: &login,
            value: Some("token"),
        },
    ];
    let evidence = Evidence {
        cookies: &[],
        pages: &[],
        storage: &storage,
    };
    assert_eq!(app.outcome(&evidence), one("x", Strength::List));
}

#[test]
fn an_entry_may_be_missing_where_it_is_only_taken_along() {
    let mut app = app(&[(Strength::List, Source::Storage(entry("who")))]);
    app.storage = vec![entry("login")];
    app.storage_optional = vec![entry("draft"), entry("who")];
    let [login, draft, who] = ["login", "draft", "who"].map(entry);
    assert_eq!(app.storage_keys(), [&login, &draft, &who]);
    let found = |draft, who_is_it| {
        let token = (login.as_str(), Some("token"));
        outcome_stored(&app, &[token, draft, (who.as_str(), who_is_it)])
    };
    for draft in [(draft.as_str(), None), (draft.as_str(), Some("x"))] {
        assert_eq!(found(draft, Some("x")), one("x", Strength::List));
        assert_eq!(found(draft, None), Outcome::Unknown);
    }
    // What is not listed is not looked up, though nobody checked the definition.
    app.storage_optional.clear();
    assert_eq!(app.storage_keys(), [&login]);
}

#[test]
fn an_oversized_entry_is_read_to_its_limit() {
    let value = format!("alice|{}", "|".repeat(MAX_TEXT));
    let read = |strength| {
        let app = app(&[(strength, Source::Storage(entry("who")))]);
        outcome_stored(&app, &[(&entry("who"), Some(&value))])
    };
    assert_eq!(read(Strength::Active), one("alice", Strength::Active));
    assert_eq!(read(Strength::List), Outcome::Unknown);
}
