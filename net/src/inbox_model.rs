//! A model of the inbox beside a lock: every order in which two threads can go
//! through it, tried by loom. What is posted is always taken, by whoever.

mod sync {
    //! Loom's primitives under the names of [`crate::sync`].

    pub(super) use loom::sync::Mutex;
    pub(super) use loom::sync::atomic::{AtomicBool, Ordering, fence};
}

#[path = "inbox.rs"]
#[allow(clippy::duplicate_mod, reason = "it is compiled a second time")]
mod inbox;

use inbox::Inbox;
use loom::sync::{Arc, Mutex};
use loom::thread;

#[derive(Default)]
struct Shared {
    inbox: Inbox<u32>,
    taken: Mutex<Vec<u32>>,
}

impl Shared {
    /// As the driver does it; the lock is that of `taken`.
    fn take(&self) {
        while self.inbox.has_posts() {
            let Ok(mut taken) = self.taken.try_lock() else { return };
            taken.extend(self.inbox.take());
        }
    }
}

#[test]
fn what_is_posted_is_taken() {
    loom::model(|| {
        let shared = Arc::new(Shared::default());
        let poster = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.inbox.post([1, 2]);
                shared.take();
            })
        };
        drop(shared.taken.lock().unwrap());
        shared.take();
        poster.join().unwrap();
        assert_eq!(*shared.taken.lock().unwrap(), [1, 2]);
    });
}

#[test]
fn what_two_post_is_taken_whole() {
    loom::model(|| {
        let shared = Arc::new(Shared::default());
        let poster = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.inbox.post([1]);
                shared.take();
            })
        };
        shared.inbox.post([2]);
        shared.take();
        poster.join().unwrap();
        let mut taken = shared.taken.lock().unwrap().clone();
        taken.sort_unstable();
        assert_eq!(taken, [1, 2]);
    });
}
