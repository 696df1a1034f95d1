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
use crate::boundary::time::{Monotonic, Now};
use crate::config::{Id, MaxmemoryPolicy};
use crate::keyspace::snapshot::{Given, Sink};
use crate::persistence::Work;
use crate::persistence::aof::CommandSink;
use crate::persistence::reload::Reload;
use crate::persistence::sink::{DatabaseSize, FileOptions, FileSink};
use crate::rdb::{WriteOptions, WriteVersion};
use crate::replication::follow::history::Position;
use crate::replication::sync::Wish;
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
    /// For replicas that synchronize, in the background.
    Replicas(Wish),
}

impl Purpose {
    /// What replicas want of it, if it is for them.
    fn wish(&self) -> Option<Wish> {
        match self {
            Purpose::Replicas(wish) => Some(*wish),
            _ => None,
        }
    }
}

/// Where a snapshot goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// Into a file.
    File,
    /// To replicas, as it is made.
    Replicas,
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
    /// When the walk's last slice was.
    stepped: Option<Monotonic>,
    /// Bytes at the disk.
    outstanding: usize,
    /// Bytes so far.
    size: u64,
    /// Bytes since the last sync.
    unsynced: usize,
    /// What the sink had when the walk last stopped.
    given: Given,
    /// True while writers wait for what takes the snapshot.
    pub(crate) holds_writers: bool,
}

impl Save {
    /// True of a rewrite that was given up and of which only its file is still to
    /// be removed.
    pub(in crate::persistence) fn is_rewrite_given_up(&self) -> bool {
        matches!(self.purpose, Purpose::Rewrite) && self.stage == Stage::Removing(Outcome::Killed)
    }

    fn target(&self) -> Target {
        self.purpose.wish().map_or(Target::File, |wish| wish.target)
    }
}

/// `rdb-key-save-delay`, by which a walk is made slow; what is set holds for the
/// walk that is under way, too.
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

    /// What replicas want of the save that runs or is about to, if it is for them.
    pub(crate) fn wish_under_way(&self) -> Option<Wish> {
        let status = &self.server.persistence;
        let purpose = status.save.as_ref().map(|save| &save.purpose).or(status.next_save.as_ref());
        purpose.and_then(Purpose::wish)
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

    /// Makes a snapshot for replicas, in the background. Nothing may walk over the
    /// data.
    pub(crate) fn save_for_replicas(&mut self, wish: Wish) {
        let process = self.server.host.process_id;
        self.server.persistence.background_since = Some(self.now.unix.seconds());
        match wish.target {
            Target::File => {
                self.server.persistence.saves += 1;
                self.server.persistence.last_try = self.now.unix.seconds();
                self.log(LogLevel::Notice, format!("Background saving started by pid {process}"));
            }
            Target::Replicas => {
                self.log(LogLevel::Notice, format!("Background RDB transfer started by pid {process}"));
            }
        }
        self.begin(Purpose::Replicas(wish));
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

    pub(crate) fn begin_next(&mut self) {
        let status = &self.server.persistence;
        if status.save.is_some() || status.next_save.is_none() || self.file_is_wanted() {
            return;
        }
        if self.keyspace.snapshot_active() {
            self.server.timers.set(Timer::SnapshotStep, self.now.monotonic);
            return;
        }
        let Some(purpose) = self.server.persistence.next_save.take() else { return };
        let rewrites = matches!(purpose, Purpose::Rewrite);
        let wish = purpose.wish();
        if wish.is_some_and(|wish| !self.sync_begins(wish)) {
            self.end_background(Outcome::Killed, self.now, wish);
            return;
        }
        let is_rdb = self.server.config.boolean(Id::AofUseRdbPreamble);
        if rewrites {
            self.server.persistence.aof.base_is_rdb = is_rdb;
        }
        let sink: Box<dyn Sink> = if rewrites && !is_rdb {
            Box::new(CommandSink::new(&self.base_annotation()))
        } else {
            Box::new(self.sink(rewrites, wish))
        };
        let file = self.server.disk.new_file();
        let temporary =
            if rewrites { self.rewrite_temporary() } else { format!("temp-{}.rdb", self.server.host.process_id) };
        let save = Save {
            purpose,
            stage: Stage::Walking,
            file,
            temporary: temporary.clone(),
            target: self.file_name(),
            began: self.now,
            dirty_before: self.keyspace.dirty,
            stepped: None,
            outstanding: 0,
            size: 0,
            unsynced: 0,
            given: Given::default(),
            holds_writers: false,
        };
        let status = &mut self.server.persistence;
        status.keys_total = self.keyspace.databases().map(|(_, database)| database.len() as u64).sum();
        status.keys_processed = 0;
        status.ahead_bytes = 0;
        status.save = Some(save);
        if wish.is_none_or(|wish| wish.target == Target::File) {
            self.start_save_operation(SaveOperation::Create, DiskOperation::Create { file, path: temporary });
        }
        if wish.is_some_and(|wish| wish.without_keys) {
            self.end_walk(sink);
            return;
        }
        self.keyspace.begin_snapshot(sink);
        if rewrites {
            self.begin_rotation();
        }
        self.server.timers.set(Timer::SnapshotStep, self.now.monotonic);
    }

    /// Hashes with fields that expire take a later version than was asked for. A
    /// replica that can't read it says so; without their times it would keep fields
    /// that it is never told to remove.
    fn version_that_holds(&self, version: WriteVersion) -> WriteVersion {
        let mut databases = self.keyspace.databases();
        let expire = databases.any(|(_, database)| database.keys_with_expiring_fields() > 0);
        if expire { WriteVersion::V80 } else { version }
    }

    fn sink(&self, is_base: bool, wish: Option<Wish>) -> FileSink {
        let config = &self.server.config;
        let eviction = match config.chosen::<MaxmemoryPolicy>(Id::MaxmemoryPolicy) {
            MaxmemoryPolicy::VolatileLru
            | MaxmemoryPolicy::AllkeysLru
            | MaxmemoryPolicy::VolatileLfu
            | MaxmemoryPolicy::AllkeysLfu => Some(self.keyspace.access),
            _ => None,
        };
        let options = FileOptions {
            version: match wish {
                Some(wish) if wish.without_keys => wish.version,
                Some(wish) => self.version_that_holds(wish.version),
                None => self.version_that_holds(self.server.rdb_version()),
            },
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
        let position = self.server.replication.position().map(|Position { id, offset, database }| {
            (database.0.to_string(), String::from_utf8_lossy(&id).into_owned(), offset.to_string())
        });
        let mut texts = Vec::from([
            (version_name, personality.version),
            ("redis-bits", "64"),
            ("ctime", &created),
            ("used-mem", &used),
        ]);
        if let Some((database, id, offset)) = &position {
            texts.extend([("repl-stream-db", &**database), ("repl-id", id), ("repl-offset", offset)]);
        }
        texts.push(("aof-base", if is_base { "1" } else { "0" }));
        let sizes = self.keyspace.databases().map(|(_, database)| {
            let size = DatabaseSize { keys: database.len() as u64, expires: database.volatile() as u64 };
            Some(size).filter(|size| size.keys > 0)
        });
        FileSink::new(&options, texts.iter().map(|(key, value)| (key.as_bytes(), value.as_bytes())), sizes.collect())
    }

    /// A base without data.
    pub(super) fn empty_base(&self) -> Vec<u8> {
        if self.server.config.boolean(Id::AofUseRdbPreamble) {
            return self.sink(true, None).take(true);
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
