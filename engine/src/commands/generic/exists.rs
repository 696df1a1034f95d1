//! EXISTS, TYPE and TOUCH: is it there, and what is it.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;

/// EXISTS.
pub const EXISTS: Command = Command {
    name: "exists",
    group: Group::Generic,
    since: "1.0.0",
    summary: "Counts how many of the keys given exist.",
    complexity: "O(N) in the number of keys",
    arity: -2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::KEYSPACE).and(Categories::READ),
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    keys: &[KeySpec {
        flags: KeyFlags::RO,
        begin: Begin::Index(1),
        find: Find::Range { last: -1, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)).multiple()],
    subcommands: &[],
    handler: exists,
};

/// TYPE.
pub const TYPE: Command = Command {
    name: "type",
    group: Group::Generic,
    since: "1.0.0",
    summary: "Tells the type of a key's value.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::KEYSPACE).and(Categories::READ),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO,
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: type_of,
};

/// TOUCH.
pub const TOUCH: Command = Command {
    name: "touch",
    group: Group::Generic,
    since: "3.2.1",
    summary: "Marks keys as just used and counts those that exist.",
    complexity: "O(N) in the number of keys",
    arity: -2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::KEYSPACE).and(Categories::READ),
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    keys: &[KeySpec {
        flags: KeyFlags::RO,
        begin: Begin::Index(1),
        find: Find::Range { last: -1, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)).multiple()],
    subcommands: &[],
    handler: touch,
};

fn exists(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let mut count = 0;
    for index in 1..arguments.len() {
        let key = context.key(&arguments, index);
        count += i64::from(context.find_untouched(&key).is_some());
    }
    context.reply.integer(count);
    Ok(())
}

fn type_of(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let name = context.find_untouched(&key).map_or("none", |location| context.entry(location).value_type().name());
    context.reply.simple(name);
    Ok(())
}

/// Notes the access even for a client that said CLIENT NO-TOUCH.
fn touch(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let mut count = 0;
    for index in 1..arguments.len() {
        let key = context.key(&arguments, index);
        if let Some(location) = context.find_untouched(&key) {
            context.keyspace.touch(context.session.database, location, context.now);
            count += 1;
        }
    }
    context.reply.integer(count);
    Ok(())
}
