//! Taking members off an end: ZPOPMIN, ZPOPMAX, ZMPOP.

use super::set_at;
use crate::base::number::{format_i64, parse_i64};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::shape::Type;
use crate::data::sorted_set;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::{Key, Location};
use crate::resp::reply::Protocol;
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// ZPOPMIN.
pub(super) const ZPOPMIN: Command = Command {
    name: "zpopmin",
    group: Group::SortedSet,
    since: "5.0.0",
    summary: "Removes the members with the lowest scores from a sorted set and returns them.",
    complexity: "O(M*log(N)) where N is the size of the set and M the number of members removed",
    arity: -2,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::SORTED_SET).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("count", ArgumentKind::Integer).optional()],
    subcommands: &[],
    handler: zpopmin,
};

/// ZPOPMAX.
pub(super) const ZPOPMAX: Command = Command {
    name: "zpopmax",
    group: Group::SortedSet,
    since: "5.0.0",
    summary: "Removes the members with the highest scores from a sorted set and returns them.",
    complexity: "O(M*log(N)) where N is the size of the set and M the number of members removed",
    arity: -2,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::SORTED_SET).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("count", ArgumentKind::Integer).optional()],
    subcommands: &[],
    handler: zpopmax,
};

/// ZMPOP.
pub(super) const ZMPOP: Command = Command {
    name: "zmpop",
    group: Group::SortedSet,
    since: "7.0.0",
    summary: "Removes members from an end of the first of several sorted sets that has any, and returns them.",
    complexity: "O(K)+O(M*log(N)) where K is the number of keys, N the size of the set and M the number of members removed",
    arity: -4,
    flags: Flags::WRITE,
    categories: Categories::SLOW.and(Categories::SORTED_SET).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Count { count_index: 0, first: 1, step: 1 },
        notes: "",
    }],
    arguments: &[
        Argument::new("numkeys", ArgumentKind::Integer),
        Argument::new("key", ArgumentKind::Key(0)).multiple(),
        Argument::new("where", ArgumentKind::OneOf(&[Argument::token("min", "MIN"), Argument::token("max", "MAX")])),
        Argument::new("count", ArgumentKind::Integer).after("COUNT").optional(),
    ],
    subcommands: &[],
    handler: zmpop,
};

/// An end of a sorted set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Lowest,
    Highest,
}

impl End {
    fn parse(word: &[u8]) -> Result<End, Error> {
        if word.eq_ignore_ascii_case(b"min") {
            Ok(End::Lowest)
        } else if word.eq_ignore_ascii_case(b"max") {
            Ok(End::Highest)
        } else {
            Err(Error::Syntax)
        }
    }

    /// The event that tells of it.
    fn event(self) -> Event {
        Event::sorted_set(if self == End::Lowest { "zpopmin" } else { "zpopmax" })
    }
}

/// Members that were taken, with their scores.
type Taken = Vec<(Vec<u8>, f64)>;

fn zpopmin(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    pop(context, &arguments, End::Lowest)
}

fn zpopmax(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    pop(context, &arguments, End::Highest)
}

fn pop(context: &mut Context<'_>, arguments: &Arguments<'_>, end: End) -> Result<(), Error> {
    if arguments.len() > 3 {
        return Err(Error::Syntax);
    }
    let parse = |count: &[u8]| parse_i64(count).and_then(|count| usize::try_from(count).ok()).ok_or(Error::NotPositive);
    let count = arguments.get(2).map(parse).transpose()?;
    let key = context.key(arguments, 1);
    let found = context.find_write_of(&key, Type::SortedSet)?.filter(|_| count != Some(0));
    let Some(location) = found else {
        context.reply.array(0);
        return Ok(());
    };
    let taken = take(context, &key, location, end, count.unwrap_or(1), Record::Command);
    let reply = &mut context.reply;
    // Of one without a count RESP3 makes no pair either.
    let nested = count.is_some() && reply.protocol() != Protocol::Resp2;
    reply.array(if nested { taken.len() } else { taken.len() * 2 });
    reply_taken(reply, &taken, nested);
    Ok(())
}

fn reply_taken(reply: &mut Reply<'_>, taken: &Taken, nested: bool) {
    for (member, score) in taken {
        if nested {
            reply.array(2);
        }
        reply.bulk(member);
        reply.double(*score);
    }
}

/// Takes members off an end; a set that becomes empty goes.
fn take(
    context: &mut Context<'_>,
    key: &Key<'_>,
    location: Location,
    end: End,
    count: usize,
    record: Record<'_>,
) -> Taken {
    let length = set_at(context.keyspace, context.session.database, location).len();
    let count = count.min(length);
    let ranks = if end == End::Lowest { 0..count } else { length - count..length };
    let mut taken = Vec::with_capacity(count);
    context.edit(key, location, |body| {
        sorted_set::remove_ranks(body, ranks, |member, score| taken.push((member.to_vec(), score)));
    });
    if end == End::Highest {
        taken.reverse();
    }
    context.changed(key, end.event(), record);
    context.counts_as(count as u64);
    if count == length {
        context.remove_emptied(key);
    }
    taken
}

fn zmpop(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let keys = parse_i64(&arguments[1]).and_then(|keys| usize::try_from(keys).ok()).filter(|&keys| keys > 0);
    let keys = keys.ok_or(Error::Text("ERR numkeys should be greater than 0"))?;
    let end = End::parse(keys.checked_add(2).and_then(|at| arguments.get(at)).ok_or(Error::Syntax)?)?;
    let count = match (arguments.get(keys + 3), arguments.get(keys + 4)) {
        (None, _) => 1,
        (Some(word), Some(count)) if word.eq_ignore_ascii_case(b"count") => {
            let count = parse_i64(count).and_then(|count| usize::try_from(count).ok()).filter(|&count| count > 0);
            let count = count.ok_or(Error::Text("ERR count should be greater than 0"))?;
            if arguments.len() > keys + 5 {
                return Err(Error::Syntax);
            }
            count
        }
        _ => return Err(Error::Syntax),
    };
    for index in 2..2 + keys {
        let key = context.key(&arguments, index);
        let Some(location) = context.find_write_of(&key, Type::SortedSet)? else { continue };
        let length = set_at(context.keyspace, context.session.database, location).len();
        let mut digits = [0; 20];
        let some = format_i64(count.min(length) as i64, &mut digits);
        let request: [&[u8]; 3] = [if end == End::Lowest { b"ZPOPMIN" } else { b"ZPOPMAX" }, key.bytes, some];
        let taken = take(context, &key, location, end, count, Record::Request(&request));
        context.reply.array(2);
        context.reply.bulk(key.bytes);
        context.reply.array(taken.len());
        reply_taken(&mut context.reply, &taken, true);
        return Ok(());
    }
    context.reply.null_array();
    Ok(())
}
