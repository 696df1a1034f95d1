//! XTRIM, and how XADD and it say what is trimmed.

use super::{edit, parse_id, repeats, stream_at};
use crate::base::number::{format_u64, parse_i64};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::limits::Limits;
use crate::data::shape::Type;
use crate::data::stream::{ID_TEXT_SIZE, StreamId, Threshold, Trim};
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::Key;
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// Nodes' worth of entries that are trimmed at once, unless LIMIT says otherwise.
const LIMIT_NODES: u64 = 100;
/// Entries that are trimmed at once where a node has no limit.
const LIMIT_ENTRIES: u64 = 10_000;
/// Entries that are trimmed at once at most, unless LIMIT says otherwise.
const LIMIT_MAX: u64 = 1_000_000;

/// XTRIM.
pub(super) const XTRIM: Command = Command {
    name: "xtrim",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Removes the oldest entries of a stream.",
    complexity: "O(N) where N is the number of entries removed",
    arity: -4,
    flags: Flags::WRITE,
    categories: Categories::SLOW.and(Categories::STREAM).and(Categories::WRITE),
    tips: &["nondeterministic_output"],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new(
            "trim",
            ArgumentKind::Block(&[
                Argument::new(
                    "strategy",
                    ArgumentKind::OneOf(&[
                        Argument::token("maxlen", "MAXLEN"),
                        Argument::token("minid", "MINID").since("6.2.0"),
                    ]),
                ),
                Argument::new(
                    "operator",
                    ArgumentKind::OneOf(&[Argument::token("equal", "="), Argument::token("approximately", "~")]),
                )
                .optional(),
                Argument::new("threshold", ArgumentKind::String),
                Argument::new("count", ArgumentKind::Integer).after("LIMIT").optional().since("6.2.0"),
            ]),
        ),
    ],
    subcommands: &[],
    handler: xtrim,
};

/// What is to be trimmed.
#[derive(Default)]
pub(super) struct TrimArguments {
    /// Up to where; `None` if nothing is.
    pub(super) threshold: Option<Threshold>,
    /// Only whole nodes go.
    pub(super) approximate: bool,
    /// LIMIT.
    pub(super) limit: Option<u64>,
    /// There is no limit but LIMIT.
    unlimited: bool,
}

impl TrimArguments {
    /// Parses an option, if one stands there, and goes on behind it.
    pub(super) fn parse_option(&mut self, arguments: &Arguments<'_>, index: &mut usize) -> Result<bool, Error> {
        let (Some(word), Some(mut value)) = (arguments.get(*index), arguments.get(*index + 1)) else {
            return Ok(false);
        };
        let is_length = word.eq_ignore_ascii_case(b"maxlen");
        if word.eq_ignore_ascii_case(b"limit") {
            let limit = parse_i64(value).ok_or(Error::NotInteger)?;
            let limit = u64::try_from(limit).map_err(|_| Error::Text("ERR The LIMIT argument must be >= 0."))?;
            self.limit = Some(limit);
            *index += 2;
            return Ok(true);
        }
        if !is_length && !word.eq_ignore_ascii_case(b"minid") {
            return Ok(false);
        }
        if self.threshold.is_some() {
            return Err(Error::Text("ERR syntax error, MAXLEN and MINID options at the same time are not compatible"));
        }
        self.approximate = false;
        if let (b"~" | b"=", Some(next)) = (value, arguments.get(*index + 2)) {
            self.approximate = value == b"~";
            value = next;
            *index += 1;
        }
        self.threshold = Some(if is_length {
            let length = parse_i64(value).ok_or(Error::NotInteger)?;
            let length = u64::try_from(length).map_err(|_| Error::Text("ERR The MAXLEN argument must be >= 0."))?;
            Threshold::Length(length)
        } else {
            Threshold::Id(parse_id(value, 0)?)
        });
        *index += 2;
        Ok(true)
    }

    /// Whether LIMIT may stand there. What is repeated is bound by no limit.
    pub(super) fn check_limit(&mut self, repeats: bool) -> Result<(), Error> {
        self.unlimited = repeats;
        if !repeats && self.limit.is_some() && !self.approximate {
            return Err(Error::Text("ERR syntax error, LIMIT cannot be used without the special ~ option"));
        }
        Ok(())
    }

    /// How to trim; `None` if nothing is to be.
    pub(super) fn trim(&self, limits: &Limits) -> Option<Trim> {
        let entries = limits.stream_node.entries as u64;
        let usual = if entries == 0 { LIMIT_ENTRIES } else { entries.saturating_mul(LIMIT_NODES).min(LIMIT_MAX) };
        let limit = match self.limit {
            _ if self.unlimited || !self.approximate => 0,
            Some(limit) => limit,
            None => usual,
        };
        Some(Trim { threshold: self.threshold?, approximate: self.approximate, limit })
    }

    /// The threshold that was reached: the option's name and its value.
    pub(super) fn threshold_reached(&self, context: &Context<'_>, key: &Key<'_>) -> Option<(&'static str, Vec<u8>)> {
        let database = context.session.database;
        let stream = stream_at(context.keyspace, database, context.keyspace.locate(database, key)?);
        Some(match self.threshold? {
            Threshold::Length(_) => ("MAXLEN", format_u64(stream.len(), &mut [0; 20]).to_vec()),
            Threshold::Id(_) => {
                let first = if stream.is_empty() { StreamId::MAX } else { stream.first_id() };
                ("MINID", first.format(&mut [0; ID_TEXT_SIZE]).to_vec())
            }
        })
    }
}

fn xtrim(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (mut trim, mut index) = (TrimArguments::default(), 2);
    while index < arguments.len() {
        if !trim.parse_option(&arguments, &mut index)? {
            return Err(Error::Syntax);
        }
    }
    if trim.limit.is_some_and(|limit| limit > 0) && trim.threshold.is_none() {
        return Err(Error::Text("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"));
    }
    if trim.threshold.is_none() {
        return Err(Error::Text("ERR syntax error, XTRIM must be called with a trimming strategy"));
    }
    trim.check_limit(repeats(context))?;
    let key = context.key(&arguments, 1);
    let (Some(location), Some(how)) = (context.find_write_of(&key, Type::Stream)?, trim.trim(&context.keyspace.limits))
    else {
        context.reply.integer(0);
        return Ok(());
    };
    let removed = edit(context, &key, location, |stream| stream.trim(&how));
    if removed > 0 {
        let event = Event::stream("xtrim");
        match trim.threshold_reached(context, &key).filter(|_| trim.approximate) {
            Some((option, value)) => {
                let request: [&[u8]; 5] = [b"XTRIM", key.bytes, option.as_bytes(), b"=", &value];
                context.changed(&key, event, Record::Request(&request));
            }
            None => context.changed(&key, event, Record::Command),
        }
        context.counts_as(removed);
    }
    context.reply.integer(removed as i64);
    Ok(())
}
