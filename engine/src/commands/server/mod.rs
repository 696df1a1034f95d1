//! Commands about the server itself: what it is, how it does, how it is set.

pub mod acl;
pub mod command;
pub mod config;
pub mod debug;
pub mod info;
pub mod latency;
pub mod lolwut;
pub mod memory;
pub mod module;
pub mod replication;
pub mod slowlog;
pub mod time;

#[cfg(test)]
mod tests;

use crate::command::spec::Command;

/// The family.
pub const COMMANDS: &[Command] = &[
    acl::ACL,
    command::COMMAND,
    config::CONFIG,
    debug::DEBUG,
    info::INFO,
    latency::LATENCY,
    lolwut::LOLWUT,
    memory::MEMORY,
    module::MODULE,
    replication::REPLICAOF,
    replication::SLAVEOF,
    slowlog::SLOWLOG,
    time::TIME,
];
