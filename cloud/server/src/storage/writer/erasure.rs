//! When a truncation of the log that is owed is due. Pure: the time is an argument.

use std::time::Duration;

use tokio::time::Instant;

/// A truncation stops the writer for some ten milliseconds. So while there is other
/// work it is put off so long, and no longer.
const WITHIN: Duration = Duration::from_secs(3);

/// From then on it is done when it takes least: when the log was just moved into the
/// database file.
const FROM: Duration = Duration::from_millis(2500);

/// With nothing else to do for so long, the writer does it then.
const IDLE: Duration = Duration::from_millis(50);

/// What failed because somebody reads from the log is tried again after this.
const AGAIN: Duration = Duration::from_secs(1);

/// A truncation that is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owed {
    since: Instant,
    /// Not before this.
    not_before: Instant,
}

impl Owed {
    /// From now on.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            since: now,
            not_before: now,
        }
    }

    /// It was tried in vain.
    pub(super) fn failed(self, now: Instant) -> Self {
        Self {
            not_before: now + AGAIN,
            ..self
        }
    }

    /// Whether it is due between two commits. `moved`: the log was just moved into the
    /// database file.
    pub(super) fn is_due(self, now: Instant, moved: bool) -> bool {
        let after = if moved { FROM } else { WITHIN };
        now >= self.not_before && now >= self.since + after
    }

    /// When it is due if nothing else comes.
    pub(super) fn due_when_idle(self, now: Instant) -> Instant {
        self.not_before.max(now + IDLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn under_load_it_is_due_within_three_seconds() {
        let start = Instant::now();
        let owed = Owed::new(start);
        assert!(!owed.is_due(start + 2499 * MS, true));
        assert!(owed.is_due(start + 2500 * MS, true));
        assert!(!owed.is_due(start + 2999 * MS, false));
        assert!(owed.is_due(start + 3000 * MS, false));
    }

    #[test]
    fn without_load_it_is_due_once_the_writer_is_idle() {
        let start = Instant::now();
        let owed = Owed::new(start);
        assert_eq!(owed.due_when_idle(start + 7 * MS), start + 57 * MS);
    }

    #[test]
    fn it_is_tried_again_a_second_later() {
        let start = Instant::now();
        let tried = start + 5000 * MS;
        let owed = Owed::new(start).failed(tried);
        assert!(!owed.is_due(tried + 999 * MS, true));
        assert!(owed.is_due(tried + 1000 * MS, false));
        assert_eq!(owed.due_when_idle(tried), tried + 1000 * MS);
        assert_eq!(owed.due_when_idle(tried + 2000 * MS), tried + 2050 * MS);
    }
}
