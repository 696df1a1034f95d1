//! BGREWRITEAOF.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::persistence::aof::RewriteRequest;
use crate::resp::request::Arguments;

/// BGREWRITEAOF.
pub const BGREWRITEAOF: Command = Command {
    name: "bgrewriteaof",
    group: Group::Server,
    since: "1.0.0",
    summary: "Writes the data as a new base of the append only file while others go on.",
    complexity: "O(1), and O(N) in the background where N is the number of all keys",
    arity: 1,
    flags: Flags::ADMIN.and(Flags::NO_ASYNC_LOADING).and(Flags::NOSCRIPT),
    categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: bgrewriteaof,
};

fn bgrewriteaof(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    match context.rewrite_aof() {
        RewriteRequest::Started => context.reply.simple("Background append only file rewriting started"),
        RewriteRequest::Scheduled => context.reply.simple("Background append only file rewriting scheduled"),
        RewriteRequest::InProgress => {
            return Err(Error::Text("ERR Background append only file rewriting already in progress"));
        }
    }
    Ok(())
}
