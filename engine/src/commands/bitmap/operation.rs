//! Operations on the bits of whole strings: BITOP.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;
use alloc::vec;
use alloc::vec::Vec;

/// BITOP.
pub(super) const BITOP: Command = Command {
    name: "bitop",
    group: Group::Bitmap,
    since: "2.6.0",
    summary: "Stores what an operation on the bits of several strings comes to.",
    complexity: "O(N) where N is the length of all strings.",
    arity: -4,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::BITMAP.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[
        KeySpec {
            flags: KeyFlags::OW.and(KeyFlags::UPDATE),
            begin: Begin::Index(2),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
        KeySpec {
            flags: KeyFlags::RO.and(KeyFlags::ACCESS),
            begin: Begin::Index(3),
            find: Find::Range { last: -1, step: 1, limit: 0 },
            notes: "",
        },
    ],
    arguments: &[
        Argument::new(
            "operation",
            ArgumentKind::OneOf(&[
                Argument::token("and", "AND"),
                Argument::token("or", "OR"),
                Argument::token("xor", "XOR"),
                Argument::token("not", "NOT"),
            ]),
        ),
        Argument::new("destkey", ArgumentKind::Key(0)),
        Argument::new("key", ArgumentKind::Key(1)).multiple(),
    ],
    subcommands: &[],
    handler: bitop,
};

/// Bytes of the result that all sources are put into before the next: they stay
/// in the processor's cache meanwhile.
const BLOCK: usize = 16 * 1024;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operation {
    And,
    Or,
    Xor,
    Not,
}

impl Operation {
    fn parse(word: &[u8]) -> Result<Operation, Error> {
        const WORDS: [(&str, Operation); 4] =
            [("AND", Operation::And), ("OR", Operation::Or), ("XOR", Operation::Xor), ("NOT", Operation::Not)];
        let found = WORDS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|&(_, operation)| operation).ok_or(Error::Syntax)
    }

    /// What it makes of some strings: as long as the longest, the others going
    /// on in zeros.
    fn of(self, sources: &[&[u8]]) -> Vec<u8> {
        let length = sources.iter().map(|source| source.len()).max().unwrap_or(0);
        let Some((first, others)) = sources.split_first() else { return Vec::new() };
        let mut result = Vec::with_capacity(length);
        if self == Operation::Not {
            result.extend(first.iter().map(|byte| !byte));
            return result;
        }
        result.extend_from_slice(first);
        result.resize(length, 0);
        for (index, block) in result.chunks_mut(BLOCK).enumerate() {
            for other in others {
                self.put(block, other.get(index * BLOCK..).unwrap_or(&[]));
            }
        }
        result
    }

    /// Puts a source into a block of the result.
    fn put(self, block: &mut [u8], source: &[u8]) {
        let pairs = block.iter_mut().zip(source);
        match self {
            Operation::And => {
                pairs.for_each(|(byte, other)| *byte &= other);
                if let Some(rest) = block.get_mut(source.len()..) {
                    rest.fill(0);
                }
            }
            Operation::Or => pairs.for_each(|(byte, other)| *byte |= other),
            Operation::Xor => pairs.for_each(|(byte, other)| *byte ^= other),
            Operation::Not => {}
        }
    }
}

fn bitop(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let operation = Operation::parse(&arguments[1])?;
    if operation == Operation::Not && arguments.len() != 4 {
        return Err(Error::Text("ERR BITOP NOT must be called with a single source key."));
    }
    let mut keys = Vec::with_capacity(arguments.len() - 3);
    for index in 3..arguments.len() {
        let key = context.key(&arguments, index);
        let found = context.find_read(&key);
        found.map(|location| context.string_at(location).map(drop)).transpose()?;
        keys.push(found.map(|_| key));
    }
    // Not before all are found: where one is may change as another is found
    // past its time.
    let mut digits = vec![[0; 20]; keys.len()];
    let source =
        |(key, digits)| match Option::as_ref(key).and_then(|key| context.keyspace.peek(context.database(), key)) {
            Some(entry) => entry.value().bytes(digits),
            None => &[],
        };
    let sources: Vec<&[u8]> = keys.iter().zip(&mut digits).map(source).collect();
    let result = operation.of(&sources);
    let length = result.len();
    let destination = context.key(&arguments, 2);
    if length > 0 {
        context.overwrite_string(&destination, result);
        context.changed(&destination, Event::string("set"), Record::Command);
    } else if let Some(location) = context.find_live(context.database(), &destination) {
        context.remove(context.database(), &destination, location);
        context.changed(&destination, Event::generic("del"), Record::Command);
    }
    context.reply.integer(length as i64);
    Ok(())
}
