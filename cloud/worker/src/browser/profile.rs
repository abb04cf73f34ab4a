//! The directory that one Chromium process works in: its profile and its HOME.
//!
//! It lies in memory where the machine has room for that, so that what the browser
//! writes never reaches a disk, and it is removed when the browser ends; that of a
//! worker that was killed, when the next browser starts.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ferry_protocol::UnixMillis;
use tempfile::TempDir;

use crate::ambient;

/// How the directories' names start.
const PREFIX: &str = "ferry-browser-";

/// A profile that nobody holds is left alone for so long, in seconds.
const MIN_AGE_S: i64 = 60;

/// Room that a place in memory must have, in bytes.
const MIN_ROOM: u64 = 256 * 1024 * 1024;

/// Private contexts block third-party cookies unless told otherwise; Chrome, where most
/// sessions come from, does not.
const SEND_THIRD_PARTY: &str = r#"{"profile":{"cookie_controls_mode":0}}"#;

/// For sessions of a browser that does.
const BLOCK_THIRD_PARTY: &str = r#"{"profile":{"cookie_controls_mode":1}}"#;

/// A browser's working directory. Removed when dropped.
pub(crate) struct Profile {
    dir: TempDir,
    /// Held as long as the profile is in use.
    _lock: File,
}

/// The certificate authority cannot be made known to the browser.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read.
    #[error("cannot read the certificate authority {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is none in the file.
    #[error("{0} holds no certificate in PEM form")]
    NoCertificate(PathBuf),
    /// The tool is not there.
    #[error("--ca needs `certutil` to tell Chromium; install it (Debian: libnss3-tools, Fedora: nss-tools)")]
    NoCertutil,
    /// The tool refused.
    #[error("certutil does not take the certificate authority: {0}")]
    Certutil(String),
}

impl Profile {
    /// A new profile, in memory or else below `fallback`, that sends third-party cookies
    /// or does not.
    pub(crate) fn create(fallback: &Path, third_party: bool) -> io::Result<Self> {
        let place = places(fallback).into_iter().find(|place| has_room(place));
        let place = place.unwrap_or_else(|| fallback.to_owned());
        fs::create_dir_all(&place)?;
        remove_leftovers(&place, ambient::now());
        // Cookies may end up in it: nobody else looks into it.
        let private = Permissions::from_mode(0o700);
        let dir = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(private)
            .tempdir_in(&place)?;
        let lock = File::open(dir.path())?;
        lock.lock()?;
        let profile = Self { dir, _lock: lock };
        fs::create_dir(profile.home())?;
        fs::create_dir_all(profile.user_data().join("Default"))?;
        let preferences = if third_party {
            SEND_THIRD_PARTY
        } else {
            BLOCK_THIRD_PARTY
        };
        fs::write(profile.user_data().join("Default/Preferences"), preferences)?;
        Ok(profile)
    }

    /// What Chromium calls its user data directory.
    pub(crate) fn user_data(&self) -> PathBuf {
        self.dir.path().join("profile")
    }

    /// The HOME of the browser process.
    pub(crate) fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// Makes the browser trust the certificates of a PEM file, beside those it
    /// trusts anyway. Chromium on Linux reads them from the NSS database in HOME.
    pub(crate) fn trust(&self, ca: &Path) -> Result<(), TrustError> {
        let read = |source| TrustError::Read {
            path: ca.to_owned(),
            source,
        };
        let pem = fs::read_to_string(ca).map_err(read)?;
        let certificates = certificates(&pem);
        if certificates.is_empty() {
            return Err(TrustError::NoCertificate(ca.to_owned()));
        }
        let database = self.home().join(".pki/nssdb");
        fs::create_dir_all(&database).map_err(read)?;
        certutil(&database, &["-N", "--empty-password"], "")?;
        for (number, certificate) in certificates.iter().enumerate() {
            // C: trusted to issue server certificates.
            let name = format!("ferry-{number}");
            certutil(&database, &["-A", "-a", "-t", "C,,", "-n", &name], certificate)?;
        }
        Ok(())
    }
}

fn places(fallback: &Path) -> Vec<PathBuf> {
    // The first is this user's own by specification, and in memory.
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    runtime
        .into_iter()
        .chain([PathBuf::from("/dev/shm"), fallback.to_owned()])
        .collect()
}

fn has_room(place: &Path) -> bool {
    rustix::fs::statvfs(place).is_ok_and(|stat| {
        let writable = !stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY);
        writable && stat.f_bavail.saturating_mul(stat.f_frsize) >= MIN_ROOM
    })
}

/// Removes the profiles that nobody holds: their workers were killed, or a browser
/// that was just ending wrote once more after its profile was removed.
fn remove_leftovers(place: &Path, now: UnixMillis) {
    let user = rustix::process::geteuid().as_raw();
    let Ok(entries) = fs::read_dir(place) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let named = name.to_str().is_some_and(|name| name.starts_with(PREFIX));
        // What others put here is not looked into. A new one may not be locked yet.
        let ours_and_old = || {
            entry.metadata().is_ok_and(|found| {
                let age = now.as_secs().saturating_sub(found.mtime());
                found.is_dir() && found.uid() == user && age > MIN_AGE_S
            })
        };
        let path = entry.path();
        let abandoned = || File::open(&path).is_ok_and(|lock| lock.try_lock().is_ok());
        if named
            && ours_and_old()
            && abandoned()
            && let Err(error) = fs::remove_dir_all(&path)
        {
            tracing::warn!(%error, path = %path.display(), "cannot remove an abandoned browser profile");
        }
    }
}

fn certificates(pem: &str) -> Vec<String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let after_begin = pem.split(BEGIN).skip(1);
    after_begin
        .filter_map(|rest| rest.split_once(END))
        .map(|(body, _)| format!("{BEGIN}{body}{END}\n"))
        .collect()
}

fn certutil(database: &Path, arguments: &[&str], input: &str) -> Result<(), TrustError> {
    let mut child = Command::new("certutil")
        .arg("-d")
        .arg(format!("sql:{}", database.display()))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => TrustError::NoCertutil,
            _ => TrustError::Certutil(error.to_string()),
        })?;
    if let Some(mut stdin) = child.stdin.take() {
        // A tool that ends without reading says why by its exit code.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child
        .wait_with_output()
        .map_err(|error| TrustError::Certutil(error.to_string()))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(TrustError::Certutil(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_holds_several_certificates() {
        let pem = "junk\n-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n\
                   -----BEGIN CERTIFICATE-----\nBB\n-----END CERTIFICATE-----\n";
        let found = certificates(pem);
        assert_eq!(found.len(), 2);
        assert!(found[1].contains("BB") && !found[1].contains("AA"));
        assert!(certificates("-----BEGIN CERTIFICATE-----\ncut off").is_empty());
    }

    #[test]
    fn a_profile_is_closed_to_others_and_goes_when_it_is_dropped() {
        let place = tempfile::tempdir().unwrap();
        let profile = Profile::create(place.path(), true).unwrap();
        let path = profile.dir.path().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        drop(profile);
        assert!(!path.exists());
    }

    #[test]
    fn abandoned_profiles_are_removed_and_those_in_use_or_new_are_not() {
        let place = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = place.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        };
        let abandoned = make("ferry-browser-old");
        let used = make("ferry-browser-used");
        let foreign = make("something-else");
        let lock = File::open(&used).unwrap();
        lock.lock().unwrap();

        remove_leftovers(place.path(), ambient::now());
        assert!(abandoned.exists(), "it is new");

        remove_leftovers(place.path(), ambient::now().plus(2 * MIN_AGE_S * 1000));
        assert!(!abandoned.exists());
        assert!(used.exists() && foreign.exists());
    }
}
