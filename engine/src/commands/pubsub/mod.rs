//! Publish and subscribe.

mod introspect;
mod publish;
mod subscribe;
#[cfg(test)]
mod tests;
mod unsubscribe;

use crate::command::spec::{Begin, Command, Find, KeyFlags, KeySpec};

/// The family.
pub const COMMANDS: &[Command] = &[
    subscribe::SUBSCRIBE,
    unsubscribe::UNSUBSCRIBE,
    subscribe::PSUBSCRIBE,
    unsubscribe::PUNSUBSCRIBE,
    publish::PUBLISH,
    introspect::PUBSUB,
    subscribe::SSUBSCRIBE,
    unsubscribe::SUNSUBSCRIBE,
    publish::SPUBLISH,
];

/// Channels of shards up to an argument: no keys, but they belong to slots.
const fn shard_channels(last: i32) -> KeySpec {
    KeySpec {
        flags: KeyFlags::NOT_KEY,
        begin: Begin::Index(1),
        find: Find::Range { last, step: 1, limit: 0 },
        notes: "",
    }
}
