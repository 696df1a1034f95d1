//! Single bits: SETBIT, GETBIT.

use super::parse_offset;
use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::entry::StringEncoding;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::range::grow;
use crate::resp::request::Arguments;

/// SETBIT.
pub(super) const SETBIT: Command = Command {
    name: "setbit",
    group: Group::Bitmap,
    since: "2.2.0",
    summary: "Sets or clears a bit of the string at a key, which grows as needed; returns what the bit was.",
    complexity: "O(1), plus the growth of the string.",
    arity: 4,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::BITMAP.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("offset", ArgumentKind::Integer),
        Argument::new("value", ArgumentKind::Integer),
    ],
    subcommands: &[],
    handler: setbit,
};

/// GETBIT.
pub(super) const GETBIT: Command = Command {
    name: "getbit",
    group: Group::Bitmap,
    since: "2.2.0",
    summary: "Returns a bit of the string at a key.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::BITMAP.and(Categories::FAST).and(Categories::READ),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("offset", ArgumentKind::Integer)],
    subcommands: &[],
    handler: getbit,
};

const NO_BIT: Error = Error::Text("ERR bit is not an integer or out of range");

fn setbit(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let offset = parse_offset(context, &arguments[2])?;
    let on = match parse_i64(&arguments[3]) {
        Some(0) => false,
        Some(1) => true,
        _ => return Err(NO_BIT),
    };
    let key = context.key(&arguments, 1);
    let location = context.find_live(context.database(), &key);
    let at = (offset >> 3) as usize;
    let mask = 0x80 >> (offset & 7);
    let (mut length, mut was, mut raw) = (0, false, false);
    if let Some(location) = location {
        let mut buffer = [0; 20];
        let bytes = context.string_at(location)?.bytes(&mut buffer);
        (length, was) = (bytes.len(), bytes.get(at).is_some_and(|byte| byte & mask != 0));
        raw = context.entry(location).string_encoding() == StringEncoding::Raw;
    }
    let changes = at >= length || was != on;
    // Even what changes nothing leaves a string that is `raw`.
    if changes || !raw {
        context.edit_string(&key, location, at + 1, |bytes| {
            grow(bytes, at + 1);
            bytes[at] = if on { bytes[at] | mask } else { bytes[at] & !mask };
        });
    } else {
        // It was looked at: for eviction that counts.
        context.find_write(&key);
    }
    if changes {
        context.changed(&key, Event::string("setbit"), Record::Command);
    }
    context.reply.integer(i64::from(was));
    Ok(())
}

fn getbit(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let offset = parse_offset(context, &arguments[2])?;
    let key = context.key(&arguments, 1);
    let byte = match context.read_string(&key)? {
        Some(value) => value.bytes(&mut [0; 20]).get((offset >> 3) as usize).copied(),
        None => None,
    };
    let is_set = byte.is_some_and(|byte| byte & 0x80 >> (offset & 7) != 0);
    context.reply.integer(i64::from(is_set));
    Ok(())
}
