//! Which history the data belong to: where a replica changes that, and what of
//! it outlives a restart.

use crate::boundary::effects::LogLevel;
use crate::boundary::id::DatabaseId;
use crate::persistence::Work;
use crate::replication::{Replication, ReplicationId};
use crate::server::timer::Timer;
use alloc::format;
use alloc::string::String;

/// A state of the data: a history, an offset in it, and the database that is
/// selected there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Position {
    pub(crate) id: ReplicationId,
    pub(crate) offset: u64,
    pub(crate) database: DatabaseId,
}

impl Work<'_> {
    /// The data are a state of another history now.
    pub(super) fn adopt_history(&mut self, id: ReplicationId, offset: u64) {
        self.server.replication.adopt_history(id, offset);
        self.server.replication.follow.own_keys.clear();
        self.server.persistence.aof.forget_offsets();
        self.server.listeners_changed();
    }

    /// The data are no state of any history that somebody knows.
    pub(super) fn forget_history(&mut self) {
        let id = self.keyspace.random.hex_id();
        self.adopt_history(id, 0);
    }

    /// The history goes on, but the primary calls it by another name from here
    /// on.
    pub(super) fn rename_history(&mut self, id: ReplicationId) {
        let replication = &mut self.server.replication;
        replication.second_id = replication.id;
        replication.second_offset = replication.offset as i64 + 1;
        replication.id = id;
        // They have to learn the new id.
        replication.drop_replicas();
    }

    /// The stream begins to come.
    pub(super) fn streaming_began(&mut self) {
        self.server.replication.open_backlog();
    }

    /// The history goes on under an id of our own: we write it from here on.
    pub(super) fn promote_history(&mut self) {
        self.server.replication.begin_history(&mut self.keyspace.random);
        let replication = &self.server.replication;
        let line = format!(
            "Setting secondary replication ID to {}, valid up to offset: {}. New replication ID is {}",
            String::from_utf8_lossy(&replication.second_id),
            replication.second_offset,
            String::from_utf8_lossy(&replication.id)
        );
        self.log_of_primary(LogLevel::Notice, line);
        self.server.listeners_changed();
    }

    /// The data were loaded from a file that tells of a position: it is theirs
    /// again. A primary begins a history of its own that continues it.
    pub(crate) fn restore_history(&mut self, position: Position) {
        let Position { id, offset, database } = position;
        let replication = &mut self.server.replication;
        if replication.is_replica() {
            replication.id = id;
            replication.offset = offset;
            replication.follow.resumable = Some(database);
        } else {
            replication.second_id = id;
            replication.second_offset = offset as i64 + 1;
            replication.offset = offset;
        }
        self.server.replication.reopen_backlog();
        self.server.persistence.aof.forget_offsets();
        self.server.listeners_changed();
        self.server.timers.set(Timer::Replication, self.now.monotonic);
    }
}

impl Replication {
    /// The state of the data as a file can tell it; `None` if it is of no use to
    /// anybody.
    pub(crate) fn position(&self) -> Option<Position> {
        let database = if self.is_replica() {
            self.follow.resumable.or(self.follow.selected)?
        } else {
            if !self.listens() {
                return None;
            }
            self.selected.unwrap_or(DatabaseId(0))
        };
        Some(Position { id: self.id, offset: self.offset, database })
    }
}
