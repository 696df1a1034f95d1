//! COPY and MOVE.

use crate::base::number::parse_i64;
use crate::boundary::id::DatabaseId;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;
use alloc::format;

/// COPY.
pub const COPY: Command = Command {
    name: "copy",
    group: Group::Generic,
    since: "6.2.0",
    summary: "Copies a key's value to another key.",
    complexity: "O(N) in the size of the value",
    arity: -3,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::KEYSPACE.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[
        KeySpec {
            flags: KeyFlags::RO.and(KeyFlags::ACCESS),
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
    arguments: &[
        Argument::new("source", ArgumentKind::Key(0)),
        Argument::new("destination", ArgumentKind::Key(1)),
        Argument::new("destination-db", ArgumentKind::Integer).after("DB").optional(),
        Argument::token("replace", "REPLACE").optional(),
    ],
    subcommands: &[],
    handler: copy,
};

/// MOVE.
pub const MOVE: Command = Command {
    name: "move",
    group: Group::Generic,
    since: "1.0.0",
    summary: "Moves a key to another database.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::KEYSPACE).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("db", ArgumentKind::Integer)],
    subcommands: &[],
    handler: move_key,
};

fn copy(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let source_database = context.database();
    let (mut database, mut replace) = (source_database, false);
    let mut index = 3;
    while let Some(option) = arguments.get(index) {
        if option.eq_ignore_ascii_case(b"replace") {
            replace = true;
        } else if option.eq_ignore_ascii_case(b"db") && index + 1 < arguments.len() {
            index += 1;
            database = database_argument(context, &arguments[index])?;
        } else {
            return Err(Error::Syntax);
        }
        index += 1;
    }
    let source = context.key(&arguments, 1);
    let destination = context.key(&arguments, 2);
    if database == source_database && source.bytes == destination.bytes {
        return Err(Error::SameObject);
    }
    let there = context.find_read(&source).is_some();
    if there && let Some(location) = context.find_live(database, &destination) {
        if !replace {
            context.reply.integer(0);
            return Ok(());
        }
        context.remove(database, &destination, location);
    }
    // Places may have moved since the source was found.
    let Some(location) = context.keyspace.locate(source_database, &source).filter(|_| there) else {
        context.reply.integer(0);
        return Ok(());
    };
    let entry = context.keyspace.duplicate(source_database, location);
    context.keyspace.attach(database, &destination, entry, context.now);
    context.also_in(database, &destination, Event::NEW);
    context.changed_in(database, &destination, Event::generic("copy_to"), Record::Command);
    context.reply.integer(1);
    Ok(())
}

fn move_key(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let source = context.database();
    let destination = database_argument(context, &arguments[2])?;
    if source == destination {
        return Err(Error::SameObject);
    }
    let key = context.key(&arguments, 1);
    let location = context.find_write(&key);
    if let Some(location) = location
        && context.find_live(destination, &key).is_none()
    {
        let entry = context.keyspace.detach(source, &key, location);
        context.keyspace.attach(destination, &key, entry, context.now);
        context.also_in(destination, &key, Event::NEW);
        context.changed(&key, Event::generic("move_from"), Record::Command);
        context.also_in(destination, &key, Event::generic("move_to"));
        context.reply.integer(1);
        return Ok(());
    }
    context.reply.integer(0);
    Ok(())
}

/// An argument that is a database's number.
fn database_argument(context: &Context<'_>, argument: &[u8]) -> Result<DatabaseId, Error> {
    let number = parse_i64(argument).ok_or(Error::NotInteger)?;
    if i32::try_from(number).is_err() {
        let (least, most) = (i32::MIN, i32::MAX);
        return Err(Error::Formatted(format!("ERR value is out of range, value must between {least} and {most}")));
    }
    let count = context.keyspace.database_count() as i64;
    if (0..count).contains(&number) { Ok(DatabaseId(number as u32)) } else { Err(Error::DatabaseOutOfRange) }
}
