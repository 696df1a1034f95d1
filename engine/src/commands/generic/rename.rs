//! RENAME and RENAMENX.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;

/// RENAME.
pub const RENAME: Command = Command {
    name: "rename",
    group: Group::Generic,
    since: "1.0.0",
    summary: "Gives a key another name, whatever had that name before.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::WRITE,
    categories: Categories::KEYSPACE.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[
        KeySpec {
            flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
            begin: Begin::Index(1),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
        KeySpec {
            flags: KeyFlags::OW.and(KeyFlags::UPDATE),
            begin: Begin::Index(2),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
    ],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("newkey", ArgumentKind::Key(1))],
    subcommands: &[],
    handler: rename,
};

/// RENAMENX.
pub const RENAMENX: Command = Command {
    name: "renamenx",
    group: Group::Generic,
    since: "1.0.0",
    summary: "Gives a key another name unless that is taken.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::KEYSPACE).and(Categories::WRITE),
    tips: &[],
    keys: &[
        KeySpec {
            flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
            begin: Begin::Index(1),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
        KeySpec {
            flags: KeyFlags::OW.and(KeyFlags::INSERT),
            begin: Begin::Index(2),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
    ],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("newkey", ArgumentKind::Key(1))],
    subcommands: &[],
    handler: renamenx,
};

fn rename(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    give_name(context, arguments, true)?;
    context.reply.ok();
    Ok(())
}

fn renamenx(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let renamed = give_name(context, arguments, false)?;
    context.reply.integer(i64::from(renamed));
    Ok(())
}

/// Renames, over an existing key only if `overwrite`. False if nothing changed.
fn give_name(context: &mut Context<'_>, arguments: Arguments<'_>, overwrite: bool) -> Result<bool, Error> {
    let database = context.database();
    let source = context.key(&arguments, 1);
    let destination = context.key(&arguments, 2);
    context.find_write(&source).ok_or(Error::NoSuchKey)?;
    if source.bytes == destination.bytes {
        return Ok(false);
    }
    if let Some(location) = context.find_live(database, &destination) {
        if !overwrite {
            return Ok(false);
        }
        context.remove(database, &destination, location);
    }
    // Places may have moved since the source was found.
    let location = context.keyspace.locate(database, &source).ok_or(Error::NoSuchKey)?;
    let entry = context.keyspace.detach(database, &source, location);
    context.keyspace.attach(database, &destination, entry, context.now);
    context.also(&destination, Event::NEW);
    context.changed(&source, Event::generic("rename_from"), Record::Command);
    context.also(&destination, Event::generic("rename_to"));
    Ok(true)
}
