//! A transfer: from the click to the answer of the server.
//!
//! ```text
//! click ─ record ─┬─ read the jar ─ who is signed in? ─┬─ seal ─ record ─ upload ─ record
//!                 └─ consent ─ one-time key ─ its pin ─┘
//! ```
//!
//! The browser may stop the background at any point. A transfer that was stopped
//! before it was sealed has left nothing behind, and is reported as failed. From
//! the second record on, the same bytes are uploaded under the same identifier
//! until the server has stored or refused them: stored once, or not at all.
//!
//! | Where | What |
//! |---|---|
//! | here | which transfers run; beginning, ending, resuming them |
//! | [`slots`] | what is known of them, by account |
//! | [`prepare`] | everything up to the sealed session |
//! | [`upload`] | getting it stored |
//! | [`error`] | why a session is not transferred |

mod error;
mod prepare;
mod slots;
mod upload;

use std::cell::RefMut;
use std::rc::Rc;

use ferry_bridge::{Dismiss, Failure, Share, TransferStep};
use ferry_client::Host;
use ferry_protocol::api::Account;
use ferry_protocol::{AccountId, TransferId};
use futures_util::FutureExt as _;
use futures_util::future::{LocalBoxFuture, Shared, join};

use crate::background::Background;
use crate::browser::Platform;
use crate::concurrent;
use crate::explain::Explain as _;
use crate::records::{ACCOUNTS, Sealed, TRUST, TransferRecord};
use crate::store::{self, Store as _, StoreError, Table};

pub use error::TransferError;
pub(crate) use slots::{Slot, Slots};

/// A transfer that runs; whoever joins gets the same result.
pub(crate) type Running = Shared<LocalBoxFuture<'static, Result<(), Failure>>>;

impl<P: Platform> Background<P> {
    /// Transfers a session. One that runs for this account already is joined; one
    /// that waits to be uploaded is uploaded.
    pub(crate) fn transfer(self: &Rc<Self>, share: Share) -> Running {
        let account = share.account;
        let running = self.slot(account).running.clone();
        if let Some(running) = running {
            return running;
        }
        let this = Rc::clone(self);
        let running = async move {
            let done = this.run(share).await;
            this.slot(account).running = None;
            done.map_err(|error| error.failure())
        };
        let running = running.boxed_local().shared();
        self.slot(account).running = Some(running.clone());
        running
    }

    async fn run(&self, share: Share) -> Result<(), TransferError> {
        let account = share.account;
        if let Some((transfer, sealed)) = self.waiting(account) {
            self.come_back();
            return self.upload(account, transfer, sealed).await;
        }
        let record = self.begin(account);
        let (transfer, key) = (record.transfer, key(account));
        let begun = store::save(self.platform.store(), Table::Transfers, &key, &record);
        let (kept, sealed) = join(begun, self.prepare(&share, transfer)).await;
        let sealed = async {
            kept?;
            let sealed = sealed?;
            self.keep_sealed(account, transfer, sealed.clone()).await?;
            Ok(sealed)
        };
        match sealed.await {
            Ok(sealed) => self.upload(account, transfer, sealed).await,
            Err(error) => {
                // Who has signed out since, or deleted the session, begins anew.
                if error != TransferError::GivenUp {
                    self.slot(account).unused = Some(transfer);
                }
                self.fail(account, transfer, error).await
            }
        }
    }

    /// What is sealed, and not known to be stored or refused.
    fn waiting(&self, account: AccountId) -> Option<(TransferId, Sealed)> {
        let slot = self.slot(account);
        let record = slot.record.as_ref()?;
        Some((record.transfer, record.sealed.clone()?))
    }

    fn begin(&self, account: AccountId) -> TransferRecord {
        let browser = self.platform.browser();
        let now = browser.now();
        let mut random = [0; 10];
        browser.random(&mut random);
        let record = {
            let mut slot = self.slot(account);
            let record = TransferRecord {
                transfer: slot.unused.take().unwrap_or_else(|| TransferId::new(now, random)),
                account,
                started: now,
                step: TransferStep::Reading,
                sealed: None,
            };
            slot.record = Some(record.clone());
            record
        };
        self.changed();
        record
    }

    pub(crate) fn slot(&self, account: AccountId) -> RefMut<'_, Slot> {
        RefMut::map(self.memory.borrow_mut(), |memory| memory.transfers.of(account))
    }

    /// Shows how far a transfer is, unless it was given up in the meantime.
    fn step(&self, account: AccountId, transfer: TransferId, step: TransferStep) {
        self.edit(account, transfer, |record| record.step = step);
    }

    /// Keeps what was sealed, and that its key is used, at once. From then on, the
    /// transfer survives a stop of the background, and nothing else is sealed to that key.
    async fn keep_sealed(
        &self,
        account: AccountId,
        transfer: TransferId,
        sealed: Sealed,
    ) -> Result<(), TransferError> {
        let now = self.platform.browser().now();
        let (used, expires_at) = (sealed.sealing_key, sealed.expires_at);
        let record = self
            .edit(account, transfer, |record| record.sealed = Some(sealed))
            .ok_or(TransferError::GivenUp)?;
        let trust = {
            let mut memory = self.memory.borrow_mut();
            memory.trust.use_key(used, transfer, expires_at, now);
            store::text(&memory.trust)
        };
        let entries = [
            (Table::Records, TRUST, trust.as_str()),
            (Table::Transfers, &key(account), &store::text(&record)),
        ];
        self.come_back();
        Ok(self.platform.store().put(&entries).await?)
    }

    /// Ends a transfer that the server has stored: pages hear of its end and of the
    /// account's new state at once.
    async fn end_stored(
        &self,
        stored: Account,
        transfer: TransferId,
        step: TransferStep,
    ) -> Result<(), TransferError> {
        let account = stored.id;
        let accounts = {
            let mut memory = self.memory.borrow_mut();
            memory.accounts.put(stored);
            store::text(&memory.accounts)
        };
        let record = self.edit(account, transfer, |record| {
            record.step = step;
            record.sealed = None;
        });
        let record = record.as_ref().map(|record| (key(account), store::text(record)));
        let mut entries = vec![(Table::Records, ACCOUNTS, accounts.as_str())];
        if let Some((key, record)) = &record {
            entries.push((Table::Transfers, key, record));
        }
        self.platform.store().put(&entries).await?;
        record.map(|_| ()).ok_or(TransferError::GivenUp)
    }

    /// Ends a transfer, well or not; the sealed bytes are forgotten.
    async fn end(
        &self,
        account: AccountId,
        transfer: TransferId,
        step: TransferStep,
    ) -> Result<(), TransferError> {
        let edited = self.edit(account, transfer, |record| {
            record.step = step;
            record.sealed = None;
        });
        self.keep(edited).await
    }

    /// Changes a transfer's record in memory. `None` if it was given up in the
    /// meantime (signed out, say): then nothing may go on.
    fn edit(
        &self,
        account: AccountId,
        transfer: TransferId,
        edit: impl FnOnce(&mut TransferRecord),
    ) -> Option<TransferRecord> {
        let edited = {
            let mut slot = self.slot(account);
            let record = slot
                .record
                .as_mut()
                .filter(|record| record.transfer == transfer)?;
            edit(record);
            record.clone()
        };
        self.changed();
        Some(edited)
    }

    /// Writes a record to disk.
    async fn keep(&self, record: Option<TransferRecord>) -> Result<(), TransferError> {
        let record = record.ok_or(TransferError::GivenUp)?;
        Ok(store::save(
            self.platform.store(),
            Table::Transfers,
            &key(record.account),
            &record,
        )
        .await?)
    }

    /// Tries once more to upload what waits.
    pub async fn resume(self: &Rc<Self>) {
        let waiting: Vec<AccountId> = {
            let memory = self.memory();
            let records = memory.transfers.records();
            records
                .filter(|record| record.sealed.is_some())
                .map(|record| record.account)
                .collect()
        };
        // An upload that runs is only joined, and the alarm that led here has gone off.
        if !waiting.is_empty() {
            self.come_back();
        }
        let resumed = waiting.into_iter().map(|account| {
            self.transfer(Share {
                account,
                consent: None,
                accept_unknown: false,
                store: Default::default(),
                only: None,
                named: None,
            })
        });
        // How each went, its last step tells.
        concurrent::all(resumed).await;
    }

    /// Reports transfers that were unsealed when the background was stopped.
    pub(crate) async fn give_up_interrupted(&self) -> Result<(), StoreError> {
        let interrupted: Vec<(AccountId, TransferId)> = {
            let memory = self.memory();
            let records = memory.transfers.records();
            let left = records.filter(|record| !record.has_ended() && record.sealed.is_none());
            left.map(|record| (record.account, record.transfer)).collect()
        };
        for (account, transfer) in interrupted {
            let failure = TransferError::Interrupted.failure();
            let step = TransferStep::Failed { failure };
            if let Some(record) = self.edit(account, transfer, |record| record.step = step) {
                store::save(self.platform.store(), Table::Transfers, &key(account), &record).await?;
            }
        }
        Ok(())
    }

    /// The person has read how a transfer ended.
    pub async fn dismiss(&self, ask: Dismiss) -> Result<(), StoreError> {
        let ended = self
            .slot(ask.account)
            .record
            .as_ref()
            .is_some_and(TransferRecord::has_ended);
        if ended {
            self.forget_transfer(ask.account).await
        } else {
            Ok(())
        }
    }

    /// Forgets an account's transfer, and what it would have uploaded. One that
    /// runs is waited for: its upload must not come after a deletion.
    pub(crate) async fn forget_transfer(&self, account: AccountId) -> Result<(), StoreError> {
        let running = self.slot(account).running.clone();
        if let Some(running) = running {
            // However it went.
            let _ = running.await;
        }
        self.slot(account).record = None;
        self.changed();
        self.platform
            .store()
            .remove(Table::Transfers, &key(account))
            .await
    }

    /// Forgets every transfer. Those that run find themselves given up.
    pub(crate) async fn forget_transfers(&self) -> Result<(), StoreError> {
        let forgotten = {
            let mut memory = self.memory.borrow_mut();
            memory.continued = None;
            memory.transfers.forget()
        };
        self.changed();
        for account in forgotten {
            self.platform
                .store()
                .remove(Table::Transfers, &key(account))
                .await?;
        }
        Ok(())
    }
}

fn key(account: AccountId) -> String {
    account.to_string()
}

#[cfg(test)]
mod tests;
