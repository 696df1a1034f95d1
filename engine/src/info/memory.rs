//! The section `memory`. `used_memory` is the engine's own account, on which
//! eviction decides; what the allocator and the system say stands beside it.

use super::Source;
use super::field::{Field, Figure, bytes, ratio, text, word, zero};
use crate::base::number::format_human_bytes;
use crate::config::Id;

pub(super) const FIELDS: &[Field] = &[
    Field::new("used_memory", |source| source.used_memory().into()),
    Field::new("used_memory_human", |source| human(source.used_memory())),
    Field::new("used_memory_rss", |source| source.process.resident.into()),
    Field::new("used_memory_rss_human", |source| human(source.process.resident)),
    Field::new("used_memory_peak", |source| source.peak_memory().into()),
    Field::new("used_memory_peak_human", |source| human(source.peak_memory())),
    Field::new("used_memory_peak_perc", |source| percent(ratio(source.used_memory(), source.peak_memory()))),
    Field::new("used_memory_overhead", |source| source.overhead().into()),
    Field::new("used_memory_startup", |source| source.server.fixed_memory.into()),
    Field::new("used_memory_dataset", |source| source.dataset().into()),
    Field::new("used_memory_dataset_perc", |source| {
        percent(ratio(source.dataset(), source.used_memory().saturating_sub(source.server.fixed_memory)))
    }),
    Field::new("allocator_allocated", |source| source.process.allocator_allocated.into()),
    Field::new("allocator_active", |source| source.process.allocator_active.into()),
    Field::new("allocator_resident", |source| source.process.allocator_resident.into()),
    Field::valkey("allocator_muzzy", |source| source.process.allocator_muzzy.into()),
    Field::new("total_system_memory", |source| source.process.system_memory.into()),
    Field::new("total_system_memory_human", |source| human(source.process.system_memory)),
    Field::new("used_memory_lua", zero),
    Field::new("used_memory_vm_eval", zero),
    Field::new("used_memory_lua_human", |_| human(0)),
    Field::new("used_memory_scripts_eval", zero),
    Field::new("number_of_cached_scripts", zero),
    Field::new("number_of_functions", zero),
    Field::new("number_of_libraries", zero),
    Field::new("used_memory_vm_functions", zero),
    Field::new("used_memory_vm_total", zero),
    Field::new("used_memory_vm_total_human", |_| human(0)),
    Field::new("used_memory_functions", zero),
    Field::new("used_memory_scripts", zero),
    Field::new("used_memory_scripts_human", |_| human(0)),
    Field::new("maxmemory", |source| source.server.config.bytes(Id::Maxmemory).into()),
    Field::new("maxmemory_human", |source| human(source.server.config.bytes(Id::Maxmemory))),
    Field::new("maxmemory_policy", |source| bytes(&source.server.config.format(Id::MaxmemoryPolicy))),
    Field::new("allocator_frag_ratio", |source| {
        fraction(ratio(source.process.allocator_active, source.process.allocator_allocated))
    }),
    Field::new("allocator_frag_bytes", |source| {
        difference(source.process.allocator_active, source.process.allocator_allocated)
    }),
    Field::new("allocator_rss_ratio", |source| {
        fraction(ratio(source.process.allocator_resident, source.process.allocator_active))
    }),
    Field::new("allocator_rss_bytes", |source| {
        difference(source.process.allocator_resident, source.process.allocator_active)
    }),
    Field::new("rss_overhead_ratio", |source| {
        fraction(ratio(source.process.resident, source.process.allocator_resident))
    }),
    Field::new("rss_overhead_bytes", |source| difference(source.process.resident, source.process.allocator_resident)),
    Field::new("mem_fragmentation_ratio", |source| fraction(ratio(source.process.resident, source.used_memory()))),
    Field::new("mem_fragmentation_bytes", |source| difference(source.process.resident, source.used_memory())),
    Field::new("mem_not_counted_for_evict", |source| (source.clients.replica_memory + replica_buffers(source)).into()),
    Field::new("mem_replication_backlog", |source| backlog(source).into()),
    Field::new("mem_total_replication_buffers", |source| source.server.replication.memory().into()),
    Field::valkey("mem_replicas_repl_buffer", |source| replica_buffers(source).into()),
    Field::new("mem_clients_slaves", |source| (replica_buffers(source) + source.clients.replica_memory).into()),
    Field::new("mem_clients_normal", |source| (source.client_memory() - source.clients.replica_memory).into()),
    Field::new("mem_cluster_links", zero),
    Field::valkey("mem_cluster_slot_import", zero),
    Field::valkey("mem_cluster_slot_export", zero),
    Field::new("mem_aof_buffer", |source| (source.server.persistence.aof.buffered() as u64).into()),
    Field::new("mem_allocator", allocator),
    Field::valkey("mem_overhead_db_hashtable_rehashing", zero),
    Field::new("active_defrag_running", zero),
    Field::new("lazyfree_pending_objects", zero),
    Field::new("lazyfreed_objects", zero),
];

/// What is kept of the replication stream: beyond the size of the backlog it is
/// replicas' buffers, if there are replicas.
fn backlog(source: &Source<'_>) -> u64 {
    match source.server.replication.replica_count() {
        0 => source.server.replication.memory(),
        _ => source.server.backlog_memory(),
    }
}

/// Bytes of the stream that are kept only as replicas are behind.
fn replica_buffers(source: &Source<'_>) -> u64 {
    source.server.replication.memory() - backlog(source)
}

fn human(bytes: u64) -> Figure {
    text(format_args!("{}", format_human_bytes(bytes)))
}

fn percent(ratio: f64) -> Figure {
    text(format_args!("{:.2}%", ratio * 100.0))
}

fn fraction(ratio: f64) -> Figure {
    text(format_args!("{ratio:.2}"))
}

fn difference(more: u64, less: u64) -> Figure {
    Figure::Integer(i128::from(more) - i128::from(less))
}

fn allocator(source: &Source<'_>) -> Figure {
    match source.server.host.allocator.as_str() {
        "" => word("unknown"),
        name => bytes(name.as_bytes()),
    }
}
