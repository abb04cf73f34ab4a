//! Local storage and IndexedDB into a browser, before any of the app's scripts run there,
//! and back.

use ferry_catalogue::StorageView;
use ferry_protocol::api::{RefusedEntry, RefusedReason, StorageReceipt};
use ferry_protocol::jar::StorageEntry;
use serde_json::Value;
use url::Url;

use crate::browser::{CdpError, Context};
use crate::domains::{AppDomains, Belongs};
use crate::restore::shown;

/// Longest entry in a receipt, origin and name, in characters.
const MAX_ENTRY: usize = 300;

/// What reads entries in the person's browser, and here.
const READ: &str = include_str!("../../../crates/webext/src/entries.js");

/// What sets them.
const SET: &str = include_str!("set_entries.js");

/// Sets `entries`, if there are any, and gives what is there of them, or of those named. A
/// page of another origin than it should be (an error page, say) has nothing that is meant.
fn script() -> String {
    let read = READ.replacen("export async", "async", 1);
    format!(
        "async ({{ origin, entries, names }}) => {{
            if (location.origin !== origin) return null;
            {SET}
            {read}
            await setEntries(entries);
            return readEntries(origin, names);
        }}"
    )
}

/// An entry that was looked for. No `Debug`: its value is a secret.
pub struct LookedUp {
    /// Which, as the app's definition names it: origin, `#`, name.
    named: String,
    /// What is there, if anything is.
    entry: Option<StorageEntry>,
}

impl LookedUp {
    /// As the rules take it.
    pub fn view(&self) -> StorageView<'_> {
        StorageView {
            entry: &self.named,
            value: self.entry.as_ref().map(|entry| entry.value.as_str()),
        }
    }

    /// One that was looked for in vain.
    #[cfg(test)]
    pub(crate) fn absent(named: &str) -> Self {
        Self {
            named: named.to_owned(),
            entry: None,
        }
    }

    /// What is there.
    pub fn into_entry(self) -> Option<StorageEntry> {
        self.entry
    }
}

/// The entries that belong to the app, and the others.
pub(crate) fn sort_out<'a>(
    entries: &'a [StorageEntry],
    domains: &AppDomains,
) -> (Vec<&'a StorageEntry>, Vec<RefusedEntry>) {
    let (accepted, foreign): (Vec<_>, Vec<_>) =
        entries.iter().partition(|entry| is_ours(&entry.origin, domains));
    let refused = foreign
        .into_iter()
        .map(|entry| refusal(entry, RefusedReason::ForeignDomain))
        .collect();
    (accepted, refused)
}

/// Restores entries into a fresh context, and says what became of each.
pub async fn restore(
    context: &Context,
    entries: &[StorageEntry],
    domains: &AppDomains,
) -> Result<StorageReceipt, CdpError> {
    let (accepted, mut refused) = sort_out(entries, domains);
    for (origin, entries) in by_origin(accepted, |entry| &entry.origin) {
        let given: Vec<_> = entries.iter().map(|entry| (&entry.name, &entry.value)).collect();
        let names: Vec<_> = entries.iter().map(|entry| &entry.name).collect();
        let argument = serde_json::json!({ "origin": origin, "entries": given, "names": names });
        let held = values(context, &origin, &argument).await?;
        for (at, entry) in entries.into_iter().enumerate() {
            if held.get(at).and_then(Value::as_str) != Some(&entry.value) {
                refused.push(refusal(entry, RefusedReason::Browser));
            }
        }
    }
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let restored = entries.len() - refused.len();
    Ok(StorageReceipt {
        sealed: count(entries.len()),
        restored: count(restored),
        refused,
    })
}

/// Looks up the entries that an app's definition names. One of an origin whose storage
/// cannot be reached is left out.
pub async fn read(
    context: &Context,
    named: &[&str],
    domains: &AppDomains,
) -> Result<Vec<LookedUp>, CdpError> {
    let keys = named.iter().filter_map(|named| named.split_once('#'));
    let ours = keys.filter(|(origin, _)| is_ours(origin, domains)).collect();
    let mut looked = Vec::new();
    for (origin, keys) in by_origin(ours, |(origin, _)| *origin) {
        let names: Vec<_> = keys.into_iter().map(|(_, name)| name).collect();
        let argument = serde_json::json!({ "origin": origin, "entries": [], "names": names });
        let held = values(context, &origin, &argument).await?;
        looked.extend(names.into_iter().zip(held).map(|(name, value)| LookedUp {
            named: format!("{origin}#{name}"),
            entry: value.as_str().map(|value| StorageEntry {
                origin: origin.clone(),
                name: name.to_owned(),
                value: value.to_owned(),
            }),
        }));
    }
    Ok(looked)
}

/// What is there after the script has run in an empty page of the origin; nothing where it
/// has no storage.
async fn values(context: &Context, origin: &str, argument: &Value) -> Result<Vec<Value>, CdpError> {
    let page = context.blank_page(origin).await?;
    let values = page.call(&script(), argument).await?;
    page.close().await?;
    Ok(match values {
        Value::Array(values) => values,
        _ => Vec::new(),
    })
}

/// In groups of one origin, each in the order in which they were.
fn by_origin<T>(all: Vec<T>, origin: impl Fn(&T) -> &str) -> Vec<(String, Vec<T>)> {
    let mut groups: Vec<(String, Vec<T>)> = Vec::new();
    for one in all {
        match groups.iter_mut().find(|(known, _)| known == origin(&one)) {
            Some((_, group)) => group.push(one),
            None => groups.push((origin(&one).to_owned(), vec![one])),
        }
    }
    groups
}

/// Whether this is an origin, written as browsers do, of a host of the app's.
fn is_ours(origin: &str, domains: &AppDomains) -> bool {
    Url::parse(origin).is_ok_and(|url| {
        let host = url.host_str().unwrap_or_default();
        url.origin().ascii_serialization() == origin && domains.belongs(host) == Belongs::Yes
    })
}

fn refusal(entry: &StorageEntry, reason: RefusedReason) -> RefusedEntry {
    RefusedEntry {
        entry: shown(&format!("{}#{}", entry.origin, entry.name), MAX_ENTRY, |c| {
            c.is_ascii_graphic() || c == ' '
        }),
        reason,
    }
}
