//! What comes from outside every program: the time and randomness.
//!
//! The one place in the worker that draws them; everything else that can takes
//! them as arguments.

use ferry_protocol::UnixMillis;
use zeroize::Zeroizing;

/// The time now.
#[expect(clippy::disallowed_methods, reason = "the worker's entry point to the clock")]
pub fn now() -> UnixMillis {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    // A clock before 1970 is no clock; the server refuses the proofs made with it.
    let millis = since_epoch.map_or(0, |since| since.as_millis());
    UnixMillis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// Random bytes from the operating system.
///
/// # Panics
/// If the operating system has none to give: nothing safe can be done without.
#[expect(clippy::disallowed_methods, reason = "the worker's entry point to randomness")]
#[expect(
    clippy::expect_used,
    reason = "without randomness no key, proof or identifier is safe"
)]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// Random bytes that a key is made of; wiped when dropped.
pub fn secret() -> Zeroizing<[u8; 32]> {
    Zeroizing::new(random())
}
