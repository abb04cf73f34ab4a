//! Whatever comes in: an outcome, no panic, bounded output.

#![expect(clippy::unwrap_used, reason = "a test")]

use ferry_catalogue::{
    App, AppId, CookieView, Evidence, Fixtures, IdentityRule, OtherAccounts, Outcome, OwnEntry, PageView,
    SignedIn, Source, Step, StorageView, Strength, Verdict, builtin,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

/// Text with the characters that the steps look for.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\"|:=%,.;<>&#/ a2Du\\[\\]{}\\\\-]{0,60}",
        "(%[0-9a-fA-F]{0,2}|[0-9]{1,12}|:|\\||%3A|%7C){0,20}",
        "(<[a-z!/-]{0,4}[ \"'>]?|&#?x?[0-9a-f]{0,8};?|[a-z ]){0,20}",
        "(\\[|\\]|\\{\"a\":|\\}|,|\"a\"|[01]|null|1e9|\"\\\\u0001\"){0,20}",
        "[A-Za-z0-9_+/=-]{0,30}(\\.[A-Za-z0-9_-]{0,40}){0,3}",
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let pointer = "(/[*a0~1]{0,2}){0,3}";
    prop_oneof![
        Just(Step::PercentDecode),
        Just(Step::Base64Decode),
        Just(Step::JwtClaims),
        Just(Step::Unquote),
        Just(Step::Trim),
        Just(Step::HtmlText),
        "[|:,.;=]".prop_map(Step::Split),
        text().prop_map(Step::Split),
        text().prop_map(Step::After),
        text().prop_map(Step::Before),
        pointer.prop_map(Step::Json),
        pointer.prop_map(Step::JsonKeys),
        text().prop_map(Step::Json),
        pointer.prop_map(Step::JsonText),
        "(/[*a0~1]{0,2}){0,2}=[a01]?".prop_map(Step::Where),
        "(/[*a0~1]{0,2}){0,2}=[a01]?".prop_map(Step::Unless),
        text().prop_map(Step::Unless),
    ]
}

fn strength() -> impl Strategy<Value = Strength> {
    prop_oneof![
        Just(Strength::Active),
        Just(Strength::Others),
        Just(Strength::List),
        Just(Strength::Count)
    ]
}

fn entry() -> impl Strategy<Value = String> {
    let origin = prop_oneof![4 => Just("https://a.test".to_owned()), 1 => text()];
    let key = prop_oneof![4 => "[ab]", 1 => text()];
    (origin, key).prop_map(|(origin, key)| format!("{origin}#{key}"))
}

fn source() -> impl Strategy<Value = Source> {
    prop_oneof![
        Just(Source::Cookie("a".into())),
        Just(Source::CookiePrefix("a".into())),
        entry().prop_map(Source::Storage),
        Just(Source::Page("https://a.test/who".into())),
        text().prop_map(Source::Page),
        Just(Source::Probe("https://a.test/who".into())),
    ]
}

fn others() -> impl Strategy<Value = OtherAccounts> {
    let mark = || prop_oneof![3 => "[|:,]", 1 => text()];
    let own = (vec(mark(), 0..3), mark(), vec("[abc]", 0..3));
    let own = own.prop_map(|(split, after, is)| OwnEntry { split, after, is });
    ("[abc]", proptest::option::of(own)).prop_map(|(cookie, own)| OtherAccounts { cookie, own })
}

prop_compose! {
    /// Unchecked on purpose: the rules hold for these as well.
    fn app()(
        domains in vec(prop_oneof![Just("a.test".to_owned()), text()], 0..3),
        all in vec("[ab]?", 0..2),
        any in vec("[ab]|b=1", 0..2),
        sign_out_of in proptest::option::of(prop_oneof![
            Just("https://a.test/out/{identity}".to_owned()),
            "(https?://|a.test|[/?#.]|%2e|\\{identity\\}){1,8}",
        ]),
        storage in vec(entry(), 0..3),
        storage_optional in vec(entry(), 0..3),
        bound in vec("[abc]?", 0..4),
        rules in vec((strength(), source(), vec(step(), 0..20)), 0..12),
        // An entry that no list has is not looked up: only a few rules read such a one.
        lists in proptest::bool::weighted(0.9),
        others in vec(others(), 0..4),
    ) -> App {
        let identity: Vec<_> = rules
            .into_iter()
            .map(|(strength, from, steps)| IdentityRule { strength, from, steps })
            .collect();
        let read = identity.iter().filter(|_| lists).filter_map(|rule| match &rule.from {
            Source::Storage(entry) if !storage.contains(entry) => Some(entry.clone()),
            _ => None,
        });
        let storage_optional = read.chain(storage_optional).collect();
        App {
            id: "custom-a".parse().unwrap(),
            name: "A".into(),
            domains,
            sign_in: "https://a.test/in".into(),
            sign_out: None,
            sign_out_of,
            check: "https://a.test/".into(),
            signed_in: SignedIn { all, any },
            storage,
            storage_optional,
            bound,
            identity,
            others,
        }
    }
}

type Cookies = Vec<(String, String, String)>;
type Pages = Vec<(String, String, u16, String)>;
/// For each entry that an app names, in turn: out of sight, not there, or its value.
type Storage = Vec<Option<Option<String>>>;

/// Evidence that fits these names and pages often enough to get through.
fn evidence(
    names: Vec<String>,
    pages: Vec<String>,
    domains: Vec<String>,
) -> impl Strategy<Value = (Cookies, Pages, Storage)> {
    let pick = |from: Vec<String>| prop_oneof![4 => proptest::sample::select(from), 1 => text()].boxed();
    let cookie = (pick(names), text(), pick(domains));
    let page = (
        pick(pages.clone()),
        pick(pages),
        prop_oneof![Just(200), any::<u16>()],
        text(),
    );
    let value = prop_oneof![
        text(),
        "(\\{\"(_state|teams|users|id|[a-z])\":|\\[|[0-9]|\\]|\\}|,){0,12}"
    ];
    let stored = proptest::option::weighted(0.8, proptest::option::weighted(0.8, value));
    (vec(cookie, 0..40), vec(page, 0..4), vec(stored, 8))
}

fn seen<'a>(app: &'a App, storage: &'a Storage) -> Vec<StorageView<'a>> {
    let keys = app.storage_keys().into_iter().zip(storage);
    keys.filter_map(|(entry, stored)| {
        let value = stored.as_ref()?.as_deref();
        Some(StorageView { entry, value })
    })
    .collect()
}

fn check(
    app: &App,
    (cookies, pages, storage): &(Cookies, Pages, Storage),
    expected: &str,
) -> Result<(), TestCaseError> {
    let storage = seen(app, storage);
    let cookies: Vec<_> = cookies
        .iter()
        .map(|(name, value, domain)| CookieView { name, value, domain })
        .collect();
    let pages: Vec<_> = pages
        .iter()
        .map(|(asked, answered, status, body)| PageView {
            asked,
            answered,
            status: *status,
            body,
        })
        .collect();
    let evidence = Evidence {
        cookies: &cookies,
        pages: &pages,
        storage: &storage,
    };
    if let Some(edits) = app.without_others(&cookies) {
        prop_assert!(edits.is_sorted_by(|one, next| one.index < next.index));
        for edit in edits {
            let before = cookies[edit.index].value;
            let after = edit.value.unwrap_or_default();
            prop_assert!(after.len() < before.len());
        }
    }
    let outcome = app.outcome(&evidence);
    let named = match &outcome {
        Outcome::One { identity, .. } => std::slice::from_ref(identity),
        Outcome::Several { identities } => identities,
        Outcome::SignedOut | Outcome::Unknown => &[],
    };
    prop_assert!(named.len() <= 64);
    for identity in named {
        prop_assert!((1..=256).contains(&identity.chars().count()));
        prop_assert_eq!(identity.trim(), identity);
        let hidden = |c: char| c.is_control() || ['\u{200b}', '\u{202e}', '\u{2066}'].contains(&c);
        prop_assert_eq!(identity.chars().find(|&c| hidden(c)), None);
    }
    match (&outcome, app.verdict(&evidence, Some(expected))) {
        (Outcome::SignedOut, verdict) => prop_assert_eq!(verdict, Verdict::SignedOut),
        (Outcome::Unknown, verdict) => prop_assert_eq!(verdict, Verdict::Unknown),
        (Outcome::Several { identities }, verdict) => {
            prop_assert_eq!(
                verdict,
                Verdict::Several {
                    identities: identities.clone()
                }
            );
        }
        (Outcome::One { identity, .. }, Verdict::One { identity: same, .. }) => {
            prop_assert_eq!(&same, identity)
        }
        (Outcome::One { identity, .. }, Verdict::Another { found, .. }) => prop_assert_eq!(&found, identity),
        (outcome, verdict) => prop_assert!(false, "{:?} became {:?}", outcome, verdict),
    }
    Ok(())
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

/// Any app, and evidence that often fits it.
fn app_and_evidence() -> impl Strategy<Value = (App, (Cookies, Pages, Storage))> {
    let given = evidence(
        strings(&["a", "b", "ab"]),
        strings(&["https://a.test/", "https://a.test/who", "https://a.test/in"]),
        strings(&["a.test", "b.a.test"]),
    );
    (app(), given)
}

/// Or what is said of rules that read the storage would be said of nothing.
#[test]
fn most_rules_that_read_the_storage_find_something_there() {
    let mut runner = TestRunner::deterministic();
    let (mut rules, mut found) = (0, 0);
    for _ in 0..64 {
        let (app, (_, _, storage)) = app_and_evidence().new_tree(&mut runner).unwrap().current();
        let seen = seen(&app, &storage);
        for rule in &app.identity {
            let Source::Storage(read) = &rule.from else {
                continue;
            };
            rules += 1;
            found += usize::from(seen.iter().any(|view| view.entry == read && view.value.is_some()));
        }
    }
    assert!(found * 2 > rules, "{found} of {rules}");
}

proptest! {
    #[test]
    fn any_app_judges_any_evidence((app, given) in app_and_evidence(), expected in text()) {
        check(&app, &given, &expected)?;
        let _ = (app.validate(), app.origins(), app.probes().len());
    }

    #[test]
    fn every_built_in_app_judges_any_evidence(
        (app, given) in proptest::sample::select(builtin()).prop_flat_map(|app| {
            let mut names = [vec!["a".to_owned()], app.signed_in.all.clone(), app.signed_in.any.clone()].concat();
            names.extend(app.identity.iter().filter_map(|rule| match &rule.from {
                Source::Cookie(name) => Some(name.clone()),
                _ => None,
            }));
            let given = evidence(names, app.probes().into_iter().chain([app.check.as_str()]).map(str::to_owned).collect(), app.domains.clone());
            (Just(app), given)
        }),
        expected in text(),
    ) {
        check(&app, &given, &expected)?;
    }

    #[test]
    fn any_text_is_an_app_or_an_error(text in prop_oneof![
        any::<String>(),
        "(id|name|domains|check|\\[\\[?identity\\]\\]?|from|= |\"|\\{|\\}|\\[|\\]|a\\.test|\n){0,60}",
    ]) {
        let read = App::from_toml(&text).ok();
        prop_assert_eq!(&read, &App::check_toml(&text).ok());
        let _ = (App::from_json(&text), Fixtures::from_toml(&text).is_ok());
        if let Ok(id) = text.parse::<AppId>() {
            prop_assert_eq!(id.as_str(), text);
        }
    }

    #[test]
    fn what_validates_survives_json(app in app()) {
        if app.validate().is_ok() {
            let text = serde_json::to_string(&app).unwrap();
            prop_assert_eq!(App::from_json(&text), Ok(app.clone()));
            let text = toml::to_string(&app).unwrap();
            prop_assert_eq!(App::check_toml(&text), Ok(app));
        }
    }
}

/// As much evidence as there can be, for everything that an app looks at: an outcome all
/// the same, and no more names than an outcome holds.
#[test]
fn every_built_in_app_judges_the_largest_evidence() {
    for app in builtin() {
        for filling in ["1:a|", "%22", "[", "{\"teams\":", "\"a\",", "."] {
            let value = filling.repeat((1 << 20) / filling.len());
            let marks = app.signed_in.all.iter().chain(&app.signed_in.any);
            let read = app.identity.iter().filter_map(|rule| match &rule.from {
                Source::Cookie(name) | Source::CookiePrefix(name) => Some(name),
                Source::Storage(_) | Source::Page(_) | Source::Probe(_) => None,
            });
            let cookies: Vec<_> = marks
                .chain(read)
                .flat_map(|mark| {
                    let (name, given) = mark.split_once('=').unwrap_or((mark, &value));
                    [given, &value[..1 << 16]].map(|value| (name, value))
                })
                .flat_map(|(name, value)| {
                    let domain = &app.domains[0];
                    vec![CookieView { name, value, domain }; 50]
                })
                .collect();
            let storage: Vec<_> = app
                .storage_keys()
                .into_iter()
                .map(|entry| StorageView {
                    entry,
                    value: Some(&value),
                })
                .collect();
            let pages: Vec<_> = app
                .probes()
                .into_iter()
                .map(|page| PageView {
                    asked: page,
                    answered: page,
                    status: 200,
                    body: &value,
                })
                .collect();
            let outcome = app.outcome(&Evidence {
                cookies: &cookies,
                pages: &pages,
                storage: &storage,
            });
            match outcome {
                Outcome::Several { identities } => assert!(identities.len() <= 64, "{}", app.id),
                Outcome::One { identity, .. } => assert!(identity.len() <= 256, "{}", app.id),
                Outcome::Unknown => {}
                Outcome::SignedOut => panic!("{}: the evidence of a session was not seen", app.id),
            }
        }
    }
}
