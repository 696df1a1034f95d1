//! How the tasks of one thread are woken by others.
//!
//! Each wake from another thread is a system call. So they are queued: the first
//! that is queued wakes a task of the thread, and that wakes all the others.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

thread_local! {
    static OWN: RefCell<Option<Arc<WakeQueue>>> = const { RefCell::new(None) };
}

/// The tasks of one thread that others want woken.
#[derive(Default)]
pub struct WakeQueue(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    waiting: Vec<Waker>,
    /// Wakes the task that empties the queue, once it runs.
    task: Option<Waker>,
}

impl fmt::Debug for WakeQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakeQueue").finish_non_exhaustive()
    }
}

impl WakeQueue {
    /// That of this thread, if it has one.
    pub fn of_this_thread() -> Option<Arc<WakeQueue>> {
        OWN.with_borrow(Clone::clone)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes a task of the thread whose queue this is.
    pub fn wake(&self, task: Waker) {
        let own = OWN.with_borrow(|own| own.as_ref().is_some_and(|own| std::ptr::eq(&raw const **own, self)));
        if own {
            return task.wake();
        }
        let mut queue = self.queue();
        queue.waiting.push(task);
        if queue.waiting.len() == 1
            && let Some(emptier) = queue.task.clone()
        {
            drop(queue);
            emptier.wake();
        }
    }

    /// Gives this thread a queue, and empties it for ever.
    pub async fn serve() {
        let own = Arc::new(WakeQueue::default());
        OWN.set(Some(Arc::clone(&own)));
        poll_fn(|context| {
            let mut queue = own.queue();
            queue.task = Some(context.waker().clone());
            let waiting = std::mem::take(&mut queue.waiting);
            drop(queue);
            waiting.into_iter().for_each(Waker::wake);
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;
    use tokio::task::{LocalSet, yield_now};

    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Counter {
        fn new() -> (Arc<Counter>, Waker) {
            let counter = Arc::new(Counter::default());
            (Arc::clone(&counter), Waker::from(counter))
        }

        fn woken(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn one_wake_from_elsewhere_stands_for_all() {
        let queue = Arc::new(WakeQueue::default());
        let ((emptier, of_emptier), (one, of_one), (other, of_other)) =
            (Counter::new(), Counter::new(), Counter::new());
        queue.queue().task = Some(of_emptier);
        queue.wake(of_one);
        queue.wake(of_other);
        assert_eq!((emptier.woken(), one.woken(), other.woken()), (1, 0, 0));
        assert_eq!(queue.queue().waiting.len(), 2);
    }

    #[test]
    fn what_others_queue_is_woken_by_the_own_thread() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            tokio::task::spawn_local(WakeQueue::serve());
            yield_now().await;
            let own = WakeQueue::of_this_thread().unwrap();
            for round in 1..=3 {
                let (elsewhere, of_elsewhere) = Counter::new();
                let queue = Arc::clone(&own);
                std::thread::spawn(move || queue.wake(of_elsewhere)).join().unwrap();
                assert_eq!(elsewhere.woken(), 0, "round {round}");
                yield_now().await;
                yield_now().await;
                assert_eq!(elsewhere.woken(), 1, "round {round}");
            }
            let (here, of_here) = Counter::new();
            own.wake(of_here);
            assert_eq!(here.woken(), 1);
        });
    }
}
