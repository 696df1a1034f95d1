//! OBJECT: how a value is stored and how its key is used.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::config::{Id, MaxmemoryPolicy};
use crate::data::entry::{EntryRef, Value};
use crate::keyspace::access::{Access, lru_idle_seconds};
use crate::resp::request::Arguments;

/// Integers from 0 up to this are one shared object each in the reference,
/// which then says that its references are too many to count.
const SHARED_INTEGERS: i64 = 10_000;

/// OBJECT.
pub const OBJECT: Command = Command {
    name: "object",
    group: Group::Generic,
    since: "2.2.3",
    summary: "Contains the commands that look into how values are stored.",
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: Flags::NONE,
    categories: Categories::SLOW,
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[
        Command {
            name: "encoding",
            group: Group::Generic,
            since: "2.2.3",
            summary: "Names the encoding of a key's value.",
            complexity: "O(1)",
            arity: 3,
            flags: Flags::READONLY,
            categories: Categories::KEYSPACE.and(Categories::READ).and(Categories::SLOW),
            tips: &["nondeterministic_output"],
            keys: &[KeySpec {
                flags: KeyFlags::RO,
                begin: Begin::Index(2),
                find: Find::Range { last: 0, step: 1, limit: 0 },
                notes: "",
            }],
            arguments: &[Argument::new("key", ArgumentKind::Key(0))],
            subcommands: &[],
            handler: object_encoding,
        },
        Command {
            name: "freq",
            group: Group::Generic,
            since: "4.0.0",
            summary: "Tells how often a key is used, on a logarithmic scale.",
            complexity: "O(1)",
            arity: 3,
            flags: Flags::READONLY,
            categories: Categories::KEYSPACE.and(Categories::READ).and(Categories::SLOW),
            tips: &["nondeterministic_output"],
            keys: &[KeySpec {
                flags: KeyFlags::RO,
                begin: Begin::Index(2),
                find: Find::Range { last: 0, step: 1, limit: 0 },
                notes: "",
            }],
            arguments: &[Argument::new("key", ArgumentKind::Key(0))],
            subcommands: &[],
            handler: object_freq,
        },
        Command {
            name: "help",
            group: Group::Generic,
            since: "6.2.0",
            summary: "Lists the subcommands.",
            complexity: "O(1)",
            arity: 2,
            flags: Flags::LOADING.and(Flags::STALE),
            categories: Categories::KEYSPACE.and(Categories::SLOW),
            tips: &[],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: crate::command::container::help,
        },
        Command {
            name: "idletime",
            group: Group::Generic,
            since: "2.2.3",
            summary: "Tells how many seconds ago a key was last used.",
            complexity: "O(1)",
            arity: 3,
            flags: Flags::READONLY,
            categories: Categories::KEYSPACE.and(Categories::READ).and(Categories::SLOW),
            tips: &["nondeterministic_output"],
            keys: &[KeySpec {
                flags: KeyFlags::RO,
                begin: Begin::Index(2),
                find: Find::Range { last: 0, step: 1, limit: 0 },
                notes: "",
            }],
            arguments: &[Argument::new("key", ArgumentKind::Key(0))],
            subcommands: &[],
            handler: object_idletime,
        },
        Command {
            name: "refcount",
            group: Group::Generic,
            since: "2.2.3",
            summary: "Tells how many references a key's value has.",
            complexity: "O(1)",
            arity: 3,
            flags: Flags::READONLY,
            categories: Categories::KEYSPACE.and(Categories::READ).and(Categories::SLOW),
            tips: &["nondeterministic_output"],
            keys: &[KeySpec {
                flags: KeyFlags::RO,
                begin: Begin::Index(2),
                find: Find::Range { last: 0, step: 1, limit: 0 },
                notes: "",
            }],
            arguments: &[Argument::new("key", ArgumentKind::Key(0))],
            subcommands: &[],
            handler: object_refcount,
        },
    ],
    handler: object,
};

/// Never runs: dispatch wants a subcommand, and one that exists.
fn object(_: &mut Context<'_>, _: Arguments<'_>) -> Result<(), Error> {
    Err(Error::Syntax)
}

fn object_encoding(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let Some(entry) = lookup(context, &arguments) else { return Ok(()) };
    let name = entry.encoding();
    context.reply.bulk(name.as_bytes());
    Ok(())
}

fn object_refcount(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let Some(entry) = lookup(context, &arguments) else { return Ok(()) };
    let small = matches!(entry.value(), Value::Integer(0..SHARED_INTEGERS));
    let shared = small && shares_integers(context);
    context.reply.integer(if shared { i64::from(i32::MAX) } else { 1 });
    Ok(())
}

/// False where every key needs bits of its own for eviction.
fn shares_integers(context: &Context<'_>) -> bool {
    use MaxmemoryPolicy::{AllkeysLfu, AllkeysLru, VolatileLfu, VolatileLru};
    let policy = context.server.config.chosen(Id::MaxmemoryPolicy);
    context.server.config.bytes(Id::Maxmemory) == 0
        || !matches!(policy, AllkeysLru | AllkeysLfu | VolatileLru | VolatileLfu)
}

fn object_idletime(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let Some(bits) = lookup(context, &arguments).map(EntryRef::access) else { return Ok(()) };
    if context.keyspace.access != Access::Lru {
        return Err(Error::Text(
            "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching \
             between policies at runtime LRU and LFU data will take some time to adjust.",
        ));
    }
    context.reply.integer(lru_idle_seconds(context.now, bits) as i64);
    Ok(())
}

fn object_freq(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let Some(bits) = lookup(context, &arguments).map(EntryRef::access) else { return Ok(()) };
    if context.keyspace.access == Access::Lru {
        return Err(Error::Text(
            "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
             switching between policies at runtime LRU and LFU data will take some time to adjust.",
        ));
    }
    context.reply.integer(i64::from(context.keyspace.access.counter(bits, context.now)));
    Ok(())
}

/// The entry that is asked about. If there is none, that was answered.
fn lookup<'c>(context: &'c mut Context<'_>, arguments: &Arguments<'_>) -> Option<EntryRef<'c>> {
    let key = context.key(arguments, 2);
    match context.find_unnoticed(&key) {
        Some(location) => Some(context.entry(location)),
        None => {
            context.reply.null();
            None
        }
    }
}
