//! The address of a server, as a person types it. The page has to understand it
//! before it asks the browser for permission to reach it.
//! (The patterns of an app are `ferry_catalogue::App::origins`.)

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Base address of a workspace's server: `https://host[:port][/path]`, or `http`
/// on a loopback host. Normalised: lower case, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServerAddress(String);

/// Why a text is not a server's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerAddressError {
    /// Nothing was typed.
    Empty,
    /// Neither `https` nor `http`.
    Scheme,
    /// Passwords would travel unencrypted.
    NotEncrypted,
    /// It is not an address.
    Malformed,
}

impl fmt::Display for ServerAddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "Enter the address of your workspace's server, such as https://ferry.example.com.",
            Self::Scheme => "The address of the server has to start with https://.",
            Self::NotEncrypted => {
                "The address of the server has to start with https://. \
                 Without encryption it is taken on this computer only (http://localhost)."
            }
            Self::Malformed => {
                "This is not the address of a server. It looks like https://ferry.example.com, \
                 without a user name or a question mark."
            }
        })
    }
}

impl std::error::Error for ServerAddressError {}

impl ServerAddress {
    /// The address, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its origin, as browsers write it: scheme, host and port, without a slash.
    pub fn origin(&self) -> &str {
        origin_of(&self.0)
    }

    /// The match pattern that covers it. Patterns have no port: Firefox does not
    /// take one.
    pub fn origin_pattern(&self) -> String {
        let scheme = split_scheme(&self.0).0.unwrap_or("https");
        format!("{scheme}://{}/*", host_of(&self.0))
    }

    /// Whether this absolute address is on the server's host, at whatever port: cookies
    /// know none.
    pub fn is_host_of(&self, address: &str) -> bool {
        host_of(&self.0) == host_of(address)
    }
}

impl FromStr for ServerAddress {
    type Err = ServerAddressError;

    fn from_str(text: &str) -> Result<Self, ServerAddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ServerAddressError::Empty);
        }
        let (scheme, rest) = match split_scheme(text) {
            (Some(scheme), rest) => (Some(scheme.to_ascii_lowercase()), rest),
            (None, rest) => (None, rest),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let authority = authority.to_ascii_lowercase();
        let (host, port) = split_port(&authority);
        if !is_host(host) || !port.is_none_or(is_port) || !is_path(path) {
            return Err(ServerAddressError::Malformed);
        }
        let scheme = match scheme.as_deref() {
            Some("https") => "https",
            Some("http") if is_loopback(host) => "http",
            Some("http") => return Err(ServerAddressError::NotEncrypted),
            Some(_) => return Err(ServerAddressError::Scheme),
            None if is_loopback(host) => "http",
            None => "https",
        };
        // The port that goes without saying is left out, as browsers do.
        let authority = match (scheme, port) {
            ("https", Some("443")) | ("http", Some("80")) => host,
            _ => &authority,
        };
        Ok(Self(format!(
            "{scheme}://{authority}{}",
            path.trim_end_matches('/')
        )))
    }
}

impl TryFrom<String> for ServerAddress {
    type Error = ServerAddressError;

    fn try_from(text: String) -> Result<Self, ServerAddressError> {
        text.parse()
    }
}

impl From<ServerAddress> for String {
    fn from(address: ServerAddress) -> Self {
        address.0
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands before the path of an absolute address. Nothing is taken out of it: a
/// user name stays, and makes another origin of it.
pub fn origin_of(address: &str) -> &str {
    let host = split_scheme(address).1;
    let end = host.find(['/', '?', '#', '\\']).unwrap_or(host.len());
    &address[..address.len() - host.len() + end]
}

/// The host of an absolute address.
fn host_of(address: &str) -> &str {
    split_port(split_scheme(origin_of(address)).1).0
}

/// The scheme, if there is one, and what follows `://`.
fn split_scheme(address: &str) -> (Option<&str>, &str) {
    let split = address.split_once(':');
    match split.and_then(|(scheme, rest)| Some((scheme, rest.strip_prefix("//")?))) {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, address),
    }
}

/// Host and port; an IPv6 address keeps its brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let after_brackets = authority.rfind(']').map_or(0, |end| end + 1);
    match authority[after_brackets..].find(':') {
        Some(colon) => {
            let (host, port) = authority.split_at(after_brackets + colon);
            (host, Some(&port[1..]))
        }
        None => (authority, None),
    }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port != 0)
}

/// A DNS name, an IPv4 address, or an IPv6 address in brackets.
fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        // Whether it is a good one, the browser says.
        return inner.len() <= 39
            && has_pair(inner, b"::") | (inner.split(':').count() == 8)
            && inner.bytes().all(|c| c.is_ascii_hexdigit() || c == b':');
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // What ends in a number is an IPv4 address to browsers, whatever it is to us.
    let numeric = host
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|c| c.is_ascii_digit()));
    host.len() <= 253 && host.split('.').all(label) && (!numeric || is_ipv4(host))
}

/// Four numbers up to 255, without leading zeros.
fn is_ipv4(host: &str) -> bool {
    let is_byte = |part: &str| part.parse::<u8>().is_ok_and(|byte| byte.to_string() == part);
    host.split('.').count() == 4 && host.split('.').all(is_byte)
}

/// Whether browsers never send this beyond the computer.
fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host == "[::1]"
        || (is_ipv4(host) && host.starts_with("127."))
}

fn has_pair(text: &str, pair: &[u8; 2]) -> bool {
    text.as_bytes().windows(2).any(|two| two == pair)
}

fn is_path(path: &str) -> bool {
    let legal = |c: u8| c.is_ascii_alphanumeric() || b"-._~/".contains(&c);
    path.bytes().all(legal)
        && !has_pair(path.trim_end_matches('/'), b"//")
        && !path.split('/').any(|piece| piece == "." || piece == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, ServerAddressError> {
        text.parse::<ServerAddress>().map(String::from)
    }

    #[test]
    fn an_address_is_normalised() {
        for (typed, normal) in [
            ("https://ferry.example.com", "https://ferry.example.com"),
            ("  HTTPS://Ferry.Example.COM/  ", "https://ferry.example.com"),
            ("ferry.example.com", "https://ferry.example.com"),
            ("ferry.example.com:8443", "https://ferry.example.com:8443"),
            ("https://ferry.example.com:443/", "https://ferry.example.com"),
            ("https://example.com/ferry/", "https://example.com/ferry"),
            ("https://10.1.2.3:8443", "https://10.1.2.3:8443"),
            ("http://localhost:8080/", "http://localhost:8080"),
            ("localhost:8080", "http://localhost:8080"),
            ("http://localhost:80", "http://localhost"),
            ("http://127.8.9.1:8080", "http://127.8.9.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://ferry.localhost", "http://ferry.localhost"),
        ] {
            assert_eq!(parse(typed).as_deref(), Ok(normal), "{typed:?}");
        }
    }

    #[test]
    fn nothing_else_is_taken() {
        use ServerAddressError::*;
        for (typed, error) in [
            ("", Empty),
            ("   ", Empty),
            ("http://ferry.example.com", NotEncrypted),
            ("http://ferry.test", NotEncrypted),
            ("http://localhost.example.com", NotEncrypted),
            ("http://128.0.0.1", NotEncrypted),
            ("http://[::2]", NotEncrypted),
            ("ftp://localhost", Scheme),
            ("chrome://settings", Scheme),
            ("https://", Malformed),
            ("https://user@ferry.example.com", Malformed),
            ("https://user:password@ferry.example.com", Malformed),
            ("https://ferry.example.com?x", Malformed),
            ("https://ferry.example.com/#x", Malformed),
            ("https://ferry.example.com/a/../b", Malformed),
            ("https://ferry.example.com//b", Malformed),
            ("https://ferry.example.com\\@evil.test", Malformed),
            ("https://ferry.example.com:0", Malformed),
            ("https://ferry.example.com:99999", Malformed),
            ("https://ferry.example.com:", Malformed),
            ("https://1.2.3", Malformed),
            ("https://2130706433", Malformed),
            ("https://[::1", Malformed),
            ("https://[127.0.0.1]", Malformed),
            ("https://ferry..com", Malformed),
            ("https://fähre.example", Malformed),
            ("javascript:alert(1)", Malformed),
        ] {
            assert_eq!(parse(typed), Err(error), "{typed:?}");
        }
    }

    #[test]
    fn an_origin_has_a_port_and_no_path() {
        for (address, origin) in [
            ("https://ferry.example.com", "https://ferry.example.com"),
            (
                "https://ferry.example.com:8443/base",
                "https://ferry.example.com:8443",
            ),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(address.parse::<ServerAddress>().unwrap().origin(), origin);
        }
        for (address, origin) in [
            ("https://a.test/b?c#d", "https://a.test"),
            ("https://a.test?https://b.test/", "https://a.test"),
            ("https://a.test#/", "https://a.test"),
            ("https://a.test@b.test/", "https://a.test@b.test"),
            ("https://a.test\\@b.test/", "https://a.test"),
            ("about:blank", "about:blank"),
            ("", ""),
        ] {
            assert_eq!(origin_of(address), origin, "{address}");
        }
    }

    #[test]
    fn patterns_have_no_port_and_no_path() {
        for (address, pattern) in [
            (
                "https://ferry.example.com:8443/base",
                "https://ferry.example.com/*",
            ),
            ("http://127.0.0.1:8080", "http://127.0.0.1/*"),
            ("http://[::1]:8080", "http://[::1]/*"),
        ] {
            assert_eq!(
                address.parse::<ServerAddress>().unwrap().origin_pattern(),
                pattern
            );
        }
    }
}
