//! The outbox folder: every mail is a file, named by time.

use std::fs::DirBuilder;
use std::io;
use std::path::PathBuf;

use tokio::io::AsyncWriteExt as _;

use crate::private;
use crate::stamp::Stamp;

/// A folder that mail is written to.
#[derive(Debug)]
pub(super) struct Outbox(PathBuf);

impl Outbox {
    /// Makes the folder if it is not there, for its owner only: codes are in it.
    pub(super) fn new(folder: PathBuf) -> io::Result<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder)?;
        Ok(Self(folder))
    }

    /// Writes one mail, `<UUID of version 7>.eml`: sorted by name is sorted by time.
    /// Whoever watches the folder never sees half of it.
    pub(super) async fn put(&self, stamp: &Stamp, message: &[u8]) -> io::Result<()> {
        let id = stamp.uuid();
        let unfinished = self.0.join(format!(".{id}.part"));
        // It holds a code, and the folder may be an older one that others can read.
        let mut file = tokio::fs::File::from_std(private::create_new(&unfinished)?);
        file.write_all(message).await?;
        file.flush().await?;
        tokio::fs::rename(&unfinished, self.0.join(format!("{id}.eml"))).await
    }
}
