//! Is a restored session alive, and whose is it? The same rules as in the
//! extension, on what the worker's own browser sees.

use std::time::Duration;

use ferry_catalogue::{App, CookieView, Evidence, PageView, Verdict};
use ferry_protocol::api::{Finding, InvalidReason, Receipt};
use ferry_protocol::jar::Jar;
use ferry_protocol::session::Payload;
use url::Url;

use crate::ambient;
use crate::browser::{Browser, CdpError, Context, Settle, Visit, VisitError};
use crate::capture;
use crate::domains::AppDomains;
use crate::egress::{Policy, Proxy, Rules};
use crate::restore::restore;
use crate::storage::{self, LookedUp};

/// How long a check may take from the first cookie to the last page.
const LIMIT: Duration = Duration::from_secs(30);

/// What a check found.
pub struct Checked {
    /// For the server.
    pub finding: Finding,
    /// The cookies after the visit, if the same identity is still signed in.
    pub jar: Option<Jar>,
}

/// The worker's browser failed; nothing is known of the session.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The browser.
    #[error(transparent)]
    Cdp(#[from] CdpError),
    /// There is no port for the egress proxy.
    #[error("cannot start the egress proxy: {0}")]
    Proxy(#[from] std::io::Error),
}

/// What the app showed. No `Debug`: cookies and pages.
pub struct Look {
    /// The check page.
    check: Visit,
    /// The other pages that the rules look at.
    probes: Vec<Visit>,
    /// The app's cookies after all visits.
    jar: Jar,
    /// The entries of local storage that the app's definition names, after all visits.
    storage: Vec<LookedUp>,
}

/// The app could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The browser failed.
    #[error(transparent)]
    Cdp(#[from] CdpError),
    /// The app did not answer, or not in time.
    #[error("{0}")]
    Unreachable(String),
}

/// What a look says about a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Alive; whether the app shows whose it is, which is the right one's then.
    Alive(bool),
    /// Not usable.
    Invalid(InvalidReason),
    /// Nothing can be said.
    Unclear(String),
}

/// Restores a session in a context of its own, visits the app, and judges.
pub async fn check(
    browser: &Browser,
    policy: &Policy,
    payload: &Payload,
    account_identity: Option<&str>,
) -> Result<Checked, CheckError> {
    let proxy = Proxy::start(Rules::new(&payload.app, policy.clone())).await?;
    let context = browser.context(proxy).await?;
    let checking = check_in(&context, payload, account_identity);
    let checked = tokio::time::timeout(LIMIT, checking).await;
    let refused = refusals(&context, &payload.app);
    context.close().await?;
    let (receipt, looked) = match checked {
        Ok(result) => result?,
        Err(_) => (
            Receipt::default(),
            Err(format!("the app took longer than {} s", LIMIT.as_secs())),
        ),
    };
    Ok(match looked {
        Ok((Judgement::Alive(identified), jar)) => Checked {
            finding: Finding::Verified { identified, receipt },
            jar: Some(jar),
        },
        Ok((Judgement::Invalid(reason), _)) => Checked {
            finding: Finding::Invalid { reason, receipt },
            jar: None,
        },
        Ok((Judgement::Unclear(what), _)) | Err(what) => Checked {
            finding: Finding::Unreachable {
                what: what + &refused,
            },
            jar: None,
        },
    })
}

type Looked = Result<(Judgement, Jar), String>;

async fn check_in(
    context: &Context,
    payload: &Payload,
    account_identity: Option<&str>,
) -> Result<(Receipt, Looked), CdpError> {
    let domains = AppDomains::new(&payload.app);
    let receipt = restore(context, payload, &domains, ambient::now()).await?;
    let looked = match look(context, &payload.app, &payload.user_agent).await {
        Ok(look) => {
            let judgement = judge(&payload.app, &look, payload.identity.as_deref(), account_identity);
            Ok((judgement, look.into_jar()))
        }
        Err(LookError::Unreachable(what)) => Err(what),
        Err(LookError::Cdp(error)) => return Err(error),
    };
    Ok((receipt, looked))
}

/// Visits the app's check page and the pages that its rules look at.
pub async fn look(context: &Context, app: &App, user_agent: &str) -> Result<Look, LookError> {
    let mut tab = context.tab(user_agent).await?;
    let check = match tab.visit(&app.check, Settle::Quiet).await {
        Ok(visit) => visit,
        Err(VisitError::Cdp(error)) => return Err(error.into()),
        Err(VisitError::NoAnswer(why)) => {
            return Err(LookError::Unreachable(format!(
                "the check page does not answer: {why}"
            )));
        }
    };
    let mut probes = Vec::new();
    for probe in app.probes().into_iter().filter(|probe| *probe != app.check) {
        match tab.visit(probe, Settle::Body).await {
            Ok(visit) => probes.push(visit),
            // The rules find nothing there; others may.
            Err(VisitError::NoAnswer(why)) => tracing::debug!(app = %app.id, why, "a probe does not answer"),
            Err(VisitError::Cdp(error)) => return Err(error.into()),
        }
    }
    tab.close().await?;
    let domains = AppDomains::new(app);
    let storage = storage::read(context, &app.storage_keys(), &domains).await?;
    let jar = capture::jar(&context.cookies().await?, &domains);
    Ok(Look {
        check,
        probes,
        jar,
        storage,
    })
}

impl Look {
    /// The app's cookies and local storage after the visit.
    pub fn into_jar(mut self) -> Jar {
        self.jar.storage = self
            .storage
            .into_iter()
            .filter_map(LookedUp::into_entry)
            .collect();
        self.jar
    }
}

/// Judges a look. `sealed`: whom the extension found; `account`: whose session the
/// account takes. Where both are known, it must be both.
pub fn judge(app: &App, look: &Look, sealed: Option<&str>, account: Option<&str>) -> Judgement {
    match look.check.status {
        200..=299 => {}
        401 => return Judgement::Invalid(InvalidReason::SignedOut),
        // Blocked, overloaded, moved: that says nothing about the session.
        status => return Judgement::Unclear(format!("the check page answers with status {status}")),
    }
    // What could not be read again would be missing in what is kept.
    let was_read = |entry: &&str| look.storage.iter().any(|read| read.view().entry == *entry);
    if !app.storage_keys().iter().all(was_read) {
        return Judgement::Unclear("the storage of the app's pages cannot be read".to_owned());
    }
    if is_sign_in(app, &look.check.shown) {
        return Judgement::Invalid(InvalidReason::SignedOut);
    }
    let by_account = verdict(app, look, account);
    if matches!(verdict(app, look, sealed), Verdict::Another { .. }) {
        return Judgement::Invalid(InvalidReason::AnotherIdentity);
    }
    // What was found is not told: the rules may be a lying server's, and what they
    // find anything in the session.
    match by_account {
        Verdict::SignedOut => Judgement::Invalid(InvalidReason::SignedOut),
        Verdict::One { .. } => Judgement::Alive(true),
        Verdict::Several { .. } => Judgement::Invalid(InvalidReason::SeveralIdentities),
        Verdict::Another { .. } => Judgement::Invalid(InvalidReason::AnotherIdentity),
        // Cookies alone prove little; at least the page that only a signed-in person
        // sees must have been shown.
        Verdict::Unknown if !same_page(&app.check, &look.check.shown) => {
            Judgement::Invalid(InvalidReason::SignedOut)
        }
        // The person confirmed that nobody can tell, and still nobody can.
        Verdict::Unknown if sealed.is_none() => Judgement::Alive(false),
        Verdict::Unknown => {
            Judgement::Unclear("somebody is signed in, but the app no longer shows who".to_owned())
        }
    }
}

/// What a reason is called in logs, which name nobody.
pub fn name(reason: &InvalidReason) -> &'static str {
    match reason {
        InvalidReason::SignedOut => "signed out",
        InvalidReason::AnotherIdentity => "another identity",
        InvalidReason::SeveralIdentities => "several identities",
        InvalidReason::DeviceNotApproved { .. } => "device not approved",
        InvalidReason::SealRejected { .. } => "seal rejected",
    }
}

fn verdict(app: &App, look: &Look, expected: Option<&str>) -> Verdict {
    let cookies: Vec<_> = look
        .jar
        .cookies
        .iter()
        .map(|cookie| CookieView {
            name: &cookie.name,
            value: &cookie.value,
            domain: &cookie.domain,
        })
        .collect();
    let visits = std::iter::once(&look.check).chain(&look.probes);
    let pages: Vec<_> = visits
        .map(|visit| PageView {
            asked: &visit.asked,
            answered: &visit.answered,
            status: visit.status,
            body: &visit.body,
        })
        .collect();
    app.verdict(
        &Evidence {
            cookies: &cookies,
            pages: &pages,
            storage: &look.storage.iter().map(LookedUp::view).collect::<Vec<_>>(),
        },
        expected,
    )
}

/// Whether the app shows its sign-in page, or one below it.
fn is_sign_in(app: &App, shown: &str) -> bool {
    let (Ok(shown), Ok(sign_in), Ok(check)) = (
        Url::parse(shown),
        Url::parse(&app.sign_in),
        Url::parse(&app.check),
    ) else {
        return false;
    };
    let base = sign_in.path().trim_end_matches('/');
    let below = |url: &Url| {
        let rest = url.path().strip_prefix(base);
        url.host() == sign_in.host() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    // Where the check page itself lies below the sign-in page (at `/`, for instance),
    // only the sign-in page itself counts.
    if below(&check) {
        same_page(&app.sign_in, shown.as_str()) && sign_in.path() != check.path()
    } else {
        below(&shown)
    }
}

/// Whether two addresses are of one page: query, fragment and a last slash aside.
fn same_page(a: &str, b: &str) -> bool {
    let (Ok(a), Ok(b)) = (Url::parse(a), Url::parse(b)) else {
        return false;
    };
    a.host() == b.host() && a.path().trim_end_matches('/') == b.path().trim_end_matches('/')
}

/// What the egress proxy refused, for the log and the status page: the app's own
/// domains by name. Which other hosts a page asks for may tell what is on it, so they
/// are only counted.
fn refusals(context: &Context, app: &App) -> String {
    let domains = AppDomains::new(app);
    let (own, other): (Vec<_>, Vec<_>) = context
        .refusals()
        .into_iter()
        .partition(|refusal| domains.names().contains(&refusal.host));
    let mut said: Vec<_> = own
        .iter()
        .take(3)
        .map(|r| format!("{}: {}", r.host, r.why))
        .collect();
    if !other.is_empty() {
        said.push(format!("other hosts: {}", other.len()));
    }
    if said.is_empty() {
        String::new()
    } else {
        format!(" (refused: {})", said.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{app, cookie};

    /// What the check page answered; `shown` may differ.
    fn look_at(status: u16, shown: &str, body: &str, cookies: &[(&str, &str)]) -> Look {
        let asked = app().check;
        Look {
            check: Visit {
                asked,
                answered: shown.to_owned(),
                shown: shown.to_owned(),
                status,
                body: body.to_owned(),
            },
            probes: Vec::new(),
            jar: Jar {
                cookies: cookies.iter().map(|(name, value)| cookie(name, value)).collect(),
                storage: Vec::new(),
            },
            storage: Vec::new(),
        }
    }

    const CHECK: &str = "https://app.test/me";
    const SID: &[(&str, &str)] = &[("sid", "v")];

    fn signed_out() -> Judgement {
        Judgement::Invalid(InvalidReason::SignedOut)
    }

    #[test]
    fn the_same_identity_is_alive() {
        let look = look_at(200, CHECK, "Hello <b>alice</b>", SID);
        let alive = Judgement::Alive(true);
        assert_eq!(judge(&app(), &look, Some("alice"), None), alive);
        assert_eq!(judge(&app(), &look, None, Some("alice")), alive);
        assert_eq!(judge(&app(), &look, Some("alice"), Some("alice")), alive);
    }

    #[test]
    fn another_than_the_accounts_or_the_seals_is_invalid() {
        let look = look_at(200, CHECK, "Hello <b>mallory</b>", SID);
        let another = Judgement::Invalid(InvalidReason::AnotherIdentity);
        // The account says mallory's, and the device sealed it as alice's.
        assert_eq!(judge(&app(), &look, Some("alice"), Some("mallory")), another);
        assert_eq!(judge(&app(), &look, Some("alice"), None), another);
        assert_eq!(judge(&app(), &look, Some("mallory"), Some("alice")), another);
    }

    #[test]
    fn signed_out_shows_in_several_ways() {
        for look in [
            look_at(200, "https://app.test/sign-in?next=/me", "<b>alice</b>", SID),
            look_at(200, "https://app.test/sign-in/step-2", "<b>alice</b>", SID),
            look_at(401, CHECK, "<b>alice</b>", SID),
            look_at(200, CHECK, "<b>alice</b>", &[]),
        ] {
            assert_eq!(judge(&app(), &look, Some("alice"), None), signed_out());
        }
    }

    #[test]
    fn a_failing_app_says_nothing_about_the_session() {
        for status in [403, 404, 429, 500, 502, 503, 0] {
            let look = look_at(status, CHECK, "<b>alice</b>", SID);
            assert!(
                matches!(judge(&app(), &look, Some("alice"), None), Judgement::Unclear(_)),
                "{status}"
            );
        }
    }

    #[test]
    fn an_identity_that_nobody_can_tell() {
        let mut opaque = app();
        opaque.identity.clear();
        let there = look_at(200, CHECK, "", SID);
        assert_eq!(judge(&opaque, &there, None, None), Judgement::Alive(false));
        // It could be told when the session was sealed.
        assert!(matches!(
            judge(&opaque, &there, Some("alice"), None),
            Judgement::Unclear(_)
        ));
        // The page for signed-in people was not shown: an old cookie proves nothing.
        let elsewhere = look_at(200, "https://app.test/welcome", "", SID);
        assert_eq!(judge(&opaque, &elsewhere, None, None), signed_out());
    }

    /// It would be missing in what is kept, and be lost so.
    #[test]
    fn nothing_is_judged_while_an_entry_cannot_be_read_again() {
        let users = "https://app.test#users";
        let mut stored = app();
        stored.storage_optional = vec![users.to_owned()];
        let mut look = look_at(200, CHECK, "<b>alice</b>", SID);
        let judged = judge(&stored, &look, Some("alice"), None);
        assert!(matches!(judged, Judgement::Unclear(_)), "{judged:?}");
        // It was looked for, and need not be there.
        look.storage.push(LookedUp::absent(users));
        let judged = judge(&stored, &look, Some("alice"), None);
        assert_eq!(judged, Judgement::Alive(true));
    }

    #[test]
    fn sign_in_pages_above_the_check_page_count_themselves_only() {
        let mut at_root = app();
        at_root.sign_in = "https://app.test/".to_owned();
        assert!(is_sign_in(&at_root, "https://app.test/?next=me"));
        assert!(!is_sign_in(&at_root, CHECK));
        // A host of its own for signing in.
        at_root.sign_in = "https://login.app.test/".to_owned();
        assert!(is_sign_in(&at_root, "https://login.app.test/oauth/authorize"));
        assert!(!is_sign_in(&at_root, CHECK));
    }
}
