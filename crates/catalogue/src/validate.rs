//! What an app definition must be before it is used: definitions of custom apps
//! come from people and servers, and name hosts that get permissions and cookies.
//!
//! Whether a domain is a public suffix (`co.uk`) cannot be told here: the list is
//! larger than the extension. The worker asks it before it restores a cookie.

use std::fmt;

use crate::address::{Address, is_host, is_origin};
use crate::sign_out::{climbs, parts};
use crate::text::{clean, split_once};
use crate::{App, IdentityRule, OwnEntry, SignedIn, Source, Step};

/// How many identity rules an app has at most.
pub(crate) const MAX_RULES: usize = 8;
/// How many steps a rule has at most.
pub(crate) const MAX_STEPS: usize = 16;
/// How many domains, session cookies or entries of the storage an app names at most.
const MAX_NAMES: usize = 64;
/// The longest name of an app, in characters.
const MAX_APP_NAME: usize = 80;
/// The longest name of a cookie or an entry of the storage, separator, mark or pointer, in bytes.
const MAX_MARK: usize = 256;
/// The longest page address, in bytes.
const MAX_PAGE: usize = 2048;
/// The longest definition, in bytes.
pub(crate) const MAX_DEFINITION: usize = 64 << 10;

/// An app definition that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppError {
    /// The text is not TOML or JSON, or not in the form of an app.
    #[error("line {line}: {reason}")]
    Form {
        /// Line, from 1.
        line: usize,
        /// What is wrong there, in the parser's words.
        reason: String,
    },
    /// The definition is longer than 64 KiB.
    #[error("the definition is longer than 64 KiB: leave out what is not needed")]
    TooLarge,
    /// A field has a value that it cannot have.
    #[error("{field}: {fault}")]
    Field {
        /// Which one, such as `identity[0].from`.
        field: String,
        /// What is wrong with it.
        fault: Fault,
    },
}

/// What is wrong with a field of an app definition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing is there.
    #[error("must not be empty")]
    Empty,
    /// Too long, in characters or entries.
    #[error("has more than {0} characters or entries")]
    TooLong(usize),
    /// White space at an end, or characters that cannot be seen.
    #[error("has white space at an end, or characters that cannot be seen")]
    Unclean,
    /// The same entry twice.
    #[error("names {0:?} twice")]
    Twice(String),
    /// Not a domain in lower case.
    #[error(
        "{0:?} is not a host name in lower case, such as \"example.com\" (no IP address, no leading dot)"
    )]
    NotAHost(String),
    /// A name without a dot would belong to everyone.
    #[error("{0:?} has no dot: name the app's own domain, such as \"example.com\"")]
    TooBroad(String),
    /// Not a web address as browsers write it.
    #[error("{0:?} is not an address such as \"https://example.com/page\"")]
    NotAnAddress(String),
    /// No single place for an identity, or in the host.
    #[error("{0:?} is not such as \"https://example.com/out/{{identity}}\", with that once in path or query")]
    NoPlace(String),
    /// An identity of one domain would be told another.
    #[error("cannot be said of a custom app with several domains: leave it out")]
    SeveralDomains,
    /// A host below the domain may be somebody else's.
    #[error(
        "{0:?} is on a host below the domain. In a custom app it has to be on the domain itself, such as \
         \"https://example.com/out/{{identity}}\": let that page lead on, or leave this out"
    )]
    BelowDomain(String),
    /// The page lies elsewhere.
    #[error("{0:?} is not on one of the app's domains")]
    Elsewhere(String),
    /// No entry of a storage.
    #[error("{0:?} is not an origin, \"#\" and a name, such as \"https://app.example.com#token\"")]
    NotAnEntry(String),
    /// A store of a database is named by both.
    #[error("{0:?} names no store, as \"https://app.example.com#indexeddb:DATABASE/STORE\" does")]
    NotAStore(String),
    /// A rule reads what is not said to be taken.
    #[error("reads {0:?}: name it in \"storage\", or in \"storage_optional\" if it need not be there")]
    Unlisted(String),
    /// Of a whole cookie nobody can tell whose it is.
    #[error("{0:?} may hold more than the others' sign-ins: say which entry stays (\"own\")")]
    WholeCookie(String),
    /// The rule would make an identity of what signs in.
    #[error(
        "reads {0:?}, which signs in: that is a secret, never an identity. Read something else or a page, \
         or only a token's claims (step \"jwt-claims\") or a stored object's names (step \"json-keys\")"
    )]
    ReadsSession(String),
    /// A JSON Pointer starts with a slash.
    #[error("{0:?} is not a JSON Pointer, such as \"/users/*/name\"")]
    NotAPointer(String),
    /// A condition is a JSON Pointer and a value.
    #[error("{0:?} is not a JSON Pointer, \"=\" and a value, such as \"/state=1\"")]
    NotACondition(String),
}

impl App {
    /// Reads a definition in JSON, and checks it.
    pub fn from_json(text: &str) -> Result<Self, AppError> {
        if text.len() > MAX_DEFINITION {
            return Err(AppError::TooLarge);
        }
        let app: Self = serde_json::from_str(text).map_err(|error| AppError::Form {
            line: error.line(),
            reason: error.to_string(),
        })?;
        app.validate()?;
        Ok(app)
    }

    /// Reads a definition in TOML, and checks it.
    #[cfg(feature = "toml")]
    pub fn from_toml(text: &str) -> Result<Self, AppError> {
        if text.len() > MAX_DEFINITION {
            return Err(AppError::TooLarge);
        }
        let app: Self = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.as_bytes().iter().take(start);
            AppError::Form {
                line: 1 + before.filter(|c| **c == b'\n').count(),
                reason: error.message().to_owned(),
            }
        })?;
        app.validate()?;
        Ok(app)
    }

    /// Checks what the types cannot say: names in bounds, domains that belong to
    /// somebody, pages on these domains.
    pub fn validate(&self) -> Result<(), AppError> {
        let mut first = Ok(());
        self.each_fault(&mut |field, fault| {
            if first.is_ok() {
                first = Err(AppError::Field { field, fault });
            }
        });
        first
    }

    /// Everything that [`App::validate`] refuses, and in which field it is.
    pub(crate) fn each_fault(&self, found: &mut dyn FnMut(String, Fault)) {
        let mut at = |field: fmt::Arguments<'_>, result: Result<(), Fault>| {
            if let Err(fault) = result {
                found(field.to_string(), fault);
            }
        };
        at(format_args!("name"), check_name(&self.name));
        at(format_args!("domains"), check_some(&self.domains));
        check_list("domains", &self.domains, &check_domain, &mut at);
        at(format_args!("sign_in"), self.check_page(&self.sign_in));
        if let Some(page) = &self.sign_out {
            at(format_args!("sign_out"), self.check_page(page));
        }
        if let Some(page) = &self.sign_out_of {
            at(format_args!("sign_out_of"), self.check_page_of_one(page));
        }
        at(format_args!("check"), self.check_page(&self.check));
        let SignedIn { all, any } = &self.signed_in;
        check_list("signed_in.all", all, &check_mark, &mut at);
        check_list("signed_in.any", any, &check_mark, &mut at);
        check_list(
            "storage",
            &self.storage,
            &|entry| self.check_entry(entry),
            &mut at,
        );
        check_list("bound", &self.bound, &check_mark, &mut at);
        at(
            format_args!("identity"),
            check_count(self.identity.len(), MAX_RULES),
        );
        for (index, rule) in self.identity.iter().enumerate().take(MAX_RULES) {
            let from = match &rule.from {
                Source::Cookie(name) | Source::CookiePrefix(name) => {
                    check_mark(name).and_then(|()| self.check_secrecy(rule))
                }
                Source::Storage(entry) => self
                    .check_entry(entry)
                    .and_then(|()| self.check_listed(entry))
                    .and_then(|()| self.check_secrecy(rule)),
                Source::Page(page) | Source::Probe(page) => self.check_page(page),
            };
            at(format_args!("identity[{index}].from"), from);
            let count = check_count(rule.steps.len(), MAX_STEPS);
            at(format_args!("identity[{index}].steps"), count);
            for (place, step) in rule.steps.iter().enumerate().take(MAX_STEPS) {
                at(format_args!("identity[{index}].steps[{place}]"), check_step(step));
            }
        }
        // After the rules: what is wrong with an entry that a rule reads is told there first.
        check_list(
            "storage_optional",
            &self.storage_optional,
            &|entry| self.check_optional(entry),
            &mut at,
        );
        self.each_fault_of_others(&mut at);
    }

    fn each_fault_of_others(&self, at: &mut dyn FnMut(fmt::Arguments<'_>, Result<(), Fault>)) {
        at(format_args!("others"), check_count(self.others.len(), MAX_RULES));
        for (index, rule) in self.others.iter().enumerate().take(MAX_RULES) {
            let name = &rule.cookie;
            let cookie = if self.others[..index].iter().any(|rule| rule.cookie == *name) {
                Err(Fault::Twice(name.clone()))
            } else {
                check_mark(name)
            };
            at(format_args!("others[{index}].cookie"), cookie);
            let Some(OwnEntry { split, after, is }) = &rule.own else {
                // Built-in apps are read by people before: they may say so.
                if self.id.is_custom() {
                    let fault = Fault::WholeCookie(name.clone());
                    at(format_args!("others[{index}].own"), Err(fault));
                }
                continue;
            };
            at(format_args!("others[{index}].own.after"), check_mark(after));
            for (field, list) in [("split", split), ("is", is)] {
                let field = format!("others[{index}].own.{field}");
                at(format_args!("{field}"), check_some(list));
                check_list(&field, list, &check_mark, at);
            }
        }
    }

    /// Identities are shown, reported and compared, so they must not be what signs
    /// in. The claims of a token are worth nothing without its signature, and the names
    /// in an entry of the storage nothing without the values. (Rules of
    /// built-in apps are read by people before they are compiled in: theirs may take
    /// the user's id out of such a cookie.)
    fn check_secrecy(&self, rule: &IdentityRule) -> Result<(), Fault> {
        if !self.id.is_custom() || rule.steps.contains(&Step::JwtClaims) {
            return Ok(());
        }
        let covers = |name: &str| match &rule.from {
            Source::Cookie(from) => name == from,
            Source::CookiePrefix(from) => name.starts_with(from.as_str()),
            Source::Storage(_) | Source::Page(_) | Source::Probe(_) => false,
        };
        if let Source::Storage(entry) = &rule.from {
            // What need not be there may be a list of accounts, but hardly ever is as a whole.
            let is_optional = !self.storage.contains(entry);
            let picks = |step: &Step| match step {
                Step::JsonKeys(_) => true,
                // An empty pointer is the whole entry.
                Step::Json(pointer) | Step::JsonText(pointer) => is_optional && !pointer.is_empty(),
                _ => false,
            };
            if !rule.steps.iter().any(picks) {
                return Err(Fault::ReadsSession(entry.clone()));
            }
        }
        let SignedIn { all, any } = &self.signed_in;
        // `name=value` names the cookie `name`.
        let names = all.iter().chain(any).map(|mark| match mark.split_once('=') {
            Some((name, _)) => name,
            None => mark,
        });
        match names.into_iter().find(|name| covers(name)) {
            Some(name) => Err(Fault::ReadsSession(name.to_owned())),
            None => Ok(()),
        }
    }

    /// An entry of the storage of one of the app's pages.
    fn check_entry(&self, entry: &str) -> Result<(), Fault> {
        match split_once(entry, "#") {
            Some((origin, key)) if is_origin(origin) => {
                self.check_page(origin)?;
                check_mark(key)?;
                check_store(key).ok_or_else(|| Fault::NotAStore(entry.to_owned()))
            }
            _ => Err(Fault::NotAnEntry(entry.to_owned())),
        }
    }

    /// An entry that need not be there: not one that must.
    fn check_optional(&self, entry: &str) -> Result<(), Fault> {
        if self.storage.iter().any(|needed| needed == entry) {
            return Err(Fault::Twice(entry.to_owned()));
        }
        self.check_entry(entry)
    }

    /// An entry that is read has to be one that is said to be taken.
    fn check_listed(&self, entry: &String) -> Result<(), Fault> {
        if self.storage.contains(entry) || self.storage_optional.contains(entry) {
            Ok(())
        } else {
            Err(Fault::Unlisted(entry.clone()))
        }
    }

    /// An address that browsers give back unchanged, on one of the app's domains.
    fn check_page(&self, text: &str) -> Result<(), Fault> {
        check_size(text, MAX_PAGE)?;
        let changed = |c: char| matches!(c, '"' | '<' | '>' | '`' | '{' | '}' | '^');
        let page = Address::parse(text)
            .filter(|page| !page.path.contains(changed))
            .filter(|page| !climbs(page.path))
            .ok_or_else(|| Fault::NotAnAddress(text.to_owned()))?;
        if self.owns_domain(page.host) {
            Ok(())
        } else {
            Err(Fault::Elsewhere(text.to_owned()))
        }
    }

    /// The same, with a place for an identity. A custom app has one only if it has one
    /// domain, and only on that host: what rules read at one host would reach another by
    /// it, which is perhaps not of the same people.
    fn check_page_of_one(&self, text: &str) -> Result<(), Fault> {
        if self.id.is_custom() && self.domains.len() > 1 {
            return Err(Fault::SeveralDomains);
        }
        check_size(text, MAX_PAGE)?;
        let (before, after) = parts(text).ok_or_else(|| Fault::NoPlace(text.to_owned()))?;
        let page = [before, "identity", after].concat();
        self.check_page(&page)?;
        let host = Address::parse(&page).map(|page| page.host);
        if self.id.is_custom() && host != self.domains.first().map(String::as_str) {
            return Err(Fault::BelowDomain(text.to_owned()));
        }
        Ok(())
    }
}

fn check_count(count: usize, limit: usize) -> Result<(), Fault> {
    if count > limit {
        Err(Fault::TooLong(limit))
    } else {
        Ok(())
    }
}

fn check_size(text: &str, limit: usize) -> Result<(), Fault> {
    if text.is_empty() {
        Err(Fault::Empty)
    } else {
        check_count(text.len(), limit)
    }
}

fn check_name(name: &str) -> Result<(), Fault> {
    check_count(name.chars().count(), MAX_APP_NAME)?;
    match clean(name) {
        None => Err(Fault::Empty),
        Some(clean) if clean == name => Ok(()),
        Some(_) => Err(Fault::Unclean),
    }
}

fn check_some(list: &[String]) -> Result<(), Fault> {
    if list.is_empty() {
        Err(Fault::Empty)
    } else {
        Ok(())
    }
}

fn check_domain(domain: &str) -> Result<(), Fault> {
    if !is_host(domain) {
        Err(Fault::NotAHost(domain.to_owned()))
    } else if !domain.contains('.') && domain != "localhost" {
        Err(Fault::TooBroad(domain.to_owned()))
    } else {
        Ok(())
    }
}

/// Checks that there are not too many entries, that each is there once, and each.
fn check_list(
    field: &str,
    list: &[String],
    check: &dyn Fn(&str) -> Result<(), Fault>,
    at: &mut dyn FnMut(fmt::Arguments<'_>, Result<(), Fault>),
) {
    at(format_args!("{field}"), check_count(list.len(), MAX_NAMES));
    for (index, entry) in list.iter().enumerate().take(MAX_NAMES) {
        let fault = if list[..index].contains(entry) {
            Err(Fault::Twice(entry.clone()))
        } else {
            check(entry)
        };
        at(format_args!("{field}[{index}]"), fault);
    }
}

/// Whether this is an item of local storage, or the name of a database and of a store
/// in it.
fn check_store(key: &str) -> Option<()> {
    let Some(store) = key.strip_prefix("indexeddb:") else {
        return Some(());
    };
    let (database, store) = split_once(store, "/")?;
    (!database.is_empty() && !store.is_empty()).then_some(())
}

fn check_mark(text: &str) -> Result<(), Fault> {
    check_size(text, MAX_MARK)
}

fn is_pointer(text: &str) -> bool {
    text.is_empty() || text.starts_with('/')
}

fn check_step(step: &Step) -> Result<(), Fault> {
    match step {
        Step::Split(mark) | Step::After(mark) | Step::Before(mark) => check_mark(mark),
        Step::Json(pointer) | Step::JsonKeys(pointer) | Step::JsonText(pointer) => {
            check_count(pointer.len(), MAX_MARK)?;
            let legal = is_pointer(pointer);
            legal
                .then_some(())
                .ok_or_else(|| Fault::NotAPointer(pointer.clone()))
        }
        Step::Where(condition) | Step::Unless(condition) => {
            check_count(condition.len(), MAX_MARK)?;
            let legal = split_once(condition, "=").is_some_and(|(pointer, _)| is_pointer(pointer));
            legal
                .then_some(())
                .ok_or_else(|| Fault::NotACondition(condition.clone()))
        }
        Step::PercentDecode
        | Step::Base64Decode
        | Step::JwtClaims
        | Step::Unquote
        | Step::Trim
        | Step::HtmlText => Ok(()),
    }
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
