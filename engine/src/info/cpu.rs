//! The section `cpu`: seconds, with microseconds behind the point.

use super::field::{Field, Figure, text};

pub(super) const FIELDS: &[Field] = &[
    Field::new("used_cpu_sys", |source| seconds(source.process.cpu_system)),
    Field::new("used_cpu_user", |source| seconds(source.process.cpu_user)),
    Field::new("used_cpu_sys_children", |_| seconds(0)),
    Field::new("used_cpu_user_children", |_| seconds(0)),
    Field::new("used_cpu_sys_main_thread", |source| seconds(source.process.cpu_system_thread)),
    Field::new("used_cpu_user_main_thread", |source| seconds(source.process.cpu_user_thread)),
    Field::valkey("used_active_time_main_thread", |source| {
        seconds(source.process.cpu_system_thread + source.process.cpu_user_thread)
    }),
];

fn seconds(microseconds: u64) -> Figure {
    text(format_args!("{}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000))
}
