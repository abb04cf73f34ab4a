//! What a person waits for, measured in a real Chromium: from the click on *Share*
//! to the session being stored, and until popup and web app show their first content.

#![expect(clippy::print_stdout, reason = "it prints figures")]

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use ferry_e2e::browser::{Browser, Kind, Setup};
use ferry_e2e::cdp::Connection;
use ferry_e2e::cloud::{Cloud, Mail, OWNER};
use ferry_e2e::extension::Extension;
use ferry_e2e::popup::Popup;
use ferry_e2e::{files, wait};
use serde_json::{Value, json};

/// How often each figure is taken; the one in the middle counts.
const RUNS: usize = 9;

/// Chromium keeps at most 180 cookies a site: many cookies need many sites.
const COOKIES_A_SITE: usize = 170;

/// How many cookies are transferred.
const JARS: [usize; 3] = [60, 500, 2000];

#[tokio::main]
async fn main() -> Result<()> {
    let folder = files::fresh_folder("bench")?;
    let make = |name: &str| {
        let path = folder.join(name);
        std::fs::create_dir(&path).map(|()| path)
    };
    let cloud = Cloud::start(&make("server")?, None, Mail::Outbox).await?;
    let mut accounts = Vec::new();
    for cookies in JARS {
        accounts.push(cloud.add_account(&definition(cookies), Some("bench")).await?);
    }
    let mut worker = cloud.start_worker(&make("worker")?, None).await?;
    let hosts: Vec<String> = JARS
        .into_iter()
        .flat_map(sites)
        .map(|site| format!("*://*.{site}/*"))
        .collect();
    let mut granted: Vec<&str> = hosts.iter().map(String::as_str).collect();
    granted.push("http://127.0.0.1/*");
    let setup = Setup {
        folder: &make("browser")?,
        extension: Extension::granted(&granted, Kind::Chromium, &folder.join("extension"))?,
        other: None,
        authority: None,
        display: None,
    };
    let browser = Arc::new(Browser::start(Kind::Chromium, setup).await?);
    let popup = Popup::open(&browser).await?;
    popup.set_up(&cloud, OWNER).await?;

    let devtools = Connection::open_browser(&browser.devtools()?, Box::new(|_, _| {})).await?;
    // The worker has supplied keys for more transfers than follow. It would look at each
    // session with a browser of its own, which anywhere but here is another machine's work.
    set_cookies(&devtools, JARS[0]).await?;
    first_share(&popup, &accounts[0]).await?;
    popup.dismiss().await?;
    worker.stop();
    for (cookies, account) in JARS.into_iter().zip(&accounts) {
        set_cookies(&devtools, cookies).await?;
        let background = Background::watched(&devtools).await?;
        let taken = transfers(&browser, &popup, account).await?;
        println!(
            "{:<44} {taken:>8.1} ms",
            format!("click to stored, {cookies} cookies (median of {RUNS})")
        );
        let (bare_read, bare_stored) = bare_calls(&browser, &cloud.address, cookies).await?;
        for (what, part) in [
            ("capture, identity and seal", background.until_sealed().await?),
            ("the browser's own calls until then", bare_read),
            (
                "the browser's own cookies.getAll",
                readings(&browser, cookies).await?,
            ),
            ("the browser's own calls", bare_stored),
        ] {
            println!(
                "{:<44} {part:>8.1} ms, {:.1} times less",
                format!("of these {what}"),
                taken / part
            );
        }
    }
    for (what, address, content) in [
        (
            "popup",
            browser.extension_page("popup/index.html"),
            "[data-testid=account-card]",
        ),
        ("web app", format!("{}/", cloud.address), "form"),
    ] {
        let (first, largest) = paints(&browser, &address, content).await?;
        for (which, paint) in [("first", first), ("largest", largest)] {
            println!(
                "{:<44} {paint:>8.1} ms",
                format!("{what}, {which} contentful paint (median of {RUNS})")
            );
        }
    }
    browser.driver.clone().quit().await?;
    Ok(())
}

/// An app of that many cookies, which shows who is signed in by a cookie alone.
fn definition(cookies: usize) -> String {
    let sites: Vec<String> = sites(cookies).map(|site| format!("{site:?}")).collect();
    format!(
        "id = \"custom-bench-{cookies}\"\nname = \"Bench {cookies}\"\ndomains = [{}]\n\
         sign_in = \"https://{cookies}-0.test/\"\ncheck = \"https://{cookies}-0.test/\"\n\
         [signed_in]\nall = [\"cookie_0001\"]\n\
         [[identity]]\nstrength = \"list\"\nfrom = {{ cookie = \"who\" }}\n",
        sites.join(", ")
    )
}

fn sites(cookies: usize) -> impl Iterator<Item = String> {
    (0..cookies.div_ceil(COOKIES_A_SITE)).map(move |site| format!("{cookies}-{site}.test"))
}

/// Gives the browser this many cookies of the app's, of the length that real ones
/// have.
async fn set_cookies(devtools: &Connection, count: usize) -> Result<()> {
    devtools.call("Storage.clearCookies", json!({})).await?;
    let cookie = |at: usize| {
        let site = format!("{count}-{}.test", at / COOKIES_A_SITE);
        let (name, value) = if at == 0 {
            ("who".to_owned(), "bench".to_owned())
        } else {
            (format!("cookie_{at:04}"), "v".repeat(120))
        };
        json!({ "name": name, "value": value, "domain": format!(".{site}"), "path": "/", "secure": true,
                "httpOnly": true, "sameSite": "Lax", "expires": 4_000_000_000_i64 })
    };
    let cookies: Vec<Value> = (0..count).map(cookie).collect();
    devtools
        .call("Storage.setCookies", json!({ "cookies": cookies }))
        .await?;
    let there = devtools.call("Storage.getCookies", json!({})).await?;
    let there = there["cookies"].as_array().map_or(0, Vec::len);
    ensure!(there == count, "the browser kept {there} cookies of {count}");
    Ok(())
}

/// The time from the click until the popup says that the session is stored, in
/// milliseconds.
async fn transfers(browser: &Browser, popup: &Popup, account: &str) -> Result<f64> {
    let mut times = Vec::new();
    // The first one gives consent and warms everything up.
    first_share(popup, account).await?;
    for _ in 0..RUNS {
        browser.driver.execute(WATCH, Vec::new()).await?;
        popup.click_share(account).await?;
        // One question: to ask again and again would measure the asking as well.
        let script = "const answer = arguments[0]; globalThis.stored.then(answer);";
        let time = browser.driver.execute_async(script, Vec::new()).await?;
        times.push(time.json().as_f64().context("the transfer has no time")?);
    }
    // The next account's is told from this one's by being there at all.
    popup.dismiss().await?;
    median(times)
}

/// The background, which notes by its own clock how long each transfer takes until what is
/// sealed is handed to its database: cookies read, identity proved, one-time key asked for
/// and checked, sealed and signed.
struct Background<'a> {
    devtools: &'a Connection,
    session: String,
}

const NOTE_SEALED: &str = r#"
    if (globalThis.sealed === undefined) {
        let begun;
        chrome.runtime.onMessage.addListener((message) => {
            if (message.share !== undefined) begun = performance.now();
        });
        const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (value, key) {
            const now = performance.now();
            if (typeof value === "string" && value.includes("ciphertext")) sealed.push(now - begun);
            return put.call(this, value, key);
        };
    }
    globalThis.sealed = [];
"#;

impl<'a> Background<'a> {
    async fn watched(devtools: &'a Connection) -> Result<Self> {
        let targets = devtools.call("Target.getTargets", json!({})).await?;
        let mut targets = targets["targetInfos"].as_array().into_iter().flatten();
        let worker = targets
            .find(|target| target["type"] == "service_worker")
            .context("the background does not run")?;
        let attach = json!({ "targetId": worker["targetId"], "flatten": true });
        let attached = devtools.call("Target.attachToTarget", attach).await?;
        let session = attached["sessionId"].as_str().context("no session")?.to_owned();
        let this = Self { devtools, session };
        this.evaluate(NOTE_SEALED).await?;
        Ok(this)
    }

    async fn evaluate(&self, expression: &str) -> Result<Value> {
        let ask = json!({ "expression": expression, "returnByValue": true });
        let session = Some(self.session.as_str());
        let answer = self.devtools.call_in(session, "Runtime.evaluate", ask).await?;
        ensure!(answer["exceptionDetails"].is_null(), "{answer}");
        Ok(answer["result"]["value"].clone())
    }

    /// The time of the last transfers, in milliseconds.
    async fn until_sealed(&self) -> Result<f64> {
        let mut times: Vec<f64> = serde_json::from_value(self.evaluate("sealed").await?)?;
        ensure!(times.len() > RUNS, "{} transfers were noted", times.len());
        median(times.split_off(times.len() - RUNS))
    }
}

/// What a transfer asks of the browser in every case, without a line of Ferry's: the
/// cookies and an answer of the server at the same time, something of the sealed session's
/// length kept, the same sent and answered, the end kept. Nothing is judged, sealed, signed
/// or shown, and the server turns what is sent away unread.
const BARE_CALLS: &str = r#"
    const [which, server, bytes, runs, answer] = arguments;
    const read = () => chrome.cookies.getAll({ storeId: '0', partitionKey: {}, ...which });
    const done = (request, event = "success") => new Promise((resolve, reject) => {
        request[`on${event}`] = () => resolve(request.result);
        request.onerror = reject;
    });
    (async () => {
        const opening = indexedDB.open("bare-calls", 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
        const database = await done(opening);
        const keep = (text) => {
            const writing = database.transaction("kept", "readwrite");
            writing.objectStore("kept").put(text, "key");
            return done(writing, "complete");
        };
        const send = async (method, body) => {
            const headers = { "Content-Type": "application/json" };
            const answered = await fetch(`${server}/v1/accounts`, { method, headers, body, credentials: "omit", cache: "no-store" });
            await answered.arrayBuffer();
        };
        const times = [];
        for (let run = 0; run < runs; run++) {
            const sealed = String(run % 10).repeat(bytes);
            const begun = performance.now();
            await Promise.all([keep("begun"), send("POST", "{}"), read()]);
            const readAll = performance.now() - begun;
            await keep(sealed);
            await send("PUT", sealed);
            await keep("done");
            times.push([readAll, performance.now() - begun]);
        }
        database.close();
        answer(times);
    })();
"#;

/// The bytes of an uploaded session, for a cookie: base64 of what the server has then
/// (151,568 bytes for 500, 606,224 for 2,000).
const BYTES_A_COOKIE: usize = 404;

/// The times that [`BARE_CALLS`] take until everything is read that is to be sealed, without
/// any cryptography, and until all is stored, in milliseconds.
async fn bare_calls(browser: &Browser, server: &str, cookies: usize) -> Result<(f64, f64)> {
    let arguments = vec![
        asked(cookies),
        server.into(),
        (cookies * BYTES_A_COOKIE).into(),
        RUNS.into(),
    ];
    let answer = browser.driver.execute_async(BARE_CALLS, arguments).await?;
    let times: Vec<(f64, f64)> = answer.convert()?;
    let (read, stored) = times.into_iter().unzip();
    Ok((median(read)?, median(stored)?))
}

/// What the background asks `cookies.getAll` for these cookies: for those of the one site,
/// or for all.
fn asked(cookies: usize) -> Value {
    let mut sites = sites(cookies);
    match (sites.next(), sites.next()) {
        (Some(only), None) => json!({ "domain": only }),
        _ => json!({}),
    }
}

/// The time that the browser itself takes to give these cookies to a page that does
/// nothing else, in milliseconds: asked as the background asks.
async fn readings(browser: &Browser, cookies: usize) -> Result<f64> {
    let script = "const [which, answer] = arguments; const begun = performance.now();
        chrome.cookies.getAll({ storeId: '0', partitionKey: {}, ...which })
            .then((all) => answer([performance.now() - begun, all.length]));";
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let answer = browser.driver.execute_async(script, vec![asked(cookies)]).await?;
        let (time, there): (f64, usize) = answer.convert()?;
        ensure!(there == cookies, "the browser gave {there} cookies of {cookies}");
        times.push(time);
    }
    median(times)
}

async fn first_share(popup: &Popup, account: &str) -> Result<()> {
    popup.share(account).await?;
    let outcome = popup.outcome().await?;
    outcome.map_err(|notice| anyhow::anyhow!("{notice:?}"))
}

/// Notes when *Share* was clicked, and how long it took until the page showed that
/// the session is stored.
const WATCH: &str = r#"
    const { promise, resolve } = Promise.withResolvers();
    globalThis.stored = promise;
    let clicked, begun = false;
    addEventListener("click", (event) => { clicked ??= event.timeStamp; }, { capture: true, once: true });
    const observer = new MutationObserver(() => {
        const done = document.querySelector("[data-testid=transfer-status][data-step=done]");
        // What the transfer before left on the page goes away first.
        begun ||= clicked !== undefined && !done;
        if (!begun || !done) return;
        resolve(performance.now() - clicked);
        observer.disconnect();
    });
    observer.observe(document, { subtree: true, childList: true, attributes: true });
"#;

/// The largest paint of a page that shows its content: the first is of what stands in the
/// page itself.
const LARGEST_PAINT: &str = r#"
    const [done] = arguments;
    const tell = (list) => done(list.getEntries().at(-1).startTime);
    requestAnimationFrame(() => requestAnimationFrame(() =>
        new PerformanceObserver(tell).observe({ type: "largest-contentful-paint", buffered: true })));
"#;

/// The medians of the first and the largest contentful paint of a page whose content is
/// there when `content` is.
async fn paints(browser: &Browser, address: &str, content: &str) -> Result<(f64, f64)> {
    let (mut first, mut largest) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        browser.open_tab(address).await?;
        let script = "return document.querySelector(arguments[0]) \
                      && (performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null);";
        let time = wait::until("the page's content", || async {
            let time = browser.driver.execute(script, vec![content.into()]).await?;
            Ok(time.json().as_f64())
        })
        .await?;
        first.push(time);
        let time = browser.driver.execute_async(LARGEST_PAINT, Vec::new()).await?;
        largest.push(time.convert()?);
        browser.driver.close_window().await?;
        let tabs = browser.driver.windows().await?;
        browser.driver.switch_to_window(tabs[0].clone()).await?;
    }
    Ok((median(first)?, median(largest)?))
}

fn median(mut times: Vec<f64>) -> Result<f64> {
    times.sort_by(f64::total_cmp);
    times
        .get(times.len() / 2)
        .copied()
        .context("nothing was measured")
}
