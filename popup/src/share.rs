//! What the transfer page shows, from what is known. Pure.

use ferry_bridge::preflight::{Obstacle, Preflight, Soon, ends_soon, preflight};
use ferry_bridge::{CookieStore, Failure, IdentityFinding, Inspection, StoreId, TransferStep};
use ferry_protocol::UnixMillis;
use ferry_protocol::api::{Account, Role};

/// What the transfer page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Only an owner transfers.
    NotOwner,
    /// The browser has to be asked for the app's domains first.
    Permission,
    /// Looking at what is there.
    Looking,
    /// It cannot be transferred as it is.
    Stopped(Obstacle),
    /// There is what would be taken, and from whom.
    Review {
        /// The box has to be ticked.
        consent: bool,
        /// The risk has to be confirmed as well.
        unknown: bool,
        /// Why it is likely to end soon, if it is.
        soon: Vec<Soon>,
    },
    /// Several are signed in, and the session of one of them can be transferred alone.
    Several {
        /// All of them.
        identities: Vec<String>,
        /// The one.
        only: String,
        /// The box has to be ticked.
        consent: bool,
        /// Why it is likely to end soon, if it is.
        soon: Vec<Soon>,
    },
    /// Under way.
    Running,
    /// Done.
    Done,
}

/// The stage. Which domains the browser has to be asked for, a look alone tells: it has
/// accepted the app's definition. `for_web_page`: whether a web page had this shown. Then the box has to be ticked in any case: a page may have made the person
/// click where it knew the button would be.
pub fn stage(
    account: &Account,
    inspection: Option<&Inspection>,
    transfer: Option<&TransferStep>,
    for_web_page: bool,
    now: UnixMillis,
) -> Stage {
    match transfer {
        Some(TransferStep::Done { .. }) => return Stage::Done,
        Some(TransferStep::Failed { .. }) | None => {}
        Some(_) => return Stage::Running,
    }
    if account.role != Role::Owner {
        return Stage::NotOwner;
    }
    let Some(inspection) = inspection else {
        return Stage::Looking;
    };
    if !inspection.missing_origins.is_empty() {
        return Stage::Permission;
    }
    let consent = for_web_page || account.consent.is_none();
    match preflight(inspection, now) {
        None => Stage::Looking,
        Some(ready @ (Preflight::Ready | Preflight::EndsSoon(_))) => Stage::Review {
            consent,
            unknown: matches!(inspection.finding, Some(IdentityFinding::Unknown)),
            soon: match ready {
                Preflight::EndsSoon(soon) => soon,
                _ => Vec::new(),
            },
        },
        Some(Preflight::Stopped(Obstacle::Several {
            identities,
            only: Some(only),
        })) => Stage::Several {
            identities,
            only,
            consent,
            soon: ends_soon(inspection, now),
        },
        Some(Preflight::Stopped(obstacle)) => Stage::Stopped(obstacle),
    }
}

/// The cookie store that a click on *Share* means, without asking: the only one there
/// is, or the one that this account was shared out of before.
pub fn meant(stores: &[CookieStore], before: Option<StoreId>) -> Option<StoreId> {
    match stores {
        // Never another one than before without asking.
        [] => Some(StoreId::default()).filter(|ordinary| before.is_none_or(|before| before == *ordinary)),
        [only] => Some(only.id.clone()).filter(|only| before.is_none_or(|before| before == *only)),
        several => before.filter(|before| several.iter().any(|store| store.id == *before)),
    }
}

/// Whether it failed by who is signed in: not the one whom the page showed.
pub fn is_of_who(failure: &Failure) -> bool {
    matches!(
        failure.code.as_str(),
        "identity-not-shown" | "another-identity" | "several-identities" | "unknown-identity" | "signed-out"
    )
}

/// Where a click on *Share* leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Click {
    /// Straight to the transfer.
    Transfer,
    /// To the browser's prompt, and then to the transfer.
    AskThenTransfer,
    /// To the page that explains, first.
    Explain,
    /// To the same page in a tab: the prompt cannot be shown here.
    OpenTab,
}

/// What a click on *Share* does: a session of anybody's is transferred only where the
/// person sees whose it is. `prompts`: whether the browser's prompt can be shown above this
/// page.
pub fn click(account: &Account, granted: Option<bool>, prompts: bool) -> Click {
    let is_clear = account.consent.is_some() && account.identity.is_some();
    match (granted == Some(true), is_clear) {
        (true, true) => Click::Transfer,
        (true, false) => Click::Explain,
        (false, _) if !prompts => Click::OpenTab,
        (false, true) => Click::AskThenTransfer,
        (false, false) => Click::Explain,
    }
}

#[cfg(test)]
mod tests {
    use ferry_bridge::StoreKind;

    use super::*;

    #[test]
    fn of_several_stores_only_the_one_from_before_is_meant() {
        let store = |id: &str| CookieStore {
            id: StoreId(id.to_owned()),
            kind: StoreKind::Container,
            name: None,
        };
        let id = |id: &str| Some(StoreId(id.to_owned()));
        let two = [store(""), store("firefox-container-1")];
        assert_eq!(meant(&two, None), None);
        assert_eq!(meant(&two, id("firefox-container-1")), id("firefox-container-1"));
        assert_eq!(meant(&two, id("")), id(""));
        assert_eq!(meant(&two, id("firefox-container-9")), None, "it is gone");
        assert_eq!(
            meant(&two[..1], id("firefox-container-1")),
            None,
            "it is another one"
        );
        assert_eq!(meant(&two[..1], None), id(""));
        assert_eq!(meant(&[], None), id(""));
        assert_eq!(
            meant(&[], id("firefox-container-1")),
            None,
            "they cannot be listed"
        );
    }
}
