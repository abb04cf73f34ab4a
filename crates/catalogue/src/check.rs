//! What is wrong with a definition, line by line, for whoever writes one.

use std::fmt;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::validate::MAX_DEFINITION;
use crate::{App, AppError, AppId, IdentityRule, OtherAccounts, SignedIn, Source, Step, Strength};

/// Something that has to be corrected in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.reason)
    }
}

impl Problem {
    pub(crate) fn of(text: &str, error: &toml::de::Error) -> Self {
        Self {
            line: line(text, error.span().map_or(0, |span| span.start)),
            reason: error.message().to_owned(),
        }
    }
}

/// The line of a byte.
pub(crate) fn line(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|c| *c == b'\n').count()
}

/// What a definition has to name.
const NEEDED: [&str; 5] = ["id", "name", "domains", "sign_in", "check"];

impl App {
    /// Reads a definition in TOML, and checks it as [`App::from_toml`] does, but says
    /// everything that is wrong: all of the syntax first, then all of the form, then
    /// all of the content, each once what is before it is right. A custom app on the
    /// domains of a supported one (feature `builtin`) is wrong here as well.
    ///
    /// # Errors
    /// At least one problem, in the order of the lines.
    pub fn check_toml(text: &str) -> Result<Self, Vec<Problem>> {
        if text.len() > MAX_DEFINITION {
            return Err(vec![Problem {
                line: 1,
                reason: AppError::TooLarge.to_string(),
            }]);
        }
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut found = Found::new(text);
        errors.iter().for_each(|error| found.error(error));
        found.done()?;
        match toml::from_str::<Self>(text) {
            Ok(app) => {
                let root = DeValue::Table(table.into_inner());
                app.each_fault(&mut |field, fault| {
                    found.problem(place(&root, &field), format!("{field}: {fault}"));
                });
                #[cfg(feature = "builtin")]
                if app.id.is_custom()
                    && let Some(supported) = crate::overlapping(&app)
                {
                    let name = &supported.name;
                    let reason =
                        format!("domains: {name} is a supported app, and no other may take in its cookies");
                    found.problem(place(&root, "domains"), reason);
                }
                found.done()?;
                Ok(app)
            }
            Err(error) => {
                found.form(table.into_inner());
                // Whatever the parts are, the whole is not right.
                if found.problems.is_empty() {
                    found.error(&error);
                }
                Err(found.problems_by_line())
            }
        }
    }
}

/// What was found in a text.
struct Found<'t> {
    text: &'t str,
    problems: Vec<Problem>,
}

impl<'t> Found<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            problems: Vec::new(),
        }
    }

    fn problem(&mut self, at: usize, reason: String) {
        let line = line(self.text, at);
        self.problems.push(Problem { line, reason });
    }

    fn error(&mut self, error: &toml::de::Error) {
        self.problems.push(Problem::of(self.text, error));
    }

    fn problems_by_line(&mut self) -> Vec<Problem> {
        let mut problems = std::mem::take(&mut self.problems);
        problems.sort_by_key(|problem| problem.line);
        problems
    }

    fn done(&mut self) -> Result<(), Vec<Problem>> {
        let problems = self.problems_by_line();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    /// Looks at each part of a definition by itself.
    fn form(&mut self, app: DeTable<'_>) {
        for name in NEEDED {
            if !app.contains_key(name) {
                self.problem(0, format!("missing field `{name}`"));
            }
        }
        for (key, value) in app {
            match key.get_ref().as_ref() {
                "id" => self.read::<AppId>(value),
                "name" | "sign_in" | "sign_out" | "sign_out_of" | "check" => self.read::<String>(value),
                "domains" | "storage" | "storage_optional" | "bound" => {
                    self.each(value, Self::read::<String>)
                }
                "signed_in" => self.read::<SignedIn>(value),
                "identity" => self.each(value, Self::rule),
                "others" => self.each(value, Self::read::<OtherAccounts>),
                name => self.problem(key.span().start, format!("unknown field `{name}`")),
            }
        }
    }

    fn rule(&mut self, rule: Spanned<DeValue<'_>>) {
        let before = self.problems.len();
        if let DeValue::Table(table) = rule.get_ref() {
            for (key, value) in table.clone() {
                match key.get_ref().as_ref() {
                    "strength" => self.read::<Strength>(value),
                    "from" => self.read::<Source>(value),
                    "steps" => self.each(value, Self::read::<Step>),
                    name => self.problem(key.span().start, format!("unknown field `{name}`")),
                }
            }
        }
        // Something is missing, or it is no table.
        if self.problems.len() == before {
            self.read::<IdentityRule>(rule);
        }
    }

    fn read<'i, T: Deserialize<'i>>(&mut self, value: Spanned<DeValue<'i>>) {
        let at = value.span().start;
        if let Err(error) = T::deserialize(ValueDeserializer::from(value)) {
            self.problem(
                error.span().map_or(at, |span| span.start),
                error.message().to_owned(),
            );
        }
    }

    fn each<'i>(&mut self, list: Spanned<DeValue<'i>>, read: fn(&mut Self, Spanned<DeValue<'i>>)) {
        let at = list.span().start;
        match list.into_inner() {
            DeValue::Array(items) => items.into_iter().for_each(|item| read(self, item)),
            other => self.problem(at, format!("invalid type: {}, expected a list", other.type_str())),
        }
    }
}

/// Where a field such as `identity[0].steps[3]` stands, or what of it there is.
fn place(root: &DeValue<'_>, field: &str) -> usize {
    let mut at = 0;
    let mut value = root;
    for name in field.split(['.', '[']) {
        let next = match name.strip_suffix(']').map(str::parse::<usize>) {
            Some(Ok(index)) => value.get(index),
            _ => value.get(name),
        };
        let Some(next) = next else { break };
        at = next.span().start;
        value = next.get_ref();
    }
    at
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
