//! A stream as requests: its entries, what it knows of itself, its groups.
//!
//! What is pending of an entry that was deleted is left out, as the references
//! do: no request makes it.

use crate::base::number::{format_i64, format_u64};
use crate::data::stream::{Entry, Group, ID_TEXT_SIZE, Stream, StreamId};
use crate::server::journal::{begin_request, write_argument, write_request};
use alloc::vec::Vec;

/// The greatest count that a request can tell.
const COUNT_MAX: u64 = i64::MAX.unsigned_abs();

/// Appends the requests that add entries.
pub(super) fn write_entries<'e>(key: &[u8], entries: impl Iterator<Item = Entry<'e>>, out: &mut Vec<u8>) {
    for entry in entries {
        begin_request(3 + 2 * entry.fields.len(), out);
        for argument in [b"XADD", key, entry.id.format(&mut [0; ID_TEXT_SIZE])] {
            write_argument(argument, out);
        }
        for (name, value) in entry.fields {
            write_argument(name.bytes(&mut [0; 20]), out);
            write_argument(value.bytes(&mut [0; 20]), out);
        }
    }
}

/// Appends the requests that make of entries the stream that they are of.
pub(super) fn write_stream_end(key: &[u8], stream: &Stream, out: &mut Vec<u8>) {
    if stream.is_empty() {
        // An entry that is trimmed at once leaves an empty stream.
        let id = stream.last_id().max(StreamId::new(0, 1));
        let id = &*id.format(&mut [0; ID_TEXT_SIZE]).to_vec();
        write(out, &[b"XADD", key, b"MAXLEN", b"0", id, b"x", b"y"]);
    }
    let (mut last, mut deleted, mut added) = ([0; ID_TEXT_SIZE], [0; ID_TEXT_SIZE], [0; 20]);
    let last = stream.last_id().format(&mut last);
    let added = format_u64(stream.entries_added.min(COUNT_MAX), &mut added);
    let deleted = stream.max_deleted_id.format(&mut deleted);
    write(out, &[b"XSETID", key, last, b"ENTRIESADDED", added, b"MAXDELETEDID", deleted]);
    for (name, group) in stream.groups() {
        write_group(key, name, group, out);
    }
}

fn write_group(key: &[u8], name: &[u8], group: &Group, out: &mut Vec<u8>) {
    let (mut id, mut number) = ([0; ID_TEXT_SIZE], [0; 20]);
    let read = group.entries_read.map_or(-1, u64::cast_signed);
    let (last, read) = (group.last_id.format(&mut id), format_i64(read, &mut number));
    write(out, &[b"XGROUP", b"CREATE", key, name, last, b"ENTRIESREAD", read]);
    for consumer in group.consumers() {
        write(out, &[b"XGROUP", b"CREATECONSUMER", key, name, &consumer.name]);
        for (id, ()) in consumer.pending().iter() {
            let Some(pending) = group.pending().get(id) else { continue };
            let (mut text, mut time, mut count) = ([0; ID_TEXT_SIZE], [0; 20], [0; 20]);
            let (id, time) = (id.format(&mut text), format_i64(pending.delivered_ms, &mut time));
            let count = format_u64(pending.deliveries.min(COUNT_MAX), &mut count);
            let head: [&[u8]; 6] = [b"XCLAIM", key, name, &consumer.name, b"0", id];
            let tail: [&[u8]; 6] = [b"TIME", time, b"RETRYCOUNT", count, b"JUSTID", b"FORCE"];
            write(out, &[head, tail].concat());
        }
    }
}

fn write(out: &mut Vec<u8>, arguments: &[&[u8]]) {
    write_request(arguments.len(), arguments.iter().copied(), out);
}
