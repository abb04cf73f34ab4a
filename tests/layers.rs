//! What only one folder may name: ARCHITECTURE.md, the third invariant. And what stands in
//! two places, since no module is read by both.

#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, reason = "a test that panics fails")]

use std::fs;
use std::path::{Path, PathBuf};

/// Folders of everything that runs in a browser.
const BROWSER_SIDE: [&str; 11] = [
    "cloud/web/src",
    "src",
    "popup/src",
    "crates/aead/src",
    "crates/bridge/src",
    "crates/catalogue/src",
    "crates/client/src",
    "crates/json/src",
    "crates/protocol/src",
    "crates/ui/src",
    "crates/webext/src",
];

/// Words of code, and the one folder that may use them.
const RULES: [(&str, &[&str]); 4] = [
    (
        "crates/webext/src",
        &["\"chrome\"", "js_namespace = chrome", "js_namespace = browser"],
    ),
    (
        "crates/client/src",
        &[
            "SubtleCrypto",
            "CryptoKey",
            "IdbFactory",
            "IdbDatabase",
            "js_namespace = crypto",
            ".crypto()",
        ],
    ),
    // Text of apps and servers is never markup.
    (
        "",
        &[
            "set_inner_html",
            "inner_html",
            "insert_adjacent_html",
            "document.write",
            "js_sys::eval",
        ],
    ),
    // The reader of `crates/json` takes a field by its place among the names, and an
    // alias has a place of its own.
    ("", &["alias = \""]),
];

/// Where a unit test would not run: `OUTSIDE` and `END_TO_END` in scripts/lib/checks.sh.
#[test]
fn what_end_to_end_tests_share_has_no_tests_of_its_own() {
    let shared = rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/src"));
    assert!(!shared.is_empty());
    let with_tests = |file: &PathBuf| fs::read_to_string(file).unwrap().contains("#[cfg(test)]");
    let found: Vec<_> = shared.into_iter().filter(with_tests).collect();
    assert!(found.is_empty(), "{found:?}: test it in tests/e2e/tests/e2e");
}

#[test]
fn platform_interfaces_are_named_in_one_place_only() {
    let mut found = Vec::new();
    let mut allowed = vec![0; RULES.len()];
    for folder in BROWSER_SIDE {
        for file in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            for (number, line) in text.lines().enumerate() {
                let line = line.split("//").next().unwrap();
                for (rule, (home, words)) in RULES.iter().enumerate() {
                    if !words.iter().any(|word| line.contains(word)) {
                        continue;
                    }
                    if *home == folder {
                        allowed[rule] += 1;
                    } else {
                        found.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "out of place:\n{}", found.join("\n"));
    assert!(
        allowed[0] > 0 && allowed[1] > 0,
        "the words are those of the code"
    );
}

/// What the extension notes of sessions that are bound, and for how long that counts.
#[test]
fn what_is_noted_of_bound_sessions_is_kept_for_as_long_as_it_counts() {
    let number = |file: &str, name: &str| {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let (_, rest) = text.split_once(&format!("const {name} = ")).unwrap();
        rest.split_once(';').unwrap().0.to_owned()
    };
    let kept = number("extension/bound.js", "KEPT_MS");
    assert_eq!(kept, "30 * 24 * 60 * 60 * 1000", "as docs/security.md says");
    assert_eq!(kept, number("crates/webext/src/stores.js", "BOUND_FOR_MS"));
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
