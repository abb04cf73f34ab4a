//! News of how far a transfer is, held back for a moment: newer news takes its place.

use std::cell::RefCell;

use ferry_bridge::State;
use gloo_timers::callback::Timeout;

/// For how long, in milliseconds: nobody reads a line that stands for less, and each one
/// drawn is a frame that takes its time from the work.
const MOMENT_MS: u32 = 150;

thread_local! {
    /// What is shown when the moment is over, and the timer that ends it.
    static HELD: RefCell<Option<(State, Timeout)>> = const { RefCell::new(None) };
}

/// Shows a state in a moment. One that is held already gives way to it, and the moment
/// is not prolonged.
pub(super) fn hold(state: State, show: impl FnOnce(State) + 'static) {
    HELD.with_borrow_mut(|held| match held {
        Some((before, _)) => *before = state,
        None => {
            let timer = Timeout::new(MOMENT_MS, move || {
                if let Some((state, _timer)) = HELD.take() {
                    show(state);
                }
            });
            *held = Some((state, timer));
        }
    });
}

/// Something else is shown: what is held is old.
pub(super) fn drop_held() {
    HELD.set(None);
}
