//! The tile that stands for an app or a person: an initial on a calm ground.

use crate::dom::{El, html};
use crate::text::Clean;

/// How many grounds `tokens.css` has.
const GROUNDS: u32 = 6;

/// A tile with the initial of a name. The same key always gets the same ground.
pub fn tile(name: &str, key: &str) -> El {
    html::span()
        .class(format!("tile ground-{}", ground(key)))
        .attr("aria-hidden", "true")
        .child(Clean::name(name).initial().to_string())
}

/// FNV-1a, folded: stable across releases, and nothing hangs on it.
fn ground(key: &str) -> u32 {
    let hash = key.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (hash ^ (hash >> 16)) % GROUNDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ground_depends_on_the_key_alone() {
        assert_eq!(ground("github"), ground("github"));
        let used = [
            "github", "x", "notion", "slack", "django", "linkedin", "reddit", "tiktok", "a", "b", "c",
        ]
        .map(ground);
        assert!(used.iter().any(|ground| *ground != used[0]));
        assert!(used.iter().all(|ground| *ground < GROUNDS));
    }
}
