//! The parser cases of the http-state working group (`vectors/README.md`), each on hosts
//! of its own in place of `example.org`.

use serde::Deserialize;

use super::cases::{Cases, From};

/// How many of the cases share a site.
const PER_SITE: usize = 74;
/// Where the suite asks which cookies there are.
const RESULT: &str = "/cookie-parser-result";

#[derive(Deserialize)]
struct Vector {
    test: String,
    received: Vec<String>,
    #[serde(rename = "sent-to")]
    sent_to: Option<String>,
}

pub(super) fn add(cases: &mut Cases, vectors: &str) -> serde_json::Result<()> {
    let vectors: Vec<Vector> = serde_json::from_str(vectors)?;
    for (at, vector) in vectors.iter().enumerate() {
        let domain = format!("c{at}.m{}.test", 2 + at / PER_SITE);
        let home = format!("home.{domain}");
        let lines = vector
            .received
            .iter()
            .map(|line| lasting(&at_home(line, &domain)).into_bytes());
        cases.set(From::Page, &home, "/cookie-parser", lines.collect());
        let mut probes = vec![(home.clone(), RESULT.to_owned()), (home.clone(), "/".to_owned())];
        if let Some(to) = &vector.sent_to {
            probes.push(place(&at_home(to, &domain), &home));
        }
        for (host, path) in probes {
            cases.own("parser suite", &vector.test, &host);
            cases.probe(&host, &path);
        }
    }
    Ok(())
}

/// A text of the suite's with another domain in place of `example.org`, in capitals if
/// it has some.
fn at_home(text: &str, domain: &str) -> String {
    const THEIRS: &str = "example.org";
    let lower = text.to_ascii_lowercase();
    let mut out = String::new();
    let mut rest = 0;
    for (at, _) in lower.match_indices(THEIRS) {
        out.push_str(&text[rest..at]);
        rest = at + THEIRS.len();
        let is_lower = &text[at..rest] == THEIRS;
        out.push_str(&if is_lower {
            domain.to_owned()
        } else {
            domain.to_uppercase()
        });
    }
    out + &text[rest..]
}

/// A line whose cookie does not end in the midst of the test: a day in place of a minute
/// or six seconds.
fn lasting(line: &str) -> String {
    match line.strip_suffix("max-age=60").or(line.strip_suffix("max-age=6")) {
        Some(before) => format!("{before}max-age=86400"),
        None => line.to_owned(),
    }
}

/// Host and path of a path or an address.
fn place(to: &str, home: &str) -> (String, String) {
    let to = to.split('?').next().unwrap_or_default();
    match to.strip_prefix("http://") {
        Some(rest) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.split(':').next().unwrap_or_default();
            (host.to_ascii_lowercase(), format!("/{path}"))
        }
        None => (home.to_owned(), to.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_of_the_suite_is_set_by_a_server() {
        let mut cases = Cases::default();
        add(&mut cases, super::super::VECTORS).unwrap();
        assert_eq!(cases.sets.len(), 222);
        assert!(cases.sets.iter().all(|set| !set.lines.is_empty()));
    }

    #[test]
    fn the_suites_domain_becomes_the_cases_own() {
        assert_eq!(
            at_home("a=b; domain=.home.example.org", "c1.m2.test"),
            "a=b; domain=.home.c1.m2.test"
        );
        assert_eq!(
            at_home("domain=home.eXaMpLe.org", "c1.m2.test"),
            "domain=home.C1.M2.TEST"
        );
        assert_eq!(
            at_home("domain=home.example.com", "c1.m2.test"),
            "domain=home.example.com"
        );
    }

    #[test]
    fn places_are_hosts_and_paths() {
        let place = |to| place(to, "home.c1.m2.test");
        let own = |host: &str, path: &str| (host.to_owned(), path.to_owned());
        assert_eq!(place("/a/b?path0001"), own("home.c1.m2.test", "/a/b"));
        assert_eq!(
            place("http://hoMe.c1.m2.test:8888/a?x"),
            own("home.c1.m2.test", "/a")
        );
    }

    #[test]
    fn no_cookie_ends_in_the_midst_of_the_test() {
        assert_eq!(lasting("a=b; max-age=6"), "a=b; max-age=86400");
        assert_eq!(lasting("a=b; max-age=60"), "a=b; max-age=86400");
        assert_eq!(lasting("a=b; max-age=0"), "a=b; max-age=0");
    }
}
