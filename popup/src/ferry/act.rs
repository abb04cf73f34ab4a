//! What the pages can do. Everything that asks for the browser's permission has to
//! be called within the handler of a click, and asks before it awaits anything.

use super::*;

impl Ferry {
    /// Shows another page.
    pub fn go(self, route: Route) {
        // The address changes, and `follow_address` does the rest; without one
        // (in tests) it is set at once.
        let _ = window().location().set_hash(&route.hash());
        self.route.set(route);
    }

    /// The click on *Share*. Has to be called within the handler of the click:
    /// the browser's prompt is asked for before anything is awaited.
    pub fn share_clicked(self, account: &Account) {
        let id = account.id;
        let granted = self.granted.with_untracked(|granted| granted.get(&id).copied());
        let click = match self.for_web_page {
            // A page that had this tab opened may have chosen the moment: the box first.
            true => Click::Explain,
            false => click(account, granted, self.prompts),
        };
        match click {
            Click::Transfer | Click::AskThenTransfer => self.transfer_now(account, Choice::default()),
            Click::Explain => {
                self.dismiss(id);
                self.go(Route::Share(id));
            }
            Click::OpenTab => {
                self.dismiss(id);
                open_tab(Route::Share(id));
            }
        }
    }

    /// Transfers, asking the browser for the app's domains first if it has not
    /// granted them and this definition was agreed to before: any other may be one that the
    /// background does not accept. Has to be called within the handler of a click. Where the person
    /// has to say first which cookie store is meant, the page that asks is shown.
    pub fn transfer_now(self, account: &Account, choice: Choice) {
        let (id, app) = (account.id, account.app.name.clone());
        if let Some(store) = &choice.store {
            keep::keep_store(id, store);
        }
        let (only, named) = (choice.only, choice.named);
        let agreed = self
            .state
            .with_untracked(|state| agreed(state.as_ref(), id).filter(|_| choice.agreed));
        let share = move |store: StoreId| Share {
            account: id,
            consent: agreed.clone(),
            accept_unknown: choice.accept_unknown,
            store,
            only: only.clone(),
            named: named.clone(),
        };
        let granted = self
            .granted
            .with_untracked(|granted| granted.get(&id) == Some(&true));
        let known = choice.store.or_else(|| {
            self.stores
                .with_untracked(|stores| meant(&stores.as_ref()?.stores, keep::store(id)))
        });
        let prompt = (!granted && account.consent.is_some()).then(|| {
            keep::keep_place(self.route.get_untracked(), self.now.get_untracked());
            expect(known.clone().map(&share));
            permissions::request_app(&account.app.origins())
        });
        let follows = prompt.is_none() && known.is_some();
        // First of all the message: what the page shows takes its time as well.
        spawn_local(async move {
            if let Some(prompt) = prompt {
                let allowed = prompt.await.unwrap_or(false);
                keep::drop_place();
                self.set_granted(id, allowed);
                if !allowed {
                    expect(None);
                    self.set_doing(id, None);
                    self.fail(id, words::not_allowed(&app));
                    return;
                }
            }
            match known {
                Some(store) => self.send(share(store)),
                None => self.with_stores(Box::new(move |stores| {
                    match meant(&stores.stores, keep::store(id)) {
                        Some(store) => self.send(share(store)),
                        None => {
                            self.set_doing(id, None);
                            self.go(Route::Share(id));
                        }
                    }
                })),
            }
        });
        if follows {
            // In the background, the new transfer takes the place of the last one.
            self.hide_outcome(id);
        } else {
            self.dismiss(id);
        }
        self.set_doing(id, Some(Doing::Sharing));
    }

    fn send(self, share: Share) {
        let id = share.account;
        spawn_local(async move {
            let answer = ask(share).await;
            if answer.is_ok() {
                // Whatever it tells is the outcome of this click.
                self.hidden.update(|hidden| hidden.set(id, None));
            }
            self.settle(id, answer).await;
            let remedy = self
                .trouble(id)
                .get_untracked()
                .and_then(|failure| failure.remedy);
            if let Some(Remedy::OpenSignIn { .. } | Remedy::OpenSignOut { .. }) = remedy {
                // The right one is not there; perhaps it is in another cookie store.
                keep::drop_store(id);
            }
            self.set_doing(id, None);
        });
    }

    /// Whether there are several cookie stores to choose from.
    pub fn has_choice(self) -> bool {
        self.stores
            .with(|stores| stores.as_ref().is_some_and(|stores| stores.stores.len() > 1))
    }

    /// Calls with the cookie stores; asks for them if they are not known yet.
    pub fn with_stores(self, then: Box<dyn FnOnce(&CookieStores)>) {
        match self.stores.get_untracked() {
            Some(stores) => then(&stores),
            None => self.look_up_stores(then),
        }
    }

    /// Asks which cookie stores there are by now, and calls with them.
    pub fn look_up_stores(self, then: Box<dyn FnOnce(&CookieStores)>) {
        spawn_local(async move {
            if let Ok(stores) = ask(ListStores {}).await {
                self.stores.set(Some(stores));
            }
            // Without an answer there is the one of ordinary windows, as far as is known.
            let known = self.stores.get_untracked().unwrap_or(CookieStores {
                stores: Vec::new(),
                current: StoreId::default(),
            });
            then(&known);
        });
    }

    /// Asks the browser for these of the app's domains, and then calls. Nothing is
    /// transferred, whatever was clicked before. Has to be called within the handler of a
    /// click.
    pub fn allow(self, account: &Account, origins: &[String], then: impl FnOnce(bool) + 'static) {
        let (id, app) = (account.id, account.app.name.clone());
        self.dismiss(id);
        expect(None);
        keep::keep_place(self.route.get_untracked(), self.now.get_untracked());
        let prompt = permissions::request_app(origins);
        spawn_local(async move {
            let allowed = prompt.await.unwrap_or(false);
            keep::drop_place();
            self.set_granted(id, allowed);
            if !allowed {
                self.fail(id, words::not_allowed(&app));
            }
            then(allowed);
        });
    }

    /// Deletes the session; the person has confirmed it.
    pub fn delete(self, account: &Account) {
        let (id, name) = (account.id, Clean::name(&account.name).into_string());
        self.dismiss(id);
        self.set_doing(id, Some(Doing::Deleting));
        spawn_local(async move {
            let answer = ask(Delete { account: id }).await;
            let is_deleted = answer.is_ok();
            self.settle(id, answer).await;
            self.set_doing(id, None);
            if is_deleted {
                self.say(format!("Session of {name} deleted from the cloud."));
                self.deleted.set(Some(id));
            }
        });
    }

    /// Has the cloud check the session now, and waits for what it finds.
    pub fn check(self, account: &Account) {
        let id = account.id;
        self.dismiss(id);
        self.say("Checking the session in the cloud.".to_owned());
        let doing = Doing::Checking {
            before: checked_at(account),
            since: self.now.get_untracked(),
        };
        self.set_doing(id, Some(doing));
        spawn_local(async move {
            let answer = ask(Check { account: id }).await;
            if answer.is_err() {
                self.set_doing(id, None);
            }
            self.settle(id, answer).await;
        });
    }

    /// Fetches the state anew.
    pub fn refresh(self) {
        if self.refreshing.get_untracked() {
            return;
        }
        self.refreshing.set(true);
        spawn_local(async move {
            let answer = ask(Refresh {}).await;
            self.refreshing.set(false);
            self.take_state(answer);
        });
    }

    /// Puts the set-up of this browser off, for the person who is signed in.
    pub fn set_up_later(self) {
        let user = self
            .profile()
            .with_untracked(|profile| Some(profile.as_ref()?.user.id));
        self.put_off(user);
    }

    /// Goes on with the set-up.
    pub fn set_up_now(self) {
        self.put_off(None);
    }

    pub(super) fn put_off(self, user: Option<UserId>) {
        keep::keep_later(user);
        self.later.set(user);
    }

    /// Whether the state is being fetched.
    pub fn is_refreshing(self) -> Var<bool> {
        self.refreshing
    }

    /// Signs out of Ferry.
    pub fn sign_out(self) {
        spawn_local(async move { self.take_state(ask(SignOut {}).await) });
    }

    /// Does what a remedy offers. Has to be called within the handler of a click.
    pub fn remedy(self, remedy: &Remedy, account: &Account) {
        match remedy {
            Remedy::OpenSignIn { url } | Remedy::OpenSignOut { url } => open_url(url),
            Remedy::Retry => self.share_clicked(account),
            Remedy::GrantPermission { .. } => {
                self.set_granted(account.id, false);
                self.share_clicked(account);
            }
            Remedy::Decide | Remedy::GiveConsent => {
                self.dismiss(account.id);
                self.go(Route::Share(account.id));
            }
            // The background has signed out, or found the device disabled, by
            // then: the new state shows the page for it.
            Remedy::SignIn | Remedy::SetUpDevice => self.refresh(),
        }
    }

    /// Takes over whether the browser has granted the domains of an account's app.
    pub fn set_granted(self, id: AccountId, granted: bool) {
        if self.granted.with_untracked(|all| all.get(&id) != Some(&granted)) {
            self.granted.update(|all| all.set(id, Some(granted)));
        }
    }

    /// Has a screen reader say it, when it has finished what it says.
    pub fn say(self, text: String) {
        self.page.say(text);
    }

    /// Asks, and takes the state that comes back; `then` hears how it ended.
    pub fn ask_state<A>(self, request: A, then: impl FnOnce(Option<Failure>) + 'static)
    where
        A: Ask<Response = State>,
    {
        self.ask_any(request.into(), Box::new(then));
    }

    /// Compiled once.
    fn ask_any(self, request: Request, then: Box<dyn FnOnce(Option<Failure>)>) {
        spawn_local(async move {
            match send::<State>(request).await {
                Ok(state) => {
                    self.set_state(state);
                    then(None);
                }
                Err(error) => then(Some(error.into_failure())),
            }
        });
    }
}

/// Tells the background what it goes on with when the browser grants the permission
/// and closes this page, if with anything.
fn expect(share: Option<Share>) {
    // If this is not heard, the person clicks once more.
    spawn_local(async move { drop(ask(ExpectPermission { share }).await) });
}
