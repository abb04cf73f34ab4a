//! Everything up to the sealed session. The jar is read and judged while the
//! server hands out the one-time key; then it is sealed to that key.

use ferry_bridge::{Share, TransferStep};
use ferry_client::keys::SealDh;
use ferry_client::{Device as _, Host as _};
use ferry_protocol::TransferId;
use ferry_protocol::api::{Account, Consent, Role, TransferOffer};
use ferry_protocol::hpke::SenderInput;
use ferry_protocol::session::{self, ConsentRecord, Header, Payload};
use futures_util::future::try_join;

use super::TransferError;
use crate::background::{AskError, Background};
use crate::browser::{Browser as _, Platform};
use crate::capture;
use crate::consent::{self, Basis, ConsentError};
use crate::identity::{self, Reading};
use crate::records::Sealed;
use crate::vault::{self, VaultRefusal};

/// A key that may be sealed to, and the consent that it was handed out for.
struct Destination {
    consent: Consent,
    offer: TransferOffer,
    dh: SealDh,
}

impl<P: Platform> Background<P> {
    /// Reads, judges and seals. Until this has ended well, nothing but the request
    /// for a key has left the browser.
    pub(super) async fn prepare(&self, share: &Share, transfer: TransferId) -> Result<Sealed, TransferError> {
        let account = self.account(share.account).await?;
        if account.role != Role::Owner {
            return Err(TransferError::NotOwner(account.name));
        }
        self.accept(&account.app)?;
        let origins = self.missing_origins(&account.app).await?;
        if !origins.is_empty() {
            return Err(TransferError::Permission {
                app: account.app.name,
                origins,
            });
        }
        let basis = consent::basis(&account, &self.memory().trust, share.consent.as_ref())?;
        let ((reading, identity), destination) = try_join(
            self.read(&account, transfer, share),
            self.destination(&account, transfer, basis),
        )
        .await?;
        let (cookies, entries) = capture::how_many(&reading.jar);
        self.step(
            account.id,
            transfer,
            TransferStep::Sealing {
                cookies,
                entries,
                identity: identity.clone(),
            },
        );
        self.seal(account, transfer, reading, identity, &destination)
            .await
    }

    /// The jar, and whose it is, if that is whose it must be.
    async fn read(
        &self,
        account: &Account,
        transfer: TransferId,
        share: &Share,
    ) -> Result<(Reading, Option<String>), TransferError> {
        let expected = account.identity.as_deref();
        let checking = |cookies: u32| {
            self.step(account.id, transfer, TransferStep::CheckingIdentity { cookies });
        };
        let browser = self.platform.browser().as_ref();
        let mut reading = identity::read(browser, &account.app, &share.store, expected, checking).await?;
        let alone = share.only.as_ref().and_then(|_| reading.alone.take());
        let identity = match alone {
            Some(alone) => {
                let identity = alone.identity.clone();
                (reading.left_out, reading.cut) = alone.take_out_others(&mut reading.jar);
                Some(identity)
            }
            None => identity::require(&account.app, &reading, expected, share.accept_unknown)?,
        };
        let named = share.only.as_ref().or(share.named.as_ref());
        let named = named.map(String::as_str);
        identity::require_named(&account.app, identity.as_deref(), named, expected)?;
        // After the reading: a tab that it opens may have the session bound.
        if let Some(host) = browser.bound_by(&account.app.domains).await? {
            return Err(TransferError::Bound {
                app: account.app.name.clone(),
                host,
            });
        }
        Ok((reading, identity))
    }

    /// Records the consent if need be, asks for a one-time key, and checks that it
    /// is the pinned vault's. No Diffie-Hellman with a key that is not.
    async fn destination(
        &self,
        account: &Account,
        transfer: TransferId,
        basis: Basis,
    ) -> Result<Destination, TransferError> {
        let consent = match basis {
            Basis::Given(consent) => consent,
            Basis::ToRecord { text_version } => {
                let consent = self
                    .ask(async |client| client.give_consent(account.id, text_version).await)
                    .await?;
                if consent.text_version != text_version {
                    return Err(ConsentError::NotRecorded.into());
                }
                self.update_trust(|trust| trust.agree(account, &consent)).await?;
                self.put_account(Account {
                    consent: Some(consent.clone()),
                    ..account.clone()
                })
                .await?;
                consent
            }
        };
        let offer = self
            .ask(async |client| client.begin_transfer(account.id, transfer).await)
            .await?;
        let pinned = self.memory().pin().cloned();
        let now = self.platform.browser().now();
        let pin = vault::check(
            self.platform.keyring(),
            pinned.as_ref(),
            self.workspace()?,
            &offer,
            now,
        )
        .await?;
        if self.memory().trust.is_used(offer.sealing_key.id, transfer) {
            return Err(VaultRefusal::Reused.into());
        }
        self.keep_pin(pin).await?;
        if pinned.is_none() {
            return Err(VaultRefusal::FirstSeen.into());
        }
        let device = self.client()?.device().clone();
        let dh = device.seal_dh(&offer.sealing_key.public).await?;
        Ok(Destination { consent, offer, dh })
    }

    async fn seal(
        &self,
        account: Account,
        transfer: TransferId,
        reading: Reading,
        identity: Option<String>,
        to: &Destination,
    ) -> Result<Sealed, TransferError> {
        let owner = self
            .memory()
            .enrolment
            .owner
            .clone()
            .ok_or(AskError::NotSignedIn)?;
        let device = self.client()?.device().clone();
        let header = Header {
            version: Header::VERSION,
            transfer,
            workspace: self.workspace()?,
            account: account.id,
            app: account.app.id.clone(),
            device: device.id(),
            sealing_key: to.offer.sealing_key.id,
            consent: to.consent.id,
            captured_at: reading.captured_at,
        };
        let (cookies, entries) = capture::how_many(&reading.jar);
        let payload = Payload {
            jar: reading.jar,
            left_out: reading.left_out,
            cut: reading.cut,
            app: account.app,
            identity: identity.clone(),
            user_agent: self.platform.browser().user_agent(),
            consent: ConsentRecord {
                id: to.consent.id,
                text_version: to.consent.text_version,
                granted_at: to.consent.granted_at,
            },
        };
        let input = SenderInput {
            recipient: &to.offer.sealing_key.public,
            sender: device.sealing_key(),
            enc: to.dh.enc,
            dh_ephemeral: &to.dh.dh_ephemeral,
            dh_static: &to.dh.dh_static,
        };
        let unsigned = session::seal(&header, &payload, &input)?;
        // The plaintext is wiped here, not when the upload has ended.
        drop(payload);
        let signature = device.sign(&unsigned.message()).await?;
        #[expect(clippy::expect_used, reason = "a struct of strings always serialises")]
        let body = ferry_json::write_text(&unsigned.signed(signature)).expect("serialisable");
        Ok(Sealed {
            body,
            owner,
            cookies,
            entries,
            identity,
            sealing_key: to.offer.sealing_key.id,
            expires_at: to.offer.sealing_key.expires_at,
        })
    }
}
