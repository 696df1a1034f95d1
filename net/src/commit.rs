//! Commits: an append, and the sync that all output waits for.
//!
//! Nothing of what is handled while a commit is under way can leave before it ends.
//! So a thread that serves clients carries out those that it starts itself, as long
//! as they are short, after whatever was ready to be handled: two threads that wake
//! one another take as long as the disk does, and requests that are read one by one
//! as they come cost more than those that are found together. On a slow disk its
//! thread carries commits out beside all else.

use crate::disk::{Completion, DiskQueue, Files, Operations};
use crate::host::Host;
use crate::shared::Shared;
use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Commits that usually take longer are slow.
const SHORT_MAX: Duration = Duration::from_millis(2);

thread_local! {
    /// Wakes the task of this thread, once it has one.
    static TASK: RefCell<Option<Waker>> = const { RefCell::new(None) };
}

/// The commit under way; there is one at a time.
#[derive(Default)]
pub struct Commit(Mutex<State>);

#[derive(Default)]
struct State {
    stage: Stage,
    /// How long commits take: a moving average.
    usual: Duration,
}

#[derive(Default)]
enum Stage {
    /// None is under way.
    #[default]
    None,
    /// Left for the task of the thread that started it.
    Left(Operations),
    /// In the hands of that task.
    Taken,
    /// With the disk's thread, which wakes the task.
    Away(Waker),
    /// The disk's thread is done.
    Done(Vec<Completion>),
}

impl fmt::Debug for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commit").finish_non_exhaustive()
    }
}

impl Commit {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves a commit to the task of this thread. Gives it back if there is no such
    /// task, or another commit is under way.
    pub fn leave(&self, operations: Operations) -> Result<(), Operations> {
        let Some(task) = TASK.with_borrow(Clone::clone) else { return Err(operations) };
        let mut state = self.state();
        if !matches!(state.stage, Stage::None) {
            return Err(operations);
        }
        state.stage = Stage::Left(operations);
        drop(state);
        task.wake();
        Ok(())
    }

    /// Carries a commit out and measures it.
    fn carry_out(&self, files: &Files, operations: Operations) -> Vec<Completion> {
        let began = Instant::now();
        let ended = files.carry_out_all(operations);
        self.note(began.elapsed());
        ended
    }

    fn note(&self, took: Duration) {
        let mut state = self.state();
        state.usual = (state.usual * 7 + took) / 8;
    }

    /// The disk's thread carries out what was given away to it.
    pub fn carry_out_away(&self, files: &Files, operations: Operations) {
        let ended = self.carry_out(files, operations);
        let away = std::mem::replace(&mut self.state().stage, Stage::Done(ended));
        if let Stage::Away(task) = away {
            task.wake();
        }
    }

    /// The ends of a commit of this thread, if there is one that has ended.
    fn poll(&self, files: &Files, queue: &DiskQueue, context: &Context<'_>) -> Poll<Vec<Completion>> {
        let mut state = self.state();
        match std::mem::replace(&mut state.stage, Stage::Taken) {
            Stage::Left(operations) if state.usual <= SHORT_MAX => {
                drop(state);
                return Poll::Ready(self.carry_out(files, operations));
            }
            Stage::Left(operations) => {
                state.stage = Stage::Away(context.waker().clone());
                queue.commit(operations);
            }
            Stage::Done(ended) => return Poll::Ready(ended),
            other => state.stage = other,
        }
        Poll::Pending
    }
}

/// The task of a thread that serves clients: sees to the commits that it starts.
pub async fn serve<H: Host>(commit: Arc<Commit>, shared: Arc<Shared<H>>, files: Arc<Files>, queue: DiskQueue) {
    loop {
        let ended = poll_fn(|context| {
            if TASK.with_borrow(Option::is_none) {
                TASK.set(Some(context.waker().clone()));
            }
            commit.poll(&files, &queue, context)
        })
        .await;
        commit.state().stage = Stage::None;
        shared.completed(ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{DiskThread, Jobs};
    use engine::boundary::effects::DiskOperation;
    use engine::boundary::id::{DiskToken, FileId};

    /// A commit whose thread's task is this test.
    struct Thread {
        commit: Arc<Commit>,
        files: Arc<Files>,
        queue: DiskQueue,
        jobs: Jobs,
    }

    impl Thread {
        fn new() -> Thread {
            TASK.set(Some(Waker::noop().clone()));
            let commit = Arc::new(Commit::default());
            let files = Arc::new(Files::default());
            let (_, queue, jobs) = DiskThread::new(Arc::clone(&commit), Arc::clone(&files));
            Thread { commit, files, queue, jobs }
        }

        /// The token of what has ended.
        fn poll(&self) -> Option<u64> {
            let context = Context::from_waker(Waker::noop());
            match self.commit.poll(&self.files, &self.queue, &context) {
                Poll::Ready(ended) => {
                    self.commit.state().stage = Stage::None;
                    Some(ended[0].token.0)
                }
                Poll::Pending => None,
            }
        }

        /// What the disk's thread is given to do; it does it.
        fn disk_works(&self) -> bool {
            self.jobs.work_once(&self.files, &self.commit, |_| unreachable!("nobody waits for a commit's end here"))
        }
    }

    fn sync(token: u64) -> Operations {
        vec![(DiskToken(token), DiskOperation::Sync { file: FileId(1) })]
    }

    #[test]
    fn a_short_one_is_carried_out_by_its_thread() {
        let thread = Thread::new();
        assert_eq!(thread.poll(), None);
        thread.commit.leave(sync(1)).unwrap();
        assert_eq!(thread.commit.leave(sync(2)).unwrap_err(), sync(2), "one at a time");
        assert_eq!(thread.poll(), Some(1));
        assert!(!thread.disk_works());
        thread.commit.leave(sync(2)).unwrap();
        assert_eq!(thread.poll(), Some(2));
    }

    #[test]
    fn a_slow_one_is_given_away_until_they_are_short_again() {
        let thread = Thread::new();
        thread.commit.note(SHORT_MAX * 20);
        thread.commit.leave(sync(1)).unwrap();
        assert_eq!(thread.poll(), None);
        assert_eq!(thread.poll(), None, "the disk's thread has it");
        assert!(thread.commit.leave(sync(2)).is_err());
        assert!(thread.disk_works());
        assert_eq!(thread.poll(), Some(1));
        (0..30).for_each(|_| thread.commit.note(SHORT_MAX / 5));
        thread.commit.leave(sync(3)).unwrap();
        assert_eq!(thread.poll(), Some(3));
        assert!(!thread.disk_works());
    }

    #[test]
    fn a_thread_that_has_no_task_is_left_nothing() {
        let thread = Thread::new();
        let commit = Arc::clone(&thread.commit);
        std::thread::spawn(move || assert!(commit.leave(sync(1)).is_err())).join().unwrap();
    }
}
