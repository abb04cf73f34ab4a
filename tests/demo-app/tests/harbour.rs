//! The app over HTTPS, asked by a small browser of our own: it keeps cookies
//! as `Set-Cookie` lines, and follows no redirects.

#![expect(clippy::unwrap_used, reason = "test helpers")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use ferry_catalogue::{App, CookieView, Evidence, Outcome, PageView, Strength};
use harbour::{ACCOUNTS, ACTIVE, Config, PARTITIONED, ROTATING, Running, SESSION, StartError};
use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE, USER_AGENT};
use reqwest::{Certificate, Client, Method, StatusCode};
use tokio_rustls::rustls::crypto::ring;

fn counter() -> [u8; 16] {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    bytes
}

#[expect(clippy::disallowed_methods, reason = "certificates hold around the real time")]
fn config() -> Config {
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        host: "app.demo.test".into(),
        password: "harbour".into(),
        test_controls: true,
        random: counter,
        now: SystemTime::now(),
    }
}

/// A browser with its cookies by name.
#[derive(Clone)]
struct Browser {
    client: Client,
    origin: String,
    agent: &'static str,
    cookies: BTreeMap<String, String>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn location(&self) -> &str {
        self.headers
            .get(LOCATION)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn set_cookies(&self) -> Vec<&str> {
        self.headers
            .get_all(SET_COOKIE)
            .iter()
            .map(|line| line.to_str().unwrap())
            .collect()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Browser {
    fn new(app: &Running) -> Self {
        // It is set for the process: a second time is none.
        let _ = ring::default_provider().install_default();
        let client = Client::builder()
            .tls_certs_only([Certificate::from_pem(app.ca_pem.as_bytes()).unwrap()])
            .resolve("app.demo.test", app.address)
            .resolve("demo.test", app.address)
            .resolve("www.demo.test", app.address)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        Self {
            client,
            origin: app.origin.clone(),
            agent: "Test/1",
            cookies: BTreeMap::new(),
        }
    }

    async fn ask(&mut self, method: Method, path: &str, form: &[(&str, &str)]) -> Answer {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = self
            .client
            .request(method.clone(), format!("{}{path}", self.origin))
            .header(USER_AGENT, self.agent);
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if method == Method::POST {
            // An empty form, too, says what it is.
            request = request.form(form);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        for line in headers.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            match line.contains("Max-Age=0") {
                true => drop(self.cookies.remove(name)),
                false => drop(self.cookies.insert(name.into(), value.into())),
            }
        }
        Answer {
            status,
            headers,
            body: answer.text().await.unwrap(),
        }
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[]).await
    }

    async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.ask(Method::POST, path, form).await
    }

    async fn sign_in(&mut self, user: &str) {
        let answer = self
            .post("/sign-in", &[("user", user), ("password", "harbour")])
            .await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, "/notes")
        );
    }

    /// The active identity and all of them; or the reason and cookie of a refusal.
    async fn who(&mut self) -> Result<(String, Vec<String>), (String, Option<String>)> {
        let answer = self.get("/whoami").await;
        let json = answer.json();
        let text = |key: &str| json[key].as_str().map(str::to_owned);
        assert_eq!(json["signed_in"], answer.status == StatusCode::OK);
        match answer.status {
            StatusCode::OK => Ok((
                text("active").unwrap(),
                serde_json::from_value(json["identities"].clone()).unwrap(),
            )),
            StatusCode::UNAUTHORIZED => Err((text("reason").unwrap(), text("cookie"))),
            other => panic!("{other}"),
        }
    }
}

fn refused(reason: &str, cookie: Option<&str>) -> Result<(String, Vec<String>), (String, Option<String>)> {
    Err((reason.into(), cookie.map(str::to_owned)))
}

fn signed_in(active: &str, all: &[&str]) -> Result<(String, Vec<String>), (String, Option<String>)> {
    Ok((active.into(), all.iter().map(|&id| id.into()).collect()))
}

#[tokio::test]
async fn a_person_signs_in_writes_and_signs_out() {
    let app = harbour::start(config()).await.unwrap();
    let mut browser = Browser::new(&app);
    assert_eq!(browser.get("/").await.location(), "/sign-in");
    let page = browser.get("/sign-in").await;
    assert!(page.body.contains("Password of each: <code>harbour</code>"));
    let wrong = browser
        .post("/sign-in", &[("user", "alice"), ("password", "x")])
        .await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.body.contains("role=\"alert\"") && wrong.set_cookies().is_empty());

    browser.sign_in("alice").await;
    browser.post("/notes", &[("text", "<b>new</b>")]).await;
    let notes = browser.get("/notes").await.body;
    assert!(notes.contains("Alice’s notes") && notes.contains("<li>&lt;b&gt;new&lt;/b&gt;</li>"));
    assert!(
        browser
            .get("/account")
            .await
            .body
            .contains("Signed in as <strong>alice</strong>")
    );

    let out = browser.post("/sign-out", &[]).await;
    assert_eq!((out.location(), browser.cookies.len()), ("/sign-in", 0));
    assert_eq!(browser.get("/account").await.location(), "/sign-in");
}

#[tokio::test]
async fn the_account_switcher_adds_switches_and_signs_out() {
    let app = harbour::start(config()).await.unwrap();
    let mut browser = Browser::new(&app);
    browser.sign_in("alice").await;
    browser.sign_in("bob").await;
    assert_eq!(browser.who().await, signed_in("bob", &["alice", "bob"]));
    browser.post("/switch", &[("user", "alice")]).await;
    assert_eq!(browser.who().await, signed_in("alice", &["alice", "bob"]));
    assert_eq!(
        browser.post("/switch", &[("user", "carol")]).await.status,
        StatusCode::NOT_FOUND
    );
    // The page for one of them asks first.
    let page = browser.get("/sign-out?user=alice").await;
    assert!(
        page.body
            .contains(r#"<button class="primary" name="user" value="alice">"#)
    );
    assert_eq!(browser.who().await, signed_in("alice", &["alice", "bob"]));
    let led = browser
        .client
        .get(format!("https://demo.test:{}/out?user=alice", app.address.port()))
        .send()
        .await
        .unwrap();
    let to = led.headers().get(LOCATION).map(|to| to.to_str().unwrap());
    assert_eq!(to, Some(format!("{}/sign-out?user=alice", app.origin).as_str()));
    let nowhere = browser.get("/out?user=%22%3E%3Cb").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    for nobody in ["/sign-out?user=carol", "/sign-out?user=%22%3E%3Cb", "/sign-out"] {
        assert_eq!(browser.get(nobody).await.location(), "/account", "{nobody}");
    }
    browser.post("/sign-out", &[("user", "alice")]).await;
    assert_eq!(browser.who().await, signed_in("bob", &["bob"]));
    browser.post("/sign-out", &[("user", "bob")]).await;
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn every_cookie_and_the_user_agent_are_needed() {
    let app = harbour::start(config()).await.unwrap();
    let mut browser = Browser::new(&app);
    browser.sign_in("alice").await;
    assert_eq!(browser.cookies.len(), 5);
    for name in [SESSION, PARTITIONED, ROTATING, ACCOUNTS, ACTIVE] {
        let mut without = browser.clone();
        without.cookies.remove(name).unwrap();
        assert_eq!(without.who().await, refused("missing-cookie", Some(name)));
        let account = without.get("/account").await;
        assert_eq!(account.status, StatusCode::SEE_OTHER);
        assert!(account.location().starts_with("/sign-in"), "{name}");
        let profile = without.get("/profile").await;
        assert_eq!(profile.status == StatusCode::OK, name == PARTITIONED, "{name}");
    }
    let mut other = Browser {
        agent: "Test/2",
        ..browser.clone()
    };
    assert_eq!(other.who().await, refused("other-user-agent", None));
    let mut wrong = browser.clone();
    wrong.cookies.insert(PARTITIONED.into(), "00".into());
    assert_eq!(wrong.who().await, refused("wrong-cookie", Some(PARTITIONED)));
    assert_eq!(browser.who().await, signed_in("alice", &["alice"]));
}

#[tokio::test]
async fn account_rotates_and_an_old_value_ends_the_session() {
    let app = harbour::start(config()).await.unwrap();
    let mut browser = Browser::new(&app);
    browser.sign_in("alice").await;
    let mut copy = browser.clone();
    let visit = browser.get("/account").await;
    let lines = visit.set_cookies();
    assert!(lines.len() == 1 && lines[0].starts_with(ROTATING), "{lines:?}");
    assert_ne!(browser.cookies[ROTATING], copy.cookies[ROTATING]);

    // The copy is one step behind, and catches up.
    copy.get("/account").await;
    assert_eq!(copy.cookies[ROTATING], browser.cookies[ROTATING]);

    // Two steps behind, it gives itself away.
    browser.get("/account").await;
    browser.get("/account").await;
    assert_eq!(copy.who().await, refused("rotated-cookie-reused", Some(ROTATING)));
    assert_eq!(browser.who().await, refused("no-session", None));
    assert_eq!(
        browser.get("/account").await.location(),
        "/sign-in?because=no-session"
    );
    assert!(
        browser
            .get("/sign-in?because=no-session")
            .await
            .body
            .contains("Your session has ended")
    );
}

#[tokio::test]
async fn tests_end_sessions_on_the_server() {
    let app = harbour::start(config()).await.unwrap();
    let (mut one, mut both) = (Browser::new(&app), Browser::new(&app));
    one.sign_in("alice").await;
    both.sign_in("alice").await;
    both.sign_in("bob").await;
    let ended = one.post("/test/sign-out-everywhere?user=alice", &[]).await;
    assert_eq!(ended.body, "2");
    assert_eq!(one.who().await, refused("no-session", None));
    assert_eq!(both.who().await, signed_in("bob", &["bob"]));
    let nobody = one.post("/test/sign-out-everywhere?user=mallory", &[]).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn tests_set_cookies_and_read_them_back_byte_for_byte() {
    let app = harbour::start(config()).await.unwrap();
    let browser = Browser::new(&app);
    let body = b"a=1; Path=/x; Secure\nb=\xe9\"; SameSite=None".to_vec();
    let set = browser
        .client
        .post(format!("{}/test/set", app.origin))
        .body(body)
        .send()
        .await
        .unwrap();
    let lines: Vec<_> = set
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .map(|line| line.as_bytes())
        .collect();
    assert_eq!(
        lines,
        [
            b"a=1; Path=/x; Secure".as_slice(),
            b"b=\xe9\"; SameSite=None".as_slice()
        ]
    );
    let query = format!("{}/test/set?line=a%3D1&line=b%3D2", app.origin);
    let set = browser.client.get(query).send().await.unwrap();
    assert_eq!(set.headers().get_all(SET_COOKIE).iter().count(), 2);
    let bad = browser
        .client
        .post(format!("{}/test/set", app.origin))
        .body("a=\x07")
        .send()
        .await
        .unwrap();
    assert_eq!(bad.status(), StatusCode::BAD_REQUEST);

    let sent = reqwest::header::HeaderValue::from_bytes(b"a=\"\xe9 ; b==;c").unwrap();
    let echo = format!("https://www.demo.test:{}/test/echo", app.address.port());
    let answer = browser
        .client
        .get(echo)
        .header(COOKIE, sent.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.bytes().await.unwrap(), sent.as_bytes());
}

#[tokio::test]
async fn without_the_flag_there_are_no_controls() {
    let app = harbour::start(Config {
        test_controls: false,
        ..config()
    })
    .await
    .unwrap();
    let mut browser = Browser::new(&app);
    for path in ["/test/echo", "/test/set", "/test/sign-out-everywhere?user=alice"] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(
            browser.post(path, &[]).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_host_without_a_domain_to_share_is_refused() {
    for host in ["localhost", "demo.test", "..test"] {
        let result = harbour::start(Config {
            host: host.into(),
            ..config()
        })
        .await;
        assert!(matches!(result.err(), Some(StartError::Host(name)) if name == host));
    }
}

/// What the catalogue's rules make of this browser, with the pages they ask for.
async fn outcome(definition: &App, browser: &mut Browser) -> Outcome {
    let cookies = browser.cookies.clone();
    let cookies: Vec<_> = cookies
        .iter()
        .map(|(name, value)| CookieView {
            name,
            value,
            domain: "app.demo.test",
        })
        .collect();
    let mut pages = Vec::new();
    for asked in definition.probes() {
        let answer = browser
            .get(asked.strip_prefix(&browser.origin.clone()).unwrap())
            .await;
        pages.push((asked, format!("{}{}", browser.origin, answer.location()), answer));
    }
    let pages: Vec<_> = pages
        .iter()
        .map(|(asked, location, answer)| PageView {
            asked,
            answered: if answer.location().is_empty() {
                asked
            } else {
                location
            },
            status: answer.status.as_u16(),
            body: &answer.body,
        })
        .collect();
    definition.outcome(&Evidence {
        cookies: &cookies,
        pages: &pages,
        storage: &[],
    })
}

#[tokio::test]
async fn the_definition_tells_who_is_signed_in() {
    let app = harbour::start(config()).await.unwrap();
    let definition = App::from_toml(&app.definition()).unwrap();
    assert_eq!(definition.probes(), [format!("{}/profile", app.origin)]);
    assert_eq!(definition.domains, ["demo.test"]);
    let page_of_bob = definition.sign_out_page_of("bob");
    let domain = app.origin.replace("app.demo.test", "demo.test");
    assert_eq!(page_of_bob, Some(format!("{domain}/out?user=bob")));
    let mut browser = Browser::new(&app);
    assert_eq!(outcome(&definition, &mut browser).await, Outcome::SignedOut);
    browser.sign_in("alice").await;
    let one = Outcome::One {
        identity: "alice".into(),
        strength: Strength::List,
    };
    assert_eq!(outcome(&definition, &mut browser).await, one);
    browser.sign_in("bob").await;
    let both = Outcome::Several {
        identities: vec!["bob".into(), "alice".into()],
    };
    assert_eq!(outcome(&definition, &mut browser).await, both);
    browser.post("/test/sign-out-everywhere?user=bob", &[]).await;
    assert_eq!(
        outcome(&definition, &mut browser).await,
        Outcome::SignedOut,
        "the active one is gone"
    );
    assert_eq!(browser.cookies.len(), 5, "and the cookies do not show it");
}

#[test]
fn the_definition_follows_the_origin() {
    let text = harbour::definition("https://notes.example.org:9");
    let app = App::from_toml(&text).unwrap();
    assert_eq!(app.domains, ["example.org"]);
    assert_eq!(app.check, "https://notes.example.org:9/account");
}
