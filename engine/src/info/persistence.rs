//! The section `persistence`. Nothing is forked here: what the reference tells
//! of pages copied under a child is told of entries saved ahead of the walk.

use super::Source;
use super::field::{Field, Figure, flag, text, word, zero};
use crate::config::Id;
use crate::persistence::load::LoadProgress;

pub(super) const FIELDS: &[Field] = &[
    Field::new("loading", |source| flag(source.server.loading && !source.server.serving_while_loading)),
    Field::new("async_loading", |source| flag(source.server.serving_while_loading)),
    Field::new("current_cow_peak", |source| source.server.persistence.ahead_peak.into()),
    Field::new("current_cow_size", |source| source.server.persistence.ahead_bytes.into()),
    Field::new("current_cow_size_age", zero),
    Field::new("current_fork_perc", |source| percent(source.server.persistence.current_percent())),
    Field::new("current_save_keys_processed", |source| source.server.persistence.keys_processed.into()),
    Field::new("current_save_keys_total", |source| source.server.persistence.keys_total.into()),
    Field::new("rdb_changes_since_last_save", |source| source.keyspace.dirty.into()),
    Field::new("rdb_bgsave_in_progress", |source| flag(source.server.persistence.background_since.is_some())),
    Field::new("rdb_last_save_time", |source| source.server.persistence.last_save.into()),
    Field::new("rdb_last_bgsave_status", |source| word(if source.server.persistence.last_ok { "ok" } else { "err" })),
    Field::new("rdb_last_bgsave_time_sec", |source| source.server.persistence.last_seconds.into()),
    Field::new("rdb_current_bgsave_time_sec", |source| source.server.persistence.current_seconds(source.now).into()),
    Field::new("rdb_saves", |source| source.server.persistence.saves.into()),
    Field::new("rdb_last_cow_size", |source| source.server.persistence.last_ahead_bytes.into()),
    Field::new("rdb_last_load_keys_expired", |source| source.server.persistence.last_expired.into()),
    Field::new("rdb_last_load_keys_loaded", |source| source.server.persistence.last_loaded.into()),
    Field::new("aof_enabled", |source| flag(source.server.config.boolean(Id::Appendonly))),
    Field::new("aof_rewrite_in_progress", zero),
    Field::new("aof_rewrite_scheduled", zero),
    Field::new("aof_last_rewrite_time_sec", |_| (-1).into()),
    Field::new("aof_current_rewrite_time_sec", |_| (-1).into()),
    Field::new("aof_last_bgrewrite_status", |_| word("ok")),
    Field::new("aof_rewrites", zero),
    Field::new("aof_rewrites_consecutive_failures", zero),
    Field::new("aof_last_write_status", |_| word("ok")),
    Field::new("aof_last_cow_size", zero),
    Field::new("module_fork_in_progress", zero),
    Field::new("module_fork_last_cow_size", zero),
    Field::valkey("slot_migration_fork_in_progress", zero),
    Field::new("loading_start_time", |source| loading(source, |load| load.start.into())),
    Field::new("loading_total_bytes", |source| loading(source, |load| load.total_bytes.into())),
    Field::new("loading_rdb_used_mem", |source| loading(source, |load| load.used_memory.into())),
    Field::new("loading_loaded_bytes", |source| loading(source, |load| load.loaded_bytes.into())),
    Field::new("loading_loaded_perc", |source| loading(source, |load| percent(load.percent()))),
    Field::new("loading_eta_seconds", |source| loading(source, |load| load.eta_seconds(source.now).into())),
];

fn percent(percent: f64) -> Figure {
    text(format_args!("{percent:.2}"))
}

/// A figure of the load that goes on, if one does.
fn loading(source: &Source<'_>, figure: impl Fn(&LoadProgress) -> Figure) -> Figure {
    source.server.persistence.loading.as_ref().map_or(Figure::Absent, figure)
}
