//! This device's two keys. Their private halves are WebCrypto keys that cannot be
//! exported: neither by this code, nor by any other that runs in the browser. They
//! live in IndexedDB. A copied browser profile takes them along; against that
//! there is no remedy here.

use ferry_protocol::{DeviceId, PublicJwk, hpke};
use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::CryptoKey;
use zeroize::Zeroizing;

use crate::idb::{self, IdbError, Store};
use crate::webcrypto::{self, KeyPair, Purpose, WebCryptoError};

/// Where the keys lie in [`Store::Keys`]: both in one value, so that there are
/// always both or none.
const RECORD: &str = "device";

/// Why there are no keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// They could not be read or written.
    #[error(transparent)]
    Storage(#[from] IdbError),
    /// They could not be made.
    #[error(transparent)]
    WebCrypto(#[from] WebCryptoError),
    /// What is stored is not two keys.
    #[error("this device's keys are damaged: remove the device's data and set it up anew")]
    Damaged,
}

/// The device key (ES256) and the sealing key (ECDH) of this device.
pub struct DeviceKeys {
    device: KeyPair,
    sealing: KeyPair,
    id: DeviceId,
}

/// One encapsulation to a recipient: what [`hpke::SenderInput`] needs of WebCrypto.
pub struct SealDh {
    /// Public half of a key made for this seal alone.
    pub enc: [u8; hpke::ENC_LEN],
    /// Diffie-Hellman of that key and the recipient's.
    pub dh_ephemeral: Zeroizing<[u8; 32]>,
    /// Diffie-Hellman of this device's sealing key and the recipient's.
    pub dh_static: Zeroizing<[u8; 32]>,
}

impl DeviceKeys {
    /// The keys of this device, if it has any.
    pub async fn load() -> Result<Option<Self>, KeysError> {
        let record = idb::get(Store::Keys, RECORD).await?;
        record.as_ref().map(Self::from_record).transpose()
    }

    /// The keys of this device; made now if it has none. Of several callers at
    /// once, in whatever pages and workers, all get the same.
    pub async fn load_or_create() -> Result<Self, KeysError> {
        if let Some(keys) = Self::load().await? {
            return Ok(keys);
        }
        let keys = Self::new(
            webcrypto::generate(Purpose::Sign).await?,
            webcrypto::generate(Purpose::Agree).await?,
        );
        if idb::add(Store::Keys, RECORD, &keys.to_record()?).await? {
            return Ok(keys);
        }
        // Somebody else was first.
        Self::load().await?.ok_or(KeysError::Damaged)
    }

    /// Destroys the keys: this device has to be set up anew.
    pub async fn forget() -> Result<(), IdbError> {
        idb::delete(Store::Keys, RECORD).await
    }

    /// The device's identifier: the thumbprint of its device key.
    pub fn device_id(&self) -> DeviceId {
        self.id
    }

    /// Public half of the device key.
    pub fn device_key(&self) -> &PublicJwk {
        &self.device.public
    }

    /// Public half of the sealing key.
    pub fn sealing_key(&self) -> &PublicJwk {
        &self.sealing.public
    }

    /// Signs with the device key (ES256): r and s.
    pub async fn sign(&self, message: &[u8]) -> Result<[u8; 64], WebCryptoError> {
        webcrypto::sign(&self.device.private, message).await
    }

    /// Both Diffie-Hellman results of one encapsulation to a recipient (`AuthEncap`
    /// of RFC 9180 §4.1), by WebCrypto.
    pub async fn seal_dh(&self, recipient: &PublicJwk) -> Result<SealDh, WebCryptoError> {
        let recipient = webcrypto::import_public(Purpose::Agree, recipient).await?;
        let ephemeral = webcrypto::generate(Purpose::Agree).await?;
        Ok(SealDh {
            enc: *ephemeral.public.sec1(),
            dh_ephemeral: webcrypto::agree(&ephemeral.private, &recipient).await?,
            dh_static: webcrypto::agree(&self.sealing.private, &recipient).await?,
        })
    }

    fn new(device: KeyPair, sealing: KeyPair) -> Self {
        Self {
            id: device.public.device_id(),
            device,
            sealing,
        }
    }

    /// `{deviceKey, devicePoint, sealingKey, sealingPoint}`: the private halves as
    /// they are, the public ones as SEC 1 points.
    fn to_record(&self) -> Result<JsValue, KeysError> {
        let record = Object::new();
        let set = |name: &str, value: &JsValue| {
            Reflect::set(&record, &name.into(), value).map_err(|_| KeysError::Damaged)
        };
        for (names, pair) in [(DEVICE, &self.device), (SEALING, &self.sealing)] {
            set(names.key, &pair.private)?;
            set(names.point, &Uint8Array::from(pair.public.sec1().as_slice()))?;
        }
        Ok(record.into())
    }

    fn from_record(record: &JsValue) -> Result<Self, KeysError> {
        Ok(Self::new(read_pair(record, DEVICE)?, read_pair(record, SEALING)?))
    }
}

/// The names of one pair's members in the stored value.
#[derive(Clone, Copy)]
struct Names {
    key: &'static str,
    point: &'static str,
}

const DEVICE: Names = Names {
    key: "deviceKey",
    point: "devicePoint",
};
const SEALING: Names = Names {
    key: "sealingKey",
    point: "sealingPoint",
};

fn read_pair(record: &JsValue, names: Names) -> Result<KeyPair, KeysError> {
    let member = |name: &str| Reflect::get(record, &name.into()).map_err(|_| KeysError::Damaged);
    let private: CryptoKey = member(names.key)?.dyn_into().map_err(|_| KeysError::Damaged)?;
    let point: Uint8Array = member(names.point)?.dyn_into().map_err(|_| KeysError::Damaged)?;
    let public = PublicJwk::from_sec1(&point.to_vec()).map_err(|_| KeysError::Damaged)?;
    Ok(KeyPair { private, public })
}
