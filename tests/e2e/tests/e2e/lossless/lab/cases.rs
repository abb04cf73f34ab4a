//! What is set, and where it is asked for again.
//!
//! Browsers keep at most 180 cookies of a site, so that the cases are spread over
//! several. All hosts are below them: where many cookies share one, each has a name of
//! its own; elsewhere a case has a host of its own, where its names may be anything.

use std::collections::{BTreeMap, BTreeSet};

use super::odd;

/// The site of the attributes, and the one that frames are on.
pub(super) const MAIN: &str = "m0.test";
/// The site of odd names and values.
pub(super) const ODD: &str = "m1.test";
/// The site of odd names and values in partitions.
const ODD_IN_PARTITIONS: &str = "m5.test";
/// A site that is another one's to all of these.
pub(super) const OTHER: &str = "other.test";
/// The host with every combination of attributes.
pub(super) const ATTRIBUTES: &str = "attributes.m0.test";
/// The host with partitioned cookies.
pub(super) const PARTITIONS: &str = "partitions.m0.test";
/// Where people sign in.
pub(crate) const START: &str = "start.m0.test";

/// From where something is set or asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum From {
    /// A page of the same site.
    Page,
    /// A frame in a page of another site.
    Frame,
    /// A frame of the same site, in a frame of another one.
    Around,
}

/// A `Set-Cookie` answer.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    /// From where it is asked for.
    pub(crate) from: From,
    /// By which host.
    pub(crate) host: String,
    /// At which path.
    pub(crate) path: String,
    /// Raw lines.
    pub(crate) lines: Vec<Vec<u8>>,
}

/// Everything that is set and asked for.
#[derive(Default)]
pub(crate) struct Cases {
    /// In this order.
    pub(crate) sets: Vec<Set>,
    /// Hosts and paths to ask for.
    pub(crate) probes: BTreeSet<(String, String)>,
    /// Whose case a host is: group and name.
    hosts: BTreeMap<String, (&'static str, String)>,
    /// Hosts that many cases share, and the group that these are: each name is one.
    pub(crate) shared: BTreeMap<&'static str, &'static str>,
    /// Sites that are asked for without encryption as well.
    pub(crate) plain: BTreeSet<&'static str>,
    /// Sites that are asked for from everywhere.
    pub(crate) everywhere: BTreeSet<&'static str>,
}

/// Session or persistent, as part of a name and as an attribute.
pub(super) const LIFETIMES: [(&str, &str); 2] = [("session", ""), ("kept", "; Max-Age=86400")];
/// With and without `Secure`, likewise.
pub(super) const SCHEMES: [(&str, &str); 2] = [("plain", ""), ("secure", "; Secure")];
/// The places that partitions are told apart by, each with its name.
pub(super) const PLACES: [(From, &str); 3] = [
    (From::Page, "page"),
    (From::Frame, "frame"),
    (From::Around, "around"),
];

impl Cases {
    /// What there is of each kind. `vectors`: the parser cases, in JSON.
    pub(crate) fn of_each_kind(vectors: &str) -> serde_json::Result<Self> {
        let mut cases = Self::default();
        cases.plain.extend([MAIN, ODD]);
        cases.everywhere.insert(MAIN);
        cases.sign_in();
        cases.attributes();
        cases.partitions();
        cases.prefixes();
        cases.paths();
        cases.lifetimes();
        cases.order();
        cases.odd();
        super::parser::add(&mut cases, vectors)?;
        Ok(cases)
    }

    /// Each kind with each other.
    pub(crate) fn of_combinations() -> Self {
        let mut cases = Self::default();
        cases.sign_in();
        super::combinations::add(&mut cases);
        cases
    }

    /// The registrable domains that there are, without [`OTHER`].
    pub(crate) fn sites(&self) -> Vec<&str> {
        let hosts = self.probes.iter().map(|(host, _)| site(host));
        hosts.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The names that a certificate needs.
    pub(crate) fn names(&self) -> Vec<String> {
        let hosts = self.probes.iter().map(|(host, _)| host.as_str());
        let hosts = hosts.chain(self.sets.iter().map(|set| set.host.as_str()));
        let above = hosts.filter_map(|host| Some(format!("*.{}", host.split_once('.')?.1)));
        let sites = self.sites();
        let starts = sites.iter().chain([&OTHER]).map(|site| format!("*.{site}"));
        let names: BTreeSet<_> = above.chain(starts).collect();
        names.into_iter().collect()
    }

    /// Which case a cookie that was sent to a host is of: group and name.
    pub(crate) fn of(&self, host: &str, name: &[u8]) -> (&'static str, String) {
        for (shared, group) in &self.shared {
            if host.ends_with(shared) {
                return (group, String::from_utf8_lossy(name).into_owned());
            }
        }
        let own = self.hosts.get(host).cloned();
        own.unwrap_or_else(|| ("unexpected", host.to_owned()))
    }

    /// Whether the cookies of a host are about what kinds of them there are.
    pub(super) fn is_of_kinds(&self, host: &str) -> bool {
        let (group, _) = self.of(host, b"");
        self.shared.values().any(|shared| *shared == group) || ["prefixes", "order"].contains(&group)
    }

    pub(super) fn set(&mut self, from: From, host: &str, path: &str, lines: Vec<Vec<u8>>) {
        self.sets.push(Set {
            from,
            host: host.to_owned(),
            path: path.to_owned(),
            lines,
        });
    }

    pub(super) fn probe(&mut self, host: &str, path: &str) {
        self.probes.insert((host.to_owned(), path.to_owned()));
    }

    /// A case with this host for itself.
    pub(super) fn own(&mut self, group: &'static str, name: &str, host: &str) {
        self.hosts.insert(host.to_owned(), (group, name.to_owned()));
    }

    /// A case with a host for itself, set by lines of text there, and asked for at
    /// these paths and at a host below.
    fn simple(&mut self, group: &'static str, name: &str, site: &str, lines: &[&[u8]], paths: &[&str]) {
        let host = format!("{}-{}.{site}", group.replace(' ', "-"), self.hosts.len());
        let below = format!("below.{host}");
        let of_host = |line: &&[u8]| replaced(line, b"HOST", host.as_bytes());
        self.set(From::Page, &host, "/set", lines.iter().map(of_host).collect());
        for path in paths {
            self.probe(&host, path);
            self.probe(&below, path);
        }
        self.own(group, name, &host);
        self.own(group, name, &below);
    }

    fn sign_in(&mut self) {
        let lines = ["sid=1; Secure; HttpOnly", "who=alice; Secure"];
        let lines = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
        self.set(From::Page, START, "/set", lines);
    }

    /// Session or persistent × Secure × HttpOnly × SameSite × host-only or domain.
    fn attributes(&mut self) {
        let mut lines = Vec::new();
        for (kept, max_age) in LIFETIMES {
            for (secure, is_secure) in SCHEMES {
                let name = format!("{kept}-{secure}");
                let attributes = format!("; Path=/{max_age}{is_secure}");
                lines.extend(each_kind(&name, ATTRIBUTES, &attributes));
            }
        }
        self.shared.insert(ATTRIBUTES, "attributes");
        self.set(From::Page, ATTRIBUTES, "/set", lines);
        self.probe(ATTRIBUTES, "/");
        self.probe(&format!("below.{ATTRIBUTES}"), "/");
    }

    /// The same, partitioned, from each of the three places; and what is set there
    /// without being partitioned by its own words.
    fn partitions(&mut self) {
        for (from, place) in PLACES {
            let mut lines = Vec::new();
            for (kept, max_age) in LIFETIMES {
                let name = format!("{place}-{kept}");
                let attributes = format!("; Path=/{max_age}; Secure; Partitioned");
                lines.extend(each_kind(&name, PARTITIONS, &attributes));
            }
            let host = format!("__Host-{place}=1; Path=/; Secure; SameSite=None; Partitioned");
            lines.push(host.into_bytes());
            let same = format!("same={place}; Path=/; Secure; SameSite=None; Partitioned");
            lines.push(same.into_bytes());
            for (secure, is_secure) in SCHEMES {
                let name = format!("{place}-loose-{secure}");
                lines.extend(each_kind(&name, PARTITIONS, &format!("; Path=/{is_secure}")));
            }
            self.set(from, PARTITIONS, "/set", lines);
        }
        self.shared.insert(PARTITIONS, "partitions");
        self.probe(PARTITIONS, "/");
        self.probe(&format!("below.{PARTITIONS}"), "/");
    }

    fn prefixes(&mut self) {
        for line in [
            "__Host-a=1; Secure; Path=/",
            "__Host-b=1; Secure; Path=/; HttpOnly; SameSite=Strict; Max-Age=86400",
            "__Host-c=1; Secure; Path=/; Domain=HOST",
            "__Host-d=1; Path=/",
            "__Secure-a=1; Secure",
            "__Secure-b=1; Secure; Path=/; Domain=HOST; SameSite=None",
            "__Secure-c=1",
            "__host-a=1; Secure; Path=/",
            "__SECURE-a=1; Secure",
            "__Http-a=1; Secure; HttpOnly",
            "__Host-Http-a=1; Secure; HttpOnly; Path=/",
            "__Host-=1; Secure; Path=/",
            "=__Host-a=1; Secure; Path=/",
        ] {
            self.simple("prefixes", line, MAIN, &[line.as_bytes()], &["/"]);
        }
    }

    fn paths(&mut self) {
        let long = format!("/{}", "l".repeat(1000));
        for (path, asked) in [
            ("", "/deep"),
            ("/", "/p"),
            ("/p", "/p"),
            ("/p/", "/p/"),
            ("/p/q", "/p/q"),
            ("/P", "/P"),
            ("p", "/p"),
            ("/p%20q", "/p%20q"),
            ("/p q", "/p%20q"),
            ("/grün", "/gr%C3%BCn"),
            ("/gr%C3%BCn", "/gr%C3%BCn"),
            ("/a%22b", "/a%22b"),
            ("/a\"b", "/a%22b"),
            ("/a,b=c", "/a,b=c"),
            ("//two", "//two"),
            ("/a'b", "/a%27b"),
            ("/a<b>", "/a%3Cb%3E"),
            ("/a|b", "/a%7Cb"),
            ("/a%b", "/a%b"),
            (&long, &long),
        ] {
            let line = format!("a=1; Secure; Path={path}");
            let below = format!("{}/x", asked.trim_end_matches('/'));
            self.simple("paths", path, MAIN, &[line.as_bytes()], &["/", asked, &below]);
        }
        // The path that follows from where it was set.
        let host = "default-path.m0.test";
        self.set(From::Page, host, "/deep/er/set", vec![b"a=1; Secure".to_vec()]);
        self.own("paths", "by default", host);
        for path in ["/", "/deep", "/deep/er", "/deep/er/x"] {
            self.probe(host, path);
        }
    }

    fn lifetimes(&mut self) {
        for line in [
            "a=1; Max-Age=86400",
            "a=1; Max-Age=34560000",
            "a=1; Max-Age=99999999999",
            "a=1; Expires=Fri, 31 Dec 2099 23:59:59 GMT",
            "a=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT",
            "a=1; Expires=Sat, 01-Jan-2050 00:00:00 GMT; Max-Age=3600",
            "a=1; Max-Age=nonsense",
            "a=1; Expires=nonsense",
        ] {
            self.simple("lifetimes", line, ODD, &[line.as_bytes()], &["/"]);
        }
    }

    /// Cookies go out by the length of their path, then by when they were first set.
    fn order(&mut self) {
        let renewed: [&[u8]; 4] = [b"a=1", b"b=1", b"c=1; Path=/p", b"d=1; Domain=HOST"];
        self.simple("order", "as set", MAIN, &renewed, &["/", "/p"]);
        let same: [&[u8]; 5] = [
            b"same=host",
            b"same=domain; Domain=HOST",
            b"same=path; Path=/p",
            b"same=both; Path=/p; Domain=HOST",
            b"same=slash; Path=/p/",
        ];
        self.simple(
            "order",
            "one name, several keys",
            MAIN,
            &same,
            &["/", "/p", "/p/q"],
        );
        let domain_first: [&[u8]; 2] = [b"same=domain; Domain=HOST", b"same=host"];
        self.simple("order", "the domain's first", MAIN, &domain_first, &["/"]);
        let letters: [&[u8]; 3] = [b"A=1", b"a=2", b"\xc3\x84=3"];
        self.simple("order", "names that differ in case", MAIN, &letters, &["/"]);
        // Set again, a cookie keeps its place; deleted and set, it goes to the end.
        let host = "renewed.m0.test";
        for lines in [
            &["a=1", "b=1", "c=1"][..],
            &["a=2"],
            &["b=2"],
            &["c=; Max-Age=0"],
            &["d=1", "c=2"],
            &["a=1"],
        ] {
            let lines = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
            self.set(From::Page, host, "/set", lines);
        }
        self.own("order", "renewed", host);
        self.probe(host, "/");
        // Of the site and of the host, the one first and the other.
        for (name, lines) in [
            (
                "of the site first",
                ["s=1; Domain=m0.test; Path=/both/", "h=1; Path=/both/"],
            ),
            (
                "of the host first",
                ["h=2; Path=/both2", "s=2; Domain=m0.test; Path=/both2"],
            ),
        ] {
            let host = format!("order-{}.m0.test", self.hosts.len());
            let lines: Vec<Vec<u8>> = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
            self.set(From::Page, &host, "/set", lines);
            self.own("order", name, &host);
            self.probe(&host, "/both/");
            self.probe(&host, "/both2");
        }
    }

    /// Odd names and values, host-only with nothing but `Secure`, and with all attributes.
    fn odd(&mut self) {
        for pair in odd::pairs() {
            let line = [&pair[..], b"; Secure"].concat();
            self.simple("names and values", &odd::name(&pair), ODD, &[&line], &["/"]);
        }
        let attributes =
            b"; Domain=HOST; Path=/p; Max-Age=86400; Secure; HttpOnly; SameSite=None; Partitioned";
        for pair in odd::short_pairs() {
            let (name, line) = (odd::name(&pair), [&pair[..], attributes].concat());
            self.simple("odd in partitions", &name, ODD_IN_PARTITIONS, &[&line], &["/p"]);
        }
    }
}

/// A line for each HttpOnly × SameSite × host-only or domain.
pub(super) fn each_kind(name: &str, host: &str, attributes: &str) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    for (seen, http_only) in [("seen", ""), ("hidden", "; HttpOnly")] {
        for (site, same_site) in [
            ("unsaid", ""),
            ("none", "; SameSite=None"),
            ("lax", "; SameSite=Lax"),
            ("strict", "; SameSite=Strict"),
        ] {
            for (whose, domain) in [("host", String::new()), ("domain", format!("; Domain={host}"))] {
                let name = format!("{name}-{seen}-{site}-{whose}");
                let line = format!("{name}=1{domain}{http_only}{same_site}{attributes}");
                lines.push(line.into_bytes());
            }
        }
    }
    lines
}

/// The registrable domain of a host: all top-level domains here are one label.
pub(super) fn site(host: &str) -> &str {
    let last = host.rmatch_indices('.').nth(1);
    last.map_or(host, |(at, _)| &host[at + 1..])
}

fn replaced(line: &[u8], what: &[u8], by: &[u8]) -> Vec<u8> {
    match line.windows(what.len()).position(|window| window == what) {
        Some(at) => [&line[..at], by, &line[at + what.len()..]].concat(),
        None => line.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_that_is_asked_has_a_case_and_a_certificate() {
        let kinds = Cases::of_each_kind(super::super::VECTORS).unwrap();
        assert_eq!(kinds.sites().len(), 6);
        let combinations = Cases::of_combinations();
        assert_eq!(combinations.sites().len(), 4);
        for cases in [kinds, combinations] {
            let names = cases.names();
            for (host, _) in &cases.probes {
                assert_ne!(cases.of(host, b"").0, "unexpected", "{host}");
                let (_, above) = host.split_once('.').unwrap();
                assert!(names.contains(&format!("*.{above}")), "{host}");
            }
        }
    }

    #[test]
    fn sites_are_registrable_domains() {
        assert_eq!(site("below.a.m0.test"), "m0.test");
        assert_eq!(site("m0.test"), "m0.test");
    }
}
