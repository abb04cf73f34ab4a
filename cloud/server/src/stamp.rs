//! The moment of a change: its time, and randomness for what it makes.

use std::fmt;
use std::sync::Arc;

use ferry_protocol::UnixMillis;
use uuid::Uuid;

use crate::random::Random;

/// When a request came, and where the identifiers of what it makes come from.
#[derive(Clone)]
pub struct Stamp {
    /// One time for everything that belongs to one change.
    pub now: UnixMillis,
    /// Randomness.
    pub random: Arc<dyn Random>,
}

impl Stamp {
    /// A new identifier: UUID of version 7.
    pub fn id<T>(&self, new: impl FnOnce(UnixMillis, [u8; 10]) -> T) -> T {
        new(self.now, self.random.bytes())
    }

    /// A new UUID of version 7, for what has no identifier type of its own.
    pub fn uuid(&self) -> Uuid {
        self.id(|now, random| {
            let millis = u64::try_from(now.0).unwrap_or(0);
            uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
        })
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stamp")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}
