//! XREADGROUP: what a stream has for a consumer.

use super::range::reply_entries;
use super::read::{From, Options, Reader};
use super::repeat::{Claim, Repeated};
use super::{edit, reply_entry, reply_id, stream_at};
use crate::command::context::Context;
use crate::data::stream::{Pending, StreamId};
use crate::keyspace::database::{Key, Location};
use crate::resp::reply::Protocol;
use alloc::vec::Vec;

/// Serves a consumer from one stream. False, and nothing replied, if there is
/// nothing new in it.
pub(super) fn serve(context: &mut Context<'_>, key: &Key<'_>, from: From, options: &Options<'_>) -> bool {
    let Some(reader) = options.reader else { return false };
    let Some(location) = context.find_live(context.database(), key) else { return false };
    let now_ms = context.now_ms();
    let mut repeated = Repeated { key: *key, group: reader.group, stated: false };
    let is_new = edit(context, key, location, |stream| {
        stream.change_group(reader.group, |group, _| {
            let (number, is_new) = group.find_or_add(reader.consumer, now_ms);
            if let Some(consumer) = group.consumer_mut(number) {
                consumer.seen_ms = now_ms;
            }
            is_new
        })
    });
    match is_new {
        None => return false,
        Some(true) => repeated.consumer(context, reader.consumer),
        Some(false) => {}
    }
    let count = options.count.unwrap_or(usize::MAX);
    match from {
        From::After(after) => {
            // That entries are delivered again counts towards no save.
            repeated.stated = true;
            serve_pending(context, &mut repeated, location, reader, after, count);
            true
        }
        From::New => serve_new(context, &mut repeated, location, reader, options.no_ack, count),
    }
}

fn begin(context: &mut Context<'_>, key: &Key<'_>) {
    if context.reply.protocol() == Protocol::Resp2 {
        context.reply.array(2);
    }
    context.reply.bulk(key.bytes);
}

/// What is pending of the consumer; of an entry that was deleted only the id.
fn serve_pending(
    context: &mut Context<'_>,
    repeated: &mut Repeated<'_>,
    location: Location,
    reader: Reader<'_>,
    after: StreamId,
    count: usize,
) {
    let (key, now_ms) = (repeated.key, context.now_ms());
    begin(context, &key);
    let stream = stream_at(context.keyspace, context.session.database, location);
    let group = stream.group(reader.group);
    let consumer = group.and_then(|group| group.consumer(group.find(reader.consumer)?));
    let (Some(first), Some(consumer)) = (after.next(), consumer) else { return context.reply.array(0) };
    let (start, mut told, mut ids) = (context.reply.position(), 0, Vec::new());
    for (id, ()) in consumer.pending().iter_from(first).take(count) {
        told += 1;
        match stream.get(id) {
            Some(entry) => {
                reply_entry(&mut context.reply, entry);
                ids.push(id);
            }
            None => {
                context.reply.array(2);
                reply_id(&mut context.reply, id);
                context.reply.null_array();
            }
        }
    }
    context.reply.array_since(start, told);
    let delivered = edit(context, &key, location, |stream| {
        stream.change_group(reader.group, |group, _| {
            let deliver = |id: StreamId| {
                let pending = *group.pending().get(id)?;
                let deliveries = pending.deliveries.wrapping_add(1);
                group.assign(id, Pending { delivered_ms: now_ms, deliveries, ..pending });
                Some(Claim { id, deliveries })
            };
            let mut claims: Vec<Claim> = ids.into_iter().filter_map(deliver).collect();
            // What was delivered as often is repeated together.
            claims.sort_by_key(|claim| claim.deliveries);
            (claims, group.last_id)
        })
    });
    if let Some((claims, last_id)) = delivered {
        repeated.claims(context, reader.consumer, &claims, now_ms, last_id);
    }
}

/// What the group was not given yet.
fn serve_new(
    context: &mut Context<'_>,
    repeated: &mut Repeated<'_>,
    location: Location,
    reader: Reader<'_>,
    no_ack: bool,
    count: usize,
) -> bool {
    let (key, now_ms) = (repeated.key, context.now_ms());
    let stream = stream_at(context.keyspace, context.session.database, location);
    let last = stream.group(reader.group).map(|group| group.last_id);
    let behind = last.filter(|last| stream.last_entry_id().is_some_and(|there| there > *last));
    let Some(first) = behind.and_then(StreamId::next) else { return false };
    begin(context, &key);
    let stream = stream_at(context.keyspace, context.session.database, location);
    let mut ids = Vec::new();
    let entries = stream.range(first, StreamId::MAX).take(count).inspect(|entry| ids.push(entry.id));
    reply_entries(&mut context.reply, entries);
    let progress = edit(context, &key, location, |stream| {
        stream.change_group(reader.group, |group, stream| {
            let number = group.find(reader.consumer);
            for &id in &ids {
                stream.note_read(group, id);
                if let Some(consumer) = number.filter(|_| !no_ack) {
                    group.assign(id, Pending { delivered_ms: now_ms, deliveries: 1, consumer });
                }
            }
            if let Some(consumer) = number.and_then(|number| group.consumer_mut(number)).filter(|_| !no_ack) {
                consumer.active_ms = Some(now_ms);
            }
            (group.last_id, group.entries_read)
        })
    });
    let Some((last_id, entries_read)) = progress else { return true };
    if !no_ack {
        let claims: Vec<Claim> = ids.into_iter().map(|id| Claim { id, deliveries: 1 }).collect();
        repeated.claims(context, reader.consumer, &claims, now_ms, last_id);
    }
    repeated.progress(context, last_id, entries_read);
    true
}
