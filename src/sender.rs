//! Who sent a message.

use serde::Deserialize;

/// `runtime.MessageSender`, as much as is looked at.
#[derive(Debug, Deserialize)]
pub struct Sender {
    /// The extension that it runs in.
    #[serde(default)]
    pub id: Option<String>,
    /// The page or frame.
    #[serde(default)]
    pub url: Option<String>,
}

impl Sender {
    /// Whether it is a page of this extension, in the popup or in a tab. Content
    /// scripts have the extension's identifier too, but the address of the web
    /// page that they run in. `base` ends with a slash.
    pub fn is_page_of(&self, extension: &str, base: &str) -> bool {
        self.id.as_deref() == Some(extension) && self.url.as_deref().is_some_and(|url| url.starts_with(base))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "chrome-extension://abc/";

    fn own(id: Option<&str>, url: Option<&str>) -> bool {
        let sender = Sender {
            id: id.map(str::to_owned),
            url: url.map(str::to_owned),
        };
        sender.is_page_of("abc", BASE)
    }

    #[test]
    fn only_own_pages_are_heard() {
        assert!(own(
            Some("abc"),
            Some("chrome-extension://abc/popup/index.html?tab")
        ));
        for (id, url) in [
            (Some("abc"), Some("https://evil.test/")),
            (Some("abc"), Some("https://evil.test/?chrome-extension://abc/")),
            (Some("abc"), Some("chrome-extension://abcd/popup/index.html")),
            (Some("abc"), None),
            (Some("abd"), Some("chrome-extension://abc/popup/index.html")),
            (None, Some("chrome-extension://abc/popup/index.html")),
        ] {
            assert!(!own(id, url), "{id:?} {url:?}");
        }
    }
}
