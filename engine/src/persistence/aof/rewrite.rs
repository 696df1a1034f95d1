//! Rewriting: the data as a new base, a new increment behind it, and when that
//! is done of itself. Switching the AOF on is a rewrite, too.
//!
//! The walk begins in the moment in which the journal changes to the next
//! increment, though that is only made once all before it is durable: until then
//! what is appended gathers.

use super::manifest::Manifest;
use super::task::{Goal, Kind, Step};
use super::{Aof, Rotation, State, file_name, path_of};
use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::effects::{DiskOperation, LogLevel};
use crate::boundary::id::FileId;
use crate::boundary::time::Now;
use crate::command::context::Context;
use crate::config::Id;
use crate::persistence::Work;
use crate::persistence::save::{Outcome, Purpose, Save};
use crate::server::disk::DiskUse;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Failures in a row after which rewrites wait before they begin of themselves.
const FAILURES_MAX: u64 = 3;
/// They wait so many minutes at most.
const DELAY_MAX_MINUTES: i64 = 60;

/// How long rewrites that fail again and again wait.
#[derive(Default, Debug)]
pub(super) struct RetryLimit {
    minutes: i64,
    /// Seconds since 1970.
    until: Option<i64>,
}

impl Image for RetryLimit {
    fn blank() -> RetryLimit {
        RetryLimit::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let RetryLimit { minutes, until } = self;
        tape.each([minutes, until])
    }
}

/// What BGREWRITEAOF came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RewriteRequest {
    Started,
    Scheduled,
    InProgress,
}

impl Aof {
    /// The name of the increment that grows until a first rewrite has succeeded.
    fn temporary_increment(file_name: &str) -> String {
        format!("temp-{file_name}.incr")
    }

    /// `aof_rewrite_in_progress`: until what it leaves is put away, too.
    pub fn is_rewriting(&self) -> bool {
        let collecting = |task: &super::task::Task| matches!(task.goal, Goal::Collection { .. });
        self.rewriting.is_some() || self.task.as_ref().is_some_and(collecting)
    }

    /// `aof_current_rewrite_time_sec`.
    pub fn rewrite_seconds(&self, now: Now) -> Option<i64> {
        self.rewriting.map(|began| now.unix.seconds() - began.unix.seconds())
    }
}

impl Context<'_> {
    /// BGREWRITEAOF.
    pub(crate) fn rewrite_aof(&mut self) -> RewriteRequest {
        let in_transaction = self.session.transaction.is_some();
        let mut work = self.persistence();
        if work.server.persistence.aof.rewriting.is_some() {
            return RewriteRequest::InProgress;
        }
        if in_transaction || !work.can_rewrite() {
            let aof = &mut work.server.persistence.aof;
            aof.scheduled = true;
            aof.failures = 0;
            return RewriteRequest::Scheduled;
        }
        work.rewrite_in_background();
        RewriteRequest::Started
    }

    /// `appendonly` was set.
    pub(crate) fn appendonly_set(&mut self) {
        let in_transaction = self.session.transaction.is_some();
        let mut work = self.persistence();
        let wanted = work.server.config.boolean(Id::Appendonly);
        match (wanted, work.server.persistence.aof.state) {
            (true, State::Off) => work.start_aof(in_transaction),
            (false, State::Waiting | State::On) => work.stop_aof(),
            _ => {}
        }
    }

    /// `appendfsync` or its like was set.
    pub(crate) fn aof_settings_changed(&mut self) {
        let mut work = self.persistence();
        work.aof_progress();
        work.collect_history();
    }
}

impl Work<'_> {
    /// True while any walk over the data goes on beside clients.
    pub(super) fn walking_in_background(&mut self) -> bool {
        self.saving_in_background()
            || self.server.persistence.aof.rewriting.is_some()
            || self.keyspace.snapshot_sink().is_some()
    }

    /// True if a rewrite can be asked for: it waits for nothing but what one that
    /// was given up leaves behind.
    fn can_rewrite(&mut self) -> bool {
        let status = &self.server.persistence;
        let aof = &status.aof;
        let aof_rests = aof.rewriting.is_none()
            && aof.rotation.is_none()
            && aof.base_ready.is_none()
            && aof.load.is_none()
            && !(aof.closing && aof.rotation.is_some());
        aof_rests
            && status.save.as_ref().is_none_or(Save::is_rewrite_given_up)
            && status.next_save.is_none()
            && self.keyspace.snapshot_sink().is_none()
            && !self.server.loading
            && !self.server.exclusive
    }

    /// Begins a rewrite. [`Work::can_rewrite`] must be true.
    fn rewrite_in_background(&mut self) {
        let process = self.server.host.process_id;
        let aof = &mut self.server.persistence.aof;
        aof.rewriting = Some(self.now);
        aof.scheduled = false;
        aof.rewrites += 1;
        self.log(LogLevel::Notice, format!("Background append only file rewriting started by pid {process}"));
        self.begin_rewrite_walk();
    }

    /// The walk begins, and with it the next increment.
    pub(in crate::persistence) fn begin_rotation(&mut self) {
        let position = self.server.replication.position();
        let aof = &mut self.server.persistence.aof;
        aof.selected = None;
        if aof.state != State::Off {
            aof.rotation = Some(Rotation::default());
            aof.begin_with_place(position);
        }
        self.server.listeners_changed();
        self.aof_progress();
    }

    /// Makes the next increment once all before it is durable.
    pub(super) fn rotate_if_drained(&mut self) {
        let aof = &mut self.server.persistence.aof;
        let drained = aof.buffer.0.is_empty()
            && aof.appending.is_none()
            && aof.syncing.is_none()
            && (aof.written == aof.synced || cfg!(feature = "planted_rotation_without_sync"))
            && !aof.closing
            && aof.task.is_none();
        let Some(rotation) = aof.rotation.as_mut().filter(|rotation| drained && !rotation.making) else { return };
        rotation.making = true;
        let config = &self.server.config;
        let (manifest, name) = if aof.state == State::On {
            let mut manifest = aof.manifest.clone();
            let name = manifest.add_increment(&file_name(config));
            (Some(manifest), name)
        } else {
            (None, Aof::temporary_increment(&file_name(config)))
        };
        let file = self.server.disk.new_file();
        let create = DiskOperation::Create { file, path: path_of(config, &name) };
        let mut steps = Vec::from(Step::directory(config));
        steps.push(Step::new(Kind::Increment { name: name.clone() }, None, create));
        steps.push(Step::sync_directory(config));
        if let Some(manifest) = &manifest {
            let listing = Step::manifest(config, &mut self.server.disk, manifest);
            let place = if cfg!(feature = "planted_early_manifest") { 0 } else { steps.len() };
            steps.splice(place..place, listing);
        }
        self.begin_task(Goal::Rotation { manifest, file, name }, steps);
    }

    pub(super) fn rotated(&mut self, manifest: Option<Manifest>, file: FileId, name: &str) {
        self.log(LogLevel::Notice, format!("Creating AOF incr file {name} on background rewrite"));
        let aof = &mut self.server.persistence.aof;
        let temporary = manifest.is_none();
        if let Some(manifest) = manifest {
            aof.manifest = manifest;
        }
        if let Some(rotation) = aof.rotation.take() {
            aof.buffer = rotation.behind;
        }
        aof.file_size = 0;
        if let Some(old) = aof.file.replace(file) {
            self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Close { file: old });
        }
        let aof = &self.server.persistence.aof;
        if temporary && (aof.state != State::Waiting || aof.rewriting.is_none()) {
            self.discard_waiting();
        }
    }

    pub(super) fn rotation_failed(&mut self, file: FileId) {
        self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Close { file });
        let aof = &mut self.server.persistence.aof;
        if let Some(mut rotation) = aof.rotation.take() {
            aof.buffer.0.append(&mut rotation.behind.0);
        }
        if aof.rewriting.is_none() {
            // It was to be the first one, of a rewrite that is over.
            if aof.file.is_none() {
                self.discard_waiting();
            }
            return;
        }
        aof.rewrite_failed = true;
        aof.failures += 1;
        if !cfg!(feature = "planted_base_without_increment") {
            self.drop_base();
        }
        self.stop_rewrite_walk();
        self.rewrite_ended();
    }

    /// The walk of a rewrite has come to its end, and all that it wrote, `size`
    /// bytes, is durable.
    pub(in crate::persistence) fn rewrite_walked(&mut self, outcome: Outcome, size: u64, ahead_bytes: u64) {
        if self.server.persistence.aof.rewriting.is_none() {
            return;
        }
        match outcome {
            Outcome::Saved => {
                self.log(LogLevel::Notice, "Background AOF rewrite terminated with success");
                let aof = &mut self.server.persistence.aof;
                aof.last_ahead_bytes = ahead_bytes;
                if aof.task.is_some() || aof.rotation.is_some() {
                    aof.base_ready = Some(size);
                } else {
                    self.finish_rewrite(size);
                }
            }
            Outcome::Failed => {
                self.log(LogLevel::Warning, "Background AOF rewrite terminated with error");
                let aof = &mut self.server.persistence.aof;
                aof.rewrite_failed = true;
                aof.failures += 1;
                self.rewrite_ended();
            }
            Outcome::Killed => self.rewrite_ended(),
        }
    }

    /// The name of the file that the walk writes.
    pub(in crate::persistence) fn rewrite_temporary(&self) -> String {
        format!("temp-rewriteaof-bg-{}.aof", self.server.host.process_id)
    }

    /// The base takes its name, the increment too if it has none yet, and the
    /// manifest says so.
    pub(super) fn finish_rewrite(&mut self, base_size: u64) {
        let from = self.rewrite_temporary();
        let config = &self.server.config;
        let aof = &self.server.persistence.aof;
        let mut manifest = aof.manifest.clone();
        let base = manifest.add_base(&file_name(config), aof.base_is_rdb).name.clone();
        let to = path_of(config, &base);
        let mut steps = Vec::from(Step::directory(config));
        steps.push(Step::new(Kind::Base, None, DiskOperation::Rename { from, to }));
        let mut increment = None;
        if let Some(file) = aof.file.filter(|_| aof.state == State::Waiting) {
            let old = Aof::temporary_increment(&file_name(config));
            let new = manifest.add_increment(&file_name(config));
            steps.push(Step::new(Kind::IncrementSync, None, DiskOperation::Sync { file }));
            let (from, to) = (path_of(config, &old), path_of(config, &new));
            let kind = Kind::IncrementRename { from: from.clone(), to: to.clone() };
            steps.push(Step::new(kind, None, DiskOperation::Rename { from, to }));
            increment = Some(new);
        }
        manifest.retire_increments(usize::from(aof.file.is_some()));
        steps.extend(Step::manifest(config, &mut self.server.disk, &manifest));
        self.begin_task(Goal::Rewrite { manifest, base, base_size, increment }, steps);
    }

    pub(super) fn rewrite_finished(&mut self, manifest: Manifest, base_size: u64) {
        let base = manifest.base.as_ref().map_or_else(String::new, |base| base.name.clone());
        let temporary = self.rewrite_temporary();
        let line = format!("Successfully renamed the temporary AOF base file {temporary} into {base}");
        self.log(LogLevel::Notice, line);
        self.log(LogLevel::Notice, "Background AOF rewrite finished successfully");
        let aof = &mut self.server.persistence.aof;
        aof.manifest = manifest;
        // Without an increment, or while an old file is still to be closed, this
        // base is of older data: the AOF that was switched on since waits for a
        // rewrite of its own.
        if aof.state == State::Waiting && !aof.closing && aof.file.is_some() {
            aof.state = State::On;
        }
        if aof.state != State::Off {
            aof.current_size = base_size + aof.file_size;
            aof.base_size = aof.current_size;
        }
        aof.rewrite_failed = false;
        aof.failures = 0;
        self.note_rewrite_end();
    }

    pub(super) fn rewrite_not_finished(&mut self, manifest: &Manifest, base: &str, increment: Option<String>) {
        let (temporary, config) = (self.rewrite_temporary(), &self.server.config);
        let aof = &mut self.server.persistence.aof;
        let mut paths = alloc::vec![temporary];
        if aof.unsettled {
            // The list at the disk may name them: they stay until it does not.
            aof.manifest.take_for_history(manifest, base, increment.as_deref());
        } else {
            paths.push(path_of(config, base));
            paths.extend(increment.map(|name| path_of(config, &name)));
        }
        for path in paths {
            self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Remove { path });
        }
        let aof = &mut self.server.persistence.aof;
        aof.rewrite_failed = true;
        aof.failures += 1;
        self.rewrite_ended();
    }

    /// A rewrite is over without success.
    fn rewrite_ended(&mut self) {
        self.note_rewrite_end();
        let aof = &mut self.server.persistence.aof;
        if aof.state != State::Waiting {
            return;
        }
        aof.scheduled = true;
        if aof.rotation.as_ref().is_some_and(|rotation| rotation.making) {
            return;
        }
        aof.rotation = None;
        self.discard_waiting();
    }

    fn note_rewrite_end(&mut self) {
        let seconds = self.server.persistence.aof.rewrite_seconds(self.now);
        let aof = &mut self.server.persistence.aof;
        aof.last_rewrite_seconds = seconds.or(aof.last_rewrite_seconds);
        aof.rewriting = None;
        self.server.listeners_changed();
    }

    /// What was appended while a first rewrite was under way is worth nothing
    /// without it.
    fn discard_waiting(&mut self) {
        let name = Aof::temporary_increment(&file_name(&self.server.config));
        self.log(LogLevel::Notice, format!("Removing the temp incr aof file {name} in the background"));
        let path = path_of(&self.server.config, &name);
        self.close_increment();
        self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Remove { path });
    }

    /// Gives up a rewrite whose files have not begun to take their places.
    pub(in crate::persistence) fn kill_rewrite(&mut self) {
        let aof = &mut self.server.persistence.aof;
        if aof.rewriting.is_none() || matches!(&aof.task, Some(task) if matches!(task.goal, Goal::Rewrite { .. })) {
            return;
        }
        let process = self.server.host.process_id;
        self.log(LogLevel::Notice, format!("Killing running AOF rewrite child: {process}"));
        self.drop_base();
        self.stop_rewrite_walk();
        self.note_rewrite_end();
    }

    /// Gives up a base that is whole and waits for its increment: it holds what the
    /// increment before says, too.
    fn drop_base(&mut self) {
        if self.server.persistence.aof.base_ready.take().is_some() {
            let path = self.rewrite_temporary();
            self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Remove { path });
        }
    }

    fn start_aof(&mut self, in_transaction: bool) {
        self.server.persistence.aof.state = State::Waiting;
        self.forget_synced();
        let why = if in_transaction {
            "AOF was enabled during a transaction. An AOF background was scheduled to start when possible."
        } else if self.server.persistence.aof.rewriting.is_some() {
            let line = "AOF was enabled but there is already an AOF rewriting in background. Stopping background AOF \
                        and starting a rewrite now.";
            self.kill_rewrite();
            line
        } else if self.can_rewrite() {
            return self.rewrite_in_background();
        } else {
            "AOF was enabled but there is already another background operation. An AOF background was scheduled to \
             start when possible."
        };
        self.log(LogLevel::Notice, why);
        self.server.persistence.aof.scheduled = true;
    }

    /// Nothing is in a file of which it could be told that it is durable.
    fn forget_synced(&mut self) {
        self.server.persistence.aof.forget_offsets();
        self.server.replication.waits.forget_synced();
    }

    fn stop_aof(&mut self) {
        self.kill_rewrite();
        self.forget_synced();
        let aof = &mut self.server.persistence.aof;
        let waited = aof.state == State::Waiting;
        aof.state = State::Off;
        aof.scheduled = false;
        aof.selected = None;
        aof.place.forget();
        aof.closing = true;
        if let Some(mut rotation) = aof.rotation.take_if(|rotation| !rotation.making) {
            aof.buffer.0.append(&mut rotation.behind.0);
        }
        if waited && aof.rotation.is_none() && aof.task.is_none() {
            aof.closing = false;
            self.discard_waiting();
        }
        self.server.replication.waits.changed = true;
        self.server.listeners_changed();
        self.refuse_writes_as_configured();
        self.aof_progress();
    }

    /// The data are about to be replaced, by what no change tells of: what was
    /// written is not repeated, and the file goes on from a new base later.
    pub(crate) fn leave_aof(&mut self) {
        if self.server.persistence.aof.state != State::Off {
            self.stop_aof();
        }
    }

    /// The data were replaced: a new base is made of them, if there is to be a
    /// file.
    pub(crate) fn enter_aof(&mut self) {
        if self.server.config.boolean(Id::Appendonly) && self.server.persistence.aof.state == State::Off {
            self.start_aof(false);
        }
    }

    /// What happens to the AOF by the clock.
    pub(crate) fn aof_cron(&mut self) {
        self.note_slow_sync();
        if !self.server.loading && !self.server.exclusive {
            self.refresh_place();
            self.settle_manifest();
        }
        let aof = &self.server.persistence.aof;
        if !aof.scheduled && aof.state != State::On || self.server.loading || self.server.exclusive {
            return;
        }
        if !self.can_rewrite() {
            return;
        }
        let aof = &self.server.persistence.aof;
        if aof.scheduled {
            if !self.rewrites_are_limited() {
                self.rewrite_in_background();
            }
            return;
        }
        let percentage = self.server.config.unsigned(Id::AutoAofRewritePercentage);
        if percentage == 0 || aof.current_size <= self.server.config.bytes(Id::AutoAofRewriteMinSize) {
            return;
        }
        let growth = (u128::from(aof.current_size) * 100 / u128::from(aof.base_size.max(1))).saturating_sub(100);
        if growth >= u128::from(percentage) && !self.rewrites_are_limited() {
            self.log(LogLevel::Notice, format!("Starting automatic rewriting of AOF on {growth}% growth"));
            self.rewrite_in_background();
        }
    }

    /// True if rewrites failed so often that the next one has to wait.
    fn rewrites_are_limited(&mut self) -> bool {
        let seconds = self.now.unix.seconds();
        let aof = &mut self.server.persistence.aof;
        if aof.failures < FAILURES_MAX {
            aof.limit = RetryLimit::default();
            return false;
        }
        if let Some(until) = aof.limit.until {
            if seconds >= until {
                aof.limit.until = None;
            }
            return seconds < until;
        }
        let minutes = (aof.limit.minutes * 2).clamp(1, DELAY_MAX_MINUTES);
        aof.limit = RetryLimit { minutes, until: Some(seconds + minutes * 60) };
        let line = format!(
            "Background AOF rewrite has repeatedly failed and triggered the limit, will retry in {minutes} minutes"
        );
        self.log(LogLevel::Warning, line);
        true
    }

    /// Begins the walk; see [`Work::begin_rotation`] for what goes with it.
    fn begin_rewrite_walk(&mut self) {
        self.begin(Purpose::Rewrite);
    }

    /// What a base without RDB begins with.
    pub(in crate::persistence) fn base_annotation(&self) -> Vec<u8> {
        if self.server.config.boolean(Id::AofTimestampEnabled) {
            return format!("#TS:{}\r\n", self.now.unix.seconds()).into_bytes();
        }
        Vec::new()
    }
}
