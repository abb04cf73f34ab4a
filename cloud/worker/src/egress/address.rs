//! Which addresses are not for a session's browser (IANA special-purpose address
//! registries, RFC 6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// This machine, or a network that is not the public's: loopback, private,
    /// shared (carrier-grade NAT), unique local. The worker's configuration may
    /// allow it for named hosts.
    Private,
    /// Never a web app's: link-local (cloud metadata lives there), multicast,
    /// unspecified, reserved.
    Never,
}

/// Whether an address is refused; `None`: it is the public internet's.
pub fn forbidden(address: IpAddr) -> Option<Forbidden> {
    match address {
        IpAddr::V4(address) => forbidden_v4(address),
        IpAddr::V6(address) => forbidden_v6(address),
    }
}

fn forbidden_v4(address: Ipv4Addr) -> Option<Forbidden> {
    match address.octets() {
        [127, ..] | [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => {
            Some(Forbidden::Private)
        }
        // Metadata services that are not link-local: Alibaba Cloud's lies in the
        // shared range above; Oracle's, and the IETF's own assignments:
        [192, 0, 0, _] => Some(Forbidden::Never),
        // "This network", link-local, 6to4 relays (RFC 7526), documentation,
        // benchmarks, multicast, reserved and broadcast.
        [0, ..] | [169, 254, ..] | [192, 88, 99, _] | [224..=255, ..] => Some(Forbidden::Never),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [198, 18..=19, ..] => Some(Forbidden::Never),
        _ => None,
    }
}

fn forbidden_v6(address: Ipv6Addr) -> Option<Forbidden> {
    if let Some(inner) = embedded_v4(address) {
        return forbidden_v4(inner);
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(Forbidden::Private),
        // The metadata addresses of AWS, Google Cloud and Scaleway, in unique local space.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] => {
            Some(Forbidden::Never)
        }
        [0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42] => Some(Forbidden::Never),
        [0xfc00..=0xfdff, ..] => Some(Forbidden::Private),
        // Documentation, benchmarks, Teredo and ORCHID: inside 2000::/3, and not public.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some(Forbidden::Never),
        [0x2000..=0x3fff, ..] => None,
        // Unspecified, link-local, site-local, multicast, and all that is not
        // assigned to the public.
        _ => Some(Forbidden::Never),
    }
}

/// The IPv4 address that packets to this IPv6 address end up at, if any: mapped
/// and compatible (RFC 4291 §2.5.5), NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let (high, low) = match segments {
        // `::` and `::1` are addresses of their own.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => return None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => (high, low),
        // SIIT (RFC 2765): `::ffff:0:a.b.c.d`.
        [0, 0, 0, 0, 0xffff, 0, high, low] => (high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => (high, low),
        [0x64, 0xff9b, 1, _, _, _, high, low] => (high, low),
        [0x2002, high, low, ..] => (high, low),
        _ => return None,
    };
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    Some(Ipv4Addr::new(a, b, c, d))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Forbidden> {
        forbidden(text.parse().unwrap())
    }

    #[test]
    fn private_addresses() {
        for address in [
            "127.0.0.1",
            "127.255.255.254",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.100.100.200", // Alibaba Cloud's metadata
            "::1",
            "fc00::1",
            "fdff::1",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "::127.0.0.1",
            "::ffff:0:10.0.0.1",
            "64:ff9b::192.168.0.1",
            "64:ff9b:1::10.0.0.1",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
        ] {
            assert_eq!(of(address), Some(Forbidden::Private), "{address}");
        }
    }

    #[test]
    fn addresses_that_are_never_reached() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254", // AWS, Azure, Google Cloud metadata
            "169.254.0.1",
            "192.0.0.192", // Oracle Cloud metadata
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "4000::1",
            "::ffff:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::",
        ] {
            assert_eq!(of(address), Some(Forbidden::Never), "{address}");
        }
    }

    #[test]
    fn public_addresses() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.255.255",
            "172.32.0.1",
            "192.167.255.255",
            "192.169.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450::1",
            "64:ff9b::8.8.8.8",
            "::ffff:8.8.8.8",
        ] {
            assert_eq!(of(address), None, "{address}");
        }
    }
}
