//! Recorded evidence, and what an app's definition has to make of it.
//!
//! A file of cases goes with each definition (`docs/catalogue.md`). The cases have to
//! come out as recorded, show every outcome that the rules can give, and need every
//! part of the definition: each cookie, entry, rule and step is taken out in turn, and
//! some case has to come out otherwise.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use toml::Spanned;

use crate::check::{Problem, line};
use crate::{
    App, CookieView, Evidence, IdentityRule, Outcome, OwnEntry, PageView, Source, Step, StorageView,
    Strength, Verdict,
};

/// The cases of one app.
pub struct Fixtures {
    cases: Vec<(usize, Case)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "case")]
    cases: Vec<Spanned<Case>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Starts with the outcome, or with "malformed".
    name: String,
    /// Whose session the account takes.
    account: Option<String>,
    #[serde(default)]
    cookies: Vec<Given>,
    /// The entries that are there, and their values.
    #[serde(default)]
    storage: Vec<(String, String)>,
    /// Nobody could look at the storage.
    #[serde(default)]
    storage_unread: bool,
    #[serde(default)]
    pages: Vec<Page>,
    outcome: Expected,
    /// The names of cookies by which the session looks bound to the device.
    #[serde(default)]
    bound: Vec<String>,
    /// All cookies that are left once the other accounts' sign-ins are taken out, if that
    /// can be done and changes any. They have to come out as one.
    alone: Option<Vec<Given>>,
}

/// A cookie: name, value, and domain if it is not the app's first.
#[derive(Deserialize)]
#[serde(try_from = "Vec<String>")]
struct Given {
    name: String,
    value: String,
    domain: Option<String>,
}

impl TryFrom<Vec<String>> for Given {
    type Error = &'static str;

    fn try_from(texts: Vec<String>) -> Result<Self, Self::Error> {
        let mut texts = texts.into_iter();
        match (texts.next(), texts.next(), texts.next(), texts.next()) {
            (Some(name), Some(value), domain, None) => Ok(Self { name, value, domain }),
            _ => Err("give a name, a value, and a domain if it is not the first"),
        }
    }
}

impl Given {
    fn view<'c>(&'c self, app: &'c App) -> Option<CookieView<'c>> {
        Some(CookieView {
            name: &self.name,
            value: &self.value,
            domain: self.domain.as_ref().or(app.domains.first())?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    asked: String,
    /// The address asked for, if it is not said.
    answered: Option<String>,
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    body: String,
}

fn ok() -> u16 {
    200
}

/// What comes out of a case, and what should.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Expected {
    Plain(Plain),
    One { one: String, strength: Strength },
    Several { several: Vec<String> },
    Another { another: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Plain {
    SignedOut,
    Unknown,
}

impl fmt::Display for Expected {
    /// As it is written in a file of cases.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(Plain::SignedOut) => f.write_str("\"signed-out\""),
            Self::Plain(Plain::Unknown) => f.write_str("\"unknown\""),
            Self::One { one, strength } => {
                let strength = format!("{strength:?}").to_lowercase();
                write!(f, "{{ one = {one:?}, strength = \"{strength}\" }}")
            }
            Self::Several { several } => write!(f, "{{ several = {several:?} }}"),
            Self::Another { another } => write!(f, "{{ another = {another:?} }}"),
        }
    }
}

impl Expected {
    /// What the name of a case calls it.
    fn kind(&self) -> &'static str {
        match self {
            Self::Plain(Plain::SignedOut) => "signed out",
            Self::Plain(Plain::Unknown) => "unknown",
            Self::One { .. } => "one",
            Self::Several { .. } => "several",
            Self::Another { .. } => "another",
        }
    }
}

impl Case {
    /// What is wrong with the cookies that stay when one account is transferred alone.
    fn problem_alone(&self, app: &App, cookies: &[CookieView<'_>]) -> Option<String> {
        let Some(edits) = app.without_others(cookies).filter(|edits| !edits.is_empty()) else {
            let name = &self.name;
            return self
                .alone
                .as_ref()
                .map(|_| format!("case {name:?} expects what is left alone, but nothing was taken out"));
        };
        let mut left = cookies.to_vec();
        for edit in edits.iter().rev() {
            match &edit.value {
                Some(value) => left[edit.index].value = value,
                None => drop(left.remove(edit.index)),
            }
        }
        let mut expected = self.alone.iter().flatten().filter_map(|given| given.view(app));
        let same = |view: &CookieView<'_>| {
            expected.next().is_some_and(|given| {
                (given.name, given.value, given.domain) == (view.name, view.value, view.domain)
            })
        };
        if !left.iter().all(same) || expected.next().is_some() {
            let left: Vec<_> = left.iter().map(|view| [view.name, view.value]).collect();
            return Some(format!("case {:?} leaves alone = {left:?}", self.name));
        }
        match self.outcome(app, &left) {
            Expected::One { .. } => None,
            found => Some(format!(
                "case {:?} leaves cookies alone that come out as {found}, not as one",
                self.name
            )),
        }
    }

    fn cookies<'c>(&'c self, app: &'c App) -> Vec<CookieView<'c>> {
        self.cookies.iter().filter_map(|given| given.view(app)).collect()
    }

    fn outcome(&self, app: &App, cookies: &[CookieView<'_>]) -> Expected {
        let pages: Vec<_> = self
            .pages
            .iter()
            .map(|page| PageView {
                asked: &page.asked,
                answered: page.answered.as_ref().unwrap_or(&page.asked),
                status: page.status,
                body: &page.body,
            })
            .collect();
        let keys = app.storage_keys();
        let storage: Vec<_> = keys
            .into_iter()
            .filter(|_| !self.storage_unread)
            .map(|entry| StorageView {
                entry,
                value: self.stored(entry),
            })
            .collect();
        let evidence = Evidence {
            cookies,
            pages: &pages,
            storage: &storage,
        };
        if let Verdict::Another { found, .. } = app.verdict(&evidence, self.account.as_deref()) {
            return Expected::Another { another: found };
        }
        match app.outcome(&evidence) {
            Outcome::SignedOut => Expected::Plain(Plain::SignedOut),
            Outcome::Unknown => Expected::Plain(Plain::Unknown),
            Outcome::One { identity, strength } => Expected::One {
                one: identity,
                strength,
            },
            Outcome::Several { identities } => Expected::Several { several: identities },
        }
    }

    /// The value of an entry, written as its name or, if another has the same name, in full.
    fn stored(&self, entry: &str) -> Option<&str> {
        let is_meant = |(name, _): &&(String, String)| {
            name == entry || entry.split_once('#').is_some_and(|(_, key)| name == key)
        };
        self.storage
            .iter()
            .find(is_meant)
            .map(|(_, value)| value.as_str())
    }

    /// What the name says that it shows.
    fn kind(&self) -> &str {
        self.name.split(':').next().unwrap_or_default()
    }

    /// What is wrong with this case alone.
    fn problem(&self, app: &App) -> Option<String> {
        let Self { name, outcome, .. } = self;
        let kind = outcome.kind();
        if ![kind, "malformed"].contains(&self.kind()) {
            return Some(format!(
                "case {name:?} expects {kind:?}: its name starts with that, or with \"malformed\""
            ));
        }
        let cookies = self.cookies(app);
        let found = self.outcome(app, &cookies);
        if found != *outcome {
            return Some(format!("case {name:?} expects {outcome}, but {found} came out"));
        }
        let bound = app.bound_among(&cookies);
        if bound != self.bound {
            let expected = &self.bound;
            return Some(format!(
                "case {name:?} expects bound = {expected:?}, but has {bound:?}"
            ));
        }
        self.problem_alone(app, &cookies)
    }
}

impl Fixtures {
    /// Reads a file of cases.
    ///
    /// # Errors
    /// When it is not TOML, or not of this form.
    pub fn from_toml(text: &str) -> Result<Self, Problem> {
        let file: File = toml::from_str(text).map_err(|error| Problem::of(text, &error))?;
        let numbered = |case: Spanned<Case>| (line(text, case.span().start), case.into_inner());
        Ok(Self {
            cases: file.cases.into_iter().map(numbered).collect(),
        })
    }

    /// How many cases there are.
    pub fn count(&self) -> usize {
        self.cases.len()
    }

    /// The name of the outcome that each case expects.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.cases.iter().map(|(_, case)| case.outcome.kind())
    }

    /// Everything that is wrong with the cases, or with the definition by their measure.
    pub fn problems(&self, app: &App) -> Vec<Problem> {
        let mut problems: Vec<_> = self
            .cases
            .iter()
            .filter_map(|(line, case)| {
                Some(Problem {
                    line: *line,
                    reason: case.problem(app)?,
                })
            })
            .collect();
        let shown: BTreeSet<_> = self.kinds().collect();
        let named: BTreeSet<_> = self.cases.iter().map(|(_, case)| case.kind()).collect();
        let whole = |reason| Problem { line: 1, reason };
        for kind in outcomes(app) {
            if !shown.contains(kind) {
                problems.push(whole(format!(
                    "no case comes out as {kind:?}, which the rules can give"
                )));
            }
        }
        if !named.contains("malformed") {
            problems.push(whole(
                "no case is \"malformed\": show what becomes of evidence that cannot be read".to_owned(),
            ));
        }
        if problems.is_empty() {
            for (part, without) in mutations(app) {
                if self
                    .cases
                    .iter()
                    .all(|(_, case)| case.problem(&without).is_none())
                {
                    problems.push(whole(format!(
                        "no case needs {part}: add one that does, or leave it out"
                    )));
                }
            }
        }
        problems
    }
}

/// The outcomes that the rules can give.
fn outcomes(app: &App) -> Vec<&'static str> {
    let mut kinds = vec!["signed out", "unknown"];
    if app.identity.iter().any(|rule| rule.strength != Strength::Count) {
        kinds.extend(["one", "another"]);
    }
    if app.identity.len() > 1 || app.identity.iter().any(gives_several) {
        kinds.push("several");
    }
    kinds
}

/// Whether one rule can find more than one identity: there may be several cookies of a
/// name, on several hosts, but just one page and one entry.
fn gives_several(rule: &IdentityRule) -> bool {
    let reads_cookies = matches!(rule.from, Source::Cookie(_) | Source::CookiePrefix(_));
    reads_cookies
        || rule.steps.iter().any(|step| match step {
            Step::Split(_) | Step::JsonKeys(_) => true,
            Step::Json(pointer) | Step::JsonText(pointer) => pointer.split('/').any(|token| token == "*"),
            _ => false,
        })
}

/// The app without each of its parts, one at a time.
fn mutations(app: &App) -> Vec<(String, App)> {
    let mut mutations = Vec::new();
    let mut add = |part: String, take: &dyn Fn(&mut App)| {
        let mut without = app.clone();
        take(&mut without);
        mutations.push((part, without));
    };
    for (index, name) in app.signed_in.all.iter().enumerate() {
        add(format!("{name:?} of signed_in.all"), &|app| {
            drop(app.signed_in.all.remove(index));
        });
    }
    for (index, name) in app.signed_in.any.iter().enumerate() {
        add(format!("{name:?} of signed_in.any"), &|app| {
            drop(app.signed_in.any.remove(index));
        });
    }
    for (index, entry) in app.storage.iter().enumerate() {
        add(format!("{entry:?} of storage"), &|app| {
            drop(app.storage.remove(index));
        });
    }
    for (index, name) in app.bound.iter().enumerate() {
        add(format!("{name:?} of bound"), &|app| {
            drop(app.bound.remove(index));
        });
    }
    for (index, rule) in app.identity.iter().enumerate() {
        add(format!("identity[{index}]"), &|app| {
            drop(app.identity.remove(index))
        });
        for step in 0..rule.steps.len() {
            add(format!("identity[{index}].steps[{step}]"), &|app| {
                drop(app.identity[index].steps.remove(step));
            });
        }
    }
    for (index, rule) in app.others.iter().enumerate() {
        add(format!("others[{index}]"), &|app| drop(app.others.remove(index)));
        let Some(own) = &rule.own else { continue };
        add(format!("others[{index}].own"), &|app| {
            app.others[index].own = None
        });
        let mut each = |field: &str, length: usize, list: fn(&mut OwnEntry) -> &mut Vec<String>| {
            for entry in 0..length {
                add(format!("others[{index}].own.{field}[{entry}]"), &|app| {
                    if let Some(own) = &mut app.others[index].own {
                        drop(list(own).remove(entry));
                    }
                });
            }
        };
        each("split", own.split.len(), |own| &mut own.split);
        each("is", own.is.len(), |own| &mut own.is);
    }
    mutations
}

#[cfg(test)]
#[path = "fixtures_tests.rs"]
mod tests;
