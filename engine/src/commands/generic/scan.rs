//! SCAN: all keys, some at each call, with nothing remembered in between.
//!
//! Every key that is there from a pass's first call to its last is answered,
//! some perhaps twice. In a database of several slots the cursor's low 14 bits
//! are the slot, above them is the slot's own cursor.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::scan::{Scan, ScanOptions};
use crate::command::spec::*;
use crate::data::entry::EntryRef;
use crate::keyspace::database::{Database, Slot};
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;
use alloc::boxed::Box;
use alloc::vec::Vec;

const SLOT_BITS: u32 = 14;

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

fn scan(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let wanted = Scan::parse(&arguments, 1, ScanOptions::Keys)?;
    let (id, now_ms) = (context.database(), context.now_ms());
    let (mut list, mut found) = (Vec::new(), 0);
    let mut expired: Vec<Box<[u8]>> = Vec::new();
    let mut reply = Reply::new(&mut list, context.reply.protocol());
    let next = visit(context.keyspace.database(id), wanted.cursor, wanted.count, |entry| {
        if !wanted.matches(entry.key()) {
            return;
        }
        if entry.expire_at_ms().is_some_and(|at| at <= now_ms) {
            expired.push(entry.key().into());
        } else if wanted.type_name.is_none_or(|name| entry.value_type().name().as_bytes().eq_ignore_ascii_case(name)) {
            reply.bulk(entry.key());
            found += 1;
        }
    });
    for name in &expired {
        let key = context.keyspace.key(name);
        context.find_live(id, &key);
    }
    Scan::begin_reply(context, next, found);
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
