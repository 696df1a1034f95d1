//! How long calls of a command took: a histogram of constant relative
//! precision, small enough to keep one a command.
//!
//! ```text
//! nanoseconds  0 1 .. 31 | 32 33 .. 63 | 64 66 .. 126 | 128 132 .. 252 | ..
//! buckets        32 of 1 |    32 of 1  |     32 of 2  |      32 of 4   | ..
//! ```
//!
//! Each power of two is cut into 32 buckets, so a bucket's bounds are within
//! 3 % of each other. It must stay cheap: one is updated for each command.

use crate::base::image::{Damaged, Image, Tape};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Buckets of each power of two, as a power of two.
const PRECISION: u32 = 5;
/// What is longer counts as this: a second and a bit.
const LONGEST_NS: u64 = (1 << 30) - 1;
const BUCKETS: usize = (30 - PRECISION as usize + 1) << PRECISION;

/// Counts of durations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Histogram {
    counts: Box<[u32; BUCKETS]>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: Box::new([0; BUCKETS]), total: 0 }
    }
}

impl Histogram {
    /// Bytes that one takes.
    pub const BYTES: usize = size_of::<Histogram>() + BUCKETS * size_of::<u32>();

    /// Counts one duration.
    #[inline]
    pub fn add(&mut self, nanoseconds: u64) {
        let count = &mut self.counts[bucket(nanoseconds)];
        *count = count.saturating_add(1);
        self.total += 1;
    }

    /// Number of durations.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The longest duration in the bucket below or in which so many percent
    /// lie, in nanoseconds.
    pub fn percentile(&self, percent: f64) -> u64 {
        let wanted = libm::round(percent.clamp(0.0, 100.0) / 100.0 * self.total as f64).max(1.0) as u64;
        let mut below = 0;
        for (index, &count) in self.counts.iter().enumerate() {
            below += u64::from(count);
            if below >= wanted {
                return first_of(index + 1) - 1;
            }
        }
        0
    }

    /// Number of durations below each power of two from 1,024 ns on, up to the
    /// first that has all below it.
    pub fn cumulative(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let mut below = 0;
        let mut from = 0;
        (10..=30).map(move |power| {
            let end = bucket(1 << power).max(from);
            below += self.counts[from..end].iter().map(|&count| u64::from(count)).sum::<u64>();
            from = end;
            if power == 30 {
                below = self.total;
            }
            (1 << power, below)
        })
    }
}

/// The buckets that are not empty.
impl Image for Histogram {
    fn blank() -> Histogram {
        Histogram::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Histogram { counts, total } = self;
        let filled = counts.iter().enumerate().filter(|&(_, &count)| count > 0);
        let mut filled: Vec<(usize, u32)> = filled.map(|(index, &count)| (index, count)).collect();
        tape.each([&mut filled, total])?;
        if tape.reads() {
            **counts = [0; BUCKETS];
            for (index, count) in filled {
                *counts.get_mut(index).ok_or(Damaged)? = count;
            }
        }
        Ok(())
    }
}

#[inline]
fn bucket(nanoseconds: u64) -> usize {
    let value = nanoseconds.min(LONGEST_NS);
    let shift = (63 - (value | 1 << PRECISION).leading_zeros()) - PRECISION;
    ((shift as usize) << PRECISION) + (value >> shift) as usize
}

/// The shortest duration of a bucket.
fn first_of(index: usize) -> u64 {
    let shift = (index >> PRECISION).saturating_sub(1);
    ((index - (shift << PRECISION)) as u64) << shift
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn buckets_follow_one_another() {
        for index in 0..BUCKETS {
            assert_eq!(bucket(first_of(index)), index);
            assert_eq!(bucket((first_of(index + 1) - 1).min(LONGEST_NS)), index);
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_are_within_three_percent() {
        let mut histogram = Histogram::default();
        (1..=1000).for_each(|value| histogram.add(value * 1000));
        for (percent, exact) in [(0.0, 1000), (50.0, 500_000), (99.0, 990_000), (100.0, 1_000_000)] {
            let found = histogram.percentile(percent);
            assert!(found >= exact && found <= exact + exact / 31, "{percent}: {found}");
        }
        assert_eq!(Histogram::default().percentile(50.0), 0);
    }

    #[test]
    fn powers_of_two_bound_what_is_cumulated() {
        let mut histogram = Histogram::default();
        for value in [0, 1023, 1024, 5000, u64::MAX] {
            histogram.add(value);
        }
        let steps: Vec<_> = histogram.cumulative().filter(|&(end, _)| end <= 8192 || end == 1 << 30).collect();
        assert_eq!(steps, [(1024, 2), (2048, 3), (4096, 3), (8192, 4), (1 << 30, 5)]);
    }
}
