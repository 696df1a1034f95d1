//! The section `clients`.

use super::Source;
use super::field::{Field, word, zero};
use crate::config::Id;

pub(super) const FIELDS: &[Field] = &[
    Field::new("connected_clients", |source| {
        let replicas = source.server.replication.replica_count();
        (source.server.sessions.len() as u64).saturating_sub(replicas).into()
    }),
    Field::new("cluster_connections", zero),
    Field::new("maxclients", |source| source.server.config.integer(Id::Maxclients).into()),
    Field::new("client_recent_max_input_buffer", |source| source.clients.input_max.into()),
    Field::new("client_recent_max_output_buffer", |source| source.clients.output_max.into()),
    Field::new("blocked_clients", |source| source.clients.blocked.into()),
    Field::new("tracking_clients", zero),
    Field::valkey("pubsub_clients", |source| source.clients.subscribed.into()),
    Field::valkey("watching_clients", |source| source.clients.watching.into()),
    Field::new("clients_in_timeout_table", |source| {
        let waits = source.server.replication.waits.deadline_count();
        ((source.server.blocking.deadline_count() + waits) as u64).into()
    }),
    Field::valkey("total_watched_keys", |source| (source.server.watches.key_count() as u64).into()),
    Field::new("total_blocking_keys", |source| (source.server.blocking.key_count() as u64).into()),
    Field::new("total_blocking_keys_on_nokey", |source| (source.server.blocking.key_count_on_deletion() as u64).into()),
    Field::valkey("paused_reason", |source| word(source.server.pauses.reason(source.now))),
    Field::valkey("paused_actions", |source| {
        word(match source.server.pause_at(source.now) {
            None => "none",
            Some(pause) if pause.writes_only => "write",
            Some(_) => "all",
        })
    }),
    Field::valkey("paused_timeout_milliseconds", |source| paused_ms(source).into()),
];

fn paused_ms(source: &Source<'_>) -> u64 {
    source.server.pause_at(source.now).map_or(0, |pause| pause.until.since(source.now.monotonic) / 1000)
}
