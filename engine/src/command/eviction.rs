//! Keeping memory under `maxmemory`.

use crate::command::context::Context;
use crate::config::Id;
use crate::keyspace::change::{Event, EventClass, Record};
use crate::keyspace::eviction::Policy;
use crate::server::parameters;
use crate::server::timer::Timer;

/// Keys evicted before one command at most; the rest follows by timer.
const SLICE: usize = 64;

/// True in a replica that leaves eviction to its primary.
fn spared(context: &Context<'_>) -> bool {
    context.server.replication.is_replica() && context.server.config.boolean(Id::ReplicaIgnoreMaxmemory)
}

/// Evicts until memory is under its limit, or a slice is used up and the timer
/// goes on. False if memory is over its limit and nothing more can be evicted.
pub(crate) fn evict(context: &mut Context<'_>) -> bool {
    let limit = context.server.config.bytes(Id::Maxmemory);
    if limit == 0 || context.server.loading || spared(context) {
        return true;
    }
    let policy = parameters::policy(&context.server.config);
    let samples = context.server.config.integer(Id::MaxmemorySamples) as u32;
    for _ in 0..SLICE {
        if context.server.memory_counted(context.keyspace) <= limit {
            return true;
        }
        if policy == Policy::Noeviction || context.server.expiry_suspended(context.now) || context.server.imports() {
            return false;
        }
        let Some((database, bytes)) = context.keyspace.eviction_candidate(policy, samples, context.now) else {
            return false;
        };
        let key = context.keyspace.key(&bytes);
        if let Some(location) = context.keyspace.locate(database, &key) {
            context.remove(database, &key, location);
            context.keyspace.statistics.evicted += 1;
            let event = Event { class: EventClass::Evicted, name: "evicted" };
            context.changed_in(database, &key, event, Record::Delete);
            context.server.end_unit(context.now, false);
        }
    }
    context.server.timers.set(Timer::Evict, context.now.monotonic);
    true
}
