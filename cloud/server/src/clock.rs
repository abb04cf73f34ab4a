//! The time, as an argument: rules take [`UnixMillis`], and only [`SystemClock`]
//! asks the operating system.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use ferry_protocol::UnixMillis;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The time now. May go backwards, as the system's clock may be set.
    fn now(&self) -> UnixMillis;
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the server reads the clock"
    )]
    fn now(&self) -> UnixMillis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct MockClock(AtomicI64);

impl MockClock {
    /// Stands at this time.
    pub fn new(now: UnixMillis) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Moves it by so many milliseconds.
    pub fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for MockClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::SeqCst))
    }
}
