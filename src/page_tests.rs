use std::cell::RefCell;
use std::rc::Rc;

use ferry_bridge::page::{Nothing, OfAccount};
use ferry_bridge::{Delete, Refresh, Reply, Request, Share, SignOut, State};
use ferry_protocol::api::Role;
use futures_util::FutureExt as _;

use super::*;
use crate::concurrent;
use crate::sender::{From, Sender};
use crate::testing::{
    Asked, CANARY, CODE, Cookies, Point, SERVER, TestBackground, World, agreed, ask, run, set_up, sign_in,
    verify,
};

#[path = "page_tests/following.rs"]
mod following;
#[path = "page_tests/looking.rs"]
mod looking;

const EXTENSION: &str = "bfioepinhojagefeebekbioffkbnaooh";
const BASE: &str = "chrome-extension://bfioepinhojagefeebekbioffkbnaooh/";
const PATTERN: &str = "https://ferry.example.com/*";

/// `runtime.MessageSender` of the content script in the web app.
fn web_app() -> String {
    sender(SERVER, r#""frameId":0,"tab":{"id":7,"incognito":false}"#)
}

fn sender(origin: &str, rest: &str) -> String {
    format!(r#"{{"id":"{EXTENSION}","url":"{origin}/accounts","origin":"{origin}",{rest}}}"#)
}

fn from(sender: &str) -> Option<From> {
    let sender: Sender = ferry_json::read(sender.as_bytes()).unwrap();
    sender.from(EXTENSION, BASE)
}

/// What comes back for a message, as the browser gives it to `onMessage`.
async fn say(background: &TestBackground, sender: &str, message: &str) -> Option<String> {
    background.hear(&from(sender)?, message).await
}

async fn page(background: &TestBackground, message: &str) -> Option<String> {
    say(background, &web_app(), message).await
}

fn look(account: AccountId) -> String {
    format!(r#"{{"page":{{"look":{{"account":"{account}"}}}}}}"#)
}

fn open(account: AccountId) -> String {
    format!(r#"{{"page":{{"open":{{"account":"{account}"}}}}}}"#)
}

fn follow(account: AccountId) -> String {
    format!(r#"{{"page":{{"follow":{{"account":"{account}"}}}}}}"#)
}

const DONE: &str = r#"{"ok":{}}"#;
const HELLO: &str = r#"{"page":{"hello":{}}}"#;

/// Every ask that there is.
fn asks(account: AccountId) -> [String; 4] {
    [HELLO.to_owned(), look(account), open(account), follow(account)]
}

/// Nothing was transferred, deleted, opened or kept.
fn assert_untouched(world: &World, background: &TestBackground, asked_before: usize) {
    let state = background.state();
    assert!(state.transfers.is_empty());
    assert_eq!(world.server().stores.get(), 0);
    assert_eq!(
        world.server().log.borrow().len(),
        asked_before,
        "no request at all"
    );
    assert!(world.browser.tabs().is_empty());
}

#[test]
fn messages_are_as_documented() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let id = world.account();
        for (ask, json) in [
            (PageAsk::Hello(Nothing {}), HELLO.to_owned()),
            (PageAsk::Look(OfAccount { account: id }), look(id)),
            (PageAsk::Open(OfAccount { account: id }), open(id)),
            (PageAsk::Follow(OfAccount { account: id }), follow(id)),
        ] {
            assert_eq!(format!(r#"{{"page":{}}}"#, super::json(&ask)), json);
            assert_eq!(read(&json), Some(ask));
        }
        let me = background.memory().enrolment.session.as_ref().unwrap().me.clone();
        let hello = format!(
            r#"{{"ok":{{"version":"{}","signed_in":{{"user":"{}","workspace":"{}","trusted":true}}}}}}"#,
            env!("CARGO_PKG_VERSION"),
            me.user.id,
            me.workspace.id,
        );
        assert_eq!(page(&background, HELLO).await, Some(hello));
        assert_eq!(json(&Reply::Ok(Nothing {})), DONE);
        assert_eq!(page(&background, &follow(id)).await.as_deref(), Some(DONE));
        for (finding, json) in [
            (Finding::NeedsPermission, r#""needs-permission""#),
            (Finding::Several { count: 2 }, r#"{"several":{"count":2}}"#),
        ] {
            assert_eq!(super::json(&finding), json);
        }
    });
}

#[test]
fn an_ask_is_as_long_for_the_content_script_as_it_is_here() {
    let script = include_str!("../extension/bridge.js");
    assert!(script.contains(&format!("const LONGEST_ASK = {LONGEST_ASK};")));
    // Blanks count, as every byte does.
    let of_length = |length: usize| {
        let ask = format!(
            r#"{{"hello":{{}}{:width$}}}"#,
            "",
            width = length - r#"{"hello":{}}"#.len()
        );
        assert_eq!(ask.len(), length);
        format!(r#"{{"page":{ask}}}"#)
    };
    assert_eq!(read(&of_length(LONGEST_ASK)), Some(PageAsk::Hello(Nothing {})));
    assert_eq!(read(&of_length(LONGEST_ASK + 1)), None);
}

#[test]
fn the_version_is_the_manifests() {
    let manifest: serde_json::Value = serde_json::from_str(include_str!("../manifest.json")).unwrap();
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    assert!(
        manifest.get("externally_connectable").is_none(),
        "no page and no other extension has a way of its own"
    );
}

#[test]
fn strangers_get_no_answer_and_start_nothing() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let asked = world.server().log.borrow().len();
        let id = world.account();
        let tab = r#""frameId":0,"tab":{"id":7,"incognito":false}"#;
        let of_another_extension = web_app().replace(EXTENSION, "abcdefghijklmnopabcdefghijklmnop");
        for stranger in [
            sender("https://evil.test", tab),
            sender("http://ferry.example.com", tab),
            sender("https://ferry.example.com:8443", tab),
            sender("https://ferry.example.com.evil.test", tab),
            sender("https://x.ferry.example.com", tab),
            sender("https://ferry.example.com@evil.test", tab),
            sender("https://FERRY.example.com", tab),
            sender(SERVER, r#""frameId":4,"tab":{"id":7}"#),
            sender(SERVER, r#""tab":{"id":7}"#),
            sender(SERVER, r#""frameId":0"#),
            sender(SERVER, r#""frameId":0,"tab":{"id":7,"incognito":true}"#),
            web_app().replace(&format!(r#""origin":"{SERVER}""#), r#""origin":"null""#),
            web_app().replace(
                &format!(r#""origin":"{SERVER}""#),
                r#""origin":"https://evil.test""#,
            ),
            of_another_extension,
            format!(r#"{{"id":"abcdefghijklmnopabcdefghijklmnop","url":"{BASE}popup/index.html"}}"#),
            "{}".to_owned(),
        ] {
            for message in asks(id) {
                let reply = say(&background, &stranger, &message).await;
                assert_eq!(reply, None, "{stranger} {message}");
            }
            if let Some(from) = from(&stranger) {
                let port = format!("ferry-follow:{id}");
                assert!(
                    !background.connect(from, &port, |event| event.is_some()),
                    "{stranger}"
                );
            }
        }
        assert_untouched(&world, &background, asked);
    });
}

#[test]
fn a_page_cannot_say_what_only_our_own_pages_say() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let asked = world.server().log.borrow().len();
        let account = world.account();
        let requests = [
            world.share(),
            Request::Delete(Delete { account }),
            Request::SignOut(SignOut {}),
            Request::Refresh(Refresh {}),
            Request::Inspect(Inspect {
                account,
                store: Default::default(),
            }),
            Request::GetState(ferry_bridge::GetState {}),
            Request::ListDevices(ferry_bridge::ListDevices {}),
            Request::ExpectPermission(ferry_bridge::ExpectPermission {
                share: Some(Share {
                    account,
                    consent: Some(agreed(&background.state())),
                    accept_unknown: true,
                    store: Default::default(),
                    only: None,
                    named: None,
                }),
            }),
            sign_in(),
            set_up(),
            verify(CODE),
        ];
        for request in requests {
            let request = json(&request);
            for message in [
                request.clone(),
                format!(r#"{{"page":{request}}}"#),
                format!(r#"{{"page":{{"hello":{{}}}},"request":{request}}}"#),
                format!(r#"{{"page":{{"hello":{request}}}}}"#),
                format!(r#"{{"page":{{"hello":{{}}}}}}{request}"#),
                format!("[{request}]"),
            ] {
                assert_eq!(page(&background, &message).await, None, "{message}");
            }
        }
        assert_untouched(&world, &background, asked);
        assert!(background.is_trusted(), "still signed in");
    });
}

#[test]
fn asks_of_another_form_are_none() {
    let id = AccountId::new(UnixMillis(1), [1; 10]);
    for message in [
        String::new(),
        "null".to_owned(),
        "7".to_owned(),
        r#""hello""#.to_owned(),
        r#"{"page":"hello"}"#.to_owned(),
        r#"{"page":null}"#.to_owned(),
        r#"{"page":{}}"#.to_owned(),
        r#"{"page":{"hello":null}}"#.to_owned(),
        r#"{"page":{"hello":{"x":1}}}"#.to_owned(),
        r#"{"page":{"hello":{},"look":{}}}"#.to_owned(),
        r#"{"page":{"Hello":{}}}"#.to_owned(),
        r#"{"page":{"hello":{}},"page":{"hello":{}}}"#.to_owned(),
        r#"{"page":{"look":{}}}"#.to_owned(),
        r#"{"page":{"look":{"account":7}}}"#.to_owned(),
        r#"{"page":{"look":{"account":"*"}}}"#.to_owned(),
        look(id).replace("}}}", r#","accept_unknown":true}}}"#),
        look(id).replace("}}}", r#"},"share":{}}}"#),
        look(id).replace("}}}", r#"}},"x":1}"#),
        format!("{}{HELLO}", " ".repeat(LONGEST_ASK)),
        format!(
            r#"{{"page":{{"look":{{"account":"{}"}}}}}}"#,
            "a".repeat(1_000_000)
        ),
    ] {
        let shown: String = message.chars().take(80).collect();
        assert_eq!(read(&message), None, "{shown}");
    }
}

#[test]
fn our_own_pages_do_not_speak_as_web_pages() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let own = format!(r#"{{"id":"{EXTENSION}","url":"{BASE}popup/index.html"}}"#);
        for message in asks(world.account()) {
            assert_eq!(say(&background, &own, &message).await, None, "{message}");
        }
        let state = say(
            &background,
            &own,
            &json(&Request::GetState(ferry_bridge::GetState {})),
        )
        .await;
        assert!(matches!(
            serde_json::from_str(&state.unwrap()).unwrap(),
            Reply::<State>::Ok(_)
        ));
    });
}

#[test]
fn who_is_not_signed_in_is_not_there() {
    run(async {
        let world = World::default();
        let background = world.start().await;
        let asked = world.server().log.borrow().len();
        for message in asks(world.account()) {
            assert_eq!(page(&background, &message).await, None, "{message}");
        }
        assert_untouched(&world, &background, asked);
        // Nor any more after signing out.
        let background = world.ready().await;
        ask::<State, _, _>(&background, Request::SignOut(SignOut {}))
            .await
            .unwrap();
        let asked = world.server().log.borrow().len();
        for message in asks(world.account()) {
            assert_eq!(page(&background, &message).await, None, "{message}");
        }
        assert_untouched(&world, &background, asked);
    });
}

#[test]
fn without_a_trusted_device_there_is_only_hello() {
    run(async {
        let world = World::default();
        let background = world.start().await;
        ask::<State, _, _>(&background, sign_in()).await.unwrap();
        world.browser.grant_everything();
        let asked = world.server().log.borrow().len();
        let hello = page(&background, HELLO).await.unwrap();
        assert!(hello.contains(r#""trusted":false"#), "{hello}");
        for message in &asks(world.account())[1..] {
            let reply = page(&background, message).await.unwrap();
            assert!(
                reply.starts_with(r#"{"failed":{"code":"device-not-trusted","#),
                "{reply}"
            );
        }
        let port = format!("ferry-follow:{}", world.account());
        assert!(!background.connect(from(&web_app()).unwrap(), &port, |event| event.is_some()));
        assert_untouched(&world, &background, asked);
    });
}

#[test]
fn a_thousand_opens_make_one_tab_and_no_transfer() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let asked = world.server().log.borrow().len();
        let message = open(world.account());
        // One after the other.
        for _ in 0..1_000 {
            assert_eq!(page(&background, &message).await.as_deref(), Some(DONE));
        }
        let address = format!(
            "popup/index.html?view=tab&for=page#/accounts/{}/share",
            world.account()
        );
        assert_eq!(world.browser.tabs(), std::slice::from_ref(&address));
        // All at once, in a browser without one.
        world.browser.close_tabs();
        world.browser.wait_at(Some(Point::Tab));
        let mut all = Box::pin(concurrent::all((0..1_000).map(|_| page(&background, &message))));
        assert!((&mut all).now_or_never().is_none());
        world.browser.wait_at(None);
        let replies = all.await;
        let opened = replies.iter().filter(|reply| reply.as_deref() == Some(DONE));
        assert_eq!(opened.count(), 1);
        assert_eq!(world.browser.tabs(), [address]);
        // For another account it is the same tab.
        let other = AccountId::new(UnixMillis(2), [9; 10]);
        page(&background, &open(other)).await.unwrap();
        assert_eq!(
            world.browser.tabs(),
            [format!(
                "popup/index.html?view=tab&for=page#/accounts/{other}/share"
            )]
        );
        world.browser.close_tabs();
        assert_untouched(&world, &background, asked);
    });
}

/// What a page that follows the account heard; `None` is the end.
type Heard = Rc<RefCell<Vec<Option<String>>>>;

#[test]
fn the_content_script_runs_where_the_person_is_signed_in_and_nowhere_else() {
    run(async {
        let world = World::default();
        let background = world.start().await;
        assert_eq!(world.browser.take_bridges(), [None], "put right at the start");
        ask::<State, _, _>(&background, sign_in()).await.unwrap();
        assert_eq!(world.browser.take_bridges(), [Some(PATTERN.to_owned())]);
        ask::<State, _, _>(&background, set_up()).await.unwrap();
        ask::<State, _, _>(&background, verify(CODE)).await.unwrap();
        assert!(world.browser.take_bridges().is_empty(), "it is there already");
        let background = world.start().await;
        assert_eq!(
            world.browser.take_bridges(),
            [Some(PATTERN.to_owned())],
            "the browser may have forgotten"
        );
        ask::<State, _, _>(&background, Request::SignOut(SignOut {}))
            .await
            .unwrap();
        assert_eq!(world.browser.take_bridges(), [None]);
    });
}

#[test]
fn the_content_script_goes_when_the_server_ends_the_session() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.browser.take_bridges();
        world.server().revoke_tokens();
        ask::<State, _, _>(&background, Request::Refresh(Refresh {}))
            .await
            .unwrap();
        assert_eq!(world.browser.take_bridges(), [None]);
        assert_eq!(page(&background, HELLO).await, None);
    });
}

#[test]
fn who_signs_out_while_it_is_registered_leaves_none_behind() {
    run(async {
        let world = World::default();
        let background = world.start().await;
        world.browser.take_bridges();
        world.browser.wait_at(Some(Point::Bridge));
        let mut signing_in = Box::pin(ask::<State, _, _>(&background, sign_in()));
        assert!((&mut signing_in).now_or_never().is_none());
        ask::<State, _, _>(&background, Request::SignOut(SignOut {}))
            .await
            .unwrap();
        world.browser.wait_at(None);
        signing_in.await.unwrap();
        assert_eq!(world.browser.take_bridges().last(), Some(&None));
    });
}

#[test]
fn a_page_that_does_everything_it_can_while_a_transfer_waits_changes_nothing_of_it() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.browser.wait_at(Some(Point::Before(Asked::Upload)));
        let mut sharing = Box::pin(ask::<State, _, _>(&background, world.share()));
        assert!((&mut sharing).now_or_never().is_none());
        for message in asks(world.account()) {
            page(&background, &message).await.unwrap();
        }
        assert_eq!(world.server().stores.get(), 0);
        world.browser.wait_at(None);
        sharing.await.unwrap();
        assert_eq!(world.server().stores.get(), 1);
    });
}
