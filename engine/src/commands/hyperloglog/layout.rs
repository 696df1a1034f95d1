//! The layout of a value, and what both encodings have in common.
//!
//! ```text
//!  0         4          5        8                 16
//! +---------+----------+--------+-----------------+------------------------+
//! | "HYLL"  | encoding | unused | estimate, LE    | registers              |
//! +---------+----------+--------+-----------------+------------------------+
//!             0 dense               top bit set:    dense: 16,384 of 6 bits
//!             1 sparse              out of date     sparse: opcodes
//! ```
//!
//! An element's hash chooses a register by its low 14 bits; the register keeps
//! the longest run of zeros, plus one, that the other 50 bits of any element
//! began with.

use super::sparse::Cursor;
use super::{dense, murmur, sparse};
use crate::command::error::Error;
use crate::data::entry::Value;
use alloc::vec::Vec;

/// Bits of a hash that choose a register.
const INDEX_BITS: u32 = 14;
/// Number of registers.
pub(super) const REGISTERS: usize = 1 << INDEX_BITS;
/// The other bits of a hash: what a register holds is at most one more.
pub(super) const RUN_BITS: u32 = u64::BITS - INDEX_BITS;
/// Bytes before the registers.
pub(super) const HEADER: usize = 16;
/// Where the estimate is.
pub(super) const ESTIMATE: usize = 8;
const MAGIC: &[u8] = b"HYLL";
const ENCODING: usize = 4;
/// The byte of the estimate whose top bit says that it is out of date.
const STALE: usize = 15;

/// All registers, a byte each.
pub(super) type Registers = [u8; REGISTERS];

/// How the registers are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Encoding {
    /// Six bits each.
    Dense,
    /// In opcodes for runs of equal ones.
    Sparse,
}

impl Encoding {
    /// The encoding of a string, if it is a value at all; what it consists of is
    /// not looked at yet.
    ///
    /// # Errors
    /// If it is none.
    pub(super) fn of(value: Value<'_>) -> Result<(Encoding, &[u8]), Error> {
        const NOT_ONE: Error = Error::Text("WRONGTYPE Key is not a valid HyperLogLog string value.");
        let Value::Bytes(bytes) = value else { return Err(NOT_ONE) };
        match bytes.get(ENCODING) {
            Some(0) if bytes.starts_with(MAGIC) && bytes.len() == dense::LENGTH => Ok((Encoding::Dense, bytes)),
            Some(1) if bytes.starts_with(MAGIC) && bytes.len() >= HEADER => Ok((Encoding::Sparse, bytes)),
            _ => Err(NOT_ONE),
        }
    }

    /// The name that PFDEBUG answers.
    pub(super) fn name(self) -> &'static str {
        match self {
            Encoding::Dense => "dense",
            Encoding::Sparse => "sparse",
        }
    }
}

/// The start of a value without elements, whose estimate is right.
fn header(encoding: Encoding) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..MAGIC.len()].copy_from_slice(MAGIC);
    header[ENCODING] = u8::from(encoding == Encoding::Sparse);
    header
}

/// A value without elements.
pub(super) fn empty() -> Vec<u8> {
    let mut bytes = header(Encoding::Sparse).to_vec();
    sparse::push_zeros(&mut bytes, REGISTERS);
    bytes
}

/// A dense value with no register set; the estimate, which may be out of date,
/// is that of another value.
pub(super) fn empty_dense(of: &[u8]) -> Vec<u8> {
    let mut bytes = header(Encoding::Dense).to_vec();
    if let Some(rest) = of.get(ENCODING + 1..HEADER) {
        bytes[ENCODING + 1..].copy_from_slice(rest);
    }
    bytes.resize(dense::LENGTH, 0);
    bytes
}

/// The estimate that a value keeps, unless it is out of date.
pub(super) fn kept_estimate(bytes: &[u8]) -> Option<u64> {
    let estimate = bytes.get(ESTIMATE..HEADER)?.first_chunk()?;
    let estimate = u64::from_le_bytes(*estimate);
    (estimate >> 63 == 0).then_some(estimate)
}

/// The estimate of a value that changes is out of date.
pub(super) fn invalidate(bytes: &mut [u8]) {
    if let Some(byte) = bytes.get_mut(STALE) {
        *byte |= 0x80;
    }
}

/// The register of an element, and what it has to be at least.
pub(super) fn place(element: &[u8]) -> (usize, u8) {
    let hash = murmur::hash(element);
    // A bit beyond the end ends the run.
    let run = (hash >> INDEX_BITS | 1 << RUN_BITS).trailing_zeros() + 1;
    (hash as usize & (REGISTERS - 1), run as u8)
}

/// Raises registers to those of a value where these are larger.
///
/// # Errors
/// If the value is corrupted.
pub(super) fn merge(into: &mut Registers, encoding: Encoding, bytes: &[u8]) -> Result<(), Error> {
    match encoding {
        Encoding::Dense => {
            dense::merge(into, bytes);
            Ok(())
        }
        Encoding::Sparse => sparse::merge(into, bytes),
    }
}

/// Raises a register of a value; a sparse value may become a dense one by that.
/// True if it changed.
///
/// # Errors
/// If the value is corrupted.
pub(super) fn raise(bytes: &mut Vec<u8>, index: usize, value: u8, sparse_length_max: usize) -> Result<bool, Error> {
    raise_from(bytes, &mut { Cursor::START }, index, value, sparse_length_max)
}

/// As [`raise`], of several registers whose indices ascend.
///
/// # Errors
/// If the value is corrupted.
pub(super) fn raise_all(
    bytes: &mut Vec<u8>,
    registers: impl Iterator<Item = (usize, u8)>,
    sparse_length_max: usize,
) -> Result<(), Error> {
    let mut from = Cursor::START;
    for (index, value) in registers {
        raise_from(bytes, &mut from, index, value, sparse_length_max)?;
    }
    Ok(())
}

fn raise_from(
    bytes: &mut Vec<u8>,
    from: &mut Cursor,
    index: usize,
    value: u8,
    sparse_length_max: usize,
) -> Result<bool, Error> {
    match Encoding::of(Value::Bytes(bytes))?.0 {
        Encoding::Dense => Ok(dense::raise(bytes, index, value)),
        Encoding::Sparse => sparse::raise(bytes, from, index, value, sparse_length_max),
    }
}
