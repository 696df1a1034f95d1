//! HTTL, HPTTL, HEXPIRETIME, HPEXPIRETIME and HPERSIST.

use super::arguments::{WRONG_COUNT, plain};
use super::change::{FieldsChange, state_fields};
use super::expire::NO_FIELD;
use super::hash_at;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::fields::{self, Persisted};
use crate::data::shape::Type;
use crate::keyspace::change::Event;
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// HTTL.
pub(super) const HTTL: Command = Command {
    name: "httl",
    group: Group::Hash,
    since: "9.0.0",
    summary: "Tells in how many seconds fields of a hash expire.",
    complexity: "O(N) where N is the number of fields given",
    arity: -5,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::READ),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new(
            "fields",
            ArgumentKind::Block(&[
                Argument::new("numfields", ArgumentKind::Integer),
                Argument::new("field", ArgumentKind::String).multiple(),
            ]),
        )
        .after("FIELDS"),
    ],
    subcommands: &[],
    handler: httl,
};

/// HPTTL.
pub(super) const HPTTL: Command = Command {
    name: "hpttl",
    group: Group::Hash,
    since: "9.0.0",
    summary: "Tells in how many milliseconds fields of a hash expire.",
    complexity: "O(N) where N is the number of fields given",
    arity: -5,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::READ),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new(
            "fields",
            ArgumentKind::Block(&[
                Argument::new("numfields", ArgumentKind::Integer),
                Argument::new("field", ArgumentKind::String).multiple(),
            ]),
        )
        .after("FIELDS"),
    ],
    subcommands: &[],
    handler: hpttl,
};

/// HEXPIRETIME.
pub(super) const HEXPIRETIME: Command = Command {
    name: "hexpiretime",
    group: Group::Hash,
    since: "9.0.0",
    summary: "Tells when fields of a hash expire, in seconds since 1970.",
    complexity: "O(N) where N is the number of fields given",
    arity: -5,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::READ),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new(
            "fields",
            ArgumentKind::Block(&[
                Argument::new("numfields", ArgumentKind::Integer),
                Argument::new("field", ArgumentKind::String).multiple(),
            ]),
        )
        .after("FIELDS"),
    ],
    subcommands: &[],
    handler: hexpiretime,
};

/// HPEXPIRETIME.
pub(super) const HPEXPIRETIME: Command = Command {
    name: "hpexpiretime",
    group: Group::Hash,
    since: "9.0.0",
    summary: "Tells when fields of a hash expire, in milliseconds since 1970.",
    complexity: "O(N) where N is the number of fields given",
    arity: -5,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::READ),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new(
            "fields",
            ArgumentKind::Block(&[
                Argument::new("numfields", ArgumentKind::Integer),
                Argument::new("field", ArgumentKind::String).multiple(),
            ]),
        )
        .after("FIELDS"),
    ],
    subcommands: &[],
    handler: hpexpiretime,
};

/// HPERSIST.
pub(super) const HPERSIST: Command = Command {
    name: "hpersist",
    group: Group::Hash,
    since: "9.0.0",
    summary: "Takes the expiry of fields of a hash away.",
    complexity: "O(N) where N is the number of fields given",
    arity: -5,
    flags: Flags::FAST.and(Flags::WRITE),
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
            "fields",
            ArgumentKind::Block(&[
                Argument::new("numfields", ArgumentKind::Integer),
                Argument::new("field", ArgumentKind::String).multiple(),
            ]),
        )
        .after("FIELDS"),
    ],
    subcommands: &[],
    handler: hpersist,
};

/// The answer for a field that does not expire.
const NO_EXPIRY: i64 = -1;

fn httl(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let now_ms = context.now_ms();
    reply_expiry(context, arguments, |at_ms| seconds(at_ms.saturating_sub(now_ms)))
}

fn hpttl(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let now_ms = context.now_ms();
    reply_expiry(context, arguments, |at_ms| at_ms.saturating_sub(now_ms).max(0))
}

fn hexpiretime(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    reply_expiry(context, arguments, seconds)
}

fn hpexpiretime(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    reply_expiry(context, arguments, |at_ms| at_ms.max(0))
}

/// Unlike elsewhere, a wrong number of fields is an error of syntax.
fn reply_expiry(context: &mut Context<'_>, arguments: Arguments<'_>, shown: impl Fn(i64) -> i64) -> Result<(), Error> {
    let fields = plain(&arguments, Error::Syntax)?;
    let key = context.key(&arguments, 1);
    let found = context.find_read_of(&key, Type::Hash)?;
    context.reply.array(fields.len());
    for field in fields.iter() {
        let number = match found.and_then(|location| hash_at(context, location).find(field)) {
            None => NO_FIELD,
            Some((_, expiry)) => expiry.map_or(NO_EXPIRY, &shown),
        };
        context.reply.integer(number);
    }
    Ok(())
}

/// Whole seconds, rounded, of milliseconds that are not negative.
fn seconds(milliseconds: i64) -> i64 {
    let milliseconds = milliseconds.max(0);
    milliseconds / 1000 + i64::from(milliseconds % 1000 >= 500)
}

fn hpersist(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let fields = plain(&arguments, WRONG_COUNT)?;
    let key = context.key(&arguments, 1);
    let found = context.find_write_of(&key, Type::Hash)?;
    let (hidden_before_ms, database) = (context.fields_hidden_before_ms(), context.database());
    let (keyspace, reply) = (&mut *context.keyspace, &mut context.reply);
    reply.array(fields.len());
    let Some(location) = found else {
        fields.iter().for_each(|_| reply.integer(NO_FIELD));
        return Ok(());
    };
    let mut changed = Vec::new();
    keyspace.edit(database, &key, location, |body| {
        for field in fields.iter() {
            let result = fields::persist(body, field, hidden_before_ms);
            reply.integer(match result {
                Persisted::Missing => NO_FIELD,
                Persisted::Endless => NO_EXPIRY,
                Persisted::Done => 1,
            });
            if result == Persisted::Done {
                changed.push(field);
            }
        }
    });
    if !changed.is_empty() {
        state_fields(context, &key, Event::hash("hpersist"), FieldsChange::Persisted, &changed);
    }
    Ok(())
}
