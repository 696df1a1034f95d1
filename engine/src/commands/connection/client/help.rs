//! CLIENT HELP.

use crate::command::spec::*;

/// CLIENT HELP.
pub(super) const CLIENT_HELP: Command = Command {
    name: "help",
    group: Group::Connection,
    since: "5.0.0",
    summary: "Lists the subcommands.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::LOADING.and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: crate::command::container::help,
};
