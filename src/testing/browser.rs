//! A browser that does as it is told, and can stop at any point.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::{pending, poll_fn};
use std::task::Poll;

use ferry_bridge::{CookieStore, CookieStores, StoreId, StoreKind};
use ferry_client::{Host, HttpRequest, HttpResponse, Method, NetworkError};
use ferry_extension::browser::{Browser, BrowserError, Cookie, Page};
use ferry_protocol::UnixMillis;

use super::FakeServer;

/// A point at which the browser may stop the worker, or let it wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// When it reads cookies.
    Cookies,
    /// When a page is fetched.
    Page,
    /// When local storage is looked into.
    Storage,
    /// When a tab is opened.
    Tab,
    /// When the content script is registered.
    Bridge,
    /// Before this request reaches the server.
    Before(Asked),
    /// After the server has done it, before the answer is here.
    After(Asked),
}

/// A request of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// For a one-time key.
    Key,
    /// To store the session.
    Upload,
}

impl Asked {
    fn of(request: &HttpRequest) -> Option<Self> {
        match request.method {
            Method::Post if request.url.ends_with("/transfers") => Some(Self::Key),
            Method::Put if request.url.contains("/transfers/") => Some(Self::Upload),
            _ => None,
        }
    }
}

/// The fake browser, with the fake server behind its network.
pub(crate) struct FakeBrowser {
    pub(crate) server: FakeServer,
    pub(crate) now: Cell<i64>,
    cookies: RefCell<Vec<Cookie>>,
    /// Cookie stores beside the ordinary one, with their cookies.
    others: RefCell<Vec<(CookieStore, Vec<Cookie>)>>,
    /// Values by store and entry of local storage. `None`: nobody can look.
    storage: RefCell<Option<BTreeMap<(String, String), String>>>,
    storage_reads: Cell<usize>,
    pages: RefCell<BTreeMap<String, (u16, String)>>,
    /// Cookies that a page sets when it is fetched.
    rotations: RefCell<Vec<Cookies>>,
    opening_sets: RefCell<Option<Cookies>>,
    /// Hosts that had this browser bind a session.
    bound: RefCell<Vec<String>>,
    granted: RefCell<Option<BTreeSet<String>>>,
    session: RefCell<BTreeMap<String, String>>,
    /// This extension's tabs.
    tabs: RefCell<Vec<String>>,
    /// Where the content script runs, each time that it was said.
    bridges: RefCell<Vec<Option<String>>>,
    alarm: Cell<Option<f64>>,
    stop_at: Cell<Option<Point>>,
    stopped: Cell<bool>,
    wait_at: Cell<Option<Point>>,
    drawn: Cell<u64>,
}

/// Cookies, said briefly.
#[derive(Clone, Default)]
pub(crate) struct Cookies(pub(crate) Vec<(&'static str, String)>);

impl Cookies {
    /// One signed-in identity.
    pub(crate) fn of(who: &str) -> Self {
        Self(vec![
            ("session", format!("{}-{who}", super::CANARY)),
            ("who", who.to_owned()),
        ])
    }

    fn into_cookies(self) -> Vec<Cookie> {
        self.0
            .into_iter()
            .map(|(name, value)| cookie(name, &value))
            .collect()
    }
}

/// A cookie as browsers give it.
pub(crate) fn cookie(name: &str, value: &str) -> Cookie {
    let json = format!(
        r#"{{"name":"{name}","value":"{value}","domain":"notes.example","hostOnly":true,"path":"/",
            "secure":true,"httpOnly":true,"sameSite":"lax","session":true,"storeId":"0"}}"#
    );
    serde_json::from_str(&json).expect("a cookie")
}

impl FakeBrowser {
    pub(crate) fn new() -> Self {
        Self {
            server: FakeServer::new(),
            now: Cell::new(1_800_000_000_000),
            cookies: RefCell::new(Cookies::of("ada").into_cookies()),
            others: RefCell::default(),
            storage: RefCell::new(Some(BTreeMap::new())),
            storage_reads: Cell::new(0),
            pages: RefCell::default(),
            rotations: RefCell::default(),
            opening_sets: RefCell::default(),
            bound: RefCell::default(),
            granted: RefCell::new(Some(BTreeSet::new())),
            session: RefCell::default(),
            tabs: RefCell::default(),
            bridges: RefCell::default(),
            alarm: Cell::new(None),
            stop_at: Cell::new(None),
            stopped: Cell::new(false),
            wait_at: Cell::new(None),
            drawn: Cell::new(0),
        }
    }

    pub(crate) fn set_cookies(&self, cookies: Cookies) {
        *self.cookies.borrow_mut() = cookies.into_cookies();
    }

    /// Cookies by name, value and host.
    pub(crate) fn set_cookies_at(&self, cookies: &[(&str, String, &str)]) {
        let cookies = cookies.iter().map(|(name, value, host)| {
            let mut cookie = cookie(name, "");
            cookie.value.clone_from(value);
            (*host).clone_into(&mut cookie.domain);
            cookie
        });
        *self.cookies.borrow_mut() = cookies.collect();
    }

    /// A container of this name, which is its identifier as well.
    pub(crate) fn add_container(&self, name: &str, cookies: Cookies) {
        let store = CookieStore {
            id: StoreId(name.to_owned()),
            kind: StoreKind::Container,
            name: Some(name.to_owned()),
        };
        self.others.borrow_mut().push((store, cookies.into_cookies()));
    }

    /// Sets an entry of local storage, named by origin, `#` and name.
    pub(crate) fn set_storage(&self, store: &str, entry: &str, value: &str) {
        if let Some(storage) = self.storage.borrow_mut().as_mut() {
            storage.insert((store.to_owned(), entry.to_owned()), value.to_owned());
        }
    }

    /// This host had the browser bind a session to the device.
    pub(crate) fn bind(&self, host: &str) {
        self.bound.borrow_mut().push(host.to_owned());
    }

    /// To look into local storage, a page is opened that sets these cookies.
    pub(crate) fn rotate_when_opened(&self, sets: Cookies) {
        self.opening_sets.replace(Some(sets));
    }

    /// How often local storage was looked into.
    pub(crate) fn storage_reads(&self) -> usize {
        self.storage_reads.get()
    }

    /// Nobody can look at local storage.
    pub(crate) fn close_storage(&self) {
        *self.storage.borrow_mut() = None;
    }

    /// The page answers so; its cookies are set when it is fetched.
    pub(crate) fn set_page(&self, url: &str, status: u16, body: &str, sets: Option<Cookies>) {
        self.pages
            .borrow_mut()
            .insert(url.to_owned(), (status, body.to_owned()));
        self.rotations.borrow_mut().extend(sets);
    }

    pub(crate) fn grant_everything(&self) {
        *self.granted.borrow_mut() = None;
    }

    pub(crate) fn grant(&self, origin: &str) {
        if let Some(granted) = self.granted.borrow_mut().as_mut() {
            granted.insert(origin.to_owned());
        }
    }

    pub(crate) fn revoke_everything(&self) {
        *self.granted.borrow_mut() = Some(BTreeSet::new());
    }

    pub(crate) fn forget_pages(&self) {
        self.pages.borrow_mut().clear();
    }

    /// Whoever gets there goes no further: the browser has stopped the worker.
    pub(crate) fn stop_at(&self, point: Option<Point>) {
        self.stop_at.set(point);
        self.stopped.set(false);
    }

    /// Whether somebody got there.
    pub(crate) fn has_stopped(&self) -> bool {
        self.stopped.get()
    }

    /// Whoever gets there waits until this is set to something else.
    pub(crate) fn wait_at(&self, point: Option<Point>) {
        self.wait_at.set(point);
    }

    /// Addresses of this extension's tabs, from the query on.
    pub(crate) fn tabs(&self) -> Vec<String> {
        self.tabs.borrow().clone()
    }

    /// The person closes them.
    pub(crate) fn close_tabs(&self) {
        self.tabs.borrow_mut().clear();
    }

    /// Where the content script was said to run since, one after the other.
    pub(crate) fn take_bridges(&self) -> Vec<Option<String>> {
        self.bridges.take()
    }

    /// Minutes until the alarm that was set, if any; clears it.
    pub(crate) fn take_alarm(&self) -> Option<f64> {
        self.alarm.take()
    }

    pub(crate) fn pass(&self, millis: i64) {
        self.now.set(self.now.get() + millis);
    }

    async fn reach(&self, is_here: impl Fn(Point) -> bool) {
        if self.stop_at.get().is_some_and(&is_here) {
            self.stopped.set(true);
            pending::<()>().await;
        }
        poll_fn(|_| {
            if self.wait_at.get().is_some_and(&is_here) {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }
}

impl Host for FakeBrowser {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.now.get())
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            // SplitMix64: different each time, the same in each run.
            let drawn = self.drawn.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
            self.drawn.set(drawn);
            let mixed = (drawn ^ (drawn >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            *byte = (mixed >> 56) as u8;
        }
    }

    async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, NetworkError> {
        let asked = Asked::of(&request);
        self.reach(|point| asked.is_some_and(|asked| point == Point::Before(asked)))
            .await;
        let answer = self.server.answer(request, self.now());
        self.reach(|point| asked.is_some_and(|asked| point == Point::After(asked)))
            .await;
        answer
    }
}

impl Browser for FakeBrowser {
    fn user_agent(&self) -> String {
        "Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0.0.0".to_owned()
    }

    async fn granted(&self, origins: &[String]) -> Result<bool, BrowserError> {
        let granted = self.granted.borrow();
        Ok(granted
            .as_ref()
            .is_none_or(|granted| origins.iter().all(|origin| granted.contains(origin))))
    }

    async fn stores(&self) -> Result<CookieStores, BrowserError> {
        let ordinary = CookieStore {
            id: StoreId::default(),
            kind: StoreKind::Ordinary,
            name: None,
        };
        let others = self.others.borrow();
        let others = others.iter().map(|(store, _)| store.clone());
        Ok(CookieStores {
            stores: std::iter::once(ordinary).chain(others).collect(),
            current: StoreId::default(),
        })
    }

    async fn cookies(&self, store: &StoreId, domain: Option<&str>) -> Result<Vec<Cookie>, BrowserError> {
        self.reach(|point| point == Point::Cookies).await;
        let granted = self.granted.borrow();
        let is_covered = |host: &str| {
            let covers = |origin: &String| host.ends_with(origin[6..].trim_end_matches("/*"));
            granted.as_ref().is_none_or(|granted| granted.iter().any(covers))
        };
        let is_asked = |cookie: &&Cookie| {
            let host = cookie.domain.trim_start_matches('.');
            is_covered(host) && domain.is_none_or(|domain| host.ends_with(domain))
        };
        if store.0.is_empty() {
            return Ok(self.cookies.borrow().iter().filter(is_asked).cloned().collect());
        }
        let others = self.others.borrow();
        let (_, cookies) = others
            .iter()
            .find(|(other, _)| other.id == *store)
            .ok_or_else(|| BrowserError("no such cookie store".to_owned()))?;
        Ok(cookies.iter().filter(is_asked).cloned().collect())
    }

    async fn storage(&self, store: &StoreId, origin: &str, names: &[&str]) -> Option<Vec<Option<String>>> {
        self.storage_reads.set(self.storage_reads.get() + 1);
        self.reach(|point| point == Point::Storage).await;
        if let Some(sets) = self.opening_sets.take() {
            self.set_cookies(sets);
        }
        let storage = self.storage.borrow();
        let storage = storage.as_ref()?;
        let value = |name: &&str| {
            storage
                .get(&(store.0.clone(), format!("{origin}#{name}")))
                .cloned()
        };
        Some(names.iter().map(value).collect())
    }

    async fn page(&self, store: &StoreId, url: &str) -> Option<Page> {
        let url = &format!("{}{url}", store.0);
        self.reach(|point| point == Point::Page).await;
        let (status, body) = self.pages.borrow().get(url).cloned()?;
        for set in self.rotations.take() {
            self.set_cookies(set);
        }
        Some(Page {
            answered: url[store.0.len()..].to_owned(),
            status,
            body,
        })
    }

    async fn bound_by(&self, domains: &[String]) -> Result<Option<String>, BrowserError> {
        let bound = self.bound.borrow();
        let is_at = |host: &&String| domains.iter().any(|domain| host.ends_with(domain.as_str()));
        Ok(bound.iter().find(is_at).cloned())
    }

    fn wake_in(&self, minutes: f64) {
        self.alarm.set(Some(minutes));
    }

    async fn show(&self, page: &str, hash: &str) -> Result<(), BrowserError> {
        let is_there = self.tabs.borrow().iter().position(|tab| tab.starts_with(page));
        // Whoever looks before another one has opened a tab opens one more.
        self.reach(|point| point == Point::Tab).await;
        let address = format!("{page}{hash}");
        match is_there {
            Some(tab) => self.tabs.borrow_mut()[tab] = address,
            None => self.tabs.borrow_mut().push(address),
        }
        Ok(())
    }

    async fn bridge(&self, pattern: Option<&str>) -> Result<(), BrowserError> {
        self.reach(|point| point == Point::Bridge).await;
        self.bridges.borrow_mut().push(pattern.map(str::to_owned));
        Ok(())
    }

    async fn remember(&self, key: &str, text: Option<&str>) -> Result<(), BrowserError> {
        match text {
            Some(text) => self.session.borrow_mut().insert(key.to_owned(), text.to_owned()),
            None => self.session.borrow_mut().remove(key),
        };
        Ok(())
    }

    async fn recall(&self, key: &str) -> Result<Option<String>, BrowserError> {
        Ok(self.session.borrow().get(key).cloned())
    }
}
