//! What is known of the transfers, by account.

use ferry_protocol::{AccountId, TransferId};

use super::Running;
use crate::records::TransferRecord;

/// What is known of the transfers. There are few: a list does.
#[derive(Default)]
pub(crate) struct Slots(Vec<Slot>);

/// What is known of an account's transfer.
pub(crate) struct Slot {
    account: AccountId,
    /// As in IndexedDB.
    pub(crate) record: Option<TransferRecord>,
    /// While it runs, since the background was started.
    pub(crate) running: Option<Running>,
    /// One for which a key was handed out, and not used. Asking again for the same
    /// transfer gives the same key, so that none is wasted.
    pub(crate) unused: Option<TransferId>,
}

impl Slots {
    /// Those that are in IndexedDB.
    pub(crate) fn new(records: Vec<TransferRecord>) -> Self {
        let slot = |record: TransferRecord| Slot {
            account: record.account,
            record: Some(record),
            running: None,
            unused: None,
        };
        Self(records.into_iter().map(slot).collect())
    }

    /// An account's.
    pub(crate) fn of(&mut self, account: AccountId) -> &mut Slot {
        let at = self
            .0
            .iter()
            .position(|slot| slot.account == account)
            .unwrap_or_else(|| {
                self.0.push(Slot {
                    account,
                    record: None,
                    running: None,
                    unused: None,
                });
                self.0.len() - 1
            });
        &mut self.0[at]
    }

    /// All records.
    pub(crate) fn records(&self) -> impl Iterator<Item = &TransferRecord> {
        self.0.iter().filter_map(|slot| slot.record.as_ref())
    }

    /// Forgets all records, and what was not used; the accounts that had any.
    pub(crate) fn forget(&mut self) -> Vec<AccountId> {
        let accounts = self.records().map(|record| record.account).collect();
        for slot in &mut self.0 {
            slot.record = None;
            slot.unused = None;
        }
        accounts
    }
}
