//! The supported apps as the workspace's vault delivers them, so that a new app needs
//! no new extension.
//!
//! The pinned vault identity signs the catalogue; the server only passes it on. It is
//! fetched when the list of accounts names a newer version, and kept: no earlier one is
//! taken afterwards, whatever the server says.

use ferry_catalogue::App;
use ferry_client::Keyring as _;
use ferry_protocol::catalogue::SignedCatalogue;
use ferry_protocol::{UnixMillis, WorkspaceId};

use crate::apps::{self, AppRefusal};
use crate::background::Background;
use crate::browser::Platform;
use crate::store::{Store as _, StoreError, Table};

/// A catalogue that the pinned vault signed.
pub(crate) struct Catalogue {
    workspace: WorkspaceId,
    version: UnixMillis,
    apps: Vec<App>,
}

impl Catalogue {
    /// What was signed, if it is a catalogue. The signature is checked elsewhere.
    fn read(signed: &SignedCatalogue) -> Option<Self> {
        Some(Self {
            workspace: signed.workspace,
            version: signed.version,
            apps: ferry_catalogue::read_catalogue(&signed.apps).ok()?,
        })
    }
}

/// Under which a workspace's catalogue is kept, as it came.
fn key(workspace: WorkspaceId) -> String {
    format!("catalogue-{workspace}")
}

impl<P: Platform> Background<P> {
    /// Whether the app's definition, as the server sent it, may be used.
    pub(crate) fn accept(&self, app: &App) -> Result<(), AppRefusal> {
        let memory = self.memory();
        let pinned = memory.pin().map(|pin| pin.workspace);
        let delivered = memory.catalogue.as_ref();
        let delivered = delivered.filter(|catalogue| Some(catalogue.workspace) == pinned);
        apps::accept(app, delivered.map_or(&[], |catalogue| &catalogue.apps))
    }

    /// Which version there is no need to fetch, nor any before it.
    pub(crate) fn newest_catalogue(&self) -> Option<UnixMillis> {
        let memory = self.memory();
        let kept = memory.catalogue.as_ref().map(|kept| kept.version);
        kept.max(memory.unreadable)
    }

    /// Keeps the catalogue that came with the accounts, if the pinned vault signed it
    /// and it is newer than the one that was kept. Any other changes nothing: apps that
    /// the server describes otherwise are refused when they are used.
    pub(crate) async fn follow_catalogue(&self) -> Result<(), StoreError> {
        let Some(text) = self.memory.borrow_mut().offered.take() else {
            return Ok(());
        };
        // Somebody else may have signed in since.
        self.load_catalogue().await?;
        let Ok(signed) = ferry_json::read::<SignedCatalogue>(text.as_bytes()) else {
            return Ok(());
        };
        let vault = {
            let memory = self.memory();
            let session = memory.enrolment.session.as_ref();
            let vault = session.and_then(|session| session.me.vault.as_ref());
            match (memory.pin(), vault) {
                // The pin has followed the vault that the session names, if it may.
                (Some(pin), Some(vault))
                    if pin.fingerprint.as_ref() == vault.fingerprint()
                        && pin.workspace == signed.workspace =>
                {
                    vault.current
                }
                _ => return Ok(()),
            }
        };
        let (message, signature) = (signed.signed_message(), signed.signature.as_ref());
        let checked = self.platform.keyring().verify(&vault, &message, signature);
        if !matches!(checked.await, Ok(true)) {
            return Ok(());
        }
        let catalogue = Catalogue::read(&signed);
        {
            let mut memory = self.memory.borrow_mut();
            if catalogue.is_none() {
                // Of a newer form: only a later one is worth another look.
                memory.unreadable = Some(signed.version);
            }
            let newest = memory.catalogue.as_ref().map(|kept| kept.version);
            if catalogue.is_none() || Some(signed.version) <= newest {
                return Ok(());
            }
            memory.catalogue = catalogue;
        }
        let entry = (Table::Records, &*key(signed.workspace), &*text);
        self.platform.store().put(&[entry]).await
    }

    /// Has the catalogue of the pinned vault's workspace in memory, if one was kept.
    pub(crate) async fn load_catalogue(&self) -> Result<(), StoreError> {
        let Some(workspace) = self.memory().pin().map(|pin| pin.workspace) else {
            return Ok(());
        };
        let is_loaded = |kept: &Catalogue| kept.workspace == workspace;
        if self.memory().catalogue.as_ref().is_some_and(is_loaded) {
            return Ok(());
        }
        let text = self.platform.store().get(Table::Records, &key(workspace)).await?;
        let signed = text.and_then(|text| ferry_json::read(text.as_bytes()).ok());
        let mut memory = self.memory.borrow_mut();
        memory.catalogue = signed.as_ref().and_then(Catalogue::read);
        memory.unreadable = None;
        Ok(())
    }
}

#[cfg(test)]
#[path = "catalogue_tests.rs"]
mod tests;
