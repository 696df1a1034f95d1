//! XCLAIM, XAUTOCLAIM.

use super::repeat::{Claim, Repeated};
use super::{edit, no_key_or_group, parse_id, parse_start, reply_entry, reply_id, shown, stream_at};
use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::shape::Type;
use crate::data::stream::{ConsumerNumber, Group as ConsumerGroup, Pending, Stream, StreamId};
use crate::keyspace::database::{Key, Location};
use crate::resp::request::Arguments;
use alloc::format;
use alloc::vec::Vec;

/// Entries that XAUTOCLAIM claims unless COUNT says otherwise.
const COUNT: usize = 100;
/// So many times as many are looked at.
const ATTEMPTS: usize = 10;
/// The greatest COUNT.
const COUNT_MAX: i64 = i64::MAX / 16;

/// XCLAIM.
pub(super) const XCLAIM: Command = Command {
    name: "xclaim",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Makes entries that are pending in a group those of a consumer.",
    complexity: "O(log N) an entry where N is the number of entries that are pending",
    arity: -6,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::STREAM).and(Categories::WRITE),
    tips: &["nondeterministic_output"],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("group", ArgumentKind::String),
        Argument::new("consumer", ArgumentKind::String),
        Argument::new("min-idle-time", ArgumentKind::String),
        Argument::new("ID", ArgumentKind::String).multiple(),
        Argument::new("ms", ArgumentKind::Integer).after("IDLE").optional(),
        Argument::new("unix-time-milliseconds", ArgumentKind::UnixTime).after("TIME").optional(),
        Argument::new("count", ArgumentKind::Integer).after("RETRYCOUNT").optional(),
        Argument::token("force", "FORCE").optional(),
        Argument::token("justid", "JUSTID").optional(),
        Argument::new("lastid", ArgumentKind::String).after("LASTID").optional(),
    ],
    subcommands: &[],
    handler: xclaim,
};

/// XAUTOCLAIM.
pub(super) const XAUTOCLAIM: Command = Command {
    name: "xautoclaim",
    group: Group::Stream,
    since: "6.2.0",
    summary: "Makes entries that have long been pending in a group those of a consumer.",
    complexity: "O(1) for so many entries as COUNT says",
    arity: -6,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::STREAM).and(Categories::WRITE),
    tips: &["nondeterministic_output"],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("group", ArgumentKind::String),
        Argument::new("consumer", ArgumentKind::String),
        Argument::new("min-idle-time", ArgumentKind::String),
        Argument::new("start", ArgumentKind::String),
        Argument::new("count", ArgumentKind::Integer).after("COUNT").optional(),
        Argument::token("justid", "JUSTID").optional(),
    ],
    subcommands: &[],
    handler: xautoclaim,
};

/// How entries become a consumer's.
struct Terms {
    idle_ms_min: i64,
    delivered_ms: i64,
    /// RETRYCOUNT.
    deliveries: Option<u64>,
    force: bool,
    just_id: bool,
    last_id: StreamId,
}

impl Terms {
    fn parse(arguments: &Arguments<'_>, from: usize, idle_ms_min: i64, now_ms: i64) -> Result<Terms, Error> {
        let mut terms = Terms {
            idle_ms_min,
            delivered_ms: now_ms,
            deliveries: None,
            force: false,
            just_id: false,
            last_id: StreamId::MIN,
        };
        let mut index = from;
        while let Some(option) = arguments.get(index) {
            let value = arguments.get(index + 1);
            let number = |name: &str, text: &[u8]| {
                let error = || Error::Formatted(format!("ERR Invalid {name} option argument for XCLAIM"));
                parse_i64(text).ok_or_else(error)
            };
            index += 2;
            match (option.to_ascii_lowercase().as_slice(), value) {
                (b"force", _) => (terms.force, index) = (true, index - 1),
                (b"justid", _) => (terms.just_id, index) = (true, index - 1),
                (b"idle", Some(value)) => terms.delivered_ms = now_ms.wrapping_sub(number("IDLE", value)?),
                (b"time", Some(value)) => terms.delivered_ms = number("TIME", value)?,
                (b"retrycount", Some(value)) => terms.deliveries = u64::try_from(number("RETRYCOUNT", value)?).ok(),
                (b"lastid", Some(value)) => terms.last_id = parse_id(value, 0)?,
                _ => {
                    return Err(Error::Raw([b"ERR Unrecognized XCLAIM option '", shown(option), b"'"].concat()));
                }
            }
        }
        // Clients reckon by clocks of their own.
        if !(0..=now_ms).contains(&terms.delivered_ms) {
            terms.delivered_ms = now_ms;
        }
        Ok(terms)
    }

    /// Has an entry claimed, if it is long enough that it was delivered. Returns how
    /// often it was then.
    fn claim(&self, group: &mut ConsumerGroup, id: StreamId, consumer: ConsumerNumber, now_ms: i64) -> Option<u64> {
        let unknown = Pending { delivered_ms: now_ms, deliveries: 1, consumer: ConsumerNumber::NOBODY };
        let pending = group.pending().get(id).copied().or(self.force.then_some(unknown))?;
        let idle_ms = now_ms.saturating_sub(pending.delivered_ms);
        if pending.consumer != ConsumerNumber::NOBODY && self.idle_ms_min != 0 && idle_ms < self.idle_ms_min {
            return None;
        }
        let deliveries = match self.deliveries {
            Some(deliveries) => deliveries,
            None if self.just_id => pending.deliveries,
            None => pending.deliveries.wrapping_add(1),
        };
        group.assign(id, Pending { delivered_ms: self.delivered_ms, deliveries, consumer });
        if let Some(consumer) = group.consumer_mut(consumer) {
            consumer.active_ms = Some(now_ms);
        }
        Some(deliveries)
    }
}

/// What became of entries.
#[derive(Default)]
struct Outcome {
    /// All that changed, in order.
    changes: Vec<Claim>,
    claimed: Vec<StreamId>,
    /// Those that were pending and had been deleted.
    gone: Vec<StreamId>,
}

/// Whose entries are to become.
struct Claimant<'k> {
    key: Key<'k>,
    location: Location,
    group: &'k [u8],
    consumer: &'k [u8],
}

impl Claimant<'_> {
    /// Claims entries, and states what changed.
    fn claim(&self, context: &mut Context<'_>, ids: &[StreamId], terms: &Terms) -> Outcome {
        let now_ms = context.now_ms();
        let result = edit(context, &self.key, self.location, |stream| {
            stream.change_group(self.group, |group, stream| {
                let further = terms.last_id > group.last_id;
                group.last_id = group.last_id.max(terms.last_id);
                let (number, is_new) = group.find_or_add(self.consumer, now_ms);
                if let Some(consumer) = group.consumer_mut(number) {
                    consumer.seen_ms = now_ms;
                }
                let outcome = claim_all(group, stream, ids, number, terms, now_ms);
                (outcome, is_new, further, group.last_id, group.entries_read)
            })
        });
        let Some((outcome, is_new, further, last_id, entries_read)) = result else { return Outcome::default() };
        let mut repeated = Repeated { key: self.key, group: self.group, stated: false };
        if is_new {
            repeated.consumer(context, self.consumer);
        }
        repeated.claims(context, self.consumer, &outcome.changes, terms.delivered_ms, last_id);
        context.counts_as(outcome.changes.len() as u64);
        if further && outcome.changes.is_empty() {
            repeated.progress(context, last_id, entries_read);
        }
        outcome
    }

    /// Replies with what was claimed.
    fn reply(&self, context: &mut Context<'_>, outcome: &Outcome, just_id: bool) {
        let stream = stream_at(context.keyspace, context.session.database, self.location);
        context.reply.array(outcome.claimed.len());
        for &id in &outcome.claimed {
            match stream.get(id) {
                Some(entry) if !just_id => reply_entry(&mut context.reply, entry),
                _ => reply_id(&mut context.reply, id),
            }
        }
    }
}

fn claim_all(
    group: &mut ConsumerGroup,
    stream: &Stream,
    ids: &[StreamId],
    consumer: ConsumerNumber,
    terms: &Terms,
    now_ms: i64,
) -> Outcome {
    let mut outcome = Outcome::default();
    for &id in ids {
        if !stream.contains(id) {
            if group.release(id) {
                outcome.gone.push(id);
                outcome.changes.push(Claim { id, deliveries: 1 });
            }
        } else if let Some(deliveries) = terms.claim(group, id, consumer, now_ms) {
            outcome.claimed.push(id);
            outcome.changes.push(Claim { id, deliveries });
        }
    }
    outcome
}

/// Finds the stream that has a group.
fn find(context: &mut Context<'_>, key: &Key<'_>, group: &[u8]) -> Result<Location, Error> {
    let found = context.find_read_of(key, Type::Stream)?;
    let has_group = |at| stream_at(context.keyspace, context.session.database, at).group(group).is_some();
    found.filter(|&at| has_group(at)).ok_or_else(|| no_key_or_group(key.bytes, group, ""))
}

/// An argument that says for how long an entry has to have been pending.
fn idle_ms_min(text: &[u8], error: &'static str) -> Result<i64, Error> {
    Ok(parse_i64(text).ok_or(Error::Text(error))?.max(0))
}

fn xclaim(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (key, group) = (context.key(&arguments, 1), &arguments[2]);
    let location = find(context, &key, group)?;
    let idle_ms_min = idle_ms_min(&arguments[4], "ERR Invalid min-idle-time argument for XCLAIM")?;
    // What is no id any more begins the options.
    let ids: Vec<StreamId> = (5..arguments.len()).map_while(|index| parse_id(&arguments[index], 0).ok()).collect();
    let terms = Terms::parse(&arguments, 5 + ids.len(), idle_ms_min, context.now_ms())?;
    let claimant = Claimant { key, location, group, consumer: &arguments[3] };
    let outcome = claimant.claim(context, &ids, &terms);
    claimant.reply(context, &outcome, terms.just_id);
    Ok(())
}

fn xautoclaim(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let idle_ms_min = idle_ms_min(&arguments[4], "ERR Invalid min-idle-time argument for XAUTOCLAIM")?;
    let start = parse_start(&arguments[5])?;
    let (mut count, mut just_id, mut index) = (COUNT, false, 6);
    while let Some(option) = arguments.get(index) {
        let value = arguments.get(index + 1);
        index += 1;
        match (option.to_ascii_lowercase().as_slice(), value) {
            (b"justid", _) => just_id = true,
            (b"count", Some(value)) => {
                let given = parse_i64(value).filter(|count| (1..=COUNT_MAX).contains(count));
                count = given.ok_or(Error::Text("ERR COUNT must be > 0"))? as usize;
                index += 1;
            }
            _ => return Err(Error::Syntax),
        }
    }
    let (key, group) = (context.key(&arguments, 1), &arguments[2]);
    let location = find(context, &key, group)?;
    let now_ms = context.now_ms();
    let claimant = Claimant { key, location, group, consumer: &arguments[3] };
    let (ids, next) = due(context, &claimant, start, count, idle_ms_min);
    let terms =
        Terms { idle_ms_min, delivered_ms: now_ms, deliveries: None, force: false, just_id, last_id: StreamId::MIN };
    let outcome = claimant.claim(context, &ids, &terms);
    context.reply.array(3);
    reply_id(&mut context.reply, next);
    claimant.reply(context, &outcome, just_id);
    context.reply.array(outcome.gone.len());
    outcome.gone.iter().for_each(|&id| reply_id(&mut context.reply, id));
    Ok(())
}

/// Pending entries from an id on that are gone or long enough pending, so many at
/// most; and which is the next to be looked at, the least id if none is.
fn due(
    context: &Context<'_>,
    claimant: &Claimant<'_>,
    start: StreamId,
    count: usize,
    idle_ms_min: i64,
) -> (Vec<StreamId>, StreamId) {
    let stream = stream_at(context.keyspace, context.session.database, claimant.location);
    let Some(group) = stream.group(claimant.group) else { return (Vec::new(), StreamId::MIN) };
    let (now_ms, mut ids) = (context.now_ms(), Vec::new());
    let mut pending = group.pending().iter_from(start);
    for (id, pending) in pending.by_ref().take(count.saturating_mul(ATTEMPTS)) {
        let idle_ms = now_ms.saturating_sub(pending.delivered_ms);
        if idle_ms_min == 0 || idle_ms >= idle_ms_min || !stream.contains(id) {
            ids.push(id);
        }
        if ids.len() == count {
            break;
        }
    }
    let next = pending.next().map_or(StreamId::MIN, |(id, _)| id);
    (ids, next)
}
