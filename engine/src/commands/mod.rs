//! The commands, one module a family. Families never import each other.

pub mod bitmap;
pub mod connection;
pub mod generic;
pub mod geo;
pub mod hash;
pub mod hyperloglog;
pub mod list;
pub mod persistence;
pub mod pubsub;
pub mod replication;
pub mod server;
pub mod set;
pub mod sorted_set;
pub mod stream;
pub mod string;
pub mod transactions;

use crate::command::spec::Command;

/// All commands, by family.
pub static COMMANDS: &[&[Command]] = &[
    string::COMMANDS,
    generic::COMMANDS,
    set::COMMANDS,
    sorted_set::COMMANDS,
    hash::COMMANDS,
    list::COMMANDS,
    bitmap::COMMANDS,
    hyperloglog::COMMANDS,
    stream::COMMANDS,
    geo::COMMANDS,
    connection::COMMANDS,
    server::COMMANDS,
    transactions::COMMANDS,
    persistence::COMMANDS,
    replication::COMMANDS,
    pubsub::COMMANDS,
];
