//! Estimates: PFCOUNT.

use super::estimate::{Histogram, estimate};
use super::layout::{ESTIMATE, Encoding, REGISTERS, kept_estimate, merge};
use super::{dense, sparse};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;

/// PFCOUNT.
pub(super) const PFCOUNT: Command = Command {
    name: "pfcount",
    group: Group::Hyperloglog,
    since: "2.8.9",
    summary: "Estimates how many different elements the HyperLogLogs at some keys were given.",
    complexity: "O(1) with one key whose estimate is kept; O(N) where N is the number of keys, with a large constant, otherwise.",
    arity: -2,
    flags: Flags::MAY_REPLICATE.and(Flags::READONLY),
    categories: Categories::HYPERLOGLOG.and(Categories::READ).and(Categories::SLOW),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: -1, step: 1, limit: 0 },
        notes: "RW because it may change the internal representation of the key, and propagate to replicas",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)).multiple()],
    subcommands: &[],
    handler: pfcount,
};

fn pfcount(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let estimate = if arguments.len() == 2 { of_one(context, &arguments)? } else { of_union(context, &arguments)? };
    context.reply.integer(estimate as i64);
    Ok(())
}

/// The estimate of one key, which keeps it.
fn of_one(context: &mut Context<'_>, arguments: &Arguments<'_>) -> Result<u64, Error> {
    let key = context.key(arguments, 1);
    let Some(location) = context.find_read(&key) else { return Ok(0) };
    let (encoding, bytes) = Encoding::of(context.string_at(location)?)?;
    if let Some(kept) = kept_estimate(bytes) {
        return Ok(kept);
    }
    let estimate = estimate(&histogram(encoding, bytes)?);
    if context.reads_may_write() {
        context.write_string(&key, Some(location), ESTIMATE, &estimate.to_le_bytes());
        context.changed(&key, Event::SILENT, Record::Command);
    }
    Ok(estimate)
}

/// The estimate of several keys together.
fn of_union(context: &mut Context<'_>, arguments: &Arguments<'_>) -> Result<u64, Error> {
    let mut registers = [0; REGISTERS];
    for index in 1..arguments.len() {
        let key = context.key(arguments, index);
        if let Some(value) = context.read_string(&key)? {
            let (encoding, bytes) = Encoding::of(value)?;
            merge(&mut registers, encoding, bytes)?;
        }
    }
    let mut histogram = [0; 64];
    registers.iter().for_each(|register| histogram[usize::from(register & 63)] += 1);
    Ok(estimate(&histogram))
}

/// How many registers of a value hold what.
///
/// # Errors
/// If the value is corrupted.
pub(super) fn histogram(encoding: Encoding, bytes: &[u8]) -> Result<Histogram, Error> {
    if encoding == Encoding::Sparse {
        return sparse::histogram(bytes);
    }
    let mut histogram = [0; 64];
    dense::for_each(bytes, |register| histogram[usize::from(register)] += 1);
    Ok(histogram)
}
