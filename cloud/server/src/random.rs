//! Random bytes, as an argument: only [`SystemRandom`] asks the operating system.

use std::sync::atomic::{AtomicU64, Ordering};

use ferry_protocol::Bytes;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Gives random bytes.
pub trait Random: Send + Sync + 'static {
    /// Fills the slice with bytes that nobody can guess.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Random {
    /// So many random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A new token: 32 random bytes as base64url, 43 characters.
    pub fn token(&self) -> Zeroizing<String> {
        Zeroizing::new(Bytes::from(self.bytes::<32>()).encode())
    }
}

/// The random number generator of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the server draws random numbers"
    )]
    #[expect(
        clippy::expect_used,
        reason = "without random numbers no token or code is safe: stop"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random numbers");
    }
}

/// The same bytes for the same seed, for tests: never where it matters.
#[derive(Debug)]
pub struct SeededRandom {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededRandom {
    /// Starts at the beginning of this seed's bytes.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            drawn: AtomicU64::new(0),
        }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let count = self.drawn.fetch_add(1, Ordering::SeqCst);
            let block = Sha256::new()
                .chain_update(self.seed.to_be_bytes())
                .chain_update(count.to_be_bytes())
                .finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}
