//! Waiting for a sync instead of for sockets.
//!
//! While a sync is under way that holds all output back, requests need not be
//! read one by one as they come: a thread that has nothing else to do sleeps
//! until the sync has ended, and finds them together. It never sleeps for long:
//! only as long as syncs take, and only where they take less than half a
//! millisecond.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Syncs that take longer are not waited for.
const SYNC_MAX: Duration = Duration::from_micros(500);

/// What the disk's thread and those who wait for it share.
#[derive(Debug, Default)]
pub struct Lull {
    state: Mutex<State>,
    over: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// When the sync under way began.
    began: Option<Instant>,
    /// How long syncs take: a moving average.
    usual: Duration,
    waiting: usize,
}

impl Lull {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A sync that all output waits for was started.
    pub fn begin(&self) {
        self.state().began = Some(Instant::now());
    }

    /// The sync under way.
    pub fn under_way(&self) -> Option<Instant> {
        self.state().began
    }

    /// A sync has ended, and output is free; another may have begun already.
    pub fn end(&self, began: Instant) {
        let mut state = self.state();
        state.began.take_if(|current| *current == began);
        state.usual = (state.usual * 7 + began.elapsed()) / 8;
        if state.waiting > 0 {
            self.over.notify_all();
        }
    }

    /// Waits for the end of the sync that is under way, if that is near.
    pub fn wait(&self) {
        let mut state = self.state();
        let Some(began) = state.began else { return };
        let end = began + state.usual * 2;
        let left = end.saturating_duration_since(Instant::now());
        if state.usual > SYNC_MAX || left.is_zero() {
            return;
        }
        state.waiting += 1;
        let waited = self.over.wait_timeout_while(state, left, |state| state.began == Some(began));
        waited.unwrap_or_else(PoisonError::into_inner).0.waiting -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual(lull: &Lull, sync: Duration) -> Instant {
        lull.begin();
        let began = lull.under_way().unwrap();
        std::thread::sleep(sync);
        lull.end(began);
        lull.state().usual = sync;
        began
    }

    #[test]
    fn who_waits_goes_on_when_a_sync_has_ended() {
        let lull = Lull::default();
        lull.wait();
        usual(&lull, SYNC_MAX);
        lull.begin();
        let began = lull.under_way().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| lull.wait());
            lull.end(began);
        });
        assert_eq!(lull.state().waiting, 0);
        assert_eq!(lull.under_way(), None);
    }

    #[test]
    fn nobody_waits_for_long() {
        let lull = Lull::default();
        usual(&lull, SYNC_MAX);
        lull.begin();
        lull.wait();
        assert!(lull.under_way().unwrap().elapsed() >= SYNC_MAX * 2, "the sync goes on");
        usual(&lull, SYNC_MAX * 20);
        lull.begin();
        let start = Instant::now();
        lull.wait();
        assert!(start.elapsed() < SYNC_MAX * 20, "slow ones are not waited for at all");
    }

    #[test]
    fn the_end_of_a_sync_is_not_that_of_the_next() {
        let lull = Lull::default();
        lull.begin();
        let first = lull.under_way().unwrap();
        std::thread::sleep(Duration::from_millis(1));
        lull.begin();
        lull.end(first);
        assert!(lull.under_way().is_some_and(|began| began > first));
    }
}
