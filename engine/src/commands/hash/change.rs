//! Changes of fields, as requests that repeat just what was done to just those to
//! which it was done: elsewhere others may still be there that have expired here.

use crate::base::number::format_i64;
use crate::command::context::Context;
use crate::data::fields::Lifetime;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::Key;
use alloc::vec::Vec;

/// What was done to fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FieldsChange {
    /// They were removed.
    Removed,
    /// They expire then, milliseconds since 1970.
    ExpireAt(i64),
    /// They do not expire any more.
    Persisted,
}

/// States what was done to fields, each of which counts as a change.
pub(super) fn state_fields(
    context: &mut Context<'_>,
    key: &Key<'_>,
    event: Event,
    change: FieldsChange,
    fields: &[&[u8]],
) {
    let (mut time, mut number) = ([0; 20], [0; 20]);
    let count = format_i64(fields.len() as i64, &mut number);
    let mut request: Vec<&[u8]> = Vec::with_capacity(5 + fields.len());
    match change {
        FieldsChange::Removed => request.extend([b"HDEL", key.bytes]),
        FieldsChange::ExpireAt(at) => {
            request.extend([&b"HPEXPIREAT"[..], key.bytes, format_i64(at, &mut time), b"FIELDS", count]);
        }
        FieldsChange::Persisted => request.extend([&b"HPERSIST"[..], key.bytes, b"FIELDS", count]),
    }
    request.extend(fields);
    context.changed(key, event, Record::Request(&request));
    context.counts_as(fields.len() as u64);
}

/// States that pairs were set: with a time if there is one.
pub(super) fn state_pairs(context: &mut Context<'_>, key: &Key<'_>, event: Event, lifetime: Lifetime, pairs: &[&[u8]]) {
    let (mut time, mut number) = ([0; 20], [0; 20]);
    let count = format_i64(pairs.len() as i64 / 2, &mut number);
    let mut request: Vec<&[u8]> = Vec::with_capacity(6 + pairs.len());
    match lifetime {
        Lifetime::Endless => request.extend([b"HSET", key.bytes]),
        Lifetime::Kept => request.extend([&b"HSETEX"[..], key.bytes, b"KEEPTTL", b"FIELDS", count]),
        Lifetime::Until(at) => {
            let at = format_i64(at, &mut time);
            request.extend([&b"HSETEX"[..], key.bytes, b"PXAT", at, b"FIELDS", count]);
        }
    }
    request.extend(pairs);
    context.changed(key, event, Record::Request(&request));
    context.counts_as(pairs.len() as u64 / 2);
}
