//! The inside of values: PFDEBUG.

use super::layout::Encoding;
use super::{dense, sparse, store};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::{Key, Location};
use crate::resp::request::Arguments;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// PFDEBUG.
pub(super) const PFDEBUG: Command = Command {
    name: "pfdebug",
    group: Group::Hyperloglog,
    since: "2.8.9",
    summary: "Shows the inside of the HyperLogLog at a key: for tests.",
    complexity: "O(N) where N is the number of registers.",
    arity: 3,
    flags: Flags::ADMIN.and(Flags::DENYOOM).and(Flags::WRITE),
    categories: Categories::ADMIN
        .and(Categories::DANGEROUS)
        .and(Categories::HYPERLOGLOG)
        .and(Categories::SLOW)
        .and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS),
        begin: Begin::Index(2),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("subcommand", ArgumentKind::String), Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: pfdebug,
};

fn pfdebug(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 2);
    let location = context.find_write(&key).ok_or(Error::Text("ERR The specified key does not exist"))?;
    let (encoding, bytes) = Encoding::of(context.string_at(location)?)?;
    let is = |name: &str| arguments[1].eq_ignore_ascii_case(name.as_bytes());
    if is("GETREG") {
        make_dense(context, &key, location)?;
        reply_registers(context, &key);
    } else if is("DECODE") {
        if encoding != Encoding::Sparse {
            return Err(Error::Text("ERR HLL encoding is not sparse"));
        }
        let text = decode(bytes);
        context.reply.bulk(text.as_bytes());
    } else if is("ENCODING") {
        context.reply.simple(encoding.name());
    } else if is("TODENSE") {
        let converted = make_dense(context, &key, location)?;
        context.reply.integer(i64::from(converted));
    } else {
        let name = String::from_utf8_lossy(&arguments[1]);
        return Err(Error::Formatted(format!("ERR Unknown PFDEBUG subcommand '{name}'")));
    }
    Ok(())
}

/// Makes a sparse value a dense one; true if it was sparse.
fn make_dense(context: &mut Context<'_>, key: &Key<'_>, location: Location) -> Result<bool, Error> {
    let (encoding, bytes) = Encoding::of(context.string_at(location)?)?;
    if encoding == Encoding::Dense {
        return Ok(false);
    }
    let new = sparse::to_dense(bytes)?;
    store(context, key, Some(location), &new);
    context.changed(key, Event::SILENT, Record::Command);
    Ok(true)
}

/// Replies with all registers of a dense value.
fn reply_registers(context: &mut Context<'_>, key: &Key<'_>) {
    let mut digits = [0; 20];
    let value = context.keyspace.peek(context.session.database, key).map(|entry| entry.value());
    let bytes = value.as_ref().map_or(&[][..], |value| value.bytes(&mut digits));
    let mut registers = Vec::new();
    dense::for_each(bytes, |register| registers.push(register));
    context.reply.array(registers.len());
    registers.into_iter().for_each(|register| context.reply.integer(register.into()));
}

/// Opcodes as text: `z` for ZERO, `Z` for XZERO, `v` for VAL.
fn decode(bytes: &[u8]) -> String {
    let word = |run: sparse::Run| match run.value {
        0 if run.is_long() => format!("Z:{}", run.length),
        0 => format!("z:{}", run.length),
        value => format!("v:{value},{}", run.length),
    };
    let words: Vec<String> = sparse::runs_of(bytes).map(word).collect();
    words.join(" ")
}
