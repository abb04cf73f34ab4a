//! Just enough of web addresses to tell on whose host a page lies.
//!
//! Stricter than the URL standard, and far smaller than the crate `url` with its
//! IDNA tables, which would double the extension's WebAssembly: ASCII only,
//! `http` and `https` only, no user names, no backslashes, host names in lower
//! case (internationalised ones in their `xn--` form).

/// A split web address; borrows from the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    /// `https`, not `http`.
    pub(crate) secure: bool,
    /// Host name, lower case.
    pub(crate) host: &'a str,
    /// The port, named or by default.
    pub(crate) port: u16,
    /// Path and query, `/` at least; the fragment is left out.
    pub(crate) path: &'a str,
}

impl<'a> Address<'a> {
    /// Splits `http(s)://host[:port][/path][?query][#fragment]`; `None` for
    /// everything else.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        if !text.bytes().all(|c| c.is_ascii_graphic() && c != b'\\') {
            return None;
        }
        let (secure, rest) = match text.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("http://")?),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, parse_port(port)?),
            None => (authority, if secure { 443 } else { 80 }),
        };
        let path = if path.is_empty() { "/" } else { path };
        is_host(host).then_some(Self {
            secure,
            host,
            port,
            path,
        })
    }
}

/// Decimal digits alone: `u16::from_str` would take a sign as well.
fn parse_port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Whether this is a host name in lower case: labels of letters, digits and
/// hyphens, at most 253 characters (RFC 1123 §2.1), and not an IP address.
pub(crate) fn is_host(text: &str) -> bool {
    let legal = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(legal)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or(text);
    text.len() <= 253 && text.split('.').all(label) && !last.bytes().all(|c| c.is_ascii_digit())
}

/// Whether `host` is `domain`, or below it.
pub(crate) fn is_within(host: &str, domain: &str) -> bool {
    match host.strip_suffix(domain) {
        Some("") => !domain.is_empty(),
        Some(above) => !domain.is_empty() && above.ends_with('.') && above.len() > 1,
        None => false,
    }
}

/// Whether both addresses name one page: the fragment does not count, nor does
/// an empty path instead of `/` or a port that goes without saying.
pub(crate) fn same_page(one: &str, other: &str) -> bool {
    match (Address::parse(one), Address::parse(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// Whether this is an address's scheme, host and port alone, as browsers write it.
pub(crate) fn is_origin(text: &str) -> bool {
    let usual = |page: Address<'_>| if page.secure { ":443" } else { ":80" };
    let bare = !text.ends_with('/') && !text.contains('#');
    bare && Address::parse(text).is_some_and(|page| page.path == "/" && !text.ends_with(usual(page)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_what_it_takes() {
        let full = Address::parse("https://a.example.com:8443/x/y?z=1#top").unwrap();
        assert_eq!((full.secure, full.host, full.port), (true, "a.example.com", 8443));
        assert_eq!(full.path, "/x/y?z=1");
        let bare = Address::parse("http://localhost").unwrap();
        assert_eq!(
            (bare.secure, bare.host, bare.port, bare.path),
            (false, "localhost", 80, "/")
        );
        assert_eq!(Address::parse("https://example.com?q").unwrap().path, "?q");
        assert_eq!(Address::parse("https://a-1.2b.c3/").unwrap().host, "a-1.2b.c3");
    }

    #[test]
    fn refuses_what_browsers_might_read_otherwise() {
        for text in [
            "",
            "example.com",
            "ftp://example.com/",
            "HTTPS://example.com/",
            "https://",
            "https:///path",
            "https://user@example.com/",
            "https://example.com@evil.test/",
            "https://example.com\\@evil.test/",
            "https://Example.com/",
            "https://exämple.com/",
            "https://example.com:/",
            "https://example.com:+1/",
            "https://example.com:99999/",
            "https://example.com:1:2/",
            "https://exa mple.com/",
            "https://example.com/a\nb",
            "https://-a.com/",
            "https://a..com/",
            "https://example.com./",
            "https://127.0.0.1/",
            "https://[::1]/",
        ] {
            assert_eq!(Address::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_host_lies_within_whole_labels_only() {
        assert!(is_within("example.com", "example.com"));
        assert!(is_within("a.b.example.com", "example.com"));
        for host in [
            "badexample.com",
            "example.com.evil.test",
            ".example.com",
            "com",
            "",
            "example.co",
        ] {
            assert!(!is_within(host, "example.com"), "{host:?}");
        }
        assert!(!is_within("anything", ""));
        assert!(!is_within("", ""));
    }

    #[test]
    fn an_origin_ends_with_host_or_port() {
        for origin in ["https://a.test", "http://localhost:8000", "http://a.test:443"] {
            assert!(is_origin(origin), "{origin}");
        }
        for text in [
            "",
            "a.test",
            "https://a.test/",
            "https://a.test/x",
            "https://a.test?x",
            "https://a.test#",
            "https://a.test#x",
            "https://a.test:443",
            "http://a.test:80",
        ] {
            assert!(!is_origin(text), "{text}");
        }
    }

    #[test]
    fn pages_are_compared_without_their_fragment() {
        assert!(same_page("https://a.test/x#one", "https://a.test:443/x#two"));
        assert!(same_page("https://a.test", "https://a.test/"));
        for other in [
            "https://a.test/y",
            "http://a.test/x",
            "https://b.test/x",
            "https://a.test/x?q",
            "",
        ] {
            assert!(!same_page("https://a.test/x", other), "{other:?}");
        }
        assert!(!same_page("nonsense", "nonsense"));
    }
}
