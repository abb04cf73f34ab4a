//! Files that are there whole or not at all, and that are gone when they are gone.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// How the names of unfinished files start.
const UNFINISHED: &str = ".unfinished-";

/// Largest file of ours, in bytes: a refreshed session is about as large as its seal.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Makes a directory that is ours alone, with those above it.
pub(crate) fn make_private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Whether a directory is closed to everyone but its owner.
pub(crate) fn is_private_dir(path: &Path) -> io::Result<bool> {
    let metadata = fs::metadata(path)?;
    Ok(metadata.is_dir() && metadata.permissions().mode() & 0o077 == 0)
}

/// The content of a file, if there is one.
pub(crate) fn read(path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let len = file.metadata()?.len();
    if len > MAX_FILE {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "too large for a file of the worker's",
        ));
    }
    // Filled in place: a buffer that grows leaves copies of a secret behind.
    let mut content = Zeroizing::new(vec![0; usize::try_from(len).unwrap_or(0)]);
    file.read_exact(&mut content)?;
    Ok(Some(content))
}

/// Writes files into one directory. When this returns they survive a power cut;
/// when it fails, each is there whole or not at all.
pub(crate) fn write_all(dir: &Path, files: &[(String, &[u8])]) -> io::Result<()> {
    let unfinished = |name: &str| dir.join(format!("{UNFINISHED}{name}"));
    for (name, content) in files {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(unfinished(name))?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(content)?;
        file.sync_all()?;
    }
    for (name, _) in files {
        fs::rename(unfinished(name), dir.join(name))?;
    }
    sync_dir(dir)
}

/// Overwrites a file and removes it; whether there was one. When this returns,
/// neither its name nor its bytes are in the file system any more, and whoever
/// still has it open reads zeroes.
pub(crate) fn destroy(path: &Path) -> io::Result<bool> {
    let mut file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let len = file.metadata()?.len();
    file.rewind()?;
    io::copy(&mut io::repeat(0).take(len), &mut file)?;
    // First the zeroes, durably; only then the name. A crash in between leaves a
    // file of zeroes, which is destroyed again.
    file.sync_all()?;
    fs::remove_file(path)?;
    sync_dir(path.parent().unwrap_or(Path::new("/")))?;
    Ok(true)
}

/// Destroys what an interrupted [`write_all`] left behind.
pub(crate) fn destroy_unfinished(dir: &Path) -> io::Result<()> {
    for path in list(dir)? {
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.starts_with(UNFINISHED)) {
            destroy(&path)?;
        }
    }
    Ok(())
}

/// The files in a directory.
pub(crate) fn list(dir: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(dir)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect()
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destroyed_file_reads_as_zeroes_through_an_open_reader() {
        let dir = tempfile::tempdir().unwrap();
        write_all(dir.path(), &[("a".to_owned(), b"MARKER-7c1e")]).unwrap();
        let path = dir.path().join("a");
        let mut open = File::open(&path).unwrap();

        assert!(destroy(&path).unwrap());

        let mut left = Vec::new();
        open.read_to_end(&mut left).unwrap();
        assert_eq!(left, [0; 11]);
        assert!(!path.exists());
        assert!(!destroy(&path).unwrap(), "destroying twice is no error");
    }

    #[test]
    fn files_are_closed_to_others_and_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        write_all(
            dir.path(),
            &[("a".to_owned(), b"first and longer"), ("b".to_owned(), b"")],
        )
        .unwrap();
        write_all(dir.path(), &[("a".to_owned(), b"second")]).unwrap();
        let path = dir.path().join("a");
        assert_eq!(read(&path).unwrap().unwrap().as_slice(), b"second");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(list(dir.path()).unwrap().len(), 2);
        assert!(read(&dir.path().join("c")).unwrap().is_none());
    }

    #[test]
    fn what_an_interrupted_write_left_is_destroyed() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".unfinished-a"), b"half a secret").unwrap();
        fs::write(dir.path().join("b"), b"kept").unwrap();
        destroy_unfinished(dir.path()).unwrap();
        assert_eq!(list(dir.path()).unwrap(), [dir.path().join("b")]);
    }

    #[test]
    fn a_directory_open_to_others_is_not_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x/y");
        make_private_dir(&path).unwrap();
        assert!(is_private_dir(&path).unwrap());
        fs::set_permissions(&path, Permissions::from_mode(0o750)).unwrap();
        assert!(!is_private_dir(&path).unwrap());
    }
}
