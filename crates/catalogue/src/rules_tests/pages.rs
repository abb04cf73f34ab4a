//! What pages tell, and what it means that one does not.

use super::*;

#[test]
fn pages_answer_fail_or_refuse() {
    let app = app(&[(Strength::List, Source::Page(PAGE.into()))]);
    let cases = [
        (PAGE, 200, one("alice", Strength::List)),
        (
            "https://app.example.com/who#top",
            204,
            one("alice", Strength::List),
        ),
        (PAGE, 401, Outcome::SignedOut),
        (PAGE, 403, Outcome::SignedOut),
        (PAGE, 302, Outcome::SignedOut),
        ("https://app.example.com/in", 200, Outcome::SignedOut),
        ("https://sso.example.net/in", 404, Outcome::SignedOut),
        ("https://app.example.com/in", 503, Outcome::Unknown),
        (PAGE, 404, Outcome::Unknown),
        (PAGE, 500, Outcome::Unknown),
        (PAGE, 0, Outcome::Unknown),
    ];
    for (answered, status, expected) in cases {
        let pages = [page(PAGE, answered, status, "alice")];
        assert_eq!(outcome(&app, &[], &pages), expected, "{status} at {answered}");
    }
    assert_eq!(outcome(&app, &[], &[]), Outcome::Unknown, "out of reach");
}

#[test]
fn a_page_that_counts_and_is_missing_leaves_a_doubt() {
    let app = app(&[
        (Strength::Active, cookie("a")),
        (Strength::List, Source::Page(PAGE.into())),
    ]);
    assert_eq!(outcome(&app, &[("a", "x")], &[]), Outcome::Unknown);
    assert_eq!(
        outcome(&app, &[("a", "x")], &[page(PAGE, PAGE, 200, "x")]),
        one("x", Strength::List)
    );
}

#[test]
fn a_refused_check_page_outweighs_cookies() {
    let app = app(&[(Strength::Active, cookie("a"))]);
    let sent_away = [page(CHECK, "https://app.example.com/in", 200, "")];
    assert_eq!(outcome(&app, &[("a", "x")], &sent_away), Outcome::SignedOut);
    let there = [page(CHECK, CHECK, 200, "")];
    assert_eq!(outcome(&app, &[("a", "x")], &there), one("x", Strength::Active));
}

#[test]
fn without_session_cookies_named_the_check_page_decides() {
    let mut app = app(&[(Strength::Active, cookie("a"))]);
    assert_eq!(app.probes(), Vec::<&str>::new());
    app.signed_in = SignedIn::default();
    assert_eq!(app.probes(), [CHECK]);
    let there = [page(CHECK, CHECK, 200, "")];
    assert_eq!(outcome(&app, &[("a", "x")], &there), one("x", Strength::Active));
    assert_eq!(outcome(&app, &[("a", "x")], &[]), Outcome::Unknown);
    assert_eq!(
        outcome(&app, &[("a", "x")], &[page(CHECK, CHECK, 401, "")]),
        Outcome::SignedOut
    );
    assert_eq!(
        app.outcome(&Evidence {
            cookies: &[],
            pages: &there,
            storage: &[]
        }),
        Outcome::SignedOut
    );
}

#[test]
fn probes_name_each_page_once() {
    let page = || Source::Page(PAGE.into());
    let app = app(&[
        (Strength::Active, page()),
        (Strength::List, page()),
        (Strength::List, cookie("l")),
    ]);
    assert_eq!(app.probes(), [PAGE]);
}

#[test]
fn an_oversized_page_is_read_to_its_limit() {
    let body = format!("alice|{}", "|".repeat(MAX_TEXT));
    let pages = [page(PAGE, PAGE, 200, &body)];
    let read = |strength| outcome(&app(&[(strength, Source::Page(PAGE.into()))]), &[], &pages);
    assert_eq!(read(Strength::Active), one("alice", Strength::Active));
    assert_eq!(read(Strength::List), Outcome::Unknown);
}
