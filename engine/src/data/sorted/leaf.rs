//! A leaf: some dozen elements in order, in one run of bytes.
//!
//! ```text
//! 0           n           3n           11n
//! +-- ... ----+-- ... ----+-- ... -----+-------------------------+
//! | n tags    | n ends    | n scores   | members, end to end     |
//! +-- ... ----+-- ... ----+-- ... -----+-------------------------+
//!   u8          u16         f64
//!
//! end:  15     14                                                  0
//!       LONG   where the member ends, counted from the first member
//! ```
//!
//! Numbers are little endian. A member begins where the one before it ends, so
//! that its length needs no byte. A search by score reads all of one column rather
//! than some of it one after the other: lines that do not wait for each other are
//! as one miss. A search by member reads the tags (bits of the members' hashes),
//! eight at a time, and an end, which is near.
//!
//! A member longer than [`INLINE_MAX`] stands in an allocation of its own and
//! takes no byte here: the leaf's long members are kept in the order of its
//! elements. Room grows and shrinks in the steps of the allocator's classes,
//! which are at most a quarter apart, so a leaf's allocation is well filled
//! however many elements there are in it.

use super::image::is_room_of;
use crate::base::image::{Damaged, Tape};
use crate::data::shared::copy_of;
use crate::data::slab::{block_size, vector_bytes};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

/// Longest member that stands in the leaf itself.
pub(super) const INLINE_MAX: usize = 512;
/// What a long member counts besides its bytes here, so that there are not many
/// in one leaf.
const LONG_WEIGHT: usize = 64;
/// Bytes of an element besides its member.
const FIXED: usize = 11;
/// Those of its tag.
const TAGS: usize = 1;
/// And of its end.
const ENDS: usize = 3;
const LONG: u16 = 1 << 15;
const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// An element that is to be inserted.
#[derive(Clone, Copy, Debug)]
pub(super) struct New<'a> {
    pub(super) score: f64,
    pub(super) member: &'a [u8],
    /// Bits of the member's hash.
    pub(super) tag: u8,
}

impl New<'_> {
    /// What the element counts in a leaf.
    pub(super) fn weight(&self) -> usize {
        FIXED + if self.member.len() > INLINE_MAX { LONG_WEIGHT } else { self.member.len() }
    }
}

/// Elements in order.
#[derive(Debug, Default)]
pub(super) struct Leaf {
    bytes: Vec<u8>,
    /// Boxed, for hardly a leaf has any.
    #[allow(clippy::box_collection)]
    long: Option<Box<Vec<Box<[u8]>>>>,
    count: u16,
}

const _: () = assert!(size_of::<Leaf>() <= 40);

impl Clone for Leaf {
    /// One with as much room, so that the account is the same.
    fn clone(&self) -> Self {
        let long = self.long.as_ref().map(|long| Box::new(copy_of(long)));
        Leaf { bytes: copy_of(&self.bytes), long, ..*self }
    }
}

impl Leaf {
    /// Writes an image of it.
    pub(super) fn write(&self, tape: &mut Tape<'_>) {
        let (mut room, mut count) = (self.bytes.capacity(), self.len());
        let (mut long_count, mut long_room) = self.long.as_ref().map_or((0, 0), |long| (long.len(), long.capacity()));
        // Writing does not fail.
        let _ = tape.each([&mut room, &mut count, &mut long_count, &mut long_room]);
        tape.put_bytes(&self.bytes);
        self.long.iter().flat_map(|long| long.iter()).for_each(|member| tape.put_bytes(member));
    }

    /// Reads the image of one. The order and the bits of hashes are still to be
    /// looked at.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn read(tape: &mut Tape<'_>) -> Result<Leaf, Damaged> {
        let (mut room, mut count, mut long_count, mut long_room) = (0usize, 0usize, 0usize, 0usize);
        tape.each([&mut room, &mut count, &mut long_count, &mut long_room])?;
        let read = tape.get_bytes()?;
        let fits = read.len() < usize::from(LONG) && count <= read.len() / FIXED && is_room_of(room, read.len());
        if !fits || long_room < long_count || long_room > 2 * long_count + 4 {
            return Err(Damaged);
        }
        let mut bytes = Vec::with_capacity(room);
        bytes.extend_from_slice(read);
        let mut long: Vec<Box<[u8]>> = Vec::new();
        for _ in 0..long_count {
            let member = tape.get_bytes()?;
            if member.len() <= INLINE_MAX {
                return Err(Damaged);
            }
            long.push(member.into());
        }
        long.shrink_to_fit();
        long.reserve_exact(long_room - long_count);
        let long = (long_count > 0).then(|| Box::new(long));
        let leaf = Leaf { bytes, long, count: count as u16 };
        leaf.is_whole().then_some(leaf).ok_or(Damaged)
    }

    /// True if members end where they can, and there is one for each long one.
    fn is_whole(&self) -> bool {
        let texts = self.bytes.len() - FIXED * self.len();
        let mut last = 0;
        for end in self.ends().iter().map(|end| u16::from_le_bytes(*end)) {
            let (end, is_long) = (usize::from(end & !LONG), end & LONG != 0);
            if end < last || end - last > INLINE_MAX || is_long && end != last {
                return false;
            }
            last = end;
        }
        last == texts && self.long_before(self.len()) == self.long.as_ref().map_or(0, |long| long.len())
    }

    /// Number of elements.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.count.into()
    }

    /// True if there is none.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What it counts when leaves are split and joined; bytes.
    #[inline]
    pub(super) fn weight(&self) -> usize {
        self.bytes.len() + self.long.as_ref().map_or(0, |long| long.len() * LONG_WEIGHT)
    }

    /// Bytes of its allocations.
    #[inline]
    pub(super) fn footprint(&self) -> usize {
        vector_bytes(&self.bytes) + self.long.as_ref().map_or(0, |long| long_bytes(long))
    }

    #[inline]
    fn scores(&self) -> &[[u8; 8]] {
        self.bytes[ENDS * self.len()..FIXED * self.len()].as_chunks().0
    }

    #[inline]
    fn ends(&self) -> &[[u8; 2]] {
        self.bytes[TAGS * self.len()..ENDS * self.len()].as_chunks().0
    }

    #[inline]
    fn tags(&self) -> &[u8] {
        &self.bytes[..TAGS * self.len()]
    }

    #[inline]
    fn is_long(&self, index: usize) -> bool {
        u16::from_le_bytes(self.ends()[index]) & LONG != 0
    }

    /// Where a member begins, counted from the first; where the last ends, for
    /// the index behind it.
    #[inline]
    fn start(&self, index: usize) -> usize {
        match index.checked_sub(1) {
            None => 0,
            Some(previous) => (u16::from_le_bytes(self.ends()[previous]) & !LONG).into(),
        }
    }

    /// How many of the elements before an index have long members.
    fn long_before(&self, index: usize) -> usize {
        if self.long.is_none() {
            return 0;
        }
        self.ends()[..index].iter().filter(|end| u16::from_le_bytes(**end) & LONG != 0).count()
    }

    /// The score of an element.
    #[inline]
    pub(super) fn score(&self, index: usize) -> f64 {
        f64::from_le_bytes(self.scores()[index])
    }

    /// The bits of an element's hash.
    #[inline]
    pub(super) fn tag(&self, index: usize) -> u8 {
        self.tags()[index]
    }

    /// The member of an element.
    #[inline]
    pub(super) fn member(&self, index: usize) -> &[u8] {
        let end = u16::from_le_bytes(self.ends()[index]);
        if end & LONG != 0 {
            return self.long_member(index);
        }
        &self.bytes[FIXED * self.len()..][self.start(index)..end.into()]
    }

    #[cold]
    fn long_member(&self, index: usize) -> &[u8] {
        let number = self.long_before(index);
        self.long.as_ref().and_then(|long| long.get(number)).map_or(&[], |member| member)
    }

    /// An element.
    #[inline]
    pub(super) fn get(&self, index: usize) -> (&[u8], f64) {
        (self.member(index), self.score(index))
    }

    /// The columns by which elements are read one after the other.
    #[inline]
    pub(super) fn columns(&self) -> Columns<'_> {
        let texts = &self.bytes[FIXED * self.len()..];
        Columns { leaf: self, ends: self.ends(), scores: self.scores(), texts }
    }

    /// The first element.
    pub(super) fn first(&self) -> Option<(&[u8], f64)> {
        (!self.is_empty()).then(|| self.get(0))
    }

    /// How many elements are below one of this score and member.
    #[inline]
    pub(super) fn lower_bound(&self, score: f64, member: &[u8]) -> usize {
        let scores = self.scores();
        let below = scores.iter().filter(|stored| f64::from_le_bytes(**stored) < score).count();
        if below == scores.len() || self.score(below) != score || self.member(below) >= member {
            return below;
        }
        let (mut low, mut high) = (below + 1, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.score(middle) == score && self.member(middle) < member {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The elements with these bits of the hash, by index.
    #[inline]
    pub(super) fn tagged(&self, tag: u8) -> Tagged<'_> {
        Tagged { tags: self.tags(), tag, at: 0 }
    }

    /// The index of a member with these bits of its hash.
    #[inline]
    pub(super) fn find(&self, tag: u8, member: &[u8]) -> Option<usize> {
        self.tagged(tag).find(|&index| self.member(index) == member)
    }

    /// Gives an element another score; the order is the caller's care.
    #[inline]
    pub(super) fn set_score(&mut self, index: usize, score: f64) {
        let at = ENDS * self.len() + 8 * index;
        self.bytes[at..at + 8].copy_from_slice(&score.to_le_bytes());
    }

    /// Inserts an element at an index.
    pub(super) fn insert(&mut self, index: usize, new: &New<'_>) {
        let (count, old) = (self.len(), self.bytes.len());
        let is_long = new.member.len() > INLINE_MAX;
        let text: &[u8] = if is_long { &[] } else { new.member };
        let (start, size) = (self.start(index), text.len());
        if is_long {
            let number = self.long_before(index);
            let long = self.long.get_or_insert_default();
            long.reserve_exact(1);
            long.insert(number, new.member.into());
        }
        self.resize(old + FIXED + size);
        // What follows a column's new item stands together with what precedes the
        // next column's, so each of the four copies moves two pieces.
        let bytes = &mut self.bytes;
        let [ends, scores] = [TAGS * count + 2 * index, ENDS * count + 8 * index];
        let text_at = FIXED * count + start;
        bytes.copy_within(text_at..old, text_at + FIXED + size);
        bytes.copy_within(scores..text_at, scores + FIXED);
        bytes.copy_within(ends..scores, ends + ENDS);
        bytes.copy_within(index..ends, index + TAGS);
        self.count += 1;
        let count = count + 1;
        let end = (start + size) as u16 | if is_long { LONG } else { 0 };
        let ends = TAGS * count + 2 * index;
        self.bytes[FIXED * count + start..][..size].copy_from_slice(text);
        self.bytes[index] = new.tag;
        self.bytes[ends..ends + 2].copy_from_slice(&end.to_le_bytes());
        self.set_score(index, new.score);
        self.shift_ends(index + 1, size as u16);
    }

    /// Removes the element at an index.
    pub(super) fn remove(&mut self, index: usize) {
        let (count, old) = (self.len(), self.bytes.len());
        let (start, end) = (self.start(index), self.start(index + 1));
        if self.is_long(index) {
            let number = self.long_before(index);
            self.drop_long(number..number + 1);
        }
        self.shift_ends(index + 1, ((end - start) as u16).wrapping_neg());
        let bytes = &mut self.bytes;
        let [ends, scores] = [TAGS * count + 2 * index, ENDS * count + 8 * index];
        let text_at = FIXED * count + start;
        bytes.copy_within(index + TAGS..ends, index);
        bytes.copy_within(ends + 2..scores, ends + 2 - ENDS);
        bytes.copy_within(scores + 8..text_at, scores + 8 - FIXED);
        bytes.copy_within(FIXED * count + end..old, text_at - FIXED);
        self.count -= 1;
        self.resize(old - FIXED - (end - start));
    }

    /// Adds to the ends from an index on; the flag in them stays, for ends stay
    /// far below it.
    #[inline]
    fn shift_ends(&mut self, from: usize, by: u16) {
        let count = self.len();
        for end in self.bytes[TAGS * count + 2 * from..ENDS * count].as_chunks_mut::<2>().0 {
            *end = u16::from_le_bytes(*end).wrapping_add(by).to_le_bytes();
        }
    }

    /// Makes it so many bytes long; room follows by a class, downwards with some
    /// delay.
    fn resize(&mut self, size: usize) {
        if size > self.bytes.capacity() {
            self.bytes.reserve_exact(block_size(size) - self.bytes.len());
        }
        self.bytes.resize(size, 0);
        if size == 0 {
            self.bytes = Vec::new();
        } else if block_size(block_size(size) + 1) < self.bytes.capacity() {
            self.bytes.shrink_to(block_size(size));
        }
    }

    fn drop_long(&mut self, numbers: Range<usize>) {
        if let Some(long) = &mut self.long {
            long.drain(numbers);
            long.shrink_to_fit();
        }
        self.trim_long();
    }

    fn trim_long(&mut self) {
        if self.long.as_ref().is_some_and(|long| long.is_empty()) {
            self.long = None;
        }
    }

    /// The first index before which stands at least half of all that counts;
    /// neither the first nor behind the last, if there are two elements.
    pub(super) fn middle(&self) -> usize {
        let half = self.weight() / 2;
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if FIXED * middle + self.start(middle) + LONG_WEIGHT * self.long_before(middle) < half {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low.min(self.len().saturating_sub(1)).max(1)
    }

    /// Takes out the elements from an index on, as a leaf.
    pub(super) fn split_off(&mut self, at: usize) -> Leaf {
        let (number, count) = (self.long_before(at), self.len());
        let mut tail = Leaf::of_runs([(&*self, at..count)]);
        let mut head = Leaf::of_runs([(&*self, 0..at)]);
        if let Some(mut long) = self.long.take() {
            tail.set_long(long.split_off(number));
            head.set_long(*long);
        }
        *self = head;
        tail
    }

    /// Adds all elements of a leaf that come behind.
    pub(super) fn append(&mut self, other: Leaf) {
        let mut joined = Leaf::of_runs([(&*self, 0..self.len()), (&other, 0..other.len())]);
        let mut long = self.long.take().map_or(Vec::new(), |long| *long);
        long.extend(other.long.into_iter().flat_map(|long| *long));
        joined.set_long(long);
        *self = joined;
    }

    /// Removes elements.
    pub(super) fn remove_range(&mut self, range: Range<usize>) {
        let numbers = self.long_before(range.start)..self.long_before(range.end);
        let mut rest = Leaf::of_runs([(&*self, 0..range.start), (&*self, range.end..self.len())]);
        rest.long = self.long.take();
        *self = rest;
        self.drop_long(numbers);
    }

    fn set_long(&mut self, mut long: Vec<Box<[u8]>>) {
        long.shrink_to_fit();
        self.long = Some(Box::new(long));
        self.trim_long();
    }

    /// One of the elements of some runs, but for long members.
    fn of_runs<const N: usize>(runs: [(&Leaf, Range<usize>); N]) -> Leaf {
        let text = |(leaf, run): &(&Leaf, Range<usize>)| leaf.start(run.start)..leaf.start(run.end);
        let size = runs.iter().map(|run| FIXED * run.1.len() + text(run).len()).sum();
        if size == 0 {
            return Leaf::default();
        }
        let mut bytes = Vec::with_capacity(block_size(size));
        for (leaf, run) in &runs {
            bytes.extend_from_slice(&leaf.tags()[run.clone()]);
        }
        let mut base = 0u16;
        for run in &runs {
            let text = text(run);
            for end in &run.0.ends()[run.1.clone()] {
                let end = u16::from_le_bytes(*end).wrapping_add(base).wrapping_sub(text.start as u16);
                bytes.extend_from_slice(&end.to_le_bytes());
            }
            base += text.len() as u16;
        }
        for (leaf, run) in &runs {
            bytes.extend_from_slice(leaf.scores()[run.clone()].as_flattened());
        }
        for run in &runs {
            bytes.extend_from_slice(&run.0.bytes[FIXED * run.0.len()..][text(run)]);
        }
        Leaf { bytes, long: None, count: runs.iter().map(|run| run.1.len()).sum::<usize>() as u16 }
    }

    /// Bytes in use and bytes of its run, for tests of how full it is.
    #[cfg(test)]
    pub(super) fn fill(&self) -> (usize, usize) {
        (self.bytes.len(), self.bytes.capacity())
    }
}

fn long_bytes(long: &Vec<Box<[u8]>>) -> usize {
    let members = long.iter().map(|member| block_size(member.len())).sum::<usize>();
    block_size(size_of::<Vec<Box<[u8]>>>()) + vector_bytes(long) + members
}

/// A leaf that is read from one end to the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns<'a> {
    leaf: &'a Leaf,
    ends: &'a [[u8; 2]],
    scores: &'a [[u8; 8]],
    texts: &'a [u8],
}

impl<'a> Columns<'a> {
    /// An element, if there is one at this index.
    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<(&'a [u8], f64)> {
        let end = u16::from_le_bytes(*self.ends.get(index)?);
        let score = f64::from_le_bytes(*self.scores.get(index)?);
        if end & LONG != 0 {
            return Some((self.leaf.long_member(index), score));
        }
        let start = if index == 0 { 0 } else { u16::from_le_bytes(self.ends[index - 1]) & !LONG };
        Some((self.texts.get(start.into()..end.into())?, score))
    }
}

/// The indices of the elements with a tag.
pub(super) struct Tagged<'a> {
    tags: &'a [u8],
    tag: u8,
    at: usize,
}

impl Iterator for Tagged<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let sought = u64::from(self.tag) * LOW_BITS;
        while let Some(eight) = self.tags.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
            let differences = u64::from_le_bytes(*eight) ^ sought;
            // The lowest byte of zero has its top bit set here.
            let zeros = differences.wrapping_sub(LOW_BITS) & !differences & HIGH_BITS;
            if zeros != 0 {
                let found = self.at + zeros.trailing_zeros() as usize / 8;
                self.at = found + 1;
                return Some(found);
            }
            self.at += 8;
        }
        let found = self.at + self.tags.get(self.at..)?.iter().position(|&tag| tag == self.tag)?;
        self.at = found + 1;
        Some(found)
    }
}
