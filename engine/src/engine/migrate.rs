//! MIGRATE: what is sent next, and what is deleted in the end.

use crate::boundary::effects::{Effect, Effects};
use crate::boundary::time::Now;
use crate::config::Id;
use crate::engine::Engine;
use crate::keyspace::change::{Event, Record};
use crate::migration::Migration;
use crate::migration::transfer::Transfer;
use crate::server::deferred::DeferredReply;
use crate::server::timer::Timer;

/// How often it is tried to delete what arrived while nothing may be changed,
/// milliseconds.
const RETRY_MS: u64 = 10;

impl Engine {
    /// Sends what connections take, ends what has come to its end.
    #[cold]
    pub(super) fn go_on_migrating(&mut self, now: Now, effects: &mut Effects) {
        self.server.migrations.due = false;
        let form = (self.server.rdb_version(), self.server.config.boolean(Id::Rdbcompression));
        for transfer in &mut self.server.migrations.transfers {
            let bytes = transfer.send(&self.keyspace, form, now);
            if !bytes.is_empty() {
                effects.send_over(transfer.link, &bytes);
                self.server.statistics.sent += bytes.len() as u64;
            }
        }
        self.end_migrations(now, effects);
        for link in core::mem::take(&mut self.server.migrations.closing) {
            effects.orders.list.push(Effect::LinkClose { link });
        }
        match self.server.migrations.deadline() {
            Some(at) => self.server.timers.set(Timer::Migrate, at),
            None => self.server.timers.clear(Timer::Migrate),
        }
    }

    /// Deletes what arrived, and replies.
    fn end_migrations(&mut self, now: Now, effects: &mut Effects) {
        let mut ended = false;
        let mut at = 0;
        while let Some(transfer) = self.server.migrations.transfers.get_mut(at) {
            let has_to_delete = !transfer.migration.copy && !transfer.arrived.is_empty();
            if transfer.result.is_some() && has_to_delete && !self.server.may_delete_migrated(now) {
                self.server.migrations.transfers[at].until = now.monotonic.plus_ms(RETRY_MS);
                at += 1;
                continue;
            }
            let Some(result) = self.server.migrations.transfers[at].result.take() else {
                at += 1;
                continue;
            };
            let transfer = self.server.migrations.transfers.remove(at);
            if has_to_delete {
                self.delete_migrated(&transfer, now, effects);
            }
            self.server.migrations.release(&transfer.migration);
            ended = true;
            self.server.keep_connection(&transfer, &result, now);
            self.server.defer_reply(transfer.waiter, result.map(|()| DeferredReply::Ok));
        }
        if ended && self.server.turn_is_awaited() {
            self.server.resume_waiting(&mut effects.orders);
        }
    }

    /// Deletes what arrived: one unit.
    fn delete_migrated(&mut self, transfer: &Transfer, now: Now, effects: &mut Effects) {
        let Migration { database, keys, .. } = &transfer.migration;
        self.with_context(now, effects, |context| {
            context.session.database = *database;
            for &index in &transfer.arrived {
                let key = context.keyspace.key(&keys[index]);
                if let Some(location) = context.find_live(*database, &key) {
                    context.remove(*database, &key, location);
                    context.changed(&key, Event::generic("del"), Record::Delete);
                }
            }
        });
        self.server.end_unit(now, true);
        let offset = self.server.replication.offset;
        if let Some(session) = self.server.sessions.get_mut(transfer.waiter.client) {
            session.write_offset = offset;
        }
    }
}
