//! The section `persistence`. Nothing is forked here: what the reference tells
//! of pages copied under a child is told of entries saved ahead of the walk.

use super::Source;
use super::field::{Field, Figure, flag, text, word, zero};
use crate::persistence::aof::{Aof, State};
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
    Field::new("aof_enabled", |source| flag(aof(source).state != State::Off)),
    Field::new("aof_rewrite_in_progress", |source| flag(aof(source).is_rewriting())),
    Field::new("aof_rewrite_scheduled", |source| flag(aof(source).scheduled)),
    Field::new("aof_last_rewrite_time_sec", |source| aof(source).last_rewrite_seconds.unwrap_or(-1).into()),
    Field::new("aof_current_rewrite_time_sec", |source| aof(source).rewrite_seconds(source.now).unwrap_or(-1).into()),
    Field::new("aof_last_bgrewrite_status", |source| word(if aof(source).rewrite_failed { "err" } else { "ok" })),
    Field::new("aof_rewrites", |source| aof(source).rewrites.into()),
    Field::new("aof_rewrites_consecutive_failures", |source| aof(source).failures.into()),
    Field::new("aof_last_write_status", |source| word(if aof(source).refusal().is_some() { "err" } else { "ok" })),
    Field::new("aof_last_cow_size", |source| aof(source).last_ahead_bytes.into()),
    Field::new("module_fork_in_progress", zero),
    Field::new("module_fork_last_cow_size", zero),
    Field::valkey("slot_migration_fork_in_progress", zero),
    Field::new("aof_current_size", |source| enabled(source, aof(source).current_size)),
    Field::new("aof_base_size", |source| enabled(source, aof(source).base_size)),
    Field::new("aof_pending_rewrite", |source| enabled(source, aof(source).scheduled.into())),
    Field::new("aof_buffer_length", |source| enabled(source, aof(source).buffered() as u64)),
    Field::new("aof_pending_bio_fsync", |source| enabled(source, aof(source).pending_syncs())),
    Field::new("aof_delayed_fsync", |source| enabled(source, aof(source).delayed_syncs)),
    Field::new("loading_start_time", |source| loading(source, |load| load.start.into())),
    Field::new("loading_total_bytes", |source| loading(source, |load| load.total_bytes.into())),
    Field::new("loading_rdb_used_mem", |source| loading(source, |load| load.used_memory.into())),
    Field::new("loading_loaded_bytes", |source| loading(source, |load| load.loaded_bytes.into())),
    Field::new("loading_loaded_perc", |source| loading(source, |load| percent(load.percent()))),
    Field::new("loading_eta_seconds", |source| loading(source, |load| load.eta_seconds(source.now).into())),
];

fn aof<'a>(source: &'a Source<'_>) -> &'a Aof {
    &source.server.persistence.aof
}

/// A figure of the append only file, if there is one.
fn enabled(source: &Source<'_>, figure: u64) -> Figure {
    if aof(source).state == State::Off { Figure::Absent } else { figure.into() }
}

fn percent(percent: f64) -> Figure {
    text(format_args!("{percent:.2}"))
}

/// A figure of the load that goes on, if one does.
fn loading(source: &Source<'_>, figure: impl Fn(&LoadProgress) -> Figure) -> Figure {
    source.server.persistence.loading.as_ref().map_or(Figure::Absent, figure)
}
