//! Every app's definition, tried on recorded evidence: `fixtures/<app id>.toml`.
//!
//! An app without fixtures fails, and so does one with a part that no fixture
//! needs: each cookie, rule and step of a definition is taken out in turn, and
//! some case has to come out otherwise.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "test helpers, and the count of what ran"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ferry_catalogue::{App, CookieView, Evidence, Outcome, PageView, Strength, builtin};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixtures {
    #[serde(rename = "case")]
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Starts with the outcome, or with "malformed".
    name: String,
    /// Name, value, and the domain if it is not the app's first.
    cookies: Vec<Vec<String>>,
    #[serde(default)]
    pages: Vec<Page>,
    outcome: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    asked: String,
    /// The address asked for, if it is not said.
    answered: Option<String>,
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    body: String,
}

fn ok() -> u16 {
    200
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Expected {
    Plain(Plain),
    One { one: String, strength: Strength },
    Several { several: Vec<String> },
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Plain {
    SignedOut,
    Unknown,
}

impl Case {
    fn outcome(&self, app: &App) -> Outcome {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|cookie| CookieView {
                name: &cookie[0],
                value: &cookie[1],
                domain: cookie.get(2).unwrap_or(&app.domains[0]),
            })
            .collect();
        let pages: Vec<_> = self
            .pages
            .iter()
            .map(|page| PageView {
                asked: &page.asked,
                answered: page.answered.as_ref().unwrap_or(&page.asked),
                status: page.status,
                body: &page.body,
            })
            .collect();
        app.outcome(&Evidence {
            cookies: &cookies,
            pages: &pages,
        })
    }

    fn expected(&self) -> Outcome {
        match &self.outcome {
            Expected::Plain(Plain::SignedOut) => Outcome::SignedOut,
            Expected::Plain(Plain::Unknown) => Outcome::Unknown,
            Expected::One { one, strength } => Outcome::One {
                identity: one.clone(),
                strength: *strength,
            },
            Expected::Several { several } => Outcome::Several {
                identities: several.clone(),
            },
        }
    }

    /// What the name says that it shows.
    fn kind(&self) -> &str {
        self.name.split(':').next().unwrap()
    }
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The built-in apps, and the examples that people start their own from.
fn apps() -> Vec<App> {
    let mut apps = builtin().to_vec();
    for entry in fs::read_dir(here("../../docs/examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = fs::read_to_string(&path).unwrap();
            apps.push(App::from_toml(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
        }
    }
    apps
}

fn cases(app: &App) -> Vec<Case> {
    let path = here(&format!("tests/fixtures/{}.toml", app.id));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    toml::from_str::<Fixtures>(&text)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .cases
}

#[test]
fn every_case_comes_out_as_recorded() {
    let mut count = 0;
    for app in apps() {
        for case in cases(&app) {
            assert_eq!(case.outcome(&app), case.expected(), "{}: {}", app.id, case.name);
            count += 1;
        }
    }
    println!("{count} cases of {} apps", apps().len());
    assert!(count >= 80, "only {count} cases were found");
}

#[test]
fn every_app_has_a_case_of_each_kind() {
    for app in apps() {
        let cases = cases(&app);
        for case in &cases {
            let kind = match case.expected() {
                Outcome::SignedOut => "signed out",
                Outcome::One { .. } => "one",
                Outcome::Unknown => "unknown",
                Outcome::Several { .. } => "several",
            };
            assert!(
                [kind, "malformed"].contains(&case.kind()),
                "{}: {:?} is {kind}",
                app.id,
                case.name
            );
        }
        let kinds: BTreeSet<_> = cases.iter().map(Case::kind).collect();
        let mut needed = vec!["signed out", "malformed"];
        let reads_cookies = app
            .identity
            .iter()
            .any(|rule| !matches!(rule.from, ferry_catalogue::Source::Page(_)));
        match (app.identity.is_empty(), reads_cookies) {
            (true, _) => needed.push("unknown"),
            (false, true) => needed.extend(["one", "several"]),
            (false, false) => needed.push("one"),
        }
        for kind in needed {
            assert!(kinds.contains(kind), "{} has no case {kind:?}", app.id);
        }
    }
}

#[test]
fn every_fixture_belongs_to_an_app() {
    let ids: BTreeSet<_> = apps().into_iter().map(|app| format!("{}.toml", app.id)).collect();
    let files: BTreeSet<_> = fs::read_dir(here("tests/fixtures"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(files, ids);
}

#[test]
fn no_part_of_a_definition_is_without_a_case() {
    for app in apps() {
        let cases = cases(&app);
        for (part, without) in mutations(&app) {
            let noticed = cases.iter().any(|case| case.outcome(&without) != case.expected());
            assert!(noticed, "{}: no case needs {part}", app.id);
        }
    }
}

/// The app without each of its parts, one at a time.
fn mutations(app: &App) -> Vec<(String, App)> {
    let mut mutations = Vec::new();
    let mut add = |part: String, take: &dyn Fn(&mut App)| {
        let mut without = app.clone();
        take(&mut without);
        mutations.push((part, without));
    };
    for (index, name) in app.signed_in.all.iter().enumerate() {
        add(format!("signed_in.all {name}"), &|app| {
            drop(app.signed_in.all.remove(index))
        });
    }
    for (index, name) in app.signed_in.any.iter().enumerate() {
        add(format!("signed_in.any {name}"), &|app| {
            drop(app.signed_in.any.remove(index))
        });
    }
    for (index, rule) in app.identity.iter().enumerate() {
        add(format!("rule {index}"), &|app| drop(app.identity.remove(index)));
        for step in 0..rule.steps.len() {
            add(format!("step {step} of rule {index}"), &|app| {
                drop(app.identity[index].steps.remove(step));
            });
        }
    }
    mutations
}

#[test]
fn the_built_in_apps_are_valid_and_distinct() {
    let mut ids = BTreeSet::new();
    for app in builtin() {
        app.validate()
            .unwrap_or_else(|error| panic!("{}: {error}", app.id));
        assert!(ids.insert(&app.id), "{} twice", app.id);
        assert!(
            !app.id.as_str().starts_with("custom-"),
            "{}: reserved for custom apps",
            app.id
        );
        assert_eq!(ferry_catalogue::find(&app.id), Some(app));
        let file = here(&format!("apps/{}.toml", app.id));
        assert_eq!(&App::from_toml(&fs::read_to_string(file).unwrap()).unwrap(), app);
    }
    assert_eq!(ferry_catalogue::find(&"custom-x".parse().unwrap()), None);
}

#[test]
fn no_two_built_in_apps_share_a_domain() {
    let domains: Vec<_> = builtin()
        .iter()
        .flat_map(|app| app.domains.iter().map(move |d| (app, d)))
        .collect();
    for (app, domain) in &domains {
        for (other, _) in &domains {
            assert!(
                app.id == other.id || !other.owns_domain(domain),
                "{} and {}",
                app.id,
                other.id
            );
        }
    }
}
