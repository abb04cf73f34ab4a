//! Asking trusted devices for approval, and answering.

use anyhow::Result;

use super::Popup;
use crate::cloud::{Cloud, Person};

impl Popup {
    /// Signs in, and names this browser; a code is on its way then.
    pub async fn name_device(&self, cloud: &Cloud, person: Person, name: &str) -> Result<()> {
        self.sign_in(&cloud.address, person).await?;
        self.fill("device-name", name).await?;
        self.click("device-start").await?;
        self.find("code-input").await?;
        Ok(())
    }

    /// Asks the person's trusted devices for approval; the fingerprint that it shows.
    pub async fn ask_approval(&self) -> Result<String> {
        self.click("ask-approval").await?;
        self.fingerprint("approval").await
    }

    /// Opens the page of devices, or fetches it anew.
    pub async fn look_at_devices(&self) -> Result<()> {
        self.show().await?;
        self.go_to("#/").await?;
        self.find("accounts").await?;
        self.go_to("#/devices").await?;
        self.find("trusted-device").await?;
        Ok(())
    }
}
