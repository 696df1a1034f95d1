//! SCAN: all keys, some at each call, with nothing remembered in between.
//!
//! Every key that is there from a pass's first call to its last is answered,
//! some perhaps twice. In a database of several slots the cursor's low 14 bits
//! are the slot, above them is the slot's own cursor.

use crate::base::glob;
use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::entry::EntryRef;
use crate::keyspace::database::{Database, Slot};
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;
use alloc::boxed::Box;
use alloc::vec::Vec;

use super::exists::type_name;

const SLOT_BITS: u32 = 14;
/// COUNT, if it is not given.
const COUNT: usize = 10;

/// SCAN.
pub const SCAN: Command = Command {
    name: "scan",
    group: Group::Generic,
    since: "2.8.0",
    summary: "Goes through the keys of the database step by step.",
    complexity: "O(1) a call, O(N) for a whole pass",
    arity: -2,
    flags: Flags::READONLY,
    categories: Categories::KEYSPACE.and(Categories::READ).and(Categories::SLOW),
    tips: &["nondeterministic_output", "request_policy:special", "response_policy:special"],
    keys: &[],
    arguments: &[
        Argument::new("cursor", ArgumentKind::Integer),
        Argument::new("pattern", ArgumentKind::Pattern).after("MATCH").optional(),
        Argument::new("count", ArgumentKind::Integer).after("COUNT").optional(),
        Argument::new("type", ArgumentKind::String).after("TYPE").optional().since("6.0.0"),
    ],
    subcommands: &[],
    handler: scan,
};

/// What SCAN was asked for.
struct Wanted<'a> {
    count: usize,
    pattern: Option<&'a [u8]>,
    type_name: Option<&'a [u8]>,
}

fn scan(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let cursor = parse_cursor(&arguments[1]).ok_or(Error::InvalidCursor)?;
    let wanted = Wanted::parse(&arguments)?;
    let (id, now_ms) = (context.database(), context.now_ms());
    let (mut list, mut found) = (Vec::new(), 0);
    let mut expired: Vec<Box<[u8]>> = Vec::new();
    let mut reply = Reply::new(&mut list, context.reply.protocol());
    let next = visit(context.keyspace.database(id), cursor, wanted.count, |entry| {
        if wanted.pattern.is_some_and(|pattern| !glob::matches(pattern, entry.key(), false)) {
            return;
        }
        if entry.expire_at_ms().is_some_and(|at| at <= now_ms) {
            expired.push(entry.key().into());
        } else if wanted.type_name.is_none_or(|name| type_name(entry).as_bytes().eq_ignore_ascii_case(name)) {
            reply.bulk(entry.key());
            found += 1;
        }
    });
    for name in &expired {
        let key = context.keyspace.key(name);
        context.find_live(id, &key);
    }
    context.reply.array(2);
    let mut digits = [0; 20];
    context.reply.bulk(crate::base::number::format_u64(next, &mut digits));
    context.reply.array(found);
    context.reply.raw(&list);
    Ok(())
}

/// Visits entries from a cursor on and returns the next cursor, 0 at the end.
fn visit(database: &Database, cursor: u64, count: usize, visit: impl FnMut(EntryRef<'_>)) -> u64 {
    let slots = u64::from(database.slot_count());
    if slots == 1 {
        return database.scan(Slot(0), cursor, count, visit);
    }
    let slot = cursor & ((1 << SLOT_BITS) - 1);
    let inner = database.scan(Slot(slot as u16), cursor >> SLOT_BITS, count, visit);
    if inner != 0 {
        return inner << SLOT_BITS | slot;
    }
    if slot + 1 < slots { slot + 1 } else { 0 }
}

impl<'a> Wanted<'a> {
    fn parse(arguments: &Arguments<'a>) -> Result<Wanted<'a>, Error> {
        let mut wanted = Wanted { count: COUNT, pattern: None, type_name: None };
        let mut index = 2;
        while let Some(option) = arguments.get(index) {
            let Some(value) = arguments.get(index + 1) else { return Err(Error::Syntax) };
            if option.eq_ignore_ascii_case(b"count") {
                let count = parse_i64(value).ok_or(Error::NotInteger)?;
                wanted.count = usize::try_from(count).ok().filter(|&count| count > 0).ok_or(Error::Syntax)?;
            } else if option.eq_ignore_ascii_case(b"match") {
                wanted.pattern = Some(value).filter(|&pattern| pattern != b"*");
            } else if option.eq_ignore_ascii_case(b"type") {
                wanted.type_name = Some(value);
            } else {
                return Err(Error::Syntax);
            }
            index += 2;
        }
        Ok(wanted)
    }
}

/// Reads a cursor as C's `strtoul` does, but that no space may come first: a
/// sign and leading zeros are accepted, nothing at all is 0, a number that is
/// too large is none.
fn parse_cursor(text: &[u8]) -> Option<u64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return text.is_empty().then_some(0);
    }
    let mut value = 0u64;
    for &byte in digits {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        value = value.checked_mul(10)?.checked_add(digit)?;
    }
    Some(if negative { value.wrapping_neg() } else { value })
}
