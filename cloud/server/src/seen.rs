//! When devices were last used. Noted in memory with each request, and written down
//! by the sweep: a request has nothing to wait for, and a crash loses half a minute.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ferry_protocol::{DeviceId, UnixMillis, UserId};

/// What was noted since it was last written down.
#[derive(Debug, Default)]
pub struct Seen(Mutex<HashMap<(UserId, DeviceId), UnixMillis>>);

impl Seen {
    /// A person's device is in use now.
    pub fn note(&self, user: UserId, device: DeviceId, now: UnixMillis) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert((user, device), now);
    }

    /// Takes all that was noted, to write it down.
    pub fn take(&self) -> Vec<(UserId, DeviceId, UnixMillis)> {
        let seen = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        seen.into_iter()
            .map(|((user, device), at)| (user, device, at))
            .collect()
    }

    /// When a person's device was last used, if that is not written down yet.
    pub fn of(&self, user: UserId, device: DeviceId) -> Option<UnixMillis> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&(user, device)).copied()
    }
}
