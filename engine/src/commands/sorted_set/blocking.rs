//! Commands that wait for a member: BZPOPMIN, BZPOPMAX, BZMPOP.

use super::pop::{End, pop_range, reply_taken, take};
use crate::command::collection::FromSeveral;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::shape::Type;
use crate::keyspace::change::Record;
use crate::resp::request::Arguments;

/// BZPOPMIN.
pub(super) const BZPOPMIN: Command = Command {
    name: "bzpopmin",
    group: Group::SortedSet,
    since: "5.0.0",
    summary: "Removes the member with the lowest score from the first of several sorted sets that has any, and waits for one if none has.",
    complexity: "O(log(N)) where N is the size of the sorted set",
    arity: -3,
    flags: Flags::BLOCKING.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::BLOCKING.and(Categories::FAST).and(Categories::SORTED_SET).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: -2, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)).multiple(), Argument::new("timeout", ArgumentKind::Double)],
    subcommands: &[],
    handler: bzpopmin,
};

/// BZPOPMAX.
pub(super) const BZPOPMAX: Command = Command {
    name: "bzpopmax",
    group: Group::SortedSet,
    since: "5.0.0",
    summary: "Removes the member with the highest score from the first of several sorted sets that has any, and waits for one if none has.",
    complexity: "O(log(N)) where N is the size of the sorted set",
    arity: -3,
    flags: Flags::BLOCKING.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::BLOCKING.and(Categories::FAST).and(Categories::SORTED_SET).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: -2, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)).multiple(), Argument::new("timeout", ArgumentKind::Double)],
    subcommands: &[],
    handler: bzpopmax,
};

/// BZMPOP.
pub(super) const BZMPOP: Command = Command {
    name: "bzmpop",
    group: Group::SortedSet,
    since: "7.0.0",
    summary: "Removes members from an end of the first of several sorted sets that has any, and waits for some if none has.",
    complexity: "O(K)+O(M*log(N)) where K is the number of keys, N the size of the set and M the number of members removed",
    arity: -5,
    flags: Flags::BLOCKING.and(Flags::WRITE),
    categories: Categories::BLOCKING.and(Categories::SLOW).and(Categories::SORTED_SET).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
        begin: Begin::Index(2),
        find: Find::Count { count_index: 0, first: 1, step: 1 },
        notes: "",
    }],
    arguments: &[
        Argument::new("timeout", ArgumentKind::Double),
        Argument::new("numkeys", ArgumentKind::Integer),
        Argument::new("key", ArgumentKind::Key(0)).multiple(),
        Argument::new("where", ArgumentKind::OneOf(&[Argument::token("min", "MIN"), Argument::token("max", "MAX")])),
        Argument::new("count", ArgumentKind::Integer).after("COUNT").optional(),
    ],
    subcommands: &[],
    handler: bzmpop,
};

fn bzpopmin(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    pop(context, &arguments, End::Lowest)
}

fn bzpopmax(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    pop(context, &arguments, End::Highest)
}

fn pop(context: &mut Context<'_>, arguments: &Arguments<'_>, end: End) -> Result<(), Error> {
    let keys = 1..arguments.len() - 1;
    let until = context.seconds_from_now(&arguments[keys.end])?;
    for index in keys.clone() {
        let key = context.key(arguments, index);
        let Some(location) = context.find_write_of(&key, Type::SortedSet)? else { continue };
        let request: [&[u8]; 2] = [end.command(), key.bytes];
        let taken = take(context, &key, location, end, 1, Record::Request(&request));
        context.reply.array(1 + 2 * taken.len());
        context.reply.bulk(key.bytes);
        reply_taken(&mut context.reply, &taken, false);
        return Ok(());
    }
    context.wait_for(Type::SortedSet, keys, until);
    Ok(())
}

fn bzmpop(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let wanted = FromSeveral::parse(&arguments, 2, End::parse)?;
    let until = context.seconds_from_now(&arguments[1])?;
    if !pop_range(context, &arguments, &wanted)? {
        context.wait_for(Type::SortedSet, wanted.keys, until);
    }
    Ok(())
}
