//! In which cookie stores it was looked, and in which it is looked next. Pure.
//!
//! One look at a time: there can be many stores, with many cookies, and the background
//! has other things to do as well. The store that the person means comes first.

use ferry_bridge::{CookieStore, Failure, IdentityFinding, Inspection, StoreId};

/// What was found in a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Which.
    pub store: StoreId,
    /// By the last look that succeeded.
    pub found: Option<Inspection>,
    /// Why the last one did not.
    pub failure: Option<Failure>,
}

/// The looks that were, that is, and that will be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Looks {
    /// The store that the person means; `None` until the stores are known.
    pub picked: Option<StoreId>,
    /// All of the stores are being looked into.
    pub everywhere: bool,
    /// The person has asked for that, or ended it.
    pub asked: bool,
    seen: Vec<Seen>,
    at: Option<StoreId>,
    next: Vec<StoreId>,
    turn: u32,
}

impl Looks {
    /// The person means this store.
    pub fn pick(&mut self, store: StoreId) {
        let is_known = self.of(&store).is_some_and(|seen| seen.found.is_some());
        self.picked = Some(store);
        if !is_known {
            self.look();
        }
    }

    /// Looks into the store that is meant, before any other.
    pub fn look(&mut self) {
        if let Some(store) = self.picked.clone()
            && !self.is_at(&store)
        {
            self.next.retain(|other| *other != store);
            self.next.insert(0, store);
        }
    }

    /// Looks as if it had never looked. A look that is under way is not waited for.
    pub fn look_afresh(&mut self) {
        self.seen.clear();
        self.turn += 1;
        self.at = None;
        self.look();
    }

    /// Looks into all the stores: those where it has not been looked, or all of them again.
    pub fn look_everywhere(&mut self, all: &[CookieStore]) {
        (self.asked, self.everywhere) = (true, true);
        let again = all.iter().all(|store| self.of(&store.id).is_some());
        for CookieStore { id, .. } in all {
            let is_coming = self.is_at(id) || self.next.contains(id);
            if !is_coming && (again || self.of(id).is_none()) {
                self.next.push(id.clone());
            }
        }
    }

    /// Looks into none but the one that is meant. A look that is under way is not waited
    /// for.
    pub fn stop(&mut self) {
        (self.asked, self.everywhere) = (true, false);
        let picked = &self.picked;
        self.next.retain(|store| picked.as_ref() == Some(store));
        if self.at != self.picked {
            self.turn += 1;
            self.at = None;
        }
    }

    /// The look that begins now, and the turn that it belongs to; none while one is
    /// under way.
    pub fn begin(&mut self) -> Option<(StoreId, u32)> {
        if self.at.is_some() {
            return None;
        }
        if self.next.is_empty() {
            self.everywhere = false;
            return None;
        }
        let store = self.next.remove(0);
        self.at = Some(store.clone());
        Some((store, self.turn))
    }

    /// A look of this turn has ended. `false` if nobody waits for it any more.
    pub fn end(&mut self, turn: u32, store: StoreId, answer: Result<Inspection, Failure>) -> bool {
        if self.turn != turn {
            return false;
        }
        self.at = None;
        let mut seen = Seen {
            store,
            found: None,
            failure: None,
        };
        match answer {
            Ok(found) => seen.found = Some(found),
            Err(failure) => {
                seen.found = self.of(&seen.store).and_then(|seen| seen.found.clone());
                seen.failure = Some(failure);
            }
        }
        self.seen.retain(|one| one.store != seen.store);
        self.seen.push(seen);
        true
    }

    /// What was found in the store that is meant.
    pub fn seen(&self) -> Option<&Seen> {
        self.of(self.picked.as_ref()?)
    }

    /// Whether the store that is meant is being looked into, or is about to be.
    pub fn is_looking(&self) -> bool {
        match &self.picked {
            // The stores themselves are looked for.
            None => true,
            Some(picked) => self.is_at(picked) || self.next.contains(picked),
        }
    }

    /// How a store is, in a few words.
    pub fn words(&self, store: &StoreId, who: fn(&IdentityFinding) -> String) -> String {
        if self.is_at(store) {
            return "Looking…".to_owned();
        }
        let Some(seen) = self.of(store) else {
            return "Not looked at yet".to_owned();
        };
        let finding = seen.found.as_ref().and_then(|found| found.finding.as_ref());
        match (&seen.failure, finding) {
            (None, Some(finding)) => who(finding),
            _ => "Could not be looked at".to_owned(),
        }
    }

    /// How many of so many have been looked into, with the one under way.
    pub fn progress(&self, all: usize) -> usize {
        all.saturating_sub(self.next.len())
    }

    fn is_at(&self, store: &StoreId) -> bool {
        self.at.as_ref() == Some(store)
    }

    fn of(&self, store: &StoreId) -> Option<&Seen> {
        self.seen.iter().find(|one| one.store == *store)
    }
}

#[cfg(test)]
mod tests {
    use ferry_bridge::StoreKind;
    use ferry_protocol::{AccountId, UnixMillis};

    use super::*;
    use crate::words::who;

    fn id(id: &str) -> StoreId {
        StoreId(id.to_owned())
    }

    fn stores(ids: &[&str]) -> Vec<CookieStore> {
        let store = |one: &&str| CookieStore {
            id: id(one),
            kind: StoreKind::Container,
            name: None,
        };
        ids.iter().map(store).collect()
    }

    fn found() -> Result<Inspection, Failure> {
        Ok(Inspection {
            account: AccountId::new(UnixMillis(0), [1; 10]),
            store: StoreId::default(),
            missing_origins: Vec::new(),
            cookies: Default::default(),
            storage: Vec::new(),
            finding: Some(IdentityFinding::SignedOut),
            pages: Default::default(),
            bound_by: None,
            bound_hints: Vec::new(),
            sign_in_ends: None,
        })
    }

    fn begin(looks: &mut Looks) -> Option<String> {
        looks.begin().map(|(store, _)| store.0)
    }

    fn end(looks: &mut Looks, store: &str) {
        let turn = looks.turn;
        assert!(looks.end(turn, id(store), found()));
    }

    #[test]
    fn one_look_at_a_time_and_the_one_that_is_meant_first() {
        let all = stores(&["a", "b", "c", "d"]);
        let mut looks = Looks::default();
        assert!(looks.is_looking(), "for the stores");
        looks.pick(id("a"));
        assert_eq!(begin(&mut looks).as_deref(), Some("a"));
        looks.look_everywhere(&all);
        assert_eq!(begin(&mut looks), None);
        assert_eq!(looks.progress(4), 1);
        end(&mut looks, "a");
        assert_eq!(begin(&mut looks).as_deref(), Some("b"));
        looks.pick(id("d"));
        assert_eq!(looks.progress(4), 2, "it was to come anyway");
        end(&mut looks, "b");
        assert_eq!(begin(&mut looks).as_deref(), Some("d"));
        end(&mut looks, "d");
        assert_eq!(begin(&mut looks).as_deref(), Some("c"));
        end(&mut looks, "c");
        assert!(looks.everywhere);
        assert_eq!(begin(&mut looks), None);
        assert!(!looks.everywhere);
        looks.pick(id("b"));
        assert!(!looks.is_looking(), "it is known");
        looks.look_everywhere(&all);
        assert_eq!(looks.progress(4), 0, "all of them again");
    }

    #[test]
    fn who_stops_waits_for_nothing() {
        let all = stores(&["a", "b", "c"]);
        let mut looks = Looks::default();
        looks.pick(id("a"));
        let (_, turn) = looks.begin().unwrap();
        end(&mut looks, "a");
        looks.look_everywhere(&all);
        assert_eq!(begin(&mut looks).as_deref(), Some("b"));
        looks.stop();
        assert_eq!(looks.words(&id("b"), who), "Not looked at yet");
        assert_eq!(begin(&mut looks), None);
        assert!(!looks.end(turn, id("b"), found()), "it comes too late");
        looks.pick(id("c"));
        assert_eq!(begin(&mut looks).as_deref(), Some("c"));
        // The look that the person waits for goes on.
        looks.look_everywhere(&all);
        looks.stop();
        assert_eq!(looks.words(&id("c"), who), "Looking…");
        end(&mut looks, "c");
        assert_eq!(looks.words(&id("c"), who), "Nobody");
    }

    #[test]
    fn what_was_found_stays_when_a_later_look_fails() {
        let mut looks = Looks::default();
        looks.pick(id(""));
        begin(&mut looks);
        end(&mut looks, "");
        looks.look();
        let (store, turn) = looks.begin().unwrap();
        let failure = crate::words::server_not_allowed();
        assert!(looks.end(turn, store, Err(failure.clone())));
        let seen = looks.seen().unwrap();
        assert!(seen.found.is_some() && seen.failure == Some(failure));
        assert_eq!(looks.words(&id(""), who), "Could not be looked at");
    }
}
