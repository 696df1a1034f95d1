//! The append only file: changes go to the last of several files, which a
//! manifest lists; a rewrite replaces all before by one that holds the data.
//!
//! ```text
//! unit ─> buffer ─> Append, Sync ─────────> positions: appended >= written >= synced
//!            │        (write.rs)                              │
//!            └ while the increment changes: behind it         └─> output held back goes (hold.rs)
//!
//! rewrite (rewrite.rs):  walk ───────────────> base file ─────┐
//!                        rotation: drain, sync, new increment ┴─> manifest (task.rs) ─> history removed
//! start, DEBUG LOADAOF:  manifest ─> sizes ─> files (load.rs) ─> increment opened
//! in every file:         where in the replication history its data are (position.rs)
//! ```
//!
//! Positions count the bytes that were appended since the process began; they
//! go on over increments. An increment gets its first byte once all before is
//! durable and the manifest lists it.

pub mod check;
mod gather;
mod hold;
mod image;
mod load;
pub mod manifest;
mod position;
mod rewrite;
mod scan;
mod sink;
mod stream;
mod task;
mod write;

use crate::base::fingerprint::Fingerprint;
use crate::boundary::id::{DatabaseId, FileId};
use crate::boundary::time::{Monotonic, Now};
use crate::config::{AppendFsync, Config, Id};
use crate::server::journal::{Consumer, Unit};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use manifest::Manifest;
pub(crate) use rewrite::RewriteRequest;
pub(super) use sink::CommandSink;

/// Bytes that wait for the disk beyond which writers wait.
const WAITING_MAX: usize = 64 << 20;

/// Whether there is an append only file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum State {
    /// There is none.
    #[default]
    Off,
    /// There will be, once a first rewrite has succeeded.
    Waiting,
    /// There is one.
    On,
}

/// Bytes whose `Debug` shows their number and a hash.
#[derive(Default)]
struct Bytes(Vec<u8>);

/// Bytes that are at the disk, shared with it.
struct AtDisk(Arc<Vec<u8>>);

impl core::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        describe(&self.0, f)
    }
}

impl core::fmt::Debug for AtDisk {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        describe(&self.0, f)
    }
}

fn describe(bytes: &[u8], f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
    let mut hash = Fingerprint::new();
    hash.add_bytes(bytes);
    write!(f, "{} bytes, {:x}", bytes.len(), hash.value())
}

/// The change to another increment.
#[derive(Default, Debug)]
struct Rotation {
    /// What goes to the new one.
    behind: Bytes,
    /// True once the new one is being made, as all before is durable.
    making: bool,
}

/// The append only file. INFO reads the public fields; the names of its fields
/// stand with them.
#[derive(Default, Debug)]
pub struct Aof {
    /// `aof_enabled`: unless off.
    pub state: State,
    /// When the rewrite that is in progress began.
    pub rewriting: Option<Now>,
    /// `aof_rewrite_scheduled`, `aof_pending_rewrite`.
    pub scheduled: bool,
    /// `aof_last_rewrite_time_sec`: `None` if there was none.
    pub last_rewrite_seconds: Option<i64>,
    /// `aof_last_bgrewrite_status`: true is `err`.
    pub rewrite_failed: bool,
    /// `aof_rewrites`.
    pub rewrites: u64,
    /// `aof_rewrites_consecutive_failures`.
    pub failures: u64,
    /// `aof_last_write_status`: why appending fails, if it does.
    pub write_error: Option<String>,
    /// Likewise: why syncing fails.
    pub sync_error: Option<String>,
    /// `aof_current_size`.
    pub current_size: u64,
    /// `aof_base_size`.
    pub base_size: u64,
    /// `aof_delayed_fsync`.
    pub delayed_syncs: u64,
    /// `aof_last_cow_size`.
    pub last_ahead_bytes: u64,
    policy: Policy,
    /// True while nothing is synced, as `no-appendfsync-on-rewrite` asks for.
    suspended: bool,
    timestamps: bool,
    last_timestamp: i64,
    manifest: Manifest,
    /// Set while the list at the disk may be a newer one, as that was not made
    /// durable: it may name files that are history here.
    unsettled: bool,
    selected: Option<DatabaseId>,
    place: position::Place,
    /// The increment that grows.
    file: Option<FileId>,
    /// Its length, as far as all is well.
    file_size: u64,
    buffer: Bytes,
    /// Bytes at the disk: to be appended again should that fail.
    appending: Option<AtDisk>,
    /// Where the next bytes to append may gather: memory that has been used.
    spare: Vec<u8>,
    append_began: Monotonic,
    /// Set once an append failed: what it left has to be cut off first.
    damaged: bool,
    cutting: bool,
    retry_at: Option<Monotonic>,
    error_logged: Option<i64>,
    appended: u64,
    written: u64,
    synced: u64,
    /// The position that the sync under way makes durable.
    syncing: Option<u64>,
    sync_began: Monotonic,
    sync_slow: bool,
    /// What the next commit waits for.
    gathering: Option<gather::Gathering>,
    rotation: Option<Rotation>,
    task: Option<task::Task>,
    base_ready: Option<u64>,
    /// The base that is or was last written has the form of an RDB.
    pub(super) base_is_rdb: bool,
    /// Set when it was switched off and its file is still to be closed.
    closing: bool,
    limit: rewrite::RetryLimit,
    held: hold::Held,
    awaited: write::Awaited,
    /// A position, and the replication offset behind the same changes, until
    /// that is told to be durable.
    mark: Option<(u64, u64)>,
    /// The replication offset that was last told to be durable, since there is a
    /// file.
    told: Option<u64>,
    /// Set when the process ends, as what was promised can't be kept.
    lost: bool,
    load: Option<load::AofLoad>,
}

/// `appendfsync`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Policy {
    Always,
    #[default]
    EverySecond,
    Never,
}

impl Aof {
    /// True if changes have to be put into the file.
    pub(crate) fn listens(&self) -> bool {
        self.load.is_none() && (self.state == State::On || self.state == State::Waiting && self.rewriting.is_some())
    }

    /// Appends a unit to the bytes that go to the file; a transaction if it has
    /// several requests and is `atomic`.
    #[inline]
    pub(crate) fn append(&mut self, unit: Unit<'_>, atomic: bool, now: Now) {
        if !self.listens() || !unit.concerns(Consumer::Aof) {
            return;
        }
        let buffer = match &mut self.rotation {
            Some(rotation) => &mut rotation.behind.0,
            None => &mut self.buffer.0,
        };
        let before = buffer.len();
        let seconds = now.unix.seconds();
        if self.timestamps && self.last_timestamp < seconds {
            self.last_timestamp = seconds;
            buffer.extend_from_slice(format!("#TS:{seconds}\r\n").as_bytes());
        }
        unit.render(Consumer::Aof, atomic, &mut self.selected, |bytes| buffer.extend_from_slice(bytes));
        self.appended += (buffer.len() - before) as u64;
    }

    /// Bytes that were appended since the process began: the position behind
    /// the last change.
    pub fn appended_position(&self) -> u64 {
        self.appended
    }

    /// The position up to which all is durable.
    pub fn synced_position(&self) -> u64 {
        self.synced
    }

    /// Takes in where the replication stream is now; tells up to where it is
    /// durable here, if that is news. What of the stream is not in the file,
    /// as PUBLISH, is as durable as what stands before it.
    pub(crate) fn synced_offset(&mut self, offset: u64) -> Option<u64> {
        if self.state != State::On {
            return None;
        }
        let mut reached = self.mark.take_if(|(position, _)| *position <= self.synced).map(|(_, offset)| offset);
        if self.appended > self.synced {
            self.mark.get_or_insert((self.appended, offset));
        } else {
            reached = Some(offset);
        }
        reached = reached.filter(|reached| Some(*reached) != self.told);
        self.told = reached.or(self.told);
        reached
    }

    /// Replication offsets are those of another history now, or of another file.
    pub(crate) fn forget_offsets(&mut self) {
        self.mark = None;
        self.told = None;
    }

    /// `aof_buffer_length`.
    pub fn buffered(&self) -> usize {
        self.buffer.0.len() + self.rotation.as_ref().map_or(0, |rotation| rotation.behind.0.len())
    }

    /// `aof_pending_bio_fsync`.
    pub fn pending_syncs(&self) -> u64 {
        u64::from(self.syncing.is_some())
    }

    /// Why writes are refused, if they are.
    pub fn refusal(&self) -> Option<&str> {
        self.write_error.as_deref().or(self.sync_error.as_deref()).filter(|_| self.state != State::Off)
    }

    /// Takes over parameters that are looked at often.
    pub(crate) fn configure(&mut self, config: &Config) {
        self.policy = match config.chosen::<AppendFsync>(Id::Appendfsync) {
            AppendFsync::Always => Policy::Always,
            AppendFsync::Everysec => Policy::EverySecond,
            AppendFsync::No => Policy::Never,
        };
        self.timestamps = config.boolean(Id::AofTimestampEnabled);
    }

    /// True if so much waits for the disk that writers have to.
    pub(crate) fn writers_wait(&self) -> bool {
        self.state == State::On && self.buffered() > WAITING_MAX && self.write_error.is_none()
    }
}

/// The path of a file of the AOF.
fn path_of(config: &Config, name: &str) -> String {
    format!("{}/{name}", String::from_utf8_lossy(config.text(Id::Appenddirname)))
}

/// `appendfilename`.
fn file_name(config: &Config) -> String {
    String::from_utf8_lossy(config.text(Id::Appendfilename)).into_owned()
}
