//! Saving the data set in a file, by a walk over a snapshot.
//!
//! One save at a time. In the background others go on meanwhile; what they
//! write waits when the disk does not follow. In the foreground the server is
//! exclusive until the end.
//!
//! ```text
//! Walking ──> Draining ──> Syncing ──> Renaming ──> done
//!    └───────────┴────────────┴───────────┴──> Removing ──> failed, killed
//! ```

mod end;
mod walk;

use crate::boundary::effects::{DiskOperation, LogLevel};
use crate::boundary::id::FileId;
use crate::boundary::time::Now;
use crate::config::{Id, MaxmemoryPolicy};
use crate::keyspace::snapshot::{Given, Sink};
use crate::persistence::Work;
use crate::persistence::aof::CommandSink;
use crate::persistence::reload::Reload;
use crate::persistence::sink::{DatabaseSize, FileOptions, FileSink};
use crate::rdb::{WriteOptions, WriteVersion};
use crate::server::deferred::Waiter;
use crate::server::disk::{DiskUse, SaveOperation};
use crate::server::timer::Timer;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Bytes that are appended at once, at least.
pub(super) const CHUNK: usize = 256 << 10;
/// A delayed save pauses for so many microseconds at least.
const DELAY_MIN: u64 = 1000;

/// Why the data set is saved.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// BGSAVE and save points.
    Background,
    /// A base of the append only file.
    Rewrite,
    /// While the server is exclusive.
    Foreground(Then),
}

/// What follows a save in the foreground.
#[derive(Clone, Debug)]
pub(crate) enum Then {
    /// SAVE's reply.
    Reply(Waiter),
    /// Nothing: FLUSHALL has replied.
    Nothing,
    /// DEBUG RELOAD.
    Reload(Reload),
    /// SHUTDOWN.
    ShutDown,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Walking,
    Draining,
    Syncing,
    Renaming,
    Removing(Outcome),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Saved,
    Failed,
    Killed,
}

/// A save in progress.
#[derive(Debug)]
pub(crate) struct Save {
    purpose: Purpose,
    stage: Stage,
    file: FileId,
    temporary: String,
    target: String,
    began: Now,
    /// Changes before it began: those that it saves.
    dirty_before: u64,
    /// `rdb-key-save-delay` as it was when the save began.
    delay: Option<Delay>,
    /// Bytes at the disk.
    outstanding: usize,
    /// Bytes so far.
    size: u64,
    /// Bytes since the last sync.
    unsynced: usize,
    /// What the sink had when the walk last stopped.
    given: Given,
}

#[derive(Clone, Copy, Debug)]
struct Delay {
    entries: usize,
    microseconds: u64,
}

impl Delay {
    /// From microseconds a key; below zero, one microsecond for so many keys.
    fn new(configured: i64) -> Option<Delay> {
        let keys_per_pause = match configured {
            0 => return None,
            1.. => (DELAY_MIN / configured.unsigned_abs()).max(1),
            _ => DELAY_MIN * configured.unsigned_abs(),
        };
        let microseconds = if configured > 0 { keys_per_pause * configured.unsigned_abs() } else { DELAY_MIN };
        Some(Delay { entries: keys_per_pause as usize, microseconds })
    }
}

impl Work<'_> {
    /// True while a save runs that BGSAVE may not run beside.
    pub(crate) fn saving_in_background(&self) -> bool {
        self.server.persistence.background_since.is_some()
    }

    /// True while something else than a save walks over the data.
    pub(crate) fn another_walk(&mut self) -> bool {
        let saves = match &self.server.persistence.save {
            Some(save) => !matches!(save.purpose, Purpose::Rewrite),
            None => false,
        };
        !saves && self.keyspace.snapshot_sink().is_some() || self.server.persistence.aof.rewriting.is_some()
    }

    /// Saves in the background. None may be in progress.
    pub(crate) fn save_in_background(&mut self) {
        let seconds = self.now.unix.seconds();
        let process = self.server.host.process_id;
        let status = &mut self.server.persistence;
        status.saves += 1;
        status.last_try = seconds;
        status.background_since = Some(seconds);
        self.log(LogLevel::Notice, format!("Background saving started by pid {process}"));
        self.begin(Purpose::Background);
    }

    /// Saves while nothing else happens. A save in the background is given up.
    pub(crate) fn save_in_foreground(&mut self, then: Then) {
        self.server.exclusive = true;
        self.kill_background_save();
        self.begin(Purpose::Foreground(then));
    }

    /// A save begins once the one before has cleaned up and the last walk, if
    /// it was given up, has come to its end.
    pub(super) fn begin(&mut self, purpose: Purpose) {
        self.server.persistence.next_save = Some(purpose);
        self.begin_next();
    }

    fn begin_next(&mut self) {
        let status = &mut self.server.persistence;
        if status.save.is_some() || status.next_save.is_none() {
            return;
        }
        if self.keyspace.snapshot_active() {
            self.server.timers.set(Timer::SnapshotStep, self.now.monotonic);
            return;
        }
        let Some(purpose) = status.next_save.take() else { return };
        let rewrites = matches!(purpose, Purpose::Rewrite);
        let sink: Box<dyn Sink> = if rewrites && !self.server.config.boolean(Id::AofUseRdbPreamble) {
            Box::new(CommandSink::new(&self.base_annotation()))
        } else {
            Box::new(self.sink(rewrites))
        };
        self.keyspace.begin_snapshot(sink);
        if rewrites {
            self.begin_rotation();
        }
        let file = self.server.disk.new_file();
        let temporary =
            if rewrites { self.rewrite_temporary() } else { format!("temp-{}.rdb", self.server.host.process_id) };
        let config = &self.server.config;
        let save = Save {
            purpose,
            stage: Stage::Walking,
            file,
            temporary: temporary.clone(),
            target: self.file_name(),
            began: self.now,
            dirty_before: self.keyspace.dirty,
            delay: Delay::new(config.integer(Id::RdbKeySaveDelay)),
            outstanding: 0,
            size: 0,
            unsynced: 0,
            given: Given::default(),
        };
        let status = &mut self.server.persistence;
        status.keys_total = self.keyspace.databases().map(|(_, database)| database.len() as u64).sum();
        status.keys_processed = 0;
        status.ahead_bytes = 0;
        status.save = Some(save);
        self.start_save_operation(SaveOperation::Create, DiskOperation::Create { file, path: temporary });
        self.server.timers.set(Timer::SnapshotStep, self.now.monotonic);
    }

    fn sink(&self, is_base: bool) -> FileSink {
        let config = &self.server.config;
        let eviction = match config.chosen::<MaxmemoryPolicy>(Id::MaxmemoryPolicy) {
            MaxmemoryPolicy::VolatileLru
            | MaxmemoryPolicy::AllkeysLru
            | MaxmemoryPolicy::VolatileLfu
            | MaxmemoryPolicy::AllkeysLfu => Some(self.keyspace.access),
            _ => None,
        };
        let options = FileOptions {
            version: if config.integer(Id::RdbVersion) == 10 { WriteVersion::V10 } else { WriteVersion::V11 },
            write: WriteOptions {
                checksum: config.boolean(Id::Rdbchecksum),
                compression: config.boolean(Id::Rdbcompression),
            },
            eviction,
            now: self.now,
        };
        let personality = self.server.personality;
        let version_name = if personality.server == "valkey" { "valkey-ver" } else { "redis-ver" };
        let created = self.now.unix.seconds().to_string();
        let used = self.server.used_memory(self.keyspace).to_string();
        let texts = [
            (version_name, personality.version),
            ("redis-bits", "64"),
            ("ctime", &created),
            ("used-mem", &used),
            ("aof-base", if is_base { "1" } else { "0" }),
        ];
        let sizes = self.keyspace.databases().map(|(_, database)| {
            let size = DatabaseSize { keys: database.len() as u64, expires: database.volatile() as u64 };
            Some(size).filter(|size| size.keys > 0)
        });
        FileSink::new(&options, texts.iter().map(|(key, value)| (key.as_bytes(), value.as_bytes())), sizes.collect())
    }

    /// A base without data.
    pub(super) fn empty_base(&self) -> Vec<u8> {
        if self.server.config.boolean(Id::AofUseRdbPreamble) {
            return self.sink(true).take(true);
        }
        self.base_annotation()
    }

    fn start_save_operation(&mut self, what: SaveOperation, operation: DiskOperation) {
        if let Some(save) = &self.server.persistence.save {
            self.server.disk.start(self.orders, DiskUse::Save(save.file, what), operation);
        }
    }

    fn set_stage(&mut self, stage: Stage) {
        if let Some(save) = &mut self.server.persistence.save {
            save.stage = stage;
        }
    }
}
