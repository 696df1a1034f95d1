//! Saving the data set and loading it: state machines behind the boundary.
//!
//! ```text
//! BGSAVE, save points ─┐                                        ┌─> status, log
//! SAVE ────────────────┼─> save: walk ─> append … sync ─> rename ┼─> reply
//! FLUSHALL, SHUTDOWN ──┤     (slices)     (disk completions)     ├─> exit
//! DEBUG RELOAD ────────┘                                        └─> load: open, read … insert (slices)
//! start ────────────────────────────────────────────────────────────^
//! ```
//!
//! A machine goes on by [`crate::server::timer::Timer`]s that are due at once,
//! so that other inputs get their turn between slices, and by completions of
//! disk operations. Slices are budgets of work. Nothing here blocks, nor writes
//! a reply while another client's command runs: replies that are due late go to
//! [`crate::server::Server::deferred`].

pub mod aof;
mod image;
pub mod load;
pub mod reload;
pub mod save;
pub mod schedule;
pub mod shutdown;
pub mod sink;

#[cfg(test)]
pub(crate) mod tests;

use crate::boundary::effects::{LogLevel, Orders};
use crate::boundary::time::Now;
use crate::command::context::Context;
use crate::config::Id;
use crate::keyspace::Keyspace;
use crate::server::Server;
use alloc::string::String;

/// What is known of saving and loading. INFO's section Persistence reads the
/// public fields; the names of its fields stand with them.
pub struct Persistence {
    /// `rdb_saves`: saves begun by SAVE, BGSAVE and save points.
    pub saves: u64,
    /// `rdb_last_save_time` and LASTSAVE: seconds since 1970; the start, if
    /// nothing was saved since.
    pub last_save: i64,
    /// `rdb_last_bgsave_status`: true is `ok`.
    pub last_ok: bool,
    /// `rdb_last_bgsave_time_sec`: -1 if there was none.
    pub last_seconds: i64,
    /// `rdb_bgsave_in_progress`: when the save in the background began, seconds
    /// since 1970. See [`Persistence::current_seconds`] too.
    pub background_since: Option<i64>,
    /// True if BGSAVE is to begin when it can.
    pub scheduled: bool,
    /// `current_save_keys_processed`: of a save in progress.
    pub keys_processed: u64,
    /// `current_save_keys_total`: of a save in progress.
    pub keys_total: u64,
    /// `current_cow_size`: bytes of entries that were saved ahead because they
    /// were about to change, in a save in progress.
    pub ahead_bytes: u64,
    /// `current_cow_peak`: the most of `ahead_bytes`.
    pub ahead_peak: u64,
    /// `rdb_last_cow_size`: `ahead_bytes` of the last save in the background.
    pub last_ahead_bytes: u64,
    /// `rdb_last_load_keys_loaded`.
    pub last_loaded: u64,
    /// `rdb_last_load_keys_expired`.
    pub last_expired: u64,
    /// Keys with empty collections that the last load left out.
    pub last_empty: u64,
    /// The `loading_*` fields, while a file is loaded.
    pub loading: Option<load::LoadProgress>,
    /// When a save in the background was last tried, seconds since 1970.
    pub(crate) last_try: i64,
    /// The append only file.
    pub aof: aof::Aof,
    pub(crate) save: Option<save::Save>,
    pub(crate) next_save: Option<save::Purpose>,
    pub(crate) load: Option<load::Load>,
    pub(crate) shutdown: shutdown::Shutdown,
}

impl Persistence {
    /// Nothing is under way, at the start.
    pub fn new(now: Now) -> Persistence {
        Persistence {
            saves: 0,
            last_save: now.unix.seconds(),
            last_ok: true,
            last_seconds: -1,
            background_since: None,
            scheduled: false,
            keys_processed: 0,
            keys_total: 0,
            ahead_bytes: 0,
            ahead_peak: 0,
            last_ahead_bytes: 0,
            last_loaded: 0,
            last_expired: 0,
            last_empty: 0,
            loading: None,
            last_try: 0,
            aof: aof::Aof::default(),
            save: None,
            next_save: None,
            load: None,
            shutdown: shutdown::Shutdown::default(),
        }
    }

    /// `rdb_current_bgsave_time_sec`: -1 if none is in progress.
    pub fn current_seconds(&self, now: Now) -> i64 {
        self.background_since.map_or(-1, |since| now.unix.seconds() - since)
    }

    /// `current_fork_perc`: how much of a save in progress is done.
    pub fn current_percent(&self) -> f64 {
        if self.keys_total == 0 { 0.0 } else { self.keys_processed as f64 / self.keys_total as f64 * 100.0 }
    }

    /// `shutdown_in_milliseconds`, if a shutdown waits for replicas.
    pub fn shutdown_in_ms(&self, now: Now) -> Option<u64> {
        self.shutdown.until.map(|until| until.since(now.monotonic) / 1000)
    }
}

/// What the machines work on.
pub(crate) struct Work<'a> {
    pub(crate) now: Now,
    pub(crate) keyspace: &'a mut Keyspace,
    pub(crate) server: &'a mut Server,
    pub(crate) orders: &'a mut Orders,
}

impl Work<'_> {
    pub(crate) fn log(&mut self, level: LogLevel, message: impl Into<String>) {
        self.orders.log(level, message);
    }

    /// Writes a line about a primary to the log, in the words of the server whose
    /// name this one has.
    pub(crate) fn log_of_primary(&mut self, level: LogLevel, line: impl Into<String>) {
        self.orders.log(level, self.server.personality.line_of_primary(line.into()));
    }

    /// True if any save point is configured.
    fn has_save_points(&self) -> bool {
        !self.server.config.save_points().is_empty()
    }

    /// `dbfilename`.
    pub(crate) fn rdb_file_name(&self) -> String {
        self.file_name()
    }

    fn file_name(&self) -> String {
        String::from_utf8_lossy(self.server.config.text(Id::Dbfilename)).into_owned()
    }

    /// Nothing is exclusive any more: who waited for that goes on.
    fn end_exclusive(&mut self) {
        self.server.exclusive = false;
        self.server.resume_waiting(self.orders);
    }
}

impl Context<'_> {
    /// The machines, for a command that starts one.
    pub(crate) fn persistence(&mut self) -> Work<'_> {
        Work { now: self.now, keyspace: self.keyspace, server: self.server, orders: self.orders }
    }
}
