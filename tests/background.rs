//! The background on the browser's own IndexedDB and WebCrypto. The rules are
//! tested natively, on fakes; here it is shown that what they rest on holds in
//! real browsers: `wasm-pack test --headless --chrome` (and `--firefox`).

#![cfg(target_family = "wasm")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "../src/testing/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the native tests use more of it")]
mod testing;

use std::rc::Rc;

use ferry_bridge::{Phase, Request, SignOut, State, TransferStep};
use ferry_client::idb::{self, Store};
use ferry_client::{BrowserKeyring, Device as _, Keyring as _};
use ferry_extension::store::IndexedDb;
use testing::{Asked, CANARY, CODE, Point, TestBackground, World, ask, set_up, sign_in, step, verify};
use wasm_bindgen_futures::spawn_local;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

type RealWorld = World<BrowserKeyring, IndexedDb>;

/// A browser profile that nothing was kept in yet. (All tests share one.)
async fn fresh() -> RealWorld {
    for store in [Store::Keys, Store::Records, Store::Transfers] {
        for (key, _) in idb::list(store).await.unwrap() {
            idb::delete(store, &key).await.unwrap();
        }
    }
    World::new(BrowserKeyring, IndexedDb)
}

async fn share(world: &RealWorld, background: &TestBackground<BrowserKeyring, IndexedDb>) -> State {
    ask(background, world.share()).await.unwrap()
}

/// Starts a share that the browser stops at this point, and waits until it is there.
async fn share_until(world: &RealWorld, background: TestBackground<BrowserKeyring, IndexedDb>, point: Point) {
    world.browser.stop_at(Some(point));
    let request = world.share();
    let stopped = Rc::clone(&background);
    spawn_local(async move { drop(stopped.answer(request).await) });
    while !world.browser.has_stopped() {
        // Lets the browser go on: a promise of its database.
        idb::get(Store::Records, "nothing").await.unwrap();
    }
    world.browser.stop_at(None);
}

/// Everything in IndexedDB that is text.
async fn on_disk() -> String {
    let mut text = String::new();
    for store in [Store::Records, Store::Transfers] {
        for (_, value) in idb::list(store).await.unwrap() {
            text.push_str(&value.as_string().unwrap());
        }
    }
    text
}

#[wasm_bindgen_test]
async fn a_session_is_sealed_by_webcrypto_and_opened_by_the_vault() {
    let world = fresh().await;
    let background = world.ready().await;
    let state = share(&world, &background).await;
    assert!(matches!(
        step(&state),
        Some(TransferStep::Done { cookies: 2, .. })
    ));
    // Opening checks the device's signature and the registration of its sealing key.
    let opened = world.server().open().unwrap();
    assert_eq!(opened.payload.jar.cookies[0].value, format!("{CANARY}-ada"));
    assert!(!on_disk().await.contains(CANARY));
    // And again, with the same keys in a new worker.
    let background = world.start().await;
    share(&world, &background).await;
    assert_eq!(world.server().stores.get(), 2);
}

#[wasm_bindgen_test]
async fn a_new_worker_finds_everything_where_it_was() {
    let world = fresh().await;
    let background = world.start().await;
    ask::<State, _, _>(&background, sign_in()).await.unwrap();
    ask::<State, _, _>(&background, set_up()).await.unwrap();
    let background = world.start().await;
    assert!(matches!(
        background.state().phase,
        Phase::SetUp { code: Some(_), .. }
    ));
    ask::<State, _, _>(&background, verify(CODE)).await.unwrap();
    let Phase::Ready {
        vault_fingerprint,
        accounts,
        ..
    } = world.start().await.state().phase
    else {
        panic!("ready")
    };
    assert_eq!((vault_fingerprint.is_some(), accounts.len()), (true, 1));
}

#[wasm_bindgen_test]
async fn stopped_before_the_seal_nothing_leaves() {
    for point in [
        Point::Cookies,
        Point::Before(Asked::Key),
        Point::After(Asked::Key),
    ] {
        let world = fresh().await;
        let background = world.ready().await;
        share_until(&world, background, point).await;
        let background = world.start().await;
        let state = background.state();
        let Some(TransferStep::Failed { failure }) = step(&state) else {
            panic!("{point:?}")
        };
        assert_eq!(failure.code, "interrupted", "{point:?}");
        assert_eq!(world.server().stores.get(), 0, "{point:?}");
    }
}

#[wasm_bindgen_test]
async fn stopped_after_the_seal_it_is_stored_once() {
    for point in [Point::Before(Asked::Upload), Point::After(Asked::Upload)] {
        let world = fresh().await;
        let background = world.ready().await;
        share_until(&world, background, point).await;
        assert!(on_disk().await.contains("ciphertext"), "{point:?}");
        let background = world.start().await;
        assert!(
            matches!(step(&background.state()), Some(TransferStep::Done { .. })),
            "{point:?}"
        );
        assert_eq!(world.server().stores.get(), 1, "{point:?}");
        assert!(world.server().open().is_some());
        assert!(!on_disk().await.contains("ciphertext"), "{point:?}");
    }
}

#[wasm_bindgen_test]
async fn signing_out_leaves_no_key_and_no_token() {
    let world = fresh().await;
    let background = world.ready().await;
    let before = BrowserKeyring.load().await.unwrap().unwrap().id();
    ask::<State, _, _>(&background, Request::SignOut(SignOut {}))
        .await
        .unwrap();
    assert!(BrowserKeyring.load().await.unwrap().is_none());
    assert!(!on_disk().await.contains("token-"));
    ask::<State, _, _>(&background, sign_in()).await.unwrap();
    assert_ne!(BrowserKeyring.load().await.unwrap().unwrap().id(), before);
}
