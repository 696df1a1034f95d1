//! Sets.

mod algebra;
mod member;
mod random;
mod read;
#[cfg(test)]
mod tests;

use crate::boundary::id::DatabaseId;
use crate::command::spec::Command;
use crate::data::set::SetRef;
use crate::keyspace::Keyspace;
use crate::keyspace::database::Location;

/// The family.
pub const COMMANDS: &[Command] = &[
    member::SADD,
    member::SREM,
    member::SMOVE,
    read::SISMEMBER,
    read::SMISMEMBER,
    read::SCARD,
    read::SMEMBERS,
    read::SSCAN,
    random::SPOP,
    random::SRANDMEMBER,
    algebra::SINTER,
    algebra::SINTERCARD,
    algebra::SINTERSTORE,
    algebra::SUNION,
    algebra::SUNIONSTORE,
    algebra::SDIFF,
    algebra::SDIFFSTORE,
];

/// The set at a location where one was found.
fn set_at(keyspace: &Keyspace, database: DatabaseId, location: Location) -> SetRef<'_> {
    SetRef::of(keyspace.get(database, location).content()).expect("a set was found there")
}
