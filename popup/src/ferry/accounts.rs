//! What is known of some of the accounts. A map of hashes would be several kilobytes for
//! a handful of them.

use ferry_protocol::AccountId;

/// Something of each of some accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerAccount<T>(Vec<(AccountId, T)>);

impl<T> Default for PerAccount<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> PerAccount<T> {
    /// Of this account.
    pub fn get(&self, id: &AccountId) -> Option<&T> {
        self.0.iter().find(|(one, _)| one == id).map(|(_, value)| value)
    }

    /// Sets, or forgets, that of this account.
    pub fn set(&mut self, id: AccountId, value: Option<T>) {
        self.0.retain(|(one, _)| *one != id);
        if let Some(value) = value {
            self.0.push((id, value));
        }
    }

    /// Forgets those for which `keep` says no.
    pub fn retain(&mut self, keep: impl Fn(&AccountId, &T) -> bool) {
        self.0.retain(|(id, value)| keep(id, value));
    }

    /// Whether this is so of any.
    pub fn any(&self, is: impl Fn(&T) -> bool) -> bool {
        self.0.iter().any(|(_, value)| is(value))
    }
}
