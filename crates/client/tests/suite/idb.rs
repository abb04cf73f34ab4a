//! The database: values under keys, each call all or nothing.

use ferry_client::idb::{self, Store};
use js_sys::Reflect;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

async fn texts(store: Store) -> Vec<(String, String)> {
    let entries = idb::list(store).await.unwrap();
    entries
        .into_iter()
        .map(|(key, value)| (key, value.as_string().unwrap()))
        .collect()
}

async fn get(store: Store, key: &str) -> Option<String> {
    idb::get(store, key)
        .await
        .unwrap()
        .map(|value| value.as_string().unwrap())
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[wasm_bindgen_test]
async fn values_are_put_replaced_listed_and_deleted() {
    for store in [Store::Records, Store::Transfers] {
        assert_eq!(get(store, "a").await, None);
        idb::put(store, "b", &"2".into()).await.unwrap();
        idb::put(store, "a", &"1".into()).await.unwrap();
        assert_eq!(texts(store).await, [pair("a", "1"), pair("b", "2")]);
        idb::put(store, "a", &"3".into()).await.unwrap();
        assert_eq!(get(store, "a").await.as_deref(), Some("3"));
        idb::delete(store, "a").await.unwrap();
        idb::delete(store, "a").await.unwrap();
        assert_eq!(texts(store).await, [pair("b", "2")]);
        idb::delete(store, "b").await.unwrap();
        assert_eq!(texts(store).await, []);
    }
}

#[wasm_bindgen_test]
async fn stores_are_apart() {
    idb::put(Store::Records, "a", &"record".into()).await.unwrap();
    assert_eq!(get(Store::Transfers, "a").await, None);
    idb::delete(Store::Records, "a").await.unwrap();
}

#[wasm_bindgen_test]
async fn of_several_additions_one_wins() {
    let values = ["1", "2", "3", "4"].map(JsValue::from);
    let added = values.iter().map(|value| idb::add(Store::Records, "once", value));
    let added: Vec<bool> = futures_util::future::join_all(added)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(added.iter().filter(|added| **added).count(), 1);
    let winner = added.iter().position(|added| *added).unwrap();
    assert_eq!(get(Store::Records, "once").await, values[winner].as_string());
    idb::delete(Store::Records, "once").await.unwrap();
    assert!(
        idb::add(Store::Records, "once", &values[3]).await.unwrap(),
        "free again"
    );
    idb::delete(Store::Records, "once").await.unwrap();
}

#[wasm_bindgen_test]
async fn what_cannot_be_cloned_is_refused() {
    let function = Reflect::get(&js_sys::global(), &"isNaN".into()).unwrap();
    let refused = idb::put(Store::Records, "function", &function).await;
    assert!(matches!(refused, Err(idb::IdbError::Failed { name, .. }) if name == "DataCloneError"));
    assert_eq!(texts(Store::Records).await, []);
}

#[wasm_bindgen_test]
async fn several_values_are_put_all_or_none() {
    let (first, second) = (JsValue::from("first"), JsValue::from("second"));
    idb::put_all(&[
        (Store::Records, "one", &first),
        (Store::Transfers, "two", &second),
    ])
    .await
    .unwrap();
    assert_eq!(get(Store::Records, "one").await, Some("first".to_owned()));
    assert_eq!(get(Store::Transfers, "two").await, Some("second".to_owned()));
    // A function cannot be stored: what was put before it is taken back.
    let function = Reflect::get(&js_sys::global(), &"isNaN".into()).unwrap();
    let refused = idb::put_all(&[
        (Store::Records, "one", &second),
        (Store::Transfers, "two", &function),
    ])
    .await;
    assert!(matches!(refused, Err(idb::IdbError::Failed { name, .. }) if name == "DataCloneError"));
    assert_eq!(get(Store::Records, "one").await, Some("first".to_owned()));
    idb::delete(Store::Records, "one").await.unwrap();
    idb::delete(Store::Transfers, "two").await.unwrap();
}
