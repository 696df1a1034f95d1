//! Parts of sorted sets: ZRANGE and its older kin, ZRANGESTORE.

use super::bound::{Ranks, Texts, parse_ranks, parse_scores, parse_texts};
use super::{begin_members, reply_member, set_at};
use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::shape::Type;
use crate::data::sorted_set::{self, SortedRef};
use crate::resp::request::Arguments;
use core::ops::{Bound, Range};

/// ZRANGE.
pub(super) const ZRANGE: Command = Command {
    name: "zrange",
    group: Group::SortedSet,
    since: "1.2.0",
    summary: "Returns the members of a sorted set whose ranks, scores or texts are in a range.",
    complexity: "O(log(N)+M) where N is the size of the set and M the number of members returned",
    arity: -4,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::SORTED_SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("start", ArgumentKind::String),
        Argument::new("stop", ArgumentKind::String),
        Argument::new(
            "sortby",
            ArgumentKind::OneOf(&[Argument::token("byscore", "BYSCORE"), Argument::token("bylex", "BYLEX")]),
        )
        .optional()
        .since("6.2.0"),
        Argument::token("rev", "REV").optional().since("6.2.0"),
        Argument::new(
            "limit",
            ArgumentKind::Block(&[
                Argument::new("offset", ArgumentKind::Integer),
                Argument::new("count", ArgumentKind::Integer),
            ]),
        )
        .after("LIMIT")
        .optional()
        .since("6.2.0"),
        Argument::token("withscores", "WITHSCORES").optional(),
    ],
    subcommands: &[],
    handler: zrange,
};

/// ZRANGESTORE.
pub(super) const ZRANGESTORE: Command = Command {
    name: "zrangestore",
    group: Group::SortedSet,
    since: "6.2.0",
    summary: "Stores part of a sorted set as another one.",
    complexity: "O(log(N)+M) where N is the size of the set and M the number of members stored",
    arity: -5,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::SLOW.and(Categories::SORTED_SET).and(Categories::WRITE),
    tips: &[],
    keys: &[
        KeySpec {
            flags: KeyFlags::OW.and(KeyFlags::UPDATE),
            begin: Begin::Index(1),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
        KeySpec {
            flags: KeyFlags::RO.and(KeyFlags::ACCESS),
            begin: Begin::Index(2),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
    ],
    arguments: &[
        Argument::new("dst", ArgumentKind::Key(0)),
        Argument::new("src", ArgumentKind::Key(1)),
        Argument::new("min", ArgumentKind::String),
        Argument::new("max", ArgumentKind::String),
        Argument::new(
            "sortby",
            ArgumentKind::OneOf(&[Argument::token("byscore", "BYSCORE"), Argument::token("bylex", "BYLEX")]),
        )
        .optional(),
        Argument::token("rev", "REV").optional(),
        Argument::new(
            "limit",
            ArgumentKind::Block(&[
                Argument::new("offset", ArgumentKind::Integer),
                Argument::new("count", ArgumentKind::Integer),
            ]),
        )
        .after("LIMIT")
        .optional(),
    ],
    subcommands: &[],
    handler: zrangestore,
};

/// ZREVRANGE.
pub(super) const ZREVRANGE: Command = Command {
    name: "zrevrange",
    group: Group::SortedSet,
    since: "1.2.0",
    summary: "Returns the members of a sorted set whose ranks are in a range, from the highest score.",
    complexity: "O(log(N)+M) where N is the size of the set and M the number of members returned",
    arity: -4,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::SORTED_SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("start", ArgumentKind::Integer),
        Argument::new("stop", ArgumentKind::Integer),
        Argument::token("withscores", "WITHSCORES").optional(),
    ],
    subcommands: &[],
    handler: zrevrange,
};

/// ZRANGEBYSCORE.
pub(super) const ZRANGEBYSCORE: Command = Command {
    name: "zrangebyscore",
    group: Group::SortedSet,
    since: "1.0.5",
    summary: "Returns the members of a sorted set whose scores are in a range.",
    complexity: "O(log(N)+M) where N is the size of the set and M the number of members returned",
    arity: -4,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::SORTED_SET),
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
        Argument::token("withscores", "WITHSCORES").optional().since("2.0.0"),
        Argument::new(
            "limit",
            ArgumentKind::Block(&[
                Argument::new("offset", ArgumentKind::Integer),
                Argument::new("count", ArgumentKind::Integer),
            ]),
        )
        .after("LIMIT")
        .optional(),
    ],
    subcommands: &[],
    handler: zrangebyscore,
};

/// ZREVRANGEBYSCORE.
pub(super) const ZREVRANGEBYSCORE: Command = Command {
    name: "zrevrangebyscore",
    group: Group::SortedSet,
    since: "2.2.0",
    summary: "Returns the members of a sorted set whose scores are in a range, from the highest.",
    complexity: "O(log(N)+M) where N is the size of the set and M the number of members returned",
    arity: -4,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::SORTED_SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("max", ArgumentKind::Double),
        Argument::new("min", ArgumentKind::Double),
        Argument::token("withscores", "WITHSCORES").optional(),
        Argument::new(
            "limit",
            ArgumentKind::Block(&[
                Argument::new("offset", ArgumentKind::Integer),
                Argument::new("count", ArgumentKind::Integer),
            ]),
        )
        .after("LIMIT")
        .optional(),
    ],
    subcommands: &[],
    handler: zrevrangebyscore,
};

/// ZRANGEBYLEX.
pub(super) const ZRANGEBYLEX: Command = Command {
    name: "zrangebylex",
    group: Group::SortedSet,
    since: "2.8.9",
    summary: "Returns the members of a sorted set that lie between two texts; all scores are to be equal.",
    complexity: "O(log(N)+M) where N is the size of the set and M the number of members returned",
    arity: -4,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::SORTED_SET),
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
        Argument::new(
            "limit",
            ArgumentKind::Block(&[
                Argument::new("offset", ArgumentKind::Integer),
                Argument::new("count", ArgumentKind::Integer),
            ]),
        )
        .after("LIMIT")
        .optional(),
    ],
    subcommands: &[],
    handler: zrangebylex,
};

/// ZREVRANGEBYLEX.
pub(super) const ZREVRANGEBYLEX: Command = Command {
    name: "zrevrangebylex",
    group: Group::SortedSet,
    since: "2.8.9",
    summary: "Returns the members of a sorted set that lie between two texts, from the last; all scores are to be equal.",
    complexity: "O(log(N)+M) where N is the size of the set and M the number of members returned",
    arity: -4,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::SORTED_SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("max", ArgumentKind::String),
        Argument::new("min", ArgumentKind::String),
        Argument::new(
            "limit",
            ArgumentKind::Block(&[
                Argument::new("offset", ArgumentKind::Integer),
                Argument::new("count", ArgumentKind::Integer),
            ]),
        )
        .after("LIMIT")
        .optional(),
    ],
    subcommands: &[],
    handler: zrevrangebylex,
};

/// What bounds mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum By {
    Rank,
    Score,
    Text,
}

/// What of a part is wanted, and how.
#[derive(Clone, Copy, Debug)]
struct Options {
    /// `None` where the request may say it.
    by: Option<By>,
    /// Likewise: true from the highest.
    reversed: Option<bool>,
    with_scores: bool,
    /// Members that are skipped; a negative number skips all.
    offset: i64,
    /// Members that are wanted; a negative number wants all.
    limit: i64,
}

impl Options {
    const fn new(by: Option<By>, reversed: Option<bool>) -> Options {
        Options { by, reversed, with_scores: false, offset: 0, limit: -1 }
    }

    /// Takes the options behind the bounds.
    ///
    /// # Errors
    /// If there are others, or some that do not go together.
    fn parse(mut self, arguments: &Arguments<'_>, from: usize, stores: bool) -> Result<Options, Error> {
        let mut words = arguments.from(from).iter();
        while let Some(word) = words.next() {
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            if !stores && is("withscores") {
                self.with_scores = true;
            } else if is("limit") && words.len() >= 2 {
                let mut number = || words.next().and_then(parse_i64).ok_or(Error::NotInteger);
                (self.offset, self.limit) = (number()?, number()?);
            } else if self.reversed.is_none() && is("rev") {
                self.reversed = Some(true);
            } else if self.by.is_none() && is("bylex") {
                self.by = Some(By::Text);
            } else if self.by.is_none() && is("byscore") {
                self.by = Some(By::Score);
            } else {
                return Err(Error::Syntax);
            }
        }
        match self.by.unwrap_or(By::Rank) {
            By::Rank if self.limit != -1 => Err(Error::Text(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            )),
            By::Text if self.with_scores => {
                Err(Error::Text("ERR syntax error, WITHSCORES not supported in combination with BYLEX"))
            }
            _ => Ok(self),
        }
    }

    fn reversed(&self) -> bool {
        self.reversed.unwrap_or(false)
    }
}

/// Bounds of any kind.
#[derive(Clone, Copy, Debug)]
enum Bounds<'a> {
    Ranks(Ranks),
    Scores(Bound<f64>, Bound<f64>),
    Texts(Texts<'a>),
}

impl<'a> Bounds<'a> {
    fn parse(options: &Options, first: &'a [u8], second: &'a [u8]) -> Result<Bounds<'a>, Error> {
        let (low, high) = if options.reversed() { (second, first) } else { (first, second) };
        Ok(match options.by.unwrap_or(By::Rank) {
            By::Rank => Bounds::Ranks(parse_ranks(first, second)?),
            By::Score => {
                let (from, to) = parse_scores(low, high)?;
                Bounds::Scores(from, to)
            }
            By::Text => Bounds::Texts(parse_texts(low, high)?),
        })
    }

    /// The ranks of the members that are wanted, counted from the lowest.
    fn ranks(self, set: SortedRef<'_>, options: &Options) -> Range<usize> {
        let within = match self {
            Bounds::Ranks(ranks) if options.reversed() => {
                let Range { start, end } = ranks.of(set.len());
                return set.len() - end..set.len() - start;
            }
            Bounds::Ranks(ranks) => return ranks.of(set.len()),
            Bounds::Scores(from, to) => set.ranks_of_scores(from, to),
            Bounds::Texts(texts) => texts.ranks(set),
        };
        let skipped = usize::try_from(options.offset).unwrap_or(usize::MAX).min(within.len());
        let count = usize::try_from(options.limit).unwrap_or(usize::MAX).min(within.len() - skipped);
        if options.reversed() {
            within.end - skipped - count..within.end - skipped
        } else {
            within.start + skipped..within.start + skipped + count
        }
    }
}

fn zrange(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    range(context, &arguments, Options::new(None, None))
}

fn zrevrange(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    range(context, &arguments, Options::new(Some(By::Rank), Some(true)))
}

fn zrangebyscore(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    range(context, &arguments, Options::new(Some(By::Score), Some(false)))
}

fn zrevrangebyscore(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    range(context, &arguments, Options::new(Some(By::Score), Some(true)))
}

fn zrangebylex(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    range(context, &arguments, Options::new(Some(By::Text), Some(false)))
}

fn zrevrangebylex(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    range(context, &arguments, Options::new(Some(By::Text), Some(true)))
}

fn range(context: &mut Context<'_>, arguments: &Arguments<'_>, options: Options) -> Result<(), Error> {
    let options = options.parse(arguments, 4, false)?;
    let bounds = Bounds::parse(&options, &arguments[2], &arguments[3])?;
    let key = context.key(arguments, 1);
    let Some(location) = context.find_read_of(&key, Type::SortedSet)? else {
        context.reply.array(0);
        return Ok(());
    };
    let set = set_at(context.keyspace, context.session.database, location);
    let members = set.range(bounds.ranks(set, &options));
    let (reply, with_scores) = (&mut context.reply, options.with_scores);
    begin_members(reply, members.len(), with_scores);
    if options.reversed() {
        members.rev().for_each(|member| reply_member(reply, member, with_scores));
    } else {
        members.for_each(|member| reply_member(reply, member, with_scores));
    }
    Ok(())
}

fn zrangestore(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let options = Options::new(None, None).parse(&arguments, 5, true)?;
    let bounds = Bounds::parse(&options, &arguments[3], &arguments[4])?;
    let source = context.key(&arguments, 2);
    let rules = context.rules();
    let found = context.find_read_of(&source, Type::SortedSet)?;
    let part = found.map(|location| {
        let set = set_at(context.keyspace, context.session.database, location);
        let ranks = bounds.ranks(set, &options);
        let known = if matches!(bounds, Bounds::Ranks(_)) { ranks.len() } else { 0 };
        let mut body = rules.empty_sorted(known, 0);
        for (member, score) in set.range(ranks) {
            rules.set_score(&mut body, member.bytes(&mut [0; 20]), score);
        }
        body
    });
    super::algebra::store(context, &arguments, part.unwrap_or_else(sorted_set::empty), "zrangestore");
    Ok(())
}
