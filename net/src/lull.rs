//! Syncing where a thread would sleep else.
//!
//! While a sync is under way that holds all output back, nothing of what is
//! handled can leave. So a thread that has nothing else to do carries it out
//! itself, as long as syncs are short: two threads that wake one another take as
//! long as the sync does, and requests that are read one by one as they come cost
//! more than those that are found together. Where syncs are slow, or there is
//! something else to do, the disk's thread carries it out beside all else.

use crate::disk::{Completion, Operations};
use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Syncs that usually take longer are left to the disk's thread.
const SYNC_MAX: Duration = Duration::from_millis(1);
/// Inputs that are handled before a thread is held to be busy.
const INPUTS_MAX: u32 = 16;

thread_local! {
    /// True on a thread that comes here before it sleeps.
    static SLEEPS: Cell<bool> = const { Cell::new(false) };
}

/// What carries operations out, and what takes their ends.
type CarryOut = Box<dyn Fn(Operations) -> Vec<Completion> + Send + Sync>;
type Complete = Box<dyn Fn(Vec<Completion>) + Send + Sync>;

/// What is left for a thread that is about to sleep.
#[derive(Default)]
pub struct Lull {
    /// True while something is left.
    left: AtomicBool,
    state: Mutex<State>,
    disk: OnceLock<(CarryOut, Complete)>,
}

#[derive(Default)]
struct State {
    operations: Option<Operations>,
    /// Inputs that were handled since.
    inputs: u32,
    /// How long syncs take: a moving average.
    usual: Duration,
}

impl fmt::Debug for Lull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lull").field("left", &self.left).finish_non_exhaustive()
    }
}

impl Lull {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how operations are carried out and who is told of their ends. To be
    /// called once.
    pub fn serve(
        &self,
        carry_out: impl Fn(Operations) -> Vec<Completion> + Send + Sync + 'static,
        complete: impl Fn(Vec<Completion>) + Send + Sync + 'static,
    ) {
        let first = self.disk.set((Box::new(carry_out), Box::new(complete))).is_ok();
        debug_assert!(first);
    }

    /// Leaves an append and the sync that all output waits for to this thread, for
    /// when it has nothing else to do. Gives them back if they are better carried
    /// out elsewhere.
    pub fn leave(&self, operations: Operations) -> Result<(), Operations> {
        let mut state = self.state();
        if !SLEEPS.get() || state.usual > SYNC_MAX || state.operations.is_some() {
            return Err(operations);
        }
        state.operations = Some(operations);
        state.inputs = 0;
        self.left.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// An input was handled. Gives back what was left if so many were that this
    /// thread does not come to it soon.
    #[inline]
    pub fn input_handled(&self) -> Option<Operations> {
        if self.left.load(Ordering::Relaxed) { self.count_input() } else { None }
    }

    #[cold]
    fn count_input(&self) -> Option<Operations> {
        let mut state = self.state();
        state.inputs += 1;
        if state.inputs > INPUTS_MAX { self.take(&mut state) } else { None }
    }

    fn take(&self, state: &mut State) -> Option<Operations> {
        self.left.store(false, Ordering::Relaxed);
        state.operations.take()
    }

    /// This thread has nothing to do: it carries out what was left.
    pub fn sleeps(&self) {
        SLEEPS.set(true);
        if !self.left.load(Ordering::Relaxed) {
            return;
        }
        let operations = self.take(&mut self.state());
        if let (Some(operations), Some((carry_out, complete))) = (operations, self.disk.get()) {
            complete(self.measure(|| carry_out(operations)));
        }
    }

    /// Measures a sync that all output waits for.
    pub fn measure<T>(&self, sync: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let result = sync();
        self.note(began.elapsed());
        result
    }

    fn note(&self, took: Duration) {
        let mut state = self.state();
        state.usual = (state.usual * 7 + took) / 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::End;
    use engine::boundary::effects::DiskOperation;
    use engine::boundary::id::{DiskToken, FileId};
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, channel};

    fn operations(token: u64) -> Operations {
        vec![(DiskToken(token), DiskOperation::Sync { file: FileId(1) })]
    }

    fn tokens(operations: &Operations) -> Vec<u64> {
        operations.iter().map(|(token, _)| token.0).collect()
    }

    fn lull() -> (Arc<Lull>, Receiver<Vec<u64>>) {
        let (lull, (done, carried_out)) = (Arc::new(Lull::default()), channel());
        let carry_out = |operations: Operations| {
            operations.into_iter().map(|(token, _)| Completion { token, result: Ok(End::Done) }).collect()
        };
        let complete = move |ended: Vec<Completion>| {
            done.send(ended.iter().map(|completion| completion.token.0).collect()).unwrap();
        };
        lull.serve(carry_out, complete);
        (lull, carried_out)
    }

    #[test]
    fn a_thread_that_sleeps_carries_out_what_was_left() {
        let (lull, carried_out) = lull();
        lull.sleeps();
        lull.leave(operations(1)).unwrap();
        assert_eq!(tokens(&lull.leave(operations(2)).unwrap_err()), [2], "one at a time");
        lull.sleeps();
        lull.sleeps();
        assert_eq!(carried_out.try_iter().collect::<Vec<_>>(), [[1]]);
        lull.leave(operations(3)).unwrap();
    }

    #[test]
    fn a_thread_that_never_sleeps_is_left_nothing() {
        let (lull, _carried_out) = lull();
        lull.sleeps();
        let elsewhere = Arc::clone(&lull);
        std::thread::spawn(move || assert!(elsewhere.leave(operations(1)).is_err())).join().unwrap();
    }

    #[test]
    fn a_thread_that_is_busy_gives_it_back() {
        let (lull, carried_out) = lull();
        lull.sleeps();
        assert_eq!(lull.input_handled(), None);
        lull.leave(operations(1)).unwrap();
        let given_back = (0..=INPUTS_MAX).find_map(|_| lull.input_handled());
        assert_eq!(given_back.map(|operations| tokens(&operations)), Some(vec![1]));
        lull.sleeps();
        assert!(carried_out.try_recv().is_err());
    }

    #[test]
    fn slow_syncs_are_left_to_others_until_they_are_short_again() {
        let (lull, _carried_out) = lull();
        lull.sleeps();
        lull.note(SYNC_MAX * 20);
        assert!(lull.leave(operations(1)).is_err());
        (0..30).for_each(|_| lull.note(SYNC_MAX / 5));
        assert!(lull.leave(operations(1)).is_ok());
    }
}
