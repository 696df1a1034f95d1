//! The directory of buckets, and how it grows and shrinks: a bucket at a time.

use super::Members;
use super::bucket::Bucket;
use crate::data::shared::Shared;
use crate::data::slab::{block_size, vector_bytes};
use alloc::vec::Vec;

/// Weight of a bucket, on average, above which one is split.
const SPLIT_ABOVE: usize = 1536;
/// And below which two are merged.
const MERGE_BELOW: usize = 640;
/// Merges after a removal at most: one takes less weight off than a long
/// element does.
const MERGES_MAX: usize = 2;
/// Buckets in one chunk of the directory.
pub(super) const CHUNK: usize = 64;

impl Members {
    /// Number of buckets.
    #[inline]
    pub(super) fn bucket_count(&self) -> usize {
        (1 << self.level) + self.split
    }

    /// The bucket that a hash belongs to.
    #[inline]
    pub(super) fn index_of(&self, hash: u64) -> usize {
        let reversed = hash.reverse_bits() as usize;
        let index = reversed & ((1 << self.level) - 1);
        if index < self.split { reversed & ((2 << self.level) - 1) } else { index }
    }

    /// Bits of the hash that all in a bucket have in common.
    pub(super) fn depth(&self, index: usize) -> u32 {
        if index < self.split || index >= 1 << self.level { self.level + 1 } else { self.level }
    }

    #[inline]
    pub(super) fn bucket(&self, index: usize) -> &Bucket {
        &self.chunks[index / CHUNK][index % CHUNK]
    }

    #[inline]
    pub(super) fn bucket_mut(&mut self, index: usize) -> &mut Bucket {
        &mut self.chunks[index / CHUNK].own()[index % CHUNK]
    }

    /// Bytes of the directory, counted.
    pub(super) fn count_directory(&self) -> usize {
        vector_bytes(&self.chunks) + self.chunks.iter().map(|chunk| vector_bytes(chunk)).sum::<usize>()
    }

    /// Splits or merges as an operation on one element asks.
    #[inline]
    pub(super) fn fit(&mut self) {
        if self.weight > self.bucket_count() * SPLIT_ABOVE {
            self.split_one();
        } else if self.bucket_count() > 1 && self.weight < self.bucket_count() * MERGE_BELOW {
            self.merge_some();
        }
    }

    #[cold]
    fn split_one(&mut self) {
        let (from, to, bit) = (self.split, self.bucket_count(), 1u64 << (63 - self.level));
        self.push_bucket();
        self.split += 1;
        if self.split == 1 << self.level {
            self.level += 1;
            self.split = 0;
        }
        let mut whole = self.change(from, core::mem::take);
        let valued = self.valued;
        let (mut sides, mut counts, mut sizes) = (Vec::with_capacity(whole.len()), [0; 2], [0; 2]);
        for stored in whole.iter(valued) {
            let side = usize::from(self.hash(whole.parts(&stored).0) & bit != 0);
            counts[side] += 1;
            sizes[side] += stored.size;
            sides.push(side);
        }
        for (side, target) in [from, to].into_iter().enumerate() {
            let mut half = Bucket::with_room(counts[side], sizes[side]);
            for index in (0..sides.len()).filter(|&index| sides[index] == side) {
                half.adopt(valued, &mut whole, index);
            }
            self.change(target, |bucket| *bucket = half);
        }
    }

    #[cold]
    fn merge_some(&mut self) {
        for _ in 0..MERGES_MAX {
            let count = self.bucket_count();
            if count == 1 || self.weight >= count * MERGE_BELOW {
                return;
            }
            self.merge_one();
        }
    }

    /// Merges the last bucket into the one that it was split from.
    fn merge_one(&mut self) {
        let (into, mut gone) = self.pop_bucket();
        let valued = self.valued;
        self.change(into, |bucket| {
            for index in 0..gone.len() {
                bucket.adopt(valued, &mut gone, index);
            }
        });
    }

    /// Takes the last bucket, of two or more, out of the table, and the one to
    /// which its hashes belong from now on.
    fn pop_bucket(&mut self) -> (usize, Bucket) {
        let last = self.bucket_count() - 1;
        if self.split == 0 {
            self.level -= 1;
            self.split = 1 << self.level;
        }
        self.split -= 1;
        let gone = self.change(last, core::mem::take);
        self.lengths.subtract();
        let at = last / CHUNK;
        self.directory_bytes -= vector_bytes(&self.chunks[at]);
        let chunk = self.chunks[at].own();
        chunk.pop();
        if at == 0 && chunk.len() * 2 < chunk.capacity() {
            chunk.shrink_to_fit();
        }
        self.directory_bytes += vector_bytes(&self.chunks[at]);
        if self.chunks[at].is_empty() {
            self.pop_chunk();
        }
        (self.split, gone)
    }

    fn pop_chunk(&mut self) {
        let before = vector_bytes(&self.chunks);
        let chunk = self.chunks.pop().map_or(0, |chunk| vector_bytes(&chunk));
        if self.chunks.len() * 2 < self.chunks.capacity() {
            self.chunks.shrink_to_fit();
        }
        self.directory_bytes = self.directory_bytes - before - chunk + vector_bytes(&self.chunks);
    }

    /// Adds an empty bucket behind the last. A chunk that is not the first is
    /// whole from its beginning; the first one grows as the table does.
    fn push_bucket(&mut self) {
        let at = self.bucket_count() / CHUNK;
        if at == self.chunks.len() {
            let before = vector_bytes(&self.chunks);
            if at == self.chunks.capacity() {
                self.chunks.reserve_exact(at.max(1));
            }
            self.chunks.push(Shared::Own(Vec::with_capacity(CHUNK)));
            self.directory_bytes += vector_bytes(&self.chunks) - before + vector_bytes(&self.chunks[at]);
        }
        let chunk = self.chunks[at].own();
        let before = vector_bytes(chunk);
        if chunk.len() == chunk.capacity() {
            let room = block_size((chunk.len() + 1) * size_of::<Bucket>() * 9 / 8) / size_of::<Bucket>();
            chunk.reserve_exact(room.clamp(chunk.len() + 1, CHUNK.max(chunk.len() + 1)) - chunk.len());
        }
        chunk.push(Bucket::default());
        self.directory_bytes = self.directory_bytes - before + vector_bytes(&self.chunks[at]);
        self.lengths.add();
    }
}
