//! Setting and removing fields: HSET, HMSET, HSETNX, HDEL.

use super::change::{FieldsChange, state_fields, state_pairs};
use super::hash_at;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::collection::Body;
use crate::data::fields::{self, HashRef, Lifetime};
use crate::data::shape::Type;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;
use alloc::vec::Vec;

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
    let new = set(context, &arguments, false)?;
    context.reply.integer(new);
    Ok(())
}

fn hmset(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    set(context, &arguments, false)?;
    context.reply.ok();
    Ok(())
}

/// Sets the pairs of the arguments; they do not expire. Returns how many fields
/// are new. If it was done `on_condition` it is repeated without.
fn set(context: &mut Context<'_>, arguments: &Arguments<'_>, on_condition: bool) -> Result<i64, Error> {
    if !arguments.len().is_multiple_of(2) {
        return Err(Error::Arity { command: context.command.name.into() });
    }
    let key = context.key(arguments, 1);
    let found = context.find_write_of(&key, Type::Hash)?;
    let (rules, past_ms) = (context.rules(), context.fields_past_ms());
    let (mut new, mut expired) = (0, 0);
    let mut set = |body: &mut Body| {
        let expires = HashRef::of_body(body).expires();
        for index in (2..arguments.len()).step_by(2) {
            let (field, value) = (&arguments[index], &arguments[index + 1]);
            let set = rules.set_field_for(body, field, value, Lifetime::Endless, past_ms);
            new += i64::from(set.new);
            expired += usize::from(set.had_expired);
        }
        expires
    };
    let expires = match found {
        Some(location) => context.edit(&key, location, set),
        None => {
            let mut body = fields::empty();
            set(&mut body);
            context.create(&key, Type::Hash, body);
            false
        }
    };
    if expired > 0 {
        context.fields_expired(expired);
        context.also(&key, Event::hash("hexpired"));
    }
    if on_condition && expires {
        let pairs: Vec<&[u8]> = arguments.from(2).iter().collect();
        state_pairs(context, &key, Event::hash("hset"), Lifetime::Endless, &pairs);
    } else {
        context.changed(&key, Event::hash("hset"), Record::Command);
        context.counts_as(arguments.len() as u64 / 2 - 1);
    }
    Ok(new)
}

fn hsetnx(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let found = context.find_write_of(&key, Type::Hash)?;
    let there = found.is_some_and(|location| hash_at(context, location).get(&arguments[2]).is_some());
    if !there {
        set(context, &arguments, true)?;
    }
    context.reply.integer(i64::from(!there));
    Ok(())
}

/// Of a hash with fields that expire, what was removed is repeated alone:
/// elsewhere what has expired may still be there.
fn hdel(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_write_of(&key, Type::Hash)? else {
        context.reply.integer(0);
        return Ok(());
    };
    let hidden_before_ms = context.fields_hidden_before_ms();
    let (mut count, mut removed) = (0, Vec::new());
    let (expires, emptied) = context.edit(&key, location, |body| {
        let expires = HashRef::of_body(body).expires();
        for field in arguments.from(2).iter().filter(|field| fields::remove_visible(body, field, hidden_before_ms)) {
            count += 1;
            if expires {
                removed.push(field);
            }
        }
        (expires, HashRef::of_body(body).is_empty())
    });
    if expires && count > 0 {
        state_fields(context, &key, Event::hash("hdel"), FieldsChange::Removed, &removed);
    } else if count > 0 {
        context.changed(&key, Event::hash("hdel"), Record::Command);
        context.counts_as(count);
    }
    if emptied {
        context.remove_emptied(&key);
    }
    context.reply.integer(count as i64);
    Ok(())
}
