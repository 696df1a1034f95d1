//! Sorted sets.

mod add;
mod algebra;
mod blocking;
mod bound;
mod pop;
mod random;
mod range;
mod read;
mod remove;
#[cfg(test)]
mod tests;

use crate::boundary::id::DatabaseId;
use crate::command::spec::Command;
use crate::data::entry::Value;
use crate::data::sorted_set::SortedRef;
use crate::keyspace::Keyspace;
use crate::keyspace::database::Location;
use crate::resp::reply::Protocol;
use crate::resp::reply::Reply;

/// The family.
pub const COMMANDS: &[Command] = &[
    add::ZADD,
    add::ZINCRBY,
    remove::ZREM,
    remove::ZREMRANGEBYRANK,
    remove::ZREMRANGEBYSCORE,
    remove::ZREMRANGEBYLEX,
    read::ZCARD,
    read::ZSCORE,
    read::ZMSCORE,
    read::ZRANK,
    read::ZREVRANK,
    read::ZCOUNT,
    read::ZLEXCOUNT,
    read::ZSCAN,
    range::ZRANGE,
    range::ZRANGESTORE,
    range::ZREVRANGE,
    range::ZRANGEBYSCORE,
    range::ZREVRANGEBYSCORE,
    range::ZRANGEBYLEX,
    range::ZREVRANGEBYLEX,
    pop::ZPOPMIN,
    pop::ZPOPMAX,
    pop::ZMPOP,
    blocking::BZPOPMIN,
    blocking::BZPOPMAX,
    blocking::BZMPOP,
    random::ZRANDMEMBER,
    algebra::ZUNION,
    algebra::ZUNIONSTORE,
    algebra::ZINTER,
    algebra::ZINTERSTORE,
    algebra::ZINTERCARD,
    algebra::ZDIFF,
    algebra::ZDIFFSTORE,
];

/// The sorted set at a location where one was found.
fn set_at(keyspace: &Keyspace, database: DatabaseId, location: Location) -> SortedRef<'_> {
    SortedRef::of(keyspace.get(database, location).content()).expect("a sorted set was found there")
}

/// Begins a list of members; with scores RESP3 has an array for each pair.
fn begin_members(reply: &mut Reply<'_>, members: usize, with_scores: bool) {
    let flat = with_scores && reply.protocol() == Protocol::Resp2;
    reply.array(if flat { members * 2 } else { members });
}

fn reply_member(reply: &mut Reply<'_>, (member, score): (Value<'_>, f64), with_scores: bool) {
    if with_scores && reply.protocol() != Protocol::Resp2 {
        reply.array(2);
    }
    reply.value(member);
    if with_scores {
        reply.double(score);
    }
}
