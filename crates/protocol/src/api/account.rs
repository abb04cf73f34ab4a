//! Accounts, consents and transfers.

mod form;

use ferry_catalogue::App;
use serde::{Deserialize, Serialize};

use crate::vault::{SignedSealingKey, VaultIdentity};
use crate::{AccountId, ConsentId, TransferId, UnixMillis};

/// The accounts that a person may see, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Accounts {
    /// All of them.
    pub accounts: Vec<Account>,
    /// The version of the workspace's catalogue, if one was delivered: see
    /// [`SignedCatalogue`](crate::catalogue::SignedCatalogue).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<UnixMillis>,
}

/// An account in an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Account {
    /// Identifier.
    pub id: AccountId,
    /// What people call it.
    pub name: String,
    /// Whose session it takes, as the app writes it; `None`: anybody's.
    pub identity: Option<String>,
    /// The app.
    pub app: App,
    /// What the asking person may do.
    pub role: Role,
    /// The asking person's consent, if it is given and not revoked.
    pub consent: Option<Consent>,
    /// The session in the cloud.
    pub session: SessionStatus,
}

/// A person's part in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May transfer and delete.
    Owner,
    /// May look.
    Collaborator,
}

/// Gives consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GiveConsent {
    /// Version of the text that was shown.
    pub text_version: u32,
}

/// Consent, as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Consent {
    /// Identifier.
    pub id: ConsentId,
    /// Version of the text that was shown.
    pub text_version: u32,
    /// When the person agreed.
    pub granted_at: UnixMillis,
}

/// Asks for a one-time key. Asking again for the same transfer gives the same key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BeginTransfer {
    /// Chosen by the extension.
    pub transfer: TransferId,
}

/// The key to seal to, and who signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransferOffer {
    /// The one-time key.
    pub sealing_key: SignedSealingKey,
    /// The vault identity, and how it came to be.
    pub vault: VaultIdentity,
}

/// The session in the cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case", try_from = "form::Status")]
pub enum SessionStatus {
    /// There is none.
    None,
    /// It was transferred, and nothing speaks against it.
    Transferred(StoredSession),
    /// The app no longer accepts it, or it could not be opened.
    Invalid {
        /// Why.
        reason: InvalidReason,
        /// The session.
        #[serde(flatten)]
        session: StoredSession,
    },
    /// It was not used within the retention window, and was deleted.
    Expired {
        /// When.
        at: UnixMillis,
    },
}

/// What is known of a stored session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoredSession {
    /// The transfer that brought it.
    pub transfer: TransferId,
    /// When it was stored.
    pub transferred_at: UnixMillis,
    /// Name of the device that it came from.
    pub device_name: String,
    /// Name of the person who transferred it.
    pub transferred_by: String,
    /// When it will be deleted if nothing uses it.
    pub expires_at: UnixMillis,
    /// The last check, if there was one.
    pub check: Option<Check>,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Check {
    /// When.
    pub at: UnixMillis,
    /// Whether the app showed who is signed in: the account's identity, and the one
    /// that the device found. `false`: it does not show it, or the session is invalid.
    pub identified: bool,
    /// What was restored into the worker's browser.
    pub receipt: Receipt,
}

/// Most refused cookies that a receipt names. With names and domains as long as they may
/// be it stays well below the 64 KiB that the server takes.
pub const MAX_REFUSED_COOKIES: usize = 100;

/// Most refused entries of local storage that a receipt names. No definition has more than
/// a few.
pub const MAX_REFUSED_ENTRIES: usize = 20;

/// What became of the cookies, and of what lay in local storage, from the person's
/// browser into the worker's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receipt {
    /// How many cookies the device read. It left those out of the seal that belong to
    /// other identities, if the person chose so.
    #[serde(default)]
    pub read: u32,
    /// Out of how many of those in the seal the device cut what belongs to other
    /// identities, if the person chose so.
    #[serde(default)]
    pub cut: u32,
    /// How many were in the seal.
    pub sealed: u32,
    /// How many the browser took.
    pub restored: u32,
    /// How many of these end sooner than in the seal: Chromium keeps none for more than
    /// 400 days.
    #[serde(default)]
    pub shortened: u32,
    /// Those that it did not take, or that were not the app's: the first 100. How
    /// many there are is `sealed` less `restored`.
    pub refused: Vec<RefusedCookie>,
    /// The entries of local storage.
    #[serde(default)]
    pub storage: StorageReceipt,
}

/// What became of the entries of local storage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StorageReceipt {
    /// How many were in the seal.
    pub sealed: u32,
    /// How many the worker's browser holds now.
    pub restored: u32,
    /// The others: the first 20.
    pub refused: Vec<RefusedEntry>,
}

/// An entry of local storage that was not restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusedEntry {
    /// Which, as the app's definition names it: origin, `#`, name.
    pub entry: String,
    /// Why.
    pub reason: RefusedReason,
}

/// A cookie that was not restored. Names and domains only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusedCookie {
    /// Name, cut to 64 characters.
    pub name: String,
    /// Domain, cut to 253 characters.
    pub domain: String,
    /// Why.
    pub reason: RefusedReason,
}

/// Why a cookie, or an entry of local storage, was not restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RefusedReason {
    /// Not a domain of the app's.
    ForeignDomain,
    /// A public suffix.
    PublicSuffix,
    /// It had expired.
    Expired,
    /// The browser refused it, or would send something else.
    Browser,
    /// Its name or value holds bytes that are no UTF-8: the device's browser tells
    /// extensions that they are there, and not which they are.
    Unreadable,
}

/// Why a session is not usable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "why", rename_all = "snake_case", try_from = "form::Reason")]
pub enum InvalidReason {
    /// The app shows nobody signed in.
    SignedOut,
    /// Somebody else is signed in. Not who: see [`Finding::Verified`](super::Finding).
    AnotherIdentity,
    /// More than one identity is signed in.
    SeveralIdentities,
    /// The device that sealed it was set up by an e-mailed code alone, and is not the
    /// first of this person's: no device that the worker knows approved it.
    DeviceNotApproved {
        /// The fingerprint of that device, or of the one that it was approved by.
        fingerprint: String,
    },
    /// The seal could not be opened, or does not fit the account.
    SealRejected {
        /// What does not fit.
        what: String,
    },
}
