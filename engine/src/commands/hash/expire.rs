//! HEXPIRE, HPEXPIRE, HEXPIREAT and HPEXPIREAT: one command in two units, from
//! now on or since 1970.

use super::arguments::{WRONG_COUNT, counted, find_word};
use super::change::{FieldsChange, state_fields};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::expiry_condition::ExpiryCondition;
use crate::command::options::{Clock, field_expire_at_ms};
use crate::command::spec::*;
use crate::data::fields::{Expired, HashRef};
use crate::data::shape::Type;
use crate::keyspace::change::Event;
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// HEXPIRE.
pub(super) const HEXPIRE: Command = Command {
    name: "hexpire",
    group: Group::Hash,
    since: "9.0.0",
    summary: "Lets fields of a hash expire after a number of seconds.",
    complexity: "O(N) where N is the number of fields given",
    arity: -6,
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
        .optional(),
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
    handler: hexpire,
};

/// HPEXPIRE.
pub(super) const HPEXPIRE: Command = Command {
    name: "hpexpire",
    group: Group::Hash,
    since: "9.0.0",
    summary: "Lets fields of a hash expire after a number of milliseconds.",
    complexity: "O(N) where N is the number of fields given",
    arity: -6,
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
        .optional(),
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
    handler: hpexpire,
};

/// HEXPIREAT.
pub(super) const HEXPIREAT: Command = Command {
    name: "hexpireat",
    group: Group::Hash,
    since: "9.0.0",
    summary: "Lets fields of a hash expire at a time in seconds since 1970.",
    complexity: "O(N) where N is the number of fields given",
    arity: -6,
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
        Argument::new("unix-time-seconds", ArgumentKind::Integer),
        Argument::new(
            "condition",
            ArgumentKind::OneOf(&[
                Argument::token("nx", "NX"),
                Argument::token("xx", "XX"),
                Argument::token("gt", "GT"),
                Argument::token("lt", "LT"),
            ]),
        )
        .optional(),
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
    handler: hexpireat,
};

/// HPEXPIREAT.
pub(super) const HPEXPIREAT: Command = Command {
    name: "hpexpireat",
    group: Group::Hash,
    since: "9.0.0",
    summary: "Lets fields of a hash expire at a time in milliseconds since 1970.",
    complexity: "O(N) where N is the number of fields given",
    arity: -6,
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
        Argument::new("unix-time-milliseconds", ArgumentKind::Integer),
        Argument::new(
            "condition",
            ArgumentKind::OneOf(&[
                Argument::token("nx", "NX"),
                Argument::token("xx", "XX"),
                Argument::token("gt", "GT"),
                Argument::token("lt", "LT"),
            ]),
        )
        .optional(),
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
    handler: hpexpireat,
};

/// The answer for a field that is not there.
pub(super) const NO_FIELD: i64 = -2;

fn hexpire(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    set_expiry(context, arguments, Clock::Seconds)
}

fn hpexpire(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    set_expiry(context, arguments, Clock::Milliseconds)
}

fn hexpireat(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    set_expiry(context, arguments, Clock::UnixSeconds)
}

fn hpexpireat(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    set_expiry(context, arguments, Clock::UnixMilliseconds)
}

/// A time that has passed removes fields. Repeated for those alone of which it
/// did anything: elsewhere others may still be there.
fn set_expiry(context: &mut Context<'_>, arguments: Arguments<'_>, clock: Clock) -> Result<(), Error> {
    let word = find_word(&arguments, 3)?;
    let condition = ExpiryCondition::parse(arguments.from(3).iter().take(word - 3))?;
    let fields = counted(&arguments, word, 1, WRONG_COUNT)?;
    let at = field_expire_at_ms(context, clock, &arguments[2])?;
    let key = context.key(&arguments, 1);
    let found = context.find_write_of(&key, Type::Hash)?;
    let (rules, database) = (context.rules(), context.database());
    let times = (context.fields_hidden_before_ms(), context.fields_past_ms());
    let (keyspace, reply) = (&mut *context.keyspace, &mut context.reply);
    reply.array(fields.len());
    let Some(location) = found else {
        fields.iter().for_each(|_| reply.integer(NO_FIELD));
        return Ok(());
    };
    let (mut changed, mut removes) = (Vec::new(), false);
    let emptied = keyspace.edit(database, &key, location, |body| {
        for field in fields.iter() {
            let result = rules.expire_field(body, field, at, times, |old| condition.allows(old, at));
            reply.integer(match result {
                Expired::Missing => NO_FIELD,
                Expired::Refused => 0,
                Expired::Set => 1,
                Expired::Removed => 2,
            });
            removes |= result == Expired::Removed;
            if matches!(result, Expired::Set | Expired::Removed) {
                changed.push(field);
            }
        }
        HashRef::of_body(body).is_empty()
    });
    if removes {
        context.fields_expired(changed.len());
        state_fields(context, &key, Event::hash("hexpired"), FieldsChange::Removed, &changed);
    } else if !changed.is_empty() {
        state_fields(context, &key, Event::hash("hexpire"), FieldsChange::ExpireAt(at), &changed);
    }
    if emptied {
        context.remove_emptied(&key);
    }
    Ok(())
}
