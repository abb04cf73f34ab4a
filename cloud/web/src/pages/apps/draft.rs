//! What is filled in for an app, and the definition that it comes to. Pure.

use ferry_catalogue::{App, AppError, AppId, IdentityRule, OtherAccounts, SignedIn, Source, Strength};

mod steps;

pub use steps::{StepDraft, StepKind};

/// What the identifiers of a workspace's own apps start with.
pub const PREFIX: &str = "custom-";
/// The longest identifier, in characters.
const LONGEST_ID: usize = 64;

/// An app as it is typed. Lists have one entry a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// What people call it.
    pub name: String,
    /// Its identifier.
    pub id: String,
    /// Its domains.
    pub domains: String,
    /// Where people sign in.
    pub sign_in: String,
    /// Where one signs out; may be empty.
    pub sign_out: String,
    /// Where one of several is signed out; may be empty.
    pub sign_out_of: String,
    /// The page that only a signed-in person sees.
    pub check: String,
    /// Cookies that must all be there.
    pub all: String,
    /// Cookies of which one must be there.
    pub any: String,
    /// What is not for this form.
    pub kept: Kept,
    /// How the app shows who is signed in.
    pub rules: Vec<Rule>,
}

/// The parts of a definition that the form does not show, and leaves as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    storage: Vec<String>,
    /// But for those that rules read: they go with their rules.
    storage_optional: Vec<String>,
    bound: Vec<String>,
    others: Vec<OtherAccounts>,
}

/// An identity rule as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Tells it from the others of this draft.
    pub key: u32,
    /// How much it proves.
    pub strength: Strength,
    /// Where it looks.
    pub from: From,
    /// The name of the cookie, its beginning, the entry (origin, `#`, name), or the
    /// address of the page.
    pub value: String,
    /// What is done with what is found there.
    pub steps: Vec<StepDraft>,
}

/// A choice of a form: each with its name there, and its words.
pub trait Choice: Copy + PartialEq + 'static {
    /// All there are.
    const ALL: &'static [(Self, &'static str, &'static str)];

    /// By its name in the form; the first, if there is no such.
    fn named(name: &str) -> Self {
        let found = Self::ALL.iter().find(|(_, known, _)| *known == name);
        found.unwrap_or(&Self::ALL[0]).0
    }
}

impl Choice for Strength {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Active, "active", "The active one"),
        (Self::List, "list", "All who are signed in"),
        (Self::Others, "others", "The others"),
        (Self::Count, "count", "All, to be counted"),
    ];
}

/// What it means that a rule names somebody.
pub fn meaning(strength: Strength) -> &'static str {
    match strength {
        Strength::Active => "The one who is active. Others may be signed in too, as far as this rule knows.",
        Strength::List => "Everybody who is signed in, and nobody else: one name means exactly one person.",
        Strength::Others => {
            "Those who are signed in beside the active one. Another rule names the active one."
        }
        Strength::Count => {
            "Everybody who is signed in, by other names than the rule for the active one gives, such as numbers: they \
             are counted, and never shown."
        }
    }
}

/// Where a rule looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// In a cookie.
    Cookie,
    /// In cookies whose names start alike.
    CookiePrefix,
    /// In an entry of the local storage.
    Storage,
    /// On a page.
    Page,
    /// At an address made for scripts.
    Probe,
}

impl Choice for From {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Cookie, "cookie", "The cookie of this name"),
        (
            Self::CookiePrefix,
            "cookie-prefix",
            "Cookies whose name starts with",
        ),
        (Self::Storage, "storage", "A sign-in entry in local storage"),
        (Self::Page, "page", "The page at this address"),
        (
            Self::Probe,
            "probe",
            "The answer of this address, if it gives one",
        ),
    ];
}

/// Something is wrong: where, and what, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where in the form.
    pub place: Place,
    /// For the person.
    pub message: String,
}

/// Where in the form something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The name.
    Name,
    /// The identifier.
    Id,
    /// The domains.
    Domains,
    /// The page to sign in.
    SignIn,
    /// The page to sign out.
    SignOut,
    /// The page to sign one of several out.
    SignOutOf,
    /// The page that only a signed-in person sees.
    Check,
    /// The cookies that must all be there.
    All,
    /// The cookies of which one must be there.
    Any,
    /// The rules as a whole.
    Rules,
    /// Where the rule with this key looks.
    RuleFrom(u32),
    /// The steps of that rule as a whole.
    RuleSteps(u32),
    /// The step with this key.
    Step(u32),
}

impl Kept {
    /// The entries that need not be there, with those that rules read.
    fn storage_optional_with(&self, rules: &[IdentityRule]) -> Vec<String> {
        let mut all = self.storage_optional.clone();
        for rule in rules {
            if let Source::Storage(entry) = &rule.from
                && !self.storage.contains(entry)
                && !all.contains(entry)
            {
                all.push(entry.clone());
            }
        }
        all
    }
}

/// Whether one of the app's rules reads this entry.
fn is_read(app: &App, entry: &str) -> bool {
    let reads = |rule: &IdentityRule| matches!(&rule.from, Source::Storage(from) if from == entry);
    app.identity.iter().any(reads)
}

/// An identifier for an app of this name.
pub fn suggested_id(name: &str) -> String {
    let words = name
        .to_ascii_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    let mut id = format!("{PREFIX}{words}");
    id.truncate(LONGEST_ID);
    id.truncate(id.trim_end_matches('-').len());
    if words.is_empty() { PREFIX.to_owned() } else { id }
}

impl Draft {
    /// As it is typed.
    pub fn of(app: &App) -> Self {
        let mut keys = 0..;
        let mut key = move || keys.next().unwrap_or(u32::MAX);
        let rule = |rule: &IdentityRule| {
            let (from, value) = match &rule.from {
                Source::Cookie(name) => (From::Cookie, name.clone()),
                Source::CookiePrefix(start) => (From::CookiePrefix, start.clone()),
                Source::Storage(entry) => (From::Storage, entry.clone()),
                Source::Page(page) => (From::Page, page.clone()),
                Source::Probe(page) => (From::Probe, page.clone()),
            };
            Rule {
                key: key(),
                strength: rule.strength,
                from,
                value,
                steps: rule.steps.iter().map(|step| StepDraft::of(key(), step)).collect(),
            }
        };
        Self {
            name: app.name.clone(),
            id: app.id.to_string(),
            domains: app.domains.join("\n"),
            sign_in: app.sign_in.clone(),
            sign_out: app.sign_out.clone().unwrap_or_default(),
            sign_out_of: app.sign_out_of.clone().unwrap_or_default(),
            check: app.check.clone(),
            all: app.signed_in.all.join("\n"),
            any: app.signed_in.any.join("\n"),
            kept: Kept {
                storage: app.storage.clone(),
                storage_optional: {
                    let kept = app.storage_optional.iter().filter(|entry| !is_read(app, entry));
                    kept.cloned().collect()
                },
                bound: app.bound.clone(),
                others: app.others.clone(),
            },
            rules: app.identity.iter().map(rule).collect(),
        }
    }

    /// A key that none of the rules and steps has.
    pub fn free_key(&self) -> u32 {
        let steps = self
            .rules
            .iter()
            .flat_map(|rule| rule.steps.iter().map(|step| step.key));
        let keys = self.rules.iter().map(|rule| rule.key).chain(steps);
        keys.max().map_or(0, |key| key.saturating_add(1))
    }

    /// The definition, checked as the server and everybody after it checks it; and
    /// that it is the workspace's own.
    ///
    /// # Errors
    /// The first fault.
    pub fn app(&self) -> Result<App, Fault> {
        let app = self.definition()?;
        if !app.id.is_custom() || app.id.as_str() == PREFIX {
            return Err(Fault {
                place: Place::Id,
                message: format!("Start with {PREFIX} and add something, such as {PREFIX}wiki."),
            });
        }
        app.validate().map_err(|error| self.fault(&error))?;
        Ok(app)
    }

    fn definition(&self) -> Result<App, Fault> {
        let id: AppId = self.id.trim().parse().map_err(|_| Fault {
            place: Place::Id,
            message: "Use 1 to 64 characters of a–z, 0–9 and “-”.".to_owned(),
        })?;
        let if_any = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let identity: Vec<_> = self.rules.iter().map(Rule::rule).collect();
        Ok(App {
            id,
            name: self.name.trim().to_owned(),
            domains: lines(&self.domains),
            sign_in: self.sign_in.trim().to_owned(),
            sign_out: if_any(&self.sign_out),
            sign_out_of: if_any(&self.sign_out_of),
            check: self.check.trim().to_owned(),
            signed_in: SignedIn {
                all: lines(&self.all),
                any: lines(&self.any),
            },
            storage: self.kept.storage.clone(),
            storage_optional: self.kept.storage_optional_with(&identity),
            bound: self.kept.bound.clone(),
            identity,
            others: self.kept.others.clone(),
        })
    }

    /// Where in the form a fault of the definition is, and what to do about it.
    fn fault(&self, error: &AppError) -> Fault {
        match error {
            AppError::Field { field, fault } => {
                let mut message = words(fault);
                if let Some(first) = message.get_mut(..1) {
                    first.make_ascii_uppercase();
                }
                match self.place(field) {
                    Some(place) => Fault {
                        place,
                        message: format!("{message}."),
                    },
                    None => Fault {
                        place: Place::Rules,
                        message: format!(
                            "{field}: {message}. There is no field for it here: change the definition in a \
                             file, and give it to “ferry-server app add”."
                        ),
                    },
                }
            }
            AppError::Form { .. } | AppError::TooLarge => Fault {
                place: Place::Name,
                message: error.to_string(),
            },
        }
    }

    /// `identity[0].steps[2]`: the third step of the first rule.
    fn place(&self, field: &str) -> Option<Place> {
        // Of a list, the field is the whole: `domains[2]` is a line of it.
        let list = field.split_once('[').map_or(field, |(list, _)| list);
        match list {
            "name" => return Some(Place::Name),
            "domains" => return Some(Place::Domains),
            "sign_in" => return Some(Place::SignIn),
            "sign_out" => return Some(Place::SignOut),
            "sign_out_of" => return Some(Place::SignOutOf),
            "check" => return Some(Place::Check),
            "signed_in.all" => return Some(Place::All),
            "signed_in.any" => return Some(Place::Any),
            _ => {}
        }
        let (rule, rest) = field.strip_prefix("identity[")?.split_once("].")?;
        let rule = self.rules.get(rule.parse::<usize>().ok()?)?;
        match rest {
            "from" => Some(Place::RuleFrom(rule.key)),
            "steps" => Some(Place::RuleSteps(rule.key)),
            _ => {
                let step = rest.strip_prefix("steps[")?.strip_suffix(']')?;
                let step = rule.steps.get(step.parse::<usize>().ok()?)?;
                Some(Place::Step(step.key))
            }
        }
    }
}

impl Rule {
    /// One that says nothing yet.
    pub fn new(key: u32) -> Self {
        Self {
            key,
            strength: Strength::Active,
            from: From::Cookie,
            value: String::new(),
            steps: Vec::new(),
        }
    }

    fn rule(&self) -> IdentityRule {
        let value = self.value.trim().to_owned();
        IdentityRule {
            strength: self.strength,
            from: match self.from {
                From::Cookie => Source::Cookie(value),
                From::CookiePrefix => Source::CookiePrefix(value),
                From::Storage => Source::Storage(value),
                From::Page => Source::Page(value),
                From::Probe => Source::Probe(value),
            },
            steps: self.steps.iter().map(StepDraft::step).collect(),
        }
    }
}

/// What is wrong, in the words of the form; some faults are told in those of the files.
fn words(fault: &ferry_catalogue::Fault) -> String {
    match fault {
        ferry_catalogue::Fault::ReadsSession(entry) if entry.contains('#') => format!(
            "“{entry}” is a sign-in entry in local storage: what it holds may be a secret, which is never an \
             identity. Take one value out of its JSON, if that is a name, or the claims of a JSON Web Token"
        ),
        ferry_catalogue::Fault::ReadsSession(name) => format!(
            "“{name}” is among the cookies without which nobody is signed in: it is a secret, never an identity. Read \
             another cookie or a page, or take only the claims of a JSON Web Token"
        ),
        fault => fault.to_string(),
    }
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
