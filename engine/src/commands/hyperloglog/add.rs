//! Adding elements: PFADD.

use super::layout::{Encoding, empty, invalidate, place, raise};
use super::{dense, sparse_length_max, store};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::{Key, Location};
use crate::resp::request::Arguments;

/// PFADD.
pub(super) const PFADD: Command = Command {
    name: "pfadd",
    group: Group::Hyperloglog,
    since: "2.8.9",
    summary: "Adds elements to the HyperLogLog at a key; creates it if there is none.",
    complexity: "O(1) for each element.",
    arity: -2,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::HYPERLOGLOG).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::INSERT),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("element", ArgumentKind::String).optional().multiple(),
    ],
    subcommands: &[],
    handler: pfadd,
};

fn pfadd(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let location = context.find_live(context.database(), &key);
    let encoding = location.map(|location| Encoding::of(context.string_at(location)?)).transpose()?;
    let elements = arguments.from(2);
    let changes = match (location, encoding) {
        (Some(location), Some((Encoding::Dense, _))) => add_dense(context, &key, location, &elements)?,
        _ => add_sparse(context, &key, location, &elements)?,
    };
    if changes > 0 {
        context.changed(&key, Event::string("pfadd"), Record::Command);
        context.counts_as(changes);
    } else {
        // It was looked at: for eviction that counts.
        context.find_write(&key);
    }
    context.reply.integer(i64::from(changes > 0));
    Ok(())
}

/// Adds elements to a dense value where it is; returns how many changed it.
fn add_dense(
    context: &mut Context<'_>,
    key: &Key<'_>,
    location: Location,
    elements: &Arguments<'_>,
) -> Result<u64, Error> {
    let (_, bytes) = Encoding::of(context.string_at(location)?)?;
    // Most elements of a large multitude change nothing.
    let raises = |(index, value)| dense::get(bytes, index) < value;
    let Some(first) = elements.iter().position(|element| raises(place(element))) else { return Ok(0) };
    let mut changes = 0;
    context.edit_string(key, Some(location), dense::LENGTH, |bytes| {
        for (index, value) in elements.from(first).iter().map(place) {
            changes += u64::from(dense::raise(bytes, index, value));
        }
        invalidate(bytes);
    });
    Ok(changes)
}

/// Adds elements to a copy of a sparse value, or to a new one; that the value is
/// corrupted shows only on the way.
fn add_sparse(
    context: &mut Context<'_>,
    key: &Key<'_>,
    location: Option<Location>,
    elements: &Arguments<'_>,
) -> Result<u64, Error> {
    let length_max = sparse_length_max(context);
    let mut bytes = match location {
        Some(location) => Encoding::of(context.string_at(location)?)?.1.to_vec(),
        None => empty(),
    };
    let mut changes = u64::from(location.is_none());
    for (index, value) in elements.iter().map(place) {
        changes += u64::from(raise(&mut bytes, index, value, length_max)?);
    }
    if changes > 0 {
        invalidate(&mut bytes);
        store(context, key, location, &bytes);
    }
    Ok(changes)
}
