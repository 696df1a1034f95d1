//! XACK, XPENDING.

use super::{edit, no_key_or_group, parse_end, parse_id, parse_start, reply_id, stream_at};
use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::shape::Type;
use crate::data::stream::{Group as ConsumerGroup, StreamId};
use crate::keyspace::change::{Event, Record};
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// XACK.
pub(super) const XACK: Command = Command {
    name: "xack",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Takes entries off what is pending in a group.",
    complexity: "O(1) an entry",
    arity: -4,
    flags: Flags::FAST.and(Flags::WRITE),
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
        Argument::new("group", ArgumentKind::String),
        Argument::new("ID", ArgumentKind::String).multiple(),
    ],
    subcommands: &[],
    handler: xack,
};

/// XPENDING.
pub(super) const XPENDING: Command = Command {
    name: "xpending",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Tells what is pending in a group.",
    complexity: "O(N) where N is the number of entries told of; O(C) for a summary of C consumers",
    arity: -3,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::STREAM),
    tips: &["nondeterministic_output"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("group", ArgumentKind::String),
        Argument::new(
            "filters",
            ArgumentKind::Block(&[
                Argument::new("min-idle-time", ArgumentKind::Integer).after("IDLE").optional().since("6.2.0"),
                Argument::new("start", ArgumentKind::String),
                Argument::new("end", ArgumentKind::String),
                Argument::new("count", ArgumentKind::Integer),
                Argument::new("consumer", ArgumentKind::String).optional(),
            ]),
        )
        .optional(),
    ],
    subcommands: &[],
    handler: xpending,
};

fn xack(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (key, name) = (context.key(&arguments, 1), &arguments[2]);
    let found = context.find_read_of(&key, Type::Stream)?;
    let has_group = |at| stream_at(context.keyspace, context.session.database, at).group(name).is_some();
    let Some(location) = found.filter(|&at| has_group(at)) else {
        context.reply.integer(0);
        return Ok(());
    };
    let ids = (3..arguments.len()).map(|index| parse_id(&arguments[index], 0));
    let ids = ids.collect::<Result<Vec<StreamId>, Error>>()?;
    let released = edit(context, &key, location, |stream| {
        stream.change_group(name, |group, _| ids.into_iter().filter(|&id| group.release(id)).count())
    });
    let released = released.unwrap_or(0);
    if released > 0 {
        context.changed(&key, Event::SILENT, Record::Command);
        context.counts_as(released as u64);
    }
    context.reply.integer(released as i64);
    Ok(())
}

/// Which pending entries are asked for.
struct Filter<'a> {
    start: StreamId,
    end: StreamId,
    count: usize,
    idle_ms_min: i64,
    consumer: Option<&'a [u8]>,
}

impl<'a> Filter<'a> {
    /// `None` if a summary is asked for.
    fn parse(arguments: &'a Arguments<'_>) -> Result<Option<Filter<'a>>, Error> {
        if arguments.len() == 3 {
            return Ok(None);
        }
        if !(6..=9).contains(&arguments.len()) {
            return Err(Error::Syntax);
        }
        let (mut at, mut idle_ms_min) = (3, 0);
        if arguments[3].eq_ignore_ascii_case(b"idle") {
            idle_ms_min = parse_i64(&arguments[4]).ok_or(Error::NotInteger)?;
            if arguments.len() < 8 {
                return Err(Error::Syntax);
            }
            at = 5;
        }
        let count = parse_i64(&arguments[at + 2]).ok_or(Error::NotInteger)?;
        let (start, end) = (parse_start(&arguments[at])?, parse_end(&arguments[at + 1])?);
        let count = usize::try_from(count).unwrap_or(0);
        Ok(Some(Filter { start, end, count, idle_ms_min, consumer: arguments.get(at + 3) }))
    }
}

fn xpending(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let filter = Filter::parse(&arguments)?;
    let (key, name) = (context.key(&arguments, 1), &arguments[2]);
    let now_ms = context.now_ms();
    let found = context.find_read_of(&key, Type::Stream)?;
    let group = found.and_then(|at| stream_at(context.keyspace, context.session.database, at).group(name));
    let group = group.ok_or_else(|| no_key_or_group(key.bytes, name, ""))?;
    match filter {
        None => summary(&mut context.reply, group),
        Some(filter) => list(&mut context.reply, group, &filter, now_ms),
    }
    Ok(())
}

fn summary(reply: &mut Reply<'_>, group: &ConsumerGroup) {
    reply.array(4);
    reply.integer(group.pending().len() as i64);
    let (Some(first), Some(last)) = (group.pending().first(), group.pending().last()) else {
        reply.null();
        reply.null();
        return reply.null_array();
    };
    reply_id(reply, first);
    reply_id(reply, last);
    let owners = || group.consumers().filter(|consumer| !consumer.pending().is_empty());
    reply.array(owners().count());
    for consumer in owners() {
        reply.array(2);
        reply.bulk(&consumer.name);
        reply.bulk_integer(consumer.pending().len() as i64);
    }
}

fn list(reply: &mut Reply<'_>, group: &ConsumerGroup, filter: &Filter<'_>, now_ms: i64) {
    let start = reply.position();
    let told = match filter.consumer {
        None => {
            let ids = group.pending().iter_from(filter.start).map(|(id, _)| id);
            tell(reply, group, filter, now_ms, ids)
        }
        Some(name) => {
            let consumer = group.find(name).and_then(|number| group.consumer(number));
            let ids = consumer.into_iter().flat_map(|consumer| consumer.pending().iter_from(filter.start));
            tell(reply, group, filter, now_ms, ids.map(|(id, ())| id))
        }
    };
    reply.array_since(start, told);
}

/// Replies with what is asked for of these ids. Returns how many that are.
fn tell(
    reply: &mut Reply<'_>,
    group: &ConsumerGroup,
    filter: &Filter<'_>,
    now_ms: i64,
    ids: impl Iterator<Item = StreamId>,
) -> usize {
    let mut told = 0;
    for id in ids.take_while(|id| *id <= filter.end) {
        if told == filter.count {
            break;
        }
        let Some(pending) = group.pending().get(id) else { continue };
        let idle_ms = now_ms.saturating_sub(pending.delivered_ms);
        if filter.idle_ms_min != 0 && idle_ms < filter.idle_ms_min {
            continue;
        }
        told += 1;
        reply.array(4);
        reply_id(reply, id);
        reply.bulk(group.consumer(pending.consumer).map_or(&[], |consumer| &consumer.name));
        reply.integer(idle_ms.max(0));
        reply.integer(pending.deliveries.cast_signed());
    }
    told
}
