//! What is refused, and where the error points.

use super::*;
use crate::{AppId, OtherAccounts, Strength};

const GOOD: &str = r#"
id = "custom-good"
name = "Good app"
domains = ["example.com", "localhost"]
sign_in = "http://localhost:8000/in"
sign_out = "https://example.com/out"
check = "https://app.example.com/home?tab=1"
storage = ["http://localhost:8000#login"]
storage_optional = ["https://example.com#users"]
bound = ["refreshed"]

[signed_in]
all = ["sessionid"]
any = ["a", "b=1"]

[[identity]]
strength = "list"
from = { page = "https://app.example.com/who" }
steps = ["html-text", { split = "|" }, { json = "" }]

[[others]]
cookie = "beside"
own = { split = [","], after = "=", is = ["a"] }

[[others]]
cookie = "all"
own = { split = ["|"], after = ":", is = ["sessionid"] }
"#;

fn good() -> App {
    App::from_toml(GOOD).unwrap()
}

/// The field and fault of the good app after `change`.
fn fault(change: impl FnOnce(&mut App)) -> (String, Fault) {
    let mut app = good();
    change(&mut app);
    match app.validate() {
        Err(AppError::Field { field, fault }) => (field, fault),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_app_passes_in_both_forms() {
    let json = serde_json::to_string(&good()).unwrap();
    assert_eq!(App::from_json(&json), Ok(good()));
}

#[test]
fn names() {
    let name = |name: &str| fault(|app| app.name = name.into());
    assert_eq!(name(""), ("name".into(), Fault::Empty));
    assert_eq!(name("\u{200b}"), ("name".into(), Fault::Empty));
    assert_eq!(name(" App"), ("name".into(), Fault::Unclean));
    assert_eq!(name("A\u{202e}pp"), ("name".into(), Fault::Unclean));
    assert_eq!(name(&"x".repeat(81)), ("name".into(), Fault::TooLong(80)));
}

#[test]
fn domains() {
    let domains = |list: &[&str]| fault(|app| app.domains = list.iter().map(|&d| d.into()).collect());
    assert_eq!(domains(&[]), ("domains".into(), Fault::Empty));
    assert_eq!(domains(&["a.com", "a.com"]).1, Fault::Twice("a.com".into()));
    for broad in ["com", "test"] {
        assert_eq!(domains(&[broad]).1, Fault::TooBroad(broad.into()));
    }
    for bad in [
        "", ".a.com", "a.com.", "A.com", "a b.com", "*.a.com", "a.com/", "a.com:1", "10.0.0.1", "é.com",
    ] {
        assert_eq!(domains(&[bad]).1, Fault::NotAHost(bad.into()));
    }
    let many: Vec<String> = (0..65).map(|i| format!("a{i}.com")).collect();
    assert_eq!(fault(|app| app.domains = many).1, Fault::TooLong(64));
}

#[test]
fn pages() {
    for bad in [
        "javascript:alert(1)",
        "ftp://example.com/",
        "//example.com/",
        "https://user@example.com/",
        "https://example.com/a b",
        "https://example.com/../x",
        "https://example.com/\"x",
    ] {
        let expected = Fault::NotAnAddress(bad.into());
        assert_eq!(
            fault(|app| app.sign_in = bad.into()),
            ("sign_in".into(), expected.clone())
        );
        assert_eq!(
            fault(|app| app.sign_out = Some(bad.into())),
            ("sign_out".into(), expected.clone())
        );
        assert_eq!(
            fault(|app| app.check = bad.into()),
            ("check".into(), expected.clone())
        );
        for from in [Source::Page(bad.into()), Source::Probe(bad.into())] {
            let rule = fault(|app| app.identity[0].from = from);
            assert_eq!(rule, ("identity[0].from".into(), expected.clone()));
        }
    }
    let elsewhere = "https://example.com.evil.test/";
    assert_eq!(
        fault(|app| app.check = elsewhere.into()).1,
        Fault::Elsewhere(elsewhere.into())
    );
    assert_eq!(fault(|app| app.check = String::new()).1, Fault::Empty);
    let long = format!("https://example.com/{}", "x".repeat(2048));
    assert_eq!(fault(|app| app.check = long).1, Fault::TooLong(2048));
}

#[test]
fn cookies_and_rules() {
    let all = fault(|app| app.signed_in.all.push(String::new()));
    assert_eq!(all, ("signed_in.all[1]".into(), Fault::Empty));
    let any = fault(|app| app.signed_in.any.push("a".into()));
    assert_eq!(any, ("signed_in.any[2]".into(), Fault::Twice("a".into())));
    let bound = fault(|app| app.bound.push(String::new()));
    assert_eq!(bound, ("bound[1]".into(), Fault::Empty));
    let bound = fault(|app| app.bound.push("refreshed".into()));
    assert_eq!(bound, ("bound[1]".into(), Fault::Twice("refreshed".into())));
    let rules = fault(|app| app.identity = vec![app.identity[0].clone(); 9]);
    assert_eq!(rules, ("identity".into(), Fault::TooLong(8)));
    let steps = fault(|app| app.identity[0].steps = vec![Step::Trim; 17]);
    assert_eq!(steps, ("identity[0].steps".into(), Fault::TooLong(16)));
    let name = fault(|app| app.identity[0].from = Source::CookiePrefix(String::new()));
    assert_eq!(name, ("identity[0].from".into(), Fault::Empty));
    let step = |step| fault(|app| app.identity[0].steps.push(step));
    assert_eq!(
        step(Step::Split(String::new())),
        ("identity[0].steps[3]".into(), Fault::Empty)
    );
    assert_eq!(step(Step::After("x".repeat(257))).1, Fault::TooLong(256));
    assert_eq!(
        step(Step::Json("users".into())).1,
        Fault::NotAPointer("users".into())
    );
    assert_eq!(
        step(Step::JsonText("users".into())).1,
        Fault::NotAPointer("users".into())
    );
    for bad in ["", "/a", "a=b"] {
        let fault = Fault::NotACondition(bad.into());
        assert_eq!(step(Step::Where(bad.into())).1, fault);
        assert_eq!(step(Step::Unless(bad.into())).1, fault);
    }
    assert_eq!(step(Step::Unless("/".repeat(257))).1, Fault::TooLong(256));
    let mut app = good();
    app.identity[0].steps = vec![Step::Where("=".into()), Step::Unless("/a=b=c".into())];
    assert_eq!(app.validate(), Ok(()));
}

#[test]
fn cookies_of_other_accounts() {
    let of = |change: &dyn Fn(&mut OwnEntry)| fault(|app| change(app.others[1].own.as_mut().unwrap()));
    let field = |name: &str| format!("others[1].own.{name}");
    assert_eq!(of(&|own| own.split.clear()), (field("split"), Fault::Empty));
    assert_eq!(of(&|own| own.is.clear()), (field("is"), Fault::Empty));
    assert_eq!(of(&|own| own.after.clear()), (field("after"), Fault::Empty));
    assert_eq!(
        of(&|own| own.split.push(String::new())),
        (field("split[1]"), Fault::Empty)
    );
    assert_eq!(
        of(&|own| own.is.push("x".repeat(257))),
        (field("is[1]"), Fault::TooLong(256))
    );
    let cookie = fault(|app| app.others[0].cookie.clear());
    assert_eq!(cookie, ("others[0].cookie".into(), Fault::Empty));
    let twice = fault(|app| app.others[1].cookie = "beside".into());
    assert_eq!(twice, ("others[1].cookie".into(), Fault::Twice("beside".into())));
    let many = fault(|app| app.others = vec![app.others[0].clone(); 9]);
    assert_eq!(many, ("others".into(), Fault::TooLong(8)));
    let whole = fault(|app| app.others[1].own = None);
    assert_eq!(whole, ("others[1].own".into(), Fault::WholeCookie("all".into())));
    let mut supported = good();
    supported.id = "good".parse().unwrap();
    supported.others[1].own = None;
    assert_eq!(supported.validate(), Ok(()));
}

#[test]
fn entries_of_the_storage() {
    let faulty = |entry: &str| {
        let rule = fault(|app| app.identity[0].from = Source::Storage(entry.into()));
        assert_eq!(rule.0, "identity[0].from");
        let needed = fault(|app| app.storage.push(entry.into()));
        assert_eq!(needed, ("storage[1]".into(), rule.1.clone()));
        let optional = fault(|app| app.storage_optional.push(entry.into()));
        assert_eq!(optional, ("storage_optional[1]".into(), rule.1.clone()));
        rule.1
    };
    assert_eq!(faulty("https://example.com#"), Fault::Empty);
    let long = format!("https://example.com#{}", "x".repeat(257));
    assert_eq!(faulty(&long), Fault::TooLong(256));
    let elsewhere = Fault::Elsewhere("https://example.org".into());
    assert_eq!(faulty("https://example.org#a"), elsewhere);
    for entry in [
        "",
        "a",
        "#a",
        "example.com#a",
        "https://example.com",
        "https://example.com/#a",
        "https://example.com:443#a",
    ] {
        assert_eq!(faulty(entry), Fault::NotAnEntry(entry.into()));
    }
    for key in ["", "auth", "auth/", "/users", "/"] {
        let entry = format!("https://example.com#indexeddb:{key}");
        assert_eq!(faulty(&entry), Fault::NotAStore(entry), "{key}");
    }
    for entry in [
        "https://example.com#a#b",
        "https://example.com#indexeddb",
        "https://example.com#indexeddb:auth/users",
        "https://example.com#indexeddb:auth/a/b",
    ] {
        let mut app = good();
        app.storage.push(entry.into());
        assert_eq!(app.validate(), Ok(()), "{entry}");
    }
    let twice = fault(|app| app.storage.push(app.storage[0].clone()));
    let login = "http://localhost:8000#login";
    assert_eq!(twice, ("storage[1]".into(), Fault::Twice(login.into())));
    let users = "https://example.com#users";
    let twice = fault(|app| app.storage_optional.push(users.into()));
    assert_eq!(twice, ("storage_optional[1]".into(), Fault::Twice(users.into())));
    let both = fault(|app| app.storage_optional.push(login.into()));
    assert_eq!(both, ("storage_optional[1]".into(), Fault::Twice(login.into())));
    let many: Vec<_> = (0..65).map(|i| format!("https://example.com#{i}")).collect();
    assert_eq!(
        fault(|app| app.storage = many.clone()),
        ("storage".into(), Fault::TooLong(64))
    );
    assert_eq!(
        fault(|app| app.storage_optional = many),
        ("storage_optional".into(), Fault::TooLong(64))
    );
}

#[test]
fn rules_read_entries_that_are_listed() {
    let read = |entry: &str, id: &str| {
        let mut app = good();
        app.id = id.parse().unwrap();
        app.identity[0].from = Source::Storage(entry.into());
        app.identity[0].steps = vec![Step::Json("/*/name".into())];
        app.validate()
    };
    for id in ["custom-good", "good"] {
        for entry in ["http://localhost:8000#users", "https://example.com#login"] {
            let unlisted = Err(AppError::Field {
                field: "identity[0].from".into(),
                fault: Fault::Unlisted(entry.into()),
            });
            assert_eq!(read(entry, id), unlisted);
        }
        assert_eq!(read("https://example.com#users", id), Ok(()));
    }
    assert_eq!(read("http://localhost:8000#login", "good"), Ok(()));
}

#[test]
fn of_what_signs_in_by_the_storage_names_alone_are_read() {
    let read = |steps: Vec<Step>| {
        let mut app = good();
        app.identity[0].from = Source::Storage(app.storage[0].clone());
        app.identity[0].steps = steps;
        app.validate()
    };
    for steps in [vec![], vec![Step::Json("/teams/*/token".into())]] {
        assert!(matches!(
            read(steps),
            Err(AppError::Field { fault: Fault::ReadsSession(name), .. }) if name == "http://localhost:8000#login"
        ));
    }
    assert_eq!(read(vec![Step::JsonKeys("/teams".into())]), Ok(()));
    assert_eq!(read(vec![Step::JwtClaims]), Ok(()));
}

/// A list of accounts may name people beside their tokens.
#[test]
fn of_what_need_not_be_in_the_storage_no_whole_entry_is_an_identity() {
    let read = |steps: Vec<Step>| {
        let mut app = good();
        let entry = "http://localhost:8000#users".to_owned();
        app.storage_optional = vec![entry.clone()];
        app.identity[0].from = Source::Storage(entry);
        app.identity[0].steps = steps;
        app.validate()
    };
    for steps in [
        vec![],
        vec![Step::Before(":".into())],
        // A token is JSON if it is all digits, or stands in quotes.
        vec![Step::Json(String::new())],
        vec![Step::JsonText(String::new())],
        vec![Step::JsonText(String::new()), Step::Unquote],
    ] {
        assert!(matches!(
            read(steps),
            Err(AppError::Field { fault: Fault::ReadsSession(name), .. }) if name == "http://localhost:8000#users"
        ));
    }
    for step in [
        Step::Json("/*/name".into()),
        Step::JsonText("/*".into()),
        Step::JsonKeys(String::new()),
        Step::JwtClaims,
    ] {
        assert_eq!(read(vec![step]), Ok(()));
    }
    let names = vec![Step::JsonText(String::new()), Step::Json("/name".into())];
    assert_eq!(read(names), Ok(()));
}

#[test]
fn a_custom_app_of_several_domains_tells_none_who_is_signed_in() {
    let mut app = good();
    app.sign_out_of = Some("https://example.com/out?user={identity}".to_owned());
    assert_eq!(app.domains.len(), 2);
    assert!(matches!(
        app.validate(),
        Err(AppError::Field { field, fault: Fault::SeveralDomains }) if field == "sign_out_of"
    ));
    app.id = "good".parse().unwrap();
    assert_eq!(app.validate(), Ok(()));
}

/// A rule may read a cookie that no script sees: its value must not get to another host.
#[test]
fn a_custom_app_tells_no_host_below_its_domain_who_is_signed_in() {
    let app = |page: &str| {
        let mut app = good();
        app.domains = vec!["example.com".to_owned()];
        app.sign_in = "https://example.com/in".to_owned();
        app.storage = Vec::new();
        app.sign_out_of = Some(page.to_owned());
        app
    };
    for page in [
        "https://ferry.example.com/x?u={identity}",
        "https://www.example.com/out/{identity}",
        "https://a.b.example.com:8443/?u={identity}",
    ] {
        let expected = AppError::Field {
            field: "sign_out_of".to_owned(),
            fault: Fault::BelowDomain(page.to_owned()),
        };
        assert!(
            expected.to_string().contains("on the domain itself"),
            "{expected}"
        );
        assert_eq!(app(page).validate(), Err(expected));
        let mut supported = app(page);
        supported.id = "good".parse().unwrap();
        assert_eq!(supported.validate(), Ok(()));
    }
    for page in [
        "https://example.com/out/{identity}",
        "https://example.com:8443/out?user={identity}",
    ] {
        assert_eq!(app(page).validate(), Ok(()), "{page}");
    }
}

#[test]
fn a_session_cookie_is_no_identity() {
    let fault =
        |from, steps: Vec<Step>| fault(|app| (app.identity[0].from, app.identity[0].steps) = (from, steps));
    for (from, name) in [
        (Source::Cookie("sessionid".into()), "sessionid"),
        (Source::CookiePrefix("sess".into()), "sessionid"),
        (Source::Cookie("b".into()), "b"),
        (Source::CookiePrefix("a".into()), "a"),
    ] {
        for steps in [vec![], vec![Step::Before(":".into())]] {
            assert_eq!(
                fault(from.clone(), steps),
                ("identity[0].from".into(), Fault::ReadsSession(name.into()))
            );
        }
    }
    let allowed = |from, steps: Vec<Step>| {
        let mut app = good();
        (app.identity[0].from, app.identity[0].steps) = (from, steps);
        app.validate()
    };
    assert_eq!(allowed(Source::Cookie("who".into()), vec![]), Ok(()));
    assert_eq!(allowed(Source::CookiePrefix("session_".into()), vec![]), Ok(()));
    let claims = vec![Step::JwtClaims, Step::Json("/sub".into())];
    assert_eq!(allowed(Source::Cookie("sessionid".into()), claims), Ok(()));
}

#[test]
fn errors_name_the_line() {
    let line = |text: &str| match App::from_toml(text) {
        Err(AppError::Form { line, reason }) => {
            assert!(!reason.is_empty());
            line
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(line(&GOOD.replace("[signed_in]", "[signed_in")), 12);
    assert_eq!(
        line(&GOOD.replace("strength = \"list\"", "strength = \"sure\"")),
        17
    );
    assert_eq!(line(&GOOD.replace("all =", "each =")), 13);
    assert_eq!(line(&GOOD.replace("custom-good", "Custom Good")), 2);
    let json = "{\n \"id\": \"a\",\n \"nonsense\": 1 }";
    assert!(matches!(
        App::from_json(json),
        Err(AppError::Form { line: 3, .. })
    ));
}

#[test]
fn oversized_text_is_not_parsed() {
    let text = " ".repeat(MAX_DEFINITION + 1);
    assert_eq!(App::from_toml(&text), Err(AppError::TooLarge));
    assert_eq!(App::from_json(&text), Err(AppError::TooLarge));
    let text = &text[1..];
    assert!(matches!(App::from_toml(text), Err(AppError::Form { .. })));
    assert!(matches!(App::from_json(text), Err(AppError::Form { .. })));
}

#[test]
fn as_much_as_can_be() {
    let passes = |change: &dyn Fn(&mut App)| {
        let mut app = good();
        change(&mut app);
        assert_eq!(app.validate(), Ok(()));
    };
    let mark = || "x".repeat(256);
    passes(&|app| app.name = "\u{e9}".repeat(80));
    passes(&|app| app.domains.extend((2..64).map(|n| format!("a{n}.com"))));
    passes(&|app| app.check = format!("{:x<2048}", "https://example.com/"));
    passes(&|app| {
        app.id = "good".parse().unwrap();
        app.sign_out_of = Some(format!("{:x<2040}", "https://example.com/{identity}"));
    });
    passes(&|app| app.storage = (0..64).map(|n| format!("https://example.com#{n}")).collect());
    passes(&|app| app.storage = vec![format!("https://example.com#{}", mark())]);
    passes(&|app| app.signed_in.all = vec![mark()]);
    passes(&|app| app.identity = vec![app.identity[0].clone(); 8]);
    passes(&|app| app.identity[0].steps = vec![Step::Split(mark()); 16]);
    passes(&|app| app.identity[0].steps = vec![Step::Json(format!("{:/<256}", "/"))]);
    passes(&|app| app.identity[0].steps = vec![Step::Where(format!("{:x<256}", "/a="))]);
    passes(&|app| {
        let nth = |n| OtherAccounts {
            cookie: format!("c{n}"),
            own: app.others[0].own.clone(),
        };
        app.others = (0..8).map(nth).collect();
    });
}

#[test]
fn errors_say_what_to_do() {
    let error = {
        let mut app = good();
        app.domains = vec!["com".into()];
        app.validate().unwrap_err()
    };
    assert_eq!(
        error.to_string(),
        "domains[0]: \"com\" has no dot: name the app's own domain, such as \"example.com\""
    );
}

#[test]
fn app_ids() {
    for good in ["x", "custom-django-admin", "a1", &"a".repeat(64)] {
        assert_eq!(good.parse::<AppId>().unwrap().as_str(), good);
    }
    for bad in ["", "X", "a b", "a_b", "é", &"a".repeat(65)] {
        assert!(bad.parse::<AppId>().is_err(), "{bad:?}");
    }
    assert_eq!(good().identity[0].strength, Strength::List);
}
