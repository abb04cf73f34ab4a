//! The extension as the browsers load it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use base64ct::{Base64, Encoding};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::browser::Kind;
use crate::files;

/// The host of `moz-extension://` addresses, which Firefox would otherwise draw.
pub const FIREFOX_UUID: &str = "0f9d3a5e-6c1b-4d2a-9e47-b8a1c05d7f32";

/// An unpacked extension.
#[derive(Clone)]
pub struct Extension {
    /// Where it is.
    pub folder: PathBuf,
    /// The identifier that Chromium derives from the manifest's key.
    pub chromium_id: String,
    /// The identifier that the manifest gives for Firefox.
    pub gecko_id: String,
}

impl Extension {
    /// `dist/` as a person would load it.
    pub fn built() -> Result<Self> {
        Self::at(files::repository().join("dist"))
    }

    /// A copy of `dist/`, made in `folder`, that has been granted these hosts: where
    /// the browser's own prompt is not what a test is about. In Chromium that prompt
    /// grants seeing the headers of these hosts' answers as well.
    pub fn granted(patterns: &[&str], kind: Kind, folder: &Path) -> Result<Self> {
        let built = Self::built()?;
        files::copy_tree(&built.folder, folder)?;
        let path = folder.join("manifest.json");
        let mut manifest = read_manifest(folder)?;
        manifest["host_permissions"] = patterns.iter().copied().map(Value::from).collect();
        if kind == Kind::Chromium {
            let permissions = manifest["permissions"].as_array_mut().context("permissions")?;
            permissions.push("webRequest".into());
        }
        fs::write(&path, serde_json::to_string_pretty(&manifest)?)?;
        Self::at(folder.to_owned())
    }

    /// Another extension, made in `folder`, that asks this one for everything. This one gets
    /// a page that hears other extensions, for who opens it.
    pub fn hostile(&self, kind: Kind, folder: &Path) -> Result<PathBuf> {
        let hostile = files::repository().join("tests/e2e/hostile");
        files::copy_tree(&hostile.join("reachable"), &self.folder.join("reachable"))?;
        files::copy_tree(&hostile, folder)?;
        let path = folder.join("background.js");
        let id = match kind {
            Kind::Chromium => &self.chromium_id,
            Kind::Firefox => &self.gecko_id,
        };
        let script = fs::read_to_string(&path)?.replace("FERRY_ID", id);
        fs::write(&path, script)?;
        Ok(folder.to_owned())
    }

    fn at(folder: PathBuf) -> Result<Self> {
        ensure!(folder.exists(), "dist/ is missing: run `./build.sh` first");
        let folder = folder.canonicalize()?;
        let manifest = read_manifest(&folder)?;
        let key = manifest["key"].as_str().context("the manifest has no key")?;
        let gecko_id = manifest["browser_specific_settings"]["gecko"]["id"]
            .as_str()
            .context("the manifest has no gecko id")?;
        Ok(Self {
            chromium_id: chromium_id(key)?,
            gecko_id: gecko_id.to_owned(),
            folder,
        })
    }
}

fn read_manifest(folder: &Path) -> Result<Value> {
    let path = folder.join("manifest.json");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(serde_json::from_str(&text)?)
}

/// The first 16 bytes of the key's SHA-256, in hexadecimal with the digits a–p.
fn chromium_id(key: &str) -> Result<String> {
    let der = Base64::decode_vec(key)
        .ok()
        .context("the manifest's key is not base64")?;
    let digit = |nibble: u8| char::from(b'a' + nibble);
    Ok(Sha256::digest(der)
        .iter()
        .take(16)
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect())
}
