//! Lengths and strings as bytes: the one place that picks an encoding.

use alloc::vec::Vec;

use crate::base::{lzf, number};

use super::opcode;

/// Longest text that may be a 32-bit integer: "-2147483648".
const INTEGER_TEXT_MAX: usize = 11;
/// Shorter strings are not worth compressing, says the reference.
const COMPRESSION_SIZE_MIN: usize = 21;
/// Room for the decimal text of any `i64`.
pub(super) const INTEGER_TEXT_SIZE: usize = 20;

/// Appends `length` in its shortest form.
pub(super) fn write_length(output: &mut Vec<u8>, length: u64) {
    if length < 1 << 6 {
        output.push(length as u8);
    } else if length < 1 << 14 {
        output.extend_from_slice(&[opcode::LENGTH_14_BIT | (length >> 8) as u8, length as u8]);
    } else if let Ok(length) = u32::try_from(length) {
        let [a, b, c, d] = length.to_be_bytes();
        output.extend_from_slice(&[opcode::LENGTH_32_BIT, a, b, c, d]);
    } else {
        output.push(opcode::LENGTH_64_BIT);
        output.extend_from_slice(&length.to_be_bytes());
    }
}

/// Appends a string: as an integer if its text is one, compressed into `scratch` first if that is wanted and gains.
pub(super) fn write_string(output: &mut Vec<u8>, text: &[u8], scratch: Option<&mut Vec<u8>>) {
    if let Some(value) = integer_of(text)
        && write_short_integer(output, value)
    {
        return;
    }
    if let Some(scratch) = scratch
        && text.len() >= COMPRESSION_SIZE_MIN
        && write_compressed(output, text, scratch)
    {
        return;
    }
    write_length(output, text.len() as u64);
    output.extend_from_slice(text);
}

/// Appends the string that is the decimal text of `value`.
pub(super) fn write_integer(output: &mut Vec<u8>, value: i64) {
    if write_short_integer(output, value) {
        return;
    }
    let mut buffer = [0; INTEGER_TEXT_SIZE];
    let text = number::format_i64(value, &mut buffer);
    write_length(output, text.len() as u64);
    output.extend_from_slice(text);
}

/// The integer of which `text` is the one and only decimal text, if it is short enough to be worth a look.
fn integer_of(text: &[u8]) -> Option<i64> {
    let first = *text.first()?;
    if text.len() > INTEGER_TEXT_MAX || !(first.is_ascii_digit() || first == b'-') {
        return None;
    }
    number::parse_i64(text)
}

/// Appends `value` in 8, 16 or 32 bits; false, and nothing appended, if it needs more.
fn write_short_integer(output: &mut Vec<u8>, value: i64) -> bool {
    if let Ok(value) = i8::try_from(value) {
        output.extend_from_slice(&[opcode::ENCODED | opcode::ENCODING_INT8, value as u8]);
    } else if let Ok(value) = i16::try_from(value) {
        let [a, b] = value.to_le_bytes();
        output.extend_from_slice(&[opcode::ENCODED | opcode::ENCODING_INT16, a, b]);
    } else if let Ok(value) = i32::try_from(value) {
        let [a, b, c, d] = value.to_le_bytes();
        output.extend_from_slice(&[opcode::ENCODED | opcode::ENCODING_INT32, a, b, c, d]);
    } else {
        return false;
    }
    true
}

fn write_compressed(output: &mut Vec<u8>, text: &[u8], scratch: &mut Vec<u8>) -> bool {
    scratch.clear();
    if !lzf::compress(text, scratch) {
        return false;
    }
    write_lzf(output, scratch, text.len());
    true
}

/// Appends a string that is compressed already, and was so long before.
pub(super) fn write_lzf(output: &mut Vec<u8>, compressed: &[u8], plain_len: usize) {
    output.push(opcode::ENCODED | opcode::ENCODING_LZF);
    write_length(output, compressed.len() as u64);
    write_length(output, plain_len as u64);
    output.extend_from_slice(compressed);
}
