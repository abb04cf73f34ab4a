//! Every app's definition, tried on recorded evidence: `fixtures/<app id>.toml`.
//!
//! An app without fixtures fails, and so does one with an outcome that no case shows, or
//! with a part that no case needs. What that means is told in `src/fixtures.rs`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "test helpers, and the count of what ran"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ferry_catalogue::{App, Fixtures, Strength, builtin};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The built-in apps, and the examples that people start their own from.
fn apps() -> Vec<App> {
    let mut apps = builtin().to_vec();
    for entry in fs::read_dir(here("../../docs/examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let app = App::check_toml(&read(&path));
            apps.push(app.unwrap_or_else(|problems| panic!("{}: {problems:?}", path.display())));
        }
    }
    apps
}

#[test]
fn every_case_comes_out_as_recorded_and_every_outcome_has_one() {
    let mut problems = Vec::new();
    let mut counts = BTreeMap::<_, usize>::new();
    let mut cases = 0;
    for app in apps() {
        let path = here(&format!("tests/fixtures/{}.toml", app.id));
        let fixtures =
            Fixtures::from_toml(&read(&path)).unwrap_or_else(|it| panic!("{}:{it}", path.display()));
        cases += fixtures.count();
        fixtures
            .kinds()
            .for_each(|kind| *counts.entry(kind).or_default() += 1);
        let found = fixtures.problems(&app);
        problems.extend(found.iter().map(|it| format!("{}:{it}", path.display())));
    }
    println!("{cases} cases of {} apps: {counts:?}", apps().len());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(cases >= 110, "only {cases} cases were found");
}

/// A section of `docs/catalogue.md`.
fn section(title: &str) -> String {
    let page = read(&here("../../docs/catalogue.md"));
    let (_, rest) = page.split_once(&format!("\n## {title}\n")).unwrap();
    rest.split("\n## ").next().unwrap().to_owned()
}

/// The files in a section.
fn toml_blocks(title: &str) -> Vec<String> {
    let text = section(title);
    let blocks = text.split("```toml\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

/// Whoever follows the guide to the letter gets an app that passes its last step.
#[test]
fn the_guides_example_passes_its_own_check() {
    let blocks = toml_blocks("An app in ten minutes");
    let [definition, cases] = blocks.as_slice() else {
        panic!("{} files", blocks.len());
    };
    let app = App::check_toml(definition).unwrap_or_else(|problems| panic!("{problems:?}"));
    let fixtures = Fixtures::from_toml(cases).unwrap();
    assert_eq!(fixtures.problems(&app), []);
    // It is no app of its own, which could be wrong without anybody noticing.
    assert_eq!(ferry_catalogue::find(&app.id), Some(&app));
}

/// What it says of the built-in apps is what their definitions say.
#[test]
fn the_guides_table_is_of_these_apps() {
    let text = section("Which apps there are");
    let rows: Vec<Vec<_>> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|row| row.split(" | ").collect())
        .collect();
    let mut rows: Vec<_> = rows.iter().filter(|row| row[1] == "built in").collect();
    assert_eq!(rows.len(), builtin().len());
    for app in builtin() {
        let at = rows.iter().position(|row| row[0].starts_with(&app.name));
        let row = rows.remove(at.unwrap_or_else(|| panic!("{} is missing", app.id)));
        assert_eq!(row[2].starts_with("opaque"), app.identity.is_empty(), "{row:?}");
        let counts = app.identity.iter().any(|rule| rule.strength != Strength::Active);
        assert_eq!(row[2].contains("several"), counts, "{row:?}");
        let known = |page: &Option<String>| if page.is_some() { "yes" } else { "none known" };
        let pages = format!("{}, {}", known(&app.sign_out), known(&app.sign_out_of));
        assert_eq!(row[3], pages, "{row:?}");
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
        assert_eq!(&App::check_toml(&read(&file)).unwrap(), app);
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
