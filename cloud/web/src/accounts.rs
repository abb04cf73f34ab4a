//! Accounts and their sessions: fetching them, having one checked, deleting one.

use ferry_protocol::api::{Account, SessionStatus};
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::{AccountId, UnixMillis};
use ferry_ui::page::{Done, Trouble};
use ferry_ui::session::stored;
use ferry_ui::text::Clean;
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::VisibilityState;

use crate::app::{App, AskError, Stage};

/// How often a session is looked at while the cloud tries it out, in milliseconds.
const LOOK_MS: u32 = 1_000;

/// For a check that was asked for it is waited so long, in milliseconds.
const PATIENCE_MS: i64 = 60_000;

/// The cloud was asked to check a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// When the last check was that was known then.
    before: Option<UnixMillis>,
    /// When it was asked.
    at: UnixMillis,
}

fn checked_at(account: &Account) -> Option<UnixMillis> {
    let session = stored(&account.session)?;
    session.check.as_ref().map(|check| check.at)
}

impl App {
    /// Fetches the accounts.
    pub fn refresh(self) {
        spawn_local(async move {
            match self.ask(async |client| client.accounts().await).await {
                Ok(accounts) => {
                    self.accounts.set(Some(accounts));
                    self.say_trouble(None);
                }
                // Where nobody is signed in any more, it says so there.
                Err(error) if self.me.with_untracked(Option::is_some) => {
                    self.say_trouble(Some(error.trouble()))
                }
                Err(_) => {}
            }
        });
    }

    /// Fetches one account. One that is the person's no longer leaves the list.
    pub fn refresh_account(self, id: AccountId) {
        spawn_local(async move {
            match self.ask(async |client| client.account(id).await).await {
                Ok(account) => {
                    self.take_account(account);
                    self.say_trouble(None);
                }
                Err(AskError::Api(error)) if error.problem() == Some(ProblemCode::NotFound) => {
                    self.drop_account(id);
                }
                // Where nobody is signed in any more, it says so there.
                Err(error) if self.me.with_untracked(Option::is_some) => {
                    self.say_trouble(Some(error.trouble()));
                }
                Err(_) => {}
            }
        });
    }

    /// Above the page, once: what is asked every second fails every second.
    fn say_trouble(self, trouble: Option<Trouble>) {
        if self.notice.with_untracked(|known| *known != trouble) {
            self.notice.set(trouble);
        }
    }

    fn drop_account(self, id: AccountId) {
        self.checking
            .update(|checking| checking.retain(|known, _| *known != id));
        self.accounts.update(|accounts| {
            if let Some(accounts) = accounts {
                accounts.retain(|known| known.id != id);
            }
        });
    }

    /// Takes over what is known of an account.
    pub fn take_account(self, account: Account) {
        let is_over = self.checking.with_untracked(|checking| {
            checking.get(&account.id).is_some_and(|asked| {
                let waited = self.page.now.get_untracked().0.saturating_sub(asked.at.0);
                checked_at(&account) != asked.before || waited > PATIENCE_MS
            })
        });
        if is_over {
            self.checking
                .update(|checking| checking.retain(|id, _| *id != account.id));
        }
        self.accounts.update(|accounts| {
            let Some(accounts) = accounts else { return };
            if let Some(known) = accounts.iter_mut().find(|known| known.id == account.id) {
                *known = account;
            }
        });
    }

    /// Looks again at what changes by itself: whenever the person comes back, and
    /// while the cloud tries a session out.
    pub fn follow_accounts(self) {
        let stage = self.stage();
        let back = window_event_listener(leptos::ev::focus, move |_| {
            if stage.get_untracked() == Stage::Ready {
                self.refresh();
            }
        });
        on_cleanup(move || back.remove());
        let tick = Interval::new(LOOK_MS, move || {
            let is_seen = document().visibility_state() != VisibilityState::Hidden;
            if is_seen && stage.get_untracked() == Stage::Ready {
                for id in self.unchecked() {
                    self.refresh_account(id);
                }
            }
        });
        tick.forget();
    }

    fn unchecked(self) -> Vec<AccountId> {
        let checking = self.checking.get_untracked();
        let waits = |account: &&Account| {
            let is_new =
                matches!(&account.session, SessionStatus::Transferred(session) if session.check.is_none());
            is_new || checking.contains_key(&account.id)
        };
        self.accounts.with_untracked(|accounts| {
            let accounts = accounts.iter().flatten().filter(waits);
            accounts.map(|account| account.id).collect()
        })
    }

    /// Has the cloud check the session now, and waits for what it finds.
    pub fn check(self, id: AccountId, done: Done) {
        spawn_local(async move {
            let asked = Asked {
                before: self
                    .account(id)
                    .with_untracked(|account| account.as_ref().and_then(checked_at)),
                at: self.page.now.get_untracked(),
            };
            done(
                match self.ask(async |client| client.check_session(id).await).await {
                    Ok(account) => {
                        self.checking.update(|checking| {
                            let _ = checking.insert(id, asked);
                        });
                        self.take_account(account);
                        self.page.say("The cloud is checking the session.".to_owned());
                        None
                    }
                    Err(error) => Some(error.trouble()),
                },
            );
        });
    }

    /// Deletes the session; the person has confirmed it.
    pub fn delete_session(self, account: &Account, done: Done) {
        let (id, name) = (account.id, Clean::name(&account.name).into_string());
        spawn_local(async move {
            done(
                match self.ask(async |client| client.delete_session(id).await).await {
                    Ok(account) => {
                        self.take_account(account);
                        self.page
                            .say(format!("Session of {name} deleted from the cloud."));
                        None
                    }
                    Err(error) => Some(error.trouble()),
                },
            );
        });
    }
}
