//! The primitives that the mailbox and the inbox are made of; their models have others under these names.

pub(crate) use crate::wake_queue::WakeQueue;
pub(crate) use atomic_waker::AtomicWaker;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8, Ordering, fence};
pub(crate) use std::sync::{Arc, Mutex};
