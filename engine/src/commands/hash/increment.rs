//! Adding to values of fields: HINCRBY, HINCRBYFLOAT.

use super::hash_at;
use crate::base::long_double::LongDouble;
use crate::base::number::{format_i64, parse_i64};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::entry::Value;
use crate::data::fields;
use crate::data::shape::Type;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::{Key, Location};
use crate::resp::request::Arguments;

/// HINCRBY.
pub(super) const HINCRBY: Command = Command {
    name: "hincrby",
    group: Group::Hash,
    since: "2.0.0",
    summary: "Adds an integer to the value of a field of a hash.",
    complexity: "O(1)",
    arity: 4,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("field", ArgumentKind::String),
        Argument::new("increment", ArgumentKind::Integer),
    ],
    subcommands: &[],
    handler: hincrby,
};

/// HINCRBYFLOAT.
pub(super) const HINCRBYFLOAT: Command = Command {
    name: "hincrbyfloat",
    group: Group::Hash,
    since: "2.6.0",
    summary: "Adds a floating point number to the value of a field of a hash.",
    complexity: "O(1)",
    arity: 4,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("field", ArgumentKind::String),
        Argument::new("increment", ArgumentKind::Double),
    ],
    subcommands: &[],
    handler: hincrbyfloat,
};

fn hincrby(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let increment = parse_i64(&arguments[3]).ok_or(Error::NotInteger)?;
    let key = context.key(&arguments, 1);
    let found = context.find_write_of(&key, Type::Hash)?;
    let old = found.and_then(|at| hash_at(context.keyspace, context.session.database, at).get(&arguments[2]));
    let old = match old {
        None => 0,
        Some(Value::Integer(number)) => number,
        Some(Value::Bytes(text)) => parse_i64(text).ok_or(Error::Text("ERR hash value is not an integer"))?,
    };
    let new = old.checked_add(increment).ok_or(Error::Overflow)?;
    set(context, &key, found, &arguments[2], format_i64(new, &mut [0; 20]));
    context.changed(&key, Event::hash("hincrby"), Record::Command);
    context.reply.integer(new);
    Ok(())
}

/// Repeated by the result: elsewhere the sum may come out otherwise.
fn hincrbyfloat(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let increment = LongDouble::parse(&arguments[3]).ok_or(Error::NotFloat)?;
    if increment.is_nan_or_infinite() {
        return Err(Error::Text("ERR value is NaN or Infinity"));
    }
    let key = context.key(&arguments, 1);
    let found = context.find_write_of(&key, Type::Hash)?;
    let old = found.and_then(|at| hash_at(context.keyspace, context.session.database, at).get(&arguments[2]));
    let old = match old {
        None => LongDouble::from_i64(0),
        Some(Value::Integer(number)) => LongDouble::from_i64(number),
        Some(Value::Bytes(text)) => LongDouble::parse(text).ok_or(Error::Text("ERR hash value is not a float"))?,
    };
    let new = old + increment;
    if new.is_nan_or_infinite() {
        return Err(Error::NotANumber);
    }
    let text = new.format_human();
    set(context, &key, found, &arguments[2], text.as_bytes());
    let request: [&[u8]; 4] = [b"HSET", key.bytes, &arguments[2], text.as_bytes()];
    context.changed(&key, Event::hash("hincrbyfloat"), Record::Request(&request));
    context.reply.bulk(text.as_bytes());
    Ok(())
}

fn set(context: &mut Context<'_>, key: &Key<'_>, found: Option<Location>, field: &[u8], value: &[u8]) {
    let rules = context.rules();
    match found {
        Some(location) => drop(context.edit(key, location, |body| rules.set_field(body, field, value))),
        None => {
            let mut body = fields::empty();
            rules.set_field(&mut body, field, value);
            context.create(key, Type::Hash, body);
        }
    }
}
