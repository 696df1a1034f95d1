//! Hashes.

mod field;
mod increment;
mod random;
mod read;
#[cfg(test)]
mod tests;

use crate::boundary::id::DatabaseId;
use crate::command::spec::Command;
use crate::data::fields::HashRef;
use crate::keyspace::Keyspace;
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
];

/// The hash at a location where one was found.
fn hash_at(keyspace: &Keyspace, database: DatabaseId, location: Location) -> HashRef<'_> {
    HashRef::of(keyspace.get(database, location).content()).expect("a hash was found there")
}
