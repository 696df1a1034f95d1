//! Looking at sets: SISMEMBER, SMISMEMBER, SCARD, SMEMBERS, SSCAN.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::scan::{Scan, ScanOptions};
use crate::command::spec::*;
use crate::data::entry::Value;
use crate::data::set::SetRef;
use crate::data::shape::Type;
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// SISMEMBER.
pub(super) const SISMEMBER: Command = Command {
    name: "sismember",
    group: Group::Set,
    since: "1.0.0",
    summary: "Tells whether something is a member of a set.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::READ).and(Categories::SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO,
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("member", ArgumentKind::String)],
    subcommands: &[],
    handler: sismember,
};

/// SMISMEMBER.
pub(super) const SMISMEMBER: Command = Command {
    name: "smismember",
    group: Group::Set,
    since: "6.2.0",
    summary: "Tells of several things whether they are members of a set.",
    complexity: "O(N) where N is the number of things asked for",
    arity: -3,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::READ).and(Categories::SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("member", ArgumentKind::String).multiple()],
    subcommands: &[],
    handler: smismember,
};

/// SCARD.
pub(super) const SCARD: Command = Command {
    name: "scard",
    group: Group::Set,
    since: "1.0.0",
    summary: "Returns the number of members of a set.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::READ).and(Categories::SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO,
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: scard,
};

/// SMEMBERS.
pub(super) const SMEMBERS: Command = Command {
    name: "smembers",
    group: Group::Set,
    since: "1.0.0",
    summary: "Returns all members of a set.",
    complexity: "O(N) where N is the size of the set",
    arity: 2,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SET).and(Categories::SLOW),
    tips: &["nondeterministic_output_order"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: smembers,
};

/// SSCAN.
pub(super) const SSCAN: Command = Command {
    name: "sscan",
    group: Group::Set,
    since: "2.8.0",
    summary: "Goes through the members of a set step by step.",
    complexity: "O(1) a call, O(N) for a whole pass",
    arity: -3,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SET).and(Categories::SLOW),
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
    ],
    subcommands: &[],
    handler: sscan,
};

fn sismember(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let found = context.find_read_of(&key, Type::Set)?;
    let is_member = found.is_some_and(|location| {
        super::set_at(context.keyspace, context.session.database, location).contains(&arguments[2])
    });
    context.reply.integer(i64::from(is_member));
    Ok(())
}

fn smismember(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let found = context.find_read_of(&key, Type::Set)?;
    context.reply.array(arguments.len() - 2);
    for index in 2..arguments.len() {
        let is_member = found.is_some_and(|location| {
            super::set_at(context.keyspace, context.session.database, location).contains(&arguments[index])
        });
        context.reply.integer(i64::from(is_member));
    }
    Ok(())
}

fn scard(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let found = context.find_read_of(&key, Type::Set)?;
    let length = found.map_or(0, |location| super::set_at(context.keyspace, context.session.database, location).len());
    context.reply.integer(length as i64);
    Ok(())
}

fn smembers(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_read_of(&key, Type::Set)? else {
        context.reply.set(0);
        return Ok(());
    };
    let set = super::set_at(context.keyspace, context.session.database, location);
    context.reply.set(set.len());
    for member in set.iter() {
        context.reply.value(member);
    }
    Ok(())
}

/// What is small is answered whole, whatever the cursor.
fn sscan(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    Scan::cursor(&arguments, 2)?;
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_read_of(&key, Type::Set)? else {
        Scan::begin_reply(context, 0, 0);
        return Ok(());
    };
    let wanted = Scan::parse(&arguments, 2, ScanOptions::Common)?;
    let (mut list, mut found, mut next) = (Vec::new(), 0, 0);
    let mut reply = Reply::new(&mut list, context.reply.protocol());
    let mut take = |member: Value<'_>| {
        if wanted.matches(member.bytes(&mut [0; 20])) {
            reply.value(member);
            found += 1;
        }
    };
    match super::set_at(context.keyspace, context.session.database, location) {
        SetRef::Members(members) => {
            next = members.scan(wanted.cursor, wanted.count, |element| take(Value::Bytes(element.member)));
        }
        set => set.iter().for_each(take),
    }
    Scan::begin_reply(context, next, found);
    context.reply.raw(&list);
    Ok(())
}
