//! What is asked about members: GEODIST, GEOHASH, GEOPOS.

use super::cell::Position;
use super::distance::distance;
use super::{UNIT, parse_unit, reply_distance, reply_position, set_at};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::shape::Type;
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;

const KEYS: &[KeySpec] = &[KeySpec {
    flags: KeyFlags::RO.and(KeyFlags::ACCESS),
    begin: Begin::Index(1),
    find: Find::Range { last: 0, step: 1, limit: 0 },
    notes: "",
}];
const CATEGORIES: Categories = Categories::GEO.and(Categories::READ).and(Categories::SLOW);
const MEMBERS: &[Argument] =
    &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("member", ArgumentKind::String).optional().multiple()];

/// GEODIST.
pub(super) const GEODIST: Command = Command {
    name: "geodist",
    group: Group::Geo,
    since: "3.2.0",
    summary: "Tells how far two members of a geospatial index are from each other.",
    complexity: "O(1)",
    arity: -4,
    flags: Flags::READONLY,
    categories: CATEGORIES,
    tips: &[],
    keys: KEYS,
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("member1", ArgumentKind::String),
        Argument::new("member2", ArgumentKind::String),
        UNIT.optional(),
    ],
    subcommands: &[],
    handler: geodist,
};

/// GEOHASH.
pub(super) const GEOHASH: Command = Command {
    name: "geohash",
    group: Group::Geo,
    since: "3.2.0",
    summary: "Replies with the positions of members of a geospatial index as geohashes.",
    complexity: "O(1) for each member",
    arity: -2,
    flags: Flags::READONLY,
    categories: CATEGORIES,
    tips: &[],
    keys: KEYS,
    arguments: MEMBERS,
    subcommands: &[],
    handler: geohash,
};

/// GEOPOS.
pub(super) const GEOPOS: Command = Command {
    name: "geopos",
    group: Group::Geo,
    since: "3.2.0",
    summary: "Replies with the positions of members of a geospatial index.",
    complexity: "O(1) for each member",
    arity: -2,
    flags: Flags::READONLY,
    categories: CATEGORIES,
    tips: &[],
    keys: KEYS,
    arguments: MEMBERS,
    subcommands: &[],
    handler: geopos,
};

fn geodist(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let metres = match arguments.get(4) {
        _ if arguments.len() > 5 => return Err(Error::Syntax),
        Some(word) => parse_unit(word)?,
        None => 1.0,
    };
    let key = context.key(&arguments, 1);
    let set = context
        .find_read_of(&key, Type::SortedSet)?
        .map(|location| set_at(context.keyspace, context.session.database, location));
    let position = |index: usize| set?.score(&arguments[index]).map(Position::of_score);
    match position(2).zip(position(3)) {
        Some((from, to)) => reply_distance(&mut context.reply, distance(from, to) / metres),
        None => context.reply.null(),
    }
    Ok(())
}

fn geohash(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    reply_members(context, &arguments, |reply, position| match position {
        Some(position) => reply.bulk(&position.text()),
        None => reply.null(),
    })
}

fn geopos(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    reply_members(context, &arguments, |reply, position| match position {
        Some(position) => reply_position(reply, position),
        None => reply.null_array(),
    })
}

fn reply_members(
    context: &mut Context<'_>,
    arguments: &Arguments<'_>,
    mut reply: impl FnMut(&mut Reply<'_>, Option<Position>),
) -> Result<(), Error> {
    let key = context.key(arguments, 1);
    let set = context
        .find_read_of(&key, Type::SortedSet)?
        .map(|location| set_at(context.keyspace, context.session.database, location));
    context.reply.array(arguments.len() - 2);
    for member in arguments.iter().skip(2) {
        let score = set.and_then(|set| set.score(member));
        reply(&mut context.reply, score.map(Position::of_score));
    }
    Ok(())
}
