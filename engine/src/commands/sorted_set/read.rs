//! Looking at sorted sets: ZCARD, ZSCORE, ZMSCORE, ZRANK, ZREVRANK, ZCOUNT, ZLEXCOUNT, ZSCAN.

use super::bound::{parse_scores, parse_texts};
use super::set_at;
use crate::base::number::{format_double, format_double_padded};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::scan::{Scan, ScanOptions};
use crate::command::spec::*;
use crate::data::entry::Value;
use crate::data::shape::Type;
use crate::data::sorted_set::SortedRef;
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;
use alloc::vec::Vec;
use core::ops::Range;

/// ZCARD.
pub(super) const ZCARD: Command = Command {
    name: "zcard",
    group: Group::SortedSet,
    since: "1.2.0",
    summary: "Returns the number of members of a sorted set.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::READ).and(Categories::SORTED_SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO,
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: zcard,
};

/// ZSCORE.
pub(super) const ZSCORE: Command = Command {
    name: "zscore",
    group: Group::SortedSet,
    since: "1.2.0",
    summary: "Returns the score of a member of a sorted set.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::READ).and(Categories::SORTED_SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("member", ArgumentKind::String)],
    subcommands: &[],
    handler: zscore,
};

/// ZMSCORE.
pub(super) const ZMSCORE: Command = Command {
    name: "zmscore",
    group: Group::SortedSet,
    since: "6.2.0",
    summary: "Returns the scores of several members of a sorted set.",
    complexity: "O(N) where N is the number of members asked for",
    arity: -3,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::READ).and(Categories::SORTED_SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("member", ArgumentKind::String).multiple()],
    subcommands: &[],
    handler: zmscore,
};

/// ZRANK.
pub(super) const ZRANK: Command = Command {
    name: "zrank",
    group: Group::SortedSet,
    since: "2.0.0",
    summary: "Tells how many members of a sorted set come before one, from the lowest score.",
    complexity: "O(log(N)) where N is the size of the set",
    arity: -3,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::READ).and(Categories::SORTED_SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("member", ArgumentKind::String),
        Argument::token("withscore", "WITHSCORE").optional(),
    ],
    subcommands: &[],
    handler: zrank,
};

/// ZREVRANK.
pub(super) const ZREVRANK: Command = Command {
    name: "zrevrank",
    group: Group::SortedSet,
    since: "2.0.0",
    summary: "Tells how many members of a sorted set come before one, from the highest score.",
    complexity: "O(log(N)) where N is the size of the set",
    arity: -3,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::READ).and(Categories::SORTED_SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("member", ArgumentKind::String),
        Argument::token("withscore", "WITHSCORE").optional(),
    ],
    subcommands: &[],
    handler: zrevrank,
};

/// ZCOUNT.
pub(super) const ZCOUNT: Command = Command {
    name: "zcount",
    group: Group::SortedSet,
    since: "2.0.0",
    summary: "Counts the members of a sorted set whose scores are in a range.",
    complexity: "O(log(N)) where N is the size of the set",
    arity: 4,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::READ).and(Categories::SORTED_SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("min", ArgumentKind::Double),
        Argument::new("max", ArgumentKind::Double),
    ],
    subcommands: &[],
    handler: zcount,
};

/// ZLEXCOUNT.
pub(super) const ZLEXCOUNT: Command = Command {
    name: "zlexcount",
    group: Group::SortedSet,
    since: "2.8.9",
    summary: "Counts the members of a sorted set that lie between two texts; all scores are to be equal.",
    complexity: "O(log(N)) where N is the size of the set",
    arity: 4,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::READ).and(Categories::SORTED_SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("min", ArgumentKind::String),
        Argument::new("max", ArgumentKind::String),
    ],
    subcommands: &[],
    handler: zlexcount,
};

/// ZSCAN.
pub(super) const ZSCAN: Command = Command {
    name: "zscan",
    group: Group::SortedSet,
    since: "2.8.0",
    summary: "Goes through the members of a sorted set step by step.",
    complexity: "O(1) a call, O(N) for a whole pass",
    arity: -3,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::SORTED_SET),
    tips: &["nondeterministic_output"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("cursor", ArgumentKind::Integer),
        Argument::new("pattern", ArgumentKind::Pattern).after("MATCH").optional(),
        Argument::new("count", ArgumentKind::Integer).after("COUNT").optional(),
        Argument::token("noscores", "NOSCORES").optional(),
    ],
    subcommands: &[],
    handler: zscan,
};

fn zcard(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let found = context.find_read_of(&key, Type::SortedSet)?;
    let length = found.map_or(0, |location| set_at(context.keyspace, context.session.database, location).len());
    context.reply.integer(length as i64);
    Ok(())
}

fn zscore(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let found = context.find_read_of(&key, Type::SortedSet)?;
    let score =
        found.and_then(|location| set_at(context.keyspace, context.session.database, location).score(&arguments[2]));
    reply_score(&mut context.reply, score);
    Ok(())
}

fn zmscore(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let found = context.find_read_of(&key, Type::SortedSet)?;
    let set = found.map(|location| set_at(context.keyspace, context.session.database, location));
    context.reply.array(arguments.len() - 2);
    for index in 2..arguments.len() {
        reply_score(&mut context.reply, set.and_then(|set| set.score(&arguments[index])));
    }
    Ok(())
}

fn reply_score(reply: &mut Reply<'_>, score: Option<f64>) {
    match score {
        Some(score) => reply.double(score),
        None => reply.null(),
    }
}

fn zrank(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    rank(context, &arguments, false)
}

fn zrevrank(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    rank(context, &arguments, true)
}

fn rank(context: &mut Context<'_>, arguments: &Arguments<'_>, from_highest: bool) -> Result<(), Error> {
    let with_score = match arguments.get(3) {
        None => false,
        Some(_) if arguments.len() > 4 => return Err(Error::Arity { command: context.command.name.into() }),
        Some(word) if word.eq_ignore_ascii_case(b"withscore") => true,
        Some(_) => return Err(Error::Syntax),
    };
    let key = context.key(arguments, 1);
    let found = context.find_read_of(&key, Type::SortedSet)?;
    let set = found.map(|location| set_at(context.keyspace, context.session.database, location));
    let ranked = set.and_then(|set| {
        let (rank, score) = set.rank_and_score(&arguments[2])?;
        Some((if from_highest { set.len() - 1 - rank } else { rank }, score))
    });
    let reply = &mut context.reply;
    match ranked {
        Some((rank, score)) if with_score => {
            reply.array(2);
            reply.integer(rank as i64);
            reply.double(score);
        }
        Some((rank, _)) => reply.integer(rank as i64),
        None if with_score => reply.null_array(),
        None => reply.null(),
    }
    Ok(())
}

fn zcount(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (from, to) = parse_scores(&arguments[2], &arguments[3])?;
    count(context, &arguments, |set| set.ranks_of_scores(from, to))
}

fn zlexcount(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let texts = parse_texts(&arguments[2], &arguments[3])?;
    count(context, &arguments, |set| texts.ranks(set))
}

fn count(
    context: &mut Context<'_>,
    arguments: &Arguments<'_>,
    ranks: impl FnOnce(SortedRef<'_>) -> Range<usize>,
) -> Result<(), Error> {
    let key = context.key(arguments, 1);
    let found = context.find_read_of(&key, Type::SortedSet)?;
    let count = found.map_or(0, |location| ranks(set_at(context.keyspace, context.session.database, location)).len());
    context.reply.integer(count as i64);
    Ok(())
}

/// What is small is answered whole, whatever the cursor.
fn zscan(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    Scan::cursor(&arguments, 2)?;
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_read_of(&key, Type::SortedSet)? else {
        Scan::begin_reply(context, 0, 0);
        return Ok(());
    };
    let wanted = Scan::parse(&arguments, 2, ScanOptions::Scores)?;
    let (mut list, mut found, mut next) = (Vec::new(), 0, 0);
    let mut reply = Reply::new(&mut list, context.reply.protocol());
    let mut take = |member: Value<'_>, score: &[u8]| {
        if wanted.matches(member.bytes(&mut [0; 20])) {
            reply.value(member);
            found += 1;
            if !wanted.without_values {
                reply.bulk(score);
                found += 1;
            }
        }
    };
    match set_at(context.keyspace, context.session.database, location) {
        SortedRef::Tree(sorted) => {
            next = sorted.scan(wanted.cursor, wanted.count, |member, score| {
                take(Value::Bytes(member), format_double_padded(score).as_bytes());
            });
        }
        set => set.iter().for_each(|(member, score)| take(member, format_double(score).as_bytes())),
    }
    Scan::begin_reply(context, next, found);
    context.reply.raw(&list);
    Ok(())
}
