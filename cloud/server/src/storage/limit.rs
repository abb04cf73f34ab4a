//! How often something may happen in a time.

use ferry_protocol::UnixMillis;

/// So many times within a window, at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    most: usize,
    window_ms: i64,
}

impl Limit {
    /// So many within so many milliseconds.
    pub(super) const fn new(most: usize, window_ms: i64) -> Self {
        Self { most, window_ms }
    }
}

/// When it may happen next, if it may not now. `before`: when it happened, the newest
/// first.
pub(super) fn next(before: &[UnixMillis], limits: &[Limit], now: UnixMillis) -> Option<UnixMillis> {
    // The oldest of as many as may be: once it lies outside the window, there is room.
    let ends = limits.iter().filter_map(|limit| {
        let oldest = before.get(limit.most - 1)?;
        Some(oldest.plus(limit.window_ms))
    });
    ends.max().filter(|end| *end > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_that_lasts_longest_counts() {
        let limits = [Limit::new(2, 10), Limit::new(3, 100)];
        let at = |times: &[i64]| times.iter().copied().map(UnixMillis).collect::<Vec<_>>();
        let next = |before: &[i64], now| next(&at(before), &limits, UnixMillis(now));
        assert_eq!(next(&[], 0), None);
        assert_eq!(next(&[5], 5), None);
        assert_eq!(next(&[6, 5], 7), Some(UnixMillis(15)));
        assert_eq!(next(&[6, 5], 14), Some(UnixMillis(15)));
        assert_eq!(next(&[6, 5], 15), None);
        assert_eq!(next(&[16, 6, 5], 17), Some(UnixMillis(105)));
        assert_eq!(next(&[16, 6, 5], 105), None);
    }
}
