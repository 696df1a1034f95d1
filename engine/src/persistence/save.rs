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

use crate::boundary::ask::{Answer, Question};
use crate::boundary::effects::{DiskOperation, LogLevel};
use crate::boundary::id::FileId;
use crate::boundary::input::DiskError;
use crate::boundary::time::Now;
use crate::config::{Id, MaxmemoryPolicy};
use crate::keyspace::snapshot::{Given, Slice, SnapshotStep};
use crate::persistence::Work;
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
/// Bytes at the disk beyond which the walk waits.
const OUTSTANDING_MAX: usize = 2 << 20;
/// Rendered bytes that wait for the disk beyond which writers wait.
const BUFFERED_MAX: usize = 4 << 20;
/// Bytes after which the file is synced if that is to happen on the way.
const INCREMENTAL_SYNC: usize = 4 << 20;
/// One slice of the walk.
const SLICE: Slice = Slice { entries: 640, bytes: 64 << 10 };
/// One slice of a walk whose snapshot was given up: it only sets marks.
const ABANDONED_SLICE: Slice = Slice { entries: 20_000, bytes: usize::MAX };
/// A delayed save pauses for so many microseconds at least.
const DELAY_MIN: u64 = 1000;

/// Why the data set is saved.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// BGSAVE and save points.
    Background,
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
enum Outcome {
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
        self.server.persistence.save.is_none() && self.keyspace.snapshot_sink().is_some()
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
    fn begin(&mut self, purpose: Purpose) {
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
        let sink = self.sink();
        self.keyspace.begin_snapshot(Box::new(sink));
        let file = self.server.disk.new_file();
        let temporary = format!("temp-{}.rdb", self.server.host.process_id);
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

    fn sink(&self) -> FileSink {
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
            ("aof-base", "0"),
        ];
        let sizes = self.keyspace.databases().map(|(_, database)| {
            let size = DatabaseSize { keys: database.len() as u64, expires: database.volatile() as u64 };
            Some(size).filter(|size| size.keys > 0)
        });
        FileSink::new(&options, texts.iter().map(|(key, value)| (key.as_bytes(), value.as_bytes())), sizes.collect())
    }

    fn start_save_operation(&mut self, what: SaveOperation, operation: DiskOperation) {
        if let Some(save) = &self.server.persistence.save {
            self.server.disk.start(self.orders, DiskUse::Save(save.file, what), operation);
        }
    }

    /// One slice of the walk, as [`Timer::SnapshotStep`] has come.
    pub(crate) fn snapshot_step(&mut self) {
        if self.keyspace.snapshot_active() && self.keyspace.snapshot_sink().is_none() {
            if self.keyspace.step_snapshot(ABANDONED_SLICE).0 == SnapshotStep::More {
                self.server.timers.set(Timer::SnapshotStep, self.now.monotonic);
                return;
            }
            self.begin_next();
            return;
        }
        let Some(save) = &self.server.persistence.save else { return };
        if save.stage != Stage::Walking || save.outstanding >= OUTSTANDING_MAX {
            return;
        }
        let slice = save.delay.map_or(SLICE, |delay| Slice { entries: delay.entries + 1, ..SLICE });
        let pause = save.delay.map_or(0, |delay| delay.microseconds);
        self.note_ahead();
        let (step, sink) = self.keyspace.step_snapshot(slice);
        match sink {
            Some(mut sink) => {
                self.server.persistence.keys_processed = sink.given().entries;
                let bytes = sink.take(true);
                self.append(bytes);
                self.set_stage(Stage::Draining);
            }
            None => {
                debug_assert_eq!(step, SnapshotStep::More);
                self.note_given();
                self.append_full_chunk();
                let mut next = self.now.monotonic;
                next.0 += pause;
                self.server.timers.set(Timer::SnapshotStep, next);
            }
        }
    }

    /// Entries that the sink was given since the walk last stopped were saved
    /// ahead.
    fn note_ahead(&mut self) {
        let Some(given) = self.keyspace.snapshot_sink().map(|sink| sink.given()) else { return };
        let status = &mut self.server.persistence;
        if let Some(save) = &status.save {
            status.ahead_bytes += given.bytes - save.given.bytes;
            status.ahead_peak = status.ahead_peak.max(status.ahead_bytes);
        }
    }

    fn note_given(&mut self) {
        let Some(given) = self.keyspace.snapshot_sink().map(|sink| sink.given()) else { return };
        let status = &mut self.server.persistence;
        status.keys_processed = given.entries;
        if let Some(save) = &mut status.save {
            save.given = given;
        }
    }

    fn append_full_chunk(&mut self) {
        if let Some(sink) = self.keyspace.snapshot_sink().filter(|sink| sink.buffered() >= CHUNK) {
            let bytes = sink.take(false);
            self.append(bytes);
        }
    }

    fn append(&mut self, bytes: Vec<u8>) {
        let Some(save) = &mut self.server.persistence.save else { return };
        let (file, length) = (save.file, bytes.len());
        save.outstanding += length;
        save.unsynced += length;
        let sync = save.unsynced >= INCREMENTAL_SYNC && self.server.config.boolean(Id::RdbSaveIncrementalFsync);
        if sync {
            save.unsynced = 0;
        }
        self.start_save_operation(SaveOperation::Append(length), DiskOperation::Append { file, bytes });
        if sync {
            self.start_save_operation(SaveOperation::IncrementalSync, DiskOperation::Sync { file });
        }
    }

    fn set_stage(&mut self, stage: Stage) {
        if let Some(save) = &mut self.server.persistence.save {
            save.stage = stage;
        }
    }

    /// True if the disk is so far behind that what writers preserve must wait.
    #[cold]
    pub(crate) fn writers_wait(&mut self) -> bool {
        let Some(save) = self.server.persistence.save.as_ref().filter(|save| save.stage == Stage::Walking) else {
            return false;
        };
        let idle = save.outstanding == 0;
        let waits = self.keyspace.snapshot_sink().is_some_and(|sink| sink.buffered() > BUFFERED_MAX);
        if waits && idle {
            // Nothing else would wake them.
            self.append_full_chunk();
        }
        waits
    }

    /// A disk operation of a save has ended.
    pub(crate) fn save_operation_done(&mut self, file: FileId, what: SaveOperation, result: Result<(), DiskError>) {
        let Some(save) = &mut self.server.persistence.save else { return };
        if save.file != file {
            return;
        }
        if let SaveOperation::Append(length) = what {
            save.outstanding -= length;
        }
        match (save.stage, what, result) {
            (Stage::Removing(outcome), SaveOperation::Remove, _) => self.end_save(outcome),
            (Stage::Removing(_), ..) => {}
            (_, _, Err(error)) => self.fail_save(what, &error),
            (Stage::Walking, SaveOperation::Append(_), Ok(())) => self.disk_follows(),
            (Stage::Draining, _, Ok(())) if save.outstanding == 0 => {
                save.stage = Stage::Syncing;
                self.start_save_operation(SaveOperation::Sync, DiskOperation::Sync { file });
                self.start_save_operation(SaveOperation::Close, DiskOperation::Close { file });
            }
            (Stage::Syncing, SaveOperation::Close, Ok(())) => {
                save.stage = Stage::Renaming;
                let rename = DiskOperation::Rename { from: save.temporary.clone(), to: save.target.clone() };
                self.start_save_operation(SaveOperation::Rename, rename);
            }
            (Stage::Renaming, SaveOperation::Rename, Ok(())) => self.end_save(Outcome::Saved),
            (_, _, Ok(())) => {}
        }
    }

    /// Bytes have gone to the disk: the walk goes on, and writers with it.
    fn disk_follows(&mut self) {
        let behind = self.server.persistence.save.as_ref().is_some_and(|save| save.outstanding >= OUTSTANDING_MAX);
        if behind {
            return;
        }
        self.append_full_chunk();
        if !self.server.timers.is_set(Timer::SnapshotStep) {
            self.server.timers.set(Timer::SnapshotStep, self.now.monotonic);
        }
        if !self.server.exclusive {
            self.server.resume_waiting(self.orders);
        }
    }

    fn fail_save(&mut self, what: SaveOperation, error: &DiskError) {
        let Some(save) = &self.server.persistence.save else { return };
        let (temporary, target, reason) = (&save.temporary, &save.target, &error.message);
        let directory = match self.orders.ask(Question::WorkingDirectory) {
            Answer::Path(path) => path,
            _ => "unknown".into(),
        };
        let line = match what {
            SaveOperation::Create => format!(
                "Failed opening the temp RDB file {temporary} (in server root dir {directory}) for saving: {reason}"
            ),
            SaveOperation::Rename => format!(
                "Error moving temp DB file {temporary} on the final destination {target} (in server root dir \
                 {directory}): {reason}"
            ),
            _ => format!("Write error while saving DB to the disk({}): {reason}", failed_call(what)),
        };
        self.log(LogLevel::Warning, line);
        self.give_up(Outcome::Failed);
    }

    /// Gives up a save in the background, if there is one.
    pub(crate) fn kill_background_save(&mut self) {
        let status = &mut self.server.persistence;
        if matches!(status.next_save, Some(Purpose::Background)) {
            status.next_save = None;
            self.end_background(Outcome::Killed, self.now);
        } else if status.save.as_ref().is_some_and(|save| matches!(save.purpose, Purpose::Background)) {
            self.give_up(Outcome::Killed);
        }
    }

    /// Gives up whatever save there is.
    pub(super) fn stop_saving(&mut self) {
        self.server.persistence.next_save = None;
        self.give_up(Outcome::Killed);
    }

    /// Stops a save and removes its file.
    fn give_up(&mut self, outcome: Outcome) {
        let Some(save) = &mut self.server.persistence.save else { return };
        if matches!(save.stage, Stage::Removing(_)) {
            return;
        }
        if save.stage == Stage::Walking {
            self.keyspace.abandon_snapshot();
            self.server.timers.set(Timer::SnapshotStep, self.now.monotonic);
        }
        let (file, path) = (save.file, save.temporary.clone());
        save.stage = Stage::Removing(outcome);
        self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Close { file });
        self.start_save_operation(SaveOperation::Remove, DiskOperation::Remove { path });
    }

    fn end_save(&mut self, outcome: Outcome) {
        let Some(save) = self.server.persistence.save.take() else { return };
        if self.exit_if_cleaned_up() {
            return;
        }
        if outcome == Outcome::Saved {
            self.log(LogLevel::Notice, "DB saved on disk");
            self.keyspace.dirty = self.keyspace.dirty.saturating_sub(save.dirty_before);
            self.server.persistence.last_save = self.now.unix.seconds();
            self.server.persistence.last_ok = true;
        }
        match save.purpose {
            Purpose::Background => self.end_background(outcome, save.began),
            Purpose::Foreground(then) => self.end_foreground(outcome == Outcome::Saved, then),
        }
        let status = &mut self.server.persistence;
        status.keys_processed = 0;
        status.keys_total = 0;
        status.ahead_bytes = 0;
        self.refuse_writes_as_configured();
        self.begin_next();
        if !self.server.exclusive {
            self.server.resume_waiting(self.orders);
        }
    }

    fn end_background(&mut self, outcome: Outcome, began: Now) {
        let (level, line) = match outcome {
            Outcome::Saved => (LogLevel::Notice, "Background saving terminated with success"),
            Outcome::Failed => (LogLevel::Warning, "Background saving error"),
            Outcome::Killed => (LogLevel::Warning, "Background saving terminated by signal 10"),
        };
        self.log(level, line);
        let status = &mut self.server.persistence;
        if outcome == Outcome::Failed {
            status.last_ok = false;
        }
        status.background_since = None;
        status.last_seconds = self.now.unix.seconds() - began.unix.seconds();
        status.last_ahead_bytes = status.ahead_bytes;
    }

    fn end_foreground(&mut self, saved: bool, then: Then) {
        match then {
            Then::Reply(waiter) => {
                self.server.defer(waiter, if saved { Ok(()) } else { Err("ERR".into()) });
                self.end_exclusive();
            }
            Then::Nothing => self.end_exclusive(),
            Then::Reload(reload) => self.reload_saved(reload, saved),
            Then::ShutDown => self.shut_down_saved(saved),
        }
    }
}

/// The call that the reference names when a step fails.
fn failed_call(what: SaveOperation) -> &'static str {
    match what {
        SaveOperation::Sync | SaveOperation::IncrementalSync => "fsync",
        SaveOperation::Close => "fclose",
        _ => "rdbSaveRio",
    }
}
