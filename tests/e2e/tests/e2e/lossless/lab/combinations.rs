//! Every combination of lifetime, `Secure`, `HttpOnly`, `SameSite`, host-only or domain,
//! path, prefix and partition that a server may set.
//!
//! A browser keeps 180 cookies of a site, and as many of it in each partition. So those
//! with a prefix are on other sites than those without, and those in partitions as well.

use super::cases::{Cases, From, LIFETIMES, MAIN, PLACES, SCHEMES, each_kind};

/// The host of all that have neither partition nor prefix.
const PATHS: &str = "paths.m0.test";
/// The host of prefixes without partitions.
const PREFIXES: &str = "prefixes.m2.test";
/// The host of partitions without prefixes.
const PARTITIONED: &str = "partitioned.m3.test";
/// The host of prefixes in partitions.
const BOTH: &str = "both.m4.test";

/// What a name may begin with, other than nothing.
const NAMED: [&str; 4] = ["__Secure-", "__Host-", "__Http-", "__Host-Http-"];

pub(super) fn add(cases: &mut Cases) {
    for (host, group, prefixes, partitioned) in [
        (PATHS, "attributes × paths", &[""][..], false),
        (PREFIXES, "× prefixes", &NAMED, false),
        (PARTITIONED, "× partitions", &[""], true),
        (BOTH, "× both", &NAMED, true),
    ] {
        cases.shared.insert(host, group);
        if partitioned {
            for (from, place) in PLACES {
                let lines = lines(host, prefixes, place, "; Partitioned");
                cases.set(from, host, "/set", lines);
            }
        } else {
            cases.set(From::Page, host, "/set", lines(host, prefixes, "page", ""));
        }
        for host in [host, &format!("below.{host}")] {
            for path in ["/", "/p", "/p/q", "/pq"] {
                cases.probe(host, path);
            }
        }
    }
    for site in [MAIN, "m2.test", "m3.test", "m4.test"] {
        cases.plain.insert(site);
        cases.everywhere.insert(site);
    }
}

/// A line for each combination that the rules allow.
fn lines(host: &str, prefixes: &[&str], place: &str, partitioned: &str) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    for prefix in prefixes {
        for (kept, max_age) in LIFETIMES {
            for (secure, is_secure) in SCHEMES {
                for (depth, path) in [("top", "/"), ("deep", "/p")] {
                    let name = format!("{prefix}{place}-{kept}-{secure}-{depth}");
                    let attributes = format!("{max_age}{is_secure}{partitioned}; Path={path}");
                    lines.extend(each_kind(&name, host, &attributes));
                }
            }
        }
    }
    lines.retain(|line| is_allowed(&String::from_utf8_lossy(line)));
    lines
}

/// Whether a cookie has what its prefix, its partition and its `SameSite` ask for
/// (draft-ietf-httpbis-rfc6265bis, sections 4.1.3 and 5.7; CHIPS). Any other is taken by
/// no browser, or not by all of them.
fn is_allowed(line: &str) -> bool {
    let has = |attribute| line.contains(attribute);
    let needs_secure = line.starts_with("__") || has("; Partitioned") || has("; SameSite=None");
    let needs_host = line.starts_with("__Host-");
    let needs_http = line.starts_with("__Http-") || line.starts_with("__Host-Http-");
    (!needs_secure || has("; Secure"))
        && (!needs_host || (line.ends_with("; Path=/") && !has("; Domain=")))
        && (!needs_http || has("; HttpOnly"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_is_set_that_the_rules_allow() {
        let mut cases = Cases::default();
        add(&mut cases);
        let count = |host: &str| -> Vec<usize> {
            let sets = cases.sets.iter().filter(|set| set.host == host);
            sets.map(|set| set.lines.len()).collect()
        };
        // 2 lifetimes × 2 HttpOnly × 2 host-only or domain × 2 paths, each with the four
        // `SameSite` and Secure, or three of them without.
        assert_eq!(count(PATHS), [16 * (4 + 3)]);
        // All that are Secure; of __Host- no domain and one path; of Http- none for scripts.
        let named = 64 + 16 + 32 + 8;
        assert_eq!(count(PREFIXES), [named]);
        assert_eq!(count(PARTITIONED), [64; 3]);
        assert_eq!(count(BOTH), [named; 3]);
    }

    #[test]
    fn no_site_has_more_than_a_browser_keeps() {
        let mut cases = Cases::default();
        add(&mut cases);
        let shared = cases
            .sets
            .iter()
            .filter(|set| cases.shared.contains_key(&*set.host));
        for set in shared {
            let bytes: usize = set
                .lines
                .iter()
                .map(|line| line.iter().take_while(|byte| **byte != b';').count())
                .sum();
            assert!(
                set.lines.len() <= 170 && bytes <= 10_000,
                "{}: {bytes} bytes",
                set.host
            );
        }
    }
}
