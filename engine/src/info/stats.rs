//! The section `stats`: what was counted since the start or CONFIG RESETSTAT.

use super::Source;
use super::field::{Field, Figure, text, zero, zero_fraction};
use crate::session::subscription::Kind;

pub(super) const FIELDS: &[Field] = &[
    Field::new("total_connections_received", |source| source.server.statistics.connections.into()),
    Field::new("total_commands_processed", |source| source.server.statistics.processed.into()),
    Field::new("instantaneous_ops_per_sec", |source| source.server.statistics.operations.per_second().into()),
    Field::new("total_net_input_bytes", |source| source.server.statistics.received.into()),
    Field::new("total_net_output_bytes", |source| source.server.statistics.sent.into()),
    Field::new("total_net_repl_input_bytes", zero),
    Field::new("total_net_repl_output_bytes", |source| source.server.statistics.replication_output.into()),
    Field::valkey("total_net_cluster_slot_import_bytes", zero),
    Field::valkey("total_net_cluster_slot_export_bytes", zero),
    Field::new("instantaneous_input_kbps", |source| kilobytes(source.server.statistics.input.per_second())),
    Field::new("instantaneous_output_kbps", |source| kilobytes(source.server.statistics.output.per_second())),
    Field::new("instantaneous_input_repl_kbps", zero_fraction),
    Field::new("instantaneous_output_repl_kbps", zero_fraction),
    Field::new("rejected_connections", |source| source.server.statistics.rejected_connections.into()),
    Field::new("sync_full", |source| source.server.statistics.full_syncs.into()),
    Field::new("sync_partial_ok", |source| source.server.statistics.partial_syncs.into()),
    Field::new("sync_partial_err", |source| source.server.statistics.partial_syncs_refused.into()),
    Field::new("expired_keys", |source| source.keyspace.statistics.expired.into()),
    Field::valkey("expired_fields", |source| source.keyspace.statistics.expired_fields.into()),
    Field::new("expired_stale_perc", zero_fraction),
    Field::valkey("expired_keys_with_volatile_items_stale_perc", zero_fraction),
    Field::new("expired_time_cap_reached_count", |source| source.keyspace.statistics.expire_budget_reached.into()),
    Field::new("expire_cycle_cpu_milliseconds", zero),
    Field::new("evicted_keys", |source| source.keyspace.statistics.evicted.into()),
    Field::new("evicted_clients", |source| source.server.statistics.evicted_clients.into()),
    Field::valkey("evicted_scripts", zero),
    Field::new("total_eviction_exceeded_time", zero),
    Field::new("current_eviction_exceeded_time", zero),
    Field::new("keyspace_hits", |source| source.keyspace.statistics.hits.into()),
    Field::new("keyspace_misses", |source| source.keyspace.statistics.misses.into()),
    Field::new("pubsub_channels", |source| names(source, Kind::Channel)),
    Field::new("pubsub_patterns", |source| names(source, Kind::Pattern)),
    Field::new("pubsubshard_channels", |source| names(source, Kind::Shard)),
    Field::new("latest_fork_usec", zero),
    Field::new("total_forks", zero),
    Field::new("migrate_cached_sockets", |source| (source.server.migrations.connection_count() as u64).into()),
    Field::new("slave_expires_tracked_keys", |source| (source.server.replication.follow.own_keys.len() as u64).into()),
    Field::new("active_defrag_hits", zero),
    Field::new("active_defrag_misses", zero),
    Field::new("active_defrag_key_hits", zero),
    Field::new("active_defrag_key_misses", zero),
    Field::new("total_active_defrag_time", zero),
    Field::new("current_active_defrag_time", zero),
    Field::new("tracking_total_keys", zero),
    Field::new("tracking_total_items", zero),
    Field::new("tracking_total_prefixes", zero),
    Field::new("unexpected_error_replies", zero),
    Field::new("total_error_replies", |source| source.server.statistics.error_replies.into()),
    Field::new("dump_payload_sanitizations", zero),
    Field::new("total_reads_processed", |source| source.server.statistics.reads.into()),
    Field::new("total_writes_processed", |source| source.server.statistics.writes.into()),
    Field::new("io_threaded_reads_processed", zero),
    Field::new("io_threaded_writes_processed", zero),
    Field::valkey("io_threaded_freed_objects", zero),
    Field::valkey("io_threaded_accept_processed", zero),
    Field::valkey("io_threaded_poll_processed", zero),
    Field::valkey("io_threaded_total_prefetch_batches", zero),
    Field::valkey("io_threaded_total_prefetch_entries", zero),
    Field::valkey("client_query_buffer_limit_disconnections", |source| {
        source.server.statistics.query_limit_disconnections.into()
    }),
    Field::valkey("client_output_buffer_limit_disconnections", |source| {
        source.server.statistics.output_limit_disconnections.into()
    }),
    Field::new("reply_buffer_shrinks", zero),
    Field::new("reply_buffer_expands", zero),
    Field::new("eventloop_cycles", |source| source.server.statistics.reads.into()),
    Field::new("eventloop_duration_sum", |source| command_time(source).into()),
    Field::new("eventloop_duration_cmd_sum", |source| command_time(source).into()),
    Field::new("instantaneous_eventloop_cycles_per_sec", zero),
    Field::new("instantaneous_eventloop_duration_usec", zero),
    Field::new("acl_access_denied_auth", |source| source.server.statistics.denied_authentications.into()),
    Field::new("acl_access_denied_cmd", zero),
    Field::new("acl_access_denied_key", zero),
    Field::new("acl_access_denied_channel", zero),
    Field::valkey("acl_access_denied_tls_cert", zero),
    Field::valkey("acl_access_denied_db", zero),
];

/// Names that somebody is subscribed to.
fn names(source: &Source<'_>, kind: Kind) -> Figure {
    (source.server.pubsub.live_count(kind, &source.server.sessions) as u64).into()
}

fn kilobytes(bytes: u64) -> Figure {
    text(format_args!("{:.2}", bytes as f64 / 1024.0))
}

/// Microseconds in commands.
fn command_time(source: &Source<'_>) -> u64 {
    source.server.statistics.commands.iter().map(|command| command.nanoseconds).sum::<u64>() / 1000
}
