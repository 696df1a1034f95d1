//! HGETEX.

use super::arguments::{WRONG_COUNT, counted, find_word};
use super::change::{FieldsChange, state_fields};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::options::{Accepted, Lifetime, Options, field_expire_at_ms};
use crate::command::spec::*;
use crate::data::collection::Body;
use crate::data::fields::{self, Expired, HashRef, Persisted};
use crate::data::limits::Rules;
use crate::data::shape::Type;
use crate::keyspace::change::Event;
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// HGETEX.
pub(super) const HGETEX: Command = Command {
    name: "hgetex",
    group: Group::Hash,
    since: "9.0.0",
    summary: "Returns the values of fields of a hash, and sets or removes their expiry.",
    complexity: "O(N) where N is the number of fields given",
    arity: -5,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new(
            "expiration",
            ArgumentKind::OneOf(&[
                Argument::new("seconds", ArgumentKind::Integer).after("EX"),
                Argument::new("milliseconds", ArgumentKind::Integer).after("PX"),
                Argument::new("unix-time-seconds", ArgumentKind::UnixTime).after("EXAT"),
                Argument::new("unix-time-milliseconds", ArgumentKind::UnixTime).after("PXAT"),
                Argument::token("persist", "PERSIST"),
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
    handler: hgetex,
};

/// What is done to fields that are looked at.
#[derive(Clone, Copy)]
enum Action {
    Nothing,
    Persist,
    ExpireAt(i64),
}

/// Fields are looked at one after the other, so that one that is named twice may
/// have gone at the second time.
fn hgetex(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let word = find_word(&arguments, 1)?;
    let options = Options::parse(arguments.from(2).iter().take(word.saturating_sub(2)), Accepted::GETEX)?;
    let wanted = counted(&arguments, word, 1, WRONG_COUNT)?;
    let key = context.key(&arguments, 1);
    let found = context.find_read_of(&key, Type::Hash)?;
    let action = match options.lifetime {
        Lifetime::Unstated | Lifetime::Keep => Action::Nothing,
        Lifetime::Persist => Action::Persist,
        Lifetime::Until(clock, number) => Action::ExpireAt(field_expire_at_ms(context, clock, number)?),
    };
    let (rules, database) = (context.rules(), context.database());
    let times = (context.fields_hidden_before_ms(), context.fields_past_ms());
    let (keyspace, reply) = (&mut *context.keyspace, &mut context.reply);
    reply.array(wanted.len());
    let Some(location) = found else {
        wanted.iter().for_each(|_| reply.null());
        return Ok(());
    };
    let mut look = |hash: HashRef<'_>, field: &[u8]| match hash.visible(times.0).get(field) {
        Some(value) => reply.value(value),
        None => reply.null(),
    };
    if let Action::Nothing = action {
        let hash = super::hash_of(keyspace.get(database, location).content());
        wanted.iter().for_each(|field| look(hash, field));
        return Ok(());
    }
    let mut changed = Vec::new();
    let emptied = keyspace.edit(database, &key, location, |body| {
        for field in wanted.iter() {
            look(HashRef::of_body(body), field);
            if act(&rules, body, field, action, times) {
                changed.push(field);
            }
        }
        HashRef::of_body(body).is_empty()
    });
    if !changed.is_empty() {
        let past = |at| times.1.is_some_and(|past_ms| at <= past_ms);
        let (event, change) = match action {
            Action::ExpireAt(at) if !past(at) => ("hexpire", FieldsChange::ExpireAt(at)),
            Action::ExpireAt(_) => ("hexpired", FieldsChange::Removed),
            Action::Nothing | Action::Persist => ("hpersist", FieldsChange::Persisted),
        };
        if change == FieldsChange::Removed {
            context.fields_expired(changed.len());
        }
        state_fields(context, &key, Event::hash(event), change, &changed);
    }
    if emptied {
        context.remove_emptied(&key);
    }
    Ok(())
}

/// True if that changed anything.
fn act(rules: &Rules, body: &mut Body, field: &[u8], action: Action, times: (Option<i64>, Option<i64>)) -> bool {
    match action {
        Action::Nothing => false,
        Action::Persist => fields::persist(body, field, times.0) == Persisted::Done,
        Action::ExpireAt(at) => {
            matches!(rules.expire_field(body, field, at, times, |_| true), Expired::Set | Expired::Removed)
        }
    }
}
