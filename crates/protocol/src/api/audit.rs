//! What the audit trail tells of.

use std::fmt;
use std::str::FromStr;

/// The action has no name that is known here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no action of this name")]
pub struct UnknownAction;

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $name:literal,)*) => {
        /// What was done. On the wire it is its name, so that who reads the trail may be
        /// older than the server that wrote it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action {
            $($(#[$doc])* $action,)*
        }

        impl Action {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$action),*];

            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$action => $name,)*
                }
            }
        }
    };
}

actions! {
    /// A workspace was added.
    WorkspaceAdded = "workspace.added",
    /// A person was added.
    UserAdded = "user.added",
    /// A person was invited.
    UserInvited = "user.invited",
    /// They set their password.
    InvitationAccepted = "user.invitation_accepted",
    /// All access of a person was ended.
    UserDeprovisioned = "user.deprovisioned",
    /// An app was added or replaced.
    AppAdded = "app.added",
    /// An app was removed.
    AppRemoved = "app.removed",
    /// Name, identity or people of an account were changed.
    AccountChanged = "account.changed",
    /// An account was added.
    AccountAdded = "account.added",
    /// A worker token was made.
    WorkerTokenAdded = "worker_token.added",
    /// A person signed in.
    SignedIn = "user.signed_in",
    /// A person signed out.
    SignedOut = "user.signed_out",
    /// A device was enrolled, and waits to be verified.
    DeviceEnrolled = "device.enrolled",
    /// A device that was never trusted had to make room for another.
    DeviceForgotten = "device.forgotten",
    /// A trusted device was renamed.
    DeviceRenamed = "device.renamed",
    /// A code was sent.
    CodeSent = "device.code_sent",
    /// It could not be e-mailed after all.
    CodeNotSent = "device.code_not_sent",
    /// A code was tried the last time, in vain.
    CodeExhausted = "device.code_exhausted",
    /// A device came to be trusted.
    DeviceTrusted = "device.trusted",
    /// A device asked for approval.
    ApprovalAsked = "device.approval_asked",
    /// A device was approved by another.
    DeviceApproved = "device.approved",
    /// A device's request was denied.
    ApprovalDenied = "device.approval_denied",
    /// A device was disabled.
    DeviceDisabled = "device.disabled",
    /// Consent was given.
    ConsentGiven = "consent.given",
    /// Consent was revoked.
    ConsentRevoked = "consent.revoked",
    /// A one-time key was handed out.
    TransferBegun = "transfer.begun",
    /// A session was stored.
    SessionTransferred = "session.transferred",
    /// A session was deleted because a newer one took its place.
    SessionReplaced = "session.replaced",
    /// A session was deleted by a person.
    SessionDeleted = "session.deleted",
    /// A session was deleted because nothing used it.
    SessionExpired = "session.expired",
    /// A check was asked for.
    CheckAsked = "session.check_asked",
    /// A check found the session alive.
    SessionVerified = "session.verified",
    /// A check found the session unusable.
    SessionInvalid = "session.invalid",
    /// A session was taken to hand its cookies to another program.
    SessionExported = "session.exported",
    /// A session was taken to open it in a browser.
    SessionOpened = "session.opened",
    /// A worker signed in.
    WorkerSignedIn = "worker.signed_in",
    /// The vault identity was set, or handed over.
    VaultChanged = "vault.changed",
    /// A worker delivered a catalogue of apps.
    CatalogueDelivered = "catalogue.delivered",
    /// A worker said that private halves are destroyed.
    KeysDestroyed = "keys.destroyed",
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(name: &str) -> Result<Self, UnknownAction> {
        let mut all = Self::ALL.iter().copied();
        all.find(|action| action.as_str() == name).ok_or(UnknownAction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_has_a_name_of_its_own() {
        for action in Action::ALL {
            assert_eq!(action.as_str().parse(), Ok(*action));
        }
        assert_eq!("session.eaten".parse::<Action>(), Err(UnknownAction));
    }
}
