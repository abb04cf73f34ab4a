//! The server cannot open a seal: what could is not in its dependency graph.

use std::process::Command;

#[test]
fn nothing_that_opens_seals_is_linked() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "ferry-server",
            "--edges",
            "normal,features",
            "--offline",
            "--locked",
        ])
        .args([
            "--prefix",
            "none",
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tree = String::from_utf8(output.stdout).unwrap();
    assert!(tree.contains("ferry-protocol v"), "the test reads the right tree");
    for line in tree.lines() {
        for opener in ["hpke v", "aes-gcm v", "hkdf v"] {
            assert!(!line.starts_with(opener), "{line}");
        }
        for feature in ["open", "seal", "sign"] {
            assert!(
                !line.starts_with(&format!("ferry-protocol feature \"{feature}\"")),
                "{line}"
            );
        }
    }
}
