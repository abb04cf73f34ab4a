//! `ferry-worker export`: a session's cookies as a file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use ferry_protocol::api::{Purpose, RefusedCookie, RefusedEntry};
use ferry_protocol::jar::Jar;
use ferry_protocol::session::Payload;
use ferry_protocol::{AccountId, UnixMillis};
use zeroize::Zeroizing;

use super::{AutomationError, Held, cookies_txt, storage_state};
use crate::ambient;
use crate::config::Config;
use crate::domains::AppDomains;
use crate::receipt;
use crate::restore::sort_out;
use crate::storage;

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
    let now = ambient::now();
    let (jar, refused) = exported(&opened.payload, now);
    log_left_out(&refused, |RefusedCookie { name, domain, reason }| {
        tracing::warn!(cookie = name, domain, ?reason, "left out");
    });
    let text = match format {
        Format::StorageState => {
            if jar.storage.iter().any(storage_state::is_database) {
                tracing::warn!(
                    "left out: databases, for which not all readers of storage-state have a form; use `ferry-worker open`"
                );
            }
            storage_state(&jar, now)
        }
        Format::CookiesTxt => {
            let (text, left_out) = cookies_txt(&jar, now);
            log_left_out(&left_out, |cookie| {
                tracing::warn!(
                    cookie,
                    "left out: cookies.txt has no form for it; use storage-state"
                );
            });
            if !jar.storage.is_empty() {
                tracing::warn!(
                    "left out: cookies.txt has no form for sign-in entries in local storage; use storage-state"
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

/// What a program is given: the cookies and the local storage that the worker's own
/// browser would be, by the same checks.
fn exported(payload: &Payload, now: UnixMillis) -> (Jar, Vec<RefusedCookie>) {
    let domains = AppDomains::new(&payload.app);
    let (accepted, refused) = sort_out(&payload.jar, &domains, now);
    let cookies = accepted.into_iter().cloned().collect();
    let (accepted, foreign) = storage::sort_out(&payload.jar.storage, &domains);
    log_left_out(&foreign, |RefusedEntry { entry, reason }| {
        tracing::warn!(entry, ?reason, "left out");
    });
    let storage = accepted.into_iter().cloned().collect();
    (Jar { cookies, storage }, refused)
}

/// Writes down what was left out, as much of it as a log takes.
fn log_left_out<T>(left_out: &[T], log: impl Fn(&T)) {
    let (named, more) = receipt::split_for_log(left_out);
    named.iter().for_each(log);
    if more > 0 {
        tracing::warn!(more, "left out, and not named here");
    }
}

/// Writes the text to a new file of mode 0600 that then takes the output's place:
/// whoever has an older file there open reads nothing of this one, and a link that
/// somebody left there is not followed.
fn write(text: &Zeroizing<String>, output: Option<&Path>) -> io::Result<()> {
    let Some(path) = output else {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        return stdout.flush();
    };
    if fs::symlink_metadata(path).is_ok_and(|there| !there.is_file() && !there.is_symlink()) {
        let what = "the output is there already, and is no ordinary file";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
    }
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    // Made with mode 0600, and removed if anything fails.
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::io::Read;
    use std::os::unix::fs::PermissionsExt;

    use ferry_protocol::api::RefusedReason;

    use super::*;
    use crate::fixtures::{NOW, cookie, payload};

    #[test]
    fn a_new_file_closed_to_others_takes_the_place_of_an_older_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cookies.txt");
        fs::write(&path, "older and longer").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let mut open_before = File::open(&path).unwrap();
        write(&Zeroizing::new("new".to_owned()), Some(&path)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let mut seen = String::new();
        open_before.read_to_string(&mut seen).unwrap();
        assert_eq!(seen, "older and longer", "whoever had it open sees nothing new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_in_the_outputs_place_is_replaced_and_a_directory_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (link, target) = (dir.path().join("link"), dir.path().join("target"));
        fs::write(&target, "as it was").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write(&Zeroizing::new("new".to_owned()), Some(&link)).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "as it was");
        assert_eq!(fs::read_to_string(&link).unwrap(), "new");
        assert!(write(&Zeroizing::new("new".to_owned()), Some(dir.path())).is_err());
    }

    #[test]
    fn only_cookies_that_the_worker_would_restore_are_exported() {
        let mut session = payload();
        session.app.domains.push("co.uk".to_owned());
        let mut on = |name: &str, domain: &str, expires: Option<f64>| {
            let mut cookie = cookie(name, "v");
            (cookie.domain, cookie.expires) = (domain.to_owned(), expires);
            cookie.host_only = false;
            session.jar.cookies.push(cookie);
        };
        on("below", "www.app.test", None);
        on("foreign", "bank.test", None);
        on("suffix", "co.uk", None);
        on("old", "app.test", Some(1.0));

        let (jar, refused) = exported(&session, NOW);

        let names: Vec<_> = jar.cookies.iter().map(|cookie| cookie.name.as_str()).collect();
        assert_eq!(names, ["sid", "below"]);
        let refused: Vec<_> = refused
            .iter()
            .map(|refused| (refused.name.as_str(), refused.reason))
            .collect();
        let expected = [
            ("foreign", RefusedReason::ForeignDomain),
            ("suffix", RefusedReason::PublicSuffix),
            ("old", RefusedReason::Expired),
        ];
        assert_eq!(refused, expected);
    }
}
