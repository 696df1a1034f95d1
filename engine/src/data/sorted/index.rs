//! Elements by member: linear hashing over buckets of records that tell the leaf.
//!
//! ```text
//! hash of a member   63                              32 31            0
//!                    +---------------------------------+---------------+
//!                    |              tag                |    unused     |
//!                    +---------------------------------+---------------+
//!                    | bucket, as many bits as needed ..| .. 8 bits, also in the leaf
//!
//! a record           63                              32 31            0
//!                    +---------------------------------+---------------+
//!                    |              tag                | leaf's number |
//!                    +---------------------------------+---------------+
//! ```
//!
//! A bucket's number, its bits reversed, is the prefix of its tags, as in
//! [`crate::data::members`]. In a bucket records are sorted, so it is split by
//! cutting it and merged by joining, and where a record stands does not depend on
//! what came first. No record has a member: whoever finds a record looks in the
//! leaf, and two records that are equal may stand for each other's members.

use super::chunked::Chunked;
use super::image::{is_room_of, read_chunked, write_rooms};
use crate::base::image::{Damaged, Image, Tape};
use crate::data::shared::copy_of;
use crate::data::slab::{block_size, vector_bytes};
use alloc::vec::Vec;

/// Records in a bucket, on average, above which one is split.
const SPLIT_ABOVE: usize = 48;
/// And below which two are merged.
const MERGE_BELOW: usize = 20;
/// Buckets are chosen by at most so many bits.
const LEVEL_MAX: u32 = 31;

/// The part of a hash by which records are found.
pub(super) fn tag_of(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[inline]
fn record(tag: u32, leaf: u32) -> u64 {
    u64::from(tag) << 32 | u64::from(leaf)
}

/// Records in order.
#[derive(Debug, Default)]
struct Bucket(Vec<u64>);

impl Clone for Bucket {
    fn clone(&self) -> Self {
        Bucket(copy_of(&self.0))
    }
}

impl Bucket {
    /// How many records are below one. Tags are even, so it is near where the
    /// bits tell that the bucket has not in common.
    #[inline]
    fn lower_bound(&self, depth: u32, wanted: u64) -> usize {
        let distinct = ((wanted >> 32) << depth) & u64::from(u32::MAX);
        let mut at = ((distinct * self.0.len() as u64) >> 32) as usize;
        while at > 0 && self.0[at - 1] >= wanted {
            at -= 1;
        }
        while self.0.get(at).is_some_and(|&record| record < wanted) {
            at += 1;
        }
        at
    }

    fn insert(&mut self, depth: u32, new: u64) {
        self.reserve(self.0.len() + 1);
        self.0.insert(self.lower_bound(depth, new), new);
    }

    fn reserve(&mut self, count: usize) {
        if count > self.0.capacity() {
            self.0.reserve_exact(block_size(count * 8) / 8 - self.0.len());
        }
    }

    /// Gives back room of more than a class.
    fn trim(&mut self) {
        let size = block_size(self.0.len() * 8);
        if block_size(size + 1) < self.0.capacity() * 8 {
            self.0.shrink_to(size / 8);
        }
    }

    fn remove(&mut self, depth: u32, gone: u64) -> bool {
        let at = self.lower_bound(depth, gone);
        let found = self.0.get(at) == Some(&gone);
        if found {
            self.0.remove(at);
            self.trim();
        }
        found
    }

    /// Replaces a record by one with the same tag.
    #[inline]
    fn replace(&mut self, depth: u32, old: u64, new: u64) -> bool {
        let mut at = self.lower_bound(depth, old);
        if self.0.get(at) != Some(&old) {
            return false;
        }
        self.0[at] = new;
        while at > 0 && self.0[at - 1] > new {
            self.0.swap(at - 1, at);
            at -= 1;
        }
        while at + 1 < self.0.len() && self.0[at + 1] < new {
            self.0.swap(at, at + 1);
            at += 1;
        }
        true
    }
}

/// Leaves by tag.
#[derive(Clone, Debug)]
pub(super) struct Index {
    buckets: Chunked<Bucket>,
    level: u32,
    split: usize,
    len: usize,
    /// Bytes of all buckets' records.
    record_bytes: usize,
}

impl Index {
    /// An empty one.
    pub(super) fn new() -> Index {
        let mut buckets = Chunked::new();
        buckets.push(Bucket::default());
        Index { buckets, level: 0, split: 0, len: 0, record_bytes: 0 }
    }

    /// Number of records.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of all allocations.
    pub(super) fn bytes(&self) -> usize {
        self.buckets.bytes() + self.record_bytes
    }

    /// A copy that shares all records.
    pub(super) fn share(&mut self) -> Index {
        Index { buckets: self.buckets.share(), ..*self }
    }

    /// Writes an image of it, without its records.
    pub(super) fn write(&self, tape: &mut Tape<'_>) {
        // Writing does not fail.
        let _ = tape.each([&mut { self.level }, &mut { self.split }]);
        write_rooms(&self.buckets, tape);
        for bucket in self.buckets.iter() {
            let _ = bucket.0.capacity().image(tape);
        }
    }

    /// Reads the image of one, still without records, and how much room each bucket
    /// is to have.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn read(tape: &mut Tape<'_>) -> Result<(Index, Vec<usize>), Damaged> {
        let (mut level, mut split, mut rooms) = (0u32, 0usize, Vec::new());
        tape.each([&mut level, &mut split])?;
        let buckets = read_chunked(tape, |tape| {
            let mut room = 0usize;
            room.image(tape)?;
            rooms.push(room);
            Ok(Bucket::default())
        })?;
        if level > LEVEL_MAX || split >= 1 << level || buckets.len() != (1 << level) + split {
            return Err(Damaged);
        }
        Ok((Index { buckets, level, split, len: 0, record_bytes: 0 }, rooms))
    }

    /// Adds a record to one that was read; [`Index::settle`] follows when all are
    /// there.
    pub(super) fn collect(&mut self, tag: u32, leaf: u32) {
        let index = self.index_of(tag);
        self.buckets.get_mut(index).0.push(record(tag, leaf));
        self.len += 1;
    }

    /// Orders the records that were collected, with as much room as there was.
    ///
    /// # Errors
    /// If there was not that much.
    pub(super) fn settle(&mut self, rooms: &[usize]) -> Result<(), Damaged> {
        for (index, &room) in rooms.iter().enumerate() {
            let bucket = self.buckets.get_mut(index);
            if !is_room_of(room.saturating_mul(8), bucket.0.len() * 8) {
                return Err(Damaged);
            }
            let mut records = Vec::with_capacity(room);
            records.append(&mut bucket.0);
            records.sort_unstable();
            bucket.0 = records;
            self.record_bytes += vector_bytes(&bucket.0);
        }
        Ok(())
    }

    #[inline]
    fn index_of(&self, tag: u32) -> usize {
        let reversed = tag.reverse_bits() as usize;
        let index = reversed & ((1 << self.level) - 1);
        if index < self.split { reversed & ((2 << self.level) - 1) } else { index }
    }

    /// Bits of the tag that all in a bucket have in common.
    #[inline]
    fn depth(&self, index: usize) -> u32 {
        if index < self.split || index >= 1 << self.level { self.level + 1 } else { self.level }
    }

    /// Has a bucket changed; the account follows.
    #[inline]
    fn change<R>(&mut self, index: usize, change: impl FnOnce(&mut Bucket) -> R) -> R {
        let bucket = self.buckets.get_mut(index);
        let before = vector_bytes(&bucket.0);
        let result = change(bucket);
        self.record_bytes = self.record_bytes - before + vector_bytes(&bucket.0);
        result
    }

    /// The leaves in which a member with this tag may be.
    #[inline]
    pub(super) fn leaves(&self, tag: u32) -> impl Iterator<Item = u32> {
        let index = self.index_of(tag);
        let bucket = self.buckets.get(index);
        let from = bucket.lower_bound(self.depth(index), record(tag, 0));
        let of_tag = bucket.0[from..].iter().take_while(move |record| (*record >> 32) as u32 == tag);
        of_tag.map(|record| *record as u32)
    }

    /// Adds a record.
    pub(super) fn insert(&mut self, tag: u32, leaf: u32) {
        let index = self.index_of(tag);
        let depth = self.depth(index);
        self.change(index, |bucket| bucket.insert(depth, record(tag, leaf)));
        self.len += 1;
        if self.len > self.buckets.len() * SPLIT_ABOVE && self.level < LEVEL_MAX {
            self.split_one();
        }
    }

    /// Removes a record.
    pub(super) fn remove(&mut self, tag: u32, leaf: u32) {
        let index = self.index_of(tag);
        let depth = self.depth(index);
        let removed = self.change(index, |bucket| bucket.remove(depth, record(tag, leaf)));
        debug_assert!(removed);
        self.len -= usize::from(removed);
        if self.buckets.len() > 1 && self.len < self.buckets.len() * MERGE_BELOW {
            self.merge_one();
        }
    }

    /// A member went from one leaf to another.
    #[inline]
    pub(super) fn replace(&mut self, tag: u32, from: u32, to: u32) {
        let index = self.index_of(tag);
        let depth = self.depth(index);
        let replaced = self.buckets.get_mut(index).replace(depth, record(tag, from), record(tag, to));
        debug_assert!(replaced);
    }

    #[cold]
    fn split_one(&mut self) {
        let (from, to, bit) = (self.split, self.buckets.len(), 1u64 << (63 - self.level));
        self.buckets.push(Bucket::default());
        self.split += 1;
        if self.split == 1 << self.level {
            self.level += 1;
            self.split = 0;
        }
        let upper = self.change(from, |bucket| {
            let at = bucket.0.partition_point(|record| record & bit == 0);
            let mut upper = Bucket::default();
            upper.reserve(bucket.0.len() - at);
            upper.0.extend_from_slice(&bucket.0[at..]);
            bucket.0.truncate(at);
            bucket.0.shrink_to(block_size(at * 8) / 8);
            upper
        });
        self.change(to, |bucket| *bucket = upper);
    }

    #[cold]
    fn merge_one(&mut self) {
        if self.split == 0 {
            self.level -= 1;
            self.split = 1 << self.level;
        }
        self.split -= 1;
        let last = self.buckets.len() - 1;
        let upper = self.change(last, core::mem::take);
        self.buckets.pop();
        self.change(self.split, |bucket| {
            bucket.reserve(bucket.0.len() + upper.0.len());
            bucket.0.extend_from_slice(&upper.0);
        });
    }

    /// Visits the tags and leaves of a bucket from a position on; returns where
    /// the next bucket's positions begin, `None` behind the last.
    pub(super) fn visit(&self, position: u32, mut visit: impl FnMut(u32, u32)) -> Option<u32> {
        let index = self.index_of(position);
        let (bucket, depth) = (self.buckets.get(index), self.depth(index));
        for &found in &bucket.0[bucket.lower_bound(depth, record(position, 0))..] {
            visit((found >> 32) as u32, found as u32);
        }
        let width = 1u64 << (32 - depth);
        u32::try_from((u64::from(position) & !(width - 1)) + width).ok()
    }

    /// Panics unless all that it keeps is as it should be.
    #[cfg(test)]
    pub(super) fn check(&self) {
        assert_eq!(self.buckets.len(), (1 << self.level) + self.split);
        assert_eq!(self.buckets.bytes(), self.buckets.count_bytes());
        assert_eq!(self.record_bytes, self.buckets.iter().map(|bucket| vector_bytes(&bucket.0)).sum());
        assert_eq!(self.len, self.buckets.iter().map(|bucket| bucket.0.len()).sum());
        for (index, bucket) in self.buckets.iter().enumerate() {
            assert!(bucket.0.is_sorted());
            assert!(bucket.0.iter().all(|&record| self.index_of((record >> 32) as u32) == index));
        }
    }
}
