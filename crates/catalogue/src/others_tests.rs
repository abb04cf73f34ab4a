//! What is taken out, what stays, and when nothing is certain.

use super::*;
use crate::OtherAccounts;

const OWN: &str = "0123456789abcdef";
const OTHER: &str = "fedcba9876543210";

fn app() -> App {
    let text = r#"
        id = "app"
        name = "App"
        domains = ["example.com"]
        sign_in = "https://example.com/in"
        check = "https://example.com/home"

        [[others]]
        cookie = "theirs"

        [[others]]
        cookie = "all"
        own = { split = ["|", ", "], after = ":", is = ["session", "session2"] }
    "#;
    App::from_json(&serde_json::to_string(&toml::from_str::<App>(text).unwrap()).unwrap()).unwrap()
}

/// What becomes of cookies of example.com.
fn edits(cookies: &[(&str, &str)]) -> Option<Vec<(usize, Option<String>)>> {
    edits_of(&app(), cookies)
}

fn edits_of(app: &App, cookies: &[(&str, &str)]) -> Option<Vec<(usize, Option<String>)>> {
    let view = |&(name, value)| CookieView {
        name,
        value,
        domain: "www.example.com",
    };
    let cookies: Vec<_> = cookies.iter().map(view).collect();
    let edits = app.without_others(&cookies)?;
    let value = |edit: &Edit| edit.value.as_ref().map(|value| value.to_string());
    Some(edits.iter().map(|edit| (edit.index, value(edit))).collect())
}

/// What stays of a list.
fn stays(list: &str) -> Option<String> {
    match &edits(&[("session", OWN), ("all", list)])?[..] {
        [] => Some(list.to_owned()),
        [(1, Some(value))] => Some(value.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_own_entry_stays_as_it_was_written() {
    for (list, own) in [
        (format!("1:{OWN}|2:{OTHER}"), format!("1:{OWN}")),
        (format!("2:{OTHER}|1:{OWN}"), format!("1:{OWN}")),
        (format!("2:{OTHER}, 1:{OWN}, 3:{OTHER}x"), format!("1:{OWN}")),
        (format!("2%3a{OTHER}%7c1%3A{OWN}"), format!("1%3A{OWN}")),
        (format!("2:{OTHER}%2C%201%3a{OWN}"), format!("1%3a{OWN}")),
        (format!("\"1:{OWN}|2:{OTHER}\""), format!("\"1:{OWN}\"")),
        (
            format!("%31:%30{}|2:{OTHER}", &OWN[1..]),
            format!("%31:%30{}", &OWN[1..]),
        ),
        (format!("1:{OWN}"), format!("1:{OWN}")),
        // The mark is not the separator's first character.
        (format!("a.b:{OWN}|c=d:{OTHER}"), format!("a.b:{OWN}")),
    ] {
        assert_eq!(stays(&list), Some(own), "{list}");
    }
}

#[test]
fn nothing_is_taken_out_of_what_is_not_understood() {
    let many = format!("1:{OWN}{}", "|2:fedcba9876543210".repeat(MAX_VALUES));
    let long = format!("1:{OWN}|2:{}", "f".repeat(MAX_LIST));
    for list in [
        format!("2:{OTHER}"),
        format!("1:{OWN}|2:{OWN}"),
        format!("1:{OWN}|2{OTHER}"),
        format!("1:{OWN}|2:{OTHER}|"),
        format!("1:{OWN}||2:{OTHER}"),
        format!("1:{OWN}|2:"),
        format!("1:{OWN}|:{OTHER}"),
        format!("1:{OWN}|2:{OTHER};3:{OTHER}"),
        format!("1:{OWN}|2:{OTHER};3"),
        format!("1:{OWN}|2:{OTHER}%3B"),
        // Encoded twice, not ASCII, blanks, half of the quotes, quotes encoded.
        format!("1:{OWN}|2:{OTHER}%253Bx"),
        format!("1:{OWN}|2:{OTHER}\u{e9}"),
        format!("1:{OWN}|2:{OTHER} "),
        format!("\"1:{OWN}|2:{OTHER}"),
        format!("%221:{OWN}|2:{OTHER}%22"),
        "\"".to_owned(),
        "\"\"".to_owned(),
        many,
        long,
    ] {
        assert!(stays(&list).is_none(), "{list}");
    }
}

#[test]
fn as_many_and_as_long_as_can_be() {
    let many = format!("1:{OWN}{}", "|2:fedcba9876543210".repeat(MAX_VALUES - 1));
    assert_eq!(stays(&many), Some(format!("1:{OWN}")));
    let head = format!("1:{OWN}|2:");
    let long = format!("{head}{}", "f".repeat(MAX_LIST - head.len()));
    assert_eq!(stays(&long), Some(format!("1:{OWN}")));
}

#[test]
fn the_own_token_is_certain() {
    let list = format!("1:{OWN}|2:{OTHER}");
    let own = Some(format!("1:{OWN}"));
    let quoted = format!("\"{OWN}\"");
    let encoded = format!("%30{}", &OWN[1..]);
    for session in [OWN, &quoted, &encoded] {
        let found = edits(&[("all", &list), ("session2", session), ("session", OWN)]);
        assert_eq!(found, Some(vec![(0, own.clone())]), "{session}");
    }
    assert!(edits(&[("all", &list)]).is_none());
    assert!(edits(&[("all", &list), ("session", "")]).is_none());
    assert!(edits(&[("all", &list), ("session", OWN), ("session2", OTHER)]).is_none());
    let unused = edits(&[("all", &list), ("session", OWN), ("session2", "")]);
    assert_eq!(unused, Some(vec![(0, own)]));
}

#[test]
fn whole_cookies_go_and_all_others_stay() {
    let list = format!("1:{OWN}|2:{OTHER}");
    let cookies = [
        ("theirs", "\"2:whatever"),
        ("session", OWN),
        ("all", list.as_str()),
        ("theirs", ""),
        ("lang", "en"),
        ("all", ""),
        ("theirs", "x"),
    ];
    let expected = [(0, None), (2, Some(format!("1:{OWN}"))), (6, None)];
    assert_eq!(edits(&cookies).unwrap(), expected);
    assert_eq!(edits(&[("session", OWN), ("lang", "en")]), Some(vec![]));
    assert_eq!(edits(&[]), Some(vec![]));
}

#[test]
fn cookies_of_other_hosts_say_nothing_and_stay() {
    let list = format!("1:{OWN}|2:{OTHER}");
    let view = |name, value, domain| CookieView { name, value, domain };
    let foreign = [
        view("all", list.as_str(), "example.org"),
        view("session", OTHER, "example.org"),
        view("session", OWN, "example.com"),
    ];
    assert!(
        app()
            .without_others(&foreign)
            .is_some_and(|edits| edits.is_empty())
    );
}

#[test]
fn a_token_that_is_elsewhere_as_well_cannot_be_taken_out() {
    let list = format!("1:{OWN}|2:{OTHER}");
    let with = |value: &str| edits(&[("session", OWN), ("all", &list), ("more", value)]).is_some();
    assert!(with(&OTHER[1..]));
    assert!(with(OWN));
    let first = OTHER.as_bytes()[0];
    for value in [
        OTHER.to_owned(),
        format!("x{OTHER}y"),
        format!("%{first:02X}{}", &OTHER[1..]),
    ] {
        assert!(!with(&value), "{value}");
    }
    // In the entry that stays, too.
    assert!(stays(&format!("{OTHER}:{OWN}|2:{OTHER}")).is_none());
    // In a cookie that goes, it does no harm.
    let found = edits(&[("session", OWN), ("all", &list), ("theirs", OTHER)]);
    assert_eq!(found.unwrap().len(), 2);
}

#[test]
fn what_looks_like_a_token_of_a_cookie_that_goes_is_nowhere_else() {
    let with = |theirs: &str, more: &str| edits(&[("session", OWN), ("theirs", theirs), ("more", more)]);
    let gone = Some(vec![(1, None)]);
    let token = "c0ffeec0ffeec0ff";
    assert_eq!(token.len(), MIN_TOKEN);
    for theirs in [
        format!("\"2:{token}|3:facade\""),
        format!("2%3A{token}%7C3%3Afacade"),
        format!("%7B%22token%22%3A%22{token}%22%7D"),
        format!("id=2&token={token}=="),
        token.to_owned(),
    ] {
        assert_eq!(with(&theirs, "en"), gone, "{theirs}");
        assert_eq!(with(&theirs, &token[1..]), gone, "{theirs}");
        for more in [
            token.to_owned(),
            format!("x{token}y"),
            format!("%63{}", &token[1..]),
        ] {
            assert_eq!(with(&theirs, &more), None, "{theirs} {more}");
        }
    }
    // Names, numbers and short texts are no tokens.
    for theirs in ["1460323737035677698", &token[1..], "2:facade"] {
        assert_eq!(with(theirs, theirs), gone, "{theirs}");
    }
    // The own sign-in is among them.
    assert_eq!(with(&format!("1:{OWN}|2:{token}"), "en"), None);
    // A copy in another cookie that goes does no harm.
    let both = [("theirs", token), ("session", OWN), ("theirs", token)];
    assert_eq!(edits(&both), Some(vec![(0, None), (2, None)]));
    assert_eq!(edits(&[("theirs", &"f".repeat(MAX_LIST))]), Some(vec![(0, None)]));
    assert_eq!(edits(&[("theirs", &"f".repeat(MAX_LIST + 1))]), None);
}

#[test]
fn an_app_without_rules_or_with_too_many_says_nothing() {
    let mut app = app();
    let rule = OtherAccounts {
        cookie: "a".into(),
        own: None,
    };
    app.others = vec![rule.clone(); MAX_RULES + 1];
    assert!(edits_of(&app, &[]).is_none());
    app.others = vec![rule; MAX_RULES];
    assert!(edits_of(&app, &[]).is_some());
    app.others.clear();
    assert!(edits_of(&app, &[]).is_none());
}
