//! The section `replication`. There is none yet: the server is a primary
//! without replicas.

use super::field::{Field, bytes, word, zero};
use crate::config::Id;

pub(super) const FIELDS: &[Field] = &[
    Field::new("role", |_| word("master")),
    Field::new("connected_slaves", zero),
    Field::valkey("replicas_waiting_psync", zero),
    Field::new("master_failover_state", |_| word("no-failover")),
    Field::new("master_replid", |source| bytes(&source.server.replication.id)),
    Field::new("master_replid2", |_| bytes(&[b'0'; 40])),
    Field::new("master_repl_offset", zero),
    Field::new("second_repl_offset", |_| (-1).into()),
    Field::new("repl_backlog_active", zero),
    Field::new("repl_backlog_size", |source| source.server.config.bytes(Id::ReplBacklogSize).into()),
    Field::new("repl_backlog_first_byte_offset", zero),
    Field::new("repl_backlog_histlen", zero),
];
