//! The catalogue of supported apps as a workspace's vault identity delivers it, so that
//! a new app needs no new extension.
//!
//! The server only passes it on. A device takes it if the vault identity that it pinned
//! signed it, and never goes back to an earlier version.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::signature::{self, SignatureError};
use crate::{Bytes, PublicJwk, UnixMillis, WorkspaceId};

/// A catalogue, as the vault identity signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedCatalogue {
    /// The workspace it is for.
    pub workspace: WorkspaceId,
    /// When it was signed; later than any that was signed before.
    pub version: UnixMillis,
    /// The apps: a JSON array of [`ferry_catalogue::App`], at most
    /// [`ferry_catalogue::MAX_CATALOGUE`] bytes. As text, since it is these bytes that
    /// are signed.
    pub apps: String,
    /// By the vault identity, over all of the above.
    pub signature: Bytes,
}

/// Why a catalogue is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignedCatalogueError {
    /// The vault identity did not sign this.
    #[error("the catalogue is not signed by the vault")]
    Signature(#[from] SignatureError),
    /// For another workspace.
    #[error("the catalogue is another workspace's")]
    OtherWorkspace,
}

impl SignedCatalogue {
    /// What the vault identity signs.
    pub fn message(workspace: &WorkspaceId, version: UnixMillis, apps: &str) -> Vec<u8> {
        let version = version.0.to_be_bytes();
        let digest = Sha256::digest(apps.as_bytes());
        signature::message(
            "ferry/vault-catalogue/v1",
            &[workspace.as_bytes(), &version, &digest],
        )
    }

    /// What it signed of this one, if the signature holds.
    pub fn signed_message(&self) -> Vec<u8> {
        Self::message(&self.workspace, self.version, &self.apps)
    }

    /// Whether this identity signed it, for this workspace.
    ///
    /// # Errors
    /// When it did not.
    pub fn verify(&self, identity: &PublicJwk, workspace: &WorkspaceId) -> Result<(), SignedCatalogueError> {
        signature::verify(identity, &self.signed_message(), self.signature.as_ref())?;
        if self.workspace == *workspace {
            Ok(())
        } else {
            Err(SignedCatalogueError::OtherWorkspace)
        }
    }
}
