//! XINFO.

use super::range::reply_entries;
use super::{no_group, reply_entry, reply_id, stream_at};
use crate::base::number::parse_i64;
use crate::command::container::wrong_arguments;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::shape::Type;
use crate::data::stream::{Consumer, Entry, Group as ConsumerGroup, Stream, StreamId};
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;

/// Entries that FULL lists of each kind unless COUNT says otherwise.
const COUNT: usize = 10;
/// What is told of a time that never was.
const NEVER: i64 = -1;

/// XINFO.
pub(super) const XINFO: Command = Command {
    name: "xinfo",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Contains the commands that look into streams.",
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: Flags::NONE,
    categories: Categories::SLOW,
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[XINFO_CONSUMERS, XINFO_GROUPS, XINFO_HELP, XINFO_STREAM],
    handler: crate::command::container::missing_subcommand,
};

/// XINFO CONSUMERS.
const XINFO_CONSUMERS: Command = Command {
    name: "consumers",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Lists the consumers of a group.",
    complexity: "O(N) where N is the number of consumers",
    arity: 4,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::STREAM),
    tips: &["nondeterministic_output"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(2),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("group", ArgumentKind::String)],
    subcommands: &[],
    handler: xinfo_consumers,
};

/// XINFO GROUPS.
const XINFO_GROUPS: Command = Command {
    name: "groups",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Lists the groups of a stream.",
    complexity: "O(N) where N is the number of groups",
    arity: 3,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::STREAM),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(2),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: xinfo_groups,
};

/// XINFO HELP.
const XINFO_HELP: Command = Command {
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

/// XINFO STREAM.
const XINFO_STREAM: Command = Command {
    name: "stream",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Describes a stream.",
    complexity: "O(N) where N is the number of nodes",
    arity: -3,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::STREAM),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(2),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new(
            "full-block",
            ArgumentKind::Block(&[
                Argument::token("full", "FULL"),
                Argument::new("count", ArgumentKind::Integer).after("COUNT").optional(),
            ]),
        )
        .optional(),
    ],
    subcommands: &[],
    handler: xinfo_stream,
};

/// Finds the stream that is asked about, and gives it with where replies go to.
fn find<'c, 'a>(
    context: &'c mut Context<'a>,
    arguments: &Arguments<'_>,
) -> Result<(&'c Stream, &'c mut Reply<'a>), Error> {
    let key = context.key(arguments, 2);
    let location = context.find_read_of(&key, Type::Stream)?.ok_or(Error::NoSuchKey)?;
    let stream = stream_at(context.keyspace, context.session.database, location);
    Ok((stream, &mut context.reply))
}

/// A count that may be unknown.
fn reply_count(reply: &mut Reply<'_>, count: Option<i64>) {
    match count {
        Some(count) => reply.integer(count),
        None => reply.null(),
    }
}

fn reply_named_id(reply: &mut Reply<'_>, name: &str, id: StreamId) {
    reply.bulk(name.as_bytes());
    reply_id(reply, id);
}

fn reply_named(reply: &mut Reply<'_>, name: &str, number: i64) {
    reply.bulk(name.as_bytes());
    reply.integer(number);
}

/// How far a group has come.
fn reply_progress(reply: &mut Reply<'_>, stream: &Stream, group: &ConsumerGroup) {
    reply_named_id(reply, "last-delivered-id", group.last_id);
    reply.bulk(b"entries-read");
    reply_count(reply, group.entries_read.map(u64::cast_signed));
    reply.bulk(b"lag");
    reply_count(reply, stream.lag(group));
}

fn xinfo_groups(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (stream, reply) = find(context, &arguments)?;
    reply.array(stream.groups().len());
    for (name, group) in stream.groups() {
        reply.map(6);
        reply.bulk(b"name");
        reply.bulk(name);
        reply_named(reply, "consumers", group.consumer_count() as i64);
        reply_named(reply, "pending", group.pending().len() as i64);
        reply_progress(reply, stream, group);
    }
    Ok(())
}

fn xinfo_consumers(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let now_ms = context.now_ms();
    let (stream, reply) = find(context, &arguments)?;
    let group = stream.group(&arguments[3]).ok_or_else(|| no_group(&arguments[2], &arguments[3]))?;
    reply.array(group.consumer_count());
    for consumer in group.consumers() {
        reply.map(4);
        reply.bulk(b"name");
        reply.bulk(&consumer.name);
        reply_named(reply, "pending", consumer.pending().len() as i64);
        reply_named(reply, "idle", now_ms.saturating_sub(consumer.seen_ms).max(0));
        let inactive = consumer.active_ms.map_or(NEVER, |at| now_ms.saturating_sub(at));
        reply_named(reply, "inactive", inactive);
    }
    Ok(())
}

fn xinfo_stream(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 2);
    let location = context.find_read_of(&key, Type::Stream)?.ok_or(Error::NoSuchKey)?;
    let count = match arguments.len() {
        3 => None,
        4 | 6 if arguments[3].eq_ignore_ascii_case(b"full") => match arguments.get(4) {
            None => Some(COUNT),
            Some(word) if word.eq_ignore_ascii_case(b"count") => {
                let count = parse_i64(&arguments[5]).ok_or(Error::NotInteger)?;
                Some(usize::try_from(count).unwrap_or(COUNT))
            }
            Some(_) => return Err(wrong_arguments(&arguments)),
        },
        _ => return Err(wrong_arguments(&arguments)),
    };
    let (stream, reply) = (stream_at(context.keyspace, context.session.database, location), &mut context.reply);
    reply.map(if count.is_some() { 9 } else { 10 });
    reply_named(reply, "length", stream.len() as i64);
    reply_named(reply, "radix-tree-keys", stream.node_count() as i64);
    reply_named(reply, "radix-tree-nodes", stream.radix_nodes() as i64);
    reply_named_id(reply, "last-generated-id", stream.last_id());
    reply_named_id(reply, "max-deleted-entry-id", stream.max_deleted_id);
    reply_named(reply, "entries-added", stream.entries_added.cast_signed());
    reply_named_id(reply, "recorded-first-entry-id", stream.first_id());
    match count {
        Some(0) => reply_full(reply, stream, usize::MAX),
        Some(count) => reply_full(reply, stream, count),
        None => {
            reply_named(reply, "groups", stream.groups().len() as i64);
            reply_edge(reply, "first-entry", stream.iter().next());
            reply_edge(reply, "last-entry", stream.range_back(StreamId::MIN, StreamId::MAX).next());
        }
    }
    Ok(())
}

fn reply_edge(reply: &mut Reply<'_>, name: &str, entry: Option<Entry<'_>>) {
    reply.bulk(name.as_bytes());
    match entry {
        Some(entry) => reply_entry(reply, entry),
        None => reply.null(),
    }
}

/// Entries, and groups with all that is in them.
fn reply_full(reply: &mut Reply<'_>, stream: &Stream, count: usize) {
    reply.bulk(b"entries");
    reply_entries(reply, stream.iter().take(count));
    reply.bulk(b"groups");
    reply.array(stream.groups().len());
    for (name, group) in stream.groups() {
        reply.map(7);
        reply.bulk(b"name");
        reply.bulk(name);
        reply_progress(reply, stream, group);
        reply_named(reply, "pel-count", group.pending().len() as i64);
        reply.bulk(b"pending");
        reply.array(group.pending().len().min(count));
        for (id, pending) in group.pending().iter().take(count) {
            reply.array(4);
            reply_id(reply, id);
            reply.bulk(group.consumer(pending.consumer).map_or(&[], |consumer| &consumer.name));
            reply.integer(pending.delivered_ms);
            reply.integer(pending.deliveries.cast_signed());
        }
        reply.bulk(b"consumers");
        reply.array(group.consumer_count());
        group.consumers().for_each(|consumer| reply_consumer(reply, group, consumer, count));
    }
}

fn reply_consumer(reply: &mut Reply<'_>, group: &ConsumerGroup, consumer: &Consumer, count: usize) {
    reply.map(5);
    reply.bulk(b"name");
    reply.bulk(&consumer.name);
    reply_named(reply, "seen-time", consumer.seen_ms);
    reply_named(reply, "active-time", consumer.active_ms.unwrap_or(NEVER));
    reply_named(reply, "pel-count", consumer.pending().len() as i64);
    reply.bulk(b"pending");
    reply.array(consumer.pending().len().min(count));
    for (id, ()) in consumer.pending().iter().take(count) {
        let pending = group.pending().get(id);
        reply.array(3);
        reply_id(reply, id);
        reply.integer(pending.map_or(0, |pending| pending.delivered_ms));
        reply.integer(pending.map_or(0, |pending| pending.deliveries.cast_signed()));
    }
}
