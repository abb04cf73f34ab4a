//! Who waits for the answer to a request for approval: one long poll for each device,
//! woken when something happened to that person's devices.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ferry_protocol::{DeviceId, UserId};
use tokio::sync::watch;

/// The long polls under way.
#[derive(Debug, Default)]
pub struct Waiting {
    polls: Mutex<HashMap<UserId, HashMap<DeviceId, Poll>>>,
    next: AtomicU64,
    asleep: AtomicUsize,
}

#[derive(Debug)]
struct Poll {
    number: u64,
    wake: watch::Sender<()>,
}

/// A long poll's place; given up when dropped.
#[derive(Debug)]
pub struct Place<'w> {
    waiting: &'w Waiting,
    user: UserId,
    device: DeviceId,
    number: u64,
    woken: watch::Receiver<()>,
}

/// Why a long poll goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// Something happened to the person's devices.
    Changed,
    /// The same device waits anew: this one is to be answered.
    Replaced,
}

impl Waiting {
    /// Waits for what happens to the person's devices from now on, in the place of the
    /// poll that the device had.
    pub fn wait(&self, user: UserId, device: DeviceId) -> Place<'_> {
        let (wake, woken) = watch::channel(());
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        // The one before loses its sender, and hears of that.
        let poll = Poll { number, wake };
        self.polls().entry(user).or_default().insert(device, poll);
        Place {
            waiting: self,
            user,
            device,
            number,
            woken,
        }
    }

    /// A device of this person's may have been approved, denied or disabled, or is gone.
    pub fn wake(&self, user: UserId) {
        for poll in self.polls().get(&user).into_iter().flat_map(HashMap::values) {
            // Nobody listens any more: as good as woken.
            let _ = poll.wake.send(());
        }
    }

    /// How many have looked, and sleep until something happens.
    pub fn asleep(&self) -> usize {
        self.asleep.load(Ordering::SeqCst)
    }

    fn polls(&self) -> MutexGuard<'_, HashMap<UserId, HashMap<DeviceId, Poll>>> {
        self.polls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// When something has happened since it was last asked.
    pub async fn woken(&mut self) -> Woken {
        let _asleep = Asleep::new(&self.waiting.asleep);
        match self.woken.changed().await {
            Ok(()) => Woken::Changed,
            Err(_) => Woken::Replaced,
        }
    }
}

/// Counts one who sleeps, as long as they do.
struct Asleep<'w>(&'w AtomicUsize);

impl<'w> Asleep<'w> {
    fn new(count: &'w AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut polls = self.waiting.polls();
        let Some(of_user) = polls.get_mut(&self.user) else {
            return;
        };
        // Not the one that took its place.
        if of_user
            .get(&self.device)
            .is_some_and(|poll| poll.number == self.number)
        {
            of_user.remove(&self.device);
        }
        if of_user.is_empty() {
            polls.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use ferry_protocol::UnixMillis;
    use futures_util::FutureExt as _;

    use super::*;

    fn count(waiting: &Waiting) -> usize {
        waiting.polls().values().map(HashMap::len).sum()
    }

    fn user(seed: u8) -> UserId {
        UserId::new(UnixMillis(0), [seed; 10])
    }

    fn device(seed: u8) -> DeviceId {
        DeviceId([seed; 32])
    }

    #[test]
    fn only_those_wake_whose_person_changed() {
        let waiting = Waiting::default();
        let mut ada = [waiting.wait(user(1), device(1)), waiting.wait(user(1), device(2))];
        let mut bob = waiting.wait(user(2), device(1));
        waiting.wake(user(1));
        for place in &mut ada {
            assert_eq!(place.woken().now_or_never(), Some(Woken::Changed));
            assert_eq!(place.woken().now_or_never(), None, "once");
        }
        assert_eq!(bob.woken().now_or_never(), None);
        waiting.wake(user(3));
        drop(ada);
        assert_eq!(count(&waiting), 1);
        drop(bob);
        assert!(waiting.polls().is_empty());
    }

    #[test]
    fn a_device_waits_once_and_the_newest_stays() {
        let waiting = Waiting::default();
        let mut first = waiting.wait(user(1), device(1));
        let mut second = waiting.wait(user(1), device(1));
        {
            let mut asleep = std::pin::pin!(second.woken());
            assert_eq!((asleep.as_mut().now_or_never(), waiting.asleep()), (None, 1));
        }
        assert_eq!(waiting.asleep(), 0);
        assert_eq!(first.woken().now_or_never(), Some(Woken::Replaced));
        assert_eq!(count(&waiting), 1);
        drop(first);
        assert_eq!(count(&waiting), 1);
        waiting.wake(user(1));
        assert_eq!(second.woken().now_or_never(), Some(Woken::Changed));
        drop(second);
        assert_eq!(count(&waiting), 0);
    }
}
