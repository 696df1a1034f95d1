//! CLIENT HELP.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::help::help;
use crate::command::spec::*;
use crate::resp::request::Arguments;

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
    handler: client_help,
};

fn client_help(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    help(context, &arguments);
    Ok(())
}
