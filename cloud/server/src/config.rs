//! How the server runs, apart from its database.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::forwarded::Network;

/// How often a session is checked, unless the operator says otherwise, in
/// milliseconds.
pub const DEFAULT_CHECK_EVERY_MS: i64 = 15 * 60 * 1000;

/// How the server runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address that clients use, which their proofs name.
    pub public_url: PublicUrl,
    /// How often a session is checked, in milliseconds.
    pub check_every_ms: i64,
    /// Reverse proxies whose word on where a request came from is taken.
    pub trusted_proxies: Vec<Network>,
}

/// Where mail goes.
#[derive(Clone)]
pub enum MailConfig {
    /// Into this folder, one file for each.
    Outbox(PathBuf),
    /// To this mail server.
    Smtp {
        /// `smtp://` or `smtps://` address, with user and password if it needs them.
        url: String,
        /// Who it is from.
        from: String,
    },
}

impl fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outbox(folder) => f.debug_tuple("Outbox").field(folder).finish(),
            // The address holds a password.
            Self::Smtp { from, .. } => f.debug_struct("Smtp").field("from", from).finish_non_exhaustive(),
        }
    }
}

/// An http(s) address without path, query, or slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

/// The text is not such an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the public URL must be http:// or https:// and a host, such as https://ferry.example.com")]
pub struct PublicUrlError;

impl PublicUrl {
    /// The address of something on the server; `path` starts with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let url = text.strip_suffix('/').unwrap_or(text);
        let host = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"))
            .ok_or(PublicUrlError)?;
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        if host.is_empty() || !host.chars().all(legal) {
            return Err(PublicUrlError);
        }
        Ok(Self(url.to_owned()))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_origins_are_public_urls() {
        for good in [
            "http://127.0.0.1:8080",
            "https://ferry.example.com",
            "http://[::1]:80",
        ] {
            assert_eq!(good.parse::<PublicUrl>().unwrap().to_string(), good);
            assert_eq!(
                format!("{good}/").parse::<PublicUrl>().unwrap().join("/v1/me"),
                format!("{good}/v1/me")
            );
        }
        for bad in [
            "",
            "ferry.example.com",
            "https://",
            "ftp://a",
            "https://a/b",
            "https://u:p@a",
            "https://a?b",
        ] {
            assert_eq!(bad.parse::<PublicUrl>(), Err(PublicUrlError), "{bad}");
        }
    }
}
