//! TTL, PTTL, EXPIRETIME, PEXPIRETIME and PERSIST.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;

/// TTL.
pub const TTL: Command = Command {
    name: "ttl",
    group: Group::Generic,
    since: "1.0.0",
    summary: "Tells in how many seconds a key expires.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::KEYSPACE).and(Categories::READ),
    tips: &["nondeterministic_output"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: ttl,
};

/// PTTL.
pub const PTTL: Command = Command {
    name: "pttl",
    group: Group::Generic,
    since: "2.6.0",
    summary: "Tells in how many milliseconds a key expires.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::KEYSPACE).and(Categories::READ),
    tips: &["nondeterministic_output"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: pttl,
};

/// EXPIRETIME.
pub const EXPIRETIME: Command = Command {
    name: "expiretime",
    group: Group::Generic,
    since: "7.0.0",
    summary: "Tells when a key expires, in seconds since 1970.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::KEYSPACE).and(Categories::READ),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: expiretime,
};

/// PEXPIRETIME.
pub const PEXPIRETIME: Command = Command {
    name: "pexpiretime",
    group: Group::Generic,
    since: "7.0.0",
    summary: "Tells when a key expires, in milliseconds since 1970.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::KEYSPACE).and(Categories::READ),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: pexpiretime,
};

/// PERSIST.
pub const PERSIST: Command = Command {
    name: "persist",
    group: Group::Generic,
    since: "2.2.0",
    summary: "Takes a key's expiry away.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::KEYSPACE).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: persist,
};

/// The answer for a key that is not there.
const NO_KEY: i64 = -2;
/// The answer for a key that does not expire.
const NO_EXPIRY: i64 = -1;

fn ttl(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let now_ms = context.now_ms();
    reply_expiry(context, arguments, |at_ms| seconds(at_ms.saturating_sub(now_ms)))
}

fn pttl(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let now_ms = context.now_ms();
    reply_expiry(context, arguments, |at_ms| at_ms.saturating_sub(now_ms).max(0))
}

fn expiretime(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    reply_expiry(context, arguments, seconds)
}

fn pexpiretime(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    reply_expiry(context, arguments, |at_ms| at_ms.max(0))
}

fn reply_expiry(context: &mut Context<'_>, arguments: Arguments<'_>, shown: impl Fn(i64) -> i64) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let number = match context.find_untouched(&key) {
        None => NO_KEY,
        Some(location) => context.entry(location).expire_at_ms().map_or(NO_EXPIRY, shown),
    };
    context.reply.integer(number);
    Ok(())
}

/// Whole seconds, rounded, of milliseconds that are not negative.
fn seconds(milliseconds: i64) -> i64 {
    let milliseconds = milliseconds.max(0);
    milliseconds / 1000 + i64::from(milliseconds % 1000 >= 500)
}

fn persist(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let database = context.database();
    let volatile = |context: &Context<'_>, location| context.entry(location).expire_at_ms().is_some();
    let Some(location) = context.find_write(&key).filter(|&location| volatile(context, location)) else {
        context.reply.integer(0);
        return Ok(());
    };
    context.keyspace.set_expiry(database, &key, location, None);
    context.changed(&key, Event::generic("persist"), Record::Persist);
    context.reply.integer(1);
    Ok(())
}
