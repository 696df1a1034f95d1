//! Looking through bits: BITCOUNT, BITPOS.

use super::words;
use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;
use core::ops::Range;

/// BITCOUNT.
pub(super) const BITCOUNT: Command = Command {
    name: "bitcount",
    group: Group::Bitmap,
    since: "2.6.0",
    summary: "Counts the bits that are set in the string at a key, or in part of it.",
    complexity: "O(N) where N is the length of the part.",
    arity: -2,
    flags: Flags::READONLY,
    categories: Categories::BITMAP.and(Categories::READ).and(Categories::SLOW),
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
            "range",
            ArgumentKind::Block(&[
                Argument::new("start", ArgumentKind::Integer),
                Argument::new(
                    "end-unit-block",
                    ArgumentKind::Block(&[
                        Argument::new("end", ArgumentKind::Integer),
                        Argument::new(
                            "unit",
                            ArgumentKind::OneOf(&[Argument::token("byte", "BYTE"), Argument::token("bit", "BIT")]),
                        )
                        .optional()
                        .since("7.0.0"),
                    ]),
                )
                .optional(),
            ]),
        )
        .optional(),
    ],
    subcommands: &[],
    handler: bitcount,
};

/// BITPOS.
pub(super) const BITPOS: Command = Command {
    name: "bitpos",
    group: Group::Bitmap,
    since: "2.8.7",
    summary: "Finds the first bit that is set, or the first that is clear, in the string at a key.",
    complexity: "O(N) where N is the length of the part that is looked at.",
    arity: -3,
    flags: Flags::READONLY,
    categories: Categories::BITMAP.and(Categories::READ).and(Categories::SLOW),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("bit", ArgumentKind::Integer),
        Argument::new(
            "range",
            ArgumentKind::Block(&[
                Argument::new("start", ArgumentKind::Integer),
                Argument::new(
                    "end-unit-block",
                    ArgumentKind::Block(&[
                        Argument::new("end", ArgumentKind::Integer),
                        Argument::new(
                            "unit",
                            ArgumentKind::OneOf(&[Argument::token("byte", "BYTE"), Argument::token("bit", "BIT")]),
                        )
                        .optional()
                        .since("7.0.0"),
                    ]),
                )
                .optional(),
            ]),
        )
        .optional(),
    ],
    subcommands: &[],
    handler: bitpos,
};

/// What a request says about the part of a string that it is about.
#[derive(Clone, Copy, Debug)]
struct Part {
    start: i64,
    /// The last that belongs to it, if it is said.
    end: Option<i64>,
    /// True if both count bits, false if bytes.
    bits: bool,
}

impl Part {
    const WHOLE: Part = Part { start: 0, end: None, bits: false };

    /// The bits of a string of so many bytes that belong to the part. Negative
    /// indices count from behind.
    fn range(self, length: usize) -> Range<u64> {
        let total = if self.bits { length as i64 * 8 } else { length as i64 };
        let from_front = |index: i64| if index < 0 { index.saturating_add(total).max(0) } else { index };
        let start = from_front(self.start);
        let end = from_front(self.end.unwrap_or(-1)).min(total - 1);
        if start > end {
            return 0..0;
        }
        let scale = if self.bits { 1 } else { 8 };
        start as u64 * scale..(end as u64 + 1) * scale
    }
}

/// The unit of a part: true for BIT.
fn parse_unit(word: &[u8]) -> Result<bool, Error> {
    let is = |unit: &str| word.eq_ignore_ascii_case(unit.as_bytes());
    if is("BIT") {
        Ok(true)
    } else if is("BYTE") {
        Ok(false)
    } else {
        Err(Error::Syntax)
    }
}

fn parse_index(text: &[u8]) -> Result<i64, Error> {
    parse_i64(text).ok_or(Error::NotInteger)
}

/// Hands the bytes of the string at a key to `look`, no bytes if there is no
/// key; replies with what that finds.
fn reply_of(
    context: &mut Context<'_>,
    arguments: &Arguments<'_>,
    look: impl FnOnce(Option<&[u8]>) -> i64,
) -> Result<(), Error> {
    let key = context.key(arguments, 1);
    let found = match context.read_string(&key)? {
        Some(value) => look(Some(value.bytes(&mut [0; 20]))),
        None => look(None),
    };
    context.reply.integer(found);
    Ok(())
}

fn bitcount(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let part = match arguments.len() {
        2 => Part::WHOLE,
        3..=5 => {
            let start = parse_index(&arguments[2])?;
            let end = arguments.get(3).map(parse_index).transpose()?;
            let bits = arguments.get(4).map(parse_unit).transpose()?.unwrap_or(false);
            Part { start, end, bits }
        }
        _ => return Err(Error::Syntax),
    };
    // Both before the beginning, and the wrong way round.
    let reversed = part.start < 0 && part.end.is_some_and(|end| end < part.start);
    reply_of(context, &arguments, |bytes| {
        let bytes = bytes.filter(|_| !reversed).unwrap_or(&[]);
        words::count_ones(bytes, part.range(bytes.len())) as i64
    })
}

fn bitpos(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let bit = match parse_index(&arguments[2])? {
        0 => false,
        1 => true,
        _ => return Err(Error::Text("ERR The bit argument must be 1 or 0.")),
    };
    let part = match arguments.len() {
        3 => Part::WHOLE,
        4..=6 => {
            let start = parse_index(&arguments[3])?;
            let bits = arguments.get(5).map(parse_unit).transpose()?.unwrap_or(false);
            let end = arguments.get(4).map(parse_index).transpose()?;
            Part { start, end, bits }
        }
        _ => return Err(Error::Syntax),
    };
    reply_of(context, &arguments, |bytes| position(bytes, bit, part))
}

/// The first bit of a part that is set or not; -1 if there is none.
fn position(bytes: Option<&[u8]>, bit: bool, part: Part) -> i64 {
    // What is not there is as good as clear bits without end.
    let Some(bytes) = bytes else { return if bit { -1 } else { 0 } };
    let range = part.range(bytes.len());
    match words::find(bytes, bit, range.clone()) {
        Some(at) => at as i64,
        // Without an end the string goes on in clear bits.
        None if !bit && part.end.is_none() && !range.is_empty() => bytes.len() as i64 * 8,
        None => -1,
    }
}
