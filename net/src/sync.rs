//! The primitives that the mailbox is made of; its model has others under these names.

pub(crate) use atomic_waker::AtomicWaker;
pub(crate) use std::sync::Mutex;
pub(crate) use std::sync::atomic::{AtomicU8, Ordering};
