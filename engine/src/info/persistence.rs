//! The section `persistence`.

use super::Source;
use super::field::{Field, flag, word, zero, zero_fraction};
use crate::config::Id;

pub(super) const FIELDS: &[Field] = &[
    Field::new("loading", |source| flag(source.server.loading)),
    Field::new("async_loading", zero),
    Field::new("current_cow_peak", zero),
    Field::new("current_cow_size", zero),
    Field::new("current_cow_size_age", zero),
    Field::new("current_fork_perc", zero_fraction),
    Field::new("current_save_keys_processed", zero),
    Field::new("current_save_keys_total", zero),
    Field::new("rdb_changes_since_last_save", |source| source.keyspace.dirty.into()),
    Field::new("rdb_bgsave_in_progress", zero),
    Field::new("rdb_last_save_time", |source| source.server.started.unix.seconds().into()),
    Field::new("rdb_last_bgsave_status", |_| word("ok")),
    Field::new("rdb_last_bgsave_time_sec", |_| (-1).into()),
    Field::new("rdb_current_bgsave_time_sec", |_| (-1).into()),
    Field::new("rdb_saves", zero),
    Field::new("rdb_last_cow_size", zero),
    Field::new("rdb_last_load_keys_expired", zero),
    Field::new("rdb_last_load_keys_loaded", zero),
    Field::new("aof_enabled", |source| flag(aof_enabled(source))),
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
];

fn aof_enabled(source: &Source<'_>) -> bool {
    source.server.config.boolean(Id::Appendonly)
}
