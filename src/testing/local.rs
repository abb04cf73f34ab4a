//! Keys and records in memory; clones share them, as workers of one profile do.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use ferry_client::keys::SealDh;
use ferry_client::{Device, KeyError, Keyring};
use ferry_extension::store::{Store, StoreError, Table};
use ferry_protocol::signature::{self, SigningKey};
use ferry_protocol::{Bytes, DeviceId, PublicJwk};
use p256::elliptic_curve::sec1::ToSec1Point;
use zeroize::Zeroizing;

/// Device keys in memory.
#[derive(Clone, Default)]
pub(crate) struct MemoryKeyring {
    keys: Rc<RefCell<Option<MemoryDevice>>>,
    made: Rc<RefCell<u8>>,
}

/// The two keys of a device.
#[derive(Clone)]
pub(crate) struct MemoryDevice {
    device: SigningKey,
    device_public: PublicJwk,
    sealing: p256::SecretKey,
    sealing_public: PublicJwk,
}

impl MemoryKeyring {
    /// Clears the profile's site data.
    pub(crate) fn lose(&self) {
        *self.keys.borrow_mut() = None;
    }

    /// How many pairs of keys were made so far.
    pub(crate) fn made(&self) -> u8 {
        *self.made.borrow()
    }

    fn create(&self) -> MemoryDevice {
        *self.made.borrow_mut() += 1;
        let made = self.made();
        let device = SigningKey::generate([made; 32]).expect("a key");
        let sealing = p256::SecretKey::from_slice(&[made + 100; 32]).expect("a key");
        MemoryDevice {
            device_public: device.public(),
            sealing_public: PublicJwk::from(&sealing.public_key()),
            device,
            sealing,
        }
    }
}

impl Keyring for MemoryKeyring {
    type Device = MemoryDevice;

    async fn load(&self) -> Result<Option<MemoryDevice>, KeyError> {
        Ok(self.keys.borrow().clone())
    }

    async fn load_or_create(&self) -> Result<MemoryDevice, KeyError> {
        let kept = self.keys.borrow().clone();
        let device = kept.unwrap_or_else(|| self.create());
        *self.keys.borrow_mut() = Some(device.clone());
        Ok(device)
    }

    async fn forget(&self) -> Result<(), KeyError> {
        self.lose();
        Ok(())
    }

    async fn verify(&self, key: &PublicJwk, message: &[u8], signature: &[u8]) -> Result<bool, KeyError> {
        Ok(signature::verify(key, message, signature).is_ok())
    }
}

impl Device for MemoryDevice {
    fn id(&self) -> DeviceId {
        self.device_public.device_id()
    }

    fn key(&self) -> &PublicJwk {
        &self.device_public
    }

    fn sealing_key(&self) -> &PublicJwk {
        &self.sealing_public
    }

    async fn sign(&self, message: &[u8]) -> Result<Bytes, KeyError> {
        Ok(self.device.sign(message))
    }

    async fn seal_dh(&self, recipient: &PublicJwk) -> Result<SealDh, KeyError> {
        let ephemeral = p256::SecretKey::from_slice(&[77; 32]).expect("a key");
        Ok(SealDh {
            enc: *PublicJwk::from(&ephemeral.public_key()).sec1(),
            dh_ephemeral: agree(&ephemeral, recipient),
            dh_static: agree(&self.sealing, recipient),
        })
    }
}

/// The x-coordinate of the shared point.
fn agree(private: &p256::SecretKey, public: &PublicJwk) -> Zeroizing<[u8; 32]> {
    let shared = public.public_key().to_projective() * *private.to_nonzero_scalar();
    let shared = p256::PublicKey::from_affine(shared.to_affine()).expect("not the identity");
    let point = shared.to_sec1_point(false);
    Zeroizing::new(point.as_bytes()[1..33].try_into().expect("32 bytes"))
}

/// Records in memory.
#[derive(Clone, Default)]
pub(crate) struct MemoryStore {
    records: Rc<RefCell<BTreeMap<(Table, String), String>>>,
    refused: Rc<RefCell<Option<&'static str>>>,
}

impl MemoryStore {
    /// From now on nothing can be written.
    pub(crate) fn fill(&self) {
        self.refuse(Some(""));
    }

    /// From now on nothing can be written that has this in it.
    pub(crate) fn refuse(&self, part: Option<&'static str>) {
        *self.refused.borrow_mut() = part;
    }

    /// Everything that is on disk, as text.
    pub(crate) fn dump(&self) -> String {
        format!("{:?}", self.records.borrow())
    }

    /// How many records a table has.
    pub(crate) fn len(&self, table: Table) -> usize {
        self.records
            .borrow()
            .keys()
            .filter(|(of, _)| *of == table)
            .count()
    }
}

impl Store for MemoryStore {
    async fn get(&self, table: Table, key: &str) -> Result<Option<Zeroizing<String>>, StoreError> {
        Ok(self
            .records
            .borrow()
            .get(&(table, key.to_owned()))
            .cloned()
            .map(Zeroizing::new))
    }

    async fn list(&self, table: Table) -> Result<Vec<Zeroizing<String>>, StoreError> {
        let records = self.records.borrow();
        Ok(records
            .iter()
            .filter(|((of, _), _)| *of == table)
            .map(|(_, text)| Zeroizing::new(text.clone()))
            .collect())
    }

    async fn put(&self, entries: &[(Table, &str, &str)]) -> Result<(), StoreError> {
        let refused = *self.refused.borrow();
        if refused.is_some_and(|part| entries.iter().any(|(.., text)| text.contains(part))) {
            return Err(StoreError("the disk is full".to_owned()));
        }
        let entries = entries
            .iter()
            .map(|(table, key, text)| ((*table, (*key).to_owned()), (*text).to_owned()));
        self.records.borrow_mut().extend(entries);
        Ok(())
    }

    async fn remove(&self, table: Table, key: &str) -> Result<(), StoreError> {
        self.records.borrow_mut().remove(&(table, key.to_owned()));
        Ok(())
    }
}
