//! Removing members: ZREM, ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX.

use super::bound::{parse_ranks, parse_scores, parse_texts};
use super::set_at;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::shape::Type;
use crate::data::sorted_set::{self, SortedRef};
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;
use core::ops::Range;

/// ZREM.
pub(super) const ZREM: Command = Command {
    name: "zrem",
    group: Group::SortedSet,
    since: "1.2.0",
    summary: "Removes members from a sorted set; with the last one goes the key.",
    complexity: "O(M*log(N)) where N is the size of the set and M the number of members given",
    arity: -3,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::SORTED_SET).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("member", ArgumentKind::String).multiple()],
    subcommands: &[],
    handler: zrem,
};

/// ZREMRANGEBYRANK.
pub(super) const ZREMRANGEBYRANK: Command = Command {
    name: "zremrangebyrank",
    group: Group::SortedSet,
    since: "2.0.0",
    summary: "Removes the members of a sorted set whose ranks are in a range.",
    complexity: "O(log(N)+M) where N is the size of the set and M the number of members removed",
    arity: 4,
    flags: Flags::WRITE,
    categories: Categories::SLOW.and(Categories::SORTED_SET).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("start", ArgumentKind::Integer),
        Argument::new("stop", ArgumentKind::Integer),
    ],
    subcommands: &[],
    handler: zremrangebyrank,
};

/// ZREMRANGEBYSCORE.
pub(super) const ZREMRANGEBYSCORE: Command = Command {
    name: "zremrangebyscore",
    group: Group::SortedSet,
    since: "1.2.0",
    summary: "Removes the members of a sorted set whose scores are in a range.",
    complexity: "O(log(N)+M) where N is the size of the set and M the number of members removed",
    arity: 4,
    flags: Flags::WRITE,
    categories: Categories::SLOW.and(Categories::SORTED_SET).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::DELETE),
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
    handler: zremrangebyscore,
};

/// ZREMRANGEBYLEX.
pub(super) const ZREMRANGEBYLEX: Command = Command {
    name: "zremrangebylex",
    group: Group::SortedSet,
    since: "2.8.9",
    summary: "Removes the members of a sorted set that lie between two texts; all scores are to be equal.",
    complexity: "O(log(N)+M) where N is the size of the set and M the number of members removed",
    arity: 4,
    flags: Flags::WRITE,
    categories: Categories::SLOW.and(Categories::SORTED_SET).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::DELETE),
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
    handler: zremrangebylex,
};

fn zrem(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_write_of(&key, Type::SortedSet)? else {
        context.reply.integer(0);
        return Ok(());
    };
    let (removed, emptied) = context.edit(&key, location, |body| {
        let there = |&index: &usize| sorted_set::remove(body, &arguments[index]).is_some();
        let removed = (2..arguments.len()).filter(there).count();
        (removed, SortedRef::of_body(body).is_empty())
    });
    if removed > 0 {
        context.changed(&key, Event::sorted_set("zrem"), Record::Command);
        context.counts_as(removed as u64);
    }
    if emptied {
        context.remove_emptied(&key);
    }
    context.reply.integer(removed as i64);
    Ok(())
}

fn zremrangebyrank(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let ranks = parse_ranks(&arguments[2], &arguments[3])?;
    remove_range(context, &arguments, "zremrangebyrank", |set| ranks.of(set.len()))
}

fn zremrangebyscore(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (from, to) = parse_scores(&arguments[2], &arguments[3])?;
    remove_range(context, &arguments, "zremrangebyscore", |set| set.ranks_of_scores(from, to))
}

fn zremrangebylex(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let texts = parse_texts(&arguments[2], &arguments[3])?;
    remove_range(context, &arguments, "zremrangebylex", |set| texts.ranks(set))
}

fn remove_range(
    context: &mut Context<'_>,
    arguments: &Arguments<'_>,
    name: &'static str,
    ranks: impl FnOnce(SortedRef<'_>) -> Range<usize>,
) -> Result<(), Error> {
    let key = context.key(arguments, 1);
    let Some(location) = context.find_write_of(&key, Type::SortedSet)? else {
        context.reply.integer(0);
        return Ok(());
    };
    let set = set_at(context.keyspace, context.session.database, location);
    let (ranks, length) = (ranks(set), set.len());
    let removed = ranks.len();
    if removed > 0 && removed < length {
        context.edit(&key, location, |body| sorted_set::remove_ranks(body, ranks, |_, _| {}));
    }
    if removed > 0 {
        if removed == length {
            context.remove(context.session.database, &key, location);
        }
        context.changed(&key, Event::sorted_set(name), Record::Command);
        context.counts_as(removed as u64);
        if removed == length {
            context.also(&key, Event::generic("del"));
        }
    }
    context.reply.integer(removed as i64);
    Ok(())
}
