//! Definitions of real apps: one of several who is transferred alone, and apps on several
//! domains. What their cookies look like is as in the catalogue's own tests.

use std::collections::BTreeSet;

use ferry_bridge::{ExpectPermission, IdentityFinding, Inspect, Inspection};
use ferry_catalogue::App;

use super::*;

/// The token of whoever is active, and those of the others.
const OWN: &str = "0wn7f3a90c41d2e8b65f";
const OTHERS: [&str; 2] = ["b0b1c0ffee5d00d90e12", "e4e2facade77aa10bc34"];

/// Name, value, domain.
type Jar = Vec<(&'static str, String, &'static str)>;

/// A world in which somebody has an account of this app.
fn world_of(id: &str, identity: Option<&str>) -> (World, App) {
    let world = World::default();
    let app = ferry_catalogue::find(&id.parse().unwrap()).unwrap().clone();
    {
        let mut account = world.server().account.borrow_mut();
        account.app = app.clone();
        account.identity = identity.map(str::to_owned);
    }
    (world, app)
}

async fn inspect(world: &World, background: &TestBackground) -> Inspection {
    let inspect = Request::Inspect(Inspect {
        account: world.account(),
        store: Default::default(),
    });
    ask(background, inspect).await.unwrap()
}

/// Name of an app, who is active there, a jar, and what the receipt says of it: cookies
/// that are left out, and those that something is cut out of.
fn with_several() -> [(&'static str, &'static str, Jar, (u32, u32)); 3] {
    let [bob, eve] = OTHERS;
    let own = || OWN.to_owned();
    [
        (
            "x",
            "1",
            vec![
                ("auth_token", own(), "x.com"),
                ("ct0", "aa".to_owned(), "x.com"),
                ("twid", "u%3D1".to_owned(), "x.com"),
                ("auth_multi", format!("\"2:{bob}|3:{eve}\""), "x.com"),
                ("auth_multi", format!("2:{bob}"), "twitter.com"),
            ],
            (2, 0),
        ),
        (
            "github",
            "octocat",
            vec![
                ("user_session", own(), "github.com"),
                ("__Host-user_session_same_site", own(), "github.com"),
                ("dotcom_user", "octocat".to_owned(), "github.com"),
                (
                    "saved_user_sessions",
                    format!("9919%3A{bob}%7C583231%3A{OWN}%7C77%3A{eve}"),
                    "github.com",
                ),
            ],
            (0, 1),
        ),
        (
            "tiktok",
            "6800",
            vec![
                ("sessionid", own(), "tiktok.com"),
                ("sid_tt", own(), "tiktok.com"),
                (
                    "multi_sids",
                    format!("6800%3A{OWN}%7C7100%3A{bob}%7C7200%3A{eve}"),
                    "tiktok.com",
                ),
            ],
            (0, 1),
        ),
    ]
}

#[test]
fn of_the_others_at_real_apps_nothing_is_sealed() {
    run(async {
        for (id, active, jar, receipt) in with_several() {
            let (world, _) = world_of(id, Some(active));
            world.browser.set_cookies_at(&jar);
            let background = world.ready().await;
            let Some(IdentityFinding::Several { only, .. }) = inspect(&world, &background).await.finding
            else {
                panic!("{id}: not several")
            };
            assert_eq!(only.as_deref(), Some(active), "{id}");
            let refused = share(&world, &background).await.unwrap_err();
            assert_eq!(refused.code, "several-identities", "{id}: nobody chose");

            let alone = Request::Share(Share {
                account: world.account(),
                consent: None,
                accept_unknown: false,
                store: Default::default(),
                only,
                named: None,
            });
            ask::<State, _, _>(&background, alone).await.unwrap();
            let payload = world.server().open().unwrap().payload;
            assert_eq!(payload.identity.as_deref(), Some(active), "{id}");
            assert_eq!((payload.left_out, payload.cut), receipt, "{id}");
            assert!(payload.jar.storage.is_empty(), "{id}");
            assert_eq!(payload.jar.cookies.len() + receipt.0 as usize, jar.len(), "{id}");
            let cookies = payload.jar.cookies.iter();
            let sealed = cookies.fold(String::new(), |all, cookie| all + &cookie.value + "\n");
            for other in OTHERS {
                assert!(!sealed.contains(other), "{id}: {sealed}");
            }
            let own = sealed.matches(OWN).count();
            let before = jar.iter().filter(|(_, value, _)| value.contains(OWN)).count();
            assert_eq!(own, before, "{id}: {sealed}");
        }
    });
}

/// Name of an app, who is signed in if that can be told, and a jar with cookies of each of
/// its domains.
fn on_several_domains() -> [(&'static str, Option<&'static str>, Jar); 3] {
    // {"sub":"5b10a2844c20165700ede21g","email":"a@example.com"}
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI1YjEwYTI4NDRjMjAxNjU3MDBlZGUyMWciLCJlbWFpbCI6ImFA\
                 ZXhhbXBsZS5jb20ifQ.c2lnbmF0dXJl";
    let some = || "aa".to_owned();
    [
        (
            "google",
            Some("ada@example.com"),
            vec![
                ("SID", some(), "google.com"),
                ("HSID", some(), "google.com"),
                ("SSID", some(), "google.com"),
                ("SAPISID", some(), "google.com"),
                ("__Secure-1PSID", some(), "google.com"),
                ("OSID", some(), "mail.google.com"),
                ("SID", some(), "youtube.com"),
                ("LOGIN_INFO", some(), "www.youtube.com"),
            ],
        ),
        (
            "atlassian",
            Some("5b10a2844c20165700ede21g"),
            vec![
                ("cloud.session.token", token.to_owned(), "atlassian.com"),
                ("tenant.session.token", token.to_owned(), "acme.atlassian.net"),
            ],
        ),
        (
            "microsoft",
            None,
            vec![
                ("ESTSAUTHPERSISTENT", some(), "login.microsoftonline.com"),
                ("AADAuth", some(), "myaccount.microsoft.com"),
            ],
        ),
    ]
}

#[test]
fn an_app_on_several_domains_is_one_question_and_one_transfer() {
    run(async {
        for (id, identity, jar) in on_several_domains() {
            let (world, app) = world_of(id, identity);
            let foreign = [("other", CANARY.to_owned(), "elsewhere.example")];
            let all = [jar.clone(), foreign.to_vec()].concat();
            world.browser.set_cookies_at(&all);
            world.browser.set_page(
                "https://accounts.google.com/ListAccounts?gpsia=1&source=ogb&json=standard",
                200,
                r#"["gaia.l.a.r",[["gaia.l.a",1,"Ada","ada@example.com",null,1,1,0,null,1]]]"#,
                None,
            );
            let background = world.ready().await;
            world.browser.revoke_everything();
            let origins = app.origins();
            assert!(origins.len() > 1, "{id}");
            assert_eq!(inspect(&world, &background).await.missing_origins, origins);

            // What was clicked goes on when all of it is granted, and not before.
            let clicked = Share {
                account: world.account(),
                consent: None,
                accept_unknown: identity.is_none(),
                store: Default::default(),
                only: None,
                named: None,
            };
            let expect = Request::ExpectPermission(ExpectPermission { share: Some(clicked) });
            ask::<(), _, _>(&background, expect).await.unwrap();
            for origin in &origins {
                assert_eq!(world.server().stores.get(), 0, "{id}: before {origin}");
                world.browser.grant(origin);
                background.permissions_added().await;
            }
            assert_eq!(
                world.server().stores.get(),
                1,
                "{id}: {:?}",
                step(&background.state())
            );
            let payload = world.server().open().unwrap().payload;
            assert_eq!(payload.identity.as_deref(), identity, "{id}");
            let hosts = |cookies: &mut dyn Iterator<Item = &str>| -> BTreeSet<String> {
                cookies.map(str::to_owned).collect()
            };
            let sealed = hosts(&mut payload.jar.cookies.iter().map(|cookie| cookie.domain.as_str()));
            assert_eq!(sealed, hosts(&mut jar.iter().map(|(_, _, host)| *host)), "{id}");
            assert_eq!(payload.jar.cookies.len(), jar.len(), "{id}");
            for domain in &app.domains {
                let is_there = sealed.iter().any(|host| host.ends_with(domain.as_str()));
                assert!(is_there, "{id}: {domain}");
            }
        }
    });
}
