//! The preview shows what the types of today say: `preview/scenes.json` is made
//! from the scenes, and is refused when it is out of date.

#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, reason = "a test")]

mod scenes;

use std::fs;
use std::path::PathBuf;

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("preview/scenes.json")
}

fn json() -> String {
    serde_json::to_string_pretty(&scenes::all()).unwrap() + "\n"
}

#[test]
fn the_file_is_up_to_date() {
    let kept = fs::read_to_string(file()).unwrap();
    assert!(
        kept == json(),
        "run `cargo test -p ferry-popup --test scenes_file -- --ignored`"
    );
}

#[test]
#[ignore = "writes preview/scenes.json"]
fn write_the_file() {
    fs::write(file(), json()).unwrap();
}

#[test]
fn every_state_survives_being_kept() {
    for scene in scenes::all() {
        let json = serde_json::to_string(&scene.state).unwrap();
        let state = serde_json::from_str::<ferry_bridge::State>(&json)
            .unwrap_or_else(|error| panic!("{}: {error}", scene.name));
        assert!(state == scene.state, "{}", scene.name);
    }
}
