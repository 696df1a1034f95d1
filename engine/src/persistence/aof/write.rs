//! Appending to the increment and making it durable.
//!
//! At most one append and one sync are under way. What gathers meanwhile goes
//! with the next. With `appendfsync always` that is group commit: an append waits
//! for its turn to end, which is when a driver that serves in order has come to
//! the deadline that is due at once, or to the one that [`super::gather`] sets. With
//! the other policies an append begins every millisecond at most, as each takes a few
//! microseconds, unless much has gathered. An append that failed is cut off and tried
//! again, and writes are refused until it succeeds; with `always` the process ends, as
//! replies may already depend on it.

use super::{Aof, AtDisk, Policy, State};
use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::effects::{DiskOperation, Effect, LogLevel};
use crate::boundary::id::FileId;
use crate::boundary::input::DiskError;
use crate::boundary::time::Monotonic;
use crate::config::Id;
use crate::persistence::Work;
use crate::server::deferred::Waiter;
use crate::server::disk::{AofOperation, DiskUse};
use crate::server::latency::Sample;
use crate::server::timer::Timer;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Bytes for which room is made before there is anything to append.
const BUFFER_AHEAD_MAX: usize = 64 << 10;
/// A buffer that has grown beyond this is given back once its bytes are written.
const BUFFER_KEPT_MAX: usize = 256 << 10;
/// Milliseconds between syncs with `everysec`.
const SYNC_EVERY_MS: u64 = 1000;
/// Milliseconds between appends that nobody waits for.
const APPEND_EVERY_MS: u64 = 1;
/// An append of so many bytes begins at once.
const APPEND_AT_BYTES: usize = 48 << 10;
/// Milliseconds after which an append, or a sync, that failed is tried again.
const RETRY_MS: u64 = 1000;
/// Seconds between log lines about appends that fail.
const LOG_EVERY: i64 = 30;
/// Microseconds after which a sync under way counts as delayed.
const SLOW_SYNC: u64 = 2_000_000;

/// Who waits until nothing is under way any more.
#[derive(Default, Debug)]
pub(super) struct Awaited {
    /// SHUTDOWN.
    pub(super) shutdown: bool,
    /// DEBUG LOADAOF.
    pub(super) reload: Option<Waiter>,
    /// Set when waiting longer is of no use, as the disk fails.
    failed: bool,
}

impl Image for Awaited {
    fn blank() -> Awaited {
        Awaited::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Awaited { shutdown, reload, failed } = self;
        tape.each([shutdown, reload, failed])
    }
}

impl Awaited {
    fn anybody(&self) -> bool {
        self.shutdown || self.reload.is_some()
    }
}

impl Aof {
    /// True while `no-appendfsync-on-rewrite` makes do without syncs; see
    /// [`Work::aof_progress`].
    pub(super) fn unsynced_will_do(&self) -> bool {
        self.suspended && !self.closing && !self.awaited.anybody()
    }

    /// True if all must become durable at once.
    fn urgent(&self) -> bool {
        let always = self.policy == Policy::Always && self.state == State::On;
        (always || !self.held.is_empty()) && !self.suspended
            || self.closing
            || self.awaited.anybody()
            || !cfg!(feature = "planted_rotation_without_sync")
                && self.rotation.is_some()
                && self.buffer.0.is_empty()
                && self.appending.is_none()
    }

    /// True if a sync is due each second: a failed one is tried again, whatever
    /// it was for, as writes are refused until it succeeds.
    fn syncs_regularly(&self) -> bool {
        self.policy == Policy::EverySecond || self.sync_error.is_some()
    }

    /// True if an append need not begin at once.
    fn may_wait(&self) -> bool {
        !self.closing && !self.awaited.anybody() && self.rotation.is_none()
    }

    /// When the next append may begin if it is not urgent.
    fn append_due(&self) -> Option<Monotonic> {
        let paced = self.policy != Policy::Always
            && self.buffer.0.len() < APPEND_AT_BYTES
            && self.may_wait()
            && self.held.is_empty();
        paced.then(|| self.append_began.plus_ms(APPEND_EVERY_MS))
    }

    /// True if an append is to wait for the end of a turn: others have something
    /// for it too.
    fn gathers(&self) -> bool {
        self.policy == Policy::Always && !self.suspended && self.may_wait()
    }

    fn idle(&self) -> bool {
        self.buffer.0.is_empty()
            && self.appending.is_none()
            && self.syncing.is_none()
            && self.rotation.is_none()
            && self.task.is_none()
            && !self.cutting
    }

    /// Gives up what can't be written, where it is not needed any more.
    pub(super) fn forget_unwritten(&mut self) {
        self.buffer.0.clear();
        let behind = self.rotation.as_ref().map_or(0, |rotation| rotation.behind.0.len());
        self.written = self.appended - behind as u64;
        self.synced = self.written;
    }
}

impl Work<'_> {
    /// Goes on with whatever can go on.
    #[inline]
    pub(crate) fn aof_progress(&mut self) {
        if !self.aof_bides() {
            self.go_on(false);
        }
    }

    /// True if nothing is to be done but to wait for the next append, whose time the
    /// timer knows.
    fn aof_bides(&self) -> bool {
        let aof = &self.server.persistence.aof;
        let due = aof.append_due().filter(|&due| due > self.now.monotonic && !aof.buffer.0.is_empty());
        due.is_some_and(|due| self.server.timers.at(Timer::Aof).is_some_and(|at| at <= due))
    }

    /// The deadline has come.
    pub(crate) fn aof_deadline(&mut self) {
        self.go_on(true);
    }

    fn go_on(&mut self, turn_over: bool) {
        if self.server.persistence.aof.lost {
            return;
        }
        self.suspend_syncs();
        self.start_append(turn_over);
        self.start_aof_sync();
        self.rotate_if_drained();
        self.finish_closing();
        self.tell_awaiting();
        self.arm_timer();
    }

    fn suspend_syncs(&mut self) {
        let suspended = self.server.config.boolean(Id::NoAppendfsyncOnRewrite) && self.walking_in_background();
        self.server.persistence.aof.suspended = suspended;
    }

    fn start_append(&mut self, turn_over: bool) {
        let now = self.now.monotonic;
        let aof = &mut self.server.persistence.aof;
        let Some(file) = aof.file else { return };
        if aof.appending.is_some() || aof.cutting || aof.retry_at.is_some_and(|at| at > now) {
            return;
        }
        if aof.damaged {
            aof.cutting = true;
            let operation = DiskOperation::Truncate { file, length: aof.file_size };
            self.server.disk.start(self.orders, DiskUse::Aof(AofOperation::Truncate(file)), operation);
            return;
        }
        let grouping = aof.policy == Policy::Always && aof.syncing.is_some();
        if aof.buffer.0.is_empty() || grouping || aof.append_due().is_some_and(|due| due > now) {
            return;
        }
        if aof.gathers() && (!turn_over || aof.gathered_at(now) > now) {
            return;
        }
        aof.gathering = None;
        if aof.rotation.is_none() {
            aof.state_place();
        }
        // The next will be about as long.
        let mut next = core::mem::take(&mut aof.spare);
        next.reserve(aof.buffer.0.len().min(BUFFER_AHEAD_MAX));
        let bytes = Arc::new(core::mem::replace(&mut aof.buffer.0, next));
        let length = bytes.len();
        aof.appending = Some(AtDisk(Arc::clone(&bytes)));
        aof.append_began = now;
        let operation = DiskOperation::Append { file, bytes };
        self.server.disk.start(self.orders, DiskUse::Aof(AofOperation::Append(file, length)), operation);
        let aof = &self.server.persistence.aof;
        if aof.policy == Policy::Always && aof.state == State::On && !aof.suspended {
            // Both travel together; the sync waits for nobody to ask for it.
            let position = aof.written + length as u64;
            self.sync_up_to(file, position);
        }
    }

    fn start_aof_sync(&mut self) {
        let now = self.now.monotonic;
        let aof = &self.server.persistence.aof;
        let Some(file) = aof.file else { return };
        if aof.syncing.is_some() || aof.written == aof.synced {
            return;
        }
        let failing = aof.sync_error.is_some() && !aof.awaited.anybody();
        let waited = now.since(aof.sync_began) >= SYNC_EVERY_MS * 1000;
        let due = aof.syncs_regularly() && waited && !aof.suspended;
        if due || aof.urgent() && (waited || !failing) {
            self.sync_up_to(file, aof.written);
        }
    }

    fn sync_up_to(&mut self, file: FileId, position: u64) {
        let aof = &mut self.server.persistence.aof;
        aof.syncing = Some(position);
        aof.sync_began = self.now.monotonic;
        aof.sync_slow = false;
        self.server.disk.start(self.orders, DiskUse::Aof(AofOperation::Sync(file)), DiskOperation::Sync { file });
    }

    /// When to look again if nothing else happens.
    fn arm_timer(&mut self) {
        let aof = &self.server.persistence.aof;
        let mut next: Option<Monotonic> = None;
        let mut at = |time: Monotonic| next = Some(next.map_or(time, |other| other.min(time)));
        if let Some(time) = aof.retry_at.filter(|_| aof.appending.is_none() && !aof.cutting) {
            at(time);
        }
        if aof.file.is_some() && aof.appending.is_none() && !aof.buffer.0.is_empty() && !aof.damaged {
            aof.append_due().into_iter().for_each(&mut at);
            if aof.gathers() && aof.syncing.is_none() {
                at(aof.gathered_at(self.now.monotonic));
            }
        }
        let unsynced = aof.file.is_some() && aof.written > aof.synced && aof.syncing.is_none();
        if unsynced && (aof.syncs_regularly() || aof.urgent()) {
            at(aof.sync_began.plus_ms(SYNC_EVERY_MS).max(self.now.monotonic.plus_ms(1)));
        }
        match next {
            Some(time) => self.server.timers.set(Timer::Aof, time),
            None => self.server.timers.clear(Timer::Aof),
        }
    }

    /// An operation on the increment has ended.
    pub(crate) fn aof_append_done(&mut self, file: FileId, length: usize, result: Result<(), DiskError>) {
        if self.server.persistence.aof.file != Some(file) {
            return;
        }
        let began = self.server.persistence.aof.append_began;
        self.note_append_latency(began);
        let aof = &mut self.server.persistence.aof;
        let Some(AtDisk(appended)) = aof.appending.take() else { return };
        match result {
            Ok(()) => {
                if let Some(mut buffer) =
                    Arc::into_inner(appended).filter(|buffer| buffer.capacity() <= BUFFER_KEPT_MAX)
                {
                    buffer.clear();
                    aof.spare = buffer;
                }
                let bytes = length as u64;
                aof.written += bytes;
                aof.file_size += bytes;
                aof.current_size += bytes;
                aof.retry_at = None;
                if aof.write_error.take().is_some() {
                    let title = self.server.personality.title;
                    self.log(LogLevel::Notice, format!("AOF write error looks solved, {title} can write again."));
                    self.refuse_writes_as_configured();
                }
            }
            Err(error) => self.append_failed(appended, &error),
        }
        self.aof_progress();
        if !self.server.exclusive && self.server.turn_is_awaited() {
            self.server.resume_waiting(self.orders);
        }
    }

    fn append_failed(&mut self, appended: Arc<Vec<u8>>, error: &DiskError) {
        let seconds = self.now.unix.seconds();
        let aof = &mut self.server.persistence.aof;
        if aof.error_logged.is_none_or(|logged| seconds - logged > LOG_EVERY) {
            aof.error_logged = Some(seconds);
            let line = format!("Error writing to the AOF file: {}", error.message);
            self.log(LogLevel::Warning, line);
        }
        let aof = &mut self.server.persistence.aof;
        if aof.state != State::Off && aof.policy == Policy::Always {
            let line = "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...";
            return self.lose(line);
        }
        let mut again = Arc::unwrap_or_clone(appended);
        again.append(&mut aof.buffer.0);
        aof.buffer.0 = again;
        aof.damaged = true;
        aof.retry_at = Some(self.now.monotonic.plus_ms(RETRY_MS));
        aof.write_error = Some(error.message.clone());
        if aof.syncing.is_some() {
            aof.syncing = Some(aof.written);
        }
        aof.awaited.failed = aof.awaited.anybody();
        if aof.closing {
            aof.forget_unwritten();
        }
        self.refuse_writes_as_configured();
    }

    /// What was promised can't be kept: nothing more leaves.
    fn lose(&mut self, line: impl Into<alloc::string::String>) {
        self.log(LogLevel::Warning, line);
        self.server.persistence.aof.lost = true;
        self.orders.list.push(Effect::Exit { code: 1 });
    }

    /// What a failed append left is cut off, or is not.
    pub(crate) fn aof_truncate_done(&mut self, file: FileId, result: Result<(), DiskError>) {
        let aof = &mut self.server.persistence.aof;
        if aof.file != Some(file) {
            return;
        }
        aof.cutting = false;
        match result {
            Ok(()) => {
                aof.damaged = false;
                aof.retry_at = None;
            }
            Err(error) => {
                aof.retry_at = Some(self.now.monotonic.plus_ms(RETRY_MS));
                aof.awaited.failed = aof.awaited.anybody();
                let line = format!(
                    "Could not remove short write from the append-only file. What follows waits until it can be. \
                     ftruncate: {}",
                    error.message
                );
                self.log(LogLevel::Warning, line);
            }
        }
        self.aof_progress();
    }

    /// A sync has ended.
    pub(crate) fn aof_sync_done(&mut self, file: FileId, result: Result<(), DiskError>) {
        let aof = &mut self.server.persistence.aof;
        if aof.file != Some(file) {
            return;
        }
        let Some(position) = aof.syncing.take() else { return };
        let always = aof.policy == Policy::Always && aof.state == State::On;
        let began = aof.sync_began;
        if always {
            self.note_latency("aof-fsync-always", began);
        }
        let aof = &mut self.server.persistence.aof;
        match result {
            Ok(()) => {
                aof.begin_gathering(self.now.monotonic);
                aof.synced = aof.synced.max(position);
                if aof.sync_error.take().is_some() {
                    self.refuse_writes_as_configured();
                }
            }
            Err(error) if always => {
                return self.lose(format!(
                    "Can't persist AOF for fsync error when the AOF fsync policy is 'always': {}. Exiting...",
                    error.message
                ));
            }
            Err(error) => {
                aof.awaited.failed = aof.awaited.anybody();
                if aof.closing {
                    aof.forget_unwritten();
                }
                if aof.sync_error.replace(error.message.clone()).is_none() || aof.awaited.failed {
                    self.log(LogLevel::Warning, format!("Fail to fsync the AOF file: {}", error.message));
                }
                self.refuse_writes_as_configured();
            }
        }
        self.aof_progress();
    }

    /// Switched off, and all is where it has to be: the file is closed.
    fn finish_closing(&mut self) {
        let aof = &mut self.server.persistence.aof;
        let making = aof.rotation.as_ref().is_some_and(|rotation| rotation.making);
        if aof.closing && aof.file.is_none() && aof.task.is_none() && !making {
            // It was switched on only until here, and waited for a first rewrite.
            aof.forget_unwritten();
        }
        let rests = aof.buffer.0.is_empty() && aof.appending.is_none() && aof.syncing.is_none() && aof.task.is_none();
        if !aof.closing || !rests || making || aof.cutting || aof.written != aof.synced {
            return;
        }
        aof.closing = false;
        self.close_increment();
    }

    /// Closes the increment; what can't be written, and the errors about it, go with it.
    pub(super) fn close_increment(&mut self) {
        let aof = &mut self.server.persistence.aof;
        aof.forget_unwritten();
        aof.appending = None;
        aof.syncing = None;
        aof.damaged = false;
        aof.cutting = false;
        aof.retry_at = None;
        aof.write_error = None;
        aof.sync_error = None;
        aof.file_size = 0;
        if let Some(file) = aof.file.take() {
            self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Close { file });
        }
        self.refuse_writes_as_configured();
    }

    /// Those who wait until all is durable go on.
    fn tell_awaiting(&mut self) {
        let aof = &mut self.server.persistence.aof;
        if !aof.awaited.anybody() {
            return;
        }
        let done = aof.idle() && aof.written == aof.synced && !aof.closing;
        if !done && !aof.awaited.failed {
            return;
        }
        let awaited = core::mem::take(&mut aof.awaited);
        if awaited.shutdown {
            self.shut_down_aof_done();
        }
        if let Some(waiter) = awaited.reload {
            self.reload_aof(waiter);
        }
    }

    /// Has SHUTDOWN told once all is durable, or can't be made so.
    pub(in crate::persistence) fn await_aof_for_shutdown(&mut self) {
        self.state_last_place();
        self.server.persistence.aof.awaited.shutdown = true;
        self.server.persistence.aof.retry_at = None;
        self.aof_progress();
    }

    /// Has DEBUG LOADAOF told once all is durable.
    pub(in crate::persistence) fn await_aof_for_reload(&mut self, waiter: Waiter) {
        self.server.persistence.aof.awaited.reload = Some(waiter);
        self.aof_progress();
    }

    /// Says that a sync takes long while more waits for it.
    pub(super) fn note_slow_sync(&mut self) {
        let now = self.now.monotonic;
        let aof = &mut self.server.persistence.aof;
        let waits = aof.appending.is_some() || !aof.buffer.0.is_empty();
        if aof.syncing.is_none() || !waits || aof.sync_slow || now.since(aof.sync_began) < SLOW_SYNC {
            return;
        }
        aof.sync_slow = true;
        aof.delayed_syncs += 1;
        let line = "Asynchronous AOF fsync is taking too long (disk is busy?). What is appended waits for it.";
        self.log(LogLevel::Notice, line);
    }

    fn note_append_latency(&mut self, began: Monotonic) {
        let event = if self.server.persistence.aof.syncing.is_some() {
            "aof-write-pending-fsync"
        } else if self.walking_in_background() {
            "aof-write-active-child"
        } else {
            "aof-write-alone"
        };
        self.note_latency(event, began);
        self.note_latency("aof-write", began);
    }

    /// Notes how long something took, if the latency monitor wants to know.
    pub(super) fn note_latency(&mut self, event: &'static str, began: Monotonic) {
        let milliseconds = self.now.monotonic.since(began) / 1000;
        let least = self.server.config.unsigned(Id::LatencyMonitorThreshold);
        if least > 0 && milliseconds >= least {
            self.server.latency.add(event, Sample { seconds: self.now.unix.seconds(), milliseconds });
        }
    }
}
