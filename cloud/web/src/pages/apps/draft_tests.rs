//! Form and definition come to the same, and faults are shown where they are.

use ferry_catalogue::Step;

use super::*;

fn wiki() -> Draft {
    Draft {
        name: " Our wiki ".to_owned(),
        id: "custom-wiki".to_owned(),
        domains: "wiki.example.com\n\n  example.org \n".to_owned(),
        sign_in: "https://wiki.example.com/login".to_owned(),
        sign_out: " ".to_owned(),
        sign_out_of: String::new(),
        check: "https://wiki.example.com/me".to_owned(),
        all: "session\n".to_owned(),
        any: String::new(),
        kept: Kept::default(),
        rules: vec![Rule {
            key: 0,
            strength: Strength::List,
            from: From::Page,
            value: "https://wiki.example.com/me".to_owned(),
            steps: vec![StepDraft {
                key: 1,
                kind: StepKind::After,
                argument: "Welcome, ".to_owned(),
            }],
        }],
    }
}

fn place(draft: &Draft) -> Place {
    draft.app().expect_err("a fault").place
}

#[test]
fn every_supported_app_comes_through_the_form_unchanged() {
    let apps = ferry_catalogue::builtin();
    assert!(apps.len() > 10, "{} apps", apps.len());
    let mut rules = 0;
    for app in apps {
        let mut own = app.clone();
        own.id = format!("{PREFIX}{}", app.id).parse().expect("an identifier");
        rules += app.identity.len();
        let draft = Draft::of(&own);
        assert_eq!(draft.definition().as_ref(), Ok(&own), "{}", app.id);
        assert_eq!(Draft::of(&draft.definition().expect("a definition")), draft);
    }
    assert!(rules > 10, "{rules} rules");
}

#[test]
fn every_step_comes_through_the_form_unchanged() {
    let texts = ["|", " ", "\n", "\t \r", "\\n", "\\\\", "a\\", "“é”"];
    let steps = texts.iter().flat_map(|text| {
        let text = (*text).to_owned();
        [
            Step::Split(text.clone()),
            Step::After(text.clone()),
            Step::Before(text),
        ]
    });
    let steps = steps.chain([
        Step::PercentDecode,
        Step::Base64Decode,
        Step::JwtClaims,
        Step::Unquote,
        Step::Trim,
        Step::HtmlText,
        Step::Json("/users/*/name".to_owned()),
        Step::Json(String::new()),
        Step::JsonKeys("/a~1b".to_owned()),
        Step::JsonText("/users/*".to_owned()),
        Step::Where("/valid=1".to_owned()),
        Step::Unless("/state=signed out".to_owned()),
    ]);
    for step in steps {
        assert_eq!(StepDraft::of(0, &step).step(), step);
        assert!(!StepDraft::of(0, &step).argument.contains(['\n', '\r', '\t']));
    }
}

#[test]
fn every_choice_is_found_by_its_name() {
    fn check<C: Choice + std::fmt::Debug>() {
        for (choice, name, words) in C::ALL {
            assert_eq!(C::named(name), *choice);
            assert!(!words.is_empty());
        }
    }
    check::<Strength>();
    check::<From>();
    check::<StepKind>();
}

#[test]
fn what_is_typed_is_tidied() {
    let app = wiki().app().expect("an app");
    assert_eq!(app.name, "Our wiki");
    assert_eq!(app.domains, ["wiki.example.com", "example.org"]);
    assert_eq!((app.sign_out, app.sign_out_of), (None, None));
    assert_eq!(app.signed_in.all, ["session"]);
    assert_eq!(app.identity[0].steps, [Step::After("Welcome, ".to_owned())]);
}

#[test]
fn each_fault_is_told_at_its_field() {
    type Spoil = fn(&mut Draft);
    let cases: [(Spoil, Place); 16] = [
        (|draft| draft.name.clear(), Place::Name),
        (|draft| draft.id.clear(), Place::Id),
        (|draft| draft.id = "wiki".to_owned(), Place::Id),
        (|draft| draft.id = PREFIX.to_owned(), Place::Id),
        (|draft| draft.id = "custom-Wiki".to_owned(), Place::Id),
        (|draft| draft.domains = "https://x.com".to_owned(), Place::Domains),
        (
            |draft| draft.sign_in = "wiki.example.com".to_owned(),
            Place::SignIn,
        ),
        (
            |draft| draft.sign_out = "https://else.where/".to_owned(),
            Place::SignOut,
        ),
        (
            |draft| draft.sign_out_of = "https://wiki.example.com/out".to_owned(),
            Place::SignOutOf,
        ),
        (|draft| draft.check = String::new(), Place::Check),
        (|draft| draft.all = "a\na".to_owned(), Place::All),
        (|draft| draft.any = "a\na".to_owned(), Place::Any),
        (|draft| draft.rules[0].value.clear(), Place::RuleFrom(0)),
        (
            |draft| {
                draft.rules[0].from = From::Cookie;
                draft.rules[0].value = "session".to_owned();
            },
            Place::RuleFrom(0),
        ),
        (
            |draft| draft.rules[0].steps = (0..17).map(StepDraft::new).collect(),
            Place::RuleSteps(0),
        ),
        (|draft| draft.rules[0].steps[0].argument.clear(), Place::Step(1)),
    ];
    for (spoil, at) in cases {
        let mut draft = wiki();
        spoil(&mut draft);
        assert_eq!(place(&draft), at, "{draft:?}");
    }
    let mut draft = wiki();
    draft.rules = (0..9).map(Rule::new).collect();
    assert_eq!(place(&draft), Place::Rules);
}

/// The form has no lists of entries: those that rules read go with their rules.
#[test]
fn entries_that_rules_read_are_listed() {
    let entry = |name: &str| format!("https://wiki.example.com#{name}");
    let mut app = wiki().app().expect("an app");
    app.storage = vec![entry("config")];
    app.storage_optional = vec![entry("draft"), entry("users")];
    app.identity[0].from = Source::Storage(entry("users"));
    let refused = Draft::of(&app).app().expect_err("a whole entry");
    assert_eq!(refused.place, Place::RuleFrom(0));
    assert!(refused.message.contains("sign-in entry"), "{}", refused.message);
    app.identity[0].steps = vec![Step::Json("/*/name".to_owned())];
    assert_eq!(Draft::of(&app).app(), Ok(app.clone()));
    let mut draft = Draft::of(&app);
    draft.rules[0].value = entry("people");
    let changed = draft.app().expect("an app");
    assert_eq!(changed.storage, app.storage);
    assert_eq!(changed.storage_optional, [entry("draft"), entry("people")]);
    draft.rules[0].value = entry("");
    assert_eq!(draft.app().expect_err("a fault").place, Place::RuleFrom(0));
}

#[test]
fn a_fault_is_a_sentence() {
    let mut draft = wiki();
    draft.check.clear();
    assert_eq!(draft.app().expect_err("a fault").message, "Must not be empty.");
}

#[test]
fn identifiers_follow_from_names() {
    for (name, id) in [
        ("Our Wiki", "custom-our-wiki"),
        ("  GitLab (self-hosted) ", "custom-gitlab-self-hosted"),
        ("王", "custom-"),
        ("", "custom-"),
        ("Café", "custom-caf"),
    ] {
        assert_eq!(suggested_id(name), id);
    }
    let long = suggested_id(&"ab ".repeat(40));
    assert!(long.len() <= 64 && long.parse::<AppId>().is_ok(), "{long}");
    assert!(!long.ends_with('-'));
}

#[test]
fn new_rules_and_steps_get_keys_of_their_own() {
    assert_eq!(Draft::default().free_key(), 0);
    assert_eq!(wiki().free_key(), 2);
}
