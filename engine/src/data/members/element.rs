//! An element as it stands in a bucket.
//!
//! ```text
//! +----------------+---------------+----------------------+-----------------------------+
//! | head (varint)  | expiry        | value length         | member and value            |
//! |                | if it expires | if here, and valued  | here, or their slot if not  |
//! +----------------+---------------+----------------------+-----------------------------+
//! head: member length * 4, + 2 if it stands elsewhere, + 1 if it expires
//! expiry: milliseconds since 1970, i64       slot: u32, number among the bucket's long ones
//! ```
//!
//! All numbers are little-endian. What stands elsewhere is one run of bytes as
//! well, member and value: the value's length is what is left of it.

const EXPIRES: u64 = 1;
const ELSEWHERE: u64 = 2;
const EXPIRY_BYTES: usize = 8;
const SLOT_BYTES: usize = 4;
/// Bytes of the longest varint.
const VARINT_BYTES_MAX: usize = 10;

/// An element that was found in a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored<'a> {
    pub(super) expire_at_ms: Option<i64>,
    pub(super) member_length: usize,
    pub(super) place: Place<'a>,
    /// Bytes that it takes among the elements.
    pub(super) size: usize,
}

/// Where member and value stand, one behind the other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    /// Here.
    Here(&'a [u8]),
    /// In a slot among the bucket's long ones.
    Elsewhere(u32),
}

impl Stored<'_> {
    /// The slot of one that stands elsewhere.
    pub(super) fn slot(&self) -> Option<u32> {
        if let Place::Elsewhere(slot) = self.place { Some(slot) } else { None }
    }
}

/// An element that is to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct New<'a> {
    pub(super) expire_at_ms: Option<i64>,
    pub(super) text: Text<'a>,
}

/// Member and value of an element that is to be written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text<'a> {
    /// Here, in a set.
    Member(&'a [u8]),
    /// Here, in a hash.
    Pair(&'a [u8], &'a [u8]),
    /// The member's length, and the slot where it stands.
    Elsewhere(usize, u32),
}

impl Text<'_> {
    fn member_length(&self) -> usize {
        match *self {
            Text::Member(member) | Text::Pair(member, _) => member.len(),
            Text::Elsewhere(member_length, _) => member_length,
        }
    }
}

impl New<'_> {
    fn head(&self) -> u64 {
        let elsewhere = if matches!(self.text, Text::Elsewhere(..)) { ELSEWHERE } else { 0 };
        let expires = if self.expire_at_ms.is_some() { EXPIRES } else { 0 };
        (self.text.member_length() as u64) << 2 | elsewhere | expires
    }

    /// Bytes that [`New::write`] fills.
    pub(super) fn size(&self) -> usize {
        let text = match self.text {
            Text::Member(member) => member.len(),
            Text::Pair(member, value) => varint_size(value.len() as u64) + member.len() + value.len(),
            Text::Elsewhere(..) => SLOT_BYTES,
        };
        let expiry = if self.expire_at_ms.is_some() { EXPIRY_BYTES } else { 0 };
        varint_size(self.head()) + expiry + text
    }

    /// Writes the element into [`New::size`] bytes.
    pub(super) fn write(&self, out: &mut [u8]) {
        let mut out = Writer { out, at: 0 };
        out.varint(self.head());
        if let Some(expire_at_ms) = self.expire_at_ms {
            out.put(&expire_at_ms.to_le_bytes());
        }
        match self.text {
            Text::Member(member) => out.put(member),
            Text::Pair(member, value) => {
                out.varint(value.len() as u64);
                out.put(member);
                out.put(value);
            }
            Text::Elsewhere(_, slot) => out.put(&slot.to_le_bytes()),
        }
    }
}

/// Fills bytes from their beginning.
struct Writer<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.out[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.put(&[number as u8 | 0x80]);
            number >>= 7;
        }
        self.put(&[number as u8]);
    }
}

/// Reads the element at the beginning of `bytes`; `None` if there is none.
#[inline]
pub(super) fn read(bytes: &[u8], valued: bool) -> Option<Stored<'_>> {
    let (head, mut at) = read_varint(bytes)?;
    let member_length = usize::try_from(head >> 2).ok()?;
    let mut expire_at_ms = None;
    if head & EXPIRES != 0 {
        expire_at_ms = Some(i64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        at += EXPIRY_BYTES;
    }
    if head & ELSEWHERE != 0 {
        let slot = u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?);
        return Some(Stored { expire_at_ms, member_length, place: Place::Elsewhere(slot), size: at + SLOT_BYTES });
    }
    let mut length = member_length;
    if valued {
        let (value_length, size) = read_varint(bytes.get(at..)?)?;
        length = length.checked_add(usize::try_from(value_length).ok()?)?;
        at += size;
    }
    let end = at.checked_add(length)?;
    let text = bytes.get(at..end)?;
    Some(Stored { expire_at_ms, member_length, place: Place::Here(text), size: end })
}

/// Writes another time into the element at the beginning of `bytes`, if it
/// expires. False, and nothing done, if it does not.
pub(super) fn write_expiry(bytes: &mut [u8], expire_at_ms: i64) -> bool {
    let Some((_, at)) = read_varint(bytes).filter(|(head, _)| head & EXPIRES != 0) else { return false };
    let Some(out) = bytes.get_mut(at..at + EXPIRY_BYTES) else { return false };
    out.copy_from_slice(&expire_at_ms.to_le_bytes());
    true
}

#[inline]
fn varint_size(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

/// A number and its bytes.
#[inline]
fn read_varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0;
    for (index, &byte) in bytes.iter().take(VARINT_BYTES_MAX).enumerate() {
        number |= u64::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((number, index + 1));
        }
    }
    None
}
