//! XADD.

use super::trim::TrimArguments;
use super::{INVALID_ID, repeats, reply_id, stream_at};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::shape::Type;
use crate::data::stream::{ENTRY_BYTES_MAX, ID_TEXT_SIZE, Sequence, Stream, StreamId, WrittenId};
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::{Key, Location};
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// XADD.
pub(super) const XADD: Command = Command {
    name: "xadd",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Adds an entry to a stream.",
    complexity: "O(1) to add, O(N) to trim where N is the number of entries that go",
    arity: -5,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::STREAM).and(Categories::WRITE),
    tips: &["nondeterministic_output"],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "UPDATE instead of INSERT because of the optional trimming feature",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::token("nomkstream", "NOMKSTREAM").optional().since("6.2.0"),
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
        )
        .optional(),
        Argument::new(
            "id-selector",
            ArgumentKind::OneOf(&[Argument::token("auto-id", "*"), Argument::new("id", ArgumentKind::String)]),
        ),
        Argument::new(
            "data",
            ArgumentKind::Block(&[
                Argument::new("field", ArgumentKind::String),
                Argument::new("value", ArgumentKind::String),
            ]),
        )
        .multiple(),
    ],
    subcommands: &[],
    handler: xadd,
};

/// What stands before the fields.
struct Options {
    creates: bool,
    trim: TrimArguments,
    /// `None` for `*`.
    id: Option<WrittenId>,
    /// Where the id stands.
    id_at: usize,
}

impl Options {
    fn parse(context: &Context<'_>, arguments: &Arguments<'_>) -> Result<Options, Error> {
        let (mut creates, mut trim, mut id) = (true, TrimArguments::default(), None);
        let mut index = 2;
        while let Some(word) = arguments.get(index) {
            if word == b"*" {
                break;
            }
            if trim.parse_option(arguments, &mut index)? {
                continue;
            }
            if !word.eq_ignore_ascii_case(b"nomkstream") {
                id = Some(WrittenId::parse(word).ok_or(INVALID_ID)?);
                break;
            }
            creates = false;
            index += 1;
        }
        if trim.limit.is_some_and(|limit| limit > 0) && trim.threshold.is_none() {
            return Err(Error::Text("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"));
        }
        trim.check_limit(repeats(context))?;
        Ok(Options { creates, trim, id, id_at: index })
    }
}

fn xadd(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let options = Options::parse(context, &arguments)?;
    let pairs_at = options.id_at + 1;
    let words = arguments.len().saturating_sub(pairs_at);
    if words < 2 || !words.is_multiple_of(2) {
        return Err(Error::Arity { command: context.command.name.into() });
    }
    let least = |id: WrittenId| id.sequence != Sequence::Next && id.complete(0) == Some(StreamId::MIN);
    if options.id.is_some_and(least) {
        return Err(Error::Text("ERR The ID specified in XADD must be greater than 0-0"));
    }
    let key = context.key(&arguments, 1);
    let found = context.find_write_of(&key, Type::Stream)?;
    if found.is_none() && !options.creates {
        context.reply.null();
        return Ok(());
    }
    let last_id = found.map(|at| stream_at(context.keyspace, context.session.database, at).last_id());
    let id = next_id(options.id, last_id.unwrap_or_default(), context.now_ms())?;
    if (pairs_at..arguments.len()).map(|index| arguments[index].len()).sum::<usize>() > ENTRY_BYTES_MAX {
        return Err(Error::Text("ERR Elements are too large to be stored"));
    }
    let trimmed = add(context, &arguments, &key, found, &options, id);
    state(context, &arguments, &key, &options, id);
    if trimmed > 0 {
        context.also(&key, Event::stream("xtrim"));
    }
    reply_id(&mut context.reply, id);
    Ok(())
}

/// The id of an entry that is added.
fn next_id(written: Option<WrittenId>, last: StreamId, now_ms: i64) -> Result<StreamId, Error> {
    const EXHAUSTED: Error = Error::Text("ERR The stream has exhausted the last possible ID, unable to add more items");
    const NOT_GREATER: Error =
        Error::Text("ERR The ID specified in XADD is equal or smaller than the target stream top item");
    let after_last = last.next().ok_or(EXHAUSTED)?;
    let now = StreamId::new(u64::try_from(now_ms).unwrap_or(0), 0);
    let id = match written {
        None if now.ms > last.ms => now,
        None => after_last,
        Some(WrittenId { ms, sequence: Sequence::Next }) if ms == last.ms => {
            Some(after_last).filter(|id| id.ms == ms).ok_or(NOT_GREATER)?
        }
        Some(WrittenId { ms, sequence: Sequence::Given(sequence) }) => StreamId::new(ms, sequence),
        Some(WrittenId { ms, sequence: Sequence::Next | Sequence::Missing }) => StreamId::new(ms, 0),
    };
    if id > last { Ok(id) } else { Err(NOT_GREATER) }
}

/// Adds the entry, and trims. Returns how many entries went.
fn add(
    context: &mut Context<'_>,
    arguments: &Arguments<'_>,
    key: &Key<'_>,
    found: Option<Location>,
    options: &Options,
    id: StreamId,
) -> u64 {
    let limits = context.keyspace.limits.stream_node;
    let trim = options.trim.trim(&context.keyspace.limits);
    let pairs = (options.id_at + 1..arguments.len()).step_by(2);
    let change = |stream: &mut Stream| {
        stream.add(id, pairs.map(|index| (&arguments[index], &arguments[index + 1])), limits);
        trim.map_or(0, |trim| stream.trim(&trim))
    };
    match found {
        Some(location) => super::edit(context, key, location, change),
        None => {
            let mut stream = Stream::default();
            let trimmed = change(&mut stream);
            context.create(key, Type::Stream, stream.into_body());
            trimmed
        }
    }
}

/// States the change: with the id that was chosen, and with a threshold that says
/// up to where was trimmed.
fn state(context: &mut Context<'_>, arguments: &Arguments<'_>, key: &Key<'_>, options: &Options, id: StreamId) {
    let event = Event::stream("xadd");
    let chosen = options.id.is_none_or(|id| id.sequence == Sequence::Next);
    if !chosen && !options.trim.approximate {
        return context.changed(key, event, Record::Command);
    }
    let threshold = options.trim.threshold_reached(context, key);
    let mut text = [0; ID_TEXT_SIZE];
    let mut repeated: Vec<&[u8]> = Vec::from([b"XADD", key.bytes]);
    if let Some(threshold) = &threshold {
        repeated.extend([threshold.0.as_bytes(), b"=", &threshold.1]);
    }
    repeated.push(id.format(&mut text));
    repeated.extend((options.id_at + 1..arguments.len()).map(|index| &arguments[index]));
    context.changed(key, event, Record::Request(&repeated));
}
