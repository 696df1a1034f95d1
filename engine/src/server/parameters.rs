//! Parameters that the engine keeps a copy of, where it reads them often or in
//! another form.

use crate::config::{Config, Id, MaxmemoryPolicy};
use crate::data::limits::Limits;
use crate::data::stream::NodeLimits;
use crate::keyspace::Keyspace;
use crate::keyspace::access::Access;
use crate::keyspace::eviction::Policy;
use crate::server::Server;
use crate::server::journal::LazyDeletion;

/// Puts all parameters into effect that the engine keeps a copy of.
pub fn apply_all(server: &mut Server, keyspace: &mut Keyspace) {
    let config = &server.config;
    server.bulk_max = config.bytes(Id::ProtoMaxBulkLen).min(i64::MAX as u64) as i64;
    server.password = Some(config.text(Id::Requirepass).to_vec()).filter(|password| !password.is_empty());
    server.memory_limited = config.bytes(Id::Maxmemory) > 0;
    server.client_memory_max = config.client_memory_max();
    server.statistics.latency_tracking = config.boolean(Id::LatencyTracking);
    server.slow_ns_min = slow_ns_min(config);
    server.pubsub.events = config.keyspace_events();
    server.persistence.aof.configure(&server.config);
    server.replication.replicas_min = (config.unsigned(Id::MinReplicasToWrite), config.unsigned(Id::MinReplicasMaxLag));
    server.refuse_writes_as_configured();
    let config = &server.config;
    server.journal.lazy = LazyDeletion {
        expire: config.boolean(Id::LazyfreeLazyExpire),
        eviction: config.boolean(Id::LazyfreeLazyEviction),
        user: config.boolean(Id::LazyfreeLazyUserDel),
    };
    keyspace.limits = limits(config);
    keyspace.access = if policy(config).is_lfu() {
        Access::Lfu {
            log_factor: config.integer(Id::LfuLogFactor) as u32,
            decay_minutes: config.integer(Id::LfuDecayTime) as u32,
        }
    } else {
        Access::Lru
    };
}

/// From how many nanoseconds on a command is looked at by the slow log or the
/// latency monitor.
fn slow_ns_min(config: &Config) -> u64 {
    let slow_log =
        u64::try_from(config.integer(Id::SlowlogLogSlowerThan)).map_or(u64::MAX, |us| us.saturating_mul(1000));
    let monitor = match config.unsigned(Id::LatencyMonitorThreshold) {
        0 => u64::MAX,
        milliseconds => milliseconds.saturating_mul(1_000_000),
    };
    slow_log.min(monitor)
}

/// Up to where collections stay small.
fn limits(config: &Config) -> Limits {
    let entries = |id| usize::try_from(config.integer(id)).unwrap_or(usize::MAX);
    let bytes = |id| usize::try_from(config.bytes(id)).unwrap_or(usize::MAX);
    Limits {
        set_intset_entries: entries(Id::SetMaxIntsetEntries),
        set_listpack_entries: entries(Id::SetMaxListpackEntries),
        set_listpack_value: entries(Id::SetMaxListpackValue),
        hash_listpack_entries: entries(Id::HashMaxListpackEntries),
        hash_listpack_value: bytes(Id::HashMaxListpackValue),
        sorted_listpack_entries: entries(Id::ZsetMaxListpackEntries),
        sorted_listpack_value: bytes(Id::ZsetMaxListpackValue),
        list_node: i32::try_from(config.integer(Id::ListMaxListpackSize)).unwrap_or(i32::MAX),
        list_compress_depth: u32::try_from(config.integer(Id::ListCompressDepth)).unwrap_or(u32::MAX),
        stream_node: NodeLimits { bytes: bytes(Id::StreamNodeMaxBytes), entries: entries(Id::StreamNodeMaxEntries) },
    }
}

/// `maxmemory-policy`.
pub fn policy(config: &Config) -> Policy {
    match config.chosen::<MaxmemoryPolicy>(Id::MaxmemoryPolicy) {
        MaxmemoryPolicy::VolatileLru => Policy::VolatileLru,
        MaxmemoryPolicy::VolatileLfu => Policy::VolatileLfu,
        MaxmemoryPolicy::VolatileRandom => Policy::VolatileRandom,
        MaxmemoryPolicy::VolatileTtl => Policy::VolatileTtl,
        MaxmemoryPolicy::AllkeysLru => Policy::AllkeysLru,
        MaxmemoryPolicy::AllkeysLfu => Policy::AllkeysLfu,
        MaxmemoryPolicy::AllkeysRandom => Policy::AllkeysRandom,
        MaxmemoryPolicy::Noeviction => Policy::Noeviction,
    }
}
