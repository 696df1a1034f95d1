//! SELECT.

use crate::base::number::parse_i64;
use crate::boundary::id::DatabaseId;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::config::Id;
use crate::resp::request::Arguments;

/// SELECT.
pub(super) const SELECT: Command = Command {
    name: "select",
    group: Group::Connection,
    since: "1.0.0",
    summary: "Chooses the database of this connection.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::ALLOW_BUSY.and(Flags::FAST).and(Flags::LOADING).and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::FAST),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new("index", ArgumentKind::Integer)],
    subcommands: &[],
    handler: select,
};

fn select(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let number = parse_i64(&arguments[1]).ok_or(Error::NotInteger)?;
    let Ok(index) = i32::try_from(number) else {
        return Err(Error::Text("ERR value is out of range, value must between -2147483648 and 2147483647"));
    };
    let only_one = context.server.config.boolean(Id::ClusterEnabled) && context.keyspace.database_count() == 1;
    if only_one && index != 0 {
        return Err(Error::Text("ERR SELECT is not allowed in cluster mode"));
    }
    if index < 0 || index as usize >= context.keyspace.database_count() {
        return Err(Error::DatabaseOutOfRange);
    }
    context.session.database = DatabaseId(index as u32);
    context.reply.ok();
    Ok(())
}
