//! Deleting a string that is looked at: GETDEL, DELIFEQ.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::{Key, Location};
use crate::resp::request::Arguments;

/// GETDEL.
pub(super) const GETDEL: Command = Command {
    name: "getdel",
    group: Group::String,
    since: "6.2.0",
    summary: "Returns the string at a key and deletes it.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::STRING).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: getdel,
};

/// DELIFEQ.
pub(super) const DELIFEQ: Command = Command {
    name: "delifeq",
    group: Group::String,
    since: "9.0.0",
    summary: "Deletes a key if its string equals a given one.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::STRING).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RM.and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("value", ArgumentKind::String)],
    subcommands: &[],
    handler: delifeq,
};

fn getdel(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_read(&key) else {
        context.reply.null();
        return Ok(());
    };
    context.reply_string(location)?;
    delete(context, &key, location);
    Ok(())
}

fn delifeq(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_write(&key) else {
        context.reply.integer(0);
        return Ok(());
    };
    let equal = context.string_at(location)?.bytes(&mut [0; 20]) == &arguments[2];
    if equal {
        delete(context, &key, location);
    }
    context.reply.integer(i64::from(equal));
    Ok(())
}

fn delete(context: &mut Context<'_>, key: &Key<'_>, location: Location) {
    context.remove(context.database(), key, location);
    context.changed(key, Event::generic("del"), Record::Delete);
}
