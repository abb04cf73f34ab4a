//! Every problem, and the line that it is in.

use super::*;

const GOOD: &str = r#"id = "custom-good"
name = "Good app"
domains = [
    "example.com",
    "example.org",
]
sign_in = "https://example.com/in"
check = "https://example.com/home"
storage = ["https://example.com#login"]
bound = ["refreshed"]

[signed_in]
all = ["sessionid"]

[[identity]]
strength = "list"
from = { cookie = "who" }
steps = [
    "unquote",
    { split = "|" },
]

[[others]]
cookie = "beside"
own = { split = ["|"], after = ":", is = ["sessionid"] }
"#;

/// The problems of the good app after these texts were put in place of others.
fn problems(changes: &[(&str, &str)]) -> Vec<(usize, String)> {
    let mut text = GOOD.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let problems = App::check_toml(&text).unwrap_err();
    assert!(App::from_toml(&text).is_err());
    problems.into_iter().map(|it| (it.line, it.reason)).collect()
}

fn lines(problems: &[(usize, String)]) -> Vec<usize> {
    problems.iter().map(|(line, _)| *line).collect()
}

#[test]
fn a_good_app_has_no_problem() {
    assert_eq!(App::check_toml(GOOD), Ok(App::from_toml(GOOD).unwrap()));
}

#[test]
fn all_of_the_syntax() {
    let found = problems(&[("\"Good app\"", "\"Good app"), ("[signed_in]", "[signed_in")]);
    assert_eq!(lines(&found), [2, 12]);
}

#[test]
fn all_of_the_form() {
    let found = problems(&[
        ("custom-good", "Custom Good"),
        ("\"example.org\"", "7"),
        ("check =", "checks ="),
        ("\"https://example.com#login\"", "true"),
        ("[\"refreshed\"]", "[7]"),
        ("strength = \"list\"", "strength = \"sure\""),
        ("\"unquote\"", "\"unqoute\""),
        ("{ split = \"|\" }", "{ splits = \"|\" }"),
        ("after = \":\"", "before = \":\""),
    ]);
    // What is missing is told of the whole: line 1.
    assert_eq!(lines(&found), [1, 1, 5, 8, 9, 10, 16, 19, 20, 25]);
    for (line, part) in [(1, "`check`"), (8, "`checks`"), (19, "`unqoute`")] {
        assert!(
            found
                .iter()
                .any(|(at, reason)| *at == line && reason.contains(part)),
            "{found:?}"
        );
    }
    let found = problems(&[("strength = \"list\"\n", "")]);
    assert_eq!(lines(&found), [15]);
    let found = problems(&[("domains = [", "domains = 7\nnames = [")]);
    assert_eq!(lines(&found), [3, 4]);
}

#[test]
fn all_of_the_content() {
    let found = problems(&[
        ("Good app", " Good app"),
        ("\"example.org\"", "\"org\""),
        ("https://example.com/in", "https://example.net/in"),
        ("\"sessionid\"", "\"sessionid\", \"\""),
        ("#login", ""),
        ("\"refreshed\"", "\"\""),
        ("cookie = \"who\"", "cookie = \"sessionid\""),
        ("split = \"|\"", "split = \"\""),
        ("\"beside\"", "\"\""),
        ("split = [\"|\"]", "split = []"),
    ]);
    assert_eq!(lines(&found), [2, 5, 7, 9, 10, 13, 17, 20, 24, 25, 25]);
    assert!(found[1].1.starts_with("domains[1]: "), "{found:?}");
    assert!(found[7].1.starts_with("identity[0].steps[1]: "), "{found:?}");
}

#[test]
fn a_custom_app_on_the_domains_of_a_supported_one() {
    for domain in ["github.com", "gist.github.com"] {
        let text = GOOD.replace("\"example.org\"", &format!("\"{domain}\""));
        assert!(App::from_toml(&text).is_ok());
        let found = App::check_toml(&text).unwrap_err();
        assert_eq!((found.len(), found[0].line), (1, 3));
        assert!(found[0].reason.contains("GitHub"), "{found:?}");
    }
}

#[test]
fn oversized_text_is_not_parsed() {
    let padded = |length: usize| format!("{GOOD}#{}", "-".repeat(length - GOOD.len() - 1));
    assert!(App::check_toml(&padded(MAX_DEFINITION)).is_ok());
    let found = App::check_toml(&padded(MAX_DEFINITION + 1)).unwrap_err();
    assert_eq!(found[0].to_string(), format!("1: {}", AppError::TooLarge));
}
