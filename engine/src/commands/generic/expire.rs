//! EXPIRE, PEXPIRE, EXPIREAT and PEXPIREAT: one command in two units, from now
//! on or since 1970.

use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::expiry_condition::ExpiryCondition;
use crate::command::spec::*;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;

/// EXPIRE.
pub const EXPIRE: Command = Command {
    name: "expire",
    group: Group::Generic,
    since: "1.0.0",
    summary: "Lets a key expire after a number of seconds.",
    complexity: "O(1)",
    arity: -3,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::KEYSPACE).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("seconds", ArgumentKind::Integer),
        Argument::new(
            "condition",
            ArgumentKind::OneOf(&[
                Argument::token("nx", "NX"),
                Argument::token("xx", "XX"),
                Argument::token("gt", "GT"),
                Argument::token("lt", "LT"),
            ]),
        )
        .optional()
        .since("7.0.0"),
    ],
    subcommands: &[],
    handler: expire,
};

/// PEXPIRE.
pub const PEXPIRE: Command = Command {
    name: "pexpire",
    group: Group::Generic,
    since: "2.6.0",
    summary: "Lets a key expire after a number of milliseconds.",
    complexity: "O(1)",
    arity: -3,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::KEYSPACE).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("milliseconds", ArgumentKind::Integer),
        Argument::new(
            "condition",
            ArgumentKind::OneOf(&[
                Argument::token("nx", "NX"),
                Argument::token("xx", "XX"),
                Argument::token("gt", "GT"),
                Argument::token("lt", "LT"),
            ]),
        )
        .optional()
        .since("7.0.0"),
    ],
    subcommands: &[],
    handler: pexpire,
};

/// EXPIREAT.
pub const EXPIREAT: Command = Command {
    name: "expireat",
    group: Group::Generic,
    since: "1.2.0",
    summary: "Lets a key expire at a time in seconds since 1970.",
    complexity: "O(1)",
    arity: -3,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::KEYSPACE).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("unix-time-seconds", ArgumentKind::UnixTime),
        Argument::new(
            "condition",
            ArgumentKind::OneOf(&[
                Argument::token("nx", "NX"),
                Argument::token("xx", "XX"),
                Argument::token("gt", "GT"),
                Argument::token("lt", "LT"),
            ]),
        )
        .optional()
        .since("7.0.0"),
    ],
    subcommands: &[],
    handler: expireat,
};

/// PEXPIREAT.
pub const PEXPIREAT: Command = Command {
    name: "pexpireat",
    group: Group::Generic,
    since: "2.6.0",
    summary: "Lets a key expire at a time in milliseconds since 1970.",
    complexity: "O(1)",
    arity: -3,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::KEYSPACE).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("unix-time-milliseconds", ArgumentKind::UnixTime),
        Argument::new(
            "condition",
            ArgumentKind::OneOf(&[
                Argument::token("nx", "NX"),
                Argument::token("xx", "XX"),
                Argument::token("gt", "GT"),
                Argument::token("lt", "LT"),
            ]),
        )
        .optional()
        .since("7.0.0"),
    ],
    subcommands: &[],
    handler: pexpireat,
};

const SECOND_MS: i64 = 1000;
const MILLISECOND_MS: i64 = 1;

fn expire(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let now_ms = context.now_ms();
    set_expiry(context, arguments, now_ms, SECOND_MS)
}

fn pexpire(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let now_ms = context.now_ms();
    set_expiry(context, arguments, now_ms, MILLISECOND_MS)
}

fn expireat(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    set_expiry(context, arguments, 0, SECOND_MS)
}

fn pexpireat(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    set_expiry(context, arguments, 0, MILLISECOND_MS)
}

/// Sets an expiry that is counted in units of `unit_ms` from `base_ms` on. One
/// in the past deletes the key.
fn set_expiry(context: &mut Context<'_>, arguments: Arguments<'_>, base_ms: i64, unit_ms: i64) -> Result<(), Error> {
    let condition = ExpiryCondition::parse(arguments.from(3).iter())?;
    let count = parse_i64(&arguments[2]).ok_or(Error::NotInteger)?;
    let Some(expire_at_ms) = count.checked_mul(unit_ms).and_then(|milliseconds| milliseconds.checked_add(base_ms))
    else {
        return Err(Error::InvalidExpire { command: context.command.name.into() });
    };
    let key = context.key(&arguments, 1);
    let database = context.database();
    let allowed =
        |context: &Context<'_>, location| condition.allows(context.entry(location).expire_at_ms(), expire_at_ms);
    let Some(location) = context.find_write(&key).filter(|&location| allowed(context, location)) else {
        context.reply.integer(0);
        return Ok(());
    };
    if expire_at_ms <= context.now_ms() && context.past_deletes() {
        context.remove(database, &key, location);
        context.changed(&key, Event::generic("del"), Record::Delete);
    } else {
        context.keyspace.set_expiry(database, &key, location, Some(expire_at_ms));
        context.changed(&key, Event::generic("expire"), Record::ExpireAt(expire_at_ms));
    }
    context.reply.integer(1);
    Ok(())
}
