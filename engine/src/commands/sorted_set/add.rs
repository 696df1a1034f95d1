//! Giving members scores: ZADD, ZINCRBY.

use crate::base::number::parse_double;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::collection::Body;
use crate::data::limits::Rules;
use crate::data::shape::Type;
use crate::data::sorted::Inserted;
use crate::data::sorted_set::SortedRef;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// ZADD.
pub(super) const ZADD: Command = Command {
    name: "zadd",
    group: Group::SortedSet,
    since: "1.2.0",
    summary: "Adds members with scores to a sorted set, or gives members other scores.",
    complexity: "O(log(N)) for each member, where N is the size of the set",
    arity: -4,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::SORTED_SET).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("condition", ArgumentKind::OneOf(&[Argument::token("nx", "NX"), Argument::token("xx", "XX")]))
            .optional()
            .since("3.0.2"),
        Argument::new("comparison", ArgumentKind::OneOf(&[Argument::token("gt", "GT"), Argument::token("lt", "LT")]))
            .optional()
            .since("6.2.0"),
        Argument::token("change", "CH").optional().since("3.0.2"),
        Argument::token("increment", "INCR").optional().since("3.0.2"),
        Argument::new(
            "data",
            ArgumentKind::Block(&[
                Argument::new("score", ArgumentKind::Double),
                Argument::new("member", ArgumentKind::String),
            ]),
        )
        .multiple(),
    ],
    subcommands: &[],
    handler: zadd,
};

/// ZINCRBY.
pub(super) const ZINCRBY: Command = Command {
    name: "zincrby",
    group: Group::SortedSet,
    since: "1.2.0",
    summary: "Adds to the score of a member of a sorted set.",
    complexity: "O(log(N)) where N is the size of the set",
    arity: 4,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::SORTED_SET).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("increment", ArgumentKind::Integer),
        Argument::new("member", ArgumentKind::String),
    ],
    subcommands: &[],
    handler: zincrby,
};

const NAN: Error = Error::Text("ERR resulting score is not a number (NaN)");

/// What a request wants done with each of its members.
#[derive(Clone, Copy, Default, Debug)]
struct Options {
    /// NX: those that are there stay as they are.
    new_only: bool,
    /// XX: those that are not there stay away.
    known_only: bool,
    /// GT: a score only grows.
    greater: bool,
    /// LT: a score only sinks.
    less: bool,
    /// CH: those that are changed count, too.
    changed: bool,
    /// INCR: the score is added.
    increment: bool,
}

impl Options {
    /// Takes the options that stand before the pairs; where these begin comes with them.
    fn parse(arguments: &Arguments<'_>, increment: bool) -> (Options, usize) {
        let mut options = Options { increment, ..Options::default() };
        let mut index = 2;
        while let Some(word) = arguments.get(index) {
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            let option = if is("nx") {
                &mut options.new_only
            } else if is("xx") {
                &mut options.known_only
            } else if is("gt") {
                &mut options.greater
            } else if is("lt") {
                &mut options.less
            } else if is("ch") {
                &mut options.changed
            } else if is("incr") {
                &mut options.increment
            } else {
                break;
            };
            *option = true;
            index += 1;
        }
        (options, index)
    }

    /// # Errors
    /// If two of them exclude each other, or there are too many pairs.
    fn check(self, pairs: usize) -> Result<(), Error> {
        if self.new_only && self.known_only {
            return Err(Error::Text("ERR XX and NX options at the same time are not compatible"));
        }
        if u8::from(self.greater) + u8::from(self.less) + u8::from(self.new_only) > 1 {
            return Err(Error::Text("ERR GT, LT, and/or NX options at the same time are not compatible"));
        }
        if self.increment && pairs > 1 {
            return Err(Error::Text("ERR INCR option supports a single increment-element pair"));
        }
        Ok(())
    }

    /// The score that a member gets, if it gets one.
    ///
    /// # Errors
    /// If it would not be a number.
    fn apply(self, current: Option<f64>, score: f64) -> Result<Option<f64>, Error> {
        let Some(current) = current else { return Ok((!self.known_only).then_some(score)) };
        if self.new_only {
            return Ok(None);
        }
        let score = if self.increment { current + score } else { score };
        if score.is_nan() {
            return Err(NAN);
        }
        let refused = self.less && score >= current || self.greater && score <= current;
        Ok((!refused).then_some(score))
    }
}

/// What became of the members of a request.
#[derive(Clone, Copy, Default, Debug)]
struct Outcome {
    added: i64,
    updated: i64,
    /// The score of the last one, unless it was left as it was.
    score: Option<f64>,
}

fn zadd(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    add(context, &arguments, false)
}

fn zincrby(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    add(context, &arguments, true)
}

fn add(context: &mut Context<'_>, arguments: &Arguments<'_>, increment: bool) -> Result<(), Error> {
    let (options, first) = Options::parse(arguments, increment);
    let pairs = arguments.len() - first;
    if pairs == 0 || !pairs.is_multiple_of(2) {
        return Err(Error::Syntax);
    }
    options.check(pairs / 2)?;
    let score_at = |index: usize| parse_double(&arguments[index]).ok_or(Error::NotFloat);
    // One pair, as most requests have, needs no list.
    let one = score_at(first)?;
    let scores = (first..arguments.len()).step_by(2).skip(1).map(score_at).collect::<Result<Vec<f64>, Error>>()?;
    let key = context.key(arguments, 1);
    let found = context.find_write_of(&key, Type::SortedSet)?;
    let rules = context.rules();
    let scores = core::iter::once(one).chain(scores);
    let pairs = || scores.clone().zip((first + 1..arguments.len()).step_by(2).map(|index| &arguments[index]));
    let outcome = match found {
        Some(location) => context.edit(&key, location, |body| {
            rules.expect_members(body, pairs().count());
            add_all(body, &rules, options, pairs())
        })?,
        None if options.known_only => Outcome::default(),
        None => {
            let mut body = rules.empty_sorted(pairs().count(), arguments[first + 1].len());
            let outcome = add_all(&mut body, &rules, options, pairs())?;
            context.create(&key, Type::SortedSet, body);
            outcome
        }
    };
    if outcome.added + outcome.updated > 0 {
        let event = Event::sorted_set(if options.increment { "zincr" } else { "zadd" });
        context.changed(&key, event, Record::Command);
        context.counts_as((outcome.added + outcome.updated) as u64);
    }
    match outcome.score {
        _ if !options.increment => {
            let changed = if options.changed { outcome.updated } else { 0 };
            context.reply.integer(outcome.added + changed);
        }
        Some(score) => context.reply.double(score),
        None => context.reply.null(),
    }
    Ok(())
}

fn add_all<'a>(
    body: &mut Body,
    rules: &Rules,
    options: Options,
    pairs: impl Iterator<Item = (f64, &'a [u8])>,
) -> Result<Outcome, Error> {
    let mut outcome = Outcome::default();
    // Whoever takes any score need not know the one before.
    let unconditional =
        !(options.new_only || options.known_only || options.greater || options.less || options.increment);
    for (score, member) in pairs {
        let current = if unconditional { None } else { SortedRef::of_body(body).score(member) };
        outcome.score = options.apply(current, score)?;
        let Some(score) = outcome.score else { continue };
        match rules.set_score(body, member, score) {
            Inserted::New => outcome.added += 1,
            Inserted::Moved { .. } => outcome.updated += 1,
            Inserted::Same => {}
        }
    }
    Ok(outcome)
}
