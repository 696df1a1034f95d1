//! Hashes.

mod arguments;
mod change;
mod expire;
mod field;
mod getdel;
mod getex;
mod increment;
mod random;
mod read;
mod setex;
#[cfg(test)]
mod tests;
mod ttl;

use crate::command::context::Context;
use crate::command::spec::Command;
use crate::data::entry::Content;
use crate::data::fields::{HashRef, Visible};
use crate::keyspace::database::Location;

/// The family.
pub const COMMANDS: &[Command] = &[
    field::HSET,
    field::HMSET,
    field::HSETNX,
    field::HDEL,
    read::HGET,
    read::HMGET,
    read::HGETALL,
    read::HKEYS,
    read::HVALS,
    read::HLEN,
    read::HSTRLEN,
    read::HEXISTS,
    read::HSCAN,
    increment::HINCRBY,
    increment::HINCRBYFLOAT,
    random::HRANDFIELD,
    expire::HEXPIRE,
    expire::HPEXPIRE,
    expire::HEXPIREAT,
    expire::HPEXPIREAT,
    ttl::HTTL,
    ttl::HPTTL,
    ttl::HEXPIRETIME,
    ttl::HPEXPIRETIME,
    ttl::HPERSIST,
    getex::HGETEX,
    setex::HSETEX,
    getdel::HGETDEL,
];

/// The hash that is a value of which that is known.
fn hash_of(content: Content<'_>) -> HashRef<'_> {
    HashRef::of(content).expect("a hash was found there")
}

/// The hash at a location where one was found, as the request sees it.
fn hash_at<'c>(context: &'c Context<'_>, location: Location) -> Visible<'c> {
    hash_of(context.entry(location).content()).visible(context.fields_hidden_before_ms())
}
