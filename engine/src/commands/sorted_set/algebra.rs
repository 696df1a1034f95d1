//! Sets of sorted sets: what several have in common, have together, or one has
//! alone. Sets count as sorted sets of equal scores.

use super::{begin_members, reply_member};
use crate::base::number::{parse_double, parse_i64};
use crate::boundary::id::DatabaseId;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::collection::{Body, Collection};
use crate::data::entry::{Large, Value};
use crate::data::limits::Rules;
use crate::data::set::SetRef;
use crate::data::shape::Type;
use crate::data::sorted::Sorted;
use crate::data::sorted_set::{self, SortedRef, positive_zero};
use crate::keyspace::Keyspace;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::Key;
use crate::resp::request::Arguments;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

/// ZUNION.
pub(super) const ZUNION: Command = Command {
    name: "zunion",
    group: Group::SortedSet,
    since: "6.2.0",
    summary: "Returns the members of several sorted sets together.",
    complexity: "O(N)+O(M*log(M)) where N is the size of all sets and M the number of members returned",
    arity: -3,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::SORTED_SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Count { count_index: 0, first: 1, step: 1 },
        notes: "",
    }],
    arguments: &[
        Argument::new("numkeys", ArgumentKind::Integer),
        Argument::new("key", ArgumentKind::Key(0)).multiple(),
        Argument::new("weight", ArgumentKind::Integer).after("WEIGHTS").optional().multiple(),
        Argument::new(
            "aggregate",
            ArgumentKind::OneOf(&[
                Argument::token("sum", "SUM"),
                Argument::token("min", "MIN"),
                Argument::token("max", "MAX"),
            ]),
        )
        .after("AGGREGATE")
        .optional(),
        Argument::token("withscores", "WITHSCORES").optional(),
    ],
    subcommands: &[],
    handler: zunion,
};

/// ZUNIONSTORE.
pub(super) const ZUNIONSTORE: Command = Command {
    name: "zunionstore",
    group: Group::SortedSet,
    since: "2.0.0",
    summary: "Stores the members of several sorted sets together.",
    complexity: "O(N)+O(M*log(M)) where N is the size of all sets and M the number of members stored",
    arity: -4,
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
            find: Find::Count { count_index: 0, first: 1, step: 1 },
            notes: "",
        },
    ],
    arguments: &[
        Argument::new("destination", ArgumentKind::Key(0)),
        Argument::new("numkeys", ArgumentKind::Integer),
        Argument::new("key", ArgumentKind::Key(1)).multiple(),
        Argument::new("weight", ArgumentKind::Integer).after("WEIGHTS").optional().multiple(),
        Argument::new(
            "aggregate",
            ArgumentKind::OneOf(&[
                Argument::token("sum", "SUM"),
                Argument::token("min", "MIN"),
                Argument::token("max", "MAX"),
            ]),
        )
        .after("AGGREGATE")
        .optional(),
    ],
    subcommands: &[],
    handler: zunionstore,
};

/// ZINTER.
pub(super) const ZINTER: Command = Command {
    name: "zinter",
    group: Group::SortedSet,
    since: "6.2.0",
    summary: "Returns the members that several sorted sets have in common.",
    complexity: "O(N*K)+O(M*log(M)) where N is the size of the smallest set, K the number of sets and M the number of members returned",
    arity: -3,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::SORTED_SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Count { count_index: 0, first: 1, step: 1 },
        notes: "",
    }],
    arguments: &[
        Argument::new("numkeys", ArgumentKind::Integer),
        Argument::new("key", ArgumentKind::Key(0)).multiple(),
        Argument::new("weight", ArgumentKind::Integer).after("WEIGHTS").optional().multiple(),
        Argument::new(
            "aggregate",
            ArgumentKind::OneOf(&[
                Argument::token("sum", "SUM"),
                Argument::token("min", "MIN"),
                Argument::token("max", "MAX"),
            ]),
        )
        .after("AGGREGATE")
        .optional(),
        Argument::token("withscores", "WITHSCORES").optional(),
    ],
    subcommands: &[],
    handler: zinter,
};

/// ZINTERSTORE.
pub(super) const ZINTERSTORE: Command = Command {
    name: "zinterstore",
    group: Group::SortedSet,
    since: "2.0.0",
    summary: "Stores the members that several sorted sets have in common.",
    complexity: "O(N*K)+O(M*log(M)) where N is the size of the smallest set, K the number of sets and M the number of members stored",
    arity: -4,
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
            find: Find::Count { count_index: 0, first: 1, step: 1 },
            notes: "",
        },
    ],
    arguments: &[
        Argument::new("destination", ArgumentKind::Key(0)),
        Argument::new("numkeys", ArgumentKind::Integer),
        Argument::new("key", ArgumentKind::Key(1)).multiple(),
        Argument::new("weight", ArgumentKind::Integer).after("WEIGHTS").optional().multiple(),
        Argument::new(
            "aggregate",
            ArgumentKind::OneOf(&[
                Argument::token("sum", "SUM"),
                Argument::token("min", "MIN"),
                Argument::token("max", "MAX"),
            ]),
        )
        .after("AGGREGATE")
        .optional(),
    ],
    subcommands: &[],
    handler: zinterstore,
};

/// ZINTERCARD.
pub(super) const ZINTERCARD: Command = Command {
    name: "zintercard",
    group: Group::SortedSet,
    since: "7.0.0",
    summary: "Counts the members that several sorted sets have in common.",
    complexity: "O(N*K) where N is the size of the smallest set and K the number of sets",
    arity: -3,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::SORTED_SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Count { count_index: 0, first: 1, step: 1 },
        notes: "",
    }],
    arguments: &[
        Argument::new("numkeys", ArgumentKind::Integer),
        Argument::new("key", ArgumentKind::Key(0)).multiple(),
        Argument::new("limit", ArgumentKind::Integer).after("LIMIT").optional(),
    ],
    subcommands: &[],
    handler: zintercard,
};

/// ZDIFF.
pub(super) const ZDIFF: Command = Command {
    name: "zdiff",
    group: Group::SortedSet,
    since: "6.2.0",
    summary: "Returns the members that the first of several sorted sets has and no other.",
    complexity: "O(L+(N-K)*log(N)) where L is the size of all sets, N that of the first and K that of the result",
    arity: -3,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::SORTED_SET),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Count { count_index: 0, first: 1, step: 1 },
        notes: "",
    }],
    arguments: &[
        Argument::new("numkeys", ArgumentKind::Integer),
        Argument::new("key", ArgumentKind::Key(0)).multiple(),
        Argument::token("withscores", "WITHSCORES").optional(),
    ],
    subcommands: &[],
    handler: zdiff,
};

/// ZDIFFSTORE.
pub(super) const ZDIFFSTORE: Command = Command {
    name: "zdiffstore",
    group: Group::SortedSet,
    since: "6.2.0",
    summary: "Stores the members that the first of several sorted sets has and no other.",
    complexity: "O(L+(N-K)*log(N)) where L is the size of all sets, N that of the first and K that of the result",
    arity: -4,
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
            find: Find::Count { count_index: 0, first: 1, step: 1 },
            notes: "",
        },
    ],
    arguments: &[
        Argument::new("destination", ArgumentKind::Key(0)),
        Argument::new("numkeys", ArgumentKind::Integer),
        Argument::new("key", ArgumentKind::Key(1)).multiple(),
    ],
    subcommands: &[],
    handler: zdiffstore,
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operation {
    Union,
    Intersection,
    Difference,
    /// Of the intersection only how large it is.
    Count,
}

/// What becomes of the scores that a member has in several sets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Aggregate {
    Sum,
    Least,
    Greatest,
}

impl Aggregate {
    fn parse(word: &[u8]) -> Result<Aggregate, Error> {
        const WORDS: [(&str, Aggregate); 3] =
            [("sum", Aggregate::Sum), ("min", Aggregate::Least), ("max", Aggregate::Greatest)];
        let found = WORDS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|&(_, aggregate)| aggregate).ok_or(Error::Syntax)
    }

    fn of(self, one: f64, other: f64) -> f64 {
        match self {
            Aggregate::Sum => number_or_zero(one + other),
            Aggregate::Least => {
                if other < one {
                    other
                } else {
                    one
                }
            }
            Aggregate::Greatest => {
                if other > one {
                    other
                } else {
                    one
                }
            }
        }
    }
}

/// Opposite infinities add up to nothing, and so does no infinity.
fn number_or_zero(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

/// A set that goes into an operation.
#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    Sorted(SortedRef<'a>),
    Plain(SetRef<'a>),
}

impl<'a> Source<'a> {
    fn len(self) -> usize {
        match self {
            Source::Sorted(set) => set.len(),
            Source::Plain(set) => set.len(),
        }
    }

    fn score_of(self, member: Value<'_>) -> Option<f64> {
        match self {
            Source::Sorted(set) => set.score_of(member),
            Source::Plain(set) => set.contains_value(member).then_some(1.0),
        }
    }

    /// Visits all members until `visit` returns false.
    fn for_each(self, mut visit: impl FnMut(Value<'a>, f64) -> bool) {
        match self {
            Source::Sorted(set) => drop(set.iter().all(|(member, score)| visit(member, score))),
            Source::Plain(set) => drop(set.iter().all(|member| visit(member, 1.0))),
        }
    }
}

/// What a request asks for.
#[derive(Debug)]
struct Request<'k> {
    operation: Operation,
    /// The result becomes a key.
    stores: bool,
    keys: Vec<Option<Key<'k>>>,
    weights: Vec<f64>,
    aggregate: Aggregate,
    with_scores: bool,
    /// LIMIT, 0 for none.
    limit: usize,
}

impl<'k> Request<'k> {
    /// Parses a request whose number of keys stands at an index, and looks its
    /// keys up.
    fn parse(
        context: &mut Context<'_>,
        arguments: &Arguments<'k>,
        at: usize,
        operation: Operation,
    ) -> Result<Request<'k>, Error> {
        let count = parse_i64(&arguments[at]).ok_or(Error::NotInteger)?;
        if count < 1 {
            let name = context.command.name;
            return Err(Error::Formatted(format!("ERR at least 1 input key is needed for '{name}' command")));
        }
        let count = usize::try_from(count).ok().filter(|&count| count < arguments.len() - at);
        let count = count.ok_or(Error::Syntax)?;
        let mut keys = Vec::with_capacity(count);
        for index in at + 1..=at + count {
            let key = context.key(arguments, index);
            let found = context.find_read(&key);
            let is_set = |location| matches!(context.entry(location).value_type(), Type::SortedSet | Type::Set);
            if found.is_some_and(|location| !is_set(location)) {
                return Err(Error::WrongType);
            }
            keys.push(found.map(|_| key));
        }
        let aggregate = Aggregate::Sum;
        let mut request = Request {
            operation,
            stores: at == 2,
            keys,
            weights: vec![1.0; count],
            aggregate,
            with_scores: false,
            limit: 0,
        };
        request.parse_options(arguments, at + count + 1)?;
        Ok(request)
    }

    fn parse_options(&mut self, arguments: &Arguments<'_>, from: usize) -> Result<(), Error> {
        let aggregates = matches!(self.operation, Operation::Union | Operation::Intersection);
        let counts = self.operation == Operation::Count;
        let mut words = arguments.from(from).iter();
        while let Some(word) = words.next() {
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            if aggregates && is("weights") && words.len() >= self.weights.len() {
                for weight in &mut self.weights {
                    let parsed = words.next().and_then(parse_double);
                    *weight = parsed.ok_or(Error::Text("ERR weight value is not a float"))?;
                }
            } else if aggregates && is("aggregate") && words.len() >= 1 {
                self.aggregate = Aggregate::parse(words.next().unwrap_or_default())?;
            } else if !self.stores && !counts && is("withscores") {
                self.with_scores = true;
            } else if counts && is("limit") && words.len() >= 1 {
                let limit = words.next().and_then(parse_i64).and_then(|limit| usize::try_from(limit).ok());
                self.limit = limit.ok_or(Error::Text("ERR LIMIT can't be negative"))?;
            } else {
                return Err(Error::Syntax);
            }
        }
        Ok(())
    }

    /// The sets at the keys with their weights: not before all are found, for
    /// where one is may change as another is found past its time.
    fn sources<'d>(&self, keyspace: &'d Keyspace, database: DatabaseId) -> Vec<(Option<Source<'d>>, f64)> {
        let source = |key: &Option<Key<'_>>| {
            let content = keyspace.peek(database, key.as_ref()?)?.content();
            SortedRef::of(content).map(Source::Sorted).or_else(|| SetRef::of(content).map(Source::Plain))
        };
        self.keys.iter().map(source).zip(self.weights.iter().copied()).collect()
    }

    /// What it comes to.
    fn result(&self, keyspace: &Keyspace, database: DatabaseId, rules: &Rules) -> Sorted {
        let mut sources = self.sources(keyspace, database);
        let mut result = Sorted::new(rules.sip);
        if self.operation == Operation::Difference {
            difference(&sources, &mut result);
            return result;
        }
        // The smallest first, as sums of more than two depend on the order.
        sources.sort_by_key(|(source, _)| source.map_or(0, Source::len));
        if self.operation == Operation::Union {
            for (source, weight) in sources.iter().filter_map(|&(source, weight)| Some((source?, weight))) {
                source.for_each(|member, score| {
                    let (mut digits, score) = ([0; 20], self.score(number_or_zero(weight * score)));
                    let member = member.bytes(&mut digits);
                    let known = result.score(member);
                    let score = known.map_or(score, |known| self.score(self.aggregate.of(known, score)));
                    if known.is_some_and(|known| known == score && known.is_sign_negative() != score.is_sign_negative())
                    {
                        // A zero for another does not count as a change.
                        result.remove(member);
                    }
                    result.insert(member, score);
                    true
                });
            }
            return result;
        }
        self.intersect(&sources, |member, score| {
            result.insert(member.bytes(&mut [0; 20]), self.score(score));
            true
        });
        result
    }

    /// A score of the result.
    fn score(&self, score: f64) -> f64 {
        if self.stores { positive_zero(score) } else { score }
    }

    /// Visits what all have in common, until `visit` returns false.
    fn intersect(&self, sources: &[(Option<Source<'_>>, f64)], mut visit: impl FnMut(Value<'_>, f64) -> bool) {
        let present: Option<Vec<(Source<'_>, f64)>> =
            sources.iter().map(|&(source, weight)| Some((source?, weight))).collect();
        let Some(((first, weight), others)) = present.as_ref().and_then(|all| all.split_first()) else { return };
        first.for_each(|member, score| {
            let score = number_or_zero(weight * score);
            let common = others.iter().try_fold(score, |score, (other, weight)| {
                let own = number_or_zero(weight * other.score_of(member)?);
                Some(self.aggregate.of(score, own))
            });
            common.is_none_or(|score| visit(member, score))
        });
    }
}

fn difference(sources: &[(Option<Source<'_>>, f64)], result: &mut Sorted) {
    let Some(((Some(first), _), others)) = sources.split_first() else { return };
    let others: Vec<Source<'_>> = others.iter().filter_map(|(source, _)| *source).collect();
    let looked_up = first.len().saturating_mul(1 + others.len()) / 2;
    let walked = first.len() + others.iter().map(|set| set.len()).sum::<usize>();
    let looks_up = looked_up <= walked;
    first.for_each(|member, score| {
        if !looks_up || others.iter().all(|other| other.score_of(member).is_none()) {
            result.insert(member.bytes(&mut [0; 20]), score);
        }
        true
    });
    if looks_up {
        return;
    }
    for other in others {
        other.for_each(|member, _| {
            result.remove(member.bytes(&mut [0; 20]));
            !result.is_empty()
        });
    }
}

fn zunion(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    reply_result(context, &arguments, Operation::Union)
}

fn zinter(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    reply_result(context, &arguments, Operation::Intersection)
}

fn zdiff(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    reply_result(context, &arguments, Operation::Difference)
}

fn zunionstore(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    store_result(context, &arguments, Operation::Union, "zunionstore")
}

fn zinterstore(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    store_result(context, &arguments, Operation::Intersection, "zinterstore")
}

fn zdiffstore(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    store_result(context, &arguments, Operation::Difference, "zdiffstore")
}

fn zintercard(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let request = Request::parse(context, &arguments, 1, Operation::Count)?;
    let mut sources = request.sources(context.keyspace, context.session.database);
    sources.sort_by_key(|(source, _)| source.map_or(0, Source::len));
    let mut count = 0;
    request.intersect(&sources, |_, _| {
        count += 1;
        count != request.limit
    });
    context.reply.integer(count as i64);
    Ok(())
}

fn reply_result(context: &mut Context<'_>, arguments: &Arguments<'_>, operation: Operation) -> Result<(), Error> {
    let request = Request::parse(context, arguments, 1, operation)?;
    let rules = context.rules();
    let result = request.result(context.keyspace, context.session.database, &rules);
    begin_members(&mut context.reply, result.len(), request.with_scores);
    for (member, score) in result.iter() {
        reply_member(&mut context.reply, (Value::Bytes(member), score), request.with_scores);
    }
    context.discard(Large::Collection(Box::new(Collection::Sorted(result))));
    Ok(())
}

fn store_result(
    context: &mut Context<'_>,
    arguments: &Arguments<'_>,
    operation: Operation,
    name: &'static str,
) -> Result<(), Error> {
    let request = Request::parse(context, arguments, 2, operation)?;
    let rules = context.rules();
    let result = request.result(context.keyspace, context.session.database, &rules);
    let mut body =
        if result.is_empty() { sorted_set::empty() } else { Body::Large(Box::new(Collection::Sorted(result))) };
    rules.pack_sorted(&mut body);
    store(context, arguments, body, name);
    Ok(())
}

/// Puts a sorted set at the first key; an empty one is no key.
pub(super) fn store(context: &mut Context<'_>, arguments: &Arguments<'_>, body: Body, name: &'static str) {
    let destination = context.key(arguments, 1);
    let length = SortedRef::of_body(&body).len();
    if length > 0 {
        context.overwrite(&destination, Type::SortedSet, body);
        context.changed(&destination, Event::sorted_set(name), Record::Command);
    } else if let Some(location) = context.find_live(context.database(), &destination) {
        context.remove(context.database(), &destination, location);
        context.changed(&destination, Event::generic("del"), Record::Command);
    }
    context.reply.integer(length as i64);
}
