//! How the steps of a save end, and then the save itself.

use super::{Outcome, Purpose, Stage, Target, Then};
use crate::boundary::ask::{Answer, Question};
use crate::boundary::effects::{DiskOperation, LogLevel};
use crate::boundary::id::FileId;
use crate::boundary::input::DiskError;
use crate::boundary::time::Now;
use crate::persistence::Work;
use crate::replication::sync::Wish;
use crate::server::disk::{DiskUse, SaveOperation};
use crate::server::timer::Timer;
use alloc::format;

impl Work<'_> {
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
            (Stage::Walking, SaveOperation::Append(_), Ok(())) => self.walk_follows(),
            (Stage::Draining, _, Ok(())) if save.outstanding == 0 => {
                save.stage = Stage::Syncing;
                self.start_save_operation(SaveOperation::Sync, DiskOperation::Sync { file });
                self.start_save_operation(SaveOperation::Close, DiskOperation::Close { file });
            }
            (Stage::Syncing, SaveOperation::Close, Ok(())) if matches!(save.purpose, Purpose::Rewrite) => {
                self.end_save(Outcome::Saved);
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

    /// All replicas got what was sent as it was made, if `complete`, or all are
    /// gone.
    pub(crate) fn transfer_ended(&mut self, complete: bool) {
        if complete {
            self.end_save(Outcome::Saved);
        } else {
            self.give_up(Outcome::Killed);
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
            SaveOperation::Create if matches!(save.purpose, Purpose::Rewrite) => {
                format!("Opening the temp file for AOF rewrite in rewriteAppendOnlyFile(): {reason}")
            }
            _ if matches!(save.purpose, Purpose::Rewrite) => {
                format!("Write error writing append only file on disk: {reason}")
            }
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
        let in_background = |purpose: &Purpose| matches!(purpose, Purpose::Background | Purpose::Replicas(_));
        if let Some(purpose) = status.next_save.take_if(|purpose| in_background(purpose)) {
            self.end_background(Outcome::Killed, self.now, purpose.wish());
        } else if status.save.as_ref().is_some_and(|save| in_background(&save.purpose)) {
            self.give_up(Outcome::Killed);
        }
    }

    /// Gives up the walk of a rewrite, if there is one.
    pub(in crate::persistence) fn stop_rewrite_walk(&mut self) {
        let status = &mut self.server.persistence;
        if matches!(status.next_save, Some(Purpose::Rewrite)) {
            status.next_save = None;
        } else if status.save.as_ref().is_some_and(|save| matches!(save.purpose, Purpose::Rewrite)) {
            self.give_up(Outcome::Killed);
        }
    }

    /// Gives up whatever save there is.
    pub(in crate::persistence) fn stop_saving(&mut self) {
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
        let (file, path, target) = (save.file, save.temporary.clone(), save.target());
        save.stage = Stage::Removing(outcome);
        if target == Target::Replicas {
            self.end_save(outcome);
            return;
        }
        self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Close { file });
        self.start_save_operation(SaveOperation::Remove, DiskOperation::Remove { path });
    }

    fn end_save(&mut self, outcome: Outcome) {
        let Some(save) = self.server.persistence.save.take() else { return };
        if self.exit_if_cleaned_up() {
            return;
        }
        let to_file = save.target() == Target::File && !matches!(save.purpose, Purpose::Rewrite);
        if outcome == Outcome::Saved && to_file {
            self.log(LogLevel::Notice, "DB saved on disk");
            self.keyspace.dirty = self.keyspace.dirty.saturating_sub(save.dirty_before);
            self.server.persistence.last_save = self.now.unix.seconds();
            self.server.persistence.last_ok = true;
        }
        match save.purpose {
            Purpose::Background => self.end_background(outcome, save.began, None),
            // It was given up, and another was asked for since.
            Purpose::Rewrite if matches!(self.server.persistence.next_save, Some(Purpose::Rewrite)) => {}
            Purpose::Rewrite => {
                let ahead_bytes = self.server.persistence.ahead_bytes;
                self.rewrite_walked(outcome, save.size, ahead_bytes);
            }
            Purpose::Replicas(wish) => {
                self.end_background(outcome, save.began, Some(wish));
                self.sync_ended(wish, outcome == Outcome::Saved);
            }
            Purpose::Foreground(then) => self.end_foreground(outcome == Outcome::Saved, then),
        }
        let status = &mut self.server.persistence;
        status.keys_processed = 0;
        status.keys_total = 0;
        status.ahead_bytes = 0;
        self.refuse_writes_as_configured();
        self.begin_next();
        if self.server.replication.waits_for_snapshot() {
            self.server.timers.set(Timer::Replication, self.now.monotonic);
        }
        if !self.server.exclusive {
            self.server.resume_waiting(self.orders);
        }
    }

    pub(super) fn end_background(&mut self, outcome: Outcome, began: Now, wish: Option<Wish>) {
        let to_file = wish.is_none_or(|wish| wish.target == Target::File);
        let (level, line) = match (outcome, to_file) {
            (Outcome::Saved, true) => (LogLevel::Notice, "Background saving terminated with success"),
            (Outcome::Failed, true) => (LogLevel::Warning, "Background saving error"),
            (Outcome::Killed, true) => (LogLevel::Warning, "Background saving terminated by signal 10"),
            (Outcome::Saved, false) => (LogLevel::Notice, "Background RDB transfer terminated with success"),
            (Outcome::Failed, false) => (LogLevel::Warning, "Background transfer error"),
            (Outcome::Killed, false) => (LogLevel::Warning, "Background transfer terminated by signal 10"),
        };
        self.log(level, line);
        let status = &mut self.server.persistence;
        if outcome == Outcome::Failed && to_file {
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
