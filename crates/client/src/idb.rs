//! The one IndexedDB database of an origin: a few object stores of values under
//! text keys. What the values mean is the business of the modules that own the
//! stores.
//!
//! Works in pages and in service workers. Each function is one transaction, and
//! returns only when that has completed.

use std::cell::RefCell;

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DomException, IdbDatabase, IdbFactory, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction,
    IdbTransactionMode,
};

const DATABASE: &str = "ferry";
const VERSION: u32 = 1;

/// The object stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// This device's keys: [`crate::keys`].
    Keys,
    /// What is remembered between two starts: token, pin, cached lists.
    Records,
    /// Transfers under way, so that they can be resumed.
    Transfers,
}

impl Store {
    const ALL: [Self; 3] = [Self::Keys, Self::Records, Self::Transfers];

    fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Records => "records",
            Self::Transfers => "transfers",
        }
    }
}

/// Why the browser did not store or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdbError {
    /// There is no IndexedDB here.
    #[error("the browser offers no storage here: allow this site to store data, or leave private browsing")]
    Unavailable,
    /// The disk, or what the browser grants of it, is full.
    #[error("the browser's storage is full: free some space on this device")]
    Full,
    /// Anything else.
    #[error("the browser's storage failed ({name}: {message}): restart the browser")]
    Failed {
        /// Name of the `DOMException`.
        name: String,
        /// Its message, for the log.
        message: String,
    },
}

impl From<DomException> for IdbError {
    fn from(error: DomException) -> Self {
        match error.name().as_str() {
            "QuotaExceededError" => Self::Full,
            _ => Self::Failed {
                name: error.name(),
                message: error.message(),
            },
        }
    }
}

impl From<JsValue> for IdbError {
    fn from(error: JsValue) -> Self {
        match error.dyn_into::<DomException>() {
            Ok(error) => error.into(),
            Err(other) => Self::Failed {
                name: "Error".to_owned(),
                message: format!("{other:?}"),
            },
        }
    }
}

/// The value under a key, if there is one.
pub async fn get(store: Store, key: &str) -> Result<Option<JsValue>, IdbError> {
    let (transaction, objects) = begin(store, IdbTransactionMode::Readonly).await?;
    let request = objects.get(&key.into())?;
    completed(&transaction).await?;
    let value = request.result()?;
    Ok((!value.is_undefined()).then_some(value))
}

/// All keys and values, by key.
pub async fn list(store: Store) -> Result<Vec<(String, JsValue)>, IdbError> {
    let (transaction, objects) = begin(store, IdbTransactionMode::Readonly).await?;
    let keys = objects.get_all_keys()?;
    let values = objects.get_all()?;
    completed(&transaction).await?;
    let keys: Array = keys.result()?.unchecked_into();
    let values: Array = values.result()?.unchecked_into();
    // Every key was put here as text.
    Ok(keys
        .iter()
        .filter_map(|key| key.as_string())
        .zip(values.iter())
        .collect())
}

/// Puts a value (anything that can be cloned structurally) under a key, in the
/// place of what was there.
pub async fn put(store: Store, key: &str, value: &JsValue) -> Result<(), IdbError> {
    put_all(&[(store, key, value)]).await
}

/// Puts several values at once, each as [`put`] does: all of them, or none.
pub async fn put_all(entries: &[(Store, &str, &JsValue)]) -> Result<(), IdbError> {
    let names: Array = entries
        .iter()
        .map(|(store, ..)| JsValue::from(store.name()))
        .collect();
    let transaction = database()
        .await?
        .transaction_with_str_sequence_and_mode(&names, IdbTransactionMode::Readwrite)?;
    for (store, key, value) in entries {
        let put = transaction
            .object_store(store.name())
            .and_then(|objects| objects.put_with_key(value, &(*key).into()));
        if let Err(error) = put {
            // What was put before it would stay otherwise. It cannot have ended yet.
            let _ = transaction.abort();
            return Err(error.into());
        }
    }
    completed(&transaction).await
}

/// Puts a value under a key that has none yet; `false`, and nothing is changed,
/// if it has. Of several at once, one wins.
pub async fn add(store: Store, key: &str, value: &JsValue) -> Result<bool, IdbError> {
    let (transaction, objects) = begin(store, IdbTransactionMode::Readwrite).await?;
    let request = objects.add_with_key(value, &key.into())?;
    match completed(&transaction).await {
        Ok(()) => Ok(true),
        Err(_) if refused_as_present(&request) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Deletes the value under a key, if there is one.
pub async fn delete(store: Store, key: &str) -> Result<(), IdbError> {
    let (transaction, objects) = begin(store, IdbTransactionMode::Readwrite).await?;
    objects.delete(&key.into())?;
    completed(&transaction).await
}

fn refused_as_present(request: &IdbRequest) -> bool {
    matches!(request.error(), Ok(Some(error)) if error.name() == "ConstraintError")
}

async fn begin(store: Store, mode: IdbTransactionMode) -> Result<(IdbTransaction, IdbObjectStore), IdbError> {
    let database = database().await?;
    let transaction = database.transaction_with_str_and_mode(store.name(), mode)?;
    let objects = transaction.object_store(store.name())?;
    Ok((transaction, objects))
}

/// Waits for the end of a transaction.
async fn completed(transaction: &IdbTransaction) -> Result<(), IdbError> {
    let ended = event(|done, failed| {
        transaction.set_oncomplete(Some(done));
        transaction.set_onabort(Some(failed));
    });
    match ended.await {
        Ok(_) => Ok(()),
        Err(_) => Err(transaction.error().map_or_else(unexplained, IdbError::from)),
    }
}

fn unexplained() -> IdbError {
    IdbError::Failed {
        name: "AbortError".to_owned(),
        message: "no reason given".to_owned(),
    }
}

/// A future of one of two events.
fn event(listen: impl FnOnce(&Function, &Function)) -> JsFuture {
    let mut listen = Some(listen);
    JsFuture::from(Promise::new(&mut |done, failed| {
        // The executor of a promise runs once.
        if let Some(listen) = listen.take() {
            listen(&done, &failed);
        }
    }))
}

thread_local! {
    /// The open connection. Only a shortcut: without it, it is opened anew.
    static CONNECTION: RefCell<Option<IdbDatabase>> = const { RefCell::new(None) };
}

async fn database() -> Result<IdbDatabase, IdbError> {
    if let Some(database) = CONNECTION.with_borrow(Clone::clone) {
        return Ok(database);
    }
    let database = open().await?;
    forget_when_closed(&database);
    CONNECTION.set(Some(database.clone()));
    Ok(database)
}

async fn open() -> Result<IdbDatabase, IdbError> {
    let factory = Reflect::get(&js_sys::global(), &"indexedDB".into())
        .ok()
        .and_then(|factory| factory.dyn_into::<IdbFactory>().ok())
        .ok_or(IdbError::Unavailable)?;
    let request = factory.open_with_u32(DATABASE, VERSION)?;
    let upgrade = {
        let request = request.clone();
        Closure::once(move || create_stores(&request))
    };
    request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
    let opened = event(|done, failed| {
        request.set_onsuccess(Some(done));
        request.set_onerror(Some(failed));
    });
    match opened.await {
        Ok(_) => Ok(request.result()?.unchecked_into()),
        Err(_) => Err(request.error()?.map_or_else(unexplained, IdbError::from)),
    }
}

fn create_stores(request: &IdbOpenDbRequest) -> Result<(), JsValue> {
    let database: IdbDatabase = request.result()?.unchecked_into();
    let there = database.object_store_names();
    for store in Store::ALL {
        if !there.contains(store.name()) {
            database.create_object_store(store.name())?;
        }
    }
    Ok(())
}

/// Lets go of a connection that the browser closed, or that stands in the way of
/// a newer version of the extension.
fn forget_when_closed(database: &IdbDatabase) {
    let closing = database.clone();
    let forget = Closure::<dyn Fn()>::new(move || {
        closing.close();
        CONNECTION.set(None);
    });
    let handler: &Function = forget.as_ref().unchecked_ref();
    database.set_onclose(Some(handler));
    database.set_onversionchange(Some(handler));
    // Lives as long as the connection, of which there is one for the whole run.
    forget.forget();
}
