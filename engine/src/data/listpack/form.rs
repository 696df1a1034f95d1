//! How one element is written: its encoding, its content, and backwards how
//! long both are.
//!
//! ```text
//! 0xxxxxxx                      0..=127              11110000 u32 ...    string
//! 10xxxxxx ...                  string up to 63      11110001 i16        integer
//! 110xxxxx xxxxxxxx             integer of 13 bits   11110010 i24        integer
//! 1110xxxx xxxxxxxx ...         string up to 4095    11110011 i32        integer
//!                                                    11110100 i64        integer
//! ```
//!
//! The two integers of few bits, and the length of 12, are big endian, all else
//! is little endian. What is written takes the shortest encoding; what is read
//! may take any.

use crate::data::entry::Value;

/// Bytes of an integer's encoding at most.
pub(super) const INTEGER_MAX: usize = 9;

/// The encoding and length of an element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// An integer of 7 bits.
    Small,
    /// An integer of 13 bits.
    Medium,
    /// An integer of so many bytes.
    Integer(usize),
    /// A string that begins at, and has, so many bytes.
    String(usize, usize),
}

impl Form {
    /// Bytes of encoding and content.
    #[inline]
    pub(super) fn length(self) -> usize {
        match self {
            Form::Small => 1,
            Form::Medium => 2,
            Form::Integer(bytes) => 1 + bytes,
            Form::String(start, length) => start + length,
        }
    }

    /// The value of an element of this form; `None` if it is cut short.
    #[inline]
    pub(super) fn value(self, element: &[u8]) -> Option<Value<'_>> {
        Some(match self {
            Form::Small => Value::Integer((*element.first()?).into()),
            Form::Medium => {
                let bits = u16::from_be_bytes(*element.first_chunk()?);
                Value::Integer(i64::from((bits << 3).cast_signed() >> 3))
            }
            Form::Integer(size) => {
                let content = element.get(1..=size)?;
                let negative = content.last()? & 0x80 != 0;
                let mut wide = [if negative { 0xFF } else { 0 }; 8];
                wide.get_mut(..size)?.copy_from_slice(content);
                Value::Integer(i64::from_le_bytes(wide))
            }
            Form::String(start, length) => Value::Bytes(element.get(start..start + length)?),
        })
    }
}

/// The form of the element that begins with these bytes; `None` if none does.
#[inline]
pub(super) fn form_of(bytes: &[u8]) -> Option<Form> {
    let (&first, rest) = bytes.split_first()?;
    Some(match first {
        0..0x80 => Form::Small,
        0x80..0xC0 => Form::String(1, usize::from(first & 0x3F)),
        0xC0..0xE0 => Form::Medium,
        0xE0..0xF0 => Form::String(2, usize::from(first & 0x0F) << 8 | usize::from(*rest.first()?)),
        0xF0 => Form::String(5, u32::from_le_bytes(*rest.first_chunk()?) as usize),
        0xF1 => Form::Integer(2),
        0xF2 => Form::Integer(3),
        0xF3 => Form::Integer(4),
        0xF4 => Form::Integer(8),
        _ => return None,
    })
}

/// Bytes of the element that begins with these, including what says its length
/// backwards; `None` if none does.
#[inline]
pub(super) fn extent_of(bytes: &[u8]) -> Option<usize> {
    match *bytes.first()? {
        0..0x80 => Some(2),
        first @ 0x80..0xC0 => Some(2 + usize::from(first & 0x3F)),
        0xC0..0xE0 => Some(3),
        _ => {
            let length = form_of(bytes)?.length();
            Some(length + backward_size(length))
        }
    }
}

/// Bytes that it takes to say backwards that something is so long. From two
/// bytes on, the greatest length that would fit takes one byte more: so the
/// format has it.
#[inline]
pub(super) fn backward_size(length: usize) -> usize {
    match length {
        0..=127 => 1,
        128..16_383 => 2,
        16_383..2_097_151 => 3,
        2_097_151..268_435_455 => 4,
        _ => 5,
    }
}

/// Reads backwards how long what ends before `end` is: that, and the bytes that
/// say it. `None` if more than five do.
#[inline]
pub(super) fn read_backward(bytes: &[u8], end: usize) -> Option<(usize, usize)> {
    let mut length = 0;
    for size in 1..=5 {
        let byte = *bytes.get(end.checked_sub(size)?)?;
        length |= usize::from(byte & 0x7F) << (7 * (size - 1));
        if byte & 0x80 == 0 {
            return Some((length, size));
        }
    }
    None
}

/// The encoding of an integer, without what says its length backwards.
#[inline]
pub(super) fn encode_integer(number: i64, buffer: &mut [u8; INTEGER_MAX]) -> &[u8] {
    let bytes = number.to_le_bytes();
    let mut long = |first: u8, size: usize| {
        buffer[0] = first;
        buffer[1..=size].copy_from_slice(&bytes[..size]);
        1 + size
    };
    let size = match number {
        0..=127 => {
            buffer[0] = number as u8;
            1
        }
        -4096..=4095 => {
            let [high, low] = (number as u16).to_be_bytes();
            (buffer[0], buffer[1]) = (0xC0 | high & 0x1F, low);
            2
        }
        -0x8000..=0x7FFF => long(0xF1, 2),
        -0x80_0000..=0x7F_FFFF => long(0xF2, 3),
        -0x8000_0000..=0x7FFF_FFFF => long(0xF3, 4),
        _ => long(0xF4, 8),
    };
    &buffer[..size]
}

/// Bytes that an element takes, including what says its length backwards.
#[inline]
pub fn element_size(value: Value<'_>) -> usize {
    let length = match value {
        Value::Integer(number) => encode_integer(number, &mut [0; INTEGER_MAX]).len(),
        Value::Bytes(text) => text.len() + string_prefix(text.len()),
    };
    length + backward_size(length)
}

/// Writes an element into just as many bytes as [`element_size`] says.
#[inline]
pub(super) fn write_element(out: &mut [u8], value: Value<'_>) {
    let length = match value {
        Value::Integer(number) => {
            let mut buffer = [0; INTEGER_MAX];
            let encoded = encode_integer(number, &mut buffer);
            out[..encoded.len()].copy_from_slice(encoded);
            encoded.len()
        }
        Value::Bytes(text) => {
            let prefix = string_prefix(text.len());
            match prefix {
                1 => out[0] = 0x80 | text.len() as u8,
                2 => (out[0], out[1]) = (0xE0 | (text.len() >> 8) as u8, text.len() as u8),
                _ => {
                    out[0] = 0xF0;
                    out[1..5].copy_from_slice(&(text.len() as u32).to_le_bytes());
                }
            }
            out[prefix..prefix + text.len()].copy_from_slice(text);
            prefix + text.len()
        }
    };
    let size = backward_size(length);
    for (index, byte) in out[length..length + size].iter_mut().enumerate() {
        let group = (length >> (7 * (size - 1 - index))) as u8 & 0x7F;
        *byte = group | if index == 0 { 0 } else { 0x80 };
    }
}

/// Bytes before a string of this length.
#[inline]
fn string_prefix(length: usize) -> usize {
    match length {
        0..64 => 1,
        64..4096 => 2,
        _ => 5,
    }
}
