//! Several futures at once, with less code than the general ones.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use futures_util::future::{MaybeDone, maybe_done};

/// Runs futures at once; what came of them, in their order.
pub async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<Pin<Box<MaybeDone<F>>>> = futures
        .into_iter()
        .map(|future| Box::pin(maybe_done(future)))
        .collect();
    poll_fn(|context| {
        let mut ready = true;
        for future in &mut running {
            ready &= future.as_mut().poll(context).is_ready();
        }
        if ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    running
        .iter_mut()
        .filter_map(|future| future.as_mut().take_output())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn all_run_at_once_and_keep_their_order() {
        let open = &Cell::new(false);
        let gate = |value: u8| {
            poll_fn(move |_| {
                if value == 1 || open.get() {
                    Poll::Ready(value)
                } else {
                    Poll::Pending
                }
            })
        };
        let mut both = Box::pin(all([gate(2), gate(1)]));
        assert_eq!((&mut both).now_or_never(), None);
        open.set(true);
        assert_eq!(both.now_or_never(), Some(vec![2, 1]));
        assert_eq!(
            all(Vec::<std::future::Ready<u8>>::new()).now_or_never(),
            Some(vec![])
        );
    }
}
