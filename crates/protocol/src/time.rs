//! Points in time.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// Seconds, rounded down (RFC 7519 `NumericDate`).
    pub fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Whole seconds from `earlier` until this, rounded up; at least 1.
    pub fn seconds_from(self, earlier: Self) -> u32 {
        let millis = self.0.saturating_sub(earlier.0).max(1);
        u32::try_from((millis - 1) / 1000 + 1).unwrap_or(u32::MAX)
    }

    /// Later by this many milliseconds; stops at the end of the range.
    #[must_use]
    pub fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}
