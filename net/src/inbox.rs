//! What is left for whoever has a lock, by threads that do not wait for it.

// `super`, because `inbox_model` compiles this file against other primitives.
use super::sync::{AtomicBool, Mutex, Ordering, fence};

/// An inbox beside a lock. To be looked into by everybody who has let go of the
/// lock, and by who posts, each trying to get the lock: then nothing is left
/// lying.
#[derive(Debug)]
pub(crate) struct Inbox<T> {
    posted: AtomicBool,
    posts: Mutex<Vec<T>>,
}

impl<T> Default for Inbox<T> {
    fn default() -> Inbox<T> {
        Inbox { posted: AtomicBool::new(false), posts: Mutex::new(Vec::new()) }
    }
}

impl<T> Inbox<T> {
    /// Posts something. The caller is to try for the lock then.
    pub(crate) fn post(&self, posts: impl IntoIterator<Item = T>) {
        self.posts.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).extend(posts);
        self.posted.store(true, Ordering::Release);
        // Before the lock is tried; the other half is in `has_posts`.
        fence(Ordering::SeqCst);
    }

    /// True if something was posted. Sees what was posted by whoever did not get
    /// the lock because the caller had it.
    #[inline]
    pub(crate) fn has_posts(&self) -> bool {
        fence(Ordering::SeqCst);
        self.posted.load(Ordering::Acquire)
    }

    /// Takes what was posted, in order. To be called with the lock, so that the
    /// order is kept.
    pub(crate) fn take(&self) -> Vec<T> {
        self.posted.store(false, Ordering::Release);
        std::mem::take(&mut self.posts.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}
