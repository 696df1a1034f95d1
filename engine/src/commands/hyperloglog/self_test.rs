//! Whether all this is right: PFSELFTEST.

use super::count::histogram;
use super::dense;
use super::estimate::estimate;
use super::layout::{Encoding, REGISTERS, empty, empty_dense, place, raise};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::hash::mix;
use crate::resp::request::Arguments;
use alloc::format;

/// PFSELFTEST.
pub(super) const PFSELFTEST: Command = Command {
    name: "pfselftest",
    group: Group::Hyperloglog,
    since: "2.8.9",
    summary: "Checks this server's HyperLogLogs.",
    complexity: "O(N) where N is the number of elements that are tried.",
    arity: 1,
    flags: Flags::ADMIN,
    categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::HYPERLOGLOG).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: pfselftest,
};

/// Elements that are added; on the way the estimate is looked at each time that
/// they have doubled.
const ELEMENTS: u64 = 1 << 14;
/// Standard errors by which an estimate may be off.
const ERRORS_MAX: f64 = 4.0;
/// Differences that are due to rounding of small numbers.
const SLACK: f64 = 2.0;

fn pfselftest(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    test_registers()?;
    test_estimates()?;
    context.reply.ok();
    Ok(())
}

/// Each register keeps what it was raised to, and none disturbs another.
fn test_registers() -> Result<(), Error> {
    let mut bytes = empty_dense(&[]);
    let value = |index: usize| mix(index as u64) as u8 & 63;
    let raised = (0..REGISTERS).filter(|&index| dense::raise(&mut bytes, index, value(index))).count();
    let expected = (0..REGISTERS).filter(|&index| value(index) > 0).count();
    let kept = (0..REGISTERS).all(|index| dense::get(&bytes, index) == value(index));
    if raised == expected && kept { Ok(()) } else { Err(Error::Text("ERR TESTFAILED Registers differ")) }
}

/// Estimates are near, and the same for both encodings.
fn test_estimates() -> Result<(), Error> {
    let (mut small, mut large) = (empty(), empty_dense(&[]));
    let standard_error = 1.04 / libm::sqrt(REGISTERS as f64);
    for element in 1..=ELEMENTS {
        let (index, value) = place(&mix(element).to_le_bytes());
        dense::raise(&mut large, index, value);
        // A sparse one of many elements takes long.
        let both = element <= ELEMENTS / 16;
        if both {
            raise(&mut small, index, value, usize::MAX)?;
        }
        if !element.is_power_of_two() {
            continue;
        }
        let found = estimate(&histogram(Encoding::Dense, &large)?);
        let off = libm::fabs(found as f64 - element as f64);
        let same = !both || estimate(&histogram(Encoding::Sparse, &small)?) == found;
        if !same || off > standard_error * ERRORS_MAX * element as f64 + SLACK {
            return Err(Error::Formatted(format!("ERR TESTFAILED {element} elements are estimated as {found}")));
        }
    }
    Ok(())
}
