//! For whom a session may be transferred.

use ferry_bridge::Remedy;
use ferry_catalogue::{App, Verdict, is_identity, same_identity};

use super::{IdentityError, Reading};

/// The identity that a session may be transferred for; `None` when nobody can
/// tell and the person confirmed it. Only one identity goes through silently.
pub fn require(
    app: &App,
    reading: &Reading,
    expected: Option<&str>,
    accept_unknown: bool,
) -> Result<Option<String>, IdentityError> {
    let name = app.name.clone();
    match &reading.verdict {
        // A part of the sign-in would be missing.
        Verdict::One { .. } if reading.storage.iter().any(|entry| entry.found.is_none()) => {
            Err(IdentityError::Unreached { app: name })
        }
        Verdict::One { identity, .. } => Ok(Some(identity.clone())),
        Verdict::Unknown if reading.unreached => Err(IdentityError::Unreached { app: name }),
        Verdict::Unknown if accept_unknown => Ok(None),
        Verdict::Unknown => Err(IdentityError::Unknown { app: name }),
        Verdict::SignedOut => Err(IdentityError::SignedOut {
            app: name,
            as_whom: expected.map(|who| format!(" as {who}")).unwrap_or_default(),
            sign_in: app.sign_in.clone(),
        }),
        Verdict::Several { identities } => Err(IdentityError::Several {
            app: name,
            names: list(identities),
            sign_out: app.sign_out.clone(),
            alone: reading.alone.as_ref().map(|alone| alone.identity.clone()),
        }),
        Verdict::Another { expected, .. } if !is_identity(expected) => {
            Err(IdentityError::Nobodys { app: name })
        }
        Verdict::Another { found, expected } => Err(IdentityError::Another {
            app: name,
            found: found.clone(),
            expected: expected.clone(),
            page: match &app.sign_out {
                Some(url) => Remedy::OpenSignOut { url: url.clone() },
                None => Remedy::OpenSignIn {
                    url: app.sign_in.clone(),
                },
            },
        }),
    }
}

/// That it is the one whom the person saw `named` when they clicked. Where nobody was
/// named, the account itself has to say who it is (`expected`, which [`require`] has
/// checked), unless nobody can tell.
pub fn require_named(
    app: &App,
    found: Option<&str>,
    named: Option<&str>,
    expected: Option<&str>,
) -> Result<(), IdentityError> {
    let Some(found) = found else { return Ok(()) };
    match named.map_or(expected.is_some(), |named| same_identity(found, named)) {
        true => Ok(()),
        false => Err(IdentityError::NotShown {
            app: app.name.clone(),
            found: found.to_owned(),
        }),
    }
}

/// With commas between them. (`join` is made for any kind of lists: 1 kB more.)
fn list(names: &[String]) -> String {
    let mut list = String::new();
    for name in names {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(name);
    }
    list
}
