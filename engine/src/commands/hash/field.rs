//! Setting and removing fields: HSET, HMSET, HSETNX, HDEL.

use super::hash_at;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::fields::{self, HashRef};
use crate::data::shape::Type;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;

/// HSET.
pub(super) const HSET: Command = Command {
    name: "hset",
    group: Group::Hash,
    since: "2.0.0",
    summary: "Gives fields of a hash values.",
    complexity: "O(1) a field",
    arity: -4,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new(
            "data",
            ArgumentKind::Block(&[
                Argument::new("field", ArgumentKind::String),
                Argument::new("value", ArgumentKind::String),
            ]),
        )
        .multiple(),
    ],
    subcommands: &[],
    handler: hset,
};

/// HMSET.
pub(super) const HMSET: Command = Command {
    name: "hmset",
    group: Group::Hash,
    since: "2.0.0",
    summary: "Gives fields of a hash values; HSET does the same and tells how many are new.",
    complexity: "O(1) a field",
    arity: -4,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new(
            "data",
            ArgumentKind::Block(&[
                Argument::new("field", ArgumentKind::String),
                Argument::new("value", ArgumentKind::String),
            ]),
        )
        .multiple(),
    ],
    subcommands: &[],
    handler: hmset,
};

/// HSETNX.
pub(super) const HSETNX: Command = Command {
    name: "hsetnx",
    group: Group::Hash,
    since: "2.0.0",
    summary: "Gives a field of a hash a value, if it has none.",
    complexity: "O(1)",
    arity: 4,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::INSERT),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("field", ArgumentKind::String),
        Argument::new("value", ArgumentKind::String),
    ],
    subcommands: &[],
    handler: hsetnx,
};

/// HDEL.
pub(super) const HDEL: Command = Command {
    name: "hdel",
    group: Group::Hash,
    since: "2.0.0",
    summary: "Removes fields from a hash; with the last one goes the key.",
    complexity: "O(N) where N is the number of fields given",
    arity: -3,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("field", ArgumentKind::String).multiple()],
    subcommands: &[],
    handler: hdel,
};

fn hset(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let new = set(context, &arguments)?;
    context.reply.integer(new);
    Ok(())
}

fn hmset(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    set(context, &arguments)?;
    context.reply.ok();
    Ok(())
}

/// Sets the pairs of the arguments. Returns how many fields are new.
fn set(context: &mut Context<'_>, arguments: &Arguments<'_>) -> Result<i64, Error> {
    if !arguments.len().is_multiple_of(2) {
        return Err(Error::Arity { command: context.command.name.into() });
    }
    let key = context.key(arguments, 1);
    let found = context.find_write_of(&key, Type::Hash)?;
    let rules = context.rules();
    let pairs = || (2..arguments.len()).step_by(2);
    let set = |body: &mut _| {
        let new = |&index: &usize| rules.set_field(body, &arguments[index], &arguments[index + 1]);
        pairs().filter(new).count() as i64
    };
    let new = match found {
        Some(location) => context.edit(&key, location, set),
        None => {
            let mut body = fields::empty();
            let new = set(&mut body);
            context.create(&key, Type::Hash, body);
            new
        }
    };
    context.changed(&key, Event::hash("hset"), Record::Command);
    context.counts_as(pairs().count() as u64);
    Ok(new)
}

fn hsetnx(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let found = context.find_write_of(&key, Type::Hash)?;
    let there = found.is_some_and(|location| {
        hash_at(context.keyspace, context.session.database, location).get(&arguments[2]).is_some()
    });
    if !there {
        set(context, &arguments)?;
    }
    context.reply.integer(i64::from(!there));
    Ok(())
}

fn hdel(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_write_of(&key, Type::Hash)? else {
        context.reply.integer(0);
        return Ok(());
    };
    let (removed, emptied) = context.edit(&key, location, |body| {
        let removed = (2..arguments.len()).filter(|&index| fields::remove(body, &arguments[index])).count();
        (removed, HashRef::of_body(body).is_empty())
    });
    if removed > 0 {
        context.changed(&key, Event::hash("hdel"), Record::Command);
        context.counts_as(removed as u64);
    }
    if emptied {
        context.remove_emptied(&key);
    }
    context.reply.integer(removed as i64);
    Ok(())
}
