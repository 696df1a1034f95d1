//! Sparse values: opcodes for runs of equal registers.
//!
//! ```text
//! ZERO   00 xxxxxx            x + 1 registers of 0: 1 to 64
//! XZERO  01 xxxxxx yyyyyyyy   xy + 1 registers of 0: 1 to 16,384
//! VAL    1 vvvvv xx           x + 1 registers of v + 1: 1 to 4 of 1 to 32
//! ```
//!
//! A register is raised by splitting the run that it is in. Which runs are
//! joined again is up to the format's first implementation: bytes are to be
//! equal to those that it writes.

use super::estimate::Histogram;
use super::layout::{HEADER, REGISTERS, Registers, empty_dense, invalidate};
use super::{CORRUPTED, dense};
use crate::command::error::Error;
use alloc::vec::Vec;

/// The longest run of one byte.
const ZERO_MAX: usize = 64;
/// The longest run of registers that are not zero.
const VALUE_RUN_MAX: usize = 4;
/// The largest register of an opcode.
const VALUE_MAX: u8 = 32;
/// The opcodes that are looked at for runs to join.
const JOIN_WINDOW: usize = 5;

/// A run of equal registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Run {
    /// What they are.
    pub(super) value: u8,
    /// How many, at least one.
    pub(super) length: usize,
    /// Bytes of the opcode.
    size: usize,
}

impl Run {
    /// The run whose opcode begins some bytes.
    fn first(bytes: &[u8]) -> Option<Run> {
        let (&opcode, rest) = bytes.split_first()?;
        Some(match opcode >> 6 {
            0 => Run { value: 0, length: usize::from(opcode) + 1, size: 1 },
            // One that is cut off ends the value.
            1 => {
                let low = rest.first().copied().unwrap_or(0);
                Run { value: 0, length: (usize::from(opcode & 0x3F) << 8 | usize::from(low)) + 1, size: 2 }
            }
            _ => Run { value: (opcode >> 2 & 0x1F) + 1, length: usize::from(opcode & 3) + 1, size: 1 },
        })
    }

    /// True for zeros of an opcode of two bytes.
    pub(super) fn is_long(self) -> bool {
        self.size == 2
    }
}

/// The runs of some opcodes.
fn runs(mut opcodes: &[u8]) -> impl Iterator<Item = Run> {
    core::iter::from_fn(move || {
        let run = Run::first(opcodes)?;
        opcodes = opcodes.get(run.size..).unwrap_or(&[]);
        Some(run)
    })
}

/// The runs of a value, corrupted or not.
pub(super) fn runs_of(bytes: &[u8]) -> impl Iterator<Item = Run> {
    runs(bytes.get(HEADER..).unwrap_or(&[]))
}

/// Calls `visit` with the runs of a value and where they begin.
///
/// # Errors
/// If they do not come to all registers; up to there `visit` was called.
fn visit_runs(bytes: &[u8], mut visit: impl FnMut(usize, Run)) -> Result<(), Error> {
    let mut index = 0;
    for run in runs_of(bytes) {
        if run.length > REGISTERS - index {
            return Err(CORRUPTED);
        }
        visit(index, run);
        index += run.length;
    }
    if index == REGISTERS { Ok(()) } else { Err(CORRUPTED) }
}

/// How many registers hold each value.
///
/// # Errors
/// If the value is corrupted.
pub(super) fn histogram(bytes: &[u8]) -> Result<Histogram, Error> {
    let mut histogram = [0; 64];
    visit_runs(bytes, |_, run| histogram[usize::from(run.value)] += run.length as u32)?;
    Ok(histogram)
}

/// Raises registers to those of a value where these are larger.
///
/// # Errors
/// If the value is corrupted.
pub(super) fn merge(into: &mut Registers, bytes: &[u8]) -> Result<(), Error> {
    visit_runs(bytes, |index, run| {
        if run.value > 0 {
            into[index..index + run.length].iter_mut().for_each(|register| *register = run.value.max(*register));
        }
    })
}

/// The dense value with the same registers.
///
/// # Errors
/// If the value is corrupted.
pub(super) fn to_dense(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut registers = empty_dense(bytes);
    visit_runs(bytes, |index, run| {
        if run.value > 0 {
            for index in index..index + run.length {
                dense::raise(&mut registers, index, run.value);
            }
        }
    })?;
    Ok(registers)
}

/// Appends the opcode for a run of zeros; none for none.
pub(super) fn push_zeros(opcodes: &mut Vec<u8>, length: usize) {
    let Some(rest) = length.checked_sub(1) else { return };
    if length > ZERO_MAX {
        opcodes.push(0x40 | (rest >> 8) as u8);
    }
    opcodes.push(rest as u8);
}

/// The opcode for a run that is not zero.
fn value_opcode(value: u8, length: usize) -> u8 {
    0x80 | (value - 1) << 2 | (length - 1) as u8
}

fn push_run(opcodes: &mut Vec<u8>, value: u8, length: usize) {
    if value == 0 {
        push_zeros(opcodes, length);
    } else if length > 0 {
        opcodes.push(value_opcode(value, length));
    }
}

/// Where an opcode begins, and the first register of its run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cursor {
    at: usize,
    first: usize,
}

impl Cursor {
    /// The first opcode.
    pub(super) const START: Cursor = Cursor { at: HEADER, first: 0 };
}

/// Where a register is in a value.
struct Found {
    here: Cursor,
    run: Run,
    /// The opcode before, and the one before that, or the first.
    before: [Cursor; 2],
}

fn find(bytes: &[u8], from: Cursor, index: usize) -> Option<Found> {
    let (mut before, mut here) = ([from; 2], from);
    for run in runs(bytes.get(from.at..)?) {
        if index < here.first + run.length {
            return Some(Found { here, run, before });
        }
        before = [here, before[0]];
        here = Cursor { at: here.at + run.size, first: here.first + run.length };
    }
    None
}

/// Raises a register. Where the value would become longer than `length_max`, or
/// the register more than an opcode can say, it becomes dense. True if it
/// changed.
///
/// The register is looked for from `from` on, which is set to where one with a
/// larger index may be looked for next: nothing before the opcode before
/// changes, and that one is before a larger one, too.
///
/// # Errors
/// If the value is corrupted.
pub(super) fn raise(
    bytes: &mut Vec<u8>,
    from: &mut Cursor,
    index: usize,
    value: u8,
    length_max: usize,
) -> Result<bool, Error> {
    if value > VALUE_MAX {
        return raise_dense(bytes, index, value);
    }
    let Found { here, run, before } = find(bytes, *from, index).ok_or(CORRUPTED)?;
    *from = before[1];
    if run.value >= value {
        return Ok(false);
    }
    let mut opcodes = Vec::with_capacity(5);
    push_run(&mut opcodes, run.value, index - here.first);
    opcodes.push(value_opcode(value, 1));
    push_run(&mut opcodes, run.value, here.first + run.length - 1 - index);
    if opcodes.len() > run.size && bytes.len() + opcodes.len() - run.size > length_max {
        return raise_dense(bytes, index, value);
    }
    let length = bytes.len() + opcodes.len() - run.size;
    let end = (here.at + run.size).min(bytes.len());
    bytes.splice(here.at..end, opcodes);
    // An opcode that was cut off counted whole.
    bytes.truncate(length);
    join(bytes, before[0].at);
    invalidate(bytes);
    Ok(true)
}

fn raise_dense(bytes: &mut Vec<u8>, index: usize, value: u8) -> Result<bool, Error> {
    *bytes = to_dense(bytes)?;
    invalidate(bytes);
    Ok(dense::raise(bytes, index, value))
}

/// Joins runs of equal registers among the opcodes from `at` on, as far as they
/// fit into one.
fn join(bytes: &mut Vec<u8>, mut at: usize) {
    for _ in 0..JOIN_WINDOW {
        let Some(run) = bytes.get(at..).and_then(Run::first) else { return };
        let next = bytes.get(at + run.size..).and_then(Run::first);
        match next {
            Some(next) if run.value > 0 && next.value == run.value && run.length + next.length <= VALUE_RUN_MAX => {
                bytes[at + 1] = value_opcode(run.value, run.length + next.length);
                bytes.remove(at);
            }
            _ => at += run.size,
        }
    }
}
