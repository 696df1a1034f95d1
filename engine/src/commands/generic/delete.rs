//! DEL and UNLINK, which are the same here: what is large is always dropped on
//! another thread.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;

/// DEL.
pub const DEL: Command = Command {
    name: "del",
    group: Group::Generic,
    since: "1.0.0",
    summary: "Deletes keys.",
    complexity: "O(N) in the number of keys",
    arity: -2,
    flags: Flags::WRITE,
    categories: Categories::KEYSPACE.and(Categories::SLOW).and(Categories::WRITE),
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    keys: &[KeySpec {
        flags: KeyFlags::RM.and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: -1, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)).multiple()],
    subcommands: &[],
    handler: del,
};

/// UNLINK.
pub const UNLINK: Command = Command {
    name: "unlink",
    group: Group::Generic,
    since: "4.0.0",
    summary: "Deletes keys and leaves freeing their memory to another thread.",
    complexity: "O(1) a key",
    arity: -2,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::KEYSPACE).and(Categories::WRITE),
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    keys: &[KeySpec {
        flags: KeyFlags::RM.and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: -1, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)).multiple()],
    subcommands: &[],
    handler: unlink,
};

fn del(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let database = context.database();
    let mut deleted = 0;
    for index in 1..arguments.len() {
        let key = context.key(&arguments, index);
        let Some(location) = context.find_live(database, &key) else { continue };
        context.remove(database, &key, location);
        let record = if deleted == 0 { Record::Command } else { Record::Included };
        context.changed(&key, Event::generic("del"), record);
        deleted += 1;
    }
    context.reply.integer(deleted);
    Ok(())
}

fn unlink(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    del(context, arguments)
}
