//! WebCrypto, as far as Ferry needs it: P-256 keys, ES256, ECDH, random bytes.
//!
//! Works in pages and in service workers. Which keys there are, and what they are
//! for, is the business of [`crate::keys`].

use ferry_protocol::PublicJwk;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Crypto, CryptoKey, CryptoKeyPair, DomException, EcKeyGenParams, EcKeyImportParams, EcdhKeyDeriveParams,
    EcdsaParams, SubtleCrypto,
};
use zeroize::Zeroizing;

const CURVE: &str = "P-256";
const HASH: &str = "SHA-256";
/// Length of an ES256 signature, in bytes (RFC 7518 §3.4).
const SIGNATURE_LEN: usize = 64;

/// Why WebCrypto did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebCryptoError {
    /// There is none here.
    #[error("the browser offers no cryptography here: open this page over HTTPS")]
    Unavailable,
    /// An operation failed.
    #[error("the browser's cryptography failed ({name}: {message}): restart the browser")]
    Failed {
        /// Name of the `DOMException`.
        name: String,
        /// Its message, for the log.
        message: String,
    },
    /// It gave something else than it should.
    #[error("the browser's cryptography gave a result of the wrong form: update the browser")]
    Unexpected,
}

impl From<JsValue> for WebCryptoError {
    fn from(error: JsValue) -> Self {
        let (name, message) = match error.dyn_into::<DomException>() {
            Ok(error) => (error.name(), error.message()),
            Err(other) => ("Error".to_owned(), format!("{other:?}")),
        };
        Self::Failed { name, message }
    }
}

/// What a key is for: WebCrypto keeps the two apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// ES256 signatures.
    Sign,
    /// Elliptic-curve Diffie-Hellman.
    Agree,
}

impl Purpose {
    fn algorithm(self) -> &'static str {
        match self {
            Self::Sign => "ECDSA",
            Self::Agree => "ECDH",
        }
    }

    fn private_usages(self) -> Array {
        match self {
            Self::Sign => Array::of1(&"sign".into()),
            Self::Agree => Array::of1(&"deriveBits".into()),
        }
    }

    fn public_usages(self) -> Array {
        match self {
            Self::Sign => Array::of1(&"verify".into()),
            Self::Agree => Array::new(),
        }
    }
}

/// A key pair whose private half cannot be exported.
pub struct KeyPair {
    /// The private half.
    pub private: CryptoKey,
    /// The public half.
    pub public: PublicJwk,
}

/// `N` bytes of the browser's random number generator.
pub fn random<const N: usize>() -> Result<[u8; N], WebCryptoError> {
    let mut bytes = [0; N];
    crypto()?.get_random_values_with_u8_array(&mut bytes)?;
    Ok(bytes)
}

/// Makes a key pair.
pub async fn generate(purpose: Purpose) -> Result<KeyPair, WebCryptoError> {
    let algorithm = EcKeyGenParams::new(purpose.algorithm(), CURVE);
    let subtle = subtle()?;
    let pair = subtle.generate_key_with_object(&algorithm, false, &purpose.private_usages())?;
    let pair: CryptoKeyPair = JsFuture::from(pair).await?.unchecked_into();
    // A public key can always be exported.
    let point = JsFuture::from(subtle.export_key("raw", &pair.get_public_key())?).await?;
    let public =
        PublicJwk::from_sec1(&Uint8Array::new(&point).to_vec()).map_err(|_| WebCryptoError::Unexpected)?;
    Ok(KeyPair {
        private: pair.get_private_key(),
        public,
    })
}

/// Signs (ES256): r and s.
pub async fn sign(key: &CryptoKey, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], WebCryptoError> {
    let signature = subtle()?.sign_with_object_and_u8_array(&es256(), key, message)?;
    let signature = JsFuture::from(signature).await?;
    Uint8Array::new(&signature)
        .to_vec()
        .try_into()
        .map_err(|_| WebCryptoError::Unexpected)
}

/// Whether an ES256 signature, r and s, holds. One of another length does not: Firefox's
/// WebCrypto takes shorter ones as well, where r and s are small enough.
pub async fn verify(key: &PublicJwk, message: &[u8], signature: &[u8]) -> Result<bool, WebCryptoError> {
    if signature.len() != SIGNATURE_LEN {
        return Ok(false);
    }
    let key = import_public(Purpose::Sign, key).await?;
    let holds = subtle()?.verify_with_object_and_u8_array_and_u8_array(&es256(), &key, signature, message)?;
    JsFuture::from(holds)
        .await?
        .as_bool()
        .ok_or(WebCryptoError::Unexpected)
}

/// A public key for WebCrypto.
pub async fn import_public(purpose: Purpose, key: &PublicJwk) -> Result<CryptoKey, WebCryptoError> {
    let algorithm = EcKeyImportParams::new(purpose.algorithm());
    algorithm.set_named_curve(CURVE);
    let point = Uint8Array::from(key.sec1().as_slice());
    let imported = subtle()?.import_key_with_object(
        "raw",
        point.unchecked_ref::<Object>(),
        &algorithm,
        true,
        &purpose.public_usages(),
    )?;
    Ok(JsFuture::from(imported).await?.unchecked_into())
}

/// The Diffie-Hellman result (x-coordinate) of a private and a public key.
pub async fn agree(private: &CryptoKey, public: &CryptoKey) -> Result<Zeroizing<[u8; 32]>, WebCryptoError> {
    let algorithm = EcdhKeyDeriveParams::new(Purpose::Agree.algorithm(), public);
    let bits = subtle()?.derive_bits_with_object(&algorithm, private, 256)?;
    let bits = Uint8Array::new(&JsFuture::from(bits).await?);
    let mut secret = Zeroizing::new([0; 32]);
    if bits.length() != 32 {
        return Err(WebCryptoError::Unexpected);
    }
    bits.copy_to(secret.as_mut_slice());
    // The script engine's copy.
    bits.fill(0, 0, 32);
    Ok(secret)
}

fn es256() -> EcdsaParams {
    EcdsaParams::new_with_str(Purpose::Sign.algorithm(), HASH)
}

fn crypto() -> Result<Crypto, WebCryptoError> {
    Reflect::get(&js_sys::global(), &"crypto".into())
        .ok()
        .and_then(|crypto| crypto.dyn_into().ok())
        .ok_or(WebCryptoError::Unavailable)
}

fn subtle() -> Result<SubtleCrypto, WebCryptoError> {
    let subtle: JsValue = crypto()?.subtle().into();
    // Outside secure contexts there is a `crypto` without it.
    subtle.dyn_into().map_err(|_| WebCryptoError::Unavailable)
}
