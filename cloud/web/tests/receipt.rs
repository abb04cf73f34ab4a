//! The receipt on an account's page, in a real browser.

#![cfg(target_family = "wasm")]
#![expect(clippy::unwrap_used, reason = "tests")]

use ferry_protocol::api::{
    Account, Check, Receipt, RefusedCookie, RefusedEntry, RefusedReason, Role, SessionStatus, StorageReceipt,
    StoredSession,
};
use ferry_protocol::{AccountId, TransferId, UnixMillis};
use ferry_ui::dom::IntoNode;
use ferry_web::app::App;
use ferry_web::pages::account;
use ferry_web::route::Route;
use leptos::mount::mount_to_renderer;
use leptos::prelude::{document, provide_context};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const NOW: UnixMillis = UnixMillis(1_778_578_200_000);

/// Something of everything.
fn receipt() -> Receipt {
    Receipt {
        read: 27,
        cut: 1,
        sealed: 23,
        restored: 22,
        shortened: 3,
        refused: vec![RefusedCookie {
            name: "_gh_experiment".to_owned(),
            domain: "github.com".to_owned(),
            reason: RefusedReason::Expired,
        }],
        storage: StorageReceipt {
            sealed: 2,
            restored: 1,
            refused: vec![RefusedEntry {
                entry: "https://github.com#token".to_owned(),
                reason: RefusedReason::Browser,
            }],
        },
    }
}

/// What the page shows of it.
fn shown(receipt: Receipt) -> String {
    let id = AccountId::new(NOW, [1; 10]);
    let check = Check {
        at: NOW,
        identified: true,
        receipt,
    };
    let account = Account {
        id,
        name: "Acme engineering".to_owned(),
        identity: None,
        app: ferry_catalogue::find(&"github".parse().unwrap()).unwrap().clone(),
        role: Role::Owner,
        consent: None,
        session: SessionStatus::Transferred(StoredSession {
            transfer: TransferId::new(NOW, [2; 10]),
            transferred_at: NOW,
            device_name: "Alice’s device".to_owned(),
            transferred_by: "Alice".to_owned(),
            expires_at: NOW.plus(60_000),
            check: Some(check),
        }),
    };
    let root = document().create_element("div").unwrap();
    let mounted = mount_to_renderer(&root, move || {
        let app = App::new(Route::Accounts, NOW);
        app.accounts.set(Some(vec![account]));
        provide_context(app);
        account::page(id).into_node()
    });
    let shown = root.query_selector("[data-testid=receipt]").unwrap().unwrap();
    let text = shown.text_content().unwrap();
    drop(mounted);
    text
}

#[wasm_bindgen_test]
async fn the_receipt_says_what_became_of_everything_and_why() {
    let words = [
        "27 cookies read, 23 sealed, 22 restored",
        "3 cookies end sooner than on the device: the cloud’s browser keeps none for more than 400 days",
        "4 left out on the device: they belong to others who are signed in there",
        "1 cookie cut on the device: a part of it belongs to others who are signed in there",
        "1 cookie refused",
        "_gh_experiment at github.com: had expired",
        "2 sign-in entries read, 2 sealed, 1 restored",
        "1 sign-in entry refused",
        "token at github.com: refused by the browser in the cloud",
    ];
    assert_eq!(shown(receipt()), words.concat());
}

#[wasm_bindgen_test]
async fn of_very_many_that_were_refused_it_says_how_many_are_not_named() {
    let one = receipt().refused.remove(0);
    let shown = shown(Receipt {
        sealed: 523,
        restored: 22,
        refused: vec![one; 101],
        ..receipt()
    });
    let named = shown.matches("_gh_experiment at github.com: had expired").count();
    assert_eq!(named, 100);
    assert!(shown.contains("501 cookies refused"), "{shown}");
    assert!(
        shown.contains("401 more; the worker’s log names up to 1,000"),
        "{shown}"
    );
}
