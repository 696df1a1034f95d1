//! The section `replication`.

use super::Source;
use super::field::{Field, Figure, bytes, flag, text, word};
use crate::config::Id;
use crate::replication::follow::status::SyncProgress;

pub(super) const FIELDS: &[Field] = &[
    Field::new("role", |source| word(if is_replica(source) { "slave" } else { "master" })),
    Field::new("master_host", |source| {
        source.server.replication.follow.primary().map_or(Figure::Absent, |primary| bytes(&primary.host))
    }),
    Field::new("master_port", |source| {
        source.server.replication.follow.primary().map_or(Figure::Absent, |primary| primary.port.into())
    }),
    Field::new("master_link_status", |source| {
        replica(source, |source| word(if is_up(source) { "up" } else { "down" }))
    }),
    Field::new("master_last_io_seconds_ago", |source| {
        replica(source, |source| source.server.replication.follow.last_io_seconds(source.now).into())
    }),
    Field::new("master_sync_in_progress", |source| {
        replica(source, |source| flag(source.server.replication.follow.sync_progress(source.now).is_some()))
    }),
    Field::new("slave_read_repl_offset", |source| {
        replica(source, |source| source.server.replication.read_offset().into())
    }),
    Field::new("slave_repl_offset", |source| {
        replica(source, |source| source.server.replication.applied_offset().into())
    }),
    Field::valkey("replicas_repl_buffer_size", |source| {
        replica(source, |source| source.server.replication.follow.kept_figures().0.into())
    }),
    Field::valkey("replicas_repl_buffer_peak", |source| {
        replica(source, |source| source.server.replication.follow.kept_figures().1.into())
    }),
    Field::new("master_sync_total_bytes", |source| sync(source, |sync| sync.total.into())),
    Field::new("master_sync_read_bytes", |source| sync(source, |sync| sync.received.into())),
    Field::new("master_sync_left_bytes", |source| {
        sync(source, |sync| (sync.total as i64 - sync.received as i64).into())
    }),
    Field::new("master_sync_perc", |source| sync(source, |sync| text(format_args!("{:.2}", sync.percent())))),
    Field::new("master_sync_last_io_seconds_ago", |source| sync(source, |sync| sync.last_io_seconds.into())),
    Field::new("master_link_down_since_seconds", |source| {
        if !is_replica(source) || is_up(source) {
            return Figure::Absent;
        }
        source.server.replication.follow.down_seconds(source.now).into()
    }),
    Field::new("slave_priority", |source| {
        replica(source, |source| source.server.config.integer(Id::ReplicaPriority).into())
    }),
    Field::new("slave_read_only", |source| {
        replica(source, |source| flag(source.server.config.boolean(Id::ReplicaReadOnly)))
    }),
    Field::new("replica_announced", |source| {
        replica(source, |source| flag(source.server.config.boolean(Id::ReplicaAnnounced)))
    }),
    Field::new("connected_slaves", |source| source.server.replication.replica_count().into()),
    Field::new("min_slaves_good_slaves", |source| match source.server.replication.replicas_min {
        (0, _) | (_, 0) => Figure::Absent,
        _ => source.server.replication.good_replicas(source.now).into(),
    }),
    Field::new("slave", |source| {
        let with_type = source.server.personality.is_valkey();
        Figure::Lines(source.server.replication.replica_lines(source.now, with_type))
    }),
    Field::valkey("replicas_waiting_psync", |source| source.server.replication.reservation_count().into()),
    Field::new("master_failover_state", |source| word(source.server.replication.follow.failover.state_name())),
    Field::new("master_replid", |source| bytes(&source.server.replication.id)),
    Field::new("master_replid2", |source| bytes(&source.server.replication.second_id)),
    Field::new("master_repl_offset", |source| source.server.replication.offset.into()),
    Field::new("second_repl_offset", |source| source.server.replication.second_offset.into()),
    Field::new("repl_backlog_active", |source| flag(source.server.replication.backlog_figures().active)),
    Field::new("repl_backlog_size", |source| source.server.config.bytes(Id::ReplBacklogSize).into()),
    Field::new("repl_backlog_first_byte_offset", |source| {
        source.server.replication.backlog_figures().first_offset.into()
    }),
    Field::new("repl_backlog_histlen", |source| source.server.replication.backlog_figures().length.into()),
];

fn is_replica(source: &Source<'_>) -> bool {
    source.server.replication.is_replica()
}

fn is_up(source: &Source<'_>) -> bool {
    source.server.replication.follow.is_connected()
}

/// A figure of a replica.
fn replica(source: &Source<'_>, figure: impl Fn(&Source<'_>) -> Figure) -> Figure {
    if is_replica(source) { figure(source) } else { Figure::Absent }
}

/// A figure of a full synchronization in progress.
fn sync(source: &Source<'_>, figure: impl Fn(&SyncProgress) -> Figure) -> Figure {
    source.server.replication.follow.sync_progress(source.now).map_or(Figure::Absent, |progress| figure(&progress))
}
