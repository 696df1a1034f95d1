//! TIME.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;

/// TIME.
pub const TIME: Command = Command {
    name: "time",
    group: Group::Server,
    since: "2.6.0",
    summary: "Answers the server's time of day.",
    complexity: "O(1)",
    arity: 1,
    flags: Flags::FAST.and(Flags::LOADING).and(Flags::STALE),
    categories: Categories::FAST,
    tips: &["nondeterministic_output"],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: time,
};

fn time(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    let unix = context.now.unix;
    context.reply.array(2);
    context.reply.bulk_integer(unix.seconds());
    context.reply.bulk_integer(unix.0.rem_euclid(1_000_000));
    Ok(())
}
