//! docs/protocol.md says what the code does: whoever implements the protocol starts
//! there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Words of the form `ferry/…/v1`: domain tags, and HPKE's `info`.
fn tags(text: &str) -> BTreeSet<String> {
    let candidates = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '/' || c == '-'));
    candidates
        .filter(|word| word.starts_with("ferry/") && word.ends_with("/v1"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_page_names_every_tag_of_the_code_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut in_code = BTreeSet::new();
    for entry in fs::read_dir(root.join("src")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            in_code.extend(tags(&fs::read_to_string(path).unwrap()));
        }
    }
    let in_page = tags(&fs::read_to_string(root.join("../../docs/protocol.md")).unwrap());
    assert_eq!(in_page, in_code);
    assert_eq!(in_code.len(), 8);
}
