//! A hash of all state that the future depends on: what tells whether a replay
//! did the same.

use crate::base::fingerprint::Fingerprint;
use crate::base::image::Tape;
use crate::boundary::id::DatabaseId;
use crate::data::collection::Collection;
use crate::data::entry::{Content, EntryRef, Value};
use crate::data::fields::HashRef;
use crate::engine::Engine;
use crate::keyspace::Keyspace;
use crate::keyspace::database::{Database, Slot};
use crate::persistence::Persistence;
use crate::server::Server;
use crate::server::statistics::Statistics;

impl Engine {
    /// A hash of the data in their order, the sessions, the timers, the
    /// generator, the counters. Takes as long as a walk over everything.
    pub fn state_hash(&self) -> u64 {
        let mut hash = Fingerprint::new();
        add_keyspace(&mut hash, self.keyspace());
        add_server(&mut hash, self.server());
        hash.value()
    }
}

fn add_keyspace(hash: &mut Fingerprint, keyspace: &Keyspace) {
    for (id, database) in keyspace.databases() {
        add_database(hash, id, database);
    }
    for word in keyspace.random.state() {
        hash.add(word);
    }
    hash.add(keyspace.dirty);
    hash.add(keyspace.bytes() as u64);
    hash.add(u64::from(keyspace.snapshot_active()));
    hash.add_debug(&(keyspace.access, keyspace.statistics, &keyspace.pool));
}

fn add_database(hash: &mut Fingerprint, id: DatabaseId, database: &Database) {
    hash.add(u64::from(id.0));
    for slot in (0..database.slot_count()).map(Slot) {
        database.scan(slot, 0, usize::MAX, |entry| add_entry(hash, entry));
    }
}

fn add_entry(hash: &mut Fingerprint, entry: EntryRef<'_>) {
    hash.add_bytes(entry.key());
    hash.add(u64::from(entry.access()) << 8 | u64::from(entry.shape().bits()));
    hash.add(entry.expire_at_ms().map_or(u64::MAX, |at| at as u64));
    hash.add(entry.footprint() as u64);
    match entry.content() {
        Content::String(Value::Integer(number)) => hash.add(number as u64),
        Content::String(Value::Bytes(bytes)) | Content::Packed(_, _, bytes) => hash.add_bytes(bytes),
        Content::Large(_, Collection::Stream(stream)) => {
            let mut tape = Tape::writer();
            stream.write(&mut tape);
            hash.add_bytes(&tape.take());
        }
        Content::Large(..) => {
            if let Some(fields) = HashRef::of(entry.content()) {
                fields.for_each_expiring(|_, _, at| hash.add(at as u64));
                hash.add_debug(&fields.sweep());
            }
            entry.content().for_each_element(|element, value| {
                for text in [Some(element), value].into_iter().flatten() {
                    hash.add_bytes(text.bytes(&mut [0; 20]));
                }
            });
        }
    }
}

fn add_server(hash: &mut Fingerprint, server: &Server) {
    for session in server.sessions.iter() {
        hash.add_debug(session);
    }
    hash.add_debug(&(&server.watches, &server.blocking, &server.pubsub));
    hash.add(server.client_round as u64);
    hash.add_debug(&server.reply_buffer_reset_ms);
    hash.add_debug(&(&server.journal, &server.replication));
    hash.add_debug(&server.config);
    add_statistics(hash, &server.statistics);
    hash.add_debug(&(server.timers, server.pauses, &server.waiting_for_turn));
    hash.add_debug(&(server.loading, server.active_expire, server.writes_refused, server.sampled_at));
    hash.add_debug(&(&server.slow_log, &server.latency, &server.disk, &server.deferred));
    hash.add_debug(&(
        server.exclusive,
        server.serving_while_loading,
        server.cron_paused,
        server.checksums_ignored,
        server.slow_ns_min,
        server.attack_logged,
    ));
    hash.add_debug(&server.migrations);
    add_persistence(hash, &server.persistence);
    hash.add_bytes(&server.run_id);
    hash.add(u64::from(server.sweep_database));
    hash.add(server.clock_ns);
}

fn add_persistence(hash: &mut Fingerprint, persistence: &Persistence) {
    hash.add_debug(&(persistence.saves, persistence.last_save, persistence.last_ok, persistence.last_seconds));
    hash.add_debug(&(persistence.background_since, persistence.scheduled, persistence.loading, persistence.last_try));
    hash.add_debug(&(persistence.keys_processed, persistence.keys_total, persistence.ahead_bytes));
    hash.add_debug(&(persistence.save.is_some(), persistence.load.is_some()));
    hash.add_debug(&persistence.aof);
    if let Some(load) = &persistence.load {
        let (offset, unread, reading, into) = load.describe();
        hash.add_debug(&(offset, unread, reading));
        if let Some(keyspace) = into {
            add_keyspace(hash, keyspace);
        }
    }
}

/// Not the histograms of latencies, which are large: totals tell of the same.
fn add_statistics(hash: &mut Fingerprint, statistics: &Statistics) {
    for command in &statistics.commands {
        for count in [command.calls, command.nanoseconds, command.rejected, command.failed] {
            hash.add(count);
        }
    }
    hash.add_debug(&(&statistics.errors, statistics.error_replies, statistics.connections));
    hash.add_debug(&(statistics.processed, statistics.received, statistics.sent, statistics.peak_memory));
    hash.add_debug(&(statistics.full_syncs, statistics.partial_syncs, statistics.partial_syncs_refused));
    hash.add_debug(&(statistics.operations, statistics.input, statistics.output));
}
