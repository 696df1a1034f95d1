//! The walk of a save, slice by slice, and how it keeps with the disk.

use super::{CHUNK, Delay, Purpose, Stage, Target};
use crate::boundary::effects::DiskOperation;
use crate::config::Id;
use crate::keyspace::snapshot::{Sink, Slice, SnapshotStep};
use crate::persistence::Work;
use crate::server::disk::SaveOperation;
use crate::server::timer::Timer;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Bytes at the disk beyond which the walk waits.
const OUTSTANDING_MAX: usize = 2 << 20;
/// Rendered bytes that wait for the disk beyond which writers wait.
const BUFFERED_MAX: usize = 4 << 20;
/// Bytes after which the file is synced if that is to happen on the way.
const INCREMENTAL_SYNC: usize = 4 << 20;
/// Microseconds after which a walk that is made slow looks whether it still is.
const PAUSE_MAX: u64 = 100_000;
/// One slice of the walk.
const SLICE: Slice = Slice { entries: 640, bytes: 64 << 10 };
/// One slice of a walk whose snapshot was given up: it only sets marks.
const ABANDONED_SLICE: Slice = Slice { entries: 20_000, bytes: usize::MAX };
impl Work<'_> {
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
        let Some(save) = &self.server.persistence.save else { return self.begin_next() };
        if save.stage != Stage::Walking || self.taker_is_behind() {
            return;
        }
        let delay = Delay::new(self.server.config.integer(Id::RdbKeySaveDelay));
        let slice = delay.map_or(SLICE, |delay| Slice { entries: delay.entries + 1, ..SLICE });
        let pause = delay.map_or(0, |delay| delay.microseconds);
        let rested = save.stepped.map_or(pause, |stepped| self.now.monotonic.since(stepped));
        if rested < pause {
            return self.pause_walk(pause - rested);
        }
        self.note_ahead();
        let (step, sink) = self.keyspace.step_snapshot(slice);
        match sink {
            Some(sink) => self.end_walk(sink),
            None => {
                debug_assert_eq!(step, SnapshotStep::More);
                self.note_given();
                self.append_full_chunk();
                if let Some(save) = &mut self.server.persistence.save {
                    save.stepped = Some(self.now.monotonic);
                }
                self.pause_walk(pause);
            }
        }
    }

    /// The walk goes on after so many microseconds, unless they are made fewer
    /// meanwhile.
    fn pause_walk(&mut self, microseconds: u64) {
        let mut next = self.now.monotonic;
        next.0 += microseconds.min(PAUSE_MAX);
        self.server.timers.set(Timer::SnapshotStep, next);
    }

    /// Nothing more comes into the sink.
    pub(super) fn end_walk(&mut self, mut sink: Box<dyn Sink>) {
        self.server.persistence.keys_processed = sink.given().entries;
        let bytes = sink.take(true);
        self.append(bytes, true);
        self.set_stage(Stage::Draining);
    }

    /// True if the disk, or the slowest replica, is so far behind that the walk
    /// must wait.
    fn taker_is_behind(&self) -> bool {
        match &self.server.persistence.save {
            Some(save) if save.target() == Target::File => save.outstanding >= OUTSTANDING_MAX,
            _ => self.transfer_is_behind(),
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
            self.append(bytes, false);
        }
    }

    fn append(&mut self, bytes: Vec<u8>, end: bool) {
        let Some(save) = &mut self.server.persistence.save else { return };
        if save.target() == Target::Replicas {
            self.transfer(&bytes, end);
            return;
        }
        let (file, length) = (save.file, bytes.len());
        save.outstanding += length;
        save.unsynced += length;
        save.size += length as u64;
        let incremental = match save.purpose {
            Purpose::Rewrite => Id::AofRewriteIncrementalFsync,
            _ => Id::RdbSaveIncrementalFsync,
        };
        let sync = save.unsynced >= INCREMENTAL_SYNC && self.server.config.boolean(incremental);
        if sync {
            save.unsynced = 0;
        }
        self.start_save_operation(SaveOperation::Append(length), DiskOperation::Append { file, bytes: bytes.into() });
        if sync {
            self.start_save_operation(SaveOperation::IncrementalSync, DiskOperation::Sync { file });
        }
    }

    /// True if the disk is so far behind that what writers preserve must wait.
    #[cold]
    pub(crate) fn writers_wait(&mut self) -> bool {
        let Some(save) = self.server.persistence.save.as_ref().filter(|save| save.stage == Stage::Walking) else {
            return false;
        };
        let idle = match save.target() {
            Target::File => save.outstanding == 0,
            Target::Replicas => self.transfer_backlog() == 0,
        };
        let waits = self.keyspace.snapshot_sink().is_some_and(|sink| sink.buffered() > BUFFERED_MAX);
        if waits && idle {
            // Nothing else would wake them.
            self.append_full_chunk();
        }
        if let Some(save) = &mut self.server.persistence.save {
            save.holds_writers |= waits;
        }
        waits
    }

    /// Bytes have gone to the disk, or to replicas: the walk goes on, and writers
    /// with it.
    pub(crate) fn walk_follows(&mut self) {
        let walking = self.server.persistence.save.as_ref().is_some_and(|save| save.stage == Stage::Walking);
        if !walking || self.taker_is_behind() {
            return;
        }
        self.append_full_chunk();
        if !self.server.timers.is_set(Timer::SnapshotStep) {
            self.server.timers.set(Timer::SnapshotStep, self.now.monotonic);
        }
        let Some(save) = &mut self.server.persistence.save else { return };
        if core::mem::take(&mut save.holds_writers) && !self.server.exclusive {
            self.server.resume_waiting(self.orders);
        }
    }
}
