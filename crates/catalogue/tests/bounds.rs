//! The largest definition that is taken, on more evidence than is read: an outcome.
//!
//! What bounds the work is counted rather than timed. A definition has 8 rules of 16 steps at
//! most (asserted here), a rule starts with 1 MiB at most and holds 64 values, and no step
//! makes more text than it is given (`src/steps_tests.rs`): 8 x 16 x 1 MiB, each step
//! linear in it. A step that grew its text, or took longer than its length, would not end
//! here within a person's patience.

#![expect(clippy::unwrap_used, reason = "a test")]

use ferry_catalogue::{
    App, AppError, CookieView, Evidence, Fault, IdentityRule, OtherAccounts, Outcome, OwnEntry, PageView,
    Source, Step, StorageView, Strength,
};

/// The most that is read of a cookie, in bytes.
const COOKIE: usize = 64 << 10;
/// The most that is read of a page or an entry, and by a rule, in bytes.
const TEXT: usize = 1 << 20;

fn names(start: &str, count: usize, end: &str) -> Vec<String> {
    (0..count).map(|n| format!("{start}{n}{end}")).collect()
}

/// As many of everything as there may be, with these steps in every rule.
fn largest(steps: &[Step]) -> App {
    let entry = |n| format!("https://d0.test#{n}");
    let page = |n| format!("https://d0.test/{n}");
    let from = [
        Source::Cookie("a".into()),
        Source::CookiePrefix("b".into()),
        Source::Storage(entry(0)),
        Source::Storage(entry(64)),
        Source::Page(page(0)),
        Source::Page(page(1)),
        Source::Probe(page(2)),
        Source::Probe(page(3)),
    ];
    let rule = |from| IdentityRule {
        strength: Strength::List,
        from,
        steps: steps.to_vec(),
    };
    let other = |n: usize| OtherAccounts {
        cookie: format!("b{n}"),
        own: Some(OwnEntry {
            split: vec!["|".into()],
            after: ":".into(),
            is: names("c", 64, ""),
        }),
    };
    let mut app: App = serde_json::from_value(serde_json::json!({
        "id": "largest",
        "name": "Largest",
        "domains": names("d", 64, ".test"),
        "sign_in": page(0),
        "check": page(0),
        "storage": (0..64).map(entry).collect::<Vec<_>>(),
        "storage_optional": (64..128).map(entry).collect::<Vec<_>>(),
        "bound": names("c", 64, ""),
        "signed_in": { "all": names("c", 64, ""), "any": names("c", 64, "=1") },
    }))
    .unwrap();
    app.identity = from.map(rule).into();
    app.others = (0..8).map(other).collect();
    app
}

fn too_long(app: &App) -> Option<(String, usize)> {
    match app.validate() {
        Err(AppError::Field {
            field,
            fault: Fault::TooLong(limit),
        }) => Some((field, limit)),
        _ => None,
    }
}

#[test]
fn no_definition_is_larger() {
    let app = largest(&vec![Step::Trim; 16]);
    assert_eq!(app.validate(), Ok(()));
    let with = |change: fn(&mut App)| {
        let mut app = app.clone();
        change(&mut app);
        too_long(&app)
    };
    let rules = with(|app| app.identity.push(app.identity[0].clone()));
    assert_eq!(rules, Some(("identity".into(), 8)));
    let steps = with(|app| app.identity[0].steps.push(Step::Trim));
    assert_eq!(steps, Some(("identity[0].steps".into(), 16)));
    let domains = with(|app| app.domains.push("e.test".into()));
    assert_eq!(domains, Some(("domains".into(), 64)));
    let needed = with(|app| app.signed_in.all.push("d".into()));
    assert_eq!(needed, Some(("signed_in.all".into(), 64)));
    let others = with(|app| app.others.push(app.others[0].clone()));
    assert_eq!(others, Some(("others".into(), 8)));
}

/// What came out, and how many it names.
fn kind(outcome: &Outcome) -> (&'static str, usize) {
    match outcome {
        Outcome::SignedOut => ("signed out", 0),
        Outcome::Unknown => ("unknown", 0),
        Outcome::One { .. } => ("one", 1),
        Outcome::Several { identities } => ("several", identities.len()),
    }
}

/// The outcome for evidence that is all `text` gives, at these lengths and above.
fn outcome(app: &App, text: &dyn Fn(usize) -> String) -> Outcome {
    let (cookie, whole) = (text(COOKIE), text(TEXT));
    assert_eq!((cookie.len(), whole.len()), (COOKIE, TEXT));
    let more = whole.clone() + &whole;
    let names = [names("c", 64, ""), vec!["a".into(); 100], names("b", 100, "")].concat();
    let cookies: Vec<_> = names
        .iter()
        .zip(app.domains.iter().rev().cycle())
        .map(|(name, domain)| CookieView {
            name,
            value: if name.starts_with('c') { "1" } else { &cookie },
            domain,
        })
        .collect();
    let mut longer = false;
    let mut value = || {
        longer = !longer;
        if longer { &*whole } else { &*more }
    };
    let storage: Vec<_> = app
        .storage_keys()
        .into_iter()
        .map(|entry| StorageView {
            entry,
            value: Some(value()),
        })
        .collect();
    let pages: Vec<_> = app
        .probes()
        .into_iter()
        .map(|asked| PageView {
            asked,
            answered: asked,
            status: 200,
            body: value(),
        })
        .collect();
    // These lists are longer than is looked at: nothing is taken out of them.
    assert!(app.without_others(&cookies).is_none());
    app.outcome(&Evidence {
        cookies: &cookies,
        pages: &pages,
        storage: &storage,
    })
}

fn repeated(text: &'static str) -> impl Fn(usize) -> String {
    move |length| text.repeat(length / text.len() + 1)[..length].to_owned()
}

/// Numbers, as many as fit, each between what it starts and ends with; then blanks.
fn numbered(open: &str, item: fn(usize) -> String, close: &str, length: usize) -> String {
    let mut text = open.to_owned();
    for number in 0.. {
        let item = item(number);
        if text.len() + item.len() + close.len() + 2 > length {
            break;
        }
        if number > 0 {
            text.push(',');
        }
        text.push_str(&item);
    }
    text.push_str(close);
    text.push_str(&" ".repeat(length - text.len()));
    text
}

fn object(length: usize) -> String {
    numbered("{", |number| format!("\"{number}\":{number}"), "}", length)
}

fn list(length: usize) -> String {
    numbered("", |number| number.to_string(), "", length)
}

/// These and more up to 16, which keep the text whole.
fn sixteen(mut steps: Vec<Step>) -> Vec<Step> {
    steps.resize(16, Step::Unquote);
    steps
}

#[test]
fn the_largest_definition_ends_on_the_largest_evidence() {
    // Found at every place of the text but for its last character.
    let nearly = Step::Split("a".repeat(255) + "b");
    let keys = Step::JsonKeys(String::new());
    let text = Step::JsonText(String::new());
    let unless = Step::Unless("/0=1".into());
    let members = Step::Json("/*".into());
    type Text = Box<dyn Fn(usize) -> String>;
    let cases: [(Vec<Step>, Text, (&str, usize)); 11] = [
        (vec![], Box::new(repeated("a")), ("unknown", 0)),
        // More than is held, all of one name: a doubt.
        (
            vec![Step::Split("|".into())],
            Box::new(repeated("1|")),
            ("unknown", 0),
        ),
        (vec![Step::Split(",".into())], Box::new(list), ("several", 64)),
        (vec![nearly; 16], Box::new(repeated("a")), ("unknown", 0)),
        (vec![text, keys], Box::new(object), ("several", 64)),
        (vec![unless, members.clone()], Box::new(object), ("several", 64)),
        (vec![members], Box::new(repeated("[")), ("unknown", 0)),
        (
            vec![Step::PercentDecode; 16],
            Box::new(repeated("%25")),
            ("unknown", 0),
        ),
        (
            vec![Step::HtmlText; 2],
            Box::new(repeated("<b>&lt; ")),
            ("unknown", 0),
        ),
        (
            vec![Step::HtmlText; 16],
            Box::new(repeated("<!-")),
            ("unknown", 0),
        ),
        (
            vec![Step::Base64Decode; 16],
            Box::new(repeated("QUFB")),
            ("unknown", 0),
        ),
    ];
    for (steps, text, expected) in cases {
        let app = largest(&sixteen(steps));
        assert_eq!(app.validate(), Ok(()));
        assert!(app.identity.iter().all(|rule| rule.steps.len() == 16));
        let first = &app.identity[0].steps[0];
        assert_eq!(kind(&outcome(&app, &text)), expected, "{first:?}");
    }
}
