//! What an app is: its domains, its pages, and how it shows who is signed in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A supported app, or one that a workspace added for itself.
///
/// The TOML files in `apps/` and the JSON that the server sends have this form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Stable identifier. Custom apps start with `custom-`.
    pub id: AppId,
    /// What people call it.
    pub name: String,
    /// Registrable domains (or hosts, for a site on a host of its own), lower
    /// case, without a leading dot. Cookies of these and of everything below
    /// them belong to the app; nothing else does.
    pub domains: Vec<String>,
    /// Where a person signs in.
    pub sign_in: String,
    /// Where a person signs out, if the app has such a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_out: Option<String>,
    /// Where one of several people is signed out, if the app has such a page: an `https`
    /// address with `{identity}`, once, in its path or query. Filled in by
    /// [`App::sign_out_page_of`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_out_of: Option<String>,
    /// A page that only a signed-in person sees. The worker visits it.
    pub check: String,
    /// What has to be there for anyone to be signed in at all. Without it, the
    /// check page decides.
    #[serde(default, skip_serializing_if = "SignedIn::is_empty")]
    pub signed_in: SignedIn,
    /// What of the sign-in lies in the local storage of the app's pages, beside or
    /// instead of cookies. Each entry must be there for anyone to be signed in. It is
    /// written as origin, `#` and name: `https://app.example.com#token`. A name
    /// `indexeddb:DATABASE/STORE` is a store of a database.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub storage: Vec<String>,
    /// More of such entries, which are read and transferred as well, but need not be
    /// there. A checked definition lists every entry that its rules read in one of the two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub storage_optional: Vec<String>,
    /// Names of cookies by which a session looks bound to the device that signed in:
    /// where one is there, a transferred session may end early. A hint, not a proof.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bound: Vec<String>,
    /// How the app shows who is signed in. Empty: nobody can tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identity: Vec<IdentityRule>,
    /// Which cookies hold the sign-ins of other accounts, so that these can be taken
    /// out when one account is transferred while others are signed in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherAccounts>,
}

/// Cookies without which nobody is signed in. Each is named alone (`sessionid`:
/// with any value that is not empty) or with the value it must have (`_auth=1`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedIn {
    /// Those that must all be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<String>,
    /// Those of which at least one must be there (if any is named).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<String>,
}

impl SignedIn {
    /// Whether it names no cookie at all.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.any.is_empty()
    }
}

/// One way in which the app shows who is signed in: where to look, then what to
/// do with the text found there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IdentityRule {
    /// How much the values found prove.
    pub strength: Strength,
    /// Where to look.
    pub from: Source,
    /// What to do with the text found, in order. Each step maps every value to
    /// none, one or several values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// A cookie in which the app keeps the sign-ins of accounts beside the active one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OtherAccounts {
    /// The cookie's name.
    pub cookie: String,
    /// Which entry is the active account's. Without this none is: the whole cookie
    /// goes. A custom app has to say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<OwnEntry>,
}

/// The active account's entry among several, each a name and a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OwnEntry {
    /// What may stand between two entries, after percent-decoding.
    pub split: Vec<String>,
    /// What stands between name and token, after percent-decoding.
    pub after: String,
    /// Cookies whose value is the active account's token. Those that are there have to
    /// agree.
    pub is: Vec<String>,
}

/// How much a piece of evidence proves. (Signed in without any: *opaque*.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Names the one active identity; others may be signed in too.
    Active,
    /// Lists the signed-in identities *beside* the active one.
    Others,
    /// Lists every signed-in identity: an exact count.
    List,
    /// Lists every signed-in identity, but by other names than the active rule
    /// gives (numbers beside login names, say). The values are counted, and
    /// never taken for the name of the one who is signed in.
    Count,
}

/// Where an identity rule looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Source {
    /// The value of every cookie of this name, on the app's domains.
    Cookie(String),
    /// The value of every cookie whose name starts so.
    CookiePrefix(String),
    /// The value of this entry of the local storage, which [`App::storage`] or
    /// [`App::storage_optional`] lists.
    Storage(String),
    /// The body of this page, fetched with the app's cookies. It must lie on one
    /// of the app's domains, and answer with a status of 200 to 299 without
    /// leaving for another page; otherwise nothing is found there.
    Page(String),
    /// As a page, but its answer says nothing about whether somebody is signed in:
    /// one that refuses, or leads elsewhere, is no answer. For addresses that are
    /// made for scripts, and may go away.
    Probe(String),
}

/// One step from text to identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// `%41` → `A`. What is not valid UTF-8 afterwards is dropped.
    PercentDecode,
    /// Base64url or base64, padded or not, to UTF-8 text.
    Base64Decode,
    /// The claims of a JSON Web Token, as JSON text. The signature is not
    /// checked: the app does that.
    JwtClaims,
    /// Removes one pair of double quotes around the text, if there is one.
    Unquote,
    /// Removes white space at both ends.
    Trim,
    /// The pieces between the separators; empty pieces are dropped.
    Split(String),
    /// What follows the first occurrence; nothing without one.
    After(String),
    /// What precedes the first occurrence; nothing without one.
    Before(String),
    /// A JSON Pointer (RFC 6901), where `*` stands for every member of an array
    /// or object. Strings, numbers and booleans become text.
    Json(String),
    /// The keys of the JSON object at this pointer.
    JsonKeys(String),
    /// What is at this JSON Pointer, as JSON text, for the next two.
    JsonText(String),
    /// Keeps JSON text that has this value at this pointer, written `/pointer=value`.
    /// Any other counts as something that cannot be read.
    Where(String),
    /// Leaves out JSON text that has this value at this pointer.
    Unless(String),
    /// Text of HTML: tags removed, the five XML entities and numeric ones
    /// decoded, white space folded.
    HtmlText,
}

/// Identifier of an app: 1 to 64 of `a`–`z`, `0`–`9` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "String", into = "String")]
pub struct AppId(String);

/// The text is not an app identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an app id has 1 to 64 characters of a-z, 0-9 and '-'")]
pub struct AppIdError;

impl AppId {
    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is an app that a workspace defined for itself.
    pub fn is_custom(&self) -> bool {
        self.0.starts_with("custom-")
    }
}

impl TryFrom<String> for AppId {
    type Error = AppIdError;

    fn try_from(text: String) -> Result<Self, AppIdError> {
        let legal = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(legal) {
            Ok(Self(text))
        } else {
            Err(AppIdError)
        }
    }
}

impl FromStr for AppId {
    type Err = AppIdError;

    fn from_str(text: &str) -> Result<Self, AppIdError> {
        text.to_owned().try_into()
    }
}

impl From<AppId> for String {
    fn from(id: AppId) -> Self {
        id.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
