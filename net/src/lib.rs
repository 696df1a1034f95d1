//! The driver: carries bytes between the engine and the world, and decides
//! nothing that a client could observe.
//!
//! ```text
//! io thread ── connection ─┐                       ┌─ mailbox ─> connection (any thread)
//! io thread ── connection ─┼─> lock: Engine::handle ├─ disk thread ─> Input::Disk
//! timer ───────────────────┘        and its Effects └─ log, exit, drop thread
//! ```
//!
//! A connection reads and parses without the lock, holds it for one batch, and
//! writes without it.
//!
//! | module | is |
//! | --- | --- |
//! | `program`, `start` | which program this is; from the command line to serving |
//! | `host`, `tokio_host` | what the driver needs of its surroundings, and the real ones |
//! | `listener`, `connection`, `link`, `mailbox`, `wake_queue` | sockets and what goes through them |
//! | `shared`, `inbox`, `commit`, `timer`, `signal`, `disk`, `oracle` | everything that enters the engine, and what it wants done |
//! | `settings`, `process`, `log`, `crash`, `allocator` | the process around it |
//! | `recorder` | what goes into the engine, kept for a replay |
//! | `raw` | the only unsafe code |

pub mod allocator;
pub mod check_aof;
pub mod check_rdb;
pub mod clock;
pub mod commit;
pub mod connection;
pub mod crash;
pub mod disk;
pub mod host;
mod inbox;
#[cfg(test)]
mod inbox_model;
pub mod link;
pub mod listener;
pub mod log;
pub mod mailbox;
#[cfg(test)]
mod mailbox_model;
pub mod memory_test;
pub mod oracle;
pub mod process;
pub mod program;
pub mod raw;
pub mod recorder;
pub mod settings;
pub mod shared;
pub mod signal;
pub mod start;
mod sync;
pub mod timer;
pub mod tokio_host;
pub mod wake_queue;
