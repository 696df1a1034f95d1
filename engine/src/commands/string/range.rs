//! Parts of strings: APPEND, SETRANGE, GETRANGE, SUBSTR.

use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::entry::Value;
use crate::keyspace::Expiry;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;

/// APPEND.
pub(super) const APPEND: Command = Command {
    name: "append",
    group: Group::String,
    since: "2.0.0",
    summary: "Appends to the string at a key; creates it if there is none.",
    complexity: "O(1) amortized: the buffer of a long string grows ahead of need.",
    arity: 3,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::STRING).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::INSERT),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("value", ArgumentKind::String)],
    subcommands: &[],
    handler: append,
};

/// SETRANGE.
pub(super) const SETRANGE: Command = Command {
    name: "setrange",
    group: Group::String,
    since: "2.2.0",
    summary: "Overwrites part of the string at a key; zero bytes fill what is missing before.",
    complexity: "O(M) where M is the length written, plus the growth of the string.",
    arity: 4,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::SLOW.and(Categories::STRING).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("offset", ArgumentKind::Integer),
        Argument::new("value", ArgumentKind::String),
    ],
    subcommands: &[],
    handler: setrange,
};

/// GETRANGE.
pub(super) const GETRANGE: Command = Command {
    name: "getrange",
    group: Group::String,
    since: "2.4.0",
    summary: "Returns part of the string at a key.",
    complexity: "O(N) where N is the length of the part.",
    arity: 4,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::STRING),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("start", ArgumentKind::Integer),
        Argument::new("end", ArgumentKind::Integer),
    ],
    subcommands: &[],
    handler: getrange,
};

/// SUBSTR.
pub(super) const SUBSTR: Command = Command {
    name: "substr",
    group: Group::String,
    since: "1.0.0",
    summary: "Returns part of the string at a key: the former name of GETRANGE.",
    complexity: "O(N) where N is the length of the part.",
    arity: 4,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::STRING),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("start", ArgumentKind::Integer),
        Argument::new("end", ArgumentKind::Integer),
    ],
    subcommands: &[],
    handler: substr,
};

fn append(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let addition = &arguments[2];
    let length = match context.find_live(context.database(), &key) {
        None => {
            context.set_string(&key, None, Value::encode(addition), Expiry::Clear, false);
            addition.len()
        }
        Some(location) => {
            let old = context.string_at(location)?.length();
            fits(context, old as u64, addition)?;
            context.write_string(&key, Some(location), old, addition)
        }
    };
    context.changed(&key, Event::string("append"), Record::Command);
    context.reply.integer(length as i64);
    Ok(())
}

fn setrange(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let offset = parse_i64(&arguments[2]).ok_or(Error::NotInteger)?;
    let offset = u64::try_from(offset).map_err(|_| Error::OffsetOutOfRange)?;
    let part = &arguments[3];
    let key = context.key(&arguments, 1);
    let location = context.find_live(context.database(), &key);
    let old = match location {
        Some(location) => context.string_at(location)?.length(),
        None => 0,
    };
    if part.is_empty() {
        context.reply.integer(old as i64);
        return Ok(());
    }
    fits(context, offset, part)?;
    let length = context.write_string(&key, location, offset as usize, part);
    context.changed(&key, Event::string("setrange"), Record::Command);
    context.reply.integer(length as i64);
    Ok(())
}

/// # Errors
/// [`Error::TooLong`] if a string that goes on by `part` from `offset` would be
/// longer than `proto-max-bulk-len`.
fn fits(context: &Context<'_>, offset: u64, part: &[u8]) -> Result<(), Error> {
    let end = offset.saturating_add(part.len() as u64);
    if end > context.server.bulk_max.max(0) as u64 { Err(Error::TooLong) } else { Ok(()) }
}

fn getrange(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let start = parse_i64(&arguments[2]).ok_or(Error::NotInteger)?;
    let end = parse_i64(&arguments[3]).ok_or(Error::NotInteger)?;
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_read(&key) else {
        context.reply.bulk(b"");
        return Ok(());
    };
    context.string_at(location)?;
    let mut buffer = [0; 20];
    let bytes = context.keyspace.get(context.session.database, location).value().bytes(&mut buffer);
    context.reply.bulk(part(bytes, start, end));
    Ok(())
}

fn substr(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    getrange(context, arguments)
}

/// The part from `start` to `end`, that one included; negative indices count
/// from behind.
fn part(bytes: &[u8], start: i64, end: i64) -> &[u8] {
    if start < 0 && end < 0 && start > end {
        return b"";
    }
    let length = bytes.len() as i64;
    let from_front = |index: i64| if index < 0 { (index + length).max(0) } else { index };
    let (start, end) = (from_front(start), from_front(end).min(length - 1));
    if start > end { b"" } else { bytes.get(start as usize..=end as usize).unwrap_or(b"") }
}
