//! Who is signed in, told from cookies and pages. Pure and total.
//!
//! # What the evidence means
//!
//! 1. **Signed in at all?** The cookies that [`App::signed_in`] names must be
//!    there, with a value (the one named, if one is). An app that names none is
//!    judged by its check page. The entries that [`App::storage`] names must be
//!    there as well. Otherwise: [`Outcome::SignedOut`].
//! 2. **Pages.** A page counts when it *answered*: status 200 to 299, at the very
//!    address asked for (a fragment aside). When the app *refused* it (sent us to
//!    another address, or said 401 or 403), the session is not accepted, whatever
//!    the cookies look like: [`Outcome::SignedOut`]. This holds for the pages of
//!    rules, and for the check page if it is among the evidence. A page that is
//!    missing, or that failed otherwise, shows nothing.
//!    A probe counts when it answered; nothing else is learned from one.
//!    An entry of the storage that nobody could look at shows nothing either: if
//!    the sign-in needs it, one becomes [`Outcome::Unknown`].
//! 3. **Who?** Each rule reads its source and takes its steps; what comes out is
//!    cleaned (control, bidirectional and invisible characters removed, white
//!    space folded, 256 characters at most). E-mail addresses are compared without
//!    regard to case, everything else by the letter.
//!    - [`Strength::List`] is exact: these and no others.
//!    - [`Strength::Active`] and [`Strength::Others`] add up.
//!    - [`Strength::Active`] alone names one; others may be signed in unseen.
//!    - [`Strength::Count`] tells how many, under names that are not comparable.
//!    - Rules that name different identities are all believed:
//!      [`Outcome::Several`], also for two active ones.
//!    - Signed in, and no rule finds anything: [`Outcome::Unknown`].
//! 4. **When in doubt, not one.** If a rule that counts (all but active) has a
//!    source that could not be read in full (malformed, too long, an entry that a
//!    step drops, a page that is missing), there may be more identities than were
//!    found: one becomes [`Outcome::Unknown`].
//!
//! # Bounds
//!
//! At most 8 rules of 16 steps, 64 values each; 64 KiB of a cookie, 1 MiB of a
//! page or an entry of the storage, 1 MiB in one rule. Every step is linear in its text and makes no more of
//! it, so evidence of any size is judged in bounded time.

use crate::address::{is_within, same_page};
use crate::steps::Values;
use crate::text::{clean, same_identity};
use crate::validate::{MAX_RULES, MAX_STEPS};
use crate::{App, IdentityRule, Source, Strength};

/// The longest cookie value that is looked at, in bytes.
const MAX_COOKIE: usize = 64 << 10;

/// How much of a page, or of an entry of the storage, is looked at, and how much text one rule holds, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// How many identities an outcome names at most.
const MAX_NAMED: usize = 64;

/// One cookie, as much as the rules look at.
#[derive(Clone, Copy)]
pub struct CookieView<'a> {
    /// Name.
    pub name: &'a str,
    /// Value, as sent.
    pub value: &'a str,
    /// Domain without a leading dot.
    pub domain: &'a str,
}

/// A page that was fetched with the app's cookies.
#[derive(Clone, Copy)]
pub struct PageView<'a> {
    /// The address asked for, exactly as [`App::probes`] named it.
    pub asked: &'a str,
    /// The address that answered in the end, after redirects.
    pub answered: &'a str,
    /// HTTP status.
    pub status: u16,
    /// Body, as text.
    pub body: &'a str,
}

/// An entry of the local storage of the app's pages, as it was found.
#[derive(Clone, Copy)]
pub struct StorageView<'a> {
    /// Which one: as [`App::storage_keys`] named it.
    pub entry: &'a str,
    /// Its value; `None` if it is not there.
    pub value: Option<&'a str>,
}

/// What the rules are given.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// Every cookie of the app's domains, in one cookie store. Others are
    /// passed over.
    pub cookies: &'a [CookieView<'a>],
    /// The pages that [`App::probes`] names, and the check page if it was
    /// visited. A page that could not be reached is left out.
    pub pages: &'a [PageView<'a>],
    /// The entries that [`App::storage_keys`] names. One that could not be looked at
    /// is left out; one that was looked for in vain is here without a value.
    pub storage: &'a [StorageView<'a>],
}

/// What the evidence says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody is signed in.
    SignedOut,
    /// One identity, and how well that is known.
    One {
        /// Who, as the app writes it; cleaned of control characters.
        identity: String,
        /// The strongest evidence for it: [`Strength::List`] if all were counted,
        /// otherwise [`Strength::Active`].
        strength: Strength,
    },
    /// Somebody is signed in, and nobody can tell as whom.
    Unknown,
    /// More than one identity is signed in.
    Several {
        /// Those that can be named; at most 64. One that a rule found as the active one is the first.
        identities: Vec<String>,
    },
}

/// The outcome, held against the account it is meant for: what an app itself shows knows
/// of no account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody is signed in.
    SignedOut,
    /// The right one, or the only one where the account names nobody.
    One {
        /// Who.
        identity: String,
        /// How well that is known, as in [`Outcome::One`].
        strength: Strength,
    },
    /// Somebody, nobody can tell as whom. Needs a confirmation.
    Unknown,
    /// More than one.
    Several {
        /// Those that can be named; at most 64. One that a rule found as the active one is the first.
        identities: Vec<String>,
    },
    /// One, but not the account's.
    Another {
        /// Who is signed in.
        found: String,
        /// Whose account it is.
        expected: String,
    },
}

/// How a page came back.
enum Answer<'a> {
    /// It was not fetched, or failed in a way that tells nothing.
    Nothing,
    /// The app does not accept the session for it.
    Refused,
    /// Its body.
    Page(&'a str),
}

impl App {
    /// The pages that have to be fetched, with the app's cookies, before
    /// [`App::outcome`] can judge. Each once.
    pub fn probes(&self) -> Vec<&str> {
        let mut pages = Vec::new();
        if self.is_judged_by_check_page() {
            pages.push(self.check.as_str());
        }
        for rule in &self.identity {
            if let Source::Page(page) | Source::Probe(page) = &rule.from
                && !pages.contains(&page.as_str())
            {
                pages.push(page);
            }
        }
        pages
    }

    /// The entries of the storage that have to be looked up before [`App::outcome`]
    /// can judge: those that the definition lists, and no others, whatever its rules
    /// read. Each once.
    pub fn storage_keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = Vec::new();
        for key in self.storage.iter().chain(&self.storage_optional) {
            if !keys.contains(&key.as_str()) {
                keys.push(key);
            }
        }
        keys
    }

    /// Whether cookies of this host belong to the app: it is one of the app's
    /// domains or below one. `host` is in lower case, without a leading dot.
    pub fn owns_domain(&self, host: &str) -> bool {
        self.domains.iter().any(|domain| is_within(host, domain))
    }

    /// The domain that all others of the app are below, if there is one.
    pub fn outermost_domain(&self) -> Option<&str> {
        let is_outermost = |one: &&String| self.domains.iter().all(|other| is_within(other, one));
        self.domains.iter().find(is_outermost).map(String::as_str)
    }

    /// The match patterns of the host permissions that cover the app's cookies.
    /// (`*.` covers the domain itself as well.)
    pub fn origins(&self) -> Vec<String> {
        self.domains
            .iter()
            .map(|domain| format!("*://*.{domain}/*"))
            .collect()
    }

    /// Who is signed in. See the [module](crate::rules) for the meaning.
    pub fn outcome(&self, evidence: &Evidence<'_>) -> Outcome {
        let check = self.answer(&self.check, evidence);
        let stored = |key: &String| stored(key, evidence);
        let refused = |rule: &IdentityRule| match &rule.from {
            Source::Page(page) => matches!(self.answer(page, evidence), Answer::Refused),
            _ => false,
        };
        if !self.has_session_cookies(evidence)
            || self.storage.iter().any(|key| stored(key) == Some(""))
            || matches!(check, Answer::Refused)
            || self.identity.iter().any(refused)
        {
            return Outcome::SignedOut;
        }
        let unconfirmed = (self.is_judged_by_check_page() && !matches!(check, Answer::Page(_)))
            || self.storage.iter().any(|key| stored(key).is_none());
        let unbounded =
            self.identity.len() > MAX_RULES || self.identity.iter().any(|rule| rule.steps.len() > MAX_STEPS);
        let mut found = Found {
            doubtful: unconfirmed || unbounded,
            ..Found::default()
        };
        for rule in self.identity.iter().take(MAX_RULES) {
            found.add(rule.strength, self.read(rule, evidence));
        }
        found.outcome()
    }

    /// The cookies among these by which the session looks bound to this device, by
    /// name: each once, in the order of [`App::bound`].
    pub fn bound_among(&self, cookies: &[CookieView<'_>]) -> Vec<String> {
        let is_there = |name: &&String| {
            cookies.iter().any(|cookie| {
                cookie.name == **name && !cookie.value.is_empty() && self.owns_domain(cookie.domain)
            })
        };
        let mut found: Vec<String> = Vec::new();
        for name in self.bound.iter().filter(is_there) {
            if !found.contains(name) {
                found.push(name.clone());
            }
        }
        found
    }

    /// Whether the session may be transferred for an account of `expected`
    /// (`None`: the account names nobody). What cannot be an identity is nobody's.
    pub fn verdict(&self, evidence: &Evidence<'_>, expected: Option<&str>) -> Verdict {
        let expected = expected.map(|who| clean(who).unwrap_or_else(|| who.to_owned()));
        match (self.outcome(evidence), expected) {
            (Outcome::SignedOut, _) => Verdict::SignedOut,
            (Outcome::Unknown, _) => Verdict::Unknown,
            (Outcome::Several { identities }, _) => Verdict::Several { identities },
            (Outcome::One { identity, .. }, Some(expected)) if !same_identity(&identity, &expected) => {
                Verdict::Another {
                    found: identity,
                    expected,
                }
            }
            (Outcome::One { identity, strength }, _) => Verdict::One { identity, strength },
        }
    }

    /// Whether neither cookies nor storage tell if somebody is signed in.
    fn is_judged_by_check_page(&self) -> bool {
        self.signed_in.is_empty() && self.storage.is_empty()
    }

    fn has_session_cookies(&self, evidence: &Evidence<'_>) -> bool {
        let present = |wanted: &String| match wanted.split_once('=') {
            Some(wanted) => self
                .cookies(evidence)
                .any(|cookie| (cookie.name, cookie.value) == wanted),
            None => self.cookies(evidence).any(|cookie| cookie.name == wanted),
        };
        let needed = &self.signed_in;
        if self.is_judged_by_check_page() {
            return self.cookies(evidence).next().is_some();
        }
        needed.all.iter().all(present) && (needed.any.is_empty() || needed.any.iter().any(present))
    }

    /// The app's cookies that have a value.
    fn cookies<'e>(&self, evidence: &Evidence<'e>) -> impl Iterator<Item = &'e CookieView<'e>> {
        evidence
            .cookies
            .iter()
            .filter(|cookie| !cookie.value.is_empty() && self.owns_domain(cookie.domain))
    }

    fn answer<'e>(&self, asked: &str, evidence: &Evidence<'e>) -> Answer<'e> {
        let Some(page) = evidence.pages.iter().find(|page| page.asked == asked) else {
            return Answer::Nothing;
        };
        let moved = !same_page(asked, page.answered);
        match page.status {
            200..=299 if !moved => Answer::Page(page.body),
            // A redirect that was not followed, or followed to another page.
            300..=399 | 401 | 403 => Answer::Refused,
            200..=499 if moved => Answer::Refused,
            _ => Answer::Nothing,
        }
    }

    /// What a rule finds, before it is cleaned.
    fn read(&self, rule: &IdentityRule, evidence: &Evidence<'_>) -> Values {
        let mut values = Values::default();
        match &rule.from {
            Source::Cookie(name) => self.read_cookies(evidence, |given| given == name, &mut values),
            Source::CookiePrefix(prefix) => {
                self.read_cookies(evidence, |given| given.starts_with(prefix.as_str()), &mut values);
            }
            Source::Storage(key) => match stored(key, evidence) {
                Some("") => {}
                text => read_text(text, &mut values),
            },
            Source::Page(page) | Source::Probe(page) => match self.answer(page, evidence) {
                Answer::Page(body) => read_text(Some(body), &mut values),
                Answer::Nothing | Answer::Refused => read_text(None, &mut values),
            },
        }
        rule.steps.iter().take(MAX_STEPS).fold(values, Values::step)
    }

    fn read_cookies(&self, evidence: &Evidence<'_>, wanted: impl Fn(&str) -> bool, values: &mut Values) {
        let mut room = MAX_TEXT;
        for cookie in self.cookies(evidence).filter(|cookie| wanted(cookie.name)) {
            if cookie.value.len() <= MAX_COOKIE.min(room) {
                room -= cookie.value.len();
                values.push(cookie.value.to_owned());
            } else {
                values.dropped = true;
            }
        }
    }
}

/// As much as is looked at of a text; `None` if there is a text that nobody got.
fn read_text(text: Option<&str>, values: &mut Values) {
    let shown = text.map(|text| &text[..text.floor_char_boundary(MAX_TEXT)]);
    values.dropped |= shown != text;
    values.push_or_drop(shown.map(str::to_owned));
}

/// The value of an entry: empty if it is not there, and `None` if nobody could look.
fn stored<'e>(key: &str, evidence: &Evidence<'e>) -> Option<&'e str> {
    let found = evidence.storage.iter().find(|view| view.entry == key)?;
    Some(found.value.unwrap_or_default())
}

/// What all rules found together.
#[derive(Default)]
struct Found {
    active: Vec<String>,
    others: Vec<String>,
    listed: Vec<String>,
    counted: Vec<String>,
    /// There may be more than was found.
    doubtful: bool,
}

impl Found {
    fn add(&mut self, strength: Strength, values: Values) {
        let mut whole = !values.dropped;
        let group = match strength {
            Strength::Active => &mut self.active,
            Strength::Others => &mut self.others,
            Strength::List => &mut self.listed,
            Strength::Count => &mut self.counted,
        };
        for text in &values.texts {
            match clean(text) {
                Some(identity) => add_new(group, identity),
                None => whole = false,
            }
        }
        self.doubtful |= !whole && strength != Strength::Active;
    }

    fn outcome(mut self) -> Outcome {
        let counted_all = !self.listed.is_empty() || !self.counted.is_empty();
        // Others beside an active one that no rule could name.
        let unnamed = !self.others.is_empty() && self.active.is_empty() && self.listed.is_empty();
        let mut identities = self.active;
        self.listed
            .into_iter()
            .chain(self.others)
            .for_each(|identity| add_new(&mut identities, identity));
        if identities.len() > 1 || unnamed {
            identities.truncate(MAX_NAMED);
            return Outcome::Several { identities };
        }
        if self.counted.len() > 1 {
            self.counted.truncate(MAX_NAMED);
            return Outcome::Several {
                identities: self.counted,
            };
        }
        match identities.pop() {
            Some(identity) if !self.doubtful => Outcome::One {
                identity,
                strength: if counted_all {
                    Strength::List
                } else {
                    Strength::Active
                },
            },
            _ => Outcome::Unknown,
        }
    }
}

fn add_new(group: &mut Vec<String>, identity: String) {
    if !group.iter().any(|known| same_identity(known, &identity)) {
        group.push(identity);
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
