//! Reading the jar: every cookie of the app's domains, with everything that the
//! browser tells of it, and the entries of local storage that the app's sign-in is in.
//! Nothing is left out, merged or changed on the way.

use ferry_bridge::{CookieCounts, StorageFound, StoreId};
use ferry_catalogue::{App, CookieView};
use ferry_protocol::jar::{self, Jar, Partition, StorageEntry};

use crate::browser::{Browser, BrowserError, Cookie, SameSite};

/// Reads the cookies of an app out of one store. The browser gives only cookies that a
/// granted origin covers: whether all are granted has to be asked before.
pub async fn read(browser: &impl Browser, app: &App, store: &StoreId) -> Result<Jar, BrowserError> {
    // Browsers go through all cookies at each question, so there is one: for the outermost
    // domain, or, where there is none, for all that the granted origins cover; what is not
    // the app's is dropped and wiped at once.
    let cookies = browser.cookies(store, app.outermost_domain()).await?;
    Ok(Jar {
        cookies: own(app, cookies),
        storage: Vec::new(),
    })
}

/// Reads the entries of local storage that the app's definition names, into the jar, and
/// tells of each whether it is there.
pub async fn read_storage(
    browser: &impl Browser,
    app: &App,
    store: &StoreId,
) -> (Vec<StorageEntry>, Vec<StorageFound>) {
    let mut by_origin: Vec<(&str, Vec<&str>)> = Vec::new();
    for key in app.storage_keys() {
        let Some((origin, name)) = key.split_once('#') else {
            continue;
        };
        match by_origin.iter_mut().find(|(known, _)| *known == origin) {
            Some((_, names)) => names.push(name),
            None => by_origin.push((origin, vec![name])),
        }
    }
    let (mut entries, mut found) = (Vec::new(), Vec::new());
    // One after the other: each may open a tab.
    for (origin, names) in by_origin {
        let values = browser.storage(store, origin, &names).await;
        let values: Vec<_> = match values {
            Some(values) if values.len() == names.len() => values.into_iter().map(Some).collect(),
            _ => vec![None; names.len()],
        };
        for (name, value) in names.into_iter().zip(values) {
            let entry = format!("{origin}#{name}");
            found.push(StorageFound {
                optional: !app.storage.contains(&entry),
                entry,
                found: value.as_ref().map(Option::is_some),
            });
            entries.extend(value.flatten().map(|value| StorageEntry {
                origin: origin.to_owned(),
                name: name.to_owned(),
                value,
            }));
        }
    }
    (entries, found)
}

/// Those that are the app's.
fn own(app: &App, cookies: Vec<Cookie>) -> Vec<jar::Cookie> {
    let converted = cookies.into_iter().map(convert);
    converted
        .filter(|cookie| app.owns_domain(&cookie.domain))
        .collect()
}

/// A cookie as the browser gives it, in our own form.
fn convert(mut cookie: Cookie) -> jar::Cookie {
    let take = |text: &mut String| std::mem::take(text);
    let domain = cookie
        .domain
        .strip_prefix('.')
        .unwrap_or(&cookie.domain)
        .to_ascii_lowercase();
    jar::Cookie {
        name: take(&mut cookie.name),
        value: take(&mut cookie.value),
        host_only: cookie.host_only,
        path: take(&mut cookie.path),
        secure: cookie.secure,
        http_only: cookie.http_only,
        same_site: match cookie.same_site {
            SameSite::Unspecified => jar::SameSite::Unspecified,
            SameSite::NoRestriction => jar::SameSite::None,
            SameSite::Lax => jar::SameSite::Lax,
            SameSite::Strict => jar::SameSite::Strict,
        },
        expires: if cookie.session {
            None
        } else {
            cookie.expiration_date
        },
        partition: partition(&cookie, &domain),
        domain,
    }
}

/// What a cookie is partitioned by. With Firefox's first-party isolation, a cookie
/// that was set within another site's page is kept apart in the same way.
fn partition(cookie: &Cookie, domain: &str) -> Option<Partition> {
    let by_key = cookie.partition_key.as_ref().and_then(|key| {
        let site = key.top_level_site.as_deref().filter(|site| !site.is_empty())?;
        Some(Partition {
            top_level_site: site.to_owned(),
            has_cross_site_ancestor: key.has_cross_site_ancestor,
        })
    });
    let foreign =
        |party: &&str| !party.is_empty() && *party != domain && !domain.ends_with(&format!(".{party}"));
    by_key.or_else(|| {
        let party = cookie.first_party_domain.as_deref().filter(foreign)?;
        Some(Partition {
            top_level_site: format!("https://{party}"),
            has_cross_site_ancestor: None,
        })
    })
}

/// The cookies by kind.
pub fn count(jar: &Jar) -> CookieCounts {
    let count =
        |is: fn(&jar::Cookie) -> bool| saturating(jar.cookies.iter().filter(|cookie| is(cookie)).count());
    CookieCounts {
        total: saturating(jar.cookies.len()),
        session_only: count(|cookie| cookie.expires.is_none()),
        http_only: count(|cookie| cookie.http_only),
        host_only: count(|cookie| cookie.host_only),
        partitioned: count(|cookie| cookie.partition.is_some()),
    }
}

/// How many cookies there are, and how many entries of local storage.
pub fn how_many(jar: &Jar) -> (u32, u32) {
    (saturating(jar.cookies.len()), saturating(jar.storage.len()))
}

/// As much of the cookies as the identity rules look at.
pub fn views(jar: &Jar) -> Vec<CookieView<'_>> {
    jar.cookies
        .iter()
        .map(|cookie| CookieView {
            name: &cookie.name,
            value: &cookie.value,
            domain: &cookie.domain,
        })
        .collect()
}

fn saturating(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "capture_tests.rs"]
mod tests;
