//! The section `replication`.

use super::field::{Field, Figure, bytes, flag, word, zero};
use crate::config::Id;

pub(super) const FIELDS: &[Field] = &[
    Field::new("role", |_| word("master")),
    Field::new("connected_slaves", |source| source.server.replication.replica_count().into()),
    Field::new("min_slaves_good_slaves", |source| match source.server.replication.replicas_min {
        (0, _) | (_, 0) => Figure::Absent,
        _ => source.server.replication.good_replicas(source.now).into(),
    }),
    Field::new("slave", |source| {
        let with_type = source.server.personality.is_valkey();
        Figure::Lines(source.server.replication.replica_lines(source.now, with_type))
    }),
    Field::valkey("replicas_waiting_psync", zero),
    Field::new("master_failover_state", |_| word("no-failover")),
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
