//! A bucket: some dozen elements in one run of bytes.
//!
//! ```text
//! +----------+------------------+-- ... --+----------+------------------+---------+-- ... --+
//! | 8 tags   | 8 offsets        |         | 8 tags   | 8 offsets        | element |         |
//! +----------+------------------+-- ... --+----------+------------------+---------+-- ... --+
//!   u8 each    u16, or u32 each             the last group's rest is 0
//! ```
//!
//! Tags are bits of the hashes, searched eight at a time; an offset counts from
//! the first element and stands on the line of its tag, so that a search that
//! finds loads the tags and the element. Offsets take two bytes each up to
//! 64 KiB of elements, four beyond: only who knows the hashes gets there, for
//! whom a bucket must go on working, no more.
//!
//! An element that is long stands in an allocation of its own. Room grows in
//! the steps of the allocator's classes.

mod image;

use super::element::{self, New, Place, Stored, Text};
use super::long::Long;
use crate::data::slab::block_size;
use alloc::boxed::Box;
use alloc::vec::Vec;
pub(super) use image::Parts;

/// Tags of a group.
const GROUP: usize = 8;
/// What a long element counts besides its bytes in the bucket, so that buckets
/// of long elements have as few of them as a search can look at.
const LONG_WEIGHT: usize = 32;
/// Elements' bytes below which wide offsets are given up again.
const NARROW_BELOW: usize = 1 << 15;
const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Elements with equal prefixes of their hashes.
#[derive(Debug)]
pub(super) struct Bucket {
    bytes: Vec<u8>,
    long: Option<Box<Long>>,
    /// No element here expires before this, and one does then.
    earliest_ms: i64,
    count: u32,
    /// Offsets take four bytes.
    wide: bool,
}

const _: () = assert!(size_of::<Bucket>() <= 48);

impl Default for Bucket {
    fn default() -> Self {
        Bucket { bytes: Vec::new(), long: None, earliest_ms: i64::MAX, count: 0, wide: false }
    }
}

impl Clone for Bucket {
    /// One with as much room, so that the account is the same.
    fn clone(&self) -> Self {
        let mut bytes = Vec::with_capacity(self.bytes.capacity());
        bytes.extend_from_slice(&self.bytes);
        Bucket { bytes, long: self.long.clone(), ..*self }
    }
}

impl Bucket {
    /// An empty one with room for so many elements of so many bytes in sum.
    pub(super) fn with_room(count: usize, size: usize) -> Bucket {
        let mut bucket = Bucket::default();
        bucket.reserve(count.div_ceil(GROUP) * bucket.group_size() + size);
        bucket
    }

    /// Number of elements.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.count as usize
    }

    /// What it counts when buckets are split and merged; bytes.
    #[inline]
    pub(super) fn weight(&self) -> usize {
        self.bytes.len() + self.long.as_ref().map_or(0, |long| long.len() * LONG_WEIGHT)
    }

    /// Bytes of its allocations.
    #[inline]
    pub(super) fn footprint(&self) -> usize {
        let long = self.long.as_ref().map_or(0, |long| block_size(size_of::<Long>()) + long.bytes());
        long + if self.bytes.capacity() == 0 { 0 } else { block_size(self.bytes.capacity()) }
    }

    /// No element expires before this; `i64::MAX` if none does.
    #[inline]
    pub(super) fn earliest_ms(&self) -> i64 {
        self.earliest_ms
    }

    fn offset_size(&self) -> usize {
        if self.wide { 4 } else { 2 }
    }

    #[inline]
    fn group_size(&self) -> usize {
        GROUP + GROUP * self.offset_size()
    }

    /// Bytes of all groups: where the elements begin.
    #[inline]
    fn index_size(&self) -> usize {
        self.len().div_ceil(GROUP) * self.group_size()
    }

    /// The number of the first element with this tag for which `is` holds.
    #[inline]
    pub(super) fn find(&self, valued: bool, tag: u8, is: impl Fn(Stored<'_>) -> bool) -> Option<usize> {
        let sought = u64::from(tag) * LOW_BITS;
        let groups = self.bytes[..self.index_size()].chunks_exact(self.group_size());
        for (group, bytes) in groups.enumerate() {
            let differences = u64::from_le_bytes(*bytes.first_chunk()?) ^ sought;
            // A byte of zero has its top bit set here; behind one others may.
            let mut zeros = differences.wrapping_sub(LOW_BITS) & !differences & HIGH_BITS;
            while zeros != 0 {
                let index = group * GROUP + zeros.trailing_zeros() as usize / 8;
                if index < self.len() && self.get(valued, index).is_some_and(&is) {
                    return Some(index);
                }
                zeros &= zeros - 1;
            }
        }
        None
    }

    /// An element.
    #[inline]
    pub(super) fn get(&self, valued: bool, index: usize) -> Option<Stored<'_>> {
        if index >= self.len() {
            return None;
        }
        element::read(self.bytes.get(self.index_size() + self.offset(index)..)?, valued)
    }

    /// All elements.
    #[inline]
    pub(super) fn iter(&self, valued: bool) -> impl Iterator<Item = Stored<'_>> {
        (0..self.len()).filter_map(move |index| self.get(valued, index))
    }

    /// Member and value of an element, one behind the other, wherever they stand.
    #[inline]
    pub(super) fn text<'a>(&'a self, stored: &Stored<'a>) -> &'a [u8] {
        match stored.place {
            Place::Here(text) => text,
            Place::Elsewhere(slot) => self.long.as_ref().map_or(&[], |long| long.get(slot)),
        }
    }

    /// Member and value of an element.
    #[inline]
    pub(super) fn parts<'a>(&'a self, stored: &Stored<'a>) -> (&'a [u8], &'a [u8]) {
        let text = self.text(stored);
        text.split_at(stored.member_length.min(text.len()))
    }

    /// The tag of an element.
    pub(super) fn tag(&self, index: usize) -> u8 {
        self.bytes[index / GROUP * self.group_size() + index % GROUP]
    }

    /// Where an element's offset stands.
    #[inline]
    fn offset_at(&self, index: usize) -> usize {
        index / GROUP * self.group_size() + GROUP + index % GROUP * self.offset_size()
    }

    #[inline]
    fn offset(&self, index: usize) -> usize {
        let at = &self.bytes[self.offset_at(index)..];
        let narrow = |bytes: &[u8; 2]| u16::from_le_bytes(*bytes) as usize;
        let wide = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes) as usize;
        let offset = if self.wide { at.first_chunk().map(wide) } else { at.first_chunk().map(narrow) };
        offset.unwrap_or(0)
    }

    fn set_index(&mut self, index: usize, tag: u8, offset: usize) {
        let (at, size) = (self.offset_at(index), self.offset_size());
        // Four bytes suffice: to crowd 4 GiB into one bucket takes some PiB of elements to choose from.
        self.bytes[at..at + size].copy_from_slice(&(offset as u32).to_le_bytes()[..size]);
        let at = index / GROUP * self.group_size() + index % GROUP;
        self.bytes[at] = tag;
    }

    /// Moves the offsets behind `start` by as much as an element there has grown.
    fn move_offsets(&mut self, start: usize, before: usize, after: usize) {
        let (group, index) = (self.group_size(), self.index_size());
        for bytes in self.bytes[..index].chunks_exact_mut(group) {
            if self.wide {
                for offset in bytes[GROUP..].as_chunks_mut::<4>().0 {
                    let old = u32::from_le_bytes(*offset);
                    let moved = old.wrapping_add(after as u32).wrapping_sub(before as u32);
                    *offset = if old as usize > start { moved } else { old }.to_le_bytes();
                }
            } else {
                for offset in bytes[GROUP..].as_chunks_mut::<2>().0 {
                    let old = u16::from_le_bytes(*offset);
                    let moved = old.wrapping_add(after as u16).wrapping_sub(before as u16);
                    *offset = if old as usize > start { moved } else { old }.to_le_bytes();
                }
            }
        }
    }

    /// Makes offsets two or four bytes each.
    #[cold]
    fn set_wide(&mut self, wide: bool) {
        let index: Vec<(u8, usize)> = (0..self.len()).map(|index| (self.tag(index), self.offset(index))).collect();
        let elements = self.bytes[self.index_size()..].to_vec();
        self.bytes.clear();
        self.wide = wide;
        let size = self.index_size();
        self.reserve(size + elements.len());
        self.bytes.resize(size, 0);
        self.bytes.extend_from_slice(&elements);
        for (number, (tag, offset)) in index.into_iter().enumerate() {
            self.set_index(number, tag, offset);
        }
    }

    /// Bytes of all elements, without their index.
    fn elements_size(&self) -> usize {
        self.bytes.len() - self.index_size()
    }

    fn widen_for(&mut self, size: usize) {
        if !self.wide && self.elements_size() + size > u16::MAX.into() {
            self.set_wide(true);
        }
    }

    /// Adds an element of so many bytes, which are the caller's to fill.
    fn add(&mut self, tag: u8, size: usize) -> &mut [u8] {
        self.widen_for(size);
        let (start, index, end) = (self.elements_size(), self.index_size(), self.bytes.len());
        let group = if self.len().is_multiple_of(GROUP) { self.group_size() } else { 0 };
        self.reserve(end + group + size);
        self.bytes.resize(end + group + size, 0);
        if group != 0 {
            self.bytes.copy_within(index..end, index + group);
            self.bytes[index..index + group].fill(0);
        }
        self.count += 1;
        self.set_index(self.len() - 1, tag, start);
        &mut self.bytes[end + group..]
    }

    /// Adds an element.
    pub(super) fn push(&mut self, tag: u8, new: &New<'_>) {
        new.write(self.add(tag, new.size()));
        self.earliest_ms = self.earliest_ms.min(new.expire_at_ms.unwrap_or(i64::MAX));
    }

    /// Puts an element in the place of another, whose text, if that stands
    /// elsewhere, has been taken.
    pub(super) fn replace(&mut self, valued: bool, index: usize, new: &New<'_>) {
        let Some(old) = self.get(valued, index) else { return };
        let (before, after, expired_at_ms) = (old.size, new.size(), old.expire_at_ms);
        self.resize(index, before, after);
        let at = self.index_size() + self.offset(index);
        new.write(&mut self.bytes[at..at + after]);
        self.earliest_ms = self.earliest_ms.min(new.expire_at_ms.unwrap_or(i64::MAX));
        if expired_at_ms != new.expire_at_ms {
            self.expiry_gone(valued, expired_at_ms);
        }
        self.shrink();
    }

    /// Gives an element that expires another time. False, and nothing done, if
    /// it does not expire.
    pub(super) fn set_expiry(&mut self, valued: bool, index: usize, expire_at_ms: i64) -> bool {
        let before = self.get(valued, index).and_then(|stored| stored.expire_at_ms);
        let at = self.index_size() + self.offset(index);
        let done = element::write_expiry(&mut self.bytes[at..], expire_at_ms);
        if done {
            self.earliest_ms = self.earliest_ms.min(expire_at_ms);
            self.expiry_gone(valued, before);
        }
        done
    }

    /// Writes an element anew with another expiry, or with none.
    pub(super) fn rewrite_expiry(&mut self, valued: bool, index: usize, expire_at_ms: Option<i64>) {
        let Some(stored) = self.get(valued, index) else { return };
        if let Place::Elsewhere(slot) = stored.place {
            let text = Text::Elsewhere(stored.member_length, slot);
            return self.replace(valued, index, &New { expire_at_ms, text });
        }
        let (member, value) = self.parts(&stored);
        let (member, value) = (member.to_vec(), value.to_vec());
        let text = if valued { Text::Pair(&member, &value) } else { Text::Member(&member) };
        self.replace(valued, index, &New { expire_at_ms, text });
    }

    /// Finds the earliest expiry anew if it was that of an element that is gone.
    fn expiry_gone(&mut self, valued: bool, expired_at_ms: Option<i64>) {
        let earliest_ms = self.earliest_ms;
        if expired_at_ms != Some(earliest_ms) {
            return;
        }
        let mut found = i64::MAX;
        for expire_at_ms in self.iter(valued).filter_map(|stored| stored.expire_at_ms) {
            found = found.min(expire_at_ms);
            if found == earliest_ms {
                return;
            }
        }
        self.earliest_ms = found;
    }

    /// Makes the bytes of an element more or fewer.
    fn resize(&mut self, index: usize, before: usize, after: usize) {
        if before == after {
            return;
        }
        self.widen_for(after);
        let start = self.offset(index);
        let (from, end) = (self.index_size() + start + before, self.bytes.len());
        if after > before {
            self.reserve(end + after - before);
            self.bytes.resize(end + after - before, 0);
        }
        self.bytes.copy_within(from..end, from - before + after);
        self.bytes.truncate(end - before + after);
        self.move_offsets(start, before, after);
    }

    /// Removes an element, whose text, if that stands elsewhere, has been taken;
    /// the last takes its number.
    pub(super) fn remove(&mut self, valued: bool, index: usize) {
        let Some(stored) = self.get(valued, index) else { return };
        let (size, expired_at_ms, last) = (stored.size, stored.expire_at_ms, self.len() - 1);
        self.resize(index, size, 0);
        let (tag, offset) = (self.tag(last), self.offset(last));
        self.set_index(index, tag, offset);
        self.set_index(last, 0, 0);
        let before = self.index_size();
        self.count -= 1;
        self.bytes.drain(self.index_size()..before);
        self.expiry_gone(valued, expired_at_ms);
        if self.wide && self.elements_size() < NARROW_BELOW {
            self.set_wide(false);
        }
        self.shrink();
    }

    /// Keeps a text elsewhere; returns its slot.
    pub(super) fn put_long(&mut self, text: Box<[u8]>) -> u32 {
        self.long.get_or_insert_default().put(text)
    }

    /// Takes the text of an element that stands elsewhere.
    pub(super) fn take_long(&mut self, valued: bool, index: usize) -> Option<Box<[u8]>> {
        let slot = self.get(valued, index)?.slot()?;
        let long = self.long.as_mut()?;
        let text = long.take(slot)?;
        let last = long.len() as u32;
        if last == 0 {
            self.long = None;
        } else if last != slot {
            self.renumber(valued, last, slot);
        }
        Some(text)
    }

    /// The text in a slot, to be changed.
    pub(super) fn long_mut(&mut self, slot: u32) -> Option<&mut [u8]> {
        self.long.as_mut()?.get_mut(slot)
    }

    /// Tells the element whose text was in a slot that it is in another.
    #[cold]
    fn renumber(&mut self, valued: bool, from: u32, to: u32) {
        let stands = |stored: Stored<'_>| stored.slot() == Some(from);
        let Some(index) = (0..self.len()).find(|&index| self.get(valued, index).is_some_and(stands)) else { return };
        let Some(Stored { expire_at_ms, member_length, size, .. }) = self.get(valued, index) else { return };
        let at = self.index_size() + self.offset(index);
        New { expire_at_ms, text: Text::Elsewhere(member_length, to) }.write(&mut self.bytes[at..at + size]);
    }

    /// Moves an element here out of a bucket that is given up.
    pub(super) fn adopt(&mut self, valued: bool, from: &mut Bucket, index: usize) {
        let Some(stored) = from.get(valued, index) else { return };
        let Stored { expire_at_ms, member_length, place, size } = stored;
        let tag = from.tag(index);
        if let Place::Elsewhere(slot) = place {
            // Slots of the others stay what they are.
            let text = from.long.as_mut().and_then(|long| long.leave(slot)).unwrap_or_default();
            let slot = self.put_long(text);
            self.push(tag, &New { expire_at_ms, text: Text::Elsewhere(member_length, slot) });
            return;
        }
        let at = from.index_size() + from.offset(index);
        self.add(tag, size).copy_from_slice(&from.bytes[at..at + size]);
        self.earliest_ms = self.earliest_ms.min(expire_at_ms.unwrap_or(i64::MAX));
    }

    /// Makes room for so many bytes in all.
    fn reserve(&mut self, needed: usize) {
        if needed > self.bytes.capacity() {
            self.bytes.reserve_exact(block_size(needed) - self.bytes.len());
        }
    }

    /// Gives room back of which much is empty.
    fn shrink(&mut self) {
        let needed = if self.bytes.is_empty() { 0 } else { block_size(self.bytes.len() + self.bytes.len() / 4) };
        if needed < self.bytes.capacity() {
            self.bytes.shrink_to(needed);
        }
    }
}
