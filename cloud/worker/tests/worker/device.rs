//! A person's device, and the sessions that it seals.

use ferry_protocol::api::LeasedSession;
use ferry_protocol::hpke::SenderInput;
use ferry_protocol::jar::{Cookie, Jar, SameSite};
use ferry_protocol::session::{self, ConsentRecord, Header, Payload};
use ferry_protocol::signature::SigningKey;
use ferry_protocol::trust::{Approval, DeviceKeys, Statement, TrustChain};
use ferry_protocol::vault::SignedSealingKey;
use ferry_protocol::{
    AccountId, ConsentId, LeaseId, PublicJwk, TransferId, UnixMillis, UserId, WorkspaceId, device,
};
use ferry_worker::ambient;
use p256::SecretKey;

use crate::app::TestApp;

/// `navigator.userAgent` of the device's browser.
pub(crate) const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

pub(crate) struct Device {
    /// Whose it is: somebody of whom nothing else is known.
    pub(crate) user: UserId,
    pub(crate) key: SigningKey,
    sealing: SecretKey,
}

impl Device {
    pub(crate) fn new() -> Self {
        Self::of(UserId::new(ambient::now(), ambient::random()))
    }

    /// Another device of this person's.
    pub(crate) fn of(user: UserId) -> Self {
        Self {
            user,
            key: SigningKey::generate(ambient::random()).unwrap(),
            sealing: secret(),
        }
    }

    pub(crate) fn keys(&self) -> DeviceKeys {
        let sealing_key = PublicJwk::from(&self.sealing.public_key());
        let message = device::sealing_key_message(&self.key.public().device_id(), &sealing_key);
        DeviceKeys {
            device_key: self.key.public(),
            sealing_key,
            sealing_key_signature: self.key.sign(&message),
        }
    }

    /// Approves another device of the same person.
    pub(crate) fn approve(&self, workspace: WorkspaceId, device: &Self) -> Approval {
        let (below, by) = (device.keys(), self.keys());
        let person = (workspace, self.user);
        let statement = Statement::new(person, below.id(), &below.sealing_key, by.id(), ambient::now());
        Approval {
            signature: self.key.sign(&statement.message()),
            statement,
            by,
        }
    }

    /// Seals a session of a new account to a key of the vault, and gives it as a
    /// worker leases it.
    pub(crate) fn seal(&self, key: &SignedSealingKey, payload: &Payload) -> LeasedSession {
        let now = ambient::now();
        let account = AccountId::new(now, ambient::random());
        self.seal_for(account, now, key, payload)
    }

    /// The same for this account, with cookies that were read at this time.
    pub(crate) fn seal_for(
        &self,
        account: AccountId,
        captured_at: UnixMillis,
        key: &SignedSealingKey,
        payload: &Payload,
    ) -> LeasedSession {
        let now = ambient::now();
        let header = Header {
            version: Header::VERSION,
            transfer: TransferId::new(now, ambient::random()),
            workspace: key.workspace,
            account,
            app: payload.app.id.clone(),
            device: self.key.public().device_id(),
            sealing_key: key.id,
            consent: payload.consent.id,
            captured_at,
        };
        let ephemeral = secret();
        let sender = PublicJwk::from(&self.sealing.public_key());
        let input = SenderInput {
            recipient: &key.public,
            sender: &sender,
            enc: *PublicJwk::from(&ephemeral.public_key()).sec1(),
            dh_ephemeral: &dh(&ephemeral, &key.public),
            dh_static: &dh(&self.sealing, &key.public),
        };
        let unsigned = session::seal(&header, payload, &input).unwrap();
        let signature = self.key.sign(&unsigned.message());
        LeasedSession {
            lease: LeaseId::new(now, ambient::random()),
            lease_expires_at: now.plus(60_000),
            transfer: header.transfer,
            account: header.account,
            account_identity: None,
            app: payload.app.clone(),
            user: self.user,
            chain: TrustChain {
                device: self.keys(),
                approvals: Vec::new(),
            },
            sealed: unsigned.signed(signature),
        }
    }
}

/// A session of `alice`'s at the app, by this cookie.
pub(crate) fn payload(app: &TestApp, sid: &str) -> Payload {
    Payload {
        jar: Jar {
            cookies: vec![cookie("sid", sid)],
            storage: Vec::new(),
        },
        left_out: 0,
        cut: 0,
        app: app.definition(),
        identity: Some("alice".to_owned()),
        user_agent: USER_AGENT.to_owned(),
        consent: ConsentRecord {
            id: ConsentId::new(UnixMillis(0), ambient::random()),
            text_version: 1,
            granted_at: ambient::now(),
        },
    }
}

/// A host-only, HttpOnly, Secure session cookie of `app.test`.
pub(crate) fn cookie(name: &str, value: &str) -> Cookie {
    Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        domain: "app.test".to_owned(),
        host_only: true,
        path: "/".to_owned(),
        secure: true,
        http_only: true,
        same_site: SameSite::Unspecified,
        expires: None,
        partition: None,
    }
}

fn secret() -> SecretKey {
    SecretKey::from_slice(&ambient::random::<32>()).unwrap()
}

fn dh(private: &SecretKey, public: &PublicJwk) -> [u8; 32] {
    let public = public.public_key();
    let shared = p256::ecdh::diffie_hellman(private.to_nonzero_scalar(), public.as_affine());
    shared.raw_secret_bytes()[..].try_into().unwrap()
}
