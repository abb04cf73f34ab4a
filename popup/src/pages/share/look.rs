//! Carries out the looks of [`crate::look`].

use super::*;
use crate::look::Looks;

/// Up to so many stores are looked into without being asked. (Firefox has four
/// containers from the start, beside ordinary and private windows.)
const FEW: usize = 6;

impl Page {
    /// Picks a store of those that are known, and looks into it; then finds out which there
    /// are by now.
    pub(super) fn begin(self) {
        let pick = move |stores: &CookieStores| {
            // Out of which it was shared before, or else where the person comes from.
            let before = meant(&stores.stores, keep::store(self.id));
            let picked = before.unwrap_or_else(|| stores.current.clone());
            self.change(move |looks| {
                // Whatever the person picked meanwhile stays.
                if looks.picked.is_none() {
                    looks.pick(picked);
                }
            });
        };
        match self.ferry.stores.get_untracked() {
            Some(stores) => {
                pick(&stores);
                self.ferry.look_up_stores(Box::new(|_| ()));
            }
            None => self.ferry.look_up_stores(Box::new(pick)),
        }
    }

    /// Changes what is looked at, and goes on; nothing where the page is gone by now.
    pub(super) fn change(self, change: impl FnOnce(&mut Looks)) {
        let mut is_there = false;
        self.looks.update(|looks| {
            change(looks);
            is_there = true;
        });
        if is_there {
            self.go_on();
        }
    }

    /// Looks again, also for stores: a private window may have been opened meanwhile.
    pub(super) fn look(self) {
        self.ferry.look_up_stores(Box::new(|_| ()));
        self.change(Looks::look);
    }

    pub(super) fn look_everywhere(self) {
        let stores = self.ferry.stores.get_untracked();
        let stores = stores.map(|stores| stores.stores).unwrap_or_default();
        self.change(|looks| looks.look_everywhere(&stores));
    }

    /// Begins the look that is next, unless one is under way.
    pub(super) fn go_on(self) {
        if untrack(|| self.waits()) {
            return;
        }
        let (mut next, mut ended) = (None, false);
        self.looks.update(|looks| {
            let was = looks.everywhere;
            next = looks.begin();
            ended = was && !looks.everywhere;
        });
        if ended {
            self.ferry.say("Looked in all of them.".to_owned());
        }
        let Some((store, turn)) = next else { return };
        spawn_local(async move {
            let ask = ask(Inspect {
                account: self.id,
                store: store.clone(),
            });
            let answer = ask.await.map_err(AskError::into_failure);
            let granted = answer.as_ref().ok().map(|seen| seen.missing_origins.is_empty());
            let mut counts = false;
            // The page may be gone by now: then nothing is changed.
            self.looks.update(|looks| counts = looks.end(turn, store, answer));
            if counts {
                self.took(granted);
                self.go_on();
            }
        });
    }

    /// A look has ended; `granted` as far as it found out.
    fn took(self, granted: Option<bool>) {
        let Some(granted) = granted else { return };
        self.ferry.set_granted(self.id, granted);
        let few = (2..=FEW).contains(&self.ferry.stores.with_untracked(how_many));
        let asked = self.looks.with_untracked(|looks| looks.asked);
        if granted && few && !asked && self.is_quick() {
            self.look_everywhere();
        }
    }

    /// Whether nothing is looked at before the person asks for it.
    pub(super) fn waits(self) -> bool {
        !self.may_look.get() && !self.is_harmless()
    }

    /// Whether a web page may have this looked at, by having this page opened: the look
    /// opens no tab (it reads no local storage, and of ordinary windows), and the app is one
    /// of the catalogue, or one that the person agreed to as the server describes it now.
    fn is_harmless(self) -> bool {
        let is_ordinary = |looks: &Looks| looks.picked.as_ref().is_none_or(|store| store.0.is_empty());
        let is_known = |account: &Option<Account>| {
            account.as_ref().is_some_and(|Account { app, consent, .. }| {
                app.storage_keys().is_empty() && (!app.id.is_custom() || consent.is_some())
            })
        };
        self.looks.with(is_ordinary) && self.account.with(is_known)
    }

    /// Whether a look reads cookies and nothing else. Others may open tabs, which nobody
    /// wants without having asked for it.
    fn is_quick(self) -> bool {
        self.account.with_untracked(|account| {
            let app = account.as_ref().map(|account| &account.app);
            app.is_some_and(|app| app.probes().is_empty() && app.storage_keys().is_empty())
        })
    }
}

/// How many stores there are, as far as is known.
pub(super) fn how_many(stores: &Option<CookieStores>) -> usize {
    stores.as_ref().map_or(0, |stores| stores.stores.len())
}
