//! Streams.

mod add;
mod claim;
mod group;
mod info;
mod pending;
mod range;
mod read;
mod read_group;
mod remove;
mod repeat;
#[cfg(test)]
mod tests;
mod trim;

use crate::boundary::id::DatabaseId;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::Command;
use crate::data::stream::{Entry, ID_TEXT_SIZE, Stream, StreamId, WrittenId};
use crate::keyspace::Keyspace;
use crate::keyspace::database::{Key, Location};
use crate::resp::reply::Reply;
use crate::session::class::Class;

/// The family.
pub const COMMANDS: &[Command] = &[
    add::XADD,
    trim::XTRIM,
    range::XLEN,
    range::XRANGE,
    range::XREVRANGE,
    remove::XDEL,
    remove::XSETID,
    read::XREAD,
    read::XREADGROUP,
    pending::XACK,
    pending::XPENDING,
    claim::XCLAIM,
    claim::XAUTOCLAIM,
    group::XGROUP,
    info::XINFO,
];

const INVALID_ID: Error = Error::Text("ERR Invalid stream ID specified as stream command argument");

/// The stream at a location where one was found.
fn stream_at(keyspace: &Keyspace, database: DatabaseId, location: Location) -> &Stream {
    Stream::of(keyspace.get(database, location).content()).expect("a stream was found there")
}

/// Has the stream at a location of the selected database changed.
fn edit<R>(context: &mut Context<'_>, key: &Key<'_>, location: Location, edit: impl FnOnce(&mut Stream) -> R) -> R {
    context.edit(key, location, |body| match body {
        crate::data::collection::Body::Large(collection) => edit(collection.stream_mut()),
        crate::data::collection::Body::Packed(..) => unreachable!("no stream is packed"),
    })
}

/// True of what repeats commands that ran elsewhere, with the limits that held
/// there.
fn repeats(context: &Context<'_>) -> bool {
    context.server.loading || context.session.class() == Class::Primary
}

/// An argument that is an id, of which the second part may be missing.
fn parse_id(text: &[u8], missing: u64) -> Result<StreamId, Error> {
    WrittenId::parse(text).and_then(|id| id.complete(missing)).ok_or(INVALID_ID)
}

/// Likewise; `-` is the least id and `+` the greatest.
fn parse_bound(text: &[u8], missing: u64) -> Result<StreamId, Error> {
    match text {
        b"-" => Ok(StreamId::MIN),
        b"+" => Ok(StreamId::MAX),
        _ => parse_id(text, missing),
    }
}

/// The least id of an interval; behind `(` stands one that is not in it.
fn parse_start(text: &[u8]) -> Result<StreamId, Error> {
    match text {
        [b'(', rest @ ..] if !rest.is_empty() => {
            parse_id(rest, 0)?.next().ok_or(Error::Text("ERR invalid start ID for the interval"))
        }
        _ => parse_bound(text, 0),
    }
}

/// Likewise the greatest.
fn parse_end(text: &[u8]) -> Result<StreamId, Error> {
    match text {
        [b'(', rest @ ..] if !rest.is_empty() => {
            parse_id(rest, u64::MAX)?.previous().ok_or(Error::Text("ERR invalid end ID for the interval"))
        }
        _ => parse_bound(text, u64::MAX),
    }
}

fn reply_id(reply: &mut Reply<'_>, id: StreamId) {
    reply.bulk(id.format(&mut [0; ID_TEXT_SIZE]));
}

/// An entry: its id, and its fields with their values.
fn reply_entry(reply: &mut Reply<'_>, entry: Entry<'_>) {
    reply.array(2);
    reply_id(reply, entry.id);
    reply.array(2 * entry.fields.len());
    for (name, value) in entry.fields {
        reply.value(name);
        reply.value(value);
    }
}

/// A name in an error: as C would print it, up to a zero.
fn shown(name: &[u8]) -> &[u8] {
    name.split(|&byte| byte == 0).next().unwrap_or(name)
}

/// There is no such key, or it has no such group.
fn no_key_or_group(key: &[u8], group: &[u8], behind: &str) -> Error {
    let (key, group) = (shown(key), shown(group));
    Error::Raw([b"NOGROUP No such key '", key, b"' or consumer group '", group, b"'", behind.as_bytes()].concat())
}

/// The key has no such group.
fn no_group(key: &[u8], group: &[u8]) -> Error {
    let (key, group) = (shown(key), shown(group));
    Error::Raw([b"NOGROUP No such consumer group '", group, b"' for key name '", key, b"'"].concat())
}
