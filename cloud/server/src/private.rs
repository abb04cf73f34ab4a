//! Files for the server's own user only. What they hold is worth something to others
//! on the same machine, and nobody notices a mode that is too open: so that is checked.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A file that others on the machine can read or write.
#[derive(Debug, thiserror::Error)]
#[error("{} is open to other users of this machine (mode {mode:o}): chmod 600 it", .file.display())]
pub struct OpenToOthers {
    /// The file.
    pub file: PathBuf,
    /// Its permissions.
    pub mode: u32,
}

/// How a file is made that is for its owner only.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a file that is not there yet.
pub(crate) fn create_new(file: &Path) -> io::Result<File> {
    options().create_new(true).open(file)
}

/// Whether only the owner can use a file that is there; one that is not is no error.
pub(crate) fn check(file: &Path) -> io::Result<Result<(), OpenToOthers>> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = match std::fs::metadata(file) {
            Ok(metadata) => metadata.permissions().mode() & 0o777,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ok(())),
            Err(error) => return Err(error),
        };
        if mode & 0o077 != 0 {
            let file = file.to_owned();
            return Ok(Err(OpenToOthers { file, mode }));
        }
    }
    Ok(Ok(()))
}
