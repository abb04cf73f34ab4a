//! Points in time, in words.

use ferry_protocol::UnixMillis;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How long ago, or how soon: `just now`, `5 minutes ago`, `in 29 days`.
///
/// Rounded down in the past and up in the future, so that neither is ever said
/// to be sooner than it is.
pub fn relative(now: UnixMillis, at: UnixMillis) -> String {
    let ahead = at.0.saturating_sub(now.0);
    if ahead <= 0 {
        let ago = ahead.saturating_neg();
        match span(ago) {
            None => "just now".to_owned(),
            Some(span) => format!("{span} ago"),
        }
    } else {
        format!("in {}", until(ahead))
    }
}

/// How much time is left, rounded up: `4 minutes`, `less than a minute`; `None`
/// when there is none.
pub fn left(now: UnixMillis, until_when: UnixMillis) -> Option<String> {
    let ahead = until_when.0.saturating_sub(now.0);
    (ahead > 0).then(|| until(ahead))
}

/// Rounded down; `None` below a minute.
fn span(millis: i64) -> Option<String> {
    let text = match millis {
        ..MINUTE => return None,
        MINUTE..HOUR => counted(millis / MINUTE, "minute"),
        HOUR..DAY => counted(millis / HOUR, "hour"),
        _ => counted(millis / DAY, "day"),
    };
    Some(text)
}

/// Rounded up.
fn until(millis: i64) -> String {
    let up = |unit: i64| millis.saturating_add(unit - 1) / unit;
    match millis {
        ..MINUTE => "less than a minute".to_owned(),
        MINUTE..=HOUR if up(MINUTE) < 60 => counted(up(MINUTE), "minute"),
        ..=DAY if up(HOUR) < 24 => counted(up(HOUR), "hour"),
        _ => counted(up(DAY), "day"),
    }
}

fn counted(n: i64, unit: &str) -> String {
    format!("{n} {unit}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(ahead: i64) -> String {
        let now = UnixMillis(1_750_000_000_000);
        relative(now, now.plus(ahead))
    }

    #[test]
    fn the_past_is_rounded_down() {
        assert_eq!(said(0), "just now");
        assert_eq!(said(-59_999), "just now");
        assert_eq!(said(-MINUTE), "1 minute ago");
        assert_eq!(said(-(2 * MINUTE - 1)), "1 minute ago");
        assert_eq!(said(-59 * MINUTE), "59 minutes ago");
        assert_eq!(said(-HOUR), "1 hour ago");
        assert_eq!(said(-(DAY - 1)), "23 hours ago");
        assert_eq!(said(-3 * DAY), "3 days ago");
    }

    #[test]
    fn the_future_is_rounded_up() {
        assert_eq!(said(1), "in less than a minute");
        assert_eq!(said(MINUTE), "in 1 minute");
        assert_eq!(said(4 * MINUTE + 1), "in 5 minutes");
        assert_eq!(said(59 * MINUTE + 1), "in 1 hour");
        assert_eq!(said(HOUR + 1), "in 2 hours");
        assert_eq!(said(23 * HOUR + 1), "in 1 day");
        assert_eq!(said(29 * DAY - 5), "in 29 days");
    }

    #[test]
    fn nothing_is_left_at_the_end() {
        let now = UnixMillis(5);
        assert_eq!(left(now, UnixMillis(5)), None);
        assert_eq!(left(now, UnixMillis(4)), None);
        assert_eq!(left(now, UnixMillis(6)).as_deref(), Some("less than a minute"));
        assert_eq!(left(now, now.plus(5 * MINUTE)).as_deref(), Some("5 minutes"));
    }

    #[test]
    fn the_ends_of_the_range_do_not_overflow() {
        let (first, last) = (UnixMillis(i64::MIN), UnixMillis(i64::MAX));
        assert!(relative(last, first).ends_with("days ago"));
        assert!(relative(first, last).starts_with("in "));
    }
}
