//! How one thread tells a connection of another thread something.

// `super`, because `mailbox_model` compiles this file against other primitives.
use super::sync::{Arc, AtomicU8, AtomicWaker, Mutex, Ordering, WakeQueue};

const BYTES: u8 = 1;
const CLOSE: u8 = 2;
const CLOSE_AT_ONCE: u8 = 4;
const RESUME: u8 = 8;

/// A connection's mailbox. Whoever holds the engine's lock posts; the
/// connection's own thread takes.
#[derive(Default, Debug)]
pub struct Mailbox {
    flags: AtomicU8,
    outbox: Mutex<Vec<u8>>,
    waker: AtomicWaker,
    /// That of the connection's thread, if it has one.
    wake_queue: Option<Arc<WakeQueue>>,
}

/// What was posted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Post(u8);

impl Post {
    /// There are bytes to send.
    pub fn bytes(self) -> bool {
        self.0 & BYTES != 0
    }

    /// Close after what was sent.
    pub fn close(self) -> bool {
        self.0 & CLOSE != 0
    }

    /// Close without sending more.
    pub fn close_at_once(self) -> bool {
        self.0 & CLOSE_AT_ONCE != 0
    }

    /// Submit waiting requests.
    pub fn resume(self) -> bool {
        self.0 & RESUME != 0
    }
}

impl Mailbox {
    /// A mailbox of a connection that this thread serves.
    pub fn of_this_thread() -> Mailbox {
        Mailbox { wake_queue: WakeQueue::of_this_thread(), ..Mailbox::default() }
    }

    /// Posts bytes to send.
    pub fn send(&self, bytes: &[u8]) {
        self.outbox.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).extend_from_slice(bytes);
        self.post(BYTES);
    }

    /// Posts that the connection is to be closed.
    pub fn close(&self, flush: bool) {
        self.post(if flush { CLOSE } else { CLOSE_AT_ONCE });
    }

    /// Posts that waiting requests are to be submitted.
    pub fn resume(&self) {
        self.post(RESUME);
    }

    fn post(&self, flag: u8) {
        self.flags.fetch_or(flag, Ordering::AcqRel);
        let Some(task) = self.waker.take() else { return };
        match &self.wake_queue {
            Some(queue) => queue.wake(task),
            None => task.wake(),
        }
    }

    /// Takes what was posted; its bytes follow by [`Mailbox::take_bytes`].
    #[inline]
    pub fn take(&self) -> Post {
        if self.flags.load(Ordering::Acquire) == 0 {
            return Post(0);
        }
        Post(self.flags.swap(0, Ordering::AcqRel))
    }

    /// Moves posted bytes to the end of `target`.
    pub fn take_bytes(&self, target: &mut Vec<u8>) {
        let mut outbox = self.outbox.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if target.is_empty() {
            std::mem::swap(target, &mut outbox);
        } else {
            target.append(&mut outbox);
        }
    }

    /// True if it was posted that the connection is to be closed.
    pub fn is_closing(&self) -> bool {
        self.flags.load(Ordering::Acquire) & (CLOSE | CLOSE_AT_ONCE) != 0
    }

    /// True if there are bytes that the connection has not taken.
    pub fn has_bytes(&self) -> bool {
        self.flags.load(Ordering::Acquire) & BYTES != 0
    }

    /// The task to wake on a post.
    pub fn register(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }
}
