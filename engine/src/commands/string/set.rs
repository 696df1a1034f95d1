//! Setting one key to a string: SET, SETNX, SETEX, PSETEX, GETSET.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::options::{Accepted, Clock, Condition, Lifetime, Options, expire_at_ms};
use crate::command::spec::*;
use crate::data::entry::Value;
use crate::keyspace::Expiry;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::{Key, Location};
use crate::resp::request::Arguments;

/// SET.
pub(super) const SET: Command = Command {
    name: "set",
    group: Group::String,
    since: "1.0.0",
    summary: "Sets a key to a string, whatever was there; on conditions and with an expiry if asked.",
    complexity: "O(1)",
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

/// SETNX.
pub(super) const SETNX: Command = Command {
    name: "setnx",
    group: Group::String,
    since: "1.0.0",
    summary: "Sets a key to a string if it does not exist.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::STRING).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::OW.and(KeyFlags::INSERT),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("value", ArgumentKind::String)],
    subcommands: &[],
    handler: setnx,
};

/// SETEX.
pub(super) const SETEX: Command = Command {
    name: "setex",
    group: Group::String,
    since: "2.0.0",
    summary: "Sets a key to a string that expires after some seconds.",
    complexity: "O(1)",
    arity: 4,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::SLOW.and(Categories::STRING).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::OW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("seconds", ArgumentKind::Integer),
        Argument::new("value", ArgumentKind::String),
    ],
    subcommands: &[],
    handler: setex,
};

/// PSETEX.
pub(super) const PSETEX: Command = Command {
    name: "psetex",
    group: Group::String,
    since: "2.6.0",
    summary: "Sets a key to a string that expires after some milliseconds.",
    complexity: "O(1)",
    arity: 4,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::SLOW.and(Categories::STRING).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::OW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("milliseconds", ArgumentKind::Integer),
        Argument::new("value", ArgumentKind::String),
    ],
    subcommands: &[],
    handler: psetex,
};

/// GETSET.
pub(super) const GETSET: Command = Command {
    name: "getset",
    group: Group::String,
    since: "1.0.0",
    summary: "Sets a key to a string and returns the one that was there.",
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
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("value", ArgumentKind::String)],
    subcommands: &[],
    handler: getset,
};

/// What each of these commands states that it did.
const EVENT: Event = Event::string("set");

fn set(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    if arguments.len() > 3 {
        return set_with_options(context, arguments);
    }
    let key = context.key(&arguments, 1);
    let location = context.find_live(context.database(), &key);
    context.set_string(&key, location, Value::encode(&arguments[2]), Expiry::Clear, false);
    context.changed(&key, EVENT, Record::Command);
    context.reply.ok();
    Ok(())
}

#[inline(never)]
fn set_with_options(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let options = Options::parse(arguments.from(3).iter(), Accepted::SET)?;
    let expire_at_ms = options.expire_at_ms(context)?;
    let key = context.key(&arguments, 1);
    let location = if options.get { reply_old(context, &key)? } else { context.find_live(context.database(), &key) };
    if !holds(context, options.condition, location)? {
        if !options.get {
            context.reply.null();
        }
        return Ok(());
    }
    let value = Value::encode(&arguments[2]);
    if let Some(at) = expire_at_ms {
        set_expiring(context, &key, location, value, at);
    } else {
        let keep = options.lifetime == Lifetime::Keep;
        let kept = location.filter(|_| keep).and_then(|location| context.entry(location).expire_at_ms());
        let expiry = if keep { Expiry::Keep } else { Expiry::Clear };
        context.set_string(&key, location, value, expiry, false);
        // The references of older versions know neither GET with NX nor IFEQ.
        let plain = !options.get && !matches!(options.condition, Condition::IfEqual(_));
        let record = if plain { Record::Command } else { Record::Set { value, expire_at_ms: kept } };
        context.changed(&key, EVENT, record);
    }
    if !options.get {
        context.reply.ok();
    }
    Ok(())
}

/// True if a key whose location was looked up fulfils a condition.
fn holds(context: &Context<'_>, condition: Condition<'_>, location: Option<Location>) -> Result<bool, Error> {
    Ok(match (condition, location) {
        (Condition::Always, _) => true,
        (Condition::IfMissing, _) => location.is_none(),
        (Condition::IfExists, _) => location.is_some(),
        (Condition::IfEqual(_), None) => false,
        (Condition::IfEqual(expected), Some(location)) => context.string_at(location)?.bytes(&mut [0; 20]) == expected,
    })
}

/// Replies with the string at a key, or null.
fn reply_old(context: &mut Context<'_>, key: &Key<'_>) -> Result<Option<Location>, Error> {
    let location = context.find_read(key);
    match location {
        Some(location) => context.reply_string(location)?,
        None => context.reply.null(),
    }
    Ok(location)
}

/// Sets a key that expires, even if that was before now: then it expires at
/// once.
fn set_expiring(context: &mut Context<'_>, key: &Key<'_>, location: Option<Location>, value: Value<'_>, at_ms: i64) {
    context.set_string(key, location, value, Expiry::At(at_ms), false);
    context.changed(key, EVENT, Record::Set { value, expire_at_ms: Some(at_ms) });
    context.also(key, Event::generic("expire"));
}

fn setnx(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let missing = context.find_live(context.database(), &key).is_none();
    if missing {
        context.set_string(&key, None, Value::encode(&arguments[2]), Expiry::Clear, false);
        context.changed(&key, EVENT, Record::Command);
    }
    context.reply.integer(i64::from(missing));
    Ok(())
}

fn setex(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    set_after(context, arguments, Clock::Seconds)
}

fn psetex(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    set_after(context, arguments, Clock::Milliseconds)
}

fn set_after(context: &mut Context<'_>, arguments: Arguments<'_>, clock: Clock) -> Result<(), Error> {
    let at_ms = expire_at_ms(context, clock, &arguments[2])?;
    let key = context.key(&arguments, 1);
    let location = context.find_live(context.database(), &key);
    set_expiring(context, &key, location, Value::encode(&arguments[3]), at_ms);
    context.reply.ok();
    Ok(())
}

fn getset(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let location = reply_old(context, &key)?;
    let value = Value::encode(&arguments[2]);
    context.set_string(&key, location, value, Expiry::Clear, false);
    context.changed(&key, EVENT, Record::Set { value, expire_at_ms: None });
    Ok(())
}
