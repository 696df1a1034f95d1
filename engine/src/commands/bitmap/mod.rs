//! Bitmaps: strings as arrays of bits.
//!
//! ```text
//! byte:        0                 1
//! bit:   0 1 2 3 4 5 6 7   8 9 ...
//!        most significant first; beyond the end all are clear
//! ```

mod bit;
mod count;
mod field;
mod integer;
mod operation;
#[cfg(test)]
mod tests;
mod words;

use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::Command;

/// The family.
pub const COMMANDS: &[Command] =
    &[bit::SETBIT, bit::GETBIT, count::BITCOUNT, count::BITPOS, operation::BITOP, field::BITFIELD, field::BITFIELD_RO];

const INVALID_OFFSET: Error = Error::Text("ERR bit offset is not an integer or out of range");

/// A bit's place in a string.
///
/// # Errors
/// If it is no integer, negative, or in no byte of the longest string.
fn parse_offset(context: &Context<'_>, text: &[u8]) -> Result<u64, Error> {
    within_limit(context, parse_i64(text))
}

/// # Errors
/// As [`parse_offset`].
fn within_limit(context: &Context<'_>, offset: Option<i64>) -> Result<u64, Error> {
    let offset = offset.and_then(|offset| u64::try_from(offset).ok()).ok_or(INVALID_OFFSET)?;
    if offset >> 3 < context.server.bulk_max.max(0) as u64 { Ok(offset) } else { Err(INVALID_OFFSET) }
}
