//! A port for chromedriver. Told to choose one itself, it takes one that is free for IPv6,
//! and ends if another program listens on it for IPv4: with as many servers as tests have,
//! once in a thousand starts or so.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};

/// Below those that Linux gives to whoever asks for any.
const PORTS: Range<u16> = 10_000..30_000;
/// How far apart programs begin that run at the same time.
const APART: usize = 100;

/// One that nothing listens on, and that this program has given to nobody yet.
pub(super) fn free() -> Result<u16> {
    static GIVEN: AtomicUsize = AtomicUsize::new(0);
    let begin = std::process::id() as usize * APART;
    let mut ports = (0..PORTS.len()).map(|_| {
        let at = begin.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is less than the length of the range"
        )]
        let within = (at % PORTS.len()) as u16;
        PORTS.start + within
    });
    ports
        .find(|port| is_free(*port))
        .with_context(|| format!("no port of {PORTS:?} is free on this machine"))
}

/// Where there is no IPv6, it is free for that.
fn is_free(port: u16) -> bool {
    let addresses: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    addresses.into_iter().all(|address| {
        let bound = TcpListener::bind((address, port));
        !bound.is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
    })
}
