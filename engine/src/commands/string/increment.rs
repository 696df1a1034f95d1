//! Numbers: INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT.

use crate::base::long_double::LongDouble;
use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::entry::Value;
use crate::keyspace::Expiry;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;

/// INCR.
pub(super) const INCR: Command = Command {
    name: "incr",
    group: Group::String,
    since: "1.0.0",
    summary: "Adds one to the integer at a key.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::STRING).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: incr,
};

/// DECR.
pub(super) const DECR: Command = Command {
    name: "decr",
    group: Group::String,
    since: "1.0.0",
    summary: "Subtracts one from the integer at a key.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::STRING).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: decr,
};

/// INCRBY.
pub(super) const INCRBY: Command = Command {
    name: "incrby",
    group: Group::String,
    since: "1.0.0",
    summary: "Adds to the integer at a key.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::STRING).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("increment", ArgumentKind::Integer)],
    subcommands: &[],
    handler: incrby,
};

/// DECRBY.
pub(super) const DECRBY: Command = Command {
    name: "decrby",
    group: Group::String,
    since: "1.0.0",
    summary: "Subtracts from the integer at a key.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::STRING).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("decrement", ArgumentKind::Integer)],
    subcommands: &[],
    handler: decrby,
};

/// INCRBYFLOAT.
pub(super) const INCRBYFLOAT: Command = Command {
    name: "incrbyfloat",
    group: Group::String,
    since: "2.6.0",
    summary: "Adds to the number at a key, in extended precision.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::STRING).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("increment", ArgumentKind::Double)],
    subcommands: &[],
    handler: incrbyfloat,
};

fn incr(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    add(context, arguments, 1)
}

fn decr(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    add(context, arguments, -1)
}

fn incrby(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let increment = parse_i64(&arguments[2]).ok_or(Error::NotInteger)?;
    add(context, arguments, increment)
}

fn decrby(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let decrement = parse_i64(&arguments[2]).ok_or(Error::NotInteger)?;
    let increment = decrement.checked_neg().ok_or(Error::DecrementOverflow)?;
    add(context, arguments, increment)
}

#[inline]
fn add(context: &mut Context<'_>, arguments: Arguments<'_>, increment: i64) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let database = context.database();
    let location = context.find_live(database, &key);
    let sum = |old: i64| old.checked_add(increment).ok_or(Error::Overflow);
    let new = match location {
        None => {
            context.set_string(&key, None, Value::Integer(increment), Expiry::Clear, false);
            increment
        }
        Some(location) => {
            let new = match context.string_at(location)? {
                Value::Integer(number) => sum(number)?,
                Value::Bytes(bytes) => sum(parse_i64(bytes).ok_or(Error::NotInteger)?)?,
            };
            context.keyspace.set_integer_at(database, &key, location, new, context.now);
            new
        }
    };
    context.changed(&key, Event::string("incrby"), Record::Command);
    context.reply.integer(new);
    Ok(())
}

fn incrbyfloat(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let location = context.find_live(context.database(), &key);
    let (old, expire_at_ms) = match location {
        None => (LongDouble::from_i64(0), None),
        Some(location) => {
            let old = match context.string_at(location)? {
                Value::Integer(number) => LongDouble::from_i64(number),
                Value::Bytes(bytes) => LongDouble::parse(bytes).ok_or(Error::NotFloat)?,
            };
            (old, context.entry(location).expire_at_ms())
        }
    };
    let new = old + LongDouble::parse(&arguments[2]).ok_or(Error::NotFloat)?;
    if new.is_nan_or_infinite() {
        return Err(Error::NotANumber);
    }
    let text = new.format_human();
    // No integer even where it looks like one: so says OBJECT ENCODING.
    let value = Value::Bytes(text.as_bytes());
    context.set_string(&key, location, value, Expiry::Keep, false);
    context.changed(&key, Event::string("incrbyfloat"), Record::Set { value, expire_at_ms });
    context.reply.bulk(text.as_bytes());
    Ok(())
}
