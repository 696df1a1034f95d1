//! When saves happen of themselves, and what follows from their success.

use crate::boundary::effects::LogLevel;
use crate::command::context::Context;
use crate::config::Id;
use crate::persistence::Work;
use crate::persistence::save::Then;
use crate::server::Server;
use alloc::format;

/// Seconds after a save in the background failed before one begins of itself.
const RETRY_SECONDS: i64 = 5;

impl Work<'_> {
    /// Save points, and a BGSAVE that was put off.
    pub(crate) fn save_as_scheduled(&mut self) {
        if self.server.exclusive || self.server.loading || self.saving_in_background() || self.another_walk() {
            return;
        }
        let status = &self.server.persistence;
        let now = self.now.unix.seconds();
        if !status.last_ok && now - status.last_try <= RETRY_SECONDS {
            return;
        }
        let dirty = self.keyspace.dirty;
        let since = now - status.last_save;
        let mut points = self.server.config.save_points().iter();
        let reached = points.find(|point| dirty >= point.changes.unsigned_abs() && since > point.seconds).copied();
        if let Some(point) = reached {
            let line = format!("{} changes in {} seconds. Saving...", point.changes, point.seconds);
            self.log(LogLevel::Notice, line);
        } else if self.server.saves_fail() {
            // With writes refused no save point is ever reached.
            self.log(LogLevel::Notice, "Writes are refused since the last save failed. Saving...");
        } else if !status.scheduled {
            return;
        }
        self.server.persistence.scheduled = false;
        self.save_in_background();
    }

    pub(super) fn refuse_writes_as_configured(&mut self) {
        self.server.refuse_writes_as_configured();
    }
}

impl Server {
    /// Refuses writes if the AOF can't be written, or if saving failed and `stop-writes-on-bgsave-error` asks
    /// for it; to be called when a parameter that it depends on has changed.
    pub(crate) fn refuse_writes_as_configured(&mut self) {
        self.writes_refused = self.saves_fail() || self.persistence.aof.refusal().is_some();
    }

    /// True if writes are refused because saving failed.
    pub(crate) fn saves_fail(&self) -> bool {
        !self.persistence.last_ok
            && self.config.boolean(Id::StopWritesOnBgsaveError)
            && !self.config.save_points().is_empty()
    }
}

impl Context<'_> {
    /// FLUSHALL begins: a save in the background is given up, so that it does
    /// not hold on to what is about to be freed.
    pub fn kill_background_save(&mut self) {
        self.persistence().kill_background_save();
    }

    /// FLUSHALL has emptied all databases and counted the changes: where save
    /// points are configured the empty data set is saved. The reply may be
    /// written at once: until the file is there no other request runs.
    pub fn save_after_flush(&mut self) {
        let mut work = self.persistence();
        if work.has_save_points() && !work.server.loading {
            work.save_in_foreground(Then::Nothing);
        }
    }
}
