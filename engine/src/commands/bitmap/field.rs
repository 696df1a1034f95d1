//! Integers of any width among the bits of a string: BITFIELD, BITFIELD_RO.

use super::integer::{IntegerType, Overflow};
use super::within_limit;
use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::{Key, Location};
use crate::keyspace::range::grow;
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// BITFIELD.
pub(super) const BITFIELD: Command = Command {
    name: "bitfield",
    group: Group::Bitmap,
    since: "3.2.0",
    summary: "Reads and writes integers of any width in the string at a key.",
    complexity: "O(1) for each operation, plus the growth of the string.",
    arity: -2,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::BITMAP.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::UPDATE).and(KeyFlags::ACCESS).and(KeyFlags::VARIABLE_FLAGS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "This command allows both access and modification of the key",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new(
            "operation",
            ArgumentKind::OneOf(&[
                Argument::new(
                    "get-block",
                    ArgumentKind::Block(&[
                        Argument::new("encoding", ArgumentKind::String),
                        Argument::new("offset", ArgumentKind::Integer),
                    ]),
                )
                .after("GET"),
                Argument::new(
                    "write",
                    ArgumentKind::Block(&[
                        Argument::new(
                            "overflow-block",
                            ArgumentKind::OneOf(&[
                                Argument::token("wrap", "WRAP"),
                                Argument::token("sat", "SAT"),
                                Argument::token("fail", "FAIL"),
                            ]),
                        )
                        .after("OVERFLOW")
                        .optional(),
                        Argument::new(
                            "write-operation",
                            ArgumentKind::OneOf(&[
                                Argument::new(
                                    "set-block",
                                    ArgumentKind::Block(&[
                                        Argument::new("encoding", ArgumentKind::String),
                                        Argument::new("offset", ArgumentKind::Integer),
                                        Argument::new("value", ArgumentKind::Integer),
                                    ]),
                                )
                                .after("SET"),
                                Argument::new(
                                    "incrby-block",
                                    ArgumentKind::Block(&[
                                        Argument::new("encoding", ArgumentKind::String),
                                        Argument::new("offset", ArgumentKind::Integer),
                                        Argument::new("increment", ArgumentKind::Integer),
                                    ]),
                                )
                                .after("INCRBY"),
                            ]),
                        ),
                    ]),
                ),
            ]),
        )
        .optional()
        .multiple(),
    ],
    subcommands: &[],
    handler: bitfield,
};

/// BITFIELD_RO.
pub(super) const BITFIELD_RO: Command = Command {
    name: "bitfield_ro",
    group: Group::Bitmap,
    since: "6.0.0",
    summary: "Reads integers of any width from the string at a key.",
    complexity: "O(1) for each operation.",
    arity: -2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::BITMAP.and(Categories::FAST).and(Categories::READ),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new(
            "get-block",
            ArgumentKind::Block(&[
                Argument::new("encoding", ArgumentKind::String),
                Argument::new("offset", ArgumentKind::Integer),
            ]),
        )
        .after("GET")
        .optional()
        .multiple_token(),
    ],
    subcommands: &[],
    handler: bitfield_ro,
};

/// One operation of a request.
#[derive(Clone, Copy, Debug)]
struct Operation {
    action: Action,
    integer: IntegerType,
    /// Its first bit.
    offset: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Action {
    Get,
    Set(i64, Overflow),
    Increment(i64, Overflow),
}

/// What operations on a string came to.
#[derive(Default, Debug)]
struct Outcome {
    /// What is replied to each; nothing where it would have overflown.
    replies: Vec<Option<i64>>,
    /// How many changed anything.
    changes: u64,
}

impl Operation {
    /// Takes the next operation from the arguments, with the OVERFLOW that
    /// stands before it, which holds for what follows too.
    ///
    /// # Errors
    /// If there is none that is right.
    fn parse<'a>(
        context: &Context<'_>,
        words: &mut impl ExactSizeIterator<Item = &'a [u8]>,
        overflow: &mut Overflow,
    ) -> Result<Option<Operation>, Error> {
        let Some(mut word) = words.next() else { return Ok(None) };
        while word.eq_ignore_ascii_case(b"OVERFLOW") {
            *overflow = Overflow::parse(words.next().ok_or(Error::Syntax)?)?;
            match words.next() {
                Some(next) => word = next,
                None => return Ok(None),
            }
        }
        let is =
            |name: &str, parameters: usize| word.eq_ignore_ascii_case(name.as_bytes()) && words.len() >= parameters;
        let (get, set, increment) = (is("GET", 2), is("SET", 3), is("INCRBY", 3));
        let (true, Some(integer), Some(offset)) = (get || set || increment, words.next(), words.next()) else {
            return Err(Error::Syntax);
        };
        let integer = IntegerType::parse(integer)?;
        let offset = parse_offset(context, offset, integer)?;
        let action = if get {
            Action::Get
        } else {
            let number = words.next().and_then(parse_i64).ok_or(Error::NotInteger)?;
            if set { Action::Set(number, *overflow) } else { Action::Increment(number, *overflow) }
        };
        Ok(Some(Operation { action, integer, offset }))
    }

    /// The first bit behind the integer.
    fn end(self) -> u64 {
        self.offset + u64::from(self.integer.bits())
    }

    /// What the integer becomes, and what is replied; nothing if it would
    /// overflow.
    fn apply(self, old: i64) -> Option<(i64, i64)> {
        match self.action {
            Action::Get => Some((old, old)),
            Action::Set(number, overflow) => Some((self.integer.fit_set(number, overflow)?, old)),
            Action::Increment(by, overflow) => {
                let new = self.integer.fit(i128::from(old) + i128::from(by), overflow)?;
                Some((new, new))
            }
        }
    }
}

/// The place of an integer: of a bit, or with `#` of the so manieth integer of
/// its width.
fn parse_offset(context: &Context<'_>, text: &[u8], integer: IntegerType) -> Result<u64, Error> {
    let offset = match text.strip_prefix(b"#") {
        Some(index) => parse_i64(index).and_then(|index| index.checked_mul(i64::from(integer.bits()))),
        None => parse_i64(text),
    };
    within_limit(context, offset)
}

fn parse(context: &Context<'_>, arguments: &Arguments<'_>) -> Result<Vec<Operation>, Error> {
    let mut operations = Vec::new();
    let mut overflow = Overflow::Wrap;
    let mut words = arguments.from(2).iter();
    while let Some(operation) = Operation::parse(context, &mut words, &mut overflow)? {
        operations.push(operation);
    }
    Ok(operations)
}

fn bitfield(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let operations = parse(context, &arguments)?;
    let key = context.key(&arguments, 1);
    let writes = operations.iter().filter(|operation| operation.action != Action::Get);
    let Some(end) = writes.map(|operation| operation.end()).max() else {
        return read(context, &key, &operations);
    };
    let location = context.find_live(context.database(), &key);
    let outcome = write(context, &key, location, &operations, end.div_ceil(8) as usize)?;
    if outcome.changes > 0 {
        context.changed(&key, Event::string("setbit"), Record::Command);
        context.counts_as(outcome.changes);
    }
    reply(context, &outcome.replies);
    Ok(())
}

fn bitfield_ro(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let operations = parse(context, &arguments)?;
    if operations.iter().any(|operation| operation.action != Action::Get) {
        return Err(Error::Text("ERR BITFIELD_RO only supports the GET subcommand"));
    }
    let key = context.key(&arguments, 1);
    read(context, &key, &operations)
}

/// Replies to operations that only read.
fn read(context: &mut Context<'_>, key: &Key<'_>, operations: &[Operation]) -> Result<(), Error> {
    let mut buffer = [0; 20];
    let bytes = context.read_string(key)?.map_or(&[][..], |value| value.bytes(&mut buffer));
    let read = |operation: &Operation| Some(operation.integer.read(bytes, operation.offset));
    let replies: Vec<Option<i64>> = operations.iter().map(read).collect();
    reply(context, &replies);
    Ok(())
}

/// Carries operations out on a string, which becomes at least `length_min`
/// bytes long even if none of them changes it.
fn write(
    context: &mut Context<'_>,
    key: &Key<'_>,
    location: Option<Location>,
    operations: &[Operation],
    length_min: usize,
) -> Result<Outcome, Error> {
    let length = location.map_or(Ok(0), |location| context.string_at(location).map(|value| value.length()))?;
    let grows = length < length_min;
    let mut outcome = Outcome::default();
    context.edit_string(key, location, length_min, |bytes| {
        grow(bytes, length_min);
        for operation in operations {
            let old = operation.integer.read(bytes, operation.offset);
            let applied = operation.apply(old);
            if let Some((new, _)) = applied.filter(|_| operation.action != Action::Get) {
                operation.integer.write(bytes, operation.offset, new);
                outcome.changes += u64::from(grows || new != old);
            }
            outcome.replies.push(applied.map(|(_, reply)| reply));
        }
    });
    // A string that has become longer is a change, whatever stands in it.
    outcome.changes = outcome.changes.max(u64::from(grows));
    Ok(outcome)
}

fn reply(context: &mut Context<'_>, replies: &[Option<i64>]) {
    context.reply.array(replies.len());
    for reply in replies {
        match reply {
            Some(number) => context.reply.integer(*number),
            None => context.reply.null(),
        }
    }
}
