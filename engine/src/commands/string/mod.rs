//! Strings.

use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::entry::Value;
use crate::keyspace::Expiry;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;

/// The family.
pub const COMMANDS: &[Command] = &[GET, SET, INCR];

/// GET.
pub const GET: Command = Command {
    name: "get",
    group: Group::String,
    since: "1.0.0",
    summary: "",
    complexity: "",
    arity: 2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::READ).and(Categories::STRING),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: get,
};

/// SET.
pub const SET: Command = Command {
    name: "set",
    group: Group::String,
    since: "1.0.0",
    summary: "",
    complexity: "",
    arity: -3,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::SLOW.and(Categories::STRING).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE).and(KeyFlags::VARIABLE_FLAGS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "RW and ACCESS due to the optional `GET` argument",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("value", ArgumentKind::String),
        Argument::new(
            "condition",
            ArgumentKind::OneOf(&[
                Argument::token("nx", "NX").since("2.6.12"),
                Argument::token("xx", "XX").since("2.6.12"),
                Argument::new("comparison-value", ArgumentKind::String).after("IFEQ").since("8.1.0"),
            ]),
        )
        .optional(),
        Argument::token("get", "GET").optional().since("6.2.0"),
        Argument::new(
            "expiration",
            ArgumentKind::OneOf(&[
                Argument::new("seconds", ArgumentKind::Integer).after("EX").since("2.6.12"),
                Argument::new("milliseconds", ArgumentKind::Integer).after("PX").since("2.6.12"),
                Argument::new("unix-time-seconds", ArgumentKind::UnixTime).after("EXAT").since("6.2.0"),
                Argument::new("unix-time-milliseconds", ArgumentKind::UnixTime).after("PXAT").since("6.2.0"),
                Argument::token("keepttl", "KEEPTTL").since("6.0.0"),
            ]),
        )
        .optional(),
    ],
    subcommands: &[],
    handler: set,
};

/// INCR.
pub const INCR: Command = Command {
    name: "incr",
    group: Group::String,
    since: "1.0.0",
    summary: "",
    complexity: "",
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

fn get(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_read(&key) else {
        context.reply.null();
        return Ok(());
    };
    let entry = context.keyspace.get(context.session.database, location);
    if entry.type_number() != 0 {
        return Err(Error::WrongType);
    }
    match entry.value() {
        Value::Integer(number) => context.reply.bulk_integer(number),
        Value::Bytes(bytes) => context.reply.bulk(bytes),
    }
    Ok(())
}

fn set(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let bytes = &arguments[2];
    let value = parse_i64(bytes).map_or(Value::Bytes(bytes), Value::Integer);
    let location = context.find_live(context.database(), &key);
    context.keyspace.set_at(context.database(), &key, location, value, Expiry::Clear, false, context.now);
    context.changed(&key, Event::string("set"), Record::Command);
    context.reply.ok();
    Ok(())
}

fn incr(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let location = context.find_write(&key);
    let old = match location.map(|location| context.entry(location).value()) {
        None => 0,
        Some(Value::Integer(number)) => number,
        Some(Value::Bytes(bytes)) => parse_i64(bytes).ok_or(Error::NotInteger)?,
    };
    let new = old.checked_add(1).ok_or(Error::Overflow)?;
    let database = context.database();
    match location {
        Some(location) => context.keyspace.set_integer_at(database, &key, location, new, context.now),
        None => context.keyspace.set_at(database, &key, None, Value::Integer(new), Expiry::Clear, false, context.now),
    }
    context.changed(&key, Event::string("incrby"), Record::Command);
    context.reply.integer(new);
    Ok(())
}
