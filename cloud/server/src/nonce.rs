//! The nonce that every proof must carry (RFC 9449 §8): an HMAC over the time, so
//! that the server need not remember which it gave, and any node knows it.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use ferry_protocol::UnixMillis;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A nonce is given out for so long, and taken for as long again, in milliseconds.
const BUCKET_MS: i64 = 5 * 60 * 1000;

/// Makes and recognises nonces.
pub struct Nonces {
    key: Zeroizing<[u8; 32]>,
}

impl Nonces {
    /// Under this key.
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self { key }
    }

    /// The nonce to use now.
    pub fn current(&self, now: UnixMillis) -> String {
        self.of(now.0.div_euclid(BUCKET_MS))
    }

    /// Whether it was given out within the last five to ten minutes.
    pub fn accepts(&self, nonce: &str, now: UnixMillis) -> bool {
        let bucket = now.0.div_euclid(BUCKET_MS);
        let matches = |bucket| self.of(bucket).as_bytes().ct_eq(nonce.as_bytes());
        (matches(bucket) | matches(bucket.saturating_sub(1))).into()
    }

    fn of(&self, bucket: i64) -> String {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.key).expect("any key length");
        mac.update(b"ferry/dpop-nonce/v1");
        mac.update(&bucket.to_be_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_lasts_five_to_ten_minutes() {
        let nonces = Nonces::new(Zeroizing::new([7; 32]));
        let start = UnixMillis(BUCKET_MS * 1000);
        let nonce = nonces.current(start);
        assert!(nonces.accepts(&nonce, start));
        assert!(nonces.accepts(&nonce, start.plus(2 * BUCKET_MS - 1)));
        assert!(!nonces.accepts(&nonce, start.plus(2 * BUCKET_MS)));
        assert!(!nonces.accepts(&nonce, start.plus(-1)));
        assert!(!nonces.accepts("", start));
        assert!(!Nonces::new(Zeroizing::new([8; 32])).accepts(&nonce, start));
    }
}
