//! Elements at random.

use super::{Element, Members, Spot};
use crate::base::random::Random;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// Tries to hit an element, each in a bucket and at a number at random.
const TRIES: usize = 512;

/// If more than one in so many is wanted, all are looked at.
const SAMPLE_FACTOR: usize = 3;

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

    /// Different elements, so many or all if there are not more; each choice of
    /// them is as likely as any other.
    pub fn sample(&self, count: usize, random: &mut Random) -> Vec<Element<'_>> {
        if count.saturating_mul(SAMPLE_FACTOR) >= self.len {
            return random.select(self.iter(), self.len, count);
        }
        let (mut chosen, mut seen) = (Vec::new(), BTreeSet::new());
        while chosen.len() < count
            && let Some(element) = self.random(|| random.next_u64())
        {
            if seen.insert(element.member) {
                chosen.push(element);
            }
        }
        chosen
    }
}
