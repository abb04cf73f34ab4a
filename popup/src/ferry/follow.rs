//! What keeps the state up to date: the background, the address, and the clock.

use super::*;

/// How often the clock turns, in milliseconds.
const TICK_MS: u32 = 500;

/// So many looks at a session that is being checked come a tick after one another: most
/// checks have ended by then. Each pause after is a tick longer.
const QUICK_LOOKS: u32 = 4;

/// The longest pause between two looks, in ticks.
const LONGEST_PAUSE: u32 = 30;

/// How many ticks after the one before comes the look that so many came before.
fn pause(looks: u32) -> u32 {
    LONGEST_PAUSE.min(1 + looks.saturating_sub(QUICK_LOOKS - 1))
}

impl Ferry {
    /// Reads what was kept, listens to the background, and asks it for news.
    pub fn start() -> Self {
        let now = clock();
        let search = window().location().search().unwrap_or_default();
        let has = |wanted: &str| search.split(['?', '&']).any(|part| part == wanted);
        let in_tab = has("view=tab");
        let hash = window().location().hash().unwrap_or_default();
        let place = (!in_tab && hash.len() < 2)
            .then(|| keep::take_place(now))
            .flatten();
        let mut ferry = Self::new(
            keep::state(),
            place.unwrap_or_else(|| Route::parse(&hash)),
            in_tab,
            now,
        );
        ferry.for_web_page = has("for=page");
        ferry.follow_address();
        ferry.follow_background();
        ferry.follow_time();
        ferry
    }

    /// Goes where the address says, whenever it changes.
    pub fn follow_address(self) {
        let handle = window_event_listener(leptos::ev::hashchange, move |_| {
            let route = Route::parse(&window().location().hash().unwrap_or_default());
            if self.route.get_untracked() != route {
                self.route.set(route);
            }
        });
        on_cleanup(move || handle.remove());
    }

    fn follow_background(self) {
        listen(move |Event::State(state), text| {
            keep::keep_state(text);
            self.set_state(*state);
        });
        self.look_up_permissions();
        // By the time of a click they are known.
        self.with_stores(Box::new(|_| ()));
        spawn_local(async move {
            // The port tells the state as well; whichever is first.
            match ask(GetState {}).await {
                Ok(state) => self.set_state(state),
                Err(error) if self.stage().get_untracked() == Stage::Loading => {
                    self.failure.set(Some(error.into_failure()));
                }
                Err(_) => {}
            }
            if self.stage().get_untracked() == Stage::Ready {
                self.refresh();
            }
        });
        let handle = window_event_listener(leptos::ev::focus, move |_| {
            // Back from another tab: permissions and sessions may have changed.
            self.look_up_permissions();
            if self.in_tab && self.stage().get_untracked() == Stage::Ready {
                self.refresh();
            }
        });
        on_cleanup(move || handle.remove());
    }

    /// Turns the clock, and looks again while a session is being checked: first
    /// with every tick, then ever less often.
    fn follow_time(self) {
        let (looks, waited) = (StoredValue::new(0_u32), StoredValue::new(0_u32));
        let tick = Interval::new(TICK_MS, move || {
            self.now.set(clock());
            if document().visibility_state() == VisibilityState::Hidden {
                return;
            }
            if !self.awaits_check() {
                looks.set_value(0);
                waited.set_value(0);
                return;
            }
            waited.update_value(|waited| *waited += 1);
            if waited.get_value() >= pause(looks.get_value()) {
                waited.set_value(0);
                looks.update_value(|looks| *looks += 1);
                self.refresh();
            }
        });
        // It ends with the page.
        StoredValue::new_local(tick);
    }

    fn awaits_check(self) -> bool {
        let unchecked = self.state.with_untracked(|state| match state.as_ref().map(|state| &state.phase) {
            Some(Phase::Ready { accounts, .. }) => accounts
                .iter()
                .any(|account| matches!(&account.session, SessionStatus::Transferred(session) if session.check.is_none())),
            _ => false,
        });
        unchecked
            || self
                .doing
                .with_untracked(|doing| doing.any(|one| matches!(one, Doing::Checking { .. })))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the page's clock; everything else gets the time from here"
)]
fn clock() -> UnixMillis {
    UnixMillis(js_sys::Date::now() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_come_ever_less_often_after_the_first_four() {
        let pauses: Vec<u32> = (0..7).map(pause).collect();
        assert_eq!(pauses, [1, 1, 1, 1, 2, 3, 4]);
        assert_eq!((pause(32), pause(33), pause(u32::MAX)), (30, 30, 30));
    }
}
