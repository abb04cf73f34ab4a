//! What the transfer page shows, from what is known. Pure.

use ferry_bridge::{IdentityFinding, Inspection, TransferStep};
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
    Blocked(IdentityFinding),
    /// There is what would be taken, and from whom.
    Review {
        /// The box has to be ticked.
        consent: bool,
        /// The risk has to be confirmed as well.
        unknown: bool,
    },
    /// Under way.
    Running,
    /// Done.
    Done,
}

/// The stage. `granted`: whether the browser has granted the app's domains, as far
/// as is known; the inspection knows better. `for_page`: whether a web page had this
/// shown. Then the box has to be ticked in any case: a page may have made the person
/// click where it knew the button would be.
pub fn stage(
    account: &Account,
    granted: Option<bool>,
    inspection: Option<&Inspection>,
    transfer: Option<&TransferStep>,
    for_page: bool,
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
        return if granted == Some(false) {
            Stage::Permission
        } else {
            Stage::Looking
        };
    };
    if !inspection.missing_origins.is_empty() {
        return Stage::Permission;
    }
    let consent = for_page || account.consent.is_none();
    match &inspection.finding {
        None => Stage::Looking,
        Some(IdentityFinding::One { .. }) => Stage::Review {
            consent,
            unknown: false,
        },
        Some(IdentityFinding::Unknown) => Stage::Review {
            consent,
            unknown: true,
        },
        Some(other) => Stage::Blocked(other.clone()),
    }
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

/// What a click on *Share* does. `prompts`: whether the browser's prompt can be
/// shown above this page.
pub fn click(account: &Account, granted: Option<bool>, prompts: bool) -> Click {
    match (granted == Some(true), account.consent.is_some()) {
        (true, true) => Click::Transfer,
        (true, false) => Click::Explain,
        (false, _) if !prompts => Click::OpenTab,
        (false, true) => Click::AskThenTransfer,
        (false, false) => Click::Explain,
    }
}
