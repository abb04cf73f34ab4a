//! The e-mailed codes, of Crockford's base32: 8 characters (40 bits) verify a device
//! within minutes, 16 (80 bits) are an invitation that lasts for days.

use std::fmt;

use ferry_protocol::{DeviceId, UserId, base32};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::random::Random;

/// A code of so many characters. Secret: no `Debug`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct EmailedCode<const LEN: usize>([u8; LEN]);

/// The code that verifies a device.
pub type Code = EmailedCode<8>;

/// The code of an invitation.
pub type InvitationCode = EmailedCode<16>;

impl<const LEN: usize> EmailedCode<LEN> {
    /// A new code: every one is as likely as any other.
    pub fn generate(random: &dyn Random) -> Self {
        // 256 is a multiple of 32: five bits of each byte are uniform.
        Self(random.bytes::<LEN>().map(|byte| base32::digit(byte.into())))
    }

    /// As typed ([`base32::parse`]). `None`: it cannot be a code.
    pub fn parse(typed: &str) -> Option<Self> {
        base32::parse(typed).map(Self)
    }
}

impl<const LEN: usize> fmt::Display for EmailedCode<LEN> {
    /// As it is e-mailed: `XXXX-XXXX`, and so on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        base32::write_groups(&self.0, f)
    }
}

/// Turns codes into what is kept of them.
pub struct CodeKey(Zeroizing<[u8; 32]>);

impl CodeKey {
    /// Under this key.
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// What is kept of a code that verifies this device of this person's.
    pub fn hmac(&self, user: UserId, device: DeviceId, code: &Code) -> [u8; 32] {
        self.device_mac(user, device, code).finalize().into_bytes().into()
    }

    /// Whether the code is the one of which this is kept. In constant time.
    pub fn verify(&self, user: UserId, device: DeviceId, code: &Code, kept: &[u8]) -> bool {
        self.device_mac(user, device, code).verify_slice(kept).is_ok()
    }

    /// What is kept of the code that invites this person.
    pub fn invitation_hmac(&self, user: UserId, code: &InvitationCode) -> [u8; 32] {
        self.invitation_mac(user, code).finalize().into_bytes().into()
    }

    /// Whether the code is the one of which this is kept. In constant time.
    pub fn verify_invitation(&self, user: UserId, code: &InvitationCode, kept: &[u8]) -> bool {
        self.invitation_mac(user, code).verify_slice(kept).is_ok()
    }

    fn invitation_mac(&self, user: UserId, code: &InvitationCode) -> Hmac<Sha256> {
        let mut mac = self.keyed(b"ferry/invitation/v1");
        mac.update(user.as_bytes());
        mac.update(&code.0);
        mac
    }

    /// For one purpose. All that follows is of fixed length: no two inputs run into
    /// each other.
    fn keyed(&self, purpose: &[u8]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.0).expect("any key length");
        mac.update(purpose);
        mac
    }

    fn device_mac(&self, user: UserId, device: DeviceId, code: &Code) -> Hmac<Sha256> {
        let mut mac = self.keyed(b"ferry/email-code/v1");
        mac.update(user.as_bytes());
        mac.update(&device.0);
        mac.update(&code.0);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    #[test]
    fn codes_are_read_as_people_type_them() {
        let code = Code::generate(&SeededRandom::new(1));
        let text = code.to_string();
        assert_eq!(text.len(), 9);
        for typed in [
            text.clone(),
            text.to_lowercase(),
            text.replace('-', " "),
            format!(" {text} "),
        ] {
            assert_eq!(Code::parse(&typed).unwrap().0, code.0, "{typed}");
        }
        assert_eq!(Code::parse("olio-iloL").unwrap().to_string(), "0110-1101");
        let invitation = InvitationCode::generate(&SeededRandom::new(1)).to_string();
        assert_eq!(invitation.len(), 19);
        assert_eq!(
            InvitationCode::parse(&invitation).unwrap().to_string(),
            invitation
        );
        assert!(InvitationCode::parse(&text).is_none());
        for bad in ["", "1234567", "123456789", "1234-567U", "1234-567é"] {
            assert!(Code::parse(bad).is_none(), "{bad}");
        }
    }
}
