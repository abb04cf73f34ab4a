//! Reading typed values out of rows.

use std::str::FromStr;

use ferry_protocol::{Bytes, UnixMillis};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{Row as _, ValueRef as _};

use super::{Row, StorageError};

/// A value that is kept as text, by `Display` and `FromStr`.
pub(crate) fn text<T: FromStr>(row: &Row, column: &'static str) -> Result<T, StorageError> {
    row.try_get::<&str, _>(column)?
        .parse()
        .map_err(|_| StorageError::Corrupt { column })
}

/// The same, where the column may be null.
pub(crate) fn optional_text<T: FromStr>(row: &Row, column: &'static str) -> Result<Option<T>, StorageError> {
    if row.try_get_raw(column)?.is_null() {
        Ok(None)
    } else {
        text(row, column).map(Some)
    }
}

/// A point in time.
pub(crate) fn time(row: &Row, column: &'static str) -> Result<UnixMillis, StorageError> {
    Ok(UnixMillis(row.try_get(column)?))
}

/// The points in time of all rows.
pub(crate) fn times(rows: &[Row], column: &'static str) -> Result<Vec<UnixMillis>, StorageError> {
    rows.iter().map(|found| time(found, column)).collect()
}

/// Bytes.
pub(crate) fn bytes(row: &Row, column: &'static str) -> Result<Bytes, StorageError> {
    Ok(Bytes(row.try_get(column)?))
}

/// A value that is kept as JSON.
pub(crate) fn json<T: DeserializeOwned>(row: &Row, column: &'static str) -> Result<T, StorageError> {
    serde_json::from_str(row.try_get::<&str, _>(column)?).map_err(|_| StorageError::Corrupt { column })
}

/// The same, where the column may be null.
pub(crate) fn optional_json<T: DeserializeOwned>(
    row: &Row,
    column: &'static str,
) -> Result<Option<T>, StorageError> {
    if row.try_get_raw(column)?.is_null() {
        Ok(None)
    } else {
        json(row, column).map(Some)
    }
}

/// A count.
pub(crate) fn count(row: &Row, column: &'static str) -> Result<u32, StorageError> {
    u32::try_from(row.try_get::<i64, _>(column)?).map_err(|_| StorageError::Corrupt { column })
}

/// A value as JSON, for a column.
#[expect(
    clippy::expect_used,
    reason = "wire types are structs and enums with string keys: they serialise"
)]
pub(crate) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("serialisable")
}
