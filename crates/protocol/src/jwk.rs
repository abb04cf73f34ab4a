//! Public P-256 keys as JSON Web Keys (RFC 7517, RFC 7518 §6.2).

use std::fmt;

use p256::elliptic_curve::point::AffineCoordinates;
use p256::elliptic_curve::sec1::ToSec1Point;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Bytes, DeviceId};

/// A public P-256 key: always a point of the curve, and never the identity.
///
/// As JSON it has `kty`, `crv`, `x` and `y`, and nothing else is accepted: no
/// private part, and no member whose meaning would have to be heeded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Members", into = "Members")]
pub struct PublicJwk {
    /// The uncompressed point of SEC 1 §2.3.3.
    point: [u8; 65],
}

/// First byte of an uncompressed point (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;

/// The bytes are not a point of P-256 other than the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a public P-256 key")]
pub struct PublicJwkError;

impl PublicJwk {
    /// From the uncompressed point of SEC 1 §2.3.3 (65 bytes, `04` first).
    pub fn from_sec1(point: &[u8]) -> Result<Self, PublicJwkError> {
        let point: [u8; 65] = point.try_into().map_err(|_| PublicJwkError)?;
        let [UNCOMPRESSED, coordinates @ ..] = &point else {
            return Err(PublicJwkError);
        };
        // Only a point on the curve gets through; the identity has no coordinates.
        // (Of p256, this takes the curve's equation alone: its parser of SEC 1 would
        // bring square roots into the extension's WebAssembly.)
        let (x, y) = coordinates.split_at(32);
        let field = |bytes: &[u8]| p256::FieldBytes::try_from(bytes).map_err(|_| PublicJwkError);
        let is_on_curve = p256::AffinePoint::from_coordinates(&field(x)?, &field(y)?).is_some();
        if bool::from(is_on_curve) {
            Ok(Self { point })
        } else {
            Err(PublicJwkError)
        }
    }

    /// The point, for arithmetic.
    pub fn public_key(&self) -> p256::PublicKey {
        #[expect(
            clippy::expect_used,
            reason = "every way to make a PublicJwk checks the point"
        )]
        p256::PublicKey::from_sec1_bytes(&self.point).expect("a point of the curve")
    }

    /// The uncompressed point of SEC 1 §2.3.3.
    pub fn sec1(&self) -> &[u8; 65] {
        &self.point
    }

    /// The SHA-256 thumbprint of RFC 7638 §3.
    pub fn thumbprint(&self) -> [u8; 32] {
        let Members { x, y, .. } = Members::from(*self);
        // §3.2: the required members, in lexicographic order, without white space.
        let canonical = format!(
            r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
            x.encode(),
            y.encode()
        );
        Sha256::digest(canonical.as_bytes()).into()
    }

    /// The device whose device key this is.
    pub fn device_id(&self) -> DeviceId {
        DeviceId(self.thumbprint())
    }
}

impl fmt::Debug for PublicJwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicJwk({})", self.device_id())
    }
}

impl From<&p256::PublicKey> for PublicJwk {
    fn from(key: &p256::PublicKey) -> Self {
        let mut point = [0; 65];
        point.copy_from_slice(key.to_sec1_point(false).as_bytes());
        Self { point }
    }
}

/// The members of the JSON object (RFC 7518 §6.2.1).
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
struct Members {
    /// Always `P-256`.
    crv: Curve,
    /// Always `EC`.
    kty: KeyType,
    /// 32 bytes, big endian.
    x: Bytes,
    /// 32 bytes, big endian.
    y: Bytes,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
enum Curve {
    #[serde(rename = "P-256")]
    P256,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
enum KeyType {
    #[serde(rename = "EC")]
    Ec,
}

impl TryFrom<Members> for PublicJwk {
    type Error = PublicJwkError;

    fn try_from(members: Members) -> Result<Self, PublicJwkError> {
        let x: [u8; 32] = members.x.to_array().map_err(|_| PublicJwkError)?;
        let y: [u8; 32] = members.y.to_array().map_err(|_| PublicJwkError)?;
        let mut point = [4; 65];
        point[1..33].copy_from_slice(&x);
        point[33..].copy_from_slice(&y);
        Self::from_sec1(&point)
    }
}

impl From<PublicJwk> for Members {
    fn from(key: PublicJwk) -> Self {
        Self {
            crv: Curve::P256,
            kty: KeyType::Ec,
            x: Bytes(key.point[1..33].to_vec()),
            y: Bytes(key.point[33..].to_vec()),
        }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for PublicJwk {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        Members::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for PublicJwk {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        Members::schemas(schemas);
    }
}
