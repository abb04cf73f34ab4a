//! Who sent a message, or connected.

use ferry_bridge::origin_of;
use serde::Deserialize;

/// `runtime.MessageSender`, as much as is looked at.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sender {
    /// The extension that it runs in.
    #[serde(default)]
    pub id: Option<String>,
    /// The page or frame.
    #[serde(default)]
    pub url: Option<String>,
    /// Its origin; `null` in a sandbox. Not every browser tells.
    #[serde(default)]
    pub origin: Option<String>,
    /// The frame within its tab; 0 is the page itself.
    #[serde(default)]
    pub frame_id: Option<u32>,
    /// The tab, if it is in one.
    #[serde(default)]
    pub tab: Option<Tab>,
}

/// `tabs.Tab`, as much as is looked at.
#[derive(Debug, Deserialize)]
pub struct Tab {
    /// In a private window.
    #[serde(default)]
    pub incognito: bool,
}

/// Whom a message comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// A page of this extension, in the popup or in a tab.
    OwnPage,
    /// The content script in a page of this origin. Whatever it says may be the page's
    /// own words.
    WebPage(String),
}

impl Sender {
    /// Whom it comes from; `None` for all who are not heard. `base` is the address of
    /// the extension, and ends with a slash.
    ///
    /// The browser says who sent a message, not the sender. Content scripts have the
    /// extension's identifier too, but the address of the web page that they run in.
    pub fn from(self, extension: &str, base: &str) -> Option<From> {
        if self.id.as_deref() != Some(extension) {
            return None;
        }
        let url = self.url?;
        if url.starts_with(base) {
            return Some(From::OwnPage);
        }
        let origin = origin_of(&url);
        let is_origin = self.origin.is_none_or(|told| told == origin);
        // What a private window does is not told to others, nor others' to it.
        let is_page = self.frame_id == Some(0) && self.tab.is_some_and(|tab| !tab.incognito);
        (is_origin && is_page).then(|| From::WebPage(origin.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(json: &str) -> Option<From> {
        let sender: Sender = ferry_json::read(json.as_bytes()).unwrap();
        sender.from("abc", "chrome-extension://abc/")
    }

    #[test]
    fn own_pages_are_told_by_their_address() {
        for json in [
            r#"{"id":"abc","url":"chrome-extension://abc/popup/index.html?tab"}"#,
            r#"{"id":"abc","url":"chrome-extension://abc/popup/index.html","frameId":0,
                "tab":{"id":7,"incognito":false},"origin":"chrome-extension://abc"}"#,
        ] {
            assert_eq!(from(json), Some(From::OwnPage), "{json}");
        }
    }

    #[test]
    fn a_content_script_is_its_pages_and_never_our_own() {
        for (json, origin) in [
            (
                r#"{"id":"abc","url":"https://evil.test/?chrome-extension://abc/","frameId":0,"tab":{"id":7}}"#,
                "https://evil.test",
            ),
            (
                r#"{"id":"abc","url":"https://a.test:8443/x","origin":"https://a.test:8443","frameId":0,
                    "tab":{"id":7,"incognito":false,"title":"A"},"documentId":"1"}"#,
                "https://a.test:8443",
            ),
            (
                r#"{"id":"abc","url":"chrome-extension://abcd/popup/index.html","frameId":0,"tab":{}}"#,
                "chrome-extension://abcd",
            ),
            (
                r#"{"id":"abc","url":"https://a.test@b.test/","frameId":0,"tab":{}}"#,
                "https://a.test@b.test",
            ),
        ] {
            assert_eq!(from(json), Some(From::WebPage(origin.to_owned())), "{json}");
        }
    }

    #[test]
    fn nobody_else_is_heard() {
        for json in [
            "{}",
            r#"{"id":"abc"}"#,
            r#"{"url":"chrome-extension://abc/popup/index.html"}"#,
            // Another extension.
            r#"{"id":"abd","url":"chrome-extension://abc/popup/index.html"}"#,
            r#"{"id":"abd","url":"https://a.test/","frameId":0,"tab":{}}"#,
            // A frame, no tab, a private window.
            r#"{"id":"abc","url":"https://a.test/","frameId":3,"tab":{}}"#,
            r#"{"id":"abc","url":"https://a.test/","tab":{}}"#,
            r#"{"id":"abc","url":"https://a.test/","frameId":0}"#,
            r#"{"id":"abc","url":"https://a.test/","frameId":0,"tab":{"incognito":true}}"#,
            // A sandbox, and a frame that says where it hangs.
            r#"{"id":"abc","url":"https://a.test/","origin":"null","frameId":0,"tab":{}}"#,
            r#"{"id":"abc","url":"https://a.test/","origin":"https://b.test","frameId":0,"tab":{}}"#,
        ] {
            assert_eq!(from(json), None, "{json}");
        }
    }
}
