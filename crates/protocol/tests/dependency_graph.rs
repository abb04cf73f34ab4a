//! What a part must not be able to do, it does not contain: the server cannot open
//! a seal, and the pure crates have no runtime and no browser.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::process::Command;

/// One line for each package in the graph: name, version, then its features.
fn tree(args: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p} {f}",
        ])
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn contains(tree: &[String], package: &str) -> bool {
    tree.iter().any(|line| line.split(' ').next() == Some(package))
}

/// The features with which `ferry-protocol` is in the graph.
fn protocol_features(tree: &[String]) -> Vec<&str> {
    let line = tree
        .iter()
        .find(|line| line.starts_with("ferry-protocol "))
        .unwrap();
    // "ferry-protocol v0.1.0 (/path) feature,feature (*)"
    let (_, features) = line.split_once(") ").unwrap_or_default();
    features
        .trim_end_matches("(*)")
        .trim()
        .split(',')
        .filter(|feature| !feature.is_empty())
        .collect()
}

#[test]
fn the_server_cannot_open_a_seal() {
    let tree = tree(&["-p", "ferry-server", "--all-features"]);
    let features = protocol_features(&tree);
    for feature in ["open", "seal", "sign"] {
        assert!(
            !features.contains(&feature),
            "ferry-server has ferry-protocol/{feature}"
        );
    }
    for package in ["hpke", "aes-gcm", "hkdf"] {
        assert!(!contains(&tree, package), "ferry-server contains {package}");
    }
}

/// The test above can fail: the worker does contain all of that.
#[test]
fn the_worker_can_open_a_seal() {
    let tree = tree(&["-p", "ferry-worker"]);
    assert!(protocol_features(&tree).contains(&"open"));
    assert!(
        ["hpke", "aes-gcm", "hkdf"]
            .iter()
            .all(|package| contains(&tree, package))
    );
}

#[test]
fn the_extension_can_seal_and_neither_it_nor_the_web_app_can_open() {
    for package in ["ferry-extension", "ferry-popup", "ferry-web"] {
        let tree = tree(&["-p", package, "--target", "wasm32-unknown-unknown"]);
        assert!(!contains(&tree, "hpke"), "{package} contains hpke");
        assert!(!protocol_features(&tree).contains(&"open"), "{package} can open");
    }
}

#[test]
fn the_pure_crates_have_no_runtime_and_no_browser() {
    // What compiles to WebAssembly; ring is for servers.
    let in_browsers = [
        ("ferry-protocol", "open,seal,sign,openapi"),
        ("ferry-catalogue", "builtin,toml,openapi"),
    ];
    for (package, features) in in_browsers {
        let native = tree(&["-p", package, "--all-features"]);
        let wasm = tree(&[
            "-p",
            package,
            "--features",
            features,
            "--target",
            "wasm32-unknown-unknown",
        ]);
        for foreign in ["tokio", "web-sys"] {
            assert!(!contains(&native, foreign), "{package} contains {foreign}");
            assert!(
                !contains(&wasm, foreign),
                "{package} contains {foreign} in WebAssembly"
            );
        }
    }
}
