//! How evidence adds up; what the apps make of it is in `tests/fixtures.rs`.

#[path = "rules_tests/pages.rs"]
mod pages;
#[path = "rules_tests/storage.rs"]
mod storage;

use super::*;
use crate::{SignedIn, Step};

const PAGE: &str = "https://app.example.com/who";
const CHECK: &str = "https://app.example.com/home";

fn app(rules: &[(Strength, Source)]) -> App {
    App {
        id: "custom-app".parse().unwrap(),
        name: "App".into(),
        domains: vec!["example.com".into()],
        sign_in: "https://app.example.com/in".into(),
        sign_out: None,
        sign_out_of: None,
        check: CHECK.into(),
        signed_in: SignedIn {
            all: vec!["s".into()],
            any: vec![],
        },
        storage: vec![],
        storage_optional: vec![],
        bound: vec![],
        identity: rules
            .iter()
            .map(|(strength, from)| IdentityRule {
                strength: *strength,
                from: from.clone(),
                steps: vec![Step::Split("|".into())],
            })
            .collect(),
        others: vec![],
    }
}

fn cookie(name: &str) -> Source {
    Source::Cookie(name.into())
}

/// Of cookies on example.com, beside the session's own.
fn outcome(app: &App, cookies: &[(&str, &str)], pages: &[PageView<'_>]) -> Outcome {
    let cookies: Vec<_> = [("s", "1")]
        .iter()
        .chain(cookies)
        .map(|&(name, value)| CookieView {
            name,
            value,
            domain: "example.com",
        })
        .collect();
    app.outcome(&Evidence {
        cookies: &cookies,
        pages,
        storage: &[],
    })
}

fn one(identity: &str, strength: Strength) -> Outcome {
    Outcome::One {
        identity: identity.into(),
        strength,
    }
}

fn several(identities: &[&str]) -> Outcome {
    Outcome::Several {
        identities: identities.iter().map(|&who| who.into()).collect(),
    }
}

fn page<'a>(asked: &'a str, answered: &'a str, status: u16, body: &'a str) -> PageView<'a> {
    PageView {
        asked,
        answered,
        status,
        body,
    }
}

#[test]
fn of_many_no_more_than_64_are_named() {
    for strength in [Strength::Count, Strength::List] {
        let app = app(&[(strength, cookie("one")), (strength, cookie("two"))]);
        let list = |from: u32| (from..from + 50).map(|n| n.to_string()).collect::<Vec<_>>();
        let (one, two) = (list(0), list(50));
        let cookies = [("one", &*one.join("|")), ("two", &*two.join("|"))];
        let all: Vec<_> = one.iter().chain(&two).map(String::as_str).take(64).collect();
        assert_eq!(outcome(&app, &cookies, &[]), several(&all), "{strength:?}");
    }
}

#[test]
fn strengths_add_up() {
    let app = app(&[
        (Strength::Active, cookie("a")),
        (Strength::Others, cookie("o")),
        (Strength::List, cookie("l")),
        (Strength::Count, cookie("c")),
    ]);
    let cases: &[(&[(&str, &str)], Outcome)] = &[
        (&[], Outcome::Unknown),
        (&[("a", "x")], one("x", Strength::Active)),
        (&[("l", "x")], one("x", Strength::List)),
        (&[("a", "x"), ("l", "x")], one("x", Strength::List)),
        (&[("a", "x"), ("l", "y|x")], several(&["x", "y"])),
        (&[("a", "x"), ("l", "y")], several(&["x", "y"])),
        (&[("a", "x|y")], several(&["x", "y"])),
        (&[("a", "x"), ("a", "x")], one("x", Strength::Active)),
        (&[("a", "x"), ("o", "y|z")], several(&["x", "y", "z"])),
        (&[("o", "y")], several(&["y"])),
        (&[("l", "y"), ("o", "y")], one("y", Strength::List)),
        (&[("c", "1")], Outcome::Unknown),
        (&[("a", "x"), ("c", "1")], one("x", Strength::List)),
        (&[("a", "x"), ("c", "1|2")], several(&["1", "2"])),
        (&[("c", "1|2")], several(&["1", "2"])),
        (&[("a", "x|y"), ("c", "1")], several(&["x", "y"])),
    ];
    for (cookies, expected) in cases {
        assert_eq!(&outcome(&app, cookies, &[]), expected, "{cookies:?}");
    }
}

#[test]
fn a_count_in_doubt_is_never_one() {
    for strength in [Strength::Others, Strength::List, Strength::Count] {
        let app = app(&[(Strength::Active, cookie("a")), (strength, cookie("m"))]);
        let long = "m".repeat(MAX_COOKIE + 1);
        let name_too_long = "m".repeat(257);
        for unreadable in ["\u{202e}", &long, &name_too_long] {
            let cookies = [("a", "x"), ("m", unreadable)];
            assert_eq!(outcome(&app, &cookies, &[]), Outcome::Unknown, "{strength:?}");
            let two = [("a", "x|y"), ("m", unreadable)];
            assert_eq!(outcome(&app, &two, &[]), several(&["x", "y"]), "{strength:?}");
        }
    }
    let active = app(&[(Strength::Active, cookie("a")), (Strength::Active, cookie("m"))]);
    assert_eq!(
        outcome(&active, &[("a", "x"), ("m", "\u{202e}")], &[]),
        one("x", Strength::Active)
    );
}

#[test]
fn only_the_apps_own_cookies_count() {
    let app = app(&[(Strength::Active, cookie("a"))]);
    for domain in ["example.com.evil.test", "badexample.com", "com", ""] {
        let cookies = [CookieView {
            name: "s",
            value: "1",
            domain,
        }];
        assert_eq!(
            app.outcome(&Evidence {
                cookies: &cookies,
                pages: &[],
                storage: &[],
            }),
            Outcome::SignedOut,
            "{domain}"
        );
    }
    let mixed = [
        CookieView {
            name: "s",
            value: "1",
            domain: "deep.app.example.com",
        },
        CookieView {
            name: "a",
            value: "mallory",
            domain: "example.org",
        },
        CookieView {
            name: "a",
            value: "alice",
            domain: "app.example.com",
        },
    ];
    assert_eq!(
        app.outcome(&Evidence {
            cookies: &mixed,
            pages: &[],
            storage: &[],
        }),
        one("alice", Strength::Active)
    );
}

#[test]
fn a_session_cookie_may_need_a_value() {
    let mut app = app(&[]);
    app.signed_in = SignedIn {
        all: vec!["s".into()],
        any: vec!["on=1".into(), "on=yes=1".into()],
    };
    for (value, expected) in [
        ("1", Outcome::Unknown),
        ("yes=1", Outcome::Unknown),
        ("0", Outcome::SignedOut),
        ("", Outcome::SignedOut),
    ] {
        assert_eq!(outcome(&app, &[("on", value)], &[]), expected, "{value:?}");
    }
}

#[test]
fn the_verdict_holds_it_against_the_account() {
    let app = app(&[(Strength::List, cookie("l"))]);
    let verdict = |found: &str, expected: Option<&str>| {
        let cookies = [("s", "1"), ("l", found)].map(|(name, value)| CookieView {
            name,
            value,
            domain: "example.com",
        });
        app.verdict(
            &Evidence {
                cookies: &cookies,
                pages: &[],
                storage: &[],
            },
            expected,
        )
    };
    let right = |identity: &str| Verdict::One {
        identity: identity.into(),
        strength: Strength::List,
    };
    assert_eq!(verdict("alice", None), right("alice"));
    assert_eq!(verdict("alice", Some(" alice ")), right("alice"));
    assert_eq!(
        verdict("Alice@Example.com", Some("alice@example.com")),
        right("Alice@Example.com")
    );
    // Nobody's: what is blank, or too long to be shown whole, names nobody by that.
    let long = format!("alice{}", " x".repeat(256));
    for expected in ["Alice", "bob", "alice@example.com", "", " \t", "\u{200b}", &long] {
        let another = Verdict::Another {
            found: "alice".into(),
            expected: expected.into(),
        };
        assert_eq!(verdict("alice", Some(expected)), another);
    }
    assert_eq!(
        verdict("a|b", Some("a")),
        Verdict::Several {
            identities: vec!["a".into(), "b".into()]
        }
    );
    assert_eq!(verdict("", Some("a")), Verdict::Unknown);
    let nobody = app.verdict(
        &Evidence {
            cookies: &[],
            pages: &[],
            storage: &[],
        },
        Some("a"),
    );
    assert_eq!(nobody, Verdict::SignedOut);
}

#[test]
fn identities_are_shown_clean() {
    let app = app(&[(Strength::Active, cookie("a"))]);
    assert_eq!(
        outcome(&app, &[("a", " al\u{202e}ice\u{0}\n x ")], &[]),
        one("alice x", Strength::Active)
    );
}

#[test]
fn an_app_beyond_the_limits_is_never_one() {
    let mut many = app(&[(Strength::Active, cookie("a"))]);
    many.identity = vec![many.identity[0].clone(); MAX_RULES];
    assert_eq!(outcome(&many, &[("a", "x")], &[]), one("x", Strength::Active));
    many.identity.push(many.identity[0].clone());
    assert_eq!(outcome(&many, &[("a", "x")], &[]), Outcome::Unknown);
    let mut long = app(&[(Strength::Active, cookie("a"))]);
    long.identity[0].steps = vec![Step::Trim; MAX_STEPS];
    assert_eq!(outcome(&long, &[("a", "x")], &[]), one("x", Strength::Active));
    long.identity[0].steps.push(Step::Trim);
    assert_eq!(outcome(&long, &[("a", "x")], &[]), Outcome::Unknown);
}

#[test]
fn a_rule_reads_a_megabyte_of_cookies() {
    let mut app = app(&[(Strength::List, cookie("who"))]);
    app.identity[0].steps = vec![Step::Before("|".into())];
    let names: Vec<_> = (0..17).map(|n| format!("{n:02}")).collect();
    let values: Vec<_> = names
        .iter()
        .map(|name| format!("{name}|{}", "x".repeat(MAX_COOKIE - 3)))
        .collect();
    for count in [16, 17] {
        let cookies: Vec<_> = values[..count]
            .iter()
            .map(|value| ("who", value.as_str()))
            .collect();
        let identities = names[..16].to_vec();
        assert_eq!(outcome(&app, &cookies, &[]), Outcome::Several { identities });
    }
}

#[test]
fn the_worst_evidence_is_judged_with_bounded_text() {
    let app = app(&[(Strength::List, Source::CookiePrefix("a".into()))]);
    let value = "x".repeat(MAX_COOKIE);
    let cookies = vec![
        CookieView {
            name: "a",
            value: &value,
            domain: "example.com"
        };
        1000
    ];
    let values = app.read(
        &app.identity[0],
        &Evidence {
            cookies: &cookies,
            pages: &[],
            storage: &[],
        },
    );
    assert!(values.texts.iter().map(String::len).sum::<usize>() <= MAX_TEXT);
    assert!(values.dropped);
}

#[test]
fn what_looks_bound_is_named_once_and_in_order() {
    let mut app = app(&[]);
    app.bound = vec!["b".into(), "a".into(), "b".into(), "c".into(), "d".into()];
    let view = |name, value, domain| CookieView { name, value, domain };
    let cookies = [
        view("a", "1", "app.example.com"),
        view("b", "1", "example.com"),
        view("b", "2", "example.com"),
        view("c", "", "example.com"),
        view("d", "1", "example.org"),
        view("e", "1", "example.com"),
    ];
    assert_eq!(app.bound_among(&cookies), ["b", "a"]);
    assert_eq!(app.bound_among(&[]), [""; 0]);
}

#[test]
fn origins_cover_each_domain() {
    let mut app = app(&[]);
    app.domains.push("example.org".into());
    assert_eq!(app.origins(), ["*://*.example.com/*", "*://*.example.org/*"]);
}

#[test]
fn only_what_is_above_all_other_domains_is_outermost() {
    for (domains, outermost) in [
        (vec!["a.example"], Some("a.example")),
        (
            vec!["www.a.example", "a.example", "b.a.example"],
            Some("a.example"),
        ),
        (vec!["a.example", "ba.example"], None),
        (vec!["a.example", "www.a.example", "b.example"], None),
        (vec!["www.a.example", "b.a.example"], None),
    ] {
        let mut app = app(&[]);
        app.domains = domains.iter().map(|&domain| domain.to_owned()).collect();
        assert_eq!(app.outermost_domain(), outermost, "{domains:?}");
    }
}
