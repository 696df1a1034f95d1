//! Dense values: registers of six bits, each from the lowest free bit on.
//!
//! ```text
//! byte:      0        1        2
//! register:  11000000 22221111 33333322     highest bit of a byte first
//! ```
//!
//! Three bytes hold four registers.

use super::layout::{HEADER, REGISTERS, Registers};

/// The length of a dense value in bytes.
pub(super) const LENGTH: usize = HEADER + REGISTERS * 6 / 8;

/// Where a register is: the three bytes that hold it, and its lowest bit there.
fn place(index: usize) -> (usize, u32) {
    (HEADER + index / 4 * 3, (index % 4) as u32 * 6)
}

fn group(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |group, &byte| group << 8 | u32::from(byte))
}

/// A register of a value.
pub(super) fn get(bytes: &[u8], index: usize) -> u8 {
    let (at, shift) = place(index);
    bytes.get(at..at + 3).map_or(0, |bytes| (group(bytes) >> shift) as u8 & 63)
}

/// Raises a register; true if it was less.
pub(super) fn raise(bytes: &mut [u8], index: usize, value: u8) -> bool {
    let (at, shift) = place(index);
    if get(bytes, index) >= value {
        return false;
    }
    let Some(bytes) = bytes.get_mut(at..at + 3) else { return false };
    let new = group(bytes) & !(63 << shift) | u32::from(value & 63) << shift;
    bytes.copy_from_slice(&new.to_le_bytes()[..3]);
    true
}

/// Calls `visit` with all registers in order.
pub(super) fn for_each(bytes: &[u8], mut visit: impl FnMut(u8)) {
    for bytes in bytes.get(HEADER..).unwrap_or(&[]).as_chunks::<3>().0 {
        let group = group(bytes);
        (0..4).for_each(|at| visit((group >> (at * 6)) as u8 & 63));
    }
}

/// Raises registers to those of a value where these are larger.
pub(super) fn merge(into: &mut Registers, bytes: &[u8]) {
    let mut registers = into.iter_mut();
    for_each(bytes, |value| {
        if let Some(register) = registers.next() {
            *register = value.max(*register);
        }
    });
}
