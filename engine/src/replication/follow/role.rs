//! Becoming a replica, becoming a primary.

use crate::boundary::ask::Question;
use crate::boundary::effects::LogLevel;
use crate::boundary::id::DatabaseId;
use crate::config::{Id, PrimaryAddress, Value};
use crate::persistence::Work;
use crate::server::timer::Timer;
use alloc::string::String;

impl Work<'_> {
    /// Follows a primary from here on.
    pub(crate) fn follow(&mut self, address: PrimaryAddress) {
        let was_primary = !self.server.replication.is_replica();
        self.server.unblock_demoted(self.now);
        self.server.give_up_migrations();
        self.leave_link();
        let replication = &mut self.server.replication;
        if was_primary && replication.backlog.is_none() {
            // What was written without a stream moved no offset: the id can't stand for these data.
            replication.change_id(&mut self.keyspace.random);
        }
        self.server.config.assign(Id::Replicaof, Value::Primary(Some(address.clone().into())));
        self.server.replication.follow.address = Some(address);
        self.apply_role();
        if was_primary {
            let line = "Before turning into a replica, using my own master parameters to synthesize a cached master: I \
                        may be able to synchronize with the new master with just a partial transfer.";
            self.log_of_primary(LogLevel::Notice, line);
            self.server.replication.follow.resumable = Some(DatabaseId(0));
        }
        self.connect_to_primary();
    }

    /// Follows nobody any more.
    pub(crate) fn follow_nobody(&mut self) {
        if !self.server.replication.is_replica() {
            return;
        }
        self.server.replication.follow.address = None;
        self.leave_link();
        self.server.config.assign(Id::Replicaof, Value::Primary(None));
        self.server.timers.clear(Timer::Follow);
        let follow = &mut self.server.replication.follow;
        follow.resumable = None;
        follow.down_since = None;
        follow.own_keys.clear();
        self.promote_history();
        self.enter_aof();
        self.apply_role();
    }

    /// At the start: the primary that the configuration names. It is connected
    /// to once the data that there are have been loaded.
    pub(crate) fn follow_as_configured(&mut self) {
        if let Some(address) = self.server.config.primary().cloned() {
            self.server.replication.follow.address = Some(address);
            self.server.listeners_changed();
        }
    }

    /// Leaves the primary that is followed; from where its stream was left it
    /// can be continued.
    fn leave_link(&mut self) {
        if self.server.replication.follow.is_connected() {
            self.log_of_primary(LogLevel::Notice, "Connection with master lost.");
            let follow = &mut self.server.replication.follow;
            follow.down_since = Some(self.now.unix.seconds());
            follow.resumable = follow.selected;
            if follow.resumable.is_some() {
                self.log_of_primary(LogLevel::Notice, "Caching the disconnected master state.");
            }
        }
        self.forget_link();
    }

    fn apply_role(&mut self) {
        let value = self.server.config.format(Id::Replicaof);
        let value = String::from_utf8_lossy(&value);
        self.orders.ask(Question::Apply { parameter: "replicaof", value: &value });
        self.server.listeners_changed();
    }
}
