//! Where a request came from, when there are reverse proxies in between.
//!
//! A proxy adds the address of whoever asked it at the end of `X-Forwarded-For`, or of
//! `Forwarded` (RFC 7239). What stands before that was sent by the one who asked, and
//! may be made up. So only what trusted proxies added is believed: from the right, the
//! first address that is not a trusted proxy's own.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::header::FORWARDED;
use axum::http::{HeaderMap, HeaderName};

/// The header that most proxies add to.
pub const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// One address, or all that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// Bits that count.
    prefix: u32,
}

/// The text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write an IP address, or a network such as 10.0.0.0/8 or fd00::/8")]
pub struct NetworkError;

fn bits(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

impl Network {
    /// Whether the address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        // Of all that the prefix leaves open, nothing counts; a shift by all bits is none.
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                differ.checked_shr(32 - self.prefix).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                differ.checked_shr(128 - self.prefix).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError)?;
        let prefix = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| NetworkError)?,
            None => bits(address),
        };
        if prefix > bits(address) {
            return Err(NetworkError);
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// The network that an address is in, for counting: an IPv4 address by itself, of IPv6
/// the first 48 bits. One customer has so many at times, which are 65,536 networks of 64
/// bits: to count by those would be to count one customer as many. Empty: no address.
pub fn network_of(address: &str) -> String {
    match address.parse().map(|address: IpAddr| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => {
            let prefix = address.to_bits() >> 80 << 80;
            format!("{}/48", std::net::Ipv6Addr::from_bits(prefix))
        }
        Err(_) => String::new(),
    }
}

/// The address that a request came from. `peer`: whoever connected.
pub fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_proxy = |address: IpAddr| proxies.iter().any(|proxy| proxy.contains(address));
    if !is_proxy(peer) {
        return peer;
    }
    // From the right, as far as what is named was seen by a trusted proxy.
    let furthest = |named: Vec<Option<IpAddr>>| {
        let mut seen = peer;
        for address in named.into_iter().rev() {
            match address {
                Some(address) if is_proxy(address) => seen = address,
                Some(address) => return address,
                // Hidden or unreadable: what stands before it was seen by nobody.
                None => break,
            }
        }
        seen
    };
    let x_forwarded_for = elements(headers, &X_FORWARDED_FOR).map(|all| furthest(all.map(node).collect()));
    let forwarded = elements(headers, &FORWARDED).map(|all| furthest(all.map(for_node).collect()));
    match (x_forwarded_for, forwarded) {
        // A proxy sets one and lets the client's own pass in the other: which is not known.
        (Some(one), Some(other)) if one != other => peer,
        (Some(address), _) | (None, Some(address)) => address,
        (None, None) => peer,
    }
}

/// The elements of a header that is a list, over all its lines. `None`: it is not there.
fn elements<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<impl Iterator<Item = &'h str>> {
    headers.contains_key(name).then(|| {
        let lines = headers.get_all(name).into_iter();
        lines.flat_map(|line| line.to_str().unwrap_or("unreadable").split(','))
    })
}

/// An address, with or without port, IPv6 in brackets or bare.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = match bare.unwrap_or(text).parse() {
        Ok(address) => address,
        Err(_) => text.parse::<SocketAddr>().ok()?.ip(),
    };
    Some(address.to_canonical())
}

/// The `for` of an element of `Forwarded`.
fn for_node(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut nodes = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    node(nodes.next()?.1)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn from(peer: &str, headers: &[(HeaderName, &'static str)]) -> String {
        let proxies = ["10.0.0.0/8", "fd00::/8", "192.0.2.1"].map(|text| text.parse().unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_static(value));
        }
        client(ip(peer), &map, &proxies).to_string()
    }

    #[test]
    fn one_customer_is_one_network() {
        for (address, network) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
            ("2001:db8:1::", "2001:db8:1::/48"),
            ("2001:db8:1:ffff::1", "2001:db8:1::/48"),
            ("2001:db8:2::1", "2001:db8:2::/48"),
            ("", ""),
        ] {
            assert_eq!(network_of(address), network);
        }
    }

    #[test]
    fn networks_contain_what_begins_with_their_bits() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("10.1.2.3", "10.1.2.3", "10.1.2.2"),
            ("10.1.2.3/31", "::ffff:10.1.2.2", "10.1.2.4"),
            ("fd00::/8", "fdff::1", "fe00::"),
            ("::1", "::1", "127.0.0.1"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("::/0", "2001:db8::1", "203.0.113.9"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(ip(inside)), "{network} {inside}");
            assert!(!network.contains(ip(outside)), "{network} {outside}");
        }
        for bad in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "host",
        ] {
            assert_eq!(bad.parse::<Network>(), Err(NetworkError), "{bad}");
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let forged = [(X_FORWARDED_FOR, "203.0.113.1")];
        assert_eq!(from("198.51.100.7", &forged), "198.51.100.7");
        assert_eq!(from("10.0.0.1", &forged), "203.0.113.1");
        assert_eq!(from("::ffff:10.0.0.1", &forged), "203.0.113.1");
        assert_eq!(from("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_last_address_that_is_no_proxys_own_counts() {
        for (value, expected) in [
            ("1.1.1.1, 203.0.113.1", "203.0.113.1"),
            ("1.1.1.1,203.0.113.1 , 10.9.9.9,192.0.2.1", "203.0.113.1"),
            ("203.0.113.1:4711", "203.0.113.1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            // Nobody trusted saw what stands before these.
            ("1.1.1.1, unknown, 10.9.9.9", "10.9.9.9"),
            ("1.1.1.1, ", "10.0.0.1"),
            ("10.9.9.9, 10.8.8.8", "10.9.9.9"),
        ] {
            assert_eq!(from("10.0.0.1", &[(X_FORWARDED_FOR, value)]), expected, "{value}");
        }
        let lines = [(X_FORWARDED_FOR, "1.1.1.1"), (X_FORWARDED_FOR, "203.0.113.1")];
        assert_eq!(from("10.0.0.1", &lines), "203.0.113.1");
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        for (value, expected) in [
            ("for=203.0.113.1;proto=https;by=10.0.0.1", "203.0.113.1"),
            (
                "for=1.1.1.1, proto=https;For=\"[2001:db8::1]:4711\"",
                "2001:db8::1",
            ),
            ("for=1.1.1.1;x=\", for=203.0.113.1", "203.0.113.1"),
            ("for=1.1.1.1, for=_hidden", "10.0.0.1"),
            ("for=1.1.1.1, proto=https", "10.0.0.1"),
        ] {
            assert_eq!(from("10.0.0.1", &[(FORWARDED, value)]), expected, "{value}");
        }
    }

    #[test]
    fn of_two_headers_that_differ_neither_is_believed() {
        let both = |value| [(X_FORWARDED_FOR, "203.0.113.1"), (FORWARDED, value)];
        assert_eq!(from("10.0.0.1", &both("for=203.0.113.1")), "203.0.113.1");
        assert_eq!(from("10.0.0.1", &both("for=1.1.1.1")), "10.0.0.1");
    }
}
