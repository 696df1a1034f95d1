//! HSETEX.

use super::arguments::{WRONG_COUNT, counted, find_word};
use super::change::{FieldsChange, state_fields, state_pairs};
use super::hash_at;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::options::{Accepted, Clock, Condition, FieldCondition, Lifetime, Options, field_expire_at_ms};
use crate::command::spec::*;
use crate::data::collection::Body;
use crate::data::fields::{self, HashRef};
use crate::data::shape::Type;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::{Key, Location};
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// HSETEX.
pub(super) const HSETEX: Command = Command {
    name: "hsetex",
    group: Group::Hash,
    since: "9.0.0",
    summary: "Gives fields of a hash values and an expiry, on conditions if wanted.",
    complexity: "O(N) where N is the number of fields given",
    arity: -6,
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
        Argument::new(
            "key-condition",
            ArgumentKind::OneOf(&[Argument::token("nx", "NX"), Argument::token("xx", "XX")]),
        )
        .optional(),
        Argument::new(
            "fields-condition",
            ArgumentKind::OneOf(&[Argument::token("fnx", "FNX"), Argument::token("fxx", "FXX")]),
        )
        .optional(),
        Argument::new(
            "expiration",
            ArgumentKind::OneOf(&[
                Argument::new("seconds", ArgumentKind::Integer).after("EX"),
                Argument::new("milliseconds", ArgumentKind::Integer).after("PX"),
                Argument::new("unix-time-seconds", ArgumentKind::UnixTime).after("EXAT"),
                Argument::new("unix-time-milliseconds", ArgumentKind::UnixTime).after("PXAT"),
                Argument::token("keepttl", "KEEPTTL"),
            ]),
        )
        .optional(),
        Argument::new(
            "fields",
            ArgumentKind::Block(&[
                Argument::new("numfields", ArgumentKind::Integer),
                Argument::new(
                    "data",
                    ArgumentKind::Block(&[
                        Argument::new("field", ArgumentKind::String),
                        Argument::new("value", ArgumentKind::String),
                    ]),
                )
                .multiple(),
            ]),
        )
        .after("FIELDS"),
    ],
    subcommands: &[],
    handler: hsetex,
};

fn hsetex(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let word = find_word(&arguments, 1)?;
    let options = Options::parse(arguments.from(2).iter().take(word.saturating_sub(2)), Accepted::HSETEX)?;
    let pairs = counted(&arguments, word, 2, WRONG_COUNT)?;
    let key = context.key(&arguments, 1);
    let found = context.find_write_of(&key, Type::Hash)?;
    let refused = match options.condition {
        Condition::IfMissing => found.is_some(),
        Condition::IfExists => found.is_none(),
        Condition::Always | Condition::IfEqual(_) => false,
    };
    if refused {
        context.reply.integer(0);
        return Ok(());
    }
    let lifetime = match options.lifetime {
        Lifetime::Unstated | Lifetime::Persist => fields::Lifetime::Endless,
        Lifetime::Keep => fields::Lifetime::Kept,
        Lifetime::Until(clock, number) => fields::Lifetime::Until(field_expire_at_ms(context, clock, number)?),
    };
    if !allows(context, options.fields, found, &pairs) {
        context.reply.integer(0);
        return Ok(());
    }
    let past = |at| context.fields_past_ms().is_some_and(|past_ms| at <= past_ms);
    match lifetime {
        fields::Lifetime::Until(at) if past(at) => expire_at_once(context, &key, found, &pairs),
        _ => set(context, &key, found, &pairs, lifetime, &options),
    }
    context.reply.integer(1);
    Ok(())
}

/// True if the fields are there, or are not, as the condition wants it.
fn allows(context: &Context<'_>, condition: FieldCondition, found: Option<Location>, pairs: &Arguments<'_>) -> bool {
    let hash = found.map(|location| hash_at(context, location));
    let is_there = |field: &[u8]| hash.is_some_and(|hash| hash.get(field).is_some());
    match condition {
        FieldCondition::Always => true,
        FieldCondition::NoneExists => !pairs.iter().step_by(2).any(is_there),
        FieldCondition::AllExist => pairs.iter().step_by(2).all(is_there),
    }
}

/// Repeated as it was sent, unless that depends on the time or on what is there.
fn set(
    context: &mut Context<'_>,
    key: &Key<'_>,
    found: Option<Location>,
    pairs: &Arguments<'_>,
    lifetime: fields::Lifetime,
    options: &Options<'_>,
) {
    let (rules, past_ms) = (context.rules(), context.fields_past_ms());
    let mut expired = Vec::new();
    let mut fill = |body: &mut Body| {
        for index in (0..pairs.len()).step_by(2) {
            let [field, value] = [index, index + 1].map(|index| pairs.get(index).unwrap_or(&[]));
            if rules.set_field_for(body, field, value, lifetime, past_ms).had_expired {
                expired.extend([field, value]);
            }
        }
    };
    match found {
        Some(location) => context.edit(key, location, fill),
        None => {
            let mut body = fields::empty();
            fill(&mut body);
            context.create(key, Type::Hash, body);
        }
    }
    let before = context.keyspace.dirty;
    if !expired.is_empty() {
        context.fields_expired(expired.len() / 2);
        if lifetime == fields::Lifetime::Kept {
            // Elsewhere they have not, and would keep their times. To remove them there could remove the key.
            state_pairs(context, key, Event::hash("hexpired"), fields::Lifetime::Endless, &expired);
        } else {
            context.also(key, Event::hash("hexpired"));
        }
    }
    let absolute = matches!(options.lifetime, Lifetime::Unstated | Lifetime::Keep)
        || matches!(options.lifetime, Lifetime::Until(Clock::UnixMilliseconds, _));
    if absolute && options.condition == Condition::Always && options.fields == FieldCondition::Always {
        context.changed(key, Event::hash("hset"), Record::Command);
    } else {
        let pairs: Vec<&[u8]> = pairs.iter().collect();
        state_pairs(context, key, Event::hash("hset"), lifetime, &pairs);
    }
    if matches!(lifetime, fields::Lifetime::Until(_)) {
        context.also(key, Event::hash("hexpire"));
    }
    context.keyspace.dirty = before + pairs.len() as u64 / 2;
}

/// The time has passed already: what was there is removed, expired or not.
/// Nobody sees what would have been set, but its events.
fn expire_at_once(context: &mut Context<'_>, key: &Key<'_>, found: Option<Location>, pairs: &Arguments<'_>) {
    context.fields_expired(pairs.len() / 2);
    let (mut removed, mut emptied) = (Vec::new(), true);
    if let Some(location) = found {
        emptied = context.edit(key, location, |body| {
            removed.extend(pairs.iter().step_by(2).filter(|field| fields::remove(body, field)));
            HashRef::of_body(body).is_empty()
        });
    } else {
        context.announce(key, Event::NEW);
    }
    if removed.is_empty() {
        context.announce(key, Event::hash("hset"));
    } else {
        state_fields(context, key, Event::hash("hset"), FieldsChange::Removed, &removed);
    }
    for name in ["hexpire", "hexpired"] {
        context.announce(key, Event::hash(name));
    }
    match found {
        Some(_) if emptied => context.remove_emptied(key),
        Some(_) => {}
        None => context.announce(key, Event::generic("del")),
    }
}
