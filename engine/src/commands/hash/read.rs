//! Looking at hashes: HGET, HMGET, HGETALL, HKEYS, HVALS, HLEN, HSTRLEN,
//! HEXISTS, HSCAN.

use super::hash_of;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::scan::{Scan, ScanOptions};
use crate::command::spec::*;
use crate::data::entry::Value;
use crate::data::fields::{HashRef, Visible};
use crate::data::shape::Type;
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// HGET.
pub(super) const HGET: Command = Command {
    name: "hget",
    group: Group::Hash,
    since: "2.0.0",
    summary: "Returns the value of a field of a hash.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::READ),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("field", ArgumentKind::String)],
    subcommands: &[],
    handler: hget,
};

/// HMGET.
pub(super) const HMGET: Command = Command {
    name: "hmget",
    group: Group::Hash,
    since: "2.0.0",
    summary: "Returns the values of fields of a hash.",
    complexity: "O(N) where N is the number of fields asked for",
    arity: -3,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::READ),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("field", ArgumentKind::String).multiple()],
    subcommands: &[],
    handler: hmget,
};

/// HGETALL.
pub(super) const HGETALL: Command = Command {
    name: "hgetall",
    group: Group::Hash,
    since: "2.0.0",
    summary: "Returns all fields of a hash with their values.",
    complexity: "O(N) where N is the size of the hash",
    arity: 2,
    flags: Flags::READONLY,
    categories: Categories::HASH.and(Categories::READ).and(Categories::SLOW),
    tips: &["nondeterministic_output_order"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: hgetall,
};

/// HKEYS.
pub(super) const HKEYS: Command = Command {
    name: "hkeys",
    group: Group::Hash,
    since: "2.0.0",
    summary: "Returns all fields of a hash.",
    complexity: "O(N) where N is the size of the hash",
    arity: 2,
    flags: Flags::READONLY,
    categories: Categories::HASH.and(Categories::READ).and(Categories::SLOW),
    tips: &["nondeterministic_output_order"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: hkeys,
};

/// HVALS.
pub(super) const HVALS: Command = Command {
    name: "hvals",
    group: Group::Hash,
    since: "2.0.0",
    summary: "Returns the values of all fields of a hash.",
    complexity: "O(N) where N is the size of the hash",
    arity: 2,
    flags: Flags::READONLY,
    categories: Categories::HASH.and(Categories::READ).and(Categories::SLOW),
    tips: &["nondeterministic_output_order"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: hvals,
};

/// HLEN.
pub(super) const HLEN: Command = Command {
    name: "hlen",
    group: Group::Hash,
    since: "2.0.0",
    summary: "Returns the number of fields of a hash.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::READ),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO,
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: hlen,
};

/// HSTRLEN.
pub(super) const HSTRLEN: Command = Command {
    name: "hstrlen",
    group: Group::Hash,
    since: "3.2.0",
    summary: "Returns the length of the value of a field of a hash.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::READ),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO,
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("field", ArgumentKind::String)],
    subcommands: &[],
    handler: hstrlen,
};

/// HEXISTS.
pub(super) const HEXISTS: Command = Command {
    name: "hexists",
    group: Group::Hash,
    since: "2.0.0",
    summary: "Tells whether a hash has a field.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::READ),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO,
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("field", ArgumentKind::String)],
    subcommands: &[],
    handler: hexists,
};

/// HSCAN.
pub(super) const HSCAN: Command = Command {
    name: "hscan",
    group: Group::Hash,
    since: "2.8.0",
    summary: "Goes through the fields of a hash step by step.",
    complexity: "O(1) a call, O(N) for a whole pass",
    arity: -3,
    flags: Flags::READONLY,
    categories: Categories::HASH.and(Categories::READ).and(Categories::SLOW),
    tips: &["nondeterministic_output"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("cursor", ArgumentKind::Integer),
        Argument::new("pattern", ArgumentKind::Pattern).after("MATCH").optional(),
        Argument::new("count", ArgumentKind::Integer).after("COUNT").optional(),
        Argument::token("novalues", "NOVALUES").optional(),
    ],
    subcommands: &[],
    handler: hscan,
};

/// Finds the hash at the first key, and gives it with where replies go to;
/// `None` if there is none. What has expired is not seen.
fn find<'c, 'a>(
    context: &'c mut Context<'a>,
    arguments: &Arguments<'_>,
) -> Result<(Option<Visible<'c>>, &'c mut Reply<'a>), Error> {
    let key = context.key(arguments, 1);
    let found = context.find_read_of(&key, Type::Hash)?;
    let hidden_before_ms = context.fields_hidden_before_ms();
    let (keyspace, database) = (&*context.keyspace, context.session.database);
    let hash = found.map(|location| hash_of(keyspace.get(database, location).content()).visible(hidden_before_ms));
    Ok((hash, &mut context.reply))
}

fn hget(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (hash, reply) = find(context, &arguments)?;
    match hash.and_then(|hash| hash.get(&arguments[2])) {
        Some(value) => reply.value(value),
        None => reply.null(),
    }
    Ok(())
}

fn hmget(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (hash, reply) = find(context, &arguments)?;
    reply.array(arguments.len() - 2);
    for index in 2..arguments.len() {
        match hash.and_then(|hash| hash.get(&arguments[index])) {
            Some(value) => reply.value(value),
            None => reply.null(),
        }
    }
    Ok(())
}

fn hgetall(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (hash, reply) = find(context, &arguments)?;
    reply.map(hash.map_or(0, Visible::count));
    for (field, value) in hash.into_iter().flat_map(Visible::iter) {
        reply.value(field);
        reply.value(value);
    }
    Ok(())
}

fn hkeys(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (hash, reply) = find(context, &arguments)?;
    reply.array(hash.map_or(0, Visible::count));
    hash.into_iter().flat_map(Visible::iter).for_each(|(field, _)| reply.value(field));
    Ok(())
}

fn hvals(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (hash, reply) = find(context, &arguments)?;
    reply.array(hash.map_or(0, Visible::count));
    hash.into_iter().flat_map(Visible::iter).for_each(|(_, value)| reply.value(value));
    Ok(())
}

/// What has expired counts until it is removed.
fn hlen(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (hash, reply) = find(context, &arguments)?;
    reply.integer(hash.map_or(0, Visible::len_with_hidden) as i64);
    Ok(())
}

fn hstrlen(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (hash, reply) = find(context, &arguments)?;
    reply.integer(hash.and_then(|hash| hash.get(&arguments[2])).map_or(0, Value::length) as i64);
    Ok(())
}

fn hexists(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (hash, reply) = find(context, &arguments)?;
    reply.integer(i64::from(hash.is_some_and(|hash| hash.get(&arguments[2]).is_some())));
    Ok(())
}

/// What is small is answered whole, whatever the cursor.
fn hscan(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    Scan::cursor(&arguments, 2)?;
    let protocol = context.reply.protocol();
    let (Some(hash), _) = find(context, &arguments)? else {
        Scan::begin_reply(context, 0, 0);
        return Ok(());
    };
    let wanted = Scan::parse(&arguments, 2, ScanOptions::Fields)?;
    let (mut list, mut found, mut next) = (Vec::new(), 0, 0);
    let mut reply = Reply::new(&mut list, protocol);
    let mut take = |field: Value<'_>, value: Value<'_>| {
        if !wanted.matches(field.bytes(&mut [0; 20])) {
            return;
        }
        reply.value(field);
        found += 1;
        if !wanted.without_values {
            reply.value(value);
            found += 1;
        }
    };
    match hash.whole() {
        HashRef::Members(members) => next = hash.scan(members, wanted.cursor, wanted.count, take),
        hash => hash.iter().for_each(|(field, value)| take(field, value)),
    }
    Scan::begin_reply(context, next, found);
    context.reply.raw(&list);
    Ok(())
}
