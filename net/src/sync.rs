//! The primitives that the mailbox and the inbox are made of; their models have others under these names.

pub(crate) use atomic_waker::AtomicWaker;
pub(crate) use std::sync::Mutex;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8, Ordering, fence};
