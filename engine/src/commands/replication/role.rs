//! ROLE.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;

/// ROLE.
pub const ROLE: Command = Command {
    name: "role",
    group: Group::Server,
    since: "2.8.12",
    summary: "Answers the server's part in replication.",
    complexity: "O(1)",
    arity: 1,
    flags: Flags::FAST.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::FAST),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: role,
};

fn role(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    let replication = &context.server.replication;
    if replication.is_replica() {
        replication.reply_replica_role(&mut context.reply);
    } else {
        replication.reply_primary_role(&mut context.reply);
    }
    Ok(())
}
