//! Adding to values of fields: HINCRBY, HINCRBYFLOAT.

use super::change::state_pairs;
use super::hash_at;
use crate::base::long_double::LongDouble;
use crate::base::number::{format_i64, parse_i64};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::entry::Value;
use crate::data::fields::{self, HashRef, Lifetime};
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

/// In a hash with fields that expire it is repeated by the result: elsewhere what
/// has expired may still be there.
fn hincrby(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let increment = parse_i64(&arguments[3]).ok_or(Error::NotInteger)?;
    let key = context.key(&arguments, 1);
    let found = context.find_write_of(&key, Type::Hash)?;
    let old = found.and_then(|location| hash_at(context, location).find(&arguments[2]));
    let number = match old.map(|(value, _)| value) {
        None => 0,
        Some(Value::Integer(number)) => number,
        Some(Value::Bytes(text)) => parse_i64(text).ok_or(Error::Text("ERR hash value is not an integer"))?,
    };
    let lifetime = lifetime_of(old);
    let new = number.checked_add(increment).ok_or(Error::Overflow)?;
    let mut digits = [0; 20];
    let text = format_i64(new, &mut digits);
    let expires = set(context, &key, found, &arguments[2], text, lifetime);
    if expires {
        state_pairs(context, &key, Event::hash("hincrby"), lifetime, &[&arguments[2], text]);
    } else {
        context.changed(&key, Event::hash("hincrby"), Record::Command);
    }
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
    let old = found.and_then(|location| hash_at(context, location).find(&arguments[2]));
    let number = match old.map(|(value, _)| value) {
        None => LongDouble::from_i64(0),
        Some(Value::Integer(number)) => LongDouble::from_i64(number),
        Some(Value::Bytes(text)) => LongDouble::parse(text).ok_or(Error::Text("ERR hash value is not a float"))?,
    };
    let lifetime = lifetime_of(old);
    let new = number + increment;
    if new.is_nan_or_infinite() {
        return Err(Error::NotANumber);
    }
    let text = new.format_human();
    set(context, &key, found, &arguments[2], text.as_bytes(), lifetime);
    state_pairs(context, &key, Event::hash("hincrbyfloat"), lifetime, &[&arguments[2], text.as_bytes()]);
    context.reply.bulk(text.as_bytes());
    Ok(())
}

/// A sum expires when what it was made of would have.
fn lifetime_of(old: Option<(Value<'_>, Option<i64>)>) -> Lifetime {
    old.and_then(|(_, expiry)| expiry).map_or(Lifetime::Endless, Lifetime::Until)
}

/// True if the hash had fields that expire.
fn set(
    context: &mut Context<'_>,
    key: &Key<'_>,
    found: Option<Location>,
    field: &[u8],
    value: &[u8],
    lifetime: Lifetime,
) -> bool {
    let (rules, past_ms) = (context.rules(), context.fields_past_ms());
    let Some(location) = found else {
        let mut body = fields::empty();
        rules.set_field(&mut body, field, value);
        context.create(key, Type::Hash, body);
        return false;
    };
    let (expires, set) = context.edit(key, location, |body| {
        (HashRef::of_body(body).expires(), rules.set_field_for(body, field, value, lifetime, past_ms))
    });
    if set.had_expired {
        context.fields_expired(1);
        context.also(key, Event::hash("hexpired"));
    }
    expires
}
