//! What is said of cases that do not fit, and of those that are not there.

use super::*;

const APP: &str = r#"
id = "custom-app"
name = "App"
domains = ["example.com"]
sign_in = "https://example.com/in"
check = "https://example.com/home"
storage = ["https://example.com#login"]
bound = ["tied"]

[signed_in]
all = ["s"]

[[identity]]
strength = "list"
from = { cookie = "who" }
steps = [{ split = "|" }]

[[others]]
cookie = "saved"
own = { split = ["|"], after = ":", is = ["s"] }
"#;

const CASES: &str = r#"
[[case]]
name = "signed out: no cookie"
cookies = [["who", "ada"]]
storage = [["login", "1"]]
outcome = "signed-out"

[[case]]
name = "signed out: no entry"
cookies = [["s", "1"], ["who", "ada"]]
outcome = "signed-out"

[[case]]
name = "unknown: nobody looked"
cookies = [["s", "1"], ["who", "ada"]]
storage_unread = true
outcome = "unknown"

[[case]]
name = "one"
cookies = [["saved", "1:1|2:two"], ["s", "1"], ["who", "ada", "app.example.com"]]
storage = [["https://example.com#login", "1"]]
outcome = { one = "ada", strength = "list" }
alone = [["saved", "1:1"], ["s", "1"], ["who", "ada", "app.example.com"]]

[[case]]
name = "another"
account = "bob"
cookies = [["s", "1"], ["who", "ada"]]
storage = [["login", "1"]]
outcome = { another = "ada" }

[[case]]
name = "several"
cookies = [["s", "1"], ["who", "ada|bob"], ["tied", "1"]]
storage = [["login", "1"]]
outcome = { several = ["ada", "bob"] }
bound = ["tied"]

[[case]]
name = "malformed"
cookies = [["s", "1"], ["who", "\u200b"]]
storage = [["login", "1"]]
outcome = "unknown"
"#;

fn app() -> App {
    App::from_toml(APP).unwrap()
}

fn problems(cases: &str) -> Vec<(usize, String)> {
    let found = Fixtures::from_toml(cases).unwrap().problems(&app());
    found.into_iter().map(|it| (it.line, it.reason)).collect()
}

/// The problems without the case of this name.
fn without(name: &str) -> Vec<(usize, String)> {
    let cases = CASES
        .split("[[case]]")
        .filter(|case| !case.starts_with(&format!("\nname = \"{name}\"\n")));
    let cases = cases.collect::<Vec<_>>().join("[[case]]");
    assert_ne!(cases, CASES, "{name}");
    problems(&cases)
}

#[test]
fn cases_that_fit_have_no_problem() {
    assert_eq!(problems(CASES), []);
    let fixtures = Fixtures::from_toml(CASES).unwrap();
    assert_eq!(fixtures.count(), 7);
    assert_eq!(fixtures.kinds().filter(|kind| *kind == "signed out").count(), 2);
}

#[test]
fn a_case_that_comes_out_otherwise_is_told_with_its_line() {
    let found = problems(&CASES.replace(
        "{ another = \"ada\" }",
        "{ one = \"ada\", strength = \"active\" }",
    ));
    assert_eq!(found[0].0, 26);
    assert!(found[0].1.contains("its name starts with that"), "{found:?}");
    let found = problems(&CASES.replace("[\"ada\", \"bob\"]", "[\"ada\", \"eve\"]"));
    assert_eq!(
        found,
        [(
            33,
            "case \"several\" expects { several = [\"ada\", \"eve\"] }, \
             but { several = [\"ada\", \"bob\"] } came out"
                .to_owned()
        )]
    );
    let found = problems(&CASES.replace("strength = \"list\"", "strength = \"active\""));
    assert!(
        found[0]
            .1
            .ends_with("but { one = \"ada\", strength = \"list\" } came out"),
        "{found:?}"
    );
    let found = problems(&CASES.replace("storage_unread = true", "storage_unread = false"));
    assert!(
        found[0]
            .1
            .ends_with("expects \"unknown\", but \"signed-out\" came out")
    );
}

#[test]
fn what_looks_bound_is_told_by_a_case() {
    let found = problems(&CASES.replace("bound = [\"tied\"]", ""));
    let reason = "case \"several\" expects bound = [], but has [\"tied\"]";
    assert_eq!(found, [(33, reason.to_owned())]);
    let untied = CASES
        .replace(", [\"tied\", \"1\"]", "")
        .replace("bound = [\"tied\"]", "");
    let reason = "no case needs \"tied\" of bound: add one that does, or leave it out";
    assert_eq!(problems(&untied), [(1, reason.to_owned())]);
}

#[test]
fn what_is_left_alone_is_told_by_a_case() {
    let of = |changes: &[(&str, &str)]| {
        let change = |text: String, (from, to): &(&str, &str)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        };
        problems(&changes.iter().fold(CASES.to_owned(), change))
    };
    let who = "[\"who\", \"ada\", \"app.example.com\"]]";
    let alone = &format!("alone = [[\"saved\", \"1:1\"], [\"s\", \"1\"], {who}");
    let left = "case \"one\" leaves alone = [[\"saved\", \"1:1\"], [\"s\", \"1\"], [\"who\", \"ada\"]]";
    for other in [
        String::new(),
        "alone = []".to_owned(),
        "alone = [[\"saved\", \"1:1\"], [\"s\", \"1\"]]".to_owned(),
        alone.replace("1:1", "2:1"),
        alone.replace("saved", "other"),
        alone.replace("app.", ""),
        alone.replace("]]", "], [\"a\", \"b\"]]"),
    ] {
        assert_eq!(of(&[(alone, &other)]), [(19, left.to_owned())], "{other}");
    }
    let nothing = "case \"one\" expects what is left alone, but nothing was taken out";
    assert_eq!(of(&[("1:1|2:two", "1:1")]), [(19, nothing.to_owned())]);
    let several = of(&[
        ("name = \"one\"", "name = \"several: two\""),
        (who, "[\"who\", \"ada|bob\", \"app.example.com\"]]"),
        (
            "{ one = \"ada\", strength = \"list\" }",
            "{ several = [\"ada\", \"bob\"] }",
        ),
    ]);
    let reason = "case \"several: two\" leaves cookies alone that come out as \
                  { several = [\"ada\", \"bob\"] }, not as one";
    assert_eq!(several[0], (19, reason.to_owned()));
    let unused = of(&[(alone, ""), ("1:1|2:two", "1:1")]);
    let unused: Vec<_> = unused
        .iter()
        .map(|(_, reason)| reason.split(':').next())
        .collect();
    let needless = ["others[0]", "others[0].own.split[0]", "others[0].own.is[0]"];
    assert_eq!(
        unused,
        needless.map(|part| Some(&*format!("no case needs {part}").leak()))
    );
}

#[test]
fn each_outcome_and_each_part_needs_a_case() {
    let no_looking = CASES.replace("storage_unread = true", "storage = [[\"login\", \"\"]]");
    let no_looking = no_looking.replacen("outcome = \"unknown\"", "outcome = \"signed-out\"", 1);
    let no_looking = no_looking.replace("unknown: nobody looked", "signed out: emptied");
    assert_eq!(problems(&no_looking), []);
    let all_there = CASES
        .replacen(
            "cookies = [[\"s\", \"1\"], [\"who\", \"ada\"]]",
            "cookies = []",
            1,
        )
        .replacen(
            "cookies = [[\"s\", \"1\"], [\"who\", \"ada\"]]",
            "cookies = [[\"s\", \"1\"]]",
            1,
        );
    let found = problems(&all_there);
    assert!(
        matches!(&found[..], [(1, reason)] if reason.contains("needs \"https://example.com#login\" of storage")),
        "{found:?}"
    );
    for (name, missing) in [
        ("one", "comes out as \"one\""),
        ("another", "comes out as \"another\""),
        ("several", "comes out as \"several\""),
        ("malformed", "is \"malformed\""),
        ("signed out: no cookie", "needs \"s\" of signed_in.all"),
    ] {
        let found = without(name);
        assert!(
            matches!(&found[..], [(1, reason)] if reason.contains(missing)),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn which_outcomes_the_rules_can_give() {
    let of = |change: &dyn Fn(&mut App)| {
        let mut app = app();
        change(&mut app);
        outcomes(&app)
    };
    let all = ["signed out", "unknown", "one", "another", "several"];
    let (opaque, single) = (&all[..2], &all[..4]);
    assert_eq!(of(&|_| {}), all);
    assert_eq!(of(&|app| app.identity.clear()), opaque);
    let page = Source::Page("https://example.com/me".into());
    let one_page = |app: &mut App, steps: &[Step]| {
        app.identity[0].from = page.clone();
        app.identity[0].steps = steps.to_vec();
    };
    assert_eq!(of(&|app| one_page(app, &[])), single);
    assert_eq!(of(&|app| one_page(app, &[Step::Json("/user".into())])), single);
    for step in [
        Step::Split(",".into()),
        Step::JsonKeys("/users".into()),
        Step::Json("/users/*/name".into()),
    ] {
        assert_eq!(
            of(&|app| one_page(app, std::slice::from_ref(&step))),
            all,
            "{step:?}"
        );
    }
    let twice = |app: &mut App| {
        one_page(app, &[]);
        app.identity.push(app.identity[0].clone());
    };
    assert_eq!(of(&twice), all);
    let entry = |app: &mut App| {
        one_page(app, &[]);
        app.identity[0].from = Source::Storage(app.storage[0].clone());
    };
    assert_eq!(of(&entry), single);
}

#[test]
fn a_file_that_is_not_of_the_form_is_told_with_its_line() {
    let line = |text: &str| Fixtures::from_toml(text).err().unwrap().line;
    assert_eq!(line(&CASES.replace("account =", "acount =")), 28);
    assert_eq!(line(&CASES.replace("[\"who\", \"ada|bob\"]", "[\"who\"]")), 35);
    assert_eq!(line("\n[[case"), 2);
}
