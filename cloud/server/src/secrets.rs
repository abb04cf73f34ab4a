//! Keys of the server's own, in a file beside the database and not in it: whoever gets
//! hold of the database, or of a backup, could otherwise find out e-mailed codes (40
//! bits) by trying them all, and make nonces.
//!
//! Nothing is lost with the file: a new one is made, codes that were sent and not yet
//! typed are void, and clients are told the new nonce.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ferry_protocol::Bytes;
use zeroize::Zeroizing;

use crate::private::{self, OpenToOthers};
use crate::random::Random;

/// A key: 32 random bytes.
pub type Key = Zeroizing<[u8; 32]>;

const DPOP_NONCE: &str = "dpop-nonce";
const EMAIL_CODE: &str = "email-code";

/// The server's own keys. Secret: no `Debug`.
pub struct Secrets {
    /// To make and recognise DPoP nonces.
    pub dpop_nonce: Key,
    /// To keep e-mailed codes.
    pub email_code: Key,
}

/// Why the server's own keys could not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// Its mode.
    #[error("the server's own keys are not its own: {0}")]
    OpenToOthers(#[from] OpenToOthers),
    /// Its content.
    #[error("{} does not hold the server's own keys: delete it, and a new one is made", .0.display())]
    Malformed(PathBuf),
    /// Input or output.
    #[error("{} cannot be used: {error}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Where the file is, unless the operator says otherwise: `<database>.secrets`.
pub fn beside(database: &Path) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(".secrets");
    name.into()
}

impl Secrets {
    /// Reads the file; makes it if it is not there.
    pub fn open(file: &Path, random: &dyn Random) -> Result<Self, SecretsError> {
        let failed = |error| SecretsError::File {
            file: file.to_owned(),
            error,
        };
        private::check(file).map_err(failed)??;
        match std::fs::read_to_string(file) {
            Ok(text) => parse(&Zeroizing::new(text)).ok_or_else(|| SecretsError::Malformed(file.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = Self {
                    dpop_nonce: Zeroizing::new(random.bytes()),
                    email_code: Zeroizing::new(random.bytes()),
                };
                made.write(file).map_err(failed)?;
                Ok(made)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Under another name first: whoever starts after a crash finds all of it or nothing.
    fn write(&self, file: &Path) -> io::Result<()> {
        let mut unfinished = OsString::from(file);
        unfinished.push(".part");
        let unfinished = PathBuf::from(unfinished);
        // One that a crash left behind.
        match std::fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut out = private::create_new(&unfinished)?;
        let encode = |key: &Key| Zeroizing::new(Bytes(key.to_vec()).encode());
        writeln!(
            out,
            "# Keys of the Ferry server's own. Not for anybody else, and not for backups."
        )?;
        for (name, key) in [(DPOP_NONCE, &self.dpop_nonce), (EMAIL_CODE, &self.email_code)] {
            writeln!(out, "{name} {}", *encode(key))?;
        }
        out.sync_all()?;
        std::fs::rename(&unfinished, file)?;
        match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
            _ => File::open(".")?.sync_all(),
        }
    }
}

fn parse(text: &str) -> Option<Secrets> {
    let find = |name| {
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        let (_, value) = lines.find(|(found, _)| *found == name)?;
        let bytes = Zeroizing::new(Bytes::decode(value).ok()?.0);
        Some(Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).ok()?))
    };
    Some(Secrets {
        dpop_nonce: find(DPOP_NONCE)?,
        email_code: find(EMAIL_CODE)?,
    })
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::random::SeededRandom;

    #[test]
    fn keys_are_made_once_for_the_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = beside(&folder.path().join("ferry.db"));
        assert!(file.ends_with("ferry.db.secrets"));
        let made = Secrets::open(&file, &SeededRandom::new(1)).unwrap();
        assert_ne!(made.dpop_nonce, made.email_code);
        let read = Secrets::open(&file, &SeededRandom::new(2)).unwrap();
        assert_eq!(made.dpop_nonce, read.dpop_nonce);
        assert_eq!(made.email_code, read.email_code);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_open_to_others_or_broken_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets");
        let open = || Secrets::open(&file, &SeededRandom::new(1)).map(drop);
        open().unwrap();
        let whole = std::fs::read_to_string(&file).unwrap();
        for mode in [0o640, 0o604, 0o620] {
            std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let error = open().unwrap_err().to_string();
            assert!(error.contains("chmod 600"), "{error}");
        }
        std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        for broken in [
            String::new(),
            whole[..whole.len() / 2].to_owned(),
            whole.replace(' ', ""),
        ] {
            std::fs::write(&file, broken).unwrap();
            assert!(matches!(open(), Err(SecretsError::Malformed(_))));
        }
    }
}
