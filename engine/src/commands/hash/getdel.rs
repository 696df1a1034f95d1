//! HGETDEL.

use super::arguments::{WRONG_COUNT, plain};
use super::change::{FieldsChange, state_fields};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::fields::{self, HashRef};
use crate::data::shape::Type;
use crate::keyspace::change::Event;
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// HGETDEL.
pub(super) const HGETDEL: Command = Command {
    name: "hgetdel",
    group: Group::Hash,
    since: "9.1.0",
    summary: "Returns the values of fields of a hash and removes them; with the last one goes the key.",
    complexity: "O(N) where N is the number of fields given",
    arity: -5,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::HASH).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
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
    handler: hgetdel,
};

fn hgetdel(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let wanted = plain(&arguments, WRONG_COUNT)?;
    let key = context.key(&arguments, 1);
    let found = context.find_write_of(&key, Type::Hash)?;
    let (hidden_before_ms, database) = (context.fields_hidden_before_ms(), context.database());
    let (keyspace, reply) = (&mut *context.keyspace, &mut context.reply);
    reply.array(wanted.len());
    let Some(location) = found else {
        wanted.iter().for_each(|_| reply.null());
        return Ok(());
    };
    let mut removed = Vec::new();
    let emptied = keyspace.edit(database, &key, location, |body| {
        for field in wanted.iter() {
            match HashRef::of_body(body).visible(hidden_before_ms).get(field) {
                Some(value) => reply.value(value),
                None => reply.null(),
            }
            if fields::remove_visible(body, field, hidden_before_ms) {
                removed.push(field);
            }
        }
        HashRef::of_body(body).is_empty()
    });
    if !removed.is_empty() {
        state_fields(context, &key, Event::hash("hdel"), FieldsChange::Removed, &removed);
    }
    if emptied {
        context.remove_emptied(&key);
    }
    Ok(())
}
