//! A device's two keys: the device key (ES256), whose thumbprint is the device's
//! identifier, and the sealing key (ECDH) that it vouches for.

use crate::signature::{self, SignatureError};
use crate::{DeviceId, PublicJwk};

/// What a device key signs to register the device's sealing key.
pub fn sealing_key_message(device: &DeviceId, sealing_key: &PublicJwk) -> Vec<u8> {
    signature::message("ferry/device-sealing-key/v1", &[&device.0, sealing_key.sec1()])
}

/// Whether the device of this device key registered this sealing key.
pub fn verify_sealing_key(
    device_key: &PublicJwk,
    sealing_key: &PublicJwk,
    signature: &[u8],
) -> Result<(), SignatureError> {
    let message = sealing_key_message(&device_key.device_id(), sealing_key);
    signature::verify(device_key, &message, signature)
}
