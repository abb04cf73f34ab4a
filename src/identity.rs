//! Who is signed in to an app in one cookie store of this browser: reads the jar, fetches
//! the pages and the entries of local storage that the app's rules need, and lets the
//! rules judge.
//!
//! | Where | What |
//! |---|---|
//! | here | reading and judging |
//! | [`alone`] | the session of the active one, without what is the others' |
//! | [`require`] | for whom a session may be transferred: exactly one, and the right one |
//! | [`error`] | why it may not be |
//!
//! The rules themselves are the catalogue's.

pub mod alone;
mod error;
mod require;

use ferry_bridge::{AppPages, IdentityFinding, StorageFound, StoreId};
use ferry_catalogue::{App, CookieView, Evidence, Outcome, PageView, StorageView, Strength, Verdict};
use ferry_protocol::UnixMillis;
use ferry_protocol::jar::Jar;
use futures_util::future::join;

use crate::browser::{Browser, BrowserError, Page};
use crate::{capture, concurrent};

pub use alone::Alone;
pub use error::IdentityError;
pub use require::{require, require_named};

/// A jar, and whose it is.
pub struct Reading {
    /// The cookies, and what lies in local storage.
    pub jar: Jar,
    /// When they were read.
    pub captured_at: UnixMillis,
    /// Whose they are.
    pub verdict: Verdict,
    /// If there are several: the active one's alone, if it can be told apart and is
    /// whose it must be.
    pub alone: Option<Alone>,
    /// How many cookies were taken out of the jar, since they are others'.
    pub left_out: u32,
    /// Out of how many of those in the jar what is others' was cut.
    pub cut: u32,
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
        // A page may have rotated the session's cookies, one that was opened to look into its
        // storage as well: those read before are stale.
        jar = capture::read(browser, app, store).await?;
        captured_at = browser.now();
        jar.storage = entries;
    }
    let verdict = seen.verdict(app, &jar, &capture::views(&jar), expected);
    let alone = match &verdict {
        Verdict::Several { .. } => alone::find(app, &jar, |views| seen.verdict(app, &jar, views, expected)),
        _ => None,
    };
    Ok(Reading {
        jar,
        captured_at,
        verdict,
        alone,
        left_out: 0,
        cut: 0,
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

impl Seen {
    /// Whose these cookies are, with what else was seen.
    fn verdict(&self, app: &App, jar: &Jar, cookies: &[CookieView<'_>], expected: Option<&str>) -> Verdict {
        let pages: Vec<_> = self
            .pages
            .iter()
            .map(|(asked, page)| PageView {
                asked,
                answered: &page.answered,
                status: page.status,
                body: &page.body,
            })
            .collect();
        let looked_at = self.storage.iter().filter(|entry| entry.found.is_some());
        let storage: Vec<_> = looked_at
            .map(|entry| StorageView {
                entry: &entry.entry,
                value: jar.entry(&entry.entry),
            })
            .collect();
        app.verdict(
            &Evidence {
                cookies,
                pages: &pages,
                storage: &storage,
            },
            expected,
        )
    }
}

/// What was found, as pages get it.
pub fn finding(reading: &Reading) -> IdentityFinding {
    match reading.verdict.clone() {
        Verdict::SignedOut => IdentityFinding::SignedOut,
        Verdict::One { identity, strength } => IdentityFinding::One {
            identity,
            counted: strength != Strength::Active,
        },
        Verdict::Unknown => IdentityFinding::Unknown,
        Verdict::Several { identities } => IdentityFinding::Several {
            identities,
            only: reading.alone.as_ref().map(|alone| alone.identity.clone()),
        },
        Verdict::Another { found, expected } => IdentityFinding::Another { found, expected },
    }
}

/// The pages of an app of which this was found in this store.
pub fn pages_of(app: &App, finding: &IdentityFinding, store: &StoreId) -> AppPages {
    AppPages {
        sign_in: app.sign_in.clone(),
        check: app.check.clone(),
        sign_out: app.sign_out.clone(),
        sign_out_of: match finding {
            IdentityFinding::Several { identities, .. } if store.0.is_empty() => {
                identities.iter().map(|who| app.sign_out_page_of(who)).collect()
            }
            _ => Vec::new(),
        },
    }
}
