//! XGROUP.

use super::{edit, no_group, parse_bound, parse_id, stream_at};
use crate::base::number::parse_i64;
use crate::command::container::wrong_arguments;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::shape::Type;
use crate::data::stream::{Group as ConsumerGroup, Stream};
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::{Key, Location};
use crate::resp::request::Arguments;

/// XGROUP.
pub(super) const XGROUP: Command = Command {
    name: "xgroup",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Contains the commands that change groups of consumers.",
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: Flags::NONE,
    categories: Categories::SLOW,
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[XGROUP_CREATE, XGROUP_CREATECONSUMER, XGROUP_DELCONSUMER, XGROUP_DESTROY, XGROUP_HELP, XGROUP_SETID],
    handler: crate::command::container::missing_subcommand,
};

/// XGROUP CREATE.
const XGROUP_CREATE: Command = Command {
    name: "create",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Creates a group.",
    complexity: "O(1)",
    arity: -5,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::SLOW.and(Categories::STREAM).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::INSERT),
        begin: Begin::Index(2),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("group", ArgumentKind::String),
        Argument::new(
            "id-selector",
            ArgumentKind::OneOf(&[Argument::new("id", ArgumentKind::String), Argument::token("new-id", "$")]),
        ),
        Argument::token("mkstream", "MKSTREAM").optional(),
        Argument::new("entriesread", ArgumentKind::Integer).after("ENTRIESREAD").optional(),
    ],
    subcommands: &[],
    handler: xgroup_create,
};

/// XGROUP CREATECONSUMER.
const XGROUP_CREATECONSUMER: Command = Command {
    name: "createconsumer",
    group: Group::Stream,
    since: "6.2.0",
    summary: "Creates a consumer of a group.",
    complexity: "O(1)",
    arity: 5,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::SLOW.and(Categories::STREAM).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::INSERT),
        begin: Begin::Index(2),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("group", ArgumentKind::String),
        Argument::new("consumer", ArgumentKind::String),
    ],
    subcommands: &[],
    handler: xgroup_createconsumer,
};

/// XGROUP DELCONSUMER.
const XGROUP_DELCONSUMER: Command = Command {
    name: "delconsumer",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Removes a consumer from a group, with what is pending of it.",
    complexity: "O(N) where N is the number of entries pending of it",
    arity: 5,
    flags: Flags::WRITE,
    categories: Categories::SLOW.and(Categories::STREAM).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::DELETE),
        begin: Begin::Index(2),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("group", ArgumentKind::String),
        Argument::new("consumer", ArgumentKind::String),
    ],
    subcommands: &[],
    handler: xgroup_delconsumer,
};

/// XGROUP DESTROY.
const XGROUP_DESTROY: Command = Command {
    name: "destroy",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Removes a group.",
    complexity: "O(N) where N is the number of entries pending in it",
    arity: 4,
    flags: Flags::WRITE,
    categories: Categories::SLOW.and(Categories::STREAM).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::DELETE),
        begin: Begin::Index(2),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("group", ArgumentKind::String)],
    subcommands: &[],
    handler: xgroup_destroy,
};

/// XGROUP HELP.
const XGROUP_HELP: Command = Command {
    name: "help",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Lists the subcommands.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::LOADING.and(Flags::STALE),
    categories: Categories::SLOW.and(Categories::STREAM),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: crate::command::container::help,
};

/// XGROUP SETID.
const XGROUP_SETID: Command = Command {
    name: "setid",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Sets the id of the entry that a group was given last.",
    complexity: "O(1)",
    arity: -5,
    flags: Flags::WRITE,
    categories: Categories::SLOW.and(Categories::STREAM).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::UPDATE),
        begin: Begin::Index(2),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("group", ArgumentKind::String),
        Argument::new(
            "id-selector",
            ArgumentKind::OneOf(&[Argument::new("id", ArgumentKind::String), Argument::token("new-id", "$")]),
        ),
        Argument::new("entriesread", ArgumentKind::Integer).after("ENTRIESREAD").optional(),
    ],
    subcommands: &[],
    handler: xgroup_setid,
};

/// What stands behind the id.
#[derive(Default)]
struct Options {
    makes_stream: bool,
    entries_read: Option<u64>,
}

impl Options {
    fn parse(arguments: &Arguments<'_>, creates: bool) -> Result<Options, Error> {
        let (mut options, mut index) = (Options::default(), 5);
        while let Some(option) = arguments.get(index) {
            if creates && option.eq_ignore_ascii_case(b"mkstream") {
                options.makes_stream = true;
                index += 1;
                continue;
            }
            let value = arguments.get(index + 1).filter(|_| option.eq_ignore_ascii_case(b"entriesread"));
            let read = parse_i64(value.ok_or_else(|| wrong_arguments(arguments))?).ok_or(Error::NotInteger)?;
            if read < -1 {
                return Err(Error::Text("ERR value for ENTRIESREAD must be positive or -1"));
            }
            options.entries_read = u64::try_from(read).ok();
            index += 2;
        }
        Ok(options)
    }
}

/// Finds the stream.
fn find(context: &mut Context<'_>, key: &Key<'_>) -> Result<Location, Error> {
    context.find_write_of(key, Type::Stream)?.ok_or(Error::Text(
        "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM \
         option to create an empty stream automatically.",
    ))
}

/// Finds the stream, which has to have the group.
fn find_group(context: &mut Context<'_>, key: &Key<'_>, group: &[u8]) -> Result<Location, Error> {
    let location = find(context, key)?;
    let stream = stream_at(context.keyspace, context.session.database, location);
    stream.group(group).map(|_| location).ok_or_else(|| no_group(key.bytes, group))
}

fn xgroup_create(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let options = Options::parse(&arguments, true)?;
    let (key, name) = (context.key(&arguments, 2), &arguments[3]);
    let found = match options.makes_stream {
        true => context.find_write_of(&key, Type::Stream)?,
        false => Some(find(context, &key)?),
    };
    if arguments.len() > 8 {
        return Err(wrong_arguments(&arguments));
    }
    let last_id = match &arguments[4] {
        b"$" => found.map(|at| stream_at(context.keyspace, context.session.database, at).last_id()).unwrap_or_default(),
        id => parse_id(id, 0)?,
    };
    let group = ConsumerGroup::new(last_id, options.entries_read);
    let created = match found {
        Some(location) => edit(context, &key, location, |stream| stream.add_group(name, group)),
        None => {
            let mut stream = Stream::default();
            let created = stream.add_group(name, group);
            context.create(&key, Type::Stream, stream.into_body());
            created
        }
    };
    if !created {
        return Err(Error::Text("BUSYGROUP Consumer Group name already exists"));
    }
    context.changed(&key, Event::stream("xgroup-create"), Record::Command);
    context.reply.ok();
    Ok(())
}

fn xgroup_setid(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let options = Options::parse(&arguments, false)?;
    let (key, name) = (context.key(&arguments, 2), &arguments[3]);
    let location = find_group(context, &key, name)?;
    if !matches!(arguments.len(), 5 | 7) {
        return Err(wrong_arguments(&arguments));
    }
    let last_id = match &arguments[4] {
        b"$" => stream_at(context.keyspace, context.session.database, location).last_id(),
        id => parse_bound(id, 0)?,
    };
    edit(context, &key, location, |stream| {
        stream.change_group(name, |group, _| {
            group.last_id = last_id;
            group.entries_read = options.entries_read;
        })
    });
    context.changed(&key, Event::stream("xgroup-setid"), Record::Command);
    context.reply.ok();
    Ok(())
}

fn xgroup_destroy(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (key, name) = (context.key(&arguments, 2), &arguments[3]);
    let location = find(context, &key)?;
    let removed = edit(context, &key, location, |stream| stream.remove_group(name));
    if removed {
        context.changed(&key, Event::stream("xgroup-destroy"), Record::Command);
    }
    context.reply.integer(i64::from(removed));
    Ok(())
}

fn xgroup_createconsumer(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (key, name) = (context.key(&arguments, 2), &arguments[3]);
    let location = find_group(context, &key, name)?;
    let now_ms = context.now_ms();
    let created = edit(context, &key, location, |stream| {
        stream.change_group(name, |group, _| group.find_or_add(&arguments[4], now_ms).1)
    });
    let created = created.unwrap_or(false);
    if created {
        context.changed(&key, Event::stream("xgroup-createconsumer"), Record::Command);
    }
    context.reply.integer(i64::from(created));
    Ok(())
}

fn xgroup_delconsumer(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (key, name) = (context.key(&arguments, 2), &arguments[3]);
    let location = find_group(context, &key, name)?;
    let pending = edit(context, &key, location, |stream| {
        stream.change_group(name, |group, _| group.remove_consumer(&arguments[4]))
    });
    let pending = pending.flatten();
    if pending.is_some() {
        context.changed(&key, Event::stream("xgroup-delconsumer"), Record::Command);
    }
    context.reply.integer(pending.unwrap_or(0) as i64);
    Ok(())
}
