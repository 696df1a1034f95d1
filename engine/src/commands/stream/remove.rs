//! XDEL, XSETID.

use super::{edit, parse_id, stream_at};
use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::shape::Type;
use crate::data::stream::StreamId;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// XDEL.
pub(super) const XDEL: Command = Command {
    name: "xdel",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Removes entries from a stream by their ids.",
    complexity: "O(1) an entry",
    arity: -3,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::STREAM).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("ID", ArgumentKind::String).multiple()],
    subcommands: &[],
    handler: xdel,
};

/// XSETID.
pub(super) const XSETID: Command = Command {
    name: "xsetid",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Sets what a stream knows of the entries that it had.",
    complexity: "O(1)",
    arity: -3,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::STREAM).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("last-id", ArgumentKind::String),
        Argument::new("entries-added", ArgumentKind::Integer).after("ENTRIESADDED").optional().since("7.0.0"),
        Argument::new("max-deleted-id", ArgumentKind::String).after("MAXDELETEDID").optional().since("7.0.0"),
    ],
    subcommands: &[],
    handler: xsetid,
};

fn xdel(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_write_of(&key, Type::Stream)? else {
        context.reply.integer(0);
        return Ok(());
    };
    let ids = (2..arguments.len()).map(|index| parse_id(&arguments[index], 0));
    let ids = ids.collect::<Result<Vec<StreamId>, Error>>()?;
    let removed = edit(context, &key, location, |stream| ids.into_iter().filter(|&id| stream.remove(id)).count());
    if removed > 0 {
        context.changed(&key, Event::stream("xdel"), Record::Command);
        context.counts_as(removed as u64);
    }
    context.reply.integer(removed as i64);
    Ok(())
}

fn xsetid(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let id = parse_id(&arguments[2], 0)?;
    let (mut added, mut deleted) = (None, StreamId::MIN);
    let mut index = 3;
    while let Some(option) = arguments.get(index) {
        let value = arguments.get(index + 1).ok_or(Error::Syntax)?;
        if option.eq_ignore_ascii_case(b"entriesadded") {
            let count = parse_i64(value).ok_or(Error::NotInteger)?;
            added = Some(u64::try_from(count).map_err(|_| Error::Text("ERR entries_added must be positive"))?);
        } else if option.eq_ignore_ascii_case(b"maxdeletedid") {
            deleted = parse_id(value, 0)?;
            if id < deleted {
                return Err(Error::Text(
                    "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
                ));
            }
        } else {
            return Err(Error::Syntax);
        }
        index += 2;
    }
    let key = context.key(&arguments, 1);
    let location = context.find_write_of(&key, Type::Stream)?.ok_or(Error::NoSuchKey)?;
    let stream = stream_at(context.keyspace, context.session.database, location);
    if id < stream.max_deleted_id {
        return Err(Error::Text("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"));
    }
    if stream.last_entry_id().is_some_and(|last| id < last) {
        return Err(Error::Text("ERR The ID specified in XSETID is smaller than the target stream top item"));
    }
    if !stream.is_empty() && added.is_some_and(|added| added < stream.len()) {
        return Err(Error::Text("ERR The entries_added specified in XSETID is smaller than the target stream length"));
    }
    edit(context, &key, location, |stream| {
        stream.set_last_id(id);
        stream.entries_added = added.unwrap_or(stream.entries_added);
        if deleted != StreamId::MIN {
            stream.max_deleted_id = deleted;
        }
    });
    context.changed(&key, Event::stream("xsetid"), Record::Command);
    context.reply.ok();
    Ok(())
}
