//! What came of each case.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::cases::Cases;
use super::site::{Probe, Sent};

/// The longest name that a receipt shows, in characters.
const SHOWN: usize = 64;

/// What came of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// Sent as before, everywhere.
    Lossless,
    /// Not restored, and named with the reason; nothing else of the case changed.
    Refused,
    /// Anything else.
    Changed,
}

/// The cookies that a receipt names.
pub(crate) struct Refusals(BTreeMap<(String, String), String>);

impl Refusals {
    /// Those of a receipt.
    pub(crate) fn of(receipt: &Value) -> Self {
        let named = receipt["refused"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let named = named
            .iter()
            .map(|one| ((text(&one["domain"]), text(&one["name"])), text(&one["reason"])));
        Self(named.collect())
    }

    /// Why a cookie that is sent to this host was refused, if it was.
    fn why(&self, host: &str, name: &[u8]) -> Option<&str> {
        let name: String = String::from_utf8_lossy(name)
            .chars()
            .take(SHOWN)
            .map(|c| if c.is_ascii_graphic() { c } else { '?' })
            .collect();
        let of_host = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
        let mut named = self.0.iter();
        named
            .find(|((domain, refused), _)| *refused == name && of_host(domain))
            .map(|(_, reason)| reason.as_str())
    }
}

/// All cases, by group.
pub(crate) struct Table {
    cases: BTreeMap<(&'static str, String), Seen>,
}

/// What was seen of a case.
#[derive(Default)]
struct Seen {
    /// Whether the person's browser sent anything.
    accepted: bool,
    /// Why something of it was refused.
    reasons: BTreeSet<String>,
    /// Where something else was sent, and what.
    changes: Vec<String>,
}

impl Seen {
    fn outcome(&self) -> Outcome {
        match (self.changes.is_empty(), self.reasons.is_empty()) {
            (true, true) => Outcome::Lossless,
            (true, false) => Outcome::Refused,
            (false, _) => Outcome::Changed,
        }
    }
}

impl Table {
    pub(super) fn new(cases: &Cases, source: &Sent, restored: &Sent, refusals: &Refusals) -> Self {
        let mut table = Self {
            cases: BTreeMap::new(),
        };
        let probes: BTreeSet<_> = source.keys().chain(restored.keys()).collect();
        for probe in probes {
            match (source.get(probe), restored.get(probe)) {
                (Some(was), Some(is)) => table.add(cases, probe, was, is, refusals),
                (was, _) => {
                    let who = if was.is_some() {
                        "the restored browser"
                    } else {
                        "the person's browser"
                    };
                    let seen = table.seen(("requests", "all".to_owned()));
                    seen.accepted = true;
                    seen.changes.push(format!("{probe:?} was not asked for by {who}"));
                }
            }
        }
        table
    }

    /// Compares one header, first as a whole, then cookie by cookie.
    fn add(&mut self, cases: &Cases, probe: &Probe, was: &[u8], is: &[u8], refusals: &Refusals) {
        let (before, after) = (pairs(was), pairs(is));
        let mut kept = Vec::new();
        for pair in &before {
            let seen = self.seen(cases.of(&probe.host, name(pair)));
            seen.accepted = true;
            // One of several of a name may be there although another was refused.
            match refusals.why(&probe.host, name(pair)) {
                Some(reason) if !after.contains(pair) => {
                    seen.reasons.insert(reason.to_owned());
                }
                _ => kept.push(*pair),
            }
        }
        if kept.join(&b"; "[..]) == after.join(&b"; "[..]) {
            return;
        }
        let of_case = |pairs: &[&[u8]], case: &(&'static str, String)| {
            let of = pairs
                .iter()
                .filter(|pair| cases.of(&probe.host, name(pair)) == *case);
            of.map(|pair| pair.to_vec()).collect::<Vec<_>>()
        };
        let all: BTreeSet<_> = kept
            .iter()
            .chain(&after)
            .map(|pair| cases.of(&probe.host, name(pair)))
            .collect();
        let mut found = false;
        for case in all {
            let (was, is) = (of_case(&kept, &case), of_case(&after, &case));
            if was != is {
                found = true;
                self.change(case, probe, &was.join(&b"; "[..]), &is.join(&b"; "[..]));
            }
        }
        if !found {
            let place = format!("{} {}", probe.context, probe.host);
            self.change(("order of all", place), probe, &kept.join(&b"; "[..]), is);
        }
    }

    fn change(&mut self, case: (&'static str, String), probe: &Probe, was: &[u8], is: &[u8]) {
        let Probe {
            context,
            scheme,
            host,
            path,
        } = probe;
        let (was, is) = (was.escape_ascii(), is.escape_ascii());
        let seen = self.seen(case);
        seen.accepted = true;
        seen.changes.push(format!(
            "{context}: {scheme}://{host}{path}\n        was {was}\n        is  {is}"
        ));
    }

    fn seen(&mut self, case: (&'static str, String)) -> &mut Seen {
        self.cases.entry(case).or_default()
    }

    /// How many cases there were, and how many with this outcome.
    pub(crate) fn count(&self, outcome: Outcome) -> usize {
        let cases = self.cases.values().filter(|seen| seen.accepted);
        cases.filter(|seen| seen.outcome() == outcome).count()
    }

    /// In how many cases of a group the person's browser sent a cookie.
    pub(crate) fn tried(&self, group: &str) -> usize {
        let cases = self.cases.iter().filter(|((of, _), _)| *of == group);
        cases.filter(|(_, seen)| seen.accepted).count()
    }

    /// Of each case of which something was refused: group, name and each reason.
    pub(crate) fn refused(&self) -> Vec<(&str, &str, &str)> {
        let refused = self
            .cases
            .iter()
            .filter(|(_, seen)| seen.outcome() == Outcome::Refused);
        let each = refused.flat_map(|((group, name), seen)| {
            let reasons = seen.reasons.iter();
            reasons.map(|reason| (*group, name.as_str(), reason.as_str()))
        });
        each.collect()
    }

    /// What differs without having been named.
    pub(crate) fn changes(&self) -> String {
        let changed = self
            .cases
            .iter()
            .filter(|(_, seen)| seen.outcome() == Outcome::Changed);
        let lines = changed.map(|((group, name), seen)| {
            let all = seen.changes.len();
            let some: Vec<_> = seen
                .changes
                .iter()
                .take(2)
                .map(|change| format!("\n    {change}"))
                .collect();
            format!("{group}: {name}, at {all} places{}", some.concat())
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const OUTCOMES: [Outcome; 3] = [Outcome::Lossless, Outcome::Refused, Outcome::Changed];
        writeln!(
            f,
            "{:<18} {:>6} {:>9} {:>8} {:>8}",
            "cases", "tried", "lossless", "refused", "changed"
        )?;
        let groups: BTreeSet<_> = self.cases.keys().map(|(group, _)| *group).collect();
        let line = |f: &mut fmt::Formatter<'_>, name: &str, of: &dyn Fn(&str) -> bool| {
            let seen = self
                .cases
                .iter()
                .filter(|((group, _), seen)| of(group) && seen.accepted);
            let outcomes: Vec<_> = seen.map(|(_, seen)| seen.outcome()).collect();
            let [a, b, c] = OUTCOMES.map(|outcome| outcomes.iter().filter(|one| **one == outcome).count());
            writeln!(f, "{name:<18} {:>6} {a:>9} {b:>8} {c:>8}", outcomes.len())
        };
        for group in groups {
            line(f, group, &|of| of == group)?;
        }
        line(f, "all", &|_| true)?;
        for ((group, name), seen) in &self.cases {
            if seen.outcome() == Outcome::Refused {
                let reasons: Vec<_> = seen.reasons.iter().map(String::as_str).collect();
                writeln!(f, "refused, {}: {group}: {name:?}", reasons.join(", "))?;
            }
        }
        Ok(())
    }
}

fn pairs(header: &[u8]) -> Vec<&[u8]> {
    let mut pairs = Vec::new();
    let mut rest = header;
    while let Some(at) = rest.windows(2).position(|two| two == b"; ") {
        pairs.push(&rest[..at]);
        rest = &rest[at + 2..];
    }
    if !rest.is_empty() {
        pairs.push(rest);
    }
    pairs
}

/// The name of a cookie as it is sent; empty if it has none.
fn name(pair: &[u8]) -> &[u8] {
    match pair.iter().position(|byte| *byte == b'=') {
        Some(at) => &pair[..at],
        None => b"",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::cases::ATTRIBUTES;
    use super::*;

    fn cases() -> Cases {
        let mut cases = Cases::default();
        cases.shared.insert(ATTRIBUTES, "attributes");
        cases
    }

    fn sent(header: &str) -> Sent {
        let probe = Probe {
            context: "page".to_owned(),
            scheme: "https",
            host: ATTRIBUTES.to_owned(),
            path: "/".to_owned(),
        };
        Sent::from([(probe, header.as_bytes().to_vec())])
    }

    fn counts(was: &str, is: &str, refused: &[&str]) -> [usize; 3] {
        let refused: Vec<_> = refused
            .iter()
            .map(|name| json!({ "name": name, "domain": ATTRIBUTES, "reason": "browser" }))
            .collect();
        let refusals = Refusals::of(&json!({ "refused": refused }));
        let table = Table::new(&cases(), &sent(was), &sent(is), &refusals);
        [Outcome::Lossless, Outcome::Refused, Outcome::Changed].map(|outcome| table.count(outcome))
    }

    #[test]
    fn the_same_bytes_are_lossless() {
        assert_eq!(counts("a=1; b=2", "a=1; b=2", &[]), [2, 0, 0]);
        assert_eq!(counts("", "", &[]), [0, 0, 0]);
    }

    #[test]
    fn a_byte_more_or_less_is_a_change() {
        assert_eq!(counts("a=1; b=2", "a=1; b=3", &[]), [1, 0, 1]);
        assert_eq!(counts("a=1; b=2", "a=1", &[]), [1, 0, 1]);
        assert_eq!(counts("a=1", "a=1; b=2", &[]), [1, 0, 1]);
        assert_eq!(counts("a=1; b=2", "a=1;  b=2", &[]), [1, 0, 2]);
    }

    #[test]
    fn another_order_is_a_change() {
        assert_eq!(counts("a=1; b=2", "b=2; a=1", &[]), [2, 0, 1]);
    }

    #[test]
    fn what_is_named_may_be_missing_and_nothing_else() {
        assert_eq!(counts("a=1; b=2", "a=1", &["b"]), [1, 1, 0]);
        assert_eq!(counts("a=1; b=2", "a=1; b=3", &["b"]), [1, 0, 1]);
        assert_eq!(counts("a=1; b=2", "", &["b"]), [0, 1, 1]);
    }

    #[test]
    fn a_request_that_one_browser_did_not_make_is_a_change() {
        let table = Table::new(&cases(), &sent("a=1"), &Sent::new(), &Refusals::of(&json!({})));
        assert_eq!(table.count(Outcome::Changed), 1);
    }
}
