//! A bucket: some dozen elements in one run of bytes.
//!
//! ```text
//! +---------+---------+-- ... --+--------------+-- ... --+--------+-- ... --+
//! | element | element |         | offset (u16) |         | tag u8 |         |
//! +---------+---------+-- ... --+--------------+-- ... --+--------+-- ... --+
//! element: member length * 4, + 1 if it expires, + 2 if it stands elsewhere (varint)
//!          expiry, milliseconds since 1970, i64          if it expires
//!          value length (varint)                         if the table has values
//!          member and value, or the number of where they stand (varint)
//! ```
//!
//! Tags are bits of the hashes; they are searched eight at a time. An element
//! that is long stands elsewhere, so that a bucket stays short. Room grows in
//! the steps of the allocator's classes.

use crate::data::slab::block_size;
use alloc::vec::Vec;

/// Longest element, in bytes, that stands in a bucket.
pub(super) const INLINE_MAX: usize = 1024;

const EXPIRES: usize = 1;
const ELSEWHERE: usize = 2;
const OFFSET: usize = 2;
/// Bytes of offset and tag.
const INDEX: usize = OFFSET + 1;

/// Elements with equal prefixes of their hashes.
#[derive(Clone, Debug, Default)]
pub(super) struct Bucket {
    bytes: Vec<u8>,
    count: u16,
}

/// An element in a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored<'a> {
    pub(super) expire_at_ms: Option<i64>,
    pub(super) place: Place<'a>,
    pub(super) member_length: usize,
}

/// Where member and value stand, one behind the other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    /// Here.
    Here(&'a [u8]),
    /// Among the long ones.
    Elsewhere(u64),
}

/// What is put into a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct New<'a> {
    pub(super) member_length: usize,
    pub(super) content: Content<'a>,
    pub(super) expire_at_ms: Option<i64>,
}

/// Member and value of what is put into a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'a> {
    /// One by one.
    Parts(&'a [u8], &'a [u8]),
    /// As they stood in a bucket.
    Stored(Place<'a>),
}

impl Content<'_> {
    /// Bytes of both that stand in the bucket, and those of the value.
    fn sizes(&self, member_length: usize) -> (usize, usize) {
        match *self {
            Content::Parts(member, value) => (member.len() + value.len(), value.len()),
            Content::Stored(Place::Here(text)) => (text.len(), text.len() - member_length.min(text.len())),
            Content::Stored(Place::Elsewhere(number)) => (varint_size(number), 0),
        }
    }

    fn is_elsewhere(&self) -> bool {
        matches!(self, Content::Stored(Place::Elsewhere(_)))
    }
}

impl Bucket {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.count.into()
    }

    /// Bytes in use.
    #[inline]
    pub(super) fn used(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes of its allocation, as the account has them.
    #[inline]
    pub(super) fn footprint(&self) -> usize {
        if self.bytes.capacity() == 0 { 0 } else { block_size(self.bytes.capacity()) }
    }

    /// The number of the first element with this tag for which `is` holds.
    #[inline]
    pub(super) fn find(&self, valued: bool, tag: u8, is: impl Fn(Stored<'_>) -> bool) -> Option<usize> {
        let tags = &self.bytes[self.bytes.len() - self.len()..];
        let sought = u64::from(tag) * LOW_BITS;
        let (words, rest) = tags.as_chunks::<8>();
        for (word, bytes) in words.iter().enumerate() {
            let differences = u64::from_le_bytes(*bytes) ^ sought;
            // A byte of zero has its top bit set here; behind one others may.
            let mut zeros = differences.wrapping_sub(LOW_BITS) & !differences & HIGH_BITS;
            while zeros != 0 {
                let index = word * 8 + zeros.trailing_zeros() as usize / 8;
                if self.get(valued, index).is_some_and(&is) {
                    return Some(index);
                }
                zeros &= zeros - 1;
            }
        }
        let first = words.len() * 8;
        (first..first + rest.len())
            .find(|&index| rest[index - first] == tag && self.get(valued, index).is_some_and(&is))
    }

    /// An element.
    #[inline]
    pub(super) fn get(&self, valued: bool, index: usize) -> Option<Stored<'_>> {
        decode(self.element(index)?, valued)
    }

    fn element(&self, index: usize) -> Option<&[u8]> {
        self.bytes.get(self.offset(index)?..self.elements_end())
    }

    #[inline]
    fn offset(&self, index: usize) -> Option<usize> {
        let at = self.elements_end() + index * OFFSET;
        self.bytes.get(at..at + OFFSET)?.try_into().ok().map(|bytes| u16::from_le_bytes(bytes).into())
    }

    fn set_offset(&mut self, index: usize, offset: usize) {
        let at = self.elements_end() + index * OFFSET;
        self.bytes[at..at + OFFSET].copy_from_slice(&(offset as u16).to_le_bytes());
    }

    /// Where the elements end, and the index begins.
    #[inline]
    fn elements_end(&self) -> usize {
        self.bytes.len() - self.len() * INDEX
    }

    /// True if another element of so many bytes has an offset.
    pub(super) fn has_room(&self) -> bool {
        self.elements_end() <= u16::MAX as usize && self.count < u16::MAX
    }

    /// Adds an element.
    pub(super) fn push(&mut self, valued: bool, tag: u8, new: &New<'_>) {
        let (start, size) = (self.elements_end(), encoded_size(valued, new));
        let end = self.bytes.len();
        self.reserve(size + INDEX);
        self.bytes.resize(end + size + INDEX, 0);
        // The tags move further than the offsets: one more offset comes between.
        let tags = start + self.len() * OFFSET;
        self.bytes.copy_within(tags..end, tags + size + OFFSET);
        self.bytes.copy_within(start..tags, start + size);
        encode(&mut self.bytes[start..start + size], valued, new);
        let index = self.len();
        self.count += 1;
        debug_assert_eq!(self.elements_end(), start + size);
        self.set_offset(index, start);
        let last = self.bytes.len() - 1;
        self.bytes[last] = tag;
        debug_assert_eq!(self.bytes.len(), end + size + INDEX);
    }

    /// Puts another element in the place of one of the same size. False, and
    /// nothing done, if it is of another size.
    pub(super) fn overwrite(&mut self, valued: bool, index: usize, new: &New<'_>) -> bool {
        let Some(start) = self.offset(index) else { return false };
        let size = encoded_size(valued, new);
        let same = decode(&self.bytes[start..], valued).is_some_and(|old| old.size(valued) == size);
        if same {
            encode(&mut self.bytes[start..start + size], valued, new);
        }
        same
    }

    /// Removes an element; the last takes its number.
    pub(super) fn remove(&mut self, valued: bool, index: usize) {
        let (Some(start), Some(stored)) = (self.offset(index), self.get(valued, index)) else { return };
        let (size, last) = (stored.size(valued), self.len() - 1);
        for other in 0..self.len() {
            if let Some(offset) = self.offset(other).filter(|&offset| offset > start) {
                self.set_offset(other, offset - size);
            }
        }
        let moved = self.offset(last).unwrap_or(0);
        self.set_offset(index, moved);
        let tags = self.bytes.len() - self.len();
        self.bytes.swap(tags + index, tags + last);
        self.bytes.pop();
        let offsets_end = self.bytes.len() - last;
        self.bytes.drain(offsets_end - OFFSET..offsets_end);
        self.bytes.drain(start..start + size);
        self.count -= 1;
        self.shrink();
    }

    /// The tag of an element.
    pub(super) fn tag(&self, index: usize) -> u8 {
        self.bytes[self.bytes.len() - self.len() + index]
    }

    fn reserve(&mut self, more: usize) {
        let needed = self.bytes.len() + more;
        if needed > self.bytes.capacity() {
            self.bytes.reserve_exact(block_size(needed) - self.bytes.len());
        }
    }

    fn shrink(&mut self) {
        let needed = if self.bytes.is_empty() { 0 } else { block_size(self.bytes.len() + self.bytes.len() / 4) };
        if needed < self.bytes.capacity() {
            self.bytes.shrink_to(needed);
        }
    }

    /// Bytes, capacity and count, for an image.
    pub(super) fn parts(&self) -> (&[u8], usize, u16) {
        (&self.bytes, self.bytes.capacity(), self.count)
    }

    /// A bucket of what [`Bucket::parts`] told; `None` if none is like that.
    pub(super) fn of_parts(valued: bool, contents: &[u8], capacity: usize, count: u16) -> Option<Bucket> {
        if capacity < contents.len() || capacity > 1 << 20 || contents.len() < usize::from(count) * INDEX {
            return None;
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(capacity).ok()?;
        bytes.extend_from_slice(contents);
        let bucket = Bucket { bytes, count };
        let sizes: Option<usize> = (0..bucket.len()).map(|index| Some(bucket.get(valued, index)?.size(valued))).sum();
        (sizes == Some(bucket.elements_end())).then_some(bucket)
    }
}

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

impl Stored<'_> {
    /// Bytes that it takes in its bucket, without offset and tag.
    fn size(&self, valued: bool) -> usize {
        let Stored { member_length, place, expire_at_ms } = *self;
        encoded_size(valued, &New { member_length, content: Content::Stored(place), expire_at_ms })
    }
}

fn encoded_size(valued: bool, new: &New<'_>) -> usize {
    let (text, value_length) = new.content.sizes(new.member_length);
    let value = if valued { varint_size(value_length as u64) } else { 0 };
    let expiry = if new.expire_at_ms.is_some() { 8 } else { 0 };
    varint_size((new.member_length as u64) << 2) + expiry + value + text
}

/// Writes an element into just as many bytes as it takes.
fn encode(out: &mut [u8], valued: bool, new: &New<'_>) {
    let expires = if new.expire_at_ms.is_some() { EXPIRES } else { 0 };
    let elsewhere = if new.content.is_elsewhere() { ELSEWHERE } else { 0 };
    let mut at = write_varint(out, (new.member_length << 2 | expires | elsewhere) as u64);
    if let Some(expire_at_ms) = new.expire_at_ms {
        out[at..at + 8].copy_from_slice(&expire_at_ms.to_le_bytes());
        at += 8;
    }
    if valued {
        at += write_varint(&mut out[at..], new.content.sizes(new.member_length).1 as u64);
    }
    match new.content {
        Content::Stored(Place::Elsewhere(number)) => drop(write_varint(&mut out[at..], number)),
        Content::Stored(Place::Here(text)) => out[at..].copy_from_slice(text),
        Content::Parts(first, second) => {
            let (member, value) = out[at..].split_at_mut(first.len());
            member.copy_from_slice(first);
            value.copy_from_slice(second);
        }
    }
}

#[inline]
fn decode(bytes: &[u8], valued: bool) -> Option<Stored<'_>> {
    let (head, mut at) = read_varint(bytes)?;
    let (head, member_length) = (head as usize, (head >> 2) as usize);
    let expire_at_ms = if head & EXPIRES == 0 {
        None
    } else {
        at += 8;
        Some(i64::from_le_bytes(bytes.get(at - 8..at)?.try_into().ok()?))
    };
    let mut value_length = 0;
    if valued {
        let (length, size) = read_varint(&bytes[at..])?;
        (value_length, at) = (length as usize, at + size);
    }
    let rest = bytes.get(at..)?;
    let place = if head & ELSEWHERE == 0 {
        Place::Here(rest.get(..member_length.checked_add(value_length)?)?)
    } else {
        Place::Elsewhere(read_varint(rest)?.0)
    };
    Some(Stored { expire_at_ms, place, member_length })
}

#[inline]
fn varint_size(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

#[inline]
fn write_varint(out: &mut [u8], mut number: u64) -> usize {
    let mut at = 0;
    while number >= 0x80 {
        out[at] = number as u8 | 0x80;
        number >>= 7;
        at += 1;
    }
    out[at] = number as u8;
    at + 1
}

#[inline]
fn read_varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0;
    for (index, &byte) in bytes.iter().take(10).enumerate() {
        number |= u64::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((number, index + 1));
        }
    }
    None
}
