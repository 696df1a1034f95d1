//! Ziplists, as versions before 7.0 packed small lists, hashes and sorted sets: read, never written.
//!
//! ```text
//! +----------+---------+---------+-- ... --+------+
//! | bytes    | tail    | count   | element | 0xFF |
//! +----------+---------+---------+-- ... --+------+
//!   u32 le     u32 le    u16 le, 0xFFFF: not told
//!
//! element   size of the one before        encoding, value
//!           u8, or 0xFE and u32 le        00LLLLLL                     string up to 63
//!                                         01LLLLLL LLLLLLLL            string up to 16383
//!                                         10...... u32 be              string
//!                                         0xC0 i16  0xD0 i32  0xE0 i64  0xF0 i24  0xFE i8, all le
//!                                         0xF1..=0xFD                  0..=12
//! ```
//!
//! The tail is where the last element begins. Whatever the bytes are, they are looked at as a whole first; then going
//! over them cannot fail.

use crate::data::entry::Value;
use crate::data::limits::LISTPACK_BYTES_MAX;
use crate::data::listpack;
use alloc::vec::Vec;

const HEADER: usize = 10;
const END: u8 = 0xFF;
/// The size of the one before takes four bytes more.
const LONG_SIZE: u8 = 0xFE;
/// The count does not say how many elements there are.
const MANY: u16 = u16::MAX;

/// A ziplist whose bytes were found right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ziplist<'a> {
    bytes: &'a [u8],
}

/// One element, and where the next begins.
struct Element<'a> {
    size_before: usize,
    value: Value<'a>,
    end: usize,
}

impl<'a> Ziplist<'a> {
    /// Looks at untrusted bytes: all lengths, forwards and backwards, the tail and the count. `None` also if there is
    /// more than a listpack may hold.
    pub(super) fn validate(bytes: &'a [u8]) -> Option<Ziplist<'a>> {
        let total = u32::from_le_bytes(*bytes.first_chunk()?) as usize;
        let tail = u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?) as usize;
        let stated = u16::from_le_bytes(*bytes.get(8..)?.first_chunk()?);
        let last = bytes.len().checked_sub(1)?;
        if total != bytes.len() || total > LISTPACK_BYTES_MAX || last < HEADER || bytes[last] != END || tail > last {
            return None;
        }
        let (mut at, mut size, mut count, mut start) = (HEADER, 0, 0usize, None);
        while bytes[at] != END {
            let element = element_at(bytes, at)?;
            if element.size_before != size || element.end > last {
                return None;
            }
            (size, start, at) = (element.end - at, Some(at), element.end);
            count += 1;
        }
        let right = at == last && start.is_none_or(|start| start == tail);
        (right && (stated == MANY || usize::from(stated) == count)).then_some(Ziplist { bytes })
    }

    /// Its elements.
    pub(super) fn iter(self) -> impl Iterator<Item = Value<'a>> {
        let mut at = HEADER;
        core::iter::from_fn(move || {
            let element = self.bytes.get(at).filter(|&&first| first != END).and_then(|_| element_at(self.bytes, at))?;
            at = element.end;
            Some(element.value)
        })
    }

    /// The same as a listpack.
    pub(super) fn to_listpack(self) -> Vec<u8> {
        let mut bytes = listpack::empty();
        self.iter().for_each(|value| listpack::push_back(&mut bytes, value));
        bytes
    }
}

/// Reads the element that begins at `at`; `None` if it reaches beyond the bytes, or has no encoding.
fn element_at(bytes: &[u8], at: usize) -> Option<Element<'_>> {
    let rest = bytes.get(at..)?;
    let (size_before, start) = match *rest.first()? {
        LONG_SIZE => (u32::from_le_bytes(*rest.get(1..)?.first_chunk()?) as usize, 5),
        size => (usize::from(size), 1),
    };
    let rest = rest.get(start..)?;
    let (value, length) = value_of(rest)?;
    Some(Element { size_before, value, end: at + start + length })
}

/// A value and the bytes that it takes with its encoding.
fn value_of(bytes: &[u8]) -> Option<(Value<'_>, usize)> {
    let (&first, rest) = bytes.split_first()?;
    let string = |start: usize, length: usize| {
        let end = start.checked_add(length)?;
        Some((Value::Bytes(bytes.get(start..end)?), end))
    };
    let integer = |size: usize| {
        let content = rest.get(..size)?;
        let mut wide = [if content.last()? & 0x80 != 0 { 0xFF } else { 0 }; 8];
        wide.get_mut(..size)?.copy_from_slice(content);
        Some((Value::Integer(i64::from_le_bytes(wide)), 1 + size))
    };
    match first {
        0..0x40 => string(1, usize::from(first)),
        0x40..0x80 => string(2, usize::from(first & 0x3F) << 8 | usize::from(*rest.first()?)),
        0x80..0xC0 => string(5, u32::from_be_bytes(*rest.first_chunk()?) as usize),
        0xC0 => integer(2),
        0xD0 => integer(4),
        0xE0 => integer(8),
        0xF0 => integer(3),
        0xFE => integer(1),
        0xF1..=0xFD => Some((Value::Integer(i64::from(first) - 0xF1), 1)),
        _ => None,
    }
}
