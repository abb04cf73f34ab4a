//! Where records are kept: JSON texts under keys, in two tables.

use ferry_client::idb::{self, IdbError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use zeroize::Zeroizing;

use crate::explain::Explain;

/// The tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Who is signed in, and what is cached.
    Records,
    /// Transfers under way, by account.
    Transfers,
}

/// Keeps records on the device.
///
/// Contract: what was put is there after a crash of the browser's process, once
/// the future has ended; each call is all or nothing.
#[expect(
    async_fn_in_trait,
    reason = "browsers have one thread: the futures need not be Send"
)]
pub trait Store: 'static {
    /// The text under a key.
    async fn get(&self, table: Table, key: &str) -> Result<Option<Zeroizing<String>>, StoreError>;

    /// Every text of a table.
    async fn list(&self, table: Table) -> Result<Vec<Zeroizing<String>>, StoreError>;

    /// Puts texts, each under its key: all of them, or none.
    async fn put(&self, entries: &[(Table, &str, &str)]) -> Result<(), StoreError>;

    /// Removes the text under a key, if there is one.
    async fn remove(&self, table: Table, key: &str) -> Result<(), StoreError>;
}

/// The browser does not keep or give what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Ferry's data in this browser cannot be used: {0}.")]
pub struct StoreError(pub String);

impl Explain for StoreError {
    fn code(&self) -> &'static str {
        "storage"
    }
}

/// Reads a record. One of another form (of an older version, say) counts as none.
pub async fn load<T: DeserializeOwned>(
    store: &impl Store,
    table: Table,
    key: &str,
) -> Result<Option<T>, StoreError> {
    Ok(store
        .get(table, key)
        .await?
        .and_then(|text| ferry_json::read(text.as_bytes()).ok()))
}

/// Reads all records of a table; those of another form are left out.
pub async fn load_all<T: DeserializeOwned>(store: &impl Store, table: Table) -> Result<Vec<T>, StoreError> {
    Ok(store
        .list(table)
        .await?
        .iter()
        .filter_map(|text| ferry_json::read(text.as_bytes()).ok())
        .collect())
}

/// Writes a record.
pub async fn save<T: Serialize>(
    store: &impl Store,
    table: Table,
    key: &str,
    record: &T,
) -> Result<(), StoreError> {
    store.put(&[(table, key, &text(record))]).await
}

/// A record as it is written.
pub fn text<T: Serialize>(record: &T) -> Zeroizing<String> {
    #[expect(clippy::expect_used, reason = "records are structs of strings and numbers")]
    Zeroizing::new(ferry_json::write_text(record).expect("serialisable"))
}

/// The browser's IndexedDB.
#[derive(Clone, Copy, Debug, Default)]
pub struct IndexedDb;

impl Table {
    fn store(self) -> idb::Store {
        match self {
            Self::Records => idb::Store::Records,
            Self::Transfers => idb::Store::Transfers,
        }
    }
}

impl Store for IndexedDb {
    async fn get(&self, table: Table, key: &str) -> Result<Option<Zeroizing<String>>, StoreError> {
        let value = idb::get(table.store(), key).await?;
        Ok(value.and_then(|value| value.as_string()).map(Zeroizing::new))
    }

    async fn list(&self, table: Table) -> Result<Vec<Zeroizing<String>>, StoreError> {
        let entries = idb::list(table.store()).await?;
        Ok(entries
            .iter()
            .filter_map(|(_, value)| value.as_string())
            .map(Zeroizing::new)
            .collect())
    }

    async fn put(&self, entries: &[(Table, &str, &str)]) -> Result<(), StoreError> {
        let texts: Vec<JsValue> = entries.iter().map(|(.., text)| JsValue::from_str(text)).collect();
        let entries = entries.iter().zip(&texts);
        let entries: Vec<_> = entries
            .map(|((table, key, _), text)| (table.store(), *key, text))
            .collect();
        Ok(idb::put_all(&entries).await?)
    }

    async fn remove(&self, table: Table, key: &str) -> Result<(), StoreError> {
        Ok(idb::delete(table.store(), key).await?)
    }
}

impl From<IdbError> for StoreError {
    fn from(error: IdbError) -> Self {
        Self(error.to_string())
    }
}
