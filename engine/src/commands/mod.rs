//! The commands, one module a family. Families never import each other.

pub mod connection;
pub mod generic;
pub mod persistence;
pub mod server;
pub mod string;
pub mod transactions;

use crate::command::spec::{Categories, Command, Flags, Group};

/// All commands, by family.
pub static COMMANDS: &[&[Command]] = &[
    string::COMMANDS,
    generic::COMMANDS,
    connection::COMMANDS,
    server::COMMANDS,
    transactions::COMMANDS,
    persistence::COMMANDS,
];

/// What a context names as its command while none runs.
pub static NO_COMMAND: Command = Command {
    name: "",
    group: Group::Server,
    since: "",
    summary: "",
    complexity: "",
    arity: 1,
    flags: Flags::NONE,
    categories: Categories::NONE,
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: |_, _| Ok(()),
};
