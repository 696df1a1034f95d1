//! What happens by the clock: sweeps, timeouts, samples.

use crate::boundary::effects::{Effect, Effects, Garbage};
use crate::boundary::id::DatabaseId;
use crate::boundary::time::Now;
use crate::command::context::Context;
use crate::command::spec::NO_COMMAND;
use crate::config::Id;
use crate::engine::Engine;
use crate::keyspace::change::{Change, Event, EventClass, Record};
use crate::keyspace::fields::FieldBudget;
use crate::resp::reply::{Protocol, Reply};
use crate::server::timer::Timer;
use crate::session::Session;

/// Segments that one slice of the sweep looks at.
const SWEEP_SEGMENTS: usize = 4096;
/// Keys that one slice of the sweep removes.
const SWEEP_KEYS: usize = 400;
/// Buckets of hashes that one slice of the sweep for fields looks at.
const SWEEP_BUCKETS: usize = 4096;
/// Fields that one slice of the sweep removes.
const SWEEP_FIELDS: usize = 400;

impl Engine {
    pub(super) fn cron(&mut self, now: Now, effects: &mut Effects) {
        let hz = self.server.config.integer(Id::Hz).clamp(1, 500) as u64;
        self.server.timers.set(Timer::Cron, now.monotonic.plus_ms(1000 / hz));
        if self.server.cron_paused {
            return;
        }
        let statistics = &mut self.server.statistics;
        let microseconds = now.monotonic.0;
        if microseconds.saturating_sub(self.server.sampled_at.0) >= 100_000 {
            self.server.sampled_at = now.monotonic;
            statistics.operations.sample(microseconds, statistics.processed);
            statistics.input.sample(microseconds, statistics.received);
            statistics.output.sample(microseconds, statistics.sent);
        }
        let used = self.server.used_memory(&self.keyspace);
        self.server.statistics.peak_memory = self.server.statistics.peak_memory.max(used);
        self.connections_round(now, hz, effects);
        if !self.server.timers.is_set(Timer::ExpireSweep) {
            self.expire_sweep(now, effects);
        }
        self.persistence(now, effects).aof_cron();
        self.persistence(now, effects).save_as_scheduled();
        for database in self.keyspace.take_garbage() {
            effects.orders.list.push(Effect::Drop(Garbage::new(database)));
        }
        for collection in self.keyspace.take_unshared() {
            effects.orders.discard(collection);
        }
    }

    /// Bytes that the server uses, by its own account.
    pub fn used_memory(&self) -> u64 {
        self.server.used_memory(&self.keyspace)
    }

    /// One slice of the sweep for expired keys and fields. When there is more to do the
    /// timer goes on at once, after other inputs had their turn.
    pub(super) fn expire_sweep(&mut self, now: Now, effects: &mut Effects) {
        let server = &mut self.server;
        let follows = server.replication.is_replica() && !cfg!(feature = "planted_replica_expires");
        if !server.active_expire || server.loading || server.expiry_suspended(now) || server.imports() {
            return;
        }
        if follows {
            return self.expire_own_keys(now, effects);
        }
        let effort = server.config.integer(Id::ActiveExpireEffort).clamp(1, 10) as usize;
        let (segments, keys) = (SWEEP_SEGMENTS * effort, SWEEP_KEYS * effort);
        let count = self.keyspace.database_count() as u32;
        let id = DatabaseId(server.sweep_database % count);
        let (watches, journal, blocking) = (&mut server.watches, &mut server.journal, &mut server.blocking);
        let (pubsub, sessions) = (&mut server.pubsub, &server.sessions);
        let hasher = self.keyspace.hasher();
        let tell = |bytes: &[u8]| {
            let key = hasher.key(bytes);
            let event = Event { class: EventClass::Expired, name: "expired" };
            journal.append(&Change { database: id, key, event, record: Record::Delete });
            if !watches.is_empty() {
                watches.touch(id, bytes, true);
            }
            if !blocking.is_empty() {
                blocking.touch(id, bytes, || None);
            }
            if pubsub.tells_events() {
                pubsub.tell_event(event, id, bytes, sessions, None);
            }
        };
        let discard = |large| effects.orders.discard(large);
        let (expired, round) = self.keyspace.sweep_expired(id, now.unix.ms(), segments, keys, tell, discard);
        // Each is on its own, whatever else expired.
        server.end_unit(now, false);
        let budget = FieldBudget { buckets: SWEEP_BUCKETS * effort, fields: SWEEP_FIELDS * effort };
        let fields_done = self.expire_fields(id, budget, now, effects);
        if expired >= keys || !fields_done {
            self.keyspace.statistics.expire_budget_reached += 1;
        }
        let server = &mut self.server;
        if !round || !fields_done {
            server.timers.set(Timer::ExpireSweep, now.monotonic.plus_ms(1));
            return;
        }
        server.sweep_database = (server.sweep_database + 1) % count;
        if server.sweep_database != 0 {
            server.timers.set(Timer::ExpireSweep, now.monotonic);
        }
    }

    /// Likewise for fields that have expired. True if none is left.
    fn expire_fields(&mut self, id: DatabaseId, budget: FieldBudget, now: Now, effects: &mut Effects) -> bool {
        if self.keyspace.database(id).keys_with_expiring_fields() == 0 {
            return true;
        }
        let mut done = true;
        self.with_context(now, effects, |context| done = context.sweep_fields(id, budget));
        self.server.end_unit(now, false);
        done
    }

    /// Likewise in a replica, for what only its own clients know of.
    fn expire_own_keys(&mut self, now: Now, effects: &mut Effects) {
        let server = &mut self.server;
        let own_keys = &mut server.replication.follow.own_keys;
        if own_keys.len() == 0 {
            return;
        }
        let (watches, journal, keyspace) = (&mut server.watches, &mut server.journal, &mut self.keyspace);
        let (pubsub, sessions, blocking) = (&mut server.pubsub, &server.sessions, &mut server.blocking);
        let hasher = keyspace.hasher();
        let all_seen = own_keys.look(SWEEP_KEYS, |database, bytes| {
            let key = hasher.key(bytes);
            let Some(location) = keyspace.locate(database, &key) else { return false };
            let Some(expire_at_ms) = keyspace.get(database, location).expire_at_ms() else { return false };
            if expire_at_ms > now.unix.ms() {
                return true;
            }
            if let Some(large) = keyspace.remove(database, &key, location) {
                effects.orders.discard(large);
            }
            keyspace.statistics.expired += 1;
            let event = Event { class: EventClass::Expired, name: "expired" };
            journal.append(&Change { database, key, event, record: Record::Delete });
            if !watches.is_empty() {
                watches.touch(database, bytes, true);
            }
            if !blocking.is_empty() {
                blocking.touch(database, bytes, || None);
            }
            if pubsub.tells_events() {
                pubsub.tell_event(event, database, bytes, sessions, None);
            }
            false
        });
        server.end_unit(now, false);
        if !all_seen {
            server.timers.set(Timer::ExpireSweep, now.monotonic.plus_ms(1));
        }
    }

    /// CLIENT PAUSE has ended.
    pub(super) fn unpause(&mut self, effects: &mut Effects) {
        self.server.pauses.clients = None;
        self.server.resume_waiting(&mut effects.orders);
    }

    /// Runs something that needs a context but has no client: replies go
    /// nowhere.
    pub(super) fn with_context(&mut self, now: Now, effects: &mut Effects, work: impl FnOnce(&mut Context<'_>)) {
        let mut nowhere = alloc::vec::Vec::new();
        let mut session = Session::internal(now);
        let mut context = Context {
            now,
            command: &NO_COMMAND,
            session: &mut session,
            keyspace: &mut self.keyspace,
            reply: Reply::new(&mut nowhere, Protocol::Resp2),
            server: &mut self.server,
            orders: &mut effects.orders,
            hashed: None,
        };
        work(&mut context);
    }
}
