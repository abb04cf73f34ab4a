//! The supported apps as the workspace's vault delivers them, so that a new app needs
//! no new extension.
//!
//! The pinned vault identity signs the catalogue; the server only passes it on. It is
//! fetched when the list of accounts names a newer version, and kept: no earlier one is
//! taken afterwards, whatever the server says.

use ferry_catalogue::App;
use ferry_client::Keyring as _;
use ferry_protocol::UnixMillis;
use ferry_protocol::catalogue::SignedCatalogue;

use crate::apps::{self, AppRefusal};
use crate::background::{Background, Memory};
use crate::browser::Platform;
use crate::store::{Store as _, StoreError, Table};

/// A catalogue that the pinned vault signed.
pub(crate) struct Catalogue {
    /// Under which it is kept.
    key: String,
    version: UnixMillis,
    apps: Vec<App>,
}

impl Catalogue {
    /// What was signed, if it is a catalogue. The signature is checked elsewhere.
    fn read(key: String, signed: &SignedCatalogue) -> Option<Self> {
        Some(Self {
            key,
            version: signed.version,
            apps: ferry_catalogue::read_catalogue(&signed.apps).ok()?,
        })
    }
}

/// Under which the catalogue of the pinned vault is kept, as it came. A vault is pinned by
/// person and server: another server may say that it is the same workspace.
fn pinned<P: Platform>(memory: &Memory<P>) -> Option<String> {
    let owner = memory.enrolment.owner.as_ref()?;
    let workspace = memory.pin()?.workspace;
    Some(format!("catalogue-{workspace}-{}-{}", owner.email, owner.server))
}

impl<P: Platform> Background<P> {
    /// Whether the app's definition, as the server sent it, may be used.
    pub(crate) fn accept(&self, app: &App) -> Result<(), AppRefusal> {
        let memory = self.memory();
        let delivered = self.kept(&memory).map_or(&[][..], |catalogue| &catalogue.apps);
        let owner = memory.enrolment.owner.as_ref();
        apps::accept(app, delivered, owner.map(|owner| &owner.server))
    }

    /// Which version there is no need to fetch, nor any before it.
    pub(crate) fn newest_catalogue(&self) -> Option<UnixMillis> {
        let memory = self.memory();
        let kept = self.kept(&memory).map(|kept| kept.version);
        kept.max(memory.unreadable)
    }

    /// The catalogue of the vault that is pinned, if it is in memory.
    fn kept<'m>(&self, memory: &'m Memory<P>) -> Option<&'m Catalogue> {
        let key = pinned(memory)?;
        memory.catalogue.as_ref().filter(|catalogue| catalogue.key == key)
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
        let (key, vault) = {
            let memory = self.memory();
            let Some(key) = pinned(&memory) else {
                return Ok(());
            };
            let session = memory.enrolment.session.as_ref();
            let vault = session.and_then(|session| session.me.vault.as_ref());
            match (memory.pin(), vault) {
                // The pin has followed the vault that the session names, if it may.
                (Some(pin), Some(vault))
                    if pin.fingerprint.as_ref() == vault.fingerprint()
                        && pin.workspace == signed.workspace =>
                {
                    (key, vault.current)
                }
                _ => return Ok(()),
            }
        };
        let (message, signature) = (signed.signed_message(), signed.signature.as_ref());
        let checked = self.platform.keyring().verify(&vault, &message, signature);
        if !matches!(checked.await, Ok(true)) {
            return Ok(());
        }
        let catalogue = Catalogue::read(key.clone(), &signed);
        {
            let mut memory = self.memory.borrow_mut();
            // Somebody else may have signed in while the signature was checked.
            if pinned(&memory).as_ref() != Some(&key) {
                return Ok(());
            }
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
        let entry = (Table::Records, &*key, &*text);
        self.platform.store().put(&[entry]).await
    }

    /// Has the catalogue of the pinned vault's workspace in memory, if one was kept.
    pub(crate) async fn load_catalogue(&self) -> Result<(), StoreError> {
        let Some(key) = pinned(&self.memory()) else {
            return Ok(());
        };
        if self
            .memory()
            .catalogue
            .as_ref()
            .is_some_and(|kept| kept.key == key)
        {
            return Ok(());
        }
        let text = self.platform.store().get(Table::Records, &key).await?;
        let signed = text.and_then(|text| ferry_json::read(text.as_bytes()).ok());
        let mut memory = self.memory.borrow_mut();
        memory.catalogue = signed.as_ref().and_then(|signed| Catalogue::read(key, signed));
        memory.unreadable = None;
        Ok(())
    }
}

#[cfg(test)]
#[path = "catalogue_tests.rs"]
mod tests;
