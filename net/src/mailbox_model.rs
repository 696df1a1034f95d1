//! A model of the mailbox: every order in which two threads can go through it,
//! tried by loom. The simulator has one thread and cannot find what this does.
//!
//! The file of the mailbox itself is compiled once more, against loom's
//! primitives.

mod sync {
    //! Loom's primitives under the names of [`crate::sync`].

    pub(super) use loom::sync::atomic::{AtomicU8, Ordering};
    pub(super) use loom::sync::{Arc, Mutex};
    use std::task::Waker;

    #[derive(Default, Debug)]
    pub(super) struct AtomicWaker(loom::future::AtomicWaker);

    impl AtomicWaker {
        pub(super) fn register(&self, waker: &Waker) {
            self.0.register_by_ref(waker);
        }

        pub(super) fn take(&self) -> Option<Waker> {
            self.0.take_waker()
        }
    }

    /// Wakes at once: there is no other thread's queue.
    #[derive(Debug)]
    pub(super) struct WakeQueue;

    impl WakeQueue {
        pub(super) fn of_this_thread() -> Option<Arc<WakeQueue>> {
            None
        }

        pub(super) fn wake(&self, task: Waker) {
            task.wake();
        }
    }
}

#[path = "mailbox.rs"]
#[allow(
    unreachable_pub,
    dead_code,
    clippy::duplicate_mod,
    reason = "it is compiled a second time; it is public, and used, where it belongs"
)]
mod mailbox;

use loom::future::block_on;
use loom::sync::Arc;
use loom::thread;
use mailbox::Mailbox;
use std::future::poll_fn;
use std::task::Poll;

/// What a connection has taken out of its mailbox when it ends, as `connection`
/// takes it: flags first, then bytes. Loom tells when it sleeps for ever.
fn take_until(mailbox: &Mailbox, mut enough: impl FnMut(&Taken) -> bool) -> Taken {
    let mut taken = Taken::default();
    block_on(poll_fn(|context| {
        mailbox.register(context.waker());
        let post = mailbox.take();
        if post.bytes() {
            mailbox.take_bytes(&mut taken.bytes);
        }
        taken.resumed |= post.resume();
        taken.closed |= post.close();
        if enough(&taken) { Poll::Ready(()) } else { Poll::Pending }
    }));
    taken
}

#[derive(Default)]
struct Taken {
    bytes: Vec<u8>,
    resumed: bool,
    closed: bool,
}

#[test]
fn no_wake_up_and_no_byte_is_lost() {
    loom::model(|| {
        let mailbox = Arc::new(Mailbox::default());
        let posting = Arc::clone(&mailbox);
        let engine = thread::spawn(move || {
            posting.send(b"1");
            posting.send(b"23");
        });
        let taken = take_until(&mailbox, |taken| taken.bytes.len() == 3);
        assert_eq!(taken.bytes, b"123");
        engine.join().unwrap();
    });
}

#[test]
fn what_was_sent_before_a_close_is_there_when_the_close_is_seen() {
    loom::model(|| {
        let mailbox = Arc::new(Mailbox::default());
        let posting = Arc::clone(&mailbox);
        let engine = thread::spawn(move || {
            posting.send(b"1");
            posting.close(true);
        });
        let taken = take_until(&mailbox, |taken| taken.closed);
        assert_eq!(taken.bytes, b"1");
        engine.join().unwrap();
    });
}

/// Two threads post at once. Three threads have too many orders to try them all;
/// those with few preemptions are where such bugs are.
#[test]
fn a_resume_is_seen_besides_the_bytes_of_another_thread() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(|| {
        let mailbox = Arc::new(Mailbox::default());
        let [sending, resuming] = [(); 2].map(|()| Arc::clone(&mailbox));
        let one = thread::spawn(move || sending.send(b"1"));
        let other = thread::spawn(move || resuming.resume());
        let taken = take_until(&mailbox, |taken| taken.resumed && !taken.bytes.is_empty());
        assert_eq!(taken.bytes, b"1");
        one.join().unwrap();
        other.join().unwrap();
    });
}

/// A batch takes bytes without the flags, so that its replies come behind them:
/// nothing comes twice, nothing is left behind.
#[test]
fn bytes_that_a_batch_takes_along_come_once_and_in_order() {
    loom::model(|| {
        let mailbox = Arc::new(Mailbox::default());
        let posting = Arc::clone(&mailbox);
        let engine = thread::spawn(move || {
            posting.send(b"1");
            posting.send(b"2");
        });
        let mut bytes = Vec::new();
        if mailbox.has_bytes() {
            mailbox.take_bytes(&mut bytes);
        }
        let batch = bytes.len();
        let taken = take_until(&mailbox, |taken| batch + taken.bytes.len() == 2);
        bytes.extend_from_slice(&taken.bytes);
        assert_eq!(bytes, b"12");
        engine.join().unwrap();
    });
}
