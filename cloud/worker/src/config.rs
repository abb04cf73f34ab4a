//! What a worker is started with.

use std::path::PathBuf;

use crate::browser::{LaunchError, Options, find_chromium};
use crate::egress::Policy;

/// A worker's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The state directory.
    pub state: PathBuf,
    /// The server's address.
    pub server: String,
    /// Certificates that are trusted beside the usual ones, as a PEM file: for the
    /// server and for apps.
    pub ca: Option<PathBuf>,
    /// A folder with apps to support beside those that are built in.
    pub apps: Option<PathBuf>,
    /// The Chromium to use; `None`: the first on the PATH.
    pub chromium: Option<PathBuf>,
    /// Whether Chromium's sandbox is on.
    pub sandbox: bool,
    /// What sessions may reach.
    pub policy: Policy,
}

impl Config {
    /// How browsers are started.
    pub fn browser_options(&self) -> Result<Options, LaunchError> {
        let chromium = match &self.chromium {
            Some(chromium) => chromium.clone(),
            None => find_chromium()?,
        };
        Ok(Options {
            chromium,
            sandbox: self.sandbox,
            extra_ca: self.ca.clone(),
            profiles: self.state.join("profiles"),
        })
    }
}
