//! `ferry-worker export`: a session's cookies as a file.

use std::fs::{OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use ferry_protocol::AccountId;
use ferry_protocol::api::Purpose;
use zeroize::Zeroizing;

use super::{AutomationError, Held, cookies_txt, storage_state};
use crate::ambient;
use crate::config::Config;

/// A file format for cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Playwright's `storageState`, as JSON.
    StorageState,
    /// Netscape's `cookies.txt`, which curl, wget, yt-dlp and others read.
    CookiesTxt,
}

/// Writes an account's session to a file of mode 0600, or to standard output.
pub async fn export(
    config: &Config,
    account: &AccountId,
    format: Format,
    output: Option<&Path>,
) -> Result<(), AutomationError> {
    let held = Held::take(config, account, Purpose::Export).await?;
    let opened = held.open().await;
    // The cookies are in memory now, or cannot be had: nothing needs the lease.
    held.release().await;
    let opened = opened?;
    let (jar, now) = (&opened.payload.jar, ambient::now());
    let text = match format {
        Format::StorageState => storage_state(jar, now),
        Format::CookiesTxt => {
            let (text, left_out) = cookies_txt(jar, now);
            for cookie in left_out {
                tracing::warn!(
                    cookie,
                    "left out: cookies.txt has no form for it; use storage-state"
                );
            }
            text
        }
    };
    write(&text, output).map_err(|source| AutomationError::Io {
        what: "cannot write the session",
        source,
    })
}

fn write(text: &Zeroizing<String>, output: Option<&Path>) -> io::Result<()> {
    let Some(path) = output else {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        return stdout.flush();
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    // It may have been there before, open to others.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_closed_to_others_even_if_it_was_open_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cookies.txt");
        std::fs::write(&path, "older and longer").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        write(&Zeroizing::new("new".to_owned()), Some(&path)).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
