//! Who is signed in to an app in one cookie store of this browser: reads the jar, fetches
//! the pages and the entries of local storage that the app's rules need, and lets the
//! rules judge.
//!
//! The rules themselves are the catalogue's.

use ferry_bridge::{IdentityFinding, Remedy, StorageFound, StoreId};
use ferry_catalogue::{App, Evidence, Outcome, PageView, StorageView, Strength, Verdict};
use ferry_protocol::UnixMillis;
use ferry_protocol::jar::Jar;
use futures_util::future::join;

use crate::browser::{Browser, BrowserError, Page};
use crate::explain::Explain;
use crate::{capture, concurrent};

/// A jar, and whose it is.
pub struct Reading {
    /// The cookies, and what lies in local storage.
    pub jar: Jar,
    /// When they were read.
    pub captured_at: UnixMillis,
    /// Whose they are.
    pub verdict: Verdict,
    /// Which entries of local storage are there.
    pub storage: Vec<StorageFound>,
    /// A page that would tell, or local storage, could not be reached.
    pub unreached: bool,
}

/// What an app showed beside its cookies.
#[derive(Default)]
struct Seen {
    pages: Vec<(String, Page)>,
    storage: Vec<StorageFound>,
    unreached: bool,
}

/// Reads an app's jar out of one cookie store, and finds out whose it is; `on_read` is
/// told the number of cookies as soon as they are read.
pub async fn read(
    browser: &impl Browser,
    app: &App,
    store: &StoreId,
    expected: Option<&str>,
    on_read: impl FnOnce(u32),
) -> Result<Reading, BrowserError> {
    let mut jar = capture::read(browser, app, store).await?;
    let mut captured_at = browser.now();
    on_read(capture::count(&jar).total);
    let mut seen = Seen::default();
    let looks_further = !app.probes().is_empty() || !app.storage_keys().is_empty();
    if looks_further && !is_signed_out(app, &jar) {
        let (entries, found);
        ((entries, found), seen.pages) = join(
            capture::read_storage(browser, app, store),
            pages(browser, app, store),
        )
        .await;
        seen.unreached =
            seen.pages.len() < app.probes().len() || found.iter().any(|entry| entry.found.is_none());
        seen.storage = found;
        if !app.probes().is_empty() {
            // A page may have rotated the session's cookies: those read before are stale.
            jar = capture::read(browser, app, store).await?;
            captured_at = browser.now();
        }
        jar.storage = entries;
    }
    let verdict = judge(app, &jar, &seen, expected);
    Ok(Reading {
        jar,
        captured_at,
        verdict,
        storage: seen.storage,
        unreached: seen.unreached,
    })
}

/// The pages that the app's rules need, but for those that cannot be reached.
async fn pages(browser: &impl Browser, app: &App, store: &StoreId) -> Vec<(String, Page)> {
    let probes = app.probes();
    let fetched = concurrent::all(probes.iter().map(|url| browser.page(store, url))).await;
    let answered = probes.into_iter().zip(fetched);
    answered
        .filter_map(|(url, page)| Some((url.to_owned(), page?)))
        .collect()
}

/// Whether the cookies alone say that nobody is signed in.
fn is_signed_out(app: &App, jar: &Jar) -> bool {
    let evidence = Evidence {
        cookies: &capture::views(jar),
        pages: &[],
        storage: &[],
    };
    app.outcome(&evidence) == Outcome::SignedOut
}

fn judge(app: &App, jar: &Jar, seen: &Seen, expected: Option<&str>) -> Verdict {
    let pages: Vec<_> = seen
        .pages
        .iter()
        .map(|(asked, page)| PageView {
            asked,
            answered: &page.answered,
            status: page.status,
            body: &page.body,
        })
        .collect();
    let looked_at = seen.storage.iter().filter(|entry| entry.found.is_some());
    let storage: Vec<_> = looked_at
        .map(|entry| StorageView {
            entry: &entry.entry,
            value: jar.entry(&entry.entry),
        })
        .collect();
    app.verdict(
        &Evidence {
            cookies: &capture::views(jar),
            pages: &pages,
            storage: &storage,
        },
        expected,
    )
}

/// A verdict as pages get it.
pub fn finding(app: &App, verdict: &Verdict) -> IdentityFinding {
    match verdict.clone() {
        Verdict::SignedOut => IdentityFinding::SignedOut,
        Verdict::One { identity, strength } => IdentityFinding::One {
            identity,
            counted: strength != Strength::Active,
        },
        Verdict::Unknown => IdentityFinding::Unknown,
        Verdict::Several { identities } => IdentityFinding::Several {
            identities,
            sign_out: app.sign_out.clone(),
            only: None,
        },
        Verdict::Another { found, expected } => IdentityFinding::Another { found, expected },
    }
}

/// Why a session may not be transferred, by who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Nobody is signed in.
    #[error("Nobody is signed in to {app} in this browser. Sign in there{as_whom}, then share again.")]
    SignedOut {
        /// The app's name.
        app: String,
        /// ` as ada`, or nothing.
        as_whom: String,
        /// Where to sign in.
        sign_in: String,
    },
    /// Nobody can tell who is signed in, and it was not confirmed.
    #[error(
        "{app} does not show who is signed in. Whoever it is: automation will act as that person. \
         Make sure that it is the right one, then confirm."
    )]
    Unknown {
        /// The app's name.
        app: String,
    },
    /// Nobody can tell, since the app was not reached.
    #[error(
        "{app} could not be reached to find out who is signed in. Check the connection, then share again."
    )]
    Unreached {
        /// The app's name.
        app: String,
    },
    /// More than one.
    #[error(
        "More than one identity is signed in to {app}: {names}. Sign out from the others, then share again."
    )]
    Several {
        /// The app's name.
        app: String,
        /// All that can be named.
        names: String,
        /// Where to sign out.
        sign_out: Option<String>,
    },
    /// Not the account's.
    #[error(
        "{found} is signed in to {app}, but this account belongs to {expected}. \
         Sign out there, sign in as {expected}, then share again."
    )]
    Another {
        /// The app's name.
        app: String,
        /// Who is signed in.
        found: String,
        /// Whose account it is.
        expected: String,
        /// Where to sign out, or else where to sign in.
        page: Remedy,
    },
}

impl Explain for IdentityError {
    fn code(&self) -> &'static str {
        match self {
            Self::SignedOut { .. } => "signed-out",
            Self::Unknown { .. } => "unknown-identity",
            Self::Unreached { .. } => "app-unreachable",
            Self::Several { .. } => "several-identities",
            Self::Another { .. } => "another-identity",
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::SignedOut { sign_in, .. } => Some(Remedy::OpenSignIn { url: sign_in.clone() }),
            Self::Unknown { .. } => Some(Remedy::ConfirmUnknown),
            Self::Unreached { .. } => Some(Remedy::Retry),
            Self::Several { sign_out, .. } => sign_out.clone().map(|url| Remedy::OpenSignOut { url }),
            Self::Another { page, .. } => Some(page.clone()),
        }
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
        }),
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
