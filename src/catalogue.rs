//! The supported apps as the workspace's vault delivers them, so that a new app needs
//! no new extension.
//!
//! The pinned vault identity signs the catalogue; the server only passes it on. It is
//! fetched when the list of accounts names a newer version, and kept: no earlier one is
//! taken afterwards, whatever the server says.

use std::cell::OnceCell;

use ferry_catalogue::App;
use ferry_client::Keyring as _;
use ferry_protocol::catalogue::SignedCatalogue;
use ferry_protocol::{UnixMillis, WorkspaceId};
use serde::{Deserialize, Serialize};

use crate::apps::{self, AppRefusal};
use crate::background::Background;
use crate::browser::Platform;
use crate::store::{self, Store as _, StoreError, Table};
use crate::vault;

/// A catalogue that the pinned vault signed.
#[derive(Serialize, Deserialize)]
pub struct Catalogue {
    workspace: WorkspaceId,
    version: UnixMillis,
    /// As it was signed.
    json: String,
    /// Read when they are needed.
    #[serde(skip)]
    apps: OnceCell<Vec<App>>,
}

impl Catalogue {
    /// What was signed, if it is a catalogue. The signature is checked before.
    fn new(signed: SignedCatalogue) -> Option<Self> {
        let apps = ferry_catalogue::read_catalogue(&signed.apps).ok()?;
        Some(Self {
            workspace: signed.workspace,
            version: signed.version,
            json: signed.apps,
            apps: apps.into(),
        })
    }

    /// The apps in it. None, if an older version of the extension kept what this one
    /// cannot read.
    pub fn apps(&self) -> &[App] {
        self.apps
            .get_or_init(|| ferry_catalogue::read_catalogue(&self.json).unwrap_or_default())
    }
}

/// Under which a workspace's catalogue is kept.
fn key(workspace: WorkspaceId) -> String {
    format!("catalogue-{workspace}")
}

impl<P: Platform> Background<P> {
    /// Whether the app's definition, as the server sent it, may be used.
    pub(crate) async fn accept<E>(&self, app: &App) -> Result<(), E>
    where
        E: From<AppRefusal> + From<StoreError>,
    {
        self.load_catalogue().await?;
        let memory = self.memory();
        let delivered = memory.catalogue.as_ref().map_or(&[][..], Catalogue::apps);
        Ok(apps::accept(app, delivered)?)
    }

    /// Fetches the catalogue, if the server offers a newer one than was ever kept for
    /// the pinned vault, and keeps it if that vault signed it. A server that cannot show
    /// one changes nothing: apps that it describes otherwise are refused when they are
    /// used.
    pub(crate) async fn follow_catalogue(&self) -> Result<(), StoreError> {
        self.load_catalogue().await?;
        let (pin, vault) = {
            let memory = self.memory();
            let newest = memory.catalogue.as_ref().map(|kept| kept.version);
            let session = memory.enrolment.session.as_ref();
            let vault = session
                .filter(|session| session.is_trusted())
                .and_then(|session| session.me.vault.clone());
            match (memory.pin(), vault) {
                (Some(pin), Some(vault)) if memory.offered > newest.max(memory.unreadable) => {
                    (pin.clone(), vault)
                }
                _ => return Ok(()),
            }
        };
        let Ok(signed) = self.ask(async |client| client.catalogue().await).await else {
            return Ok(());
        };
        let keyring = self.platform.keyring();
        if signed.workspace != pin.workspace
            || vault::see(keyring, Some(&pin), pin.workspace, &vault)
                .await
                .is_err()
            || !keyring
                .verify(
                    &vault.current,
                    &signed.signed_message(),
                    signed.signature.as_ref(),
                )
                .await
                .unwrap_or(false)
        {
            return Ok(());
        }
        let version = signed.version;
        let Some(catalogue) = Catalogue::new(signed) else {
            // Of a newer form: only a later one is worth another look.
            self.memory.borrow_mut().unreadable = Some(version);
            return Ok(());
        };
        let text = {
            let mut memory = self.memory.borrow_mut();
            let kept = memory
                .catalogue
                .as_ref()
                .filter(|kept| kept.workspace == catalogue.workspace);
            if kept.is_some_and(|kept| kept.version >= catalogue.version) {
                return Ok(());
            }
            store::text(memory.catalogue.insert(catalogue))
        };
        let store = self.platform.store();
        store.put(&[(Table::Records, &key(pin.workspace), &text)]).await
    }

    /// Has the catalogue of the pinned vault's workspace in memory, if one was kept, and
    /// no other.
    async fn load_catalogue(&self) -> Result<(), StoreError> {
        let pinned = self.memory().pin().map(|pin| pin.workspace);
        let loaded = self.memory().catalogue.as_ref().map(|kept| kept.workspace);
        if loaded == pinned && (loaded.is_some() || pinned.is_none()) {
            return Ok(());
        }
        let kept = match pinned {
            Some(workspace) => store::load(self.platform.store(), Table::Records, &key(workspace)).await?,
            None => None,
        };
        self.memory.borrow_mut().catalogue = kept;
        Ok(())
    }
}

#[cfg(test)]
#[path = "catalogue_tests.rs"]
mod tests;
