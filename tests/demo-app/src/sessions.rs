//! Who is signed in, by which tokens. Pure: no HTTP and no clock; randomness is
//! passed in.
//!
//! A *session* belongs to one browser and holds several identities, each with a
//! token of its own. Its rotating token moves on at each visit of the account
//! page; the newest is accepted, and the one before it, in case the answer that
//! carried the newest was lost. An older one means that two parties use the
//! session, and ends it, as refresh tokens do (RFC 9700 §4.14.2).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::cookies;
use crate::users::{self, User};

/// The values of all cookies of a session.
#[derive(Clone, Default)]
pub(crate) struct Jar {
    /// Names the session.
    pub(crate) session: String,
    /// Second half of the session's name, in the partitioned cookie. Pages that
    /// do not need it are also shown without.
    pub(crate) partitioned: Option<String>,
    /// The rotating token.
    pub(crate) rotating: String,
    /// Whose notes are shown: the identity switched to.
    pub(crate) active: String,
    /// All signed-in identities.
    pub(crate) accounts: Vec<Account>,
}

/// One entry of the list of accounts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    /// Name of the user.
    pub(crate) id: String,
    /// Proves that the user signed in.
    pub(crate) token: String,
}

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// This cookie is not there, or not in its form.
    Missing(&'static str),
    /// No such session, or it has ended.
    Ended,
    /// This cookie is of another session.
    Wrong(&'static str),
    /// The session was made by another user agent.
    OtherBrowser,
    /// An old rotating token came back; the session has ended.
    Reused,
    /// None of the identities, or not the active one, is signed in any more.
    SignedOut,
}

impl Refusal {
    /// Stable name, for tests.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Missing(_) => "missing-cookie",
            Self::Ended => "no-session",
            Self::Wrong(_) => "wrong-cookie",
            Self::OtherBrowser => "other-user-agent",
            Self::Reused => "rotated-cookie-reused",
            Self::SignedOut => "signed-out",
        }
    }

    /// The cookie at fault, if one is.
    pub(crate) fn cookie(self) -> Option<&'static str> {
        match self {
            Self::Missing(cookie) | Self::Wrong(cookie) => Some(cookie),
            Self::Reused => Some(cookies::ROTATING),
            Self::Ended | Self::OtherBrowser | Self::SignedOut => None,
        }
    }
}

/// Somebody who is signed in.
pub(crate) struct Visitor {
    /// The session's name.
    session: String,
    /// Whether the rotating token was the newest, and not its predecessor.
    newest: bool,
    /// The identity switched to.
    pub(crate) active: &'static User,
    /// All identities, in the order of their sign-in.
    pub(crate) identities: Vec<&'static User>,
    /// How often the account page was visited.
    pub(crate) visits: u64,
}

struct Session {
    user_agent: String,
    partitioned: String,
    rotating: String,
    /// The token before `rotating`.
    previous: Option<String>,
    accounts: Vec<Account>,
    visits: u64,
}

/// All sessions.
pub(crate) struct Sessions {
    by_name: HashMap<String, Session>,
    random: fn() -> [u8; 16],
}

impl Sessions {
    /// None yet.
    pub(crate) fn new(random: fn() -> [u8; 16]) -> Self {
        Self {
            by_name: HashMap::new(),
            random,
        }
    }

    /// Who these cookies sign in, out of this user agent.
    pub(crate) fn check(&mut self, jar: &Jar, user_agent: &str) -> Result<Visitor, Refusal> {
        let session = self.by_name.get(&jar.session).ok_or(Refusal::Ended)?;
        if session.user_agent != user_agent {
            return Err(Refusal::OtherBrowser);
        }
        if jar
            .partitioned
            .as_ref()
            .is_some_and(|given| *given != session.partitioned)
        {
            return Err(Refusal::Wrong(cookies::PARTITIONED));
        }
        let newest = session.rotating == jar.rotating;
        if !newest && session.previous.as_ref() != Some(&jar.rotating) {
            self.by_name.remove(&jar.session);
            return Err(Refusal::Reused);
        }
        let identities: Vec<_> = session
            .accounts
            .iter()
            .filter(|account| jar.accounts.contains(account))
            .filter_map(|account| users::find(&account.id))
            .collect();
        let active = *identities
            .iter()
            .find(|user| user.id == jar.active)
            .ok_or(Refusal::SignedOut)?;
        Ok(Visitor {
            session: jar.session.clone(),
            newest,
            active,
            identities,
            visits: session.visits,
        })
    }

    /// Signs a user in: into the visitor's session, or into a new one.
    pub(crate) fn sign_in(&mut self, visitor: Option<&Visitor>, user: &User, user_agent: &str) -> Jar {
        let name = match visitor {
            Some(visitor) => visitor.session.clone(),
            None => self.open(user_agent),
        };
        let token = self.token();
        if let Some(session) = self.by_name.get_mut(&name)
            && !session.accounts.iter().any(|account| account.id == user.id)
        {
            session.accounts.push(Account {
                id: user.id.to_owned(),
                token,
            });
        }
        self.jar(&name, user)
    }

    /// The cookies after switching to another of the visitor's identities;
    /// nothing if it is not among them.
    pub(crate) fn switch(&self, visitor: &Visitor, user: &User) -> Option<Jar> {
        visitor
            .identities
            .contains(&user)
            .then(|| self.jar(&visitor.session, user))
    }

    /// Counts a visit of the account page, and gives the rotating token to hold
    /// from now on: a new one, or the newest again to who still had its
    /// predecessor.
    pub(crate) fn visit(&mut self, visitor: &mut Visitor) -> String {
        let token = self.token();
        let Some(session) = self.by_name.get_mut(&visitor.session) else {
            return token;
        };
        session.visits += 1;
        visitor.visits = session.visits;
        if visitor.newest {
            session.previous = Some(std::mem::replace(&mut session.rotating, token));
        }
        session.rotating.clone()
    }

    /// Signs one identity out. What the cookies are then; nothing when it was the
    /// last, which ends the session.
    pub(crate) fn sign_out(&mut self, visitor: &Visitor, user: &User) -> Option<Jar> {
        let session = self.by_name.get_mut(&visitor.session)?;
        session.accounts.retain(|account| account.id != user.id);
        let Some(first) = session
            .accounts
            .first()
            .and_then(|account| users::find(&account.id))
        else {
            self.end(visitor);
            return None;
        };
        let active = if visitor.active == user {
            first
        } else {
            visitor.active
        };
        Some(self.jar(&visitor.session, active))
    }

    /// Ends the visitor's session, with all its identities.
    pub(crate) fn end(&mut self, visitor: &Visitor) {
        self.by_name.remove(&visitor.session);
    }

    /// Signs a user out of every session, unknown to the browsers. How many
    /// sessions that were.
    pub(crate) fn end_everywhere(&mut self, user: &User) -> usize {
        let mut ended = 0;
        self.by_name.retain(|_, session| {
            let before = session.accounts.len();
            session.accounts.retain(|account| account.id != user.id);
            ended += before - session.accounts.len();
            !session.accounts.is_empty()
        });
        ended
    }

    fn open(&mut self, user_agent: &str) -> String {
        let name = self.token();
        let session = Session {
            user_agent: user_agent.to_owned(),
            partitioned: self.token(),
            rotating: self.token(),
            previous: None,
            accounts: Vec::new(),
            visits: 0,
        };
        self.by_name.insert(name.clone(), session);
        name
    }

    fn jar(&self, name: &str, active: &User) -> Jar {
        let Some(session) = self.by_name.get(name) else {
            return Jar::default();
        };
        Jar {
            session: name.to_owned(),
            partitioned: Some(session.partitioned.clone()),
            rotating: session.rotating.clone(),
            active: active.id.to_owned(),
            accounts: session.accounts.clone(),
        }
    }

    /// 128 random bits in hexadecimal.
    fn token(&self) -> String {
        (self.random)().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
#[path = "sessions_tests.rs"]
mod tests;
