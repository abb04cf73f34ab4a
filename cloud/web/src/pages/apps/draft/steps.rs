//! The steps of a rule, as they are typed.

use ferry_catalogue::Step;

use super::Choice;

/// A step as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepDraft {
    /// Tells it from the others of this draft.
    pub key: u32,
    /// What it does.
    pub kind: StepKind,
    /// With what, where it takes something; line breaks and the like as `\n`.
    pub argument: String,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// [`Step::After`]
    After,
    /// [`Step::Before`]
    Before,
    /// [`Step::Split`]
    Split,
    /// [`Step::PercentDecode`]
    PercentDecode,
    /// [`Step::Base64Decode`]
    Base64Decode,
    /// [`Step::JwtClaims`]
    JwtClaims,
    /// [`Step::Json`]
    Json,
    /// [`Step::JsonKeys`]
    JsonKeys,
    /// [`Step::JsonText`]
    JsonText,
    /// [`Step::Where`]
    Where,
    /// [`Step::Unless`]
    Unless,
    /// [`Step::HtmlText`]
    HtmlText,
    /// [`Step::Unquote`]
    Unquote,
    /// [`Step::Trim`]
    Trim,
}

impl Choice for StepKind {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::After, "after", "Take what follows"),
        (Self::Before, "before", "Take what precedes"),
        (Self::Split, "split", "Split into several at"),
        (Self::PercentDecode, "percent-decode", "Decode %41 to A"),
        (Self::Base64Decode, "base64-decode", "Decode Base64"),
        (
            Self::JwtClaims,
            "jwt-claims",
            "Take the claims of a JSON Web Token",
        ),
        (Self::Json, "json", "Take from JSON, at"),
        (Self::JsonKeys, "json-keys", "Take the keys of JSON, at"),
        (Self::JsonText, "json-text", "Take parts of JSON, at"),
        (Self::Where, "where", "Keep parts of JSON that have"),
        (Self::Unless, "unless", "Leave out parts of JSON that have"),
        (Self::HtmlText, "html-text", "Take the text of HTML"),
        (Self::Unquote, "unquote", "Remove quotes around it"),
        (Self::Trim, "trim", "Remove white space around it"),
    ];
}

impl StepKind {
    /// What it takes, if it takes something.
    pub fn argument(self) -> Option<&'static str> {
        match self {
            Self::After | Self::Before | Self::Split => Some("This text"),
            Self::Json | Self::JsonKeys | Self::JsonText => Some("JSON Pointer"),
            Self::Where | Self::Unless => Some("JSON Pointer, = and a value"),
            Self::PercentDecode
            | Self::Base64Decode
            | Self::JwtClaims
            | Self::HtmlText
            | Self::Unquote
            | Self::Trim => None,
        }
    }
}

impl StepDraft {
    /// One that says nothing yet.
    pub fn new(key: u32) -> Self {
        Self {
            key,
            kind: StepKind::After,
            argument: String::new(),
        }
    }

    pub(super) fn of(key: u32, step: &Step) -> Self {
        let (kind, argument) = match step {
            Step::PercentDecode => (StepKind::PercentDecode, ""),
            Step::Base64Decode => (StepKind::Base64Decode, ""),
            Step::JwtClaims => (StepKind::JwtClaims, ""),
            Step::Unquote => (StepKind::Unquote, ""),
            Step::Trim => (StepKind::Trim, ""),
            Step::Split(text) => (StepKind::Split, text.as_str()),
            Step::After(text) => (StepKind::After, text.as_str()),
            Step::Before(text) => (StepKind::Before, text.as_str()),
            Step::Json(pointer) => (StepKind::Json, pointer.as_str()),
            Step::JsonKeys(pointer) => (StepKind::JsonKeys, pointer.as_str()),
            Step::JsonText(pointer) => (StepKind::JsonText, pointer.as_str()),
            Step::Where(condition) => (StepKind::Where, condition.as_str()),
            Step::Unless(condition) => (StepKind::Unless, condition.as_str()),
            Step::HtmlText => (StepKind::HtmlText, ""),
        };
        Self {
            key,
            kind,
            argument: written(argument),
        }
    }

    pub(super) fn step(&self) -> Step {
        // White space may be what it is about: nothing is trimmed.
        let argument = read(&self.argument);
        match self.kind {
            StepKind::PercentDecode => Step::PercentDecode,
            StepKind::Base64Decode => Step::Base64Decode,
            StepKind::JwtClaims => Step::JwtClaims,
            StepKind::Unquote => Step::Unquote,
            StepKind::Trim => Step::Trim,
            StepKind::Split => Step::Split(argument),
            StepKind::After => Step::After(argument),
            StepKind::Before => Step::Before(argument),
            StepKind::Json => Step::Json(argument),
            StepKind::JsonKeys => Step::JsonKeys(argument),
            StepKind::JsonText => Step::JsonText(argument),
            StepKind::Where => Step::Where(argument),
            StepKind::Unless => Step::Unless(argument),
            StepKind::HtmlText => Step::HtmlText,
        }
    }
}

/// A field of one line holds no line breaks: they are written as `\n`.
fn written(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            c => written.push(c),
        }
    }
    written
}

/// The other way; a backslash before anything else stands for itself.
fn read(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut rest = written.chars();
    while let Some(c) = rest.next() {
        let meant = match (c, rest.clone().next()) {
            ('\\', Some('\\')) => '\\',
            ('\\', Some('n')) => '\n',
            ('\\', Some('r')) => '\r',
            ('\\', Some('t')) => '\t',
            _ => {
                text.push(c);
                continue;
            }
        };
        text.push(meant);
        rest.next();
    }
    text
}
