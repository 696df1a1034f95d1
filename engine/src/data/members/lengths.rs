//! How long buckets are: a bound for the longest that follows it down, too.

use crate::data::slab::vector_bytes;
use alloc::vec;
use alloc::vec::Vec;

/// Lengths that are counted as one.
const STEP: usize = 8;

/// Of every eight lengths how many buckets have one of them.
#[derive(Debug)]
pub(super) struct Lengths {
    counts: Vec<u32>,
}

impl Clone for Lengths {
    /// One with as much room, so that the account is the same.
    fn clone(&self) -> Self {
        let mut counts = Vec::with_capacity(self.counts.capacity());
        counts.extend_from_slice(&self.counts);
        Lengths { counts }
    }
}

impl Lengths {
    /// Those of a table of one empty bucket.
    pub(super) fn new() -> Lengths {
        Lengths { counts: vec![1] }
    }

    /// Those of buckets of these lengths, with room as an image tells; `None` if
    /// no table comes to have so much.
    pub(super) fn of_image(lengths: impl Iterator<Item = usize>, capacity: usize) -> Option<Lengths> {
        let mut counts = vec![0];
        for length in lengths {
            if length / STEP >= counts.len() {
                counts.resize(length / STEP + 1, 0);
            }
            counts[length / STEP] += 1;
        }
        if capacity < counts.len() || capacity > counts.len() * 4 {
            return None;
        }
        let mut exact = Vec::with_capacity(capacity);
        exact.append(&mut counts);
        Some(Lengths { counts: exact })
    }

    /// Counts that there is room for.
    pub(super) fn capacity(&self) -> usize {
        self.counts.capacity()
    }

    /// Another empty bucket.
    pub(super) fn add(&mut self) {
        self.counts[0] += 1;
    }

    /// An empty bucket fewer.
    pub(super) fn subtract(&mut self) {
        self.counts[0] -= 1;
    }

    /// A bucket has another length now.
    #[inline]
    pub(super) fn change(&mut self, before: usize, after: usize) {
        let (before, after) = (before / STEP, after / STEP);
        if before == after {
            return;
        }
        if after >= self.counts.len() {
            self.counts.reserve_exact(after + 1 - self.counts.len());
            self.counts.resize(after + 1, 0);
        }
        self.counts[after] += 1;
        self.counts[before] -= 1;
        while self.counts.len() > 1 && self.counts.last() == Some(&0) {
            self.counts.pop();
        }
        if self.counts.capacity() > self.counts.len() * 4 {
            self.counts.shrink_to_fit();
        }
    }

    /// Every bucket has fewer elements, and one has about as many.
    pub(super) fn bound(&self) -> usize {
        self.counts.len() * STEP
    }

    /// Bytes of its allocation.
    pub(super) fn bytes(&self) -> usize {
        vector_bytes(&self.counts)
    }
}
