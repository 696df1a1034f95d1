//! Elements at random.

use super::{Element, Members, Spot};
use alloc::vec::Vec;

/// Tries to hit an element, each in a bucket and at a number at random.
const TRIES: usize = 512;

impl Members {
    /// An element at random, each as likely as any other; `random` gives 64 bits
    /// a call.
    pub fn random(&self, random: impl FnMut() -> u64) -> Option<Element<'_>> {
        self.element(self.random_spot(random)?)
    }

    /// Takes out an element at random; returns member and value.
    pub fn take_random(&mut self, random: impl FnMut() -> u64) -> Option<(Vec<u8>, Vec<u8>)> {
        let spot = self.random_spot(random)?;
        let taken = self.element(spot).map(|element| (element.member.to_vec(), element.value.to_vec()));
        self.take(spot);
        taken
    }

    fn random_spot(&self, mut random: impl FnMut() -> u64) -> Option<Spot> {
        if self.is_empty() {
            return None;
        }
        let mut below = |bound: usize| ((u128::from(random()) * bound as u128) >> 64) as usize;
        let (count, bound) = (self.bucket_count(), self.lengths.bound());
        for _ in 0..TRIES {
            let spot = Spot { bucket: below(count), index: below(bound) };
            if spot.index < self.bucket(spot.bucket).len() {
                return Some(spot);
            }
        }
        // Someone has crowded one bucket: the first one from anywhere that has elements.
        let start = below(count);
        let bucket = (start..count).chain(0..start).find(|&index| self.bucket(index).len() > 0)?;
        Some(Spot { bucket, index: below(self.bucket(bucket).len()) })
    }
}
