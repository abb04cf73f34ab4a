//! Where things are, and a folder for each test.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A program of ours, as `./build.sh` built it for the profile of the caller.
pub fn program(name: &str) -> Result<PathBuf> {
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let path = repository().join("target").join(profile).join(name);
    ensure!(
        path.exists(),
        "{} is missing: run `./build.sh e2e`, which builds it",
        path.display()
    );
    Ok(path)
}

/// A program of the system's, found as a shell would.
pub fn on_path(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(name));
    let found = places.find(|place| place.is_file());
    found.with_context(|| format!("{name} is not installed: run `./build.sh e2e`, which installs it"))
}

/// The Python that has the packages of the tests.
pub fn python() -> Result<PathBuf> {
    let python = repository().join("target/venv/bin/python");
    ensure!(
        python.exists(),
        "target/venv is missing: run `./build.sh e2e`, which makes it"
    );
    Ok(python)
}

/// Whether this is root, as whom Chromium runs only without its sandbox.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Makes an empty folder below `target/`.
pub fn fresh_folder(name: &str) -> Result<PathBuf> {
    fresh(repository().join("target").join(name))
}

/// Makes an empty folder for what a test writes: in memory, where `./build.sh` says so.
pub fn scratch_folder(name: &str) -> Result<PathBuf> {
    match std::env::var_os("FERRY_SCRATCH") {
        Some(place) => fresh(Path::new(&place).join(name)),
        None => fresh_folder(name),
    }
}

/// Removes what was kept of this test when it failed.
pub fn forget_kept(name: &str) -> Result<()> {
    match fs::remove_dir_all(repository().join("target").join(name)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Where a scratch folder is kept for inspection: below `target/`, wherever it was.
pub fn keep_scratch(folder: &Path, name: &str) -> Result<PathBuf> {
    let kept = repository().join("target").join(name);
    if kept.exists() && kept.canonicalize()? == folder {
        return Ok(kept);
    }
    let empty = fresh_folder(name)?;
    // As it is, with the links to nowhere that browsers leave.
    let copied = Command::new("cp")
        .arg("-a")
        .arg(folder.join("."))
        .arg(&empty)
        .status()?;
    ensure!(
        copied.success(),
        "{} is not copied to {}",
        folder.display(),
        kept.display()
    );
    fs::remove_dir_all(folder)?;
    Ok(kept)
}

fn fresh(path: PathBuf) -> Result<PathBuf> {
    if path.exists() {
        fs::remove_dir_all(&path)?;
    }
    fs::create_dir_all(&path)?;
    Ok(path.canonicalize()?)
}

/// Copies a folder with everything in it.
pub fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The files at or below `place` that hold these bytes.
pub fn holding(place: &Path, bytes: &[u8]) -> Result<Vec<PathBuf>> {
    ensure!(!bytes.is_empty(), "every file holds nothing");
    if !place.is_dir() {
        // A write-ahead log goes away by itself.
        let Ok(content) = fs::read(place) else {
            return Ok(Vec::new());
        };
        let found = content.windows(bytes.len()).any(|window| window == bytes);
        return Ok(if found { vec![place.to_owned()] } else { Vec::new() });
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(place)? {
        found.extend(holding(&entry?.path(), bytes)?);
    }
    Ok(found)
}
