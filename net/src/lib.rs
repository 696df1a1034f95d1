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

pub mod check_rdb;
pub mod connection;
pub mod disk;
pub mod host;
pub mod listener;
pub mod mailbox;
pub mod oracle;
pub mod shared;
pub mod timer;
