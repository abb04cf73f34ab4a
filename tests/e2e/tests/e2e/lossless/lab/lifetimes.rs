//! How long cookies live, which no `Cookie` header tells: as the extension is told by
//! the person's browser, and as the restored one holds them.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use ferry_e2e::cdp::Connection;
use ferry_e2e::popup::Popup;

/// The longest that browsers keep a cookie, in seconds.
const LONGEST: f64 = 400.0 * 86_400.0;
/// The time from setting a cookie to looking at it, in seconds, at most.
const TEST: f64 = 3600.0;
/// How exactly browsers say when a cookie ends, in seconds.
const EXACT: f64 = 1.5;

/// Cookies by domain, path, name and partition, with the time at which they end.
/// `None`: with the browser session.
pub(crate) type Lifetimes = BTreeMap<[String; 4], Option<f64>>;

/// Those in the person's browser, by the API that the extension reads them by.
pub(crate) async fn of_person(popup: &Popup) -> Result<Lifetimes> {
    popup.show().await?;
    let script = "const [done] = arguments; const details = { partitionKey: {} }; \
                  if (chrome.runtime.getURL('').startsWith('moz-')) details.firstPartyDomain = null; \
                  chrome.cookies.getAll(details).then(done, (e) => done(String(e)));";
    let answer = popup.browser.driver.execute_async(script, Vec::new()).await?;
    let cookies = answer.json().as_array().context("a list of cookies")?;
    let ends = |cookie: &Value| cookie["expirationDate"].as_f64();
    Ok(cookies.iter().map(|cookie| (key(cookie), ends(cookie))).collect())
}

/// Those in the restored browser.
pub(crate) async fn of_restored(connection: &Connection) -> Result<Lifetimes> {
    let answer = connection.call("Storage.getCookies", json!({})).await?;
    let cookies = answer["cookies"].as_array().context("a list of cookies")?;
    let ends = |cookie: &Value| cookie["expires"].as_f64().filter(|_| cookie["session"] != true);
    Ok(cookies.iter().map(|cookie| (key(cookie), ends(cookie))).collect())
}

fn key(cookie: &Value) -> [String; 4] {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let partition = &cookie["partitionKey"];
    let partition = match partition["topLevelSite"].as_str() {
        Some(site) => format!("{site} {}", partition["hasCrossSiteAncestor"]),
        None => String::new(),
    };
    [
        text(&cookie["domain"]),
        text(&cookie["path"]),
        text(&cookie["name"]),
        partition,
    ]
}

/// Fails if one ends otherwise than it did, but for those that were to live longer than
/// browsers let them. Gives how many were compared.
pub(crate) fn ensure_same(person: &Lifetimes, restored: &Lifetimes, now: f64) -> Result<usize> {
    let mut compared = 0;
    for (key, is) in restored {
        // Firefox tells names in another way than all else.
        if !key[2].is_ascii() {
            continue;
        }
        let was = person
            .get(key)
            .with_context(|| format!("{key:?} was not there"))?;
        let same = match (was, is) {
            (None, None) => true,
            (Some(was), Some(is)) => (was - is).abs() < EXACT || (is < was && *is > now + LONGEST - TEST),
            _ => false,
        };
        ensure!(same, "{key:?} ended at {was:?} and ends at {is:?}");
        compared += 1;
    }
    Ok(compared)
}
