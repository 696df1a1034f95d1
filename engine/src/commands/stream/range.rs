//! XLEN, XRANGE, XREVRANGE.

use super::{parse_end, parse_start, reply_entry, stream_at};
use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::shape::Type;
use crate::data::stream::Entry;
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;

/// XLEN.
pub(super) const XLEN: Command = Command {
    name: "xlen",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Returns the number of entries of a stream.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::READ).and(Categories::STREAM),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO,
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: xlen,
};

/// XRANGE.
pub(super) const XRANGE: Command = Command {
    name: "xrange",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Returns entries of a stream from one id to another.",
    complexity: "O(N) where N is the number of entries returned",
    arity: -4,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::STREAM),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("start", ArgumentKind::String),
        Argument::new("end", ArgumentKind::String),
        Argument::new("count", ArgumentKind::Integer).after("COUNT").optional(),
    ],
    subcommands: &[],
    handler: xrange,
};

/// XREVRANGE.
pub(super) const XREVRANGE: Command = Command {
    name: "xrevrange",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Returns entries of a stream from one id down to another.",
    complexity: "O(N) where N is the number of entries returned",
    arity: -4,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::STREAM),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("end", ArgumentKind::String),
        Argument::new("start", ArgumentKind::String),
        Argument::new("count", ArgumentKind::Integer).after("COUNT").optional(),
    ],
    subcommands: &[],
    handler: xrevrange,
};

fn xlen(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let found = context.find_read_of(&key, Type::Stream)?;
    let length = found.map_or(0, |at| stream_at(context.keyspace, context.session.database, at).len());
    context.reply.integer(length as i64);
    Ok(())
}

fn xrange(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    range(context, &arguments, false)
}

fn xrevrange(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    range(context, &arguments, true)
}

fn range(context: &mut Context<'_>, arguments: &Arguments<'_>, back: bool) -> Result<(), Error> {
    let (start_at, end_at) = if back { (3, 2) } else { (2, 3) };
    let (start, end) = (parse_start(&arguments[start_at])?, parse_end(&arguments[end_at])?);
    let (mut count, mut index) = (None, 4);
    while let Some(option) = arguments.get(index) {
        let value = arguments.get(index + 1).filter(|_| option.eq_ignore_ascii_case(b"count"));
        let given = parse_i64(value.ok_or(Error::Syntax)?).ok_or(Error::NotInteger)?;
        count = Some(usize::try_from(given).unwrap_or(0));
        index += 2;
    }
    let key = context.key(arguments, 1);
    let Some(location) = context.find_read_of(&key, Type::Stream)? else {
        context.reply.array(0);
        return Ok(());
    };
    if count == Some(0) {
        context.reply.null_array();
        return Ok(());
    }
    let stream = stream_at(context.keyspace, context.session.database, location);
    let count = count.unwrap_or(usize::MAX);
    if back {
        reply_entries(&mut context.reply, stream.range_back(start, end).take(count));
    } else {
        reply_entries(&mut context.reply, stream.range(start, end).take(count));
    }
    Ok(())
}

/// An array of entries.
pub(super) fn reply_entries<'e>(reply: &mut Reply<'_>, entries: impl Iterator<Item = Entry<'e>>) {
    let (start, mut count) = (reply.position(), 0);
    for entry in entries {
        reply_entry(reply, entry);
        count += 1;
    }
    reply.array_since(start, count);
}
