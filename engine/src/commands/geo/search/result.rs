//! What a search finds, and what becomes of it.

use super::super::cell::Position;
use super::super::{reply_distance, reply_position, set_at};
use super::request::{Order, Request};
use crate::boundary::id::DatabaseId;
use crate::command::context::Context;
use crate::data::collection::{Body, Collection};
use crate::data::shape::Type;
use crate::data::sorted::Sorted;
use crate::keyspace::Keyspace;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::Key;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Bound;

/// A member that was found.
#[derive(Debug)]
pub(super) struct Found {
    member: Vec<u8>,
    score: f64,
    position: Position,
    /// Metres from the centre.
    distance: f64,
}

/// Finds what is asked for, in the order that is asked for.
pub(super) fn find(keyspace: &Keyspace, database: DatabaseId, request: &Request<'_>) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let Some((source, shape)) = request.source.zip(request.shape()) else { return found };
    let set = set_at(keyspace, database, source);
    let enough = if request.any { request.count } else { usize::MAX };
    for cell in shape.cells() {
        let (from, to) = cell.scores();
        let ranks = set.ranks_of_scores(Bound::Included(from), Bound::Excluded(to));
        for (member, score) in set.range(ranks) {
            if found.len() >= enough {
                break;
            }
            let position = Position::of_score(score);
            if let Some(distance) = shape.distance(position) {
                let member = member.bytes(&mut [0; 20]).to_vec();
                found.push(Found { member, score, position, distance });
            }
        }
    }
    let by_distance = |a: &Found, b: &Found| a.distance.partial_cmp(&b.distance).unwrap_or(Ordering::Equal);
    match request.order {
        Order::Any => {}
        Order::Ascending => found.sort_by(by_distance),
        Order::Descending => found.sort_by(|a, b| by_distance(b, a)),
    }
    if request.count > 0 {
        found.truncate(request.count);
    }
    found
}

pub(super) fn reply(context: &mut Context<'_>, request: &Request<'_>, found: &[Found]) {
    let reply = &mut context.reply;
    let more = [request.with_distance, request.with_hash, request.with_position];
    let more = more.into_iter().filter(|given| *given).count();
    reply.array(found.len());
    for found in found {
        if more > 0 {
            reply.array(1 + more);
        }
        reply.bulk(&found.member);
        if request.with_distance {
            reply_distance(reply, found.distance / request.unit);
        }
        if request.with_hash {
            reply.integer(found.score as i64);
        }
        if request.with_position {
            reply_position(reply, found.position);
        }
    }
}

/// Puts a sorted set of what was found at a key; an empty one is no key.
pub(super) fn store(
    context: &mut Context<'_>,
    destination: &Key<'_>,
    request: &Request<'_>,
    found: &[Found],
    event: &'static str,
) {
    let rules = context.rules();
    if !found.is_empty() {
        let mut sorted = Sorted::new(rules.sip);
        for found in found {
            let score = if request.stores_distances { found.distance / request.unit } else { found.score };
            sorted.insert(&found.member, score);
        }
        let mut body = Body::Large(Box::new(Collection::Sorted(sorted)));
        rules.pack_sorted(&mut body);
        context.overwrite(destination, Type::SortedSet, body);
        context.changed(destination, Event::sorted_set(event), Record::Command);
        context.counts_as(found.len() as u64);
    } else if let Some(location) = context.find_live(context.database(), destination) {
        context.remove(context.database(), destination, location);
        context.changed(destination, Event::generic("del"), Record::Command);
    }
    context.reply.integer(found.len() as i64);
}
